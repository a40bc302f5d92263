"""What is true of the automatic labeller."""

from __future__ import annotations

from typing import Any

import pytest

from samouk.domains.screens.element import Evidence, Platform
from samouk.domains.screens.names import type_of_description, type_of_identifier
from samouk.domains.screens.readers import read
from samouk.domains.screens.roles import type_of_role
from samouk.domains.screens.rules import evidence_of
from samouk.domains.screens.schema import LABEL_SOURCES
from samouk.domains.screens.taxonomy import TYPES

VIEW, GROUP, OTHER = "android.view.View", "android.view.ViewGroup", "XCUIElementTypeOther"
SCREEN = {"class": "android.widget.FrameLayout", "bounds": [0, 0, 1080, 1920], "clickable": False}


def seen(*nodes: dict[str, Any], platform: Platform = "android") -> list[Evidence | None]:
    """Evidence of the nodes on a screen of 1080 x 1920 px, three px a dp; on iOS of 360 x 640 pt."""
    root = SCREEN if platform == "android" else {"class": "XCUIElementTypeWindow", "bounds": [0, 0, 360, 640]}
    return evidence_of(read({**root, "children": list(nodes)}, platform))[1:]


def kind(*nodes: dict[str, Any], platform: Platform = "android") -> str | None:
    """Type of the first of the nodes."""
    found = seen(*nodes, platform=platform)[0]
    return found.element_type if found else None


def test_a_declared_role_comes_before_the_class() -> None:
    """A role that the app declares decides, whatever class carries it."""
    found = seen({"class": VIEW, "role": "Switch", "clickable": True})[0]
    assert found is not None
    assert (found.element_type, found.source) == ("switch", "role")


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("Button", "button"),
        ("Role.Checkbox", "checkbox"),
        ("RadioButton", "radio_button"),
        ("DropdownList", "dropdown"),
        ("ValuePicker", "stepper"),
        ("imagebutton", "icon_button"),
        ("adjustable", "slider"),
        ("menuitem", "menu_item"),
        ("tablist", "tab_bar"),
        ("Button, Selected", "button"),
        ("SearchField", "search_input"),
        ("alert", "dialog"),
        ("android.widget.Button", "button"),
        ("none", None),
        ("", None),
        ("Static Text", "text"),
    ],
)
def test_roles_of_every_framework_are_known(role: str, expected: str | None) -> None:
    """Roles of Compose, React Native, ARIA and traits of iOS mean types of the taxonomy."""
    assert type_of_role(role) == expected


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"class": "android.widget.EditText"}, "text_input"),
        ({"class": "android.widget.EditText", "password": True}, "password_input"),
        ({"class": "android.widget.EditText", "resource-id": "a:id/search_src_text"}, "search_input"),
        ({"class": "android.widget.ImageView", "bounds": [0, 0, 144, 144], "clickable": False}, "icon"),
        ({"class": "android.widget.ImageView", "bounds": [0, 0, 145, 144], "clickable": False}, "image"),
        ({"class": "android.widget.ImageView", "bounds": [0, 0, 96, 96], "clickable": True}, "icon_button"),
        ({"class": "androidx.recyclerview.widget.RecyclerView"}, "list"),
    ],
)
def test_public_classes_decide_with_their_flags(node: dict[str, Any], expected: str) -> None:
    """A public class tells its type; password, size and a tap tell its variants."""
    assert kind(node) == expected


def test_ios_buttons_are_what_holds_them() -> None:
    """iOS calls tabs and segments buttons; the bar around them tells."""
    button = {"class": "XCUIElementTypeButton", "label": "One", "bounds": [0, 0, 90, 44]}
    bar = {"class": "XCUIElementTypeTabBar", "children": [button]}
    control = {"class": "XCUIElementTypeSegmentedControl", "children": [button]}
    found = [evidence.element_type for evidence in seen(bar, control, button, platform="ios") if evidence]
    assert found == ["tab_bar", "tab", "segmented", "radio_button", "button"]


def test_an_ios_button_without_words_is_an_icon_button() -> None:
    """On iOS a button that says nothing shows a picture."""
    assert kind({"class": "XCUIElementTypeButton", "name": "x1"}, platform="ios") == "icon_button"


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("org.example:id/btn_login", "button"),
        ("loginButton", "button"),
        ("submit-button", "button"),
        ("etEmail", "text_input"),
        ("email_field", "text_input"),
        ("search_src_text", "text"),
        ("searchBar", "search_input"),
        ("tab_layout", "tab_bar"),
        ("button_text", "text"),
        ("button_container", "container"),
        ("icon_left", "icon"),
        ("title1", "text"),
        ("bottom_navigation", "tab_bar"),
        ("rv_items", "list"),
        ("app_bar", "app_bar"),
        ("settings-list", "list"),
        ("HTTPToggle", "switch"),
        ("x7", None),
        ("", None),
        ("///", None),
        ("ok", None),
    ],
)
def test_identifiers_name_their_type(identifier: str, expected: str | None) -> None:
    """Head nouns and Hungarian prefixes of identifiers tell the type, other words tell nothing."""
    assert type_of_identifier(identifier) == expected


@pytest.mark.parametrize(
    ("description", "clickable", "expected"),
    [
        ("Tab 2 of 4", False, "tab"),
        ("Home\nTab 1 of 3", False, "tab"),
        ("Save, button", False, "button"),
        ("Navigate up", True, "icon_button"),
        ("Navigate up", False, None),
        ("More options", True, "icon_button"),
        ("A photo of a tab", True, None),
        ("", True, None),
    ],
)
def test_spoken_descriptions_tell_a_type(description: str, clickable: bool, expected: str | None) -> None:
    """What a screen reader says tells tabs, buttons and common icon actions."""
    assert type_of_description(description, clickable) == expected


def test_a_name_that_the_structure_contradicts_is_doubted() -> None:
    """A button that cannot be tapped is believed less than one that can."""
    node = {"class": GROUP, "resource-id": "login_button", "text": "Log in", "bounds": [0, 0, 600, 144]}
    sure, doubted = seen({**node, "clickable": True}, {**node, "clickable": False})
    assert sure is not None
    assert doubted is not None
    assert sure.confidence > doubted.confidence
    assert sure.source == doubted.source == "name"


@pytest.mark.parametrize("source", [source for source in LABEL_SOURCES if source != "none"])
def test_what_a_dump_claims_beats_no_class(source: str) -> None:
    """A type told with the dump is a name at most: above names, below classes and roles, never ground truth."""
    known = {"element_type": "chip", "confidence": 1.0, "source": source}
    told = seen({"class": VIEW, "resource-id": "a:id/login_button", "known": known})[0]
    expected = source if source in ("structure", "model") else "name"
    assert told == Evidence("chip", 0.9, expected)
    for stronger in ({"class": "android.widget.Button"}, {"class": VIEW, "role": "Button"}):
        assert kind({**stronger, "known": known, "clickable": True}) == "button"
        assert kind({**stronger, "gold": "chip", "gold_confidence": "high"}) == "button"


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"class": VIEW, "password": True}, "password_input"),
        ({"class": VIEW, "clickable": True, "bounds": [0, 0, 144, 144]}, "icon_button"),
        ({"class": VIEW, "clickable": True, "text": "Go", "bounds": [0, 0, 300, 144]}, "button"),
        ({"class": VIEW, "checkable": True, "clickable": True, "bounds": [0, 0, 156, 96]}, "switch"),
        ({"class": VIEW, "checkable": True, "clickable": True, "bounds": [0, 0, 96, 96]}, None),
        ({"class": VIEW, "clickable": False, "bounds": [0, 0, 96, 96]}, None),
        ({"class": VIEW, "text": "Words", "clickable": False}, "text"),
        ({"class": GROUP, "scrollable": True, "clickable": False}, "scroll"),
        ({"class": "org.acme.ui.PinPad", "clickable": True}, None),
    ],
)
def test_structure_speaks_last_and_abstains_where_types_look_alike(node: dict[str, Any], expected: str | None) -> None:
    """Where class and name say nothing, shape and flags tell what they can and no more."""
    found = seen(node)[0]
    assert (found.element_type if found else None) == expected
    assert found is None or found.source == "structure"


def test_repeated_wide_rows_are_list_items() -> None:
    """Three like rows across the screen are items of a list, and what scrolls them is one."""
    rows = [
        {
            "class": VIEW,
            "clickable": True,
            "bounds": [0, top, 1080, top + 180],
            "children": [{"class": VIEW, "text": "a"}] * 2,
        }
        for top in (0, 180, 360)
    ]
    found = seen({"class": VIEW, "scrollable": True, "children": rows})
    assert [evidence.element_type for evidence in found if evidence] == ["list", *["list_item", "text", "text"] * 3]


def test_every_label_is_of_the_taxonomy() -> None:
    """Whatever the rules can say is a type of the taxonomy, with a source and a confidence of the schema."""
    from samouk.domains.screens import names, roles

    told = {*names._TYPE_OF.values(), *names._PAIRS.values(), *names._PREFIXES.values(), *names._SPOKEN_TYPES.values()}
    assert told | set(roles._ROLES.values()) <= set(TYPES)
    for evidence in seen({"class": VIEW, "text": "a"}, {"class": "android.widget.Button"}):
        assert evidence is not None
        assert evidence.source in LABEL_SOURCES
