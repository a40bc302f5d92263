"""Which of the props that a component is handed are to be shown."""

from __future__ import annotations

from typing import TypeGuard

from samouk.domains.screens.source.react_native.calls import MAX_ITEMS
from samouk.domains.screens.source.react_native.values import (
    Branch,
    ClassOf,
    Closure,
    Element,
    Loop,
    Marked,
    Start,
    Thing,
    Value,
    plain,
    words_of,
)
from samouk.domains.screens.source.widgets import Words

_NO_PARTS = frozenset({"contentInset", "tabBarIcon", "refreshControl", "style", "customStyles", "renderers"})
_HEADS = ("header", "footer", "Header", "Footer", "left", "right", "icon", "Icon")
_ENDINGS = (*_HEADS, "Component", "Element", "component", "element")


def may_be_part(name: str, value: Value) -> bool:
    """Whether a prop is to be shown: an element, or a function whose name says that it makes one."""
    if name in _NO_PARTS:
        return False
    if holds_elements(value):
        return True
    if not isinstance(plain(value), Closure | ClassOf | Branch):
        return False
    return name.startswith("render") or name.endswith(_ENDINGS)


def holds_elements(value: Value) -> bool:
    """Whether a value is an element, or may be one, or holds one."""
    match value:
        case Element():
            return True
        case list() as items:
            return any(holds_elements(one) for one in items)
        case Branch(values, _, _):
            return any(holds_elements(one) for one in values)
        case Loop(inner) | Start(inner) | Marked(inner, _):
            return holds_elements(inner)
    return False


def is_written(data: Value) -> TypeGuard[list[Value]]:
    """Whether the rows of a list stand in the source."""
    rows = isinstance(data, list) and 0 < len(data) <= MAX_ITEMS
    return rows and isinstance(data, list) and not any(isinstance(one, Loop | Branch) for one in data)


def option_words(value: Value) -> Words | None:
    """Words of an entry of a sheet; None for what is none."""
    inner = plain(value)
    if isinstance(inner, Thing):
        inner = next((inner.fields[name] for name in ("label", "title", "text", "name") if name in inner.fields), None)
    if isinstance(inner, Branch):
        return words_of(inner)
    return words_of(inner) if isinstance(inner, str | Words) else None
