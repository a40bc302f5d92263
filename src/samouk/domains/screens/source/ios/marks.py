"""What a chain of SwiftUI modifiers says of the view that it stands behind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from samouk.domains.screens.source.ios.expressions import (
    UNKNOWN,
    Argument,
    Call,
    Closure,
    Expression,
    Member,
    Name,
)
from samouk.domains.screens.source.ios.scopes import Scope
from samouk.domains.screens.source.ios.words import Speaker
from samouk.domains.screens.source.widgets import NO_WORDS, Entry, EntryKind, Words

KEYBOARDS: dict[str, EntryKind] = {
    "emailAddress": "email",
    "numberPad": "number",
    "decimalPad": "number",
    "asciiCapableNumberPad": "number",
    "numbersAndPunctuation": "number",
    "phonePad": "phone",
    "namePhonePad": "phone",
    "URL": "url",
    "webSearch": "search",
    "password": "password",
    "newPassword": "password",
    "telephoneNumber": "phone",
    "oneTimeCode": "number",
}
"""Keyboards and content types, as SwiftUI and UIKit name them alike."""

PRESENTED = frozenset({"sheet", "fullScreenCover", "popover", "navigationDestination"})
ASKED = frozenset({"alert", "confirmationDialog", "actionSheet"})
_TITLES = frozenset({"navigationTitle", "navigationBarTitle"})
_BARS = frozenset({"toolbar", "navigationBarItems"})
_LAYERS = frozenset({"overlay", "background", "safeAreaInset"})
_STYLE = re.compile(r"(\w+?)(?:PickerStyle|$)")


@dataclass(slots=True)
class Marks:
    """Attributes:
    presented: sheets, pushes and dialogs that state opens, as calls.
    layers: views above or below; ``bars`` those of the top bar.
    instead: identifiers and titles of which one is had, by what is shown.
    """

    identifier: str = ""
    label: Words = NO_WORDS
    hidden: bool = False
    combined: str = ""
    enabled: bool | None = None
    tap: Expression | None = None
    long_press: bool = False
    title: Words | None = None
    style: str = ""
    search: Call | None = None
    entry: Entry = field(default_factory=Entry)
    presented: list[Call] = field(default_factory=list)
    bars: list[Call] = field(default_factory=list)
    layers: list[Expression] = field(default_factory=list)
    menus: list[tuple[str, Expression]] = field(default_factory=list)
    tab: Call | None = None
    role: str = ""
    instead: list[tuple[str, Words]] = field(default_factory=list)


def flatten(value: Expression) -> tuple[Expression, list[Call]]:
    """A view and its modifiers, the innermost first."""
    chain: list[Call] = []
    while isinstance(value, Call) and value.receiver is not None and value.receiver != Name("."):
        if isinstance(value.receiver, Name) and value.receiver.path[:1].isupper():
            break
        chain.append(value)
        value = value.receiver
    while isinstance(value, Member):
        value = value.base
    chain.reverse()
    return value, chain


def argument(call: Call, *labels: str) -> Expression | None:
    """The first argument with one of these labels; "" stands for the first without one."""
    for label in labels:
        for one in call.arguments:
            if one.label == label:
                return one.value
    return None


def gather(modifiers: Sequence[Call], scope: Scope, speaker: Speaker) -> Marks:
    """Read a chain; an outer identifier replaces an inner one, as the system does it."""
    marks = Marks()
    for call in modifiers:
        _mark(marks, call, scope, speaker)
    return marks


def _mark(marks: Marks, call: Call, scope: Scope, speaker: Speaker) -> None:
    name = call.name
    first = argument(call, "") or UNKNOWN
    if name in PRESENTED or name in ASKED:
        marks.presented.append(call)
    elif name in _TITLES:
        marks.title = speaker.words(first, scope)
    elif name in _BARS:
        marks.bars.append(call)
    elif name in _LAYERS:
        marks.layers += (one.value for one in call.arguments if one.label in ("", "{}", "content"))
    elif name in ("contextMenu", "swipeActions"):
        content = argument(call, "{}", "menuItems", "content")
        if content is not None:
            marks.menus.append((name, content))
    elif name == "onTapGesture":
        marks.tap = argument(call, "{}", "perform") or UNKNOWN
    elif name in ("onLongPressGesture",):
        marks.long_press = True
    elif name in ("gesture", "simultaneousGesture", "highPriorityGesture"):
        _gesture(marks, first)
    elif name == "tabItem":
        marks.tab = call
    elif name == "searchable":
        marks.search = call
    elif name in ("pickerStyle", "toggleStyle", "datePickerStyle"):
        marks.style = _style(first)
    elif name in ("keyboardType", "textContentType"):
        _keyboard(marks, first)
    elif name in ("onChange", "onReceive"):
        _bound(marks, call.arguments)
    elif name == "disabled":
        verdict = speaker.holds(first, scope)
        marks.enabled = None if verdict.holds is None else not verdict.holds
    elif name == "hidden":
        marks.hidden = True
    else:
        _accessibility(marks, call, scope, speaker)


def _accessibility(marks: Marks, call: Call, scope: Scope, speaker: Speaker) -> None:
    told = {one.label: one.value for one in call.arguments}
    first = told.get("", UNKNOWN)
    match call.name:
        case "accessibilityIdentifier":
            marks.identifier = speaker.mark(first, scope)
            marks.instead = speaker.alternatives(first, scope)
        case "accessibilityLabel":
            marks.label = speaker.words(first, scope)
        case "accessibilityHidden":
            marks.hidden |= speaker.holds(first, scope).holds is True
        case "accessibilityElement":
            children = told.get("children", Name(".ignore"))
            marks.combined = children.path.rpartition(".")[2] if isinstance(children, Name) else ""
        case "accessibilityAddTraits":
            marks.role = first.path.rpartition(".")[2].removeprefix("is").lower() if isinstance(first, Name) else ""
        case "accessibility":
            if "identifier" in told:
                marks.identifier = speaker.mark(told["identifier"], scope)
            if "label" in told:
                marks.label = speaker.words(told["label"], scope)
            if "hidden" in told:
                marks.hidden |= speaker.holds(told["hidden"], scope).holds is True


def _gesture(marks: Marks, value: Expression) -> None:
    base, chain = flatten(value)
    if isinstance(base, Call) and base.name == "TapGesture":
        ended = next((one for one in chain if one.name == "onEnded"), None)
        marks.tap = (argument(ended, "{}", "") if ended is not None else None) or UNKNOWN
    elif isinstance(base, Call) and base.name == "LongPressGesture":
        marks.long_press = True


def _style(value: Expression) -> str:
    """``segmented`` of `.segmented` and of `SegmentedPickerStyle()`."""
    name = value.name if isinstance(value, Call) else value.path if isinstance(value, Name) else ""
    found = _STYLE.match(name.rpartition(".")[2])
    return found[1].lower() if found is not None else ""


def _keyboard(marks: Marks, value: Expression) -> None:
    kind = KEYBOARDS.get(value.path.rpartition(".")[2]) if isinstance(value, Name) else None
    if kind is not None and (marks.entry.kind == "text" or kind == "password"):
        marks.entry = marks.entry._replace(kind=kind)


def _bound(marks: Marks, arguments: Sequence[Argument]) -> None:
    """Handlers that cut (`prefix(20)`) or sift (`filter`) what is typed."""
    for call in calls_in(tuple(one.value for one in arguments if isinstance(one.value, Closure))):
        first = call.arguments[0].value if call.arguments else UNKNOWN
        if call.name == "prefix" and isinstance(first, Name) and first.path.isdigit():
            marks.entry = marks.entry._replace(max_length=int(first.path))
        elif call.name == "filter":
            marks.entry = marks.entry._replace(filtered=True)


def calls_in(value: object) -> Iterator[Call]:
    """All calls in a piece of code, in order."""
    waiting: list[object] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Call):
            yield one
        if isinstance(one, tuple):
            waiting.extend(reversed(one))
