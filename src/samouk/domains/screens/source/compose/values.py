"""What an expression of Kotlin stands for before the app runs: known, known at the start only, or unknown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

from samouk.domains.screens.source.compose import code
from samouk.domains.screens.source.widgets import Words

HOLE = "\0"
"""Stands in a string for what is filled in while the app runs."""


class Unknown:
    """Nothing is known of it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()
MISSING: Final = Unknown()
"""A name that nobody has declared, or an argument that nobody gave."""


class String(NamedTuple):
    """Words; ``key`` is the resource they come from, or ""."""

    value: str
    key: str = ""


class Resource(NamedTuple):
    """``R.kind.name``."""

    kind: str
    name: str


def _argument(arguments: tuple[tuple[str, Any], ...], name: str, place: int) -> Any:
    for key, value in arguments:
        if key == name:
            return value
    unnamed = [value for key, value in arguments if not key]
    return unnamed[place] if 0 <= place < len(unnamed) else MISSING


class Symbol(NamedTuple):
    """A name of a library, dotted: ``Role.Switch``."""

    name: str


class Made(NamedTuple):
    """What a call of a library gives: ``KeyboardOptions(keyboardType = ..)``."""

    name: str
    arguments: tuple[tuple[str, Any], ...]

    def get(self, name: str, place: int = -1) -> Any:
        """The argument of that name, else the one at that place, else MISSING."""
        return _argument(self.arguments, name, place)


@dataclass(eq=False, slots=True)
class Scope:
    """Names and what they stand for, from the innermost block outwards.

    Attributes:
        file: where the code in it stands; a path.
        receiver: what ``this`` is.
        types: what type parameters stand for, by name.
    """

    file: str
    names: dict[str, Any] = field(default_factory=dict)
    above: Scope | None = None
    receiver: Any = None
    types: dict[str, str] = field(default_factory=dict)

    def find(self, name: str) -> Any:
        """Its value, or MISSING where the name is not known here."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.above
        return MISSING

    def type_of(self, name: str) -> str:
        """The type that a name of one means here: what a type parameter stands for, else the name."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.types:
                return scope.types[name]
            scope = scope.above
        return name

    def receivers(self) -> Iterator[Any]:
        """What ``this`` is, and what it is further out, each once."""
        last: Any = None
        scope: Scope | None = self
        while scope is not None:
            if scope.receiver is not None and scope.receiver is not last:
                last = scope.receiver
                yield last
            scope = scope.above

    def inner(self, **names: Any) -> Scope:
        """A block within."""
        return Scope(self.file, dict(names), self, self.receiver)


@dataclass(eq=False, slots=True)
class Closure:
    """A lambda with the names that it saw."""

    names: tuple[tuple[str, ...], ...]
    body: tuple[code.Node, ...]
    scope: Scope


class Bound(NamedTuple):
    """A function of the app, with the object that it belongs to."""

    function: code.Function
    file: str
    receiver: Any = None


class ClassName(NamedTuple):
    """One of the app's classes itself, not an object of it."""

    kind: code.Class
    file: str


@dataclass(eq=False, slots=True)
class Instance:
    """An object of one of the app's classes. A field that is not there is unknown."""

    kind: code.Class
    file: str
    fields: dict[str, Any] = field(default_factory=dict)
    made: bool = False


@dataclass(eq=False, slots=True)
class State:
    """``mutableStateOf(initial)``; its identity tells one state from another."""

    initial: Any


class Initially(NamedTuple):
    """What holds when the screen opens, and may change while it is open; with the state that it comes from.

    ``others`` are what it may become, as far as they are known.
    """

    value: Any
    state: State | None = None
    others: tuple[Any, ...] = ()


class Either(NamedTuple):
    """One of several, and nobody knows which."""

    values: tuple[Any, ...]


class Modifier(NamedTuple):
    """One link of a chain: ``testTag("x")``."""

    name: str
    arguments: tuple[tuple[str, Any], ...]
    line: int

    def get(self, name: str, place: int = -1) -> Any:
        """The argument of that name, else the one at that place, else MISSING."""
        return _argument(self.arguments, name, place)


class Chain(NamedTuple):
    """A ``Modifier``."""

    links: tuple[Modifier, ...] = ()


Value: TypeAlias = Any
"""One of the above, or a bool, an int, a float, None for ``null``, a tuple for a list whose items are known."""


def now(value: Value) -> Value:
    """What it is when the screen opens."""
    while isinstance(value, Initially | State):
        value = value.initial if isinstance(value, State) else value.value
    return value


def state_of(value: Value) -> State | None:
    """The state that a value follows, if it is one that the screen itself keeps."""
    if isinstance(value, State):
        return value
    return value.state if isinstance(value, Initially) else None


def truth(value: Value) -> bool | None:
    """Whether a condition holds for good; None where it may change or is not known."""
    return value if isinstance(value, bool) else None


def start(value: Value) -> bool | None:
    """Whether a condition holds when the screen opens; None where that is not known."""
    return truth(now(value))


def each(value: Value) -> Iterator[Value]:
    """All that it may be."""
    value = now(value)
    if isinstance(value, Either):
        for one in value.values:
            yield from each(one)
    else:
        yield value


def all_of(value: Value) -> Iterator[Value]:
    """All that it may be, now first and then later."""
    yield from each(value)
    while isinstance(value, Initially | State):
        if isinstance(value, Initially):
            for other in value.others:
                yield from all_of(other)
        value = value.initial if isinstance(value, State) else value.value
    if isinstance(value, Either):
        for one in value.values:
            yield from list(all_of(one))[1:] if isinstance(one, Initially) else ()


def words_of(value: Value) -> Words:
    """What a person reads; dynamic for what is not known."""
    changing = isinstance(value, Initially | State)
    value = now(value)
    if value is None:
        return Words()
    if isinstance(value, String):
        before, hole, _ = value.value.partition(HOLE)
        return Words(before, value.key, bool(hole))
    if isinstance(value, bool | int | float) and not changing:
        return Words(str(value))
    if isinstance(value, Either):
        key = next((one.key for one in each(value) if isinstance(one, String) and one.key), "")
        return Words("", key, dynamic=True)
    return Words(dynamic=True)


def links_of(value: Value) -> tuple[Modifier, ...]:
    """The links of a modifier, of all that it may be."""
    return tuple(link for one in each(value) if isinstance(one, Chain) for link in one.links)
