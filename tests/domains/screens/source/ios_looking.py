"""Reads small iOS projects that stand in a test as text."""

from __future__ import annotations

from textwrap import dedent

from samouk.domains.screens.source.ios.reader import READER
from samouk.domains.screens.source.reading import Facts
from samouk.domains.screens.source.widgets import Sight, SourceScreen, Widget


def look(files: dict[str, str]) -> Sight:
    """What the reader sees of these files; troubles of single files are among the sight's."""
    facts: dict[str, Facts] = {}
    for path in sorted(files):
        assert READER.wants(path), path
        facts[path] = READER.extract(path, dedent(files[path]).encode())
    sight = READER.link(facts)
    assert [widget.index for screen in sight.screens for widget in screen.widgets] == [
        index for screen in sight.screens for index in range(len(screen.widgets))
    ]
    assert all(widget.parent < widget.index for screen in sight.screens for widget in screen.widgets)
    return sight


def swiftui(code: str, **others: str) -> Sight:
    """What the reader sees of one SwiftUI file."""
    return look({"App/App.swift": "import SwiftUI\n" + dedent(code), **others})


def screen(sight: Sight, name: str) -> SourceScreen:
    """One screen by its name."""
    found = {one.name: one for one in sight.screens}
    assert name in found, f"{name} is not among {sorted(found)}"
    return found[name]


def acted_on(sight: Sight) -> set[tuple[str, int]]:
    """Files and lines of what a person can act on."""
    return {
        (widget.place.file, widget.place.line) for one in sight.screens for widget in one.widgets if widget.interactive
    }


def said(widget: Widget) -> str:
    """The words by which a person would find a widget."""
    return widget.text.value or widget.label.value or widget.hint.value


def shown(one: SourceScreen) -> list[tuple[str, str, str]]:
    """Class, words and target of what can be acted on, in order."""
    return [
        (widget.class_name.removeprefix("XCUIElementType"), said(widget), widget.leads_to)
        for widget in one.widgets
        if widget.interactive
    ]
