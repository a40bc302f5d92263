"""What is true of reading a dump, good or bad."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samouk.domains.screens.element import Bounds, Screen
from samouk.domains.screens.readers import read
from samouk.domains.screens.readers.bounds import bounds_of
from samouk.domains.screens.readers.limits import MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS
from samouk.edge.observer import UnreadableSource

UIAUTOMATOR = """<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>
<hierarchy rotation="0">
  <node index="0" text="" resource-id="" class="android.widget.FrameLayout" package="org.example.app"
        content-desc="" checkable="false" checked="false" clickable="false" enabled="true" focusable="false"
        focused="false" scrollable="false" long-clickable="false" password="false" selected="false"
        bounds="[0,0][1080,1920]">
    <node index="0" text="Log in" resource-id="org.example.app:id/login_button" class="android.widget.Button"
          package="org.example.app" content-desc="" checkable="false" checked="false" clickable="true"
          enabled="true" focusable="true" focused="false" scrollable="false" long-clickable="false"
          password="false" selected="false" bounds="[40,100][1040,244]" />
  </node>
</hierarchy>UI hierchary dumped to: /dev/tty
"""
PAGE_SOURCE_ANDROID = """<hierarchy index="0" class="hierarchy" rotation="0" width="1080" height="1920">
  <android.widget.FrameLayout index="0" package="org.example.app" class="android.widget.FrameLayout" text=""
      checkable="false" clickable="false" enabled="true" bounds="[0,0][1080,1920]" displayed="true">
    <android.widget.EditText index="0" package="org.example.app" class="android.widget.EditText" text="" hint="Email"
        password="true" clickable="true" bounds="[40,100][1040,244]" displayed="false" />
  </android.widget.FrameLayout>
</hierarchy>"""
PAGE_SOURCE_IOS = """<?xml version="1.0" encoding="UTF-8"?><AppiumAUT>
<XCUIElementTypeApplication type="XCUIElementTypeApplication" name="Example" label="Example" enabled="true"
    visible="true" x="0" y="0" width="375" height="667" bundleId="org.example.app">
  <XCUIElementTypeButton type="XCUIElementTypeButton" name="login" label="Log in" enabled="true" visible="true"
      accessible="true" x="16" y="100" width="343" height="44"/>
</XCUIElementTypeApplication></AppiumAUT>"""
DROIDBOT = {
    "foreground_activity": "org.example.app/.MainActivity",
    "views": [
        {
            "temp_id": 0,
            "parent": -1,
            "children": [1],
            "class": "android.widget.FrameLayout",
            "package": "org.example.app",
            "bounds": [[0, 0], [1080, 1920]],
            "visible": True,
            "text": None,
            "content_description": None,
        },
        {
            "temp_id": 1,
            "parent": 0,
            "children": [],
            "class": "android.widget.Switch",
            "package": "org.example.app",
            "bounds": [[40, 100], [200, 244]],
            "visible": True,
            "text": "Wi-Fi",
            "content_description": "Wireless",
            "resource_id": "org.example.app:id/wifi",
            "checkable": True,
            "checked": False,
            "is_password": False,
        },
    ],
}
WDA_JSON = {
    "value": {
        "type": "Application",
        "name": "Example",
        "isEnabled": "1",
        "isVisible": "1",
        "rect": {"x": 0, "y": 0, "width": 375, "height": 667},
        "frame": "{{0, 0}, {375, 667}}",
        "children": [
            {
                "type": "Switch",
                "rawIdentifier": "wifi",
                "name": "wifi",
                "label": "Wi-Fi",
                "value": "1",
                "isEnabled": "1",
                "isVisible": "0",
                "frame": "{{16, 100}, {51, 31}}",
            }
        ],
    },
    "sessionId": "none",
}


def test_a_uiautomator_dump_is_read_with_flags_and_words() -> None:
    """Every attribute of a uiautomator dump lands in its field, and what adb writes after it does no harm."""
    screen = read(UIAUTOMATOR, "android")
    button = screen.elements[1]
    assert (screen.app, len(screen.elements), button.parent) == ("org.example.app", 2, 0)
    assert (button.class_name, button.text, button.text_length) == ("android.widget.Button", "Log in", 6)
    assert (button.clickable, button.password, button.visible) == (True, False, None)
    assert button.bounds == Bounds(40, 100, 1040, 244)


def test_an_android_page_source_is_read() -> None:
    """A page source of Android tells hint, password and whether an element is displayed."""
    field = read(PAGE_SOURCE_ANDROID, "android").elements[1]
    assert (field.class_name, field.hint_length) == ("android.widget.EditText", 5)
    assert (field.password, field.visible) == (True, False)


def test_ios_has_no_clickable() -> None:
    """A page source of iOS leaves the flags that the platform does not know at None."""
    screen = read(PAGE_SOURCE_IOS, "ios")
    button = screen.elements[1]
    assert screen.app == "org.example.app"
    assert (button.class_name, button.resource_id, button.description) == ("XCUIElementTypeButton", "login", "Log in")
    assert (button.clickable, button.checkable, button.focusable) == (None, None, None)
    assert button.bounds == Bounds(16, 100, 359, 144)


def test_a_droidbot_state_is_read() -> None:
    """A flat DroidBot state becomes a tree in pre-order."""
    screen = read(DROIDBOT, "android")
    switch = screen.elements[1]
    assert (screen.app, switch.parent, switch.checkable) == ("org.example.app", 0, True)
    assert (switch.text_length, switch.description_length) == (5, 8)


def test_webdriveragent_json_is_read() -> None:
    """WebDriverAgent's JSON uses short types and "1" for true."""
    switch = read(WDA_JSON, "ios").elements[1]
    assert (switch.class_name, switch.visible, switch.enabled) == ("XCUIElementTypeSwitch", False, True)
    assert switch.bounds == Bounds(16, 100, 67, 131)


@pytest.mark.parametrize("source", [UIAUTOMATOR, PAGE_SOURCE_ANDROID, json.dumps(DROIDBOT)])
def test_text_bytes_and_path_give_the_same_screen(source: str, tmp_path: Path) -> None:
    """One dump is one screen, however it is handed over."""
    path = tmp_path / "dump"
    path.write_text(source)
    expected = read(source, "android")
    for other in (source.encode(), bytearray(source.encode()), path, str(path), "\ufeff" + source):
        assert read(other, "android") == expected
    if source.startswith("<hierarchy"):
        assert read(source.encode("utf-16"), "android") == expected
        assert read({"value": source, "sessionId": None}, "android") == expected


@pytest.mark.parametrize(
    "bounds",
    [
        "[1,2][30,40]",
        "{{1, 2}, {29, 38}}",
        [1, 2, 30, 40],
        [[1, 2], [30, 40]],
        {"x": 1, "y": 2, "width": 29, "height": 38},
        {"left": 1, "top": 2, "right": 30, "bottom": 40},
        {"l": "1", "t": "2", "r": "30", "b": "40"},
    ],
)
def test_bounds_are_read_in_every_spelling(bounds: object) -> None:
    """Every spelling of one rectangle is one rectangle."""
    assert bounds_of(bounds) == Bounds(1, 2, 30, 40)


@pytest.mark.parametrize(
    "bounds",
    [
        math.nan,
        "",
        "[1,2][3]",
        "[nan,0][1,1]",
        [0, 0, math.nan, 1],
        [0, 0, math.inf, 1],
        [0, 0, 1e300, 1],
        [0, 0, True, 1],
        [0, 0, 10**400, 1],
        {"x": 1},
        {"width": 3, "height": 4},
        "[" * 1000,
        b"[0,0][1,1]",
        [],
        [[1, 2], [3]],
    ],
)
def test_bounds_that_cannot_be_are_unknown(bounds: object) -> None:
    """Missing, endless and impossible numbers leave the bounds unknown instead of refusing the screen."""
    assert bounds_of(bounds) is None


@pytest.mark.parametrize("bounds", ["[50,50][10,10]", "[-40,-10][-5,-2]"])
def test_inverted_and_negative_bounds_are_kept(bounds: str) -> None:
    """Dumps mark off-screen elements with inverted or negative bounds; inverted ones are not visible."""
    screen = read([{"class": "android.view.View", "bounds": bounds}], "android")
    assert screen.elements[0].bounds is not None
    assert len(list(screen.visible())) == (0 if bounds.startswith("[50") else 1)


def test_keys_are_read_in_every_spelling() -> None:
    """A plain dict may spell its keys as Android, Python or JavaScript would."""
    spellings: list[dict[str, Any]] = [
        {"class_name": "android.view.View", "content_desc": "a", "resource_id": "b", "long_clickable": True},
        {"className": "android.view.View", "contentDescription": "a", "resourceId": "b", "longClickable": 1},
        {"type": "android.view.View", "content-desc": "a", "testTag": "b", "long-clickable": "true"},
    ]
    screens = {read(spelling, "android") for spelling in spellings}
    assert len(screens) == 1


def test_a_stripped_dump_tells_lengths_and_what_is_known() -> None:
    """Lengths stand in for words that were stripped, and a told type is kept as evidence."""
    known = {"element_type": "button", "confidence": 0.9, "source": "name"}
    node = {"i": 0, "p": -1, "class": "android.view.View", "text_length": 7, "desc_length": 3, "known": known}
    element = read({"nodes": [node]}, "android").elements[0]
    assert (element.text_length, element.description_length, element.clickable) == (7, 3, None)
    assert element.known is not None
    assert element.known.element_type == "button"


@pytest.mark.parametrize(
    ("gold", "expected"),
    [("toolbar", "app_bar"), ("input", "text_input"), ("divider", "container"), ("nonsense", None)],
)
def test_gold_of_stripped_dumps_becomes_a_type_of_the_taxonomy(gold: str, expected: str | None) -> None:
    """Rule-derived gold names of the open dumps are translated; unknown ones are ignored."""
    known = read([{"class": "android.view.View", "gold": gold, "gold_confidence": "high"}], "android").elements[0].known
    assert (known.element_type if known else None) == expected


def test_flat_lists_may_come_in_any_order() -> None:
    """A flat list whose children stand before their parents is brought into pre-order."""
    nodes = [{"i": 5, "p": 7, "class": "b"}, {"i": 7, "p": -1, "class": "a"}, {"i": 1, "p": 5, "class": "c"}]
    screen = read(nodes, "android")
    assert [(element.class_name, element.parent) for element in screen.elements] == [("a", -1), ("b", 0), ("c", 1)]


BOMB = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>
<hierarchy>&b;</hierarchy>"""
EXTERNAL = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><hierarchy>&a;</hierarchy>"""
LOOP: dict[str, Any] = {"class": "a"}
LOOP["children"] = [LOOP]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("<hierarchy><node secret='word'>", "broken at line 1"),
        ("<hierarchy><node></hierarchy>", "mismatched tag"),
        ("<hierarchy>&secret;</hierarchy>", "undefined entity"),
        (BOMB, "entities"),
        (EXTERNAL, "entities"),
        (b'<?xml version="1.0" encoding="no-such"?><hierarchy/>', "UTF-8"),
        (b"<hierarchy>\xff\xfe\xfa</hierarchy>", "broken at line 1"),
        ("<hierarchy/>", "no element"),
        ("", "empty"),
        (b" \n ", "empty"),
        ("no-such-file.xml", "can be read"),
        ("{'single': 1}", "JSON is broken at line 1"),
        (b'{"class": "\xff"}', "UTF-8"),
        ("[" * 100_000, "too deep"),
        ("[]", "no element"),
        ("[1, 2]", "element 0 is a number"),
        (3, "not int"),
        ({"value": {"error": "no such window", "message": "secret"}}, "pass the hierarchy itself"),
        ([{}], "pass the hierarchy itself"),
        (None, "not NoneType"),
        (LOOP, "contains itself"),
        ([{"i": 0, "p": 1}, {"i": 1, "p": 0}], "own ancestors"),
        ([{"i": 0, "p": 0}], "own ancestors"),
        ([{"i": 0, "p": 9}], "names no element"),
        ([{"i": 0, "p": "x"}], "names no element"),
        ([{"i": 0, "p": -1}, {"i": 0, "p": -1}], "no other element"),
        ([{"i": 0, "p": -1}, 7], "must be an object"),
        ("<hierarchy>" + "<node>" * (MAX_DEPTH + 5), "nested deeper"),
        ("<hierarchy>" + "<node/>" * (MAX_ELEMENTS + 1) + "</hierarchy>", "more than 50,000"),
        ([{"p": place - 1} for place in range(MAX_DEPTH + 5)], "nested deeper"),
        ([{"class": "a"}] * (MAX_ELEMENTS + 1), "more than 50,000"),
    ],
)
def test_bad_input_is_refused_with_what_would_be_right(source: object, says: str) -> None:
    """Each way of being unreadable is named, and no content of the dump is repeated."""
    with pytest.raises(UnreadableSource, match=says) as caught:
        read(source, "android")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("source", ["<" + " " * MAX_BYTES, b"{" + b" " * MAX_BYTES])
def test_huge_dumps_are_refused_before_they_are_parsed(source: str | bytes) -> None:
    """A dump above the limit is refused by its size alone."""
    with pytest.raises(UnreadableSource, match="larger than 20 MB"):
        read(source, "android")


def test_huge_files_are_refused_before_they_are_read(tmp_path: Path) -> None:
    """A 100 MB file is refused by its size, without being loaded."""
    path = tmp_path / "dump.xml"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(UnreadableSource, match="larger than 20 MB"):
        read(path, "android")


@pytest.mark.parametrize("platform", ["windows", "", None, 3, ["android"]])
def test_an_unknown_platform_is_refused(platform: Any) -> None:
    """Only android and ios are platforms."""
    with pytest.raises(UnreadableSource, match="android or ios"):
        read(UIAUTOMATOR, platform)


@pytest.mark.parametrize(("source", "platform"), [(UIAUTOMATOR, "ios"), (PAGE_SOURCE_IOS, "android")])
def test_a_hierarchy_of_the_other_platform_is_refused(source: str, platform: str) -> None:
    """A root of one platform under the name of the other is a mistake that would teach wrong things."""
    with pytest.raises(UnreadableSource, match="but the platform says"):
        read(source, platform)


def test_wrong_types_leave_a_field_unknown() -> None:
    """A flag, word or length of a wrong type is as good as missing."""
    node = {
        "class": 5.5,
        "text": ["x"],
        "clickable": "maybe",
        "checked": 7,
        "text_length": -3,
        "desc_length": True,
        4: 5,
    }
    element = read([node], "android").elements[0]
    assert (element.class_name, element.text, element.clickable, element.checked) == ("5.5", "", None, None)
    assert (element.text_length, element.description_length) == (0, 0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "class",
                    "children",
                    "bounds",
                    "parent",
                    "i",
                    "text",
                    "clickable",
                    "views",
                    "value",
                    "known",
                    "gold",
                    "x",
                    "y",
                    "width",
                    "height",
                    "type",
                    "text_length",
                    "package",
                ]
            )
            | st.text(max_size=4),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


def well_formed(screen: Screen) -> bool:
    """Whether places and parents are those of a pre-order."""
    return all(
        element.index == place and -1 <= element.parent < place and element.text_length >= 0
        for place, element in enumerate(screen.elements)
    )


@settings(max_examples=300, deadline=None)
@given(JSON, st.sampled_from(["android", "ios"]))
def test_any_document_is_read_or_refused(document: Any, platform: str) -> None:
    """No document of any shape raises anything but UnreadableSource."""
    for source in (document, json.dumps(document)):
        try:
            assert well_formed(read(source, platform))
        except UnreadableSource as error:
            assert str(error)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300), st.sampled_from(["android", "ios"]))
def test_any_bytes_are_read_or_refused(source: str | bytes, platform: str) -> None:
    """No bytes or text raise anything but UnreadableSource."""
    try:
        assert well_formed(read(source, platform))
    except UnreadableSource as error:
        assert str(error)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_damage_to_a_dump_is_read_or_refused(data: st.DataObject) -> None:
    """A dump with a piece cut out or replaced is read or refused, never worse."""
    whole = data.draw(st.sampled_from([UIAUTOMATOR, PAGE_SOURCE_IOS, json.dumps(DROIDBOT), json.dumps(WDA_JSON)]))
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, len(whole)))
    source = whole[:start] + data.draw(st.text(max_size=12)) + whole[stop:]
    try:
        assert well_formed(read(source, "ios"))
    except UnreadableSource as error:
        assert str(error)
