"""Healing: a lost element is proposed again with reason and margin, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from tests.domains.screens.testgen import shop

from samouk.domains.screens import rules
from samouk.domains.screens.appmodel.building import ModelBuilder
from samouk.domains.screens.appmodel.model import AppScreen
from samouk.domains.screens.element import Screen
from samouk.domains.screens.readers import read
from samouk.domains.screens.testgen import healing
from samouk.domains.screens.testgen.healing import Proposal

APP = "org.example"


def node(kind: str, identifier: str = "", **told: Any) -> dict[str, Any]:
    named = {"resource-id": f"{APP}:id/{identifier}"} if identifier else {}
    return {"class": f"android.widget.{kind}", "bounds": "[0,0][90,90]", "clickable": True, **named, **told}


BEFORE = [
    node("EditText", "email", hint="E-mail"),
    node("Button", "sign_in", text="Sign in"),
    node("Button", "register", text="Register"),
    node("ImageButton", "help", **{"content-desc": "Help"}),
]


def screen(nodes: list[dict[str, Any]]) -> Screen:
    return read({"class": "android.widget.FrameLayout", "package": APP, "children": nodes}, "android")


@pytest.fixture(scope="module")
def model() -> AppScreen:
    hierarchy = {"class": "android.widget.FrameLayout", "package": APP, "children": BEFORE}
    return ModelBuilder().build_from_events([{"hierarchy": hierarchy, "platform": "android"}]).screens[0]


def proposals(model: AppScreen, nodes: list[dict[str, Any]]) -> dict[str, Proposal]:
    now = screen(nodes)
    lost = list(healing.lost_in(model, now))
    taken = [
        index
        for element in model.elements
        if element not in lost and element.locators
        for index in healing.matches(element.locators[0], now)
    ]
    evidence = rules.evidence_of(now)
    return {one.key: healing.propose(one, now, evidence, taken) for one in lost}


def test_nothing_is_lost_while_locators_match(model: AppScreen) -> None:
    assert proposals(model, BEFORE) == {}


def test_a_renamed_identifier_is_found_by_its_words_with_the_reason(model: AppScreen) -> None:
    found = proposals(model, [BEFORE[0], node("Button", "login", text="Sign in"), *BEFORE[2:]])
    assert list(found) == ["sign_in"]
    proposal = found["sign_in"]
    assert proposal.accepted
    assert proposal.best is not None and proposal.best.locator is not None
    assert proposal.best.locator[:2] == ("id", "login")
    assert any("same text 'Sign in'" in reason for reason in proposal.best.reasons)
    assert proposal.margin >= healing.MARGIN


def test_changed_words_are_found_by_the_identifier(model: AppScreen) -> None:
    found = proposals(model, [*BEFORE[:3], node("ImageButton", "help_2", **{"content-desc": "Help and contact"})])
    assert found["help"].accepted


def test_an_identifier_with_data_is_lost_when_nothing_begins_so() -> None:
    """How many there are does not matter."""
    row = shop.element("row", "list_item", shop.found_by("id_start", "row-", unique=False), repeated=True)
    rows = shop.screen("home", row, framework="react_native")
    assert not [*healing.lost_in(rows, screen([node("Button", "row-7"), node("Button", "row-9")]))]
    assert [one.key for one in healing.lost_in(rows, screen([node("Button", "my-row-7")]))] == ["row"]


def test_two_alike_are_not_chosen_between(model: AppScreen) -> None:
    twins = [node("Button", "sign_in_a", text="Sign in"), node("Button", "sign_in_b", text="Sign in")]
    proposal = proposals(model, [BEFORE[0], *twins, *BEFORE[2:]])["sign_in"]
    assert not proposal.accepted
    assert proposal.second is not None


def test_an_element_that_is_gone_is_not_found_in_another(model: AppScreen) -> None:
    proposal = proposals(model, [BEFORE[0], *BEFORE[2:]])["sign_in"]
    assert not proposal.accepted


def test_an_identifier_that_now_names_two_is_lost(model: AppScreen) -> None:
    found = proposals(model, [*BEFORE, node("Button", "sign_in", text="Sign in again")])
    assert "sign_in" in found


def shown(screens: list[AppScreen], nodes: list[dict[str, Any]]) -> AppScreen | None:
    found = healing.sure(healing.ranked(screens, screen(nodes)))
    return None if found is None else found.screen


SMALL = shop.screen("small", shop.by_id("email", "text_input"), shop.by_id("help", "button"))
LARGE = shop.screen(
    "large", *(shop.by_id(name, "button") for name in ("email", "help", "sign_in", "register", "terms", "news"))
)


def test_a_hierarchy_is_known_by_the_elements_that_are_found(model: AppScreen) -> None:
    assert shown([model], BEFORE[:2]) is model
    assert shown([model], [node("TextView", text="Else")]) is None
    assert shown([], BEFORE) is None


def test_one_shared_button_does_not_make_a_screen(model: AppScreen) -> None:
    assert shown([model], BEFORE[1:2]) is None
    assert healing.ranked([model], screen(BEFORE[1:2]))[0][1:] == (1, 4)


def test_an_element_with_a_new_identifier_is_recognised_by_its_words(model: AppScreen) -> None:
    assert healing.recognise(model, screen([node("Button", "log_in", text="Sign in")])).found == 1


def test_neither_the_small_screen_nor_the_large_one_is_favoured() -> None:
    assert shown([SMALL, LARGE], [BEFORE[0], BEFORE[3]]) is SMALL
    assert shown([SMALL, LARGE], BEFORE) is LARGE


def test_a_screen_of_which_less_is_shown_than_of_another_is_not_taken() -> None:
    """Half of the large one's elements were renamed: the whole of the small one is shown, but so is more."""
    assert shown([SMALL, LARGE], BEFORE[:1] + BEFORE[2:]) is None


def test_what_comes_and_goes_is_not_missed() -> None:
    known = shop.screen("known", shop.by_id("email", "text_input"), shop.by_id("error", "text", conditional=True))
    assert healing.recognise(known, screen(BEFORE))[1:] == (1, 1)


def test_a_row_is_lost_when_its_list_is_or_nothing_in_it_can_be_tapped() -> None:
    row = shop.element("row", "list_item", shop.found_by("row", "notes", within="ListView"), repeated=True)
    known = shop.screen("known", row)

    def lost(identifier: str, clickable: bool) -> list[str]:
        rows = [node("TextView", text="A note", clickable=clickable)]
        return [one.key for one in healing.lost_in(known, screen([node("ListView", identifier, children=rows)]))]

    assert lost("notes", True) == []
    assert lost("notes", False) == lost("entries", True) == ["row"]
    assert healing.recognise(known, screen(BEFORE))[1:] == (0, 0)


def test_a_row_of_a_list_without_a_name_stands_in_any_list() -> None:
    row = shop.element("row", "list_item", shop.found_by("row", "", within="FlatList"), repeated=True)
    known = shop.screen("known", row)
    inside = [node("TextView", text="A note")]
    assert not list(healing.lost_in(known, screen([node("ScrollView", children=inside, clickable=False)])))
    assert list(healing.lost_in(known, screen([node("FrameLayout", children=inside, clickable=False)])))
