"""The testability report: what lacks a stable locator, the exact line to add, and the page that shows it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from tests.domains.screens.testgen import shop

from samouk.domains.screens.appmodel.building import ModelBuilder
from samouk.domains.screens.appmodel.model import Locator
from samouk.domains.screens.source.widgets import Framework, Place, Sight, SourceScreen, Widget, Words
from samouk.domains.screens.testgen.testability import Testability, judge, lines
from samouk.domains.screens.testgen.testability_page import page

# pytest takes classes that begin with Test for its own.
Testability.__test__ = False  # type: ignore[attr-defined]


def report(framework: Framework, file: str, *, tags_visible: bool = False, **told: Any) -> Testability:
    place = Place(file, 7)
    asked = {"class_name": "android.widget.Button", "interactive": True, "text": Words("Save"), **told}
    found = Widget(index=1, parent=0, name="Button", place=place, **asked)
    root = Widget(index=0, parent=-1, name="Column", class_name="Column", place=place)
    screen = SourceScreen(name="Editor", place=place, widgets=(root, found))
    sight = Sight(framework=framework, app="org.example", screens=(screen,), tags_visible=tags_visible)
    return judge(ModelBuilder().build([sight]))


@pytest.mark.parametrize(
    ("framework", "file", "told", "line"),
    [
        ("android", "a.xml", {}, 'android:id="@+id/save_button"'),
        ("compose", "A.kt", {}, 'modifier = Modifier.testTag("save_button")'),
        ("compose", "A.kt", {"hidden_identifier": "save"}, "Modifier.semantics { testTagsAsResourceId = true }"),
        ("compose", "A.kt", {"repeated": True}, 'modifier = Modifier.testTag("save_button_$index")'),
        ("flutter", "a.dart", {}, "Semantics(identifier: 'save_button', child: …)"),
        ("react_native", "a.tsx", {}, 'testID="save_button"'),
        ("react_native", "a.tsx", {"repeated": True}, "testID={`save_button-${index}`}"),
        ("ios", "A.swift", {}, '.accessibilityIdentifier("save_button")'),
        (
            "ios",
            "Main.storyboard",
            {},
            '<accessibility key="accessibilityConfiguration" identifier="save_button"/>',
        ),
    ],
)
def test_each_framework_has_its_line(framework: Framework, file: str, told: dict[str, Any], line: str) -> None:
    found = report(framework, file, **told)
    assert [one.remedy.line for one in found.lacking] == [line]
    assert found.lacking[0].place == Place(file, 7)
    assert found.score == 0


def test_visible_tags_need_no_word_about_the_root() -> None:
    assert "once" in report("compose", "A.kt").lacking[0].remedy.how
    assert "once" not in report("compose", "A.kt", tags_visible=True).lacking[0].remedy.how


@pytest.mark.parametrize("told", [{"identifier": "save"}, {"label": Words("Save")}, {"interactive": False}])
def test_what_has_a_stable_locator_or_is_only_looked_at_lacks_nothing(told: dict[str, Any]) -> None:
    found = report("android", "a.xml", **told)
    assert found.lacking == ()
    assert found.score == 1


def test_an_element_on_several_screens_is_one_line_of_source() -> None:
    place = Place("Bar.kt", 7)
    bar = Widget(index=0, parent=-1, name="Button", class_name="android.widget.Button", place=place, interactive=True)
    screens = tuple(SourceScreen(name=name, place=place, widgets=(bar,)) for name in ("Home", "Lists", "About"))
    found = judge(ModelBuilder().build([Sight(framework="compose", app="org.example", screens=screens)]))
    assert (found.interactive, found.places, len(found.lacking)) == (3, 1, 1)
    told = "1 line of source, 1 line without a stable locator"
    assert next(lines(found)) == f"   {told}: what several screens show is counted on each of them"
    assert told in page(found)


def test_the_terminal_is_told_where_and_what() -> None:
    told = list(lines(report("android", "res/layout/a.xml")))
    assert told == [
        "   res/layout/a.xml:7  button 'Save'",
        '      add android:id="@+id/save_button"  (into the tag)',
    ]


class Balanced(HTMLParser):
    """Words of a page, and what it would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [f"{tag} {value}" for name, value in attrs if name in ("src", "href", "onload")]
        if tag == "script":
            self.fetched.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_stands_alone_and_escapes_what_the_app_says() -> None:
    shown = Balanced()
    shown.feed(page(report("android", "a b/ü.xml", text=Words("<script>alert('x')</script> & co"))))
    assert shown.fetched == []
    told = "".join(shown.words)
    assert "<script>alert('x')</script> & co" in told
    assert "a b/ü.xml:7" in told
    assert "0%" in told


def test_a_page_without_troubles_says_so() -> None:
    assert "Every interactive element has a stable locator" in page(report("android", "a.xml", identifier="save"))


def test_a_row_goes_on_lacking_a_name() -> None:
    """Its place in the list is told as the best way there is."""
    row = shop.element("row", "list_item", shop.found_by("row", "", within="FlatList"), repeated=True)
    found = judge(shop.model(shop.screen("home", row, framework="react_native")))
    (lacking,) = found.lacking
    assert (lacking.best, lacking.remedy.line) == ("row 'FlatList'", "testID={`row-${index}`}")


def test_a_row_whose_identifier_holds_data_lacks_nothing() -> None:
    """Unless another begins alike."""
    locator = shop.found_by("id_start", "row-", unique=False)
    row = shop.element("row", "list_item", locator, repeated=True)
    assert not judge(shop.model(shop.screen("home", row, framework="react_native"))).lacking
    like = shop.element("row", "list_item", locator._replace(stability=0.45), repeated=True)
    (lacking,) = judge(shop.model(shop.screen("home", like, framework="react_native"))).lacking
    assert lacking.remedy.how.endswith("more than once")


@pytest.mark.parametrize(
    ("locator", "line", "how"),
    [
        (shop.found_by("id", "inner"), "accessible={false}", "into the tag that it stands in"),
        (shop.found_by("text", "Inner"), 'testID="inner"', "into the tag; and accessible={false} into the tag that it"),
    ],
    ids=["named", "unnamed"],
)
def test_what_ios_swallows_is_to_be_shown_by_itself(locator: Locator, line: str, how: str) -> None:
    """A name that it has does not help there."""
    inner = shop.element("inner", "button", locator, swallowed=True)
    home = shop.screen("home", inner, framework="react_native")
    (lacking,) = judge(shop.model(home, platforms=("android", "ios"))).lacking
    assert (lacking.remedy.line, lacking.best) == (line, "")
    assert lacking.remedy.how.startswith(how)
    (elsewhere,) = judge(shop.model(home, platforms=("android",))).screens
    assert elsewhere.stable == (locator.strategy == "id")
