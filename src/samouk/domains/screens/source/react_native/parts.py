"""Which of the props that a component is handed are to be shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeGuard

from samouk.domains.screens.source.react_native.calls import MAX_ITEMS
from samouk.domains.screens.source.react_native.values import (
    UNKNOWN,
    Branch,
    ClassOf,
    Closure,
    Element,
    Loop,
    Marked,
    Start,
    Thing,
    Value,
    each,
    plain,
    words_of,
)
from samouk.domains.screens.source.widgets import Words

_NO_PARTS = frozenset({"contentInset", "tabBarIcon", "refreshControl", "style", "customStyles", "renderers"})
_CONTENTS = frozenset({"children", "content", "component", "renderContent", "render", "body"})
_SHOWN = ("visible", "isVisible", "open", "isOpen", "show")
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


def shown_by(args: Sequence[Value]) -> Iterator[Value]:
    """What a call that opens a sheet is handed to be shown: elements, functions that make them, lists of entries."""
    for at, arg in enumerate(args):
        inner = plain(arg)
        if holds_elements(arg) or is_entries(arg) or (at == 0 and isinstance(inner, Closure)):
            yield arg
        elif isinstance(inner, Thing):
            for name, value in inner.fields.items():
                made = name in _CONTENTS and isinstance(plain(value), Closure)
                if made or holds_elements(value) or is_entries(value):
                    yield value


def is_entries(value: Value) -> TypeGuard[list[Value]]:
    """Whether a value is a list of what a person may choose: each has words, and does something."""
    items = plain(value)
    return isinstance(items, list) and bool(list(entries(items)))


def entries(items: list[Value]) -> Iterator[Thing]:
    """Those of a list that a person may choose; some may be there under a condition."""
    for item in items:
        for one in each(item):
            if isinstance(one, Thing) and "onPress" in one.fields and option_words(one) is not None:
                yield one


def visible(props: Thing) -> Value:
    """What says whether a dialog is open; UNKNOWN where nothing does."""
    return next((props.fields[name] for name in _SHOWN if name in props.fields), UNKNOWN)


def may_show(props: Thing) -> bool:
    """Whether a dialog that is shut comes up later: it is shut for good only where the source writes ``false``."""
    return isinstance(visible(props), Start)
