"""How a SwiftUI control becomes a draft: its place, its words, its picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from samouk.domains.screens.source.ios.canvas import At, Draft
from samouk.domains.screens.source.ios.expressions import Call, Closure, Expression
from samouk.domains.screens.source.ios.marks import Marks
from samouk.domains.screens.source.ios.scopes import Scope
from samouk.domains.screens.source.widgets import Place

if TYPE_CHECKING:
    from samouk.domains.screens.source.ios.swiftui import Painter

Control = Callable[["Painter", Call, Marks, Scope, "At"], None]


def draft_of(painter: Painter, call: Call, kind: str, scope: Scope, at: At) -> Draft:
    """A draft of a control at its call, or at the call of the view that it is all of."""
    return Draft(
        name=call.name,
        class_name=f"XCUIElementType{kind}",
        place=at.place or Place(scope.path, call.line),
        parent=at.parent,
        loops=at.loops,
        conditional=at.conditional,
        enabled=at.enabled,
        role="menuitem" if at.menu and kind == "Button" else "",
    )


def first_words(call: Call) -> Expression | None:
    """The title that a control is given as words."""
    for one in call.arguments:
        if one.label in ("", "verbatim", "titleKey", "title") and not isinstance(one.value, Closure):
            return one.value
    return None


def name_it(
    painter: Painter,
    draft: Draft,
    own: int,
    title: Expression | None,
    label: Expression | None,
    scope: Scope,
    at: At,
) -> None:
    """Give a control its words: its title, else the texts in its label, else the picture in it."""
    if title is not None:
        draft.text = painter.speaker.words(title, scope)
    texts, pictures = painter.gathered(label, scope, at, own)
    if title is None:
        draft.text = texts
    if not draft.text.value and not draft.text.dynamic:
        draft.label = pictures
