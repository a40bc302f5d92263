"""Alerts and action sheets of UIKit, painted as screens of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from samouk.domains.screens.source.ios.canvas import Canvas, Draft, Target
from samouk.domains.screens.source.ios.expressions import Argument, Assignment, Call, Let, Name
from samouk.domains.screens.source.ios.marks import argument
from samouk.domains.screens.source.ios.scopes import Scope
from samouk.domains.screens.source.ios.uikit import statements_of
from samouk.domains.screens.source.widgets import BACK, NO_WORDS, Place

if TYPE_CHECKING:
    from samouk.domains.screens.source.ios.controllers import Controllers


_ADDS = re.compile(r"add(?:\w*Action\w*|TextField)$")
"""UIKit's own ways to fill an alert, and shorter ones that apps add to it: `addCancelAction(title)`."""


def alert(controllers: Controllers, call: Call, scope: Scope) -> str:
    """Name of the screen of an alert; it is painted when it is first asked for."""
    place = Place(scope.path, call.line)
    holder = scope.info.name if scope.info is not None else ""
    name = f"{holder}.alert" if f"{holder}.alert" not in controllers.atlas.canvases else f"{holder}.alert {call.line}"
    for known in (f"{holder}.alert", f"{holder}.alert {call.line}"):
        if known in controllers.atlas.canvases and controllers.atlas.canvases[known].place == place:
            return known
    style = argument(call, "preferredStyle")
    sheet = isinstance(style, Name) and style.path.endswith("actionSheet")
    canvas = Canvas(name, place, dialog=True)
    controllers.atlas.canvases[name] = canvas
    title = argument(call, "title")
    said = controllers.atlas.speaker.words(title, scope, False) if title is not None else NO_WORDS
    canvas.title = said
    kind = "Sheet" if sheet else "Alert"
    own = canvas.add(Draft(name="UIAlertController", class_name=f"XCUIElementType{kind}", place=place, label=said))
    for label in ("title", "message"):
        value = argument(call, label)
        words = controllers.atlas.speaker.words(value, scope, False) if value is not None else NO_WORDS
        if words != NO_WORDS:
            canvas.add(Draft(name=label, class_name="XCUIElementTypeStaticText", place=place, parent=own, text=words))
    for action, identifier in _actions(controllers, call, scope):
        _action(controllers, canvas, own, action, identifier, scope)
    return name


def _actions(controllers: Controllers, call: Call, scope: Scope) -> Iterator[tuple[Call, str]]:
    """`addAction` and `addTextField` of the function that makes the alert, with the identifiers of what they add."""
    if scope.info is None:
        return
    made: dict[str, str] = {}
    for function, one in statements_of(scope.info):
        if isinstance(one, Let) and one.value == call:
            made[function.name] = one.name
    actions: dict[str, Call] = {}
    identifiers = {
        one.target.path.removesuffix(".accessibilityIdentifier"): controllers.atlas.speaker.identifier(one.value, scope)
        for _, one in statements_of(scope.info)
        if isinstance(one, Assignment) and isinstance(one.target, Name) and one.target.path.endswith("Identifier")
    }
    for function, one in statements_of(scope.info):
        holder = made.get(function.name)
        if isinstance(one, Let) and isinstance(one.value, Call) and one.value.name == "UIAlertAction":
            actions[one.name] = one.value
        if holder and isinstance(one, Call) and one.receiver == Name(holder) and _ADDS.match(one.name):
            first = one.arguments[0].value if one.arguments else None
            known = actions.get(first.path) if isinstance(first, Name) else None
            told = identifiers.get(first.path, "") if isinstance(first, Name) else ""
            yield (one, "") if known is None else (one._replace(arguments=(Argument("", known),)), told)


def _action(controllers: Controllers, canvas: Canvas, parent: int, call: Call, identifier: str, scope: Scope) -> None:
    place = Place(scope.path, call.line)
    if call.name == "addTextField":
        canvas.add(
            Draft(
                name="addTextField",
                class_name="XCUIElementTypeTextField",
                place=place,
                parent=parent,
                interactive=True,
            )
        )
        return
    action = call.arguments[0].value if call.arguments else None
    if call.name != "addAction":
        action = call._replace(arguments=tuple(one._replace(label=one.label or "title") for one in call.arguments))
    if not isinstance(action, Call):
        return
    title = argument(action, "title")
    words = controllers.atlas.speaker.words(title, scope, False) if title is not None else NO_WORDS
    lead = controllers.atlas.actor.target(argument(action, "handler", "{}"), scope) or Target(BACK)
    canvas.add(
        Draft(
            name="UIAlertAction",
            class_name="XCUIElementTypeButton",
            place=place,
            parent=parent,
            identifier=identifier,
            text=words,
            interactive=True,
            clickable=True,
            lead=lead,
        )
    )
