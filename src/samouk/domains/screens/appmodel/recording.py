"""Screens out of a recording: what was shown at each moment, and what a person did then.

An event is a mapping with

- ``hierarchy``: the screen before the act, in any form that ``readers.read`` takes,
- ``platform``: ``android`` or ``ios``,
- ``activity`` or ``screen`` (optional): what the app itself calls it,
- ``action`` (optional): ``{"kind": "tap" | "type" | "back", "index": N}``, N being the element's place in pre-order.

The next event shows what the act led to. Moments that show the same screen become one: the same name, and most of their
elements in common, so that a list with another length or a button that has appeared makes no new screen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from samouk.domains.screens import rules
from samouk.domains.screens.element import Element, Evidence, Screen
from samouk.domains.screens.readers import read
from samouk.domains.screens.source.widgets import Entry, Framework, Place, Sight, SourceScreen, Widget, Words
from samouk.edge.observer import UnreadableSource

ALIKE = 0.6
"""Share of elements in common (Jaccard) from which two moments of one name show one screen."""

ACTS = ("tap", "type", "back")
SOURCE = "recording"
_INPUTS = frozenset({"text_input", "password_input", "search_input"})
_ACTED_ON = _INPUTS | {
    *("button", "icon_button", "link", "checkbox", "radio_button", "switch", "slider", "stepper", "dropdown"),
    *("date_picker", "tab", "segmented", "chip", "menu_item", "list_item"),
}


@dataclass(slots=True)
class _Shown:
    """One screen as it was first seen."""

    name: str
    screen: Screen
    marks: frozenset[tuple[str, str]]
    moment: int
    leads: dict[int, str] = field(default_factory=dict)


def sights_of(events: Sequence[Mapping[str, Any]]) -> list[Sight]:
    """What a recording shows, as a reader of source would tell it; the place of each is the number of its event.

    Raises:
        UnreadableSource: names the event and what is wrong with it.
    """
    if not events:
        raise UnreadableSource("the recording holds no event; record at least one screen")
    shown: list[_Shown] = []
    before: tuple[_Shown, Mapping[str, Any]] | None = None
    for moment, event in enumerate(events, 1):
        now = _find(shown, *_moment(event, moment), moment)
        if before is not None:
            _link(*before, now)
        before = now, _action(event, now, moment)
    by_framework: dict[Framework, list[_Shown]] = {}
    for one in shown:
        by_framework.setdefault(_framework(one.screen), []).append(one)
    first = shown[0]
    return [
        Sight(
            framework=framework,
            app=_bare_app(ones),
            screens=tuple(_source_screen(one, framework, one is first) for one in ones),
            tags_visible=framework == "compose",
        )
        for framework, ones in by_framework.items()
    ]


def _moment(event: Mapping[str, Any], moment: int) -> tuple[str, Screen]:
    if not isinstance(event, Mapping) or "hierarchy" not in event or "platform" not in event:
        raise UnreadableSource(f"event {moment}: must be an object with hierarchy and platform")
    try:
        screen = read(event["hierarchy"], event["platform"])
    except UnreadableSource as error:
        raise UnreadableSource(f"event {moment}: {error}") from None
    name = event.get("screen") or event.get("activity") or ""
    if not isinstance(name, str):
        raise UnreadableSource(f"event {moment}: screen and activity must be text")
    return name.rpartition(".")[2], screen


def _action(event: Mapping[str, Any], shown: _Shown, moment: int) -> Mapping[str, Any]:
    action = event.get("action") or {}
    if not isinstance(action, Mapping) or (action and action.get("kind") not in ACTS):
        raise UnreadableSource(f"event {moment}: action.kind must be one of {', '.join(ACTS)}")
    index = action.get("index")
    if action.get("kind") in ("tap", "type"):
        if not isinstance(index, int) or isinstance(index, bool) or index < 0:
            raise UnreadableSource(f"event {moment}: action.index must be an element's place in the hierarchy, from 0")
        if index >= len(shown.screen.elements):
            return {}  # the list is longer than when the screen was first seen: one of its repeated rows
    return action


def _find(shown: list[_Shown], name: str, screen: Screen, moment: int) -> _Shown:
    marks = _marks(screen)
    for one in shown:
        if one.screen.platform == screen.platform and one.name == name and _alike(one.marks, marks):
            return one
    found = _Shown(name, screen, marks, moment)
    shown.append(found)
    return found


def _marks(screen: Screen) -> frozenset[tuple[str, str]]:
    """What makes a screen this one: identifiers, and the words on what has none, each with its class."""
    return frozenset(
        (one.class_name, one.resource_id or one.description or one.text)
        for one in screen.visible()
        if one.resource_id or one.description or one.text
    )


def _alike(one: frozenset[tuple[str, str]], other: frozenset[tuple[str, str]]) -> bool:
    return len(one & other) >= ALIKE * len(one | other)


def _link(before: _Shown, action: Mapping[str, Any], now: _Shown) -> None:
    if action.get("kind") == "tap" and now is not before:
        before.leads.setdefault(int(action["index"]), _name(now))


def _name(shown: _Shown) -> str:
    return f"{shown.name or 'screen'}#{shown.moment}"


def _framework(screen: Screen) -> Framework:
    """Which way of naming identifiers a screen has: with a package as views do, or bare as Compose does."""
    if screen.platform == "ios":
        return "ios"
    named = Counter(":id/" in one.resource_id for one in screen.elements if one.resource_id)
    return "compose" if named[False] > named[True] else "android"


def _bare_app(shown: Sequence[_Shown]) -> str:
    return next((one.screen.app for one in shown if one.screen.app), "")


def _source_screen(shown: _Shown, framework: Framework, entry: bool) -> SourceScreen:
    evidence = rules.evidence_of(shown.screen)
    secrets = rules.secrets_of(shown.screen, evidence)
    alike = Counter((one.parent, one.class_name, one.resource_id) for one in shown.screen.elements)
    widgets = tuple(
        _widget(one, found, shown, one.index in secrets, alike[one.parent, one.class_name, one.resource_id] > 1)
        for one, found in zip(shown.screen.elements, evidence, strict=True)
    )
    dialog = any(found is not None and found.element_type == "dialog" for found in evidence)
    place = Place(SOURCE, shown.moment)
    named = SourceScreen(name=_name(shown), place=place, widgets=_spread(widgets), entry=entry, dialog=dialog)
    return replace(named, activity=shown.name) if framework != "ios" else named


def _widget(one: Element, found: Evidence | None, shown: _Shown, secret: bool, alike: bool) -> Widget:
    kind = "" if found is None else found.element_type
    input_ = kind in _INPUTS
    return Widget(
        index=one.index,
        parent=one.parent,
        name=one.class_name.rpartition(".")[2],
        class_name=one.class_name,
        place=Place(SOURCE, shown.moment),
        identifier=one.resource_id.rpartition(":id/")[2],
        # What stands in an input was typed by a person: it is no part of the app.
        text=Words() if input_ or secret else Words(one.text),
        label=Words(one.description),
        hint=Words(one.hint),
        role=one.role,
        interactive=bool(one.clickable or one.checkable or input_ or kind in _ACTED_ON) and one.enabled is not False,
        clickable=one.clickable,
        long_clickable=one.long_clickable,
        checkable=one.checkable,
        checked=one.checked,
        scrollable=one.scrollable,
        password=one.password or secret,
        enabled=one.enabled,
        repeated=alike and kind in ("list_item", "card", ""),
        entry=Entry("password" if secret else "search" if kind == "search_input" else "text") if input_ else None,
        leads_to=shown.leads.get(one.index, ""),
    )


def _spread(widgets: tuple[Widget, ...]) -> tuple[Widget, ...]:
    """What lies in something repeated is repeated too."""
    out: list[Widget] = []
    for widget in widgets:
        inside = widget.parent >= 0 and out[widget.parent].repeated
        out.append(replace(widget, repeated=True) if inside and not widget.repeated else widget)
    return tuple(out)
