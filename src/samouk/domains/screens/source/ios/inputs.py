"""SwiftUI's inputs: fields, switches, sliders, pickers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from samouk.domains.screens.source.ios.canvas import At, Draft
from samouk.domains.screens.source.ios.drafts import Control, draft_of, first_words
from samouk.domains.screens.source.ios.expressions import Call, Name
from samouk.domains.screens.source.ios.marks import Marks, argument
from samouk.domains.screens.source.ios.scopes import Scope
from samouk.domains.screens.source.widgets import NO_WORDS, Entry, Words

if TYPE_CHECKING:
    from samouk.domains.screens.source.ios.swiftui import Painter


def field(kind: str) -> Control:
    """Painter of a text input."""

    def paint(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
        draft = draft_of(painter, call, kind, scope, at)
        draft.interactive = True
        prompt = argument(call, "prompt")
        title = prompt if isinstance(prompt, Call) else first_words(call)
        if title is None:
            start = argument(call, "label", "{}")
            own = painter.canvas.add(draft)
            draft.hint = painter.gathered(start, scope, at, own)[0] if own >= 0 else NO_WORDS
        elif kind != "TextView":
            draft.hint = painter.speaker.words(title, scope)
            painter.canvas.add(draft)
        else:
            painter.canvas.add(draft)
        entry = marks.entry
        if kind == "SecureTextField":
            entry, draft.password = entry._replace(kind="password"), True
        axis = argument(call, "axis")
        several = kind == "TextView" or (isinstance(axis, Name) and axis.path.endswith("vertical"))
        if argument(call, "value") is not None and entry.kind == "text":
            entry = entry._replace(kind="number")
        draft.entry = entry._replace(multiline=several)

    return paint


def search(painter: Painter, marks: Marks, scope: Scope, at: At) -> None:
    """The field that `searchable` puts below the top bar."""
    if marks.search is None:
        return
    call = marks.search
    prompt = argument(call, "prompt")
    draft = draft_of(painter, call, "SearchField", scope, replace(at, parent=painter.bar(), place=None))
    draft.interactive = True
    draft.hint = painter.speaker.words(prompt, scope) if prompt is not None else Words("Search")
    draft.entry = Entry("search")
    painter.canvas.add(draft)


def toggle(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
    """Paint a switch, on or off as its state begins."""
    kind = "Button" if marks.style == "button" else "Switch"
    draft = draft_of(painter, call, kind, scope, at)
    draft.interactive = draft.checkable = True
    own = painter.canvas.add(draft)
    if own < 0:
        return
    _labelled(painter, call, draft, own, scope, at)
    state = argument(call, "isOn")
    if isinstance(state, Name):
        draft.checked = painter.speaker.holds(Name(state.path.lstrip("$")), scope).holds


def _labelled(painter: Painter, call: Call, draft: Draft, own: int, scope: Scope, at: At) -> None:
    title = first_words(call)
    label = argument(call, "label") or (argument(call, "{}") if title is None else None)
    if title is not None:
        draft.label = painter.speaker.words(title, scope)
        return
    texts, pictures = painter.gathered(label, scope, at, own)
    draft.label = texts if texts.value or texts.dynamic else pictures


def adjusted(kind: str) -> Control:
    """Painter of what is set by sliding, stepping or choosing a date."""

    def paint(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
        draft = draft_of(painter, call, kind, scope, at)
        draft.interactive = True
        own = painter.canvas.add(draft)
        if own >= 0:
            _labelled(painter, call, draft, own, scope, at)

    return paint


def color(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
    """Paint what opens the choice of a colour."""
    draft = draft_of(painter, call, "Button", scope, at)
    draft.interactive = draft.clickable = True
    own = painter.canvas.add(draft)
    if own >= 0:
        _labelled(painter, call, draft, own, scope, at)


def picker(painter: Painter, call: Call, marks: Marks, scope: Scope, at: At) -> None:
    """A row of segments is a control of its own; the wheel too; the others are buttons that open choices."""
    kind = {"segmented": "SegmentedControl", "wheel": "PickerWheel", "palette": "SegmentedControl"}.get(
        marks.style, "Button"
    )
    draft = draft_of(painter, call, kind, scope, at)
    own = painter.canvas.add(draft)
    if own < 0:
        return
    label = argument(call, "label")
    title = first_words(call)
    if title is not None:
        draft.label = painter.speaker.words(title, scope)
    else:
        draft.label = painter.gathered(label, scope, at, own)[0]
    if kind == "SegmentedControl":
        _segments(painter, call, own, scope, at)
        return
    draft.interactive = True
    draft.role = "combobox"
    if kind == "Button":  # its label ends with what is chosen: "Kind, Dry"
        draft.clickable, draft.label = True, draft.label._replace(dynamic=True)


def _segments(painter: Painter, call: Call, own: int, scope: Scope, at: At) -> None:
    content = argument(call, "content", "{}")
    start = len(painter.canvas.drafts)
    if content is not None:
        painter.paint(content, scope, replace(at, parent=own, place=None))
    for index in painter.canvas.roots(start, own):
        draft = painter.canvas.drafts[index]
        draft.class_name, draft.role = "XCUIElementTypeButton", "radio"
        draft.interactive = draft.clickable = True
