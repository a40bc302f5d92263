"""What the operators of JavaScript make of values: spreads, comparisons, sums of strings."""

from __future__ import annotations

from collections.abc import Iterable

from samouk.domains.screens.source.react_native.values import (
    UNKNOWN,
    Branch,
    Loop,
    Start,
    Thing,
    Value,
    is_state,
    joined,
    plain,
    words_of,
)
from samouk.domains.screens.source.widgets import Words

MAX_CHOICES = 4


def each_thing(value: Value) -> Iterable[Value]:
    """What is spread: an object, or of a choice that which is there; the rest is not known."""
    match value:
        case Branch(values, _, _):
            things = [one for one in values if isinstance(one, Thing)]
            return [Thing({key: Branch((part, None)) for one in things for key, part in one.fields.items()})]
        case Start(inner):
            return [inner]
    return [value]


def spread(value: Value) -> list[Value]:
    """Items of a list that is put into another (``[...(wide ? [one] : [])]``): of a choice, each may be there."""
    inner = plain(value)
    if isinstance(inner, list):
        return inner
    if isinstance(inner, Branch) and all(isinstance(plain(one), list | None) for one in inner.values):
        lists = [items for one in inner.values if isinstance(items := plain(one), list)]
        return [Branch((item, None)) for items in lists for item in items]
    return [Loop(UNKNOWN)]


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
    choices = [at for at, part in enumerate(known) if isinstance(part, Branch)]
    if len(choices) == 1 and isinstance(chosen := known[choices[0]], Branch) and _all_said(chosen):
        at = choices[0]
        return chosen._replace(values=tuple(glued([*parts[:at], one or "", *parts[at + 1 :]]) for one in chosen.values))
    if all(isinstance(part, str) for part in known):
        return "".join(str(part) for part in known)
    words = [words_of(part) or Words(dynamic=True) for part in parts]
    return joined(words)


def _all_said(choice: Branch) -> bool:
    """Whether each of what is chosen between is known, as in ``size ? '-wide' : ''``."""
    return len(choice.values) <= MAX_CHOICES and all(isinstance(plain(one), str) for one in choice.values)
