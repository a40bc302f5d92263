"""What the operators of JavaScript make of values: spreads, comparisons, sums of strings."""

from __future__ import annotations

from collections.abc import Iterable

from samouk.domains.screens.source.react_native.values import (
    UNKNOWN,
    Branch,
    Start,
    Thing,
    Value,
    is_state,
    joined,
    plain,
    words_of,
)
from samouk.domains.screens.source.widgets import Words


def each_thing(value: Value) -> Iterable[Value]:
    """What is spread: an object, or of a choice that which is there; the rest is not known."""
    match value:
        case Branch(values, _, _):
            things = [one for one in values if isinstance(one, Thing)]
            return [Thing({key: Branch((part, None)) for one in things for key, part in one.fields.items()})]
        case Start(inner):
            return [inner]
    return [value]


def without(value: Value, taken: set[str]) -> Value:
    """An object without some of its fields (``...rest``)."""
    inner = plain(value)
    if isinstance(inner, Thing):
        return Thing({key: one for key, one in inner.fields.items() if key not in taken}, inner.open)
    return UNKNOWN


def same(one: Value, two: Value, differs: bool) -> Value:
    """Whether two values are equal, or with ``differs`` unequal; UNKNOWN where one of them is not known."""
    changes = is_state(one) or is_state(two)
    left, right = plain(one), plain(two)
    if not all(isinstance(side, str | float | bool | None) for side in (left, right)):
        return UNKNOWN
    said = (left == right) is not differs
    return Start(said) if changes else said


def glued(parts: list[Value]) -> Value:
    """Strings after one another, as words where a part of them is not known."""
    known = [plain(part) for part in parts]
    if all(isinstance(part, str) for part in known):
        return "".join(str(part) for part in known)
    words = [words_of(part) or Words(dynamic=True) for part in parts]
    return joined(words)
