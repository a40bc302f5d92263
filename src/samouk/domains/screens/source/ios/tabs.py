"""Tabs: what stands on each, and the bar that all of their screens share."""

from __future__ import annotations

from typing import NamedTuple

from samouk.domains.screens.source.ios.canvas import Canvas, Draft, Target
from samouk.domains.screens.source.ios.expressions import Call, Closure, Expression
from samouk.domains.screens.source.ios.marks import argument, flatten, gather
from samouk.domains.screens.source.ios.scopes import Scope, last_expression
from samouk.domains.screens.source.ios.words import Speaker
from samouk.domains.screens.source.widgets import NO_WORDS, Place, Words


class Tab(NamedTuple):
    """One tab: its words, and the screen below it."""

    text: Words
    label: Words
    identifier: str
    place: Place
    screen: str
    conditional: bool


def without_tab(value: Expression) -> Expression:
    """A view without the modifiers that make it a tab."""
    if isinstance(value, Call) and value.name in ("tag", "tabItem", "badge") and value.receiver is not None:
        return without_tab(value.receiver)
    return value


def label_marks(tab: Call, scope: Scope, speaker: Speaker) -> str:
    """An identifier that stands on the tab's own label."""
    content = argument(tab, "{}", "")
    only = last_expression(content.body) if isinstance(content, Closure) else content
    if only is None:
        return ""
    return gather(flatten(only)[1], scope, speaker).identifier


def move(holder: Canvas, first: Canvas) -> None:
    """What lies around the tabs is seen on the first of them."""
    offset = len(first.drafts)
    for draft in holder.drafts:
        draft.parent = draft.parent + offset if draft.parent >= 0 else -1
        first.drafts.append(draft)
    holder.drafts = []
    if first.title == NO_WORDS:
        first.title = holder.title


def add_tabs(canvas: Canvas, place: Place, tabs: list[tuple[Tab, str]]) -> None:
    """Put the tab bar on one screen."""
    bar = canvas.add(Draft(name="TabView", class_name="XCUIElementTypeTabBar", place=place))
    for tab, screen in tabs:
        canvas.add(
            Draft(
                name="tabItem",
                class_name="XCUIElementTypeButton",
                place=tab.place,
                parent=bar,
                identifier=tab.identifier,
                text=tab.text,
                label=NO_WORDS if tab.text.value or tab.text.dynamic else tab.label,
                role="tab",
                interactive=True,
                clickable=True,
                conditional=tab.conditional,
                lead=Target(screen) if screen != canvas.name else None,
            )
        )
