"""Alerts and action sheets of SwiftUI, painted as screens of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samouk.domains.screens.source.ios.canvas import At, Canvas, Draft, Target
from samouk.domains.screens.source.ios.expressions import Call
from samouk.domains.screens.source.ios.marks import argument
from samouk.domains.screens.source.ios.scopes import Scope
from samouk.domains.screens.source.widgets import BACK, NO_WORDS, Words

if TYPE_CHECKING:
    from samouk.domains.screens.source.ios.swiftui import Painter

_CLOSES = ("XCUIElementTypeButton",)


def paint_dialog(painter: Painter, call: Call, scope: Scope) -> None:
    """Paint an alert, a confirmation dialog or an action sheet: its title, message and buttons."""
    canvas = painter.canvas
    kind = "Alert" if call.name == "alert" else "Sheet"
    title = argument(call, "")
    said = painter.speaker.words(title, scope) if title is not None else NO_WORDS
    own = canvas.add(Draft(name=call.name, class_name=f"XCUIElementType{kind}", place=canvas.place, label=said))
    canvas.title = said
    if said != NO_WORDS:
        text = Draft(name="Text", class_name="XCUIElementTypeStaticText", place=canvas.place, parent=own, text=said)
        canvas.add(text)
    message = argument(call, "message")
    for content in (message, *(one.value for one in call.arguments if one.label in ("{}", "actions", "content"))):
        if content is not None:
            painter.paint(content, scope, At(parent=own))
    if canvas.title != said and canvas.drafts[own].label == NO_WORDS:
        canvas.drafts[own].label = canvas.title
    close(canvas)
    if kind == "Alert" and not any(one.interactive for one in canvas.drafts):
        canvas.add(
            Draft(
                name="Button",
                class_name="XCUIElementTypeButton",
                place=canvas.place,
                parent=own,
                text=Words("OK"),
                interactive=True,
                clickable=True,
                lead=Target(BACK),
            )
        )


def close(canvas: Canvas) -> None:
    """A choice in a dialog or a menu closes it."""
    for draft in canvas.drafts:
        if draft.interactive and draft.lead is None and draft.class_name in _CLOSES:
            draft.lead = Target(BACK)
