"""Conditions and comparisons of values that may change or are not known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from samouk.domains.screens.source.compose.values import (
    HOLE,
    UNKNOWN,
    Chain,
    ClassName,
    Either,
    Initially,
    Instance,
    Modifier,
    Resource,
    State,
    String,
    Symbol,
    Value,
    each,
    now,
    state_of,
    truth,
)


def mapped(value: Value, change: Callable[[Value], Value]) -> Value:
    """``change`` of a value that may be one of several, or hold at the start only."""
    if isinstance(value, Either):
        return Either(tuple(mapped(one, change) for one in value.values))
    if isinstance(value, Initially | State):
        others = tuple(mapped(one, change) for one in value.others) if isinstance(value, Initially) else ()
        return Initially(mapped(now(value), change), state_of(value), others)
    return change(value)


def same(first: Value, second: Value) -> Value:
    """``==``: known for constants; for objects where each is the only one of its class."""
    one, other = now(first), now(second)
    if isinstance(one, Either) or isinstance(other, Either) or UNKNOWN in (one, other):
        return UNKNOWN
    if one is None or other is None:
        # An object of a type, whatever it is, may be null or not.
        known = one is other or all(not isinstance(part, Instance) or part.made for part in (one, other))
        found: Value = one is other if known else UNKNOWN
    elif isinstance(one, Instance | ClassName) or isinstance(other, Instance | ClassName):
        both = [part for part in (one, other) if isinstance(part, Instance)]
        known = all(part.made and part.kind.single for part in both) and len(both) == 2
        found = one is other if known else UNKNOWN
    elif isinstance(one, String) and isinstance(other, String):
        found = UNKNOWN if HOLE in one.value + other.value else one.value == other.value
    elif isinstance(one, bool | int | float | Symbol | Resource) and isinstance(other, type(one)):
        found = one == other
    else:
        found = UNKNOWN
    return following(found, first, second)


def following(found: Value, *of: Value) -> Value:
    """A result that changes with what it was made of."""
    changing = [one for one in of if isinstance(one, Initially | State)]
    return Initially(found, next(filter(None, map(state_of, changing)), None)) if changing else found


def both(first: Value, second: Value) -> Value:
    """``&&``."""
    if truth(first) is False or truth(second) is False:
        return False
    if truth(first) is True:
        return second
    if truth(second) is True:
        return first
    states = (truth(now(first)), truth(now(second)))
    if False in states or states == (True, True):
        return following(False not in states, first, second)
    return UNKNOWN


def either(first: Value, second: Value) -> Value:
    """``||``."""
    if truth(first) is True or truth(second) is True:
        return True
    if truth(first) is False:
        return second
    if truth(second) is False:
        return first
    states = (truth(now(first)), truth(now(second)))
    if True in states or states == (False, False):
        return following(True in states, first, second)
    return UNKNOWN


def compared(operator: str, first: Value, second: Value) -> Value:
    """``<`` and its like, of numbers."""
    one, other = now(first), now(second)
    if not isinstance(one, int | float) or not isinstance(other, int | float):
        return UNKNOWN
    results = {"<": one < other, ">": one > other, "<=": one <= other, ">=": one >= other}
    if operator not in results:
        return UNKNOWN
    return following(results[operator], first, second)


def emptiness(value: Value, negated: bool) -> Value:
    """Whether a text or a list is empty, or with ``negated`` is not."""
    if isinstance(value, String) and HOLE not in value.value:
        return bool(value.value.strip()) == negated
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return bool(value) == negated
    return UNKNOWN


def chained(first: Value, second: Value) -> Value:
    """One modifier behind the other."""
    return joined([one for value in (first, second) for one in each(value) if isinstance(one, Chain)])


def joined(chains: Sequence[Chain]) -> Chain:
    """All links of several modifiers, each once."""
    links: list[Modifier] = []
    for chain in chains:
        links += (link for link in chain.links if link not in links)
    return Chain(tuple(links))


def negated(value: Value) -> Value:
    """``!value``."""
    return mapped(value, lambda plain: not plain if isinstance(plain, bool) else UNKNOWN)
