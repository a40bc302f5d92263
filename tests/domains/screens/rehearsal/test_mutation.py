"""What is broken in a drawn app, how it is found, and what is counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.domains.screens.rehearsal import drawn
from tests.domains.screens.testgen.shop import by_id, element, found_by, model, screen

from samouk.domains.screens.appmodel.model import AppModel
from samouk.domains.screens.testgen.cases import Case
from samouk.domains.screens.testgen.finding import Way
from samouk.domains.screens.testgen.plan import plan
from samouk.domains.screens.testgen.rehearsal.drawn import BadDrawing, matching, parse, read
from samouk.domains.screens.testgen.rehearsal.mutation import Fate, Fates, Mutant, mutants, screens_of

TEA = model(
    screen("sign", by_id("email", "text_input"), by_id("closed", "button", enabled=False), entry=True),
    screen(
        "list",
        element("options", "icon_button", found_by("label", "More options")),
        by_id("name", "list_item", repeated=True),
        element("cup", "image", found_by("text", "Nowhere drawn")),
    ),
)


def always(case: Case) -> bool:
    return True


def made(app: AppModel) -> list[Mutant]:
    return list(mutants(app, plan(app), drawn.ANDROID, always).made)


def nodes(text: str, screen_name: str, way: Way) -> int:
    app = parse(text)
    return len(matching(app, app.screens[screen_name], way))


def test_screens_are_recognised_by_what_they_show() -> None:
    """Model and drawing name them each in its own way."""
    assert screens_of(TEA, parse(drawn.ANDROID)) == {"sign": "login", "list": "teas"}


def test_each_touched_element_is_deleted_renamed_and_disabled() -> None:
    """What is disabled already is not disabled again; what tests do not run for is left alone."""
    changes = [(one.element, one.change) for one in made(TEA)]
    assert [change for key, change in changes if key == "email"] == ["delete", "rename", "disable"]
    assert [change for key, change in changes if key == "closed"] == ["delete", "rename"]
    assert not mutants(TEA, plan(TEA), drawn.ANDROID, lambda case: False).made


def test_a_row_is_gone_when_its_list_is_renamed_or_it_takes_no_taps() -> None:
    """It has no name of its own; all rows together are deleted and disabled."""
    row = element("row", "list_item", found_by("row", "teas", within="ListView"), repeated=True)
    app = model(screen("list", row, element("options", "icon_button", found_by("label", "More options"))))
    found = Way("row", "", 0, "", Way("resource", "teas"))
    assert nodes(drawn.ANDROID, "teas", found) == 2
    left = {one.change: nodes(one.text, "teas", found) for one in made(app) if one.element == "row"}
    assert left == {"delete": 0, "rename": 0, "disable": 2}
    dull = drawn.ANDROID.replace('ViewGroup clickable="true"', 'ViewGroup clickable="false"')
    assert nodes(dull, "teas", found) == 0


def test_what_a_condition_shows_may_be_away_and_must_work_while_it_is_there() -> None:
    """A test that asks for it first is left where it is gone, and is not asked to fail."""
    shy = by_id("email", "text_input", conditional=True)
    assert {one.change for one in made(model(screen("sign", shy, by_id("closed", "button"), entry=True)))} == {
        *("delete", "rename", "disable")
    }
    changes = [one.change for one in made(model(screen("sign", shy, entry=True))) if one.element == "email"]
    assert changes == ["disable"]


def test_a_mutant_differs_in_one_element_only() -> None:
    """All rows of what is repeated count as one element."""
    email, rows = Way("resource", "email"), Way("resource", "name")
    for one in made(TEA):
        found = nodes(one.text, "login", email), nodes(one.text, "teas", rows)
        gone = one.change in ("delete", "rename")
        assert found == (0 if gone and one.element == "email" else 1, 0 if gone and one.element == "name" else 2)


def test_a_renamed_element_keeps_no_word() -> None:
    """Neither its identifier nor what it says, and not how that begins."""
    renamed = next(one for one in made(TEA) if (one.element, one.change) == ("email", "rename"))
    starts = Way("text_start", "Em"), Way("tag_start", "org.example.tea:id/em")
    for way in (Way("resource", "email"), Way("hint", "Email"), Way("text", "Email"), *starts):
        assert nodes(renamed.text, "login", way) == 0


def test_what_is_not_drawn_is_told() -> None:
    """A case that touches it cannot have passed on this app: nobody hides it."""
    told = model(screen("list", by_id("teas", "list"), element("cup", "button", found_by("text", "Nowhere drawn"))))
    assert mutants(told, plan(told), drawn.ANDROID, always).unseen == (("list", "cup"),)


@pytest.mark.parametrize(
    ("way", "count"),
    [
        (Way("resource", "email"), 1),
        (Way("resource", "org.example.tea:id/email"), 1),
        (Way("tag", "email"), 0),
        (Way("tag", "org.example.tea:id/email"), 1),
        (Way("hint", "Password"), 1),
        (Way("text", "Sign in"), 1),
        (Way("tag_start", "org.example.tea:id/em"), 1),
        (Way("tag_start", "org.example.tea:id/EM"), 0),
        (Way("text_start", "sign"), 1),
        (Way("text", "Never seen"), 0),
        (Way("kind", "android.widget.EditText"), 3),
    ],
)
def test_locators_match_as_in_the_driver(way: Way, count: int) -> None:
    """What is not displayed is not there."""
    assert nodes(drawn.ANDROID, "login", way) == count


@pytest.mark.parametrize(
    ("way", "count"),
    [
        (Way("tag", "email"), 1),
        (Way("label", "Sign in"), 1),
        (Way("text", "Sign in"), 1),
        (Way("tag_start", "em"), 1),
        (Way("text_start", "Remember"), 1),
        (Way("hint", "Email"), 1),
        (Way("text", "email"), 0),
        (Way("kind", "XCUIElementTypeSwitch"), 1),
    ],
)
def test_locators_match_on_ios(way: Way, count: int) -> None:
    """Identifiers are names, words are labels."""
    assert nodes(drawn.IOS, "login", way) == count


def test_what_survives_counts_against_the_suite() -> None:
    """Pairs of a mutant and a test that touches it."""
    mutant = Mutant("delete", "sign", "email", "", ())
    fates = Fates((Fate(mutant, ("one", "two"), ()), Fate(mutant, ("three",), ("four",))))
    assert (fates.tried, fates.killed, fates.kill_rate) == (4, 3, 0.75)
    assert [one.survived for one in fates.unnoticed] == [("four",)]
    assert Fates(()).kill_rate == 1.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<app", "well-formed"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><app>&b;</app>", "well-formed"),
        ("<html/>", "begins with <app>"),
        ("<app/>", "android or ios"),
        ('<app platform="ios"/>', "no <screen>"),
    ],
)
def test_what_draws_no_app_is_refused(text: str, message: str) -> None:
    """In words."""
    with pytest.raises(BadDrawing, match=message):
        parse(text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """With its path."""
    with pytest.raises(BadDrawing, match=r"running\.xml cannot be read"):
        read(tmp_path / "running.xml")
