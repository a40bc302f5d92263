"""What code of a React Native app comes to, as far as it can be told without running it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from samouk.domains.screens.source.react_native.code import Class, Code, Function, Pattern
from samouk.domains.screens.source.widgets import NO_WORDS, Place, Words, identifier_of

Value = object
"""One of: str, float, bool, None (null and undefined), Words, list, or a record below."""


MAX_NAMES = 4
"""Identifiers that one thing may bear in turn; beyond it they are words of data."""


class Unknown:
    """What only the running app knows."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


@dataclass(slots=True, eq=False)
class Scope:
    """Names and what they stand for.

    Attributes:
        path: of the module; "" for none.
        lets: bindings that are not yet worked out, by name: where a name is given several values, all of them.
        found: those that are.
        this: of a method; UNKNOWN where an outer scope says it.
        changes: what is given to objects, lists and components after they were made: a field, or "" for one more item.
    """

    path: str
    outer: Scope | None = None
    lets: Mapping[str, Sequence[tuple[Pattern, Code]]] = field(default_factory=dict)
    found: dict[str, Value] = field(default_factory=dict)
    this: Value = UNKNOWN
    changes: Mapping[str, Sequence[tuple[str, Code]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A function where it stands. ``opened``: it is given more props than its user writes."""

    code: Function
    scope: Scope
    this: Value = UNKNOWN
    statics: Mapping[str, Value] = field(default_factory=dict)
    opened: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ClassOf:
    """A class component where it stands."""

    code: Class
    scope: Scope
    statics: Mapping[str, Value] = field(default_factory=dict)
    opened: bool = False


@dataclass(slots=True, eq=False)
class Instance:
    """One use of a class component; ``found`` holds its members that were asked for."""

    of: ClassOf
    props: Thing
    found: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Styled:
    """A component with styles and props given beforehand (``styled(Button).attrs({...})``)."""

    base: Value
    attrs: Thing
    statics: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Thing:
    """An object; where it is ``open``, it may have more fields than are known."""

    fields: dict[str, Value]
    open: bool = False

    def get(self, name: str) -> Value:
        """A field; None where there is none."""
        return self.fields.get(name, UNKNOWN if self.open else None)

    def with_all(self, other: Value) -> Thing:
        """This, with the fields of another put over it; an identifier that is not there covers none that is."""
        if not isinstance(other, Thing):
            return self if other is None or other is False else Thing(self.fields, True)
        fields = dict(self.fields)
        for name, value in other.fields.items():
            if isinstance(value, Marked) and value.value is None and fields.get(name) is not None:
                continue
            fields[name] = value
        return Thing(fields, self.open or other.open)


class Element(NamedTuple):
    """``<type ...props/>``; children are a prop.

    ``within`` marks the components in whose code it stands, the outermost first: one that stands in its own code
    holds itself, while one that is handed to another of its kind as a child does not.
    """

    type: Value
    props: Thing
    place: Place
    name: str
    within: tuple[int, ...] = ()


class Branch(NamedTuple):
    """One of several, as the running app decides.

    Attributes:
        sure: which of them is what people come for (the last ``return`` of a function); -1 for none.
        start: which of them is there when the screen opens, where that is known; -1.
    """

    values: tuple[Value, ...]
    sure: int = -1
    start: int = -1


class Loop(NamedTuple):
    """Shown a number of times that is not known."""

    value: Value


class Start(NamedTuple):
    """State, as it is when the screen opens."""

    value: Value


class Marked(NamedTuple):
    """An identifier, and the line that gives it or may give it."""

    value: Value
    place: Place


class Library(NamedTuple):
    """What a library exports; ``name`` may have dots. A default export goes by the name that it is given."""

    module: str
    name: str

    @property
    def last(self) -> str:
        """The name without what it is a part of."""
        return self.name.rpartition(".")[2]


class Translator(NamedTuple):
    """A function that looks up words, with a namespace and a prefix for its keys."""

    namespace: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Factory:
    """A navigator that a library made: ``createStackNavigator(...)``, or that of expo-router.

    ``kind`` is ``stack``, ``tab``, ``drawer`` or ``switch``.
    """

    kind: str
    routes: Value
    options: Value
    place: Place


class Part(NamedTuple):
    """``Stack.Screen``, ``Stack.Navigator``, ``Stack.Group``."""

    of: Factory
    name: str


def mark_of(component: Closure | ClassOf) -> int:
    """What tells a component from others: its code, and where a wrapper made it, also what was wrapped."""
    scope = component.scope
    return hash((id(component.code), 0 if scope.outer is None else id(scope)))


def plain(value: Value) -> Value:
    """A value as it is when the screen opens: out of state, out of an identifier's mark."""
    while True:
        match value:
            case Start(inner) | Marked(inner, _):
                value = inner
            case Branch(values, _, start) if start >= 0:
                value = values[start]
            case _:
                return value


def truth(value: Value) -> bool | None:
    """Whether a value counts as true; None where only the running app knows."""
    match value:
        case Unknown() | Branch() | Loop() | Library():
            return None
        case None | False | "" | 0.0:
            return False
        case Words(words, _, dynamic):
            return None if dynamic else bool(words)
        case Start(inner) | Marked(inner, _):
            return truth(inner)
    return True


def is_state(value: Value) -> bool:
    """Whether a value may change while the screen is open."""
    return isinstance(value, Start)


def words_of(value: Value) -> Words | None:
    """What a value shows; None where it shows nothing."""
    match value:
        case Words():
            return value
        case str():
            return Words(value) if value else None
        case bool() | None:
            return None
        case float():
            return Words(f"{value:g}")
        case Start(inner) | Marked(inner, _):
            return words_of(inner)
        case Branch():
            return _words_of_branch(value)
        case list():
            return joined([one for item in value if (one := words_of(item)) is not None])
        case Element() | Closure() | ClassOf() | Styled():
            return None
    return Words(dynamic=True)


def _words_of_branch(value: Branch) -> Words | None:
    if value.start >= 0:
        return words_of(value.values[value.start])
    found = [one for item in value.values if (one := words_of(item)) is not None]
    if not found:
        return None
    if all(one == found[0] for one in found):
        return found[0]
    return Words(dynamic=True)


def joined(parts: Sequence[Words], between: str = "") -> Words | None:
    """Words after one another, up to the first that is filled in; None for none."""
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]
    shown = ""
    for at, part in enumerate(parts):
        shown += (between if at else "") + part.value
        if part.dynamic:
            return Words(shown, "", True)
    return Words(shown)


def tidy(words: Words | None) -> Words:
    """Words without white space around them."""
    if words is None:
        return NO_WORDS
    return words._replace(value=" ".join(words.value.split()))


def known(value: Value) -> str:
    """A string that is known to the end, or ""; of a choice that which is given at all."""
    value = plain(value)
    if isinstance(value, Branch):
        said = {known(one) for one in value.values if one is not None}
        return said.pop() if len(said) == 1 else ""
    if isinstance(value, Words):
        return "" if value.dynamic else value.value
    return value if isinstance(value, str) else ""


def named(value: Value) -> str:
    """An identifier: what is known of it, with what is filled in."""
    inner = plain(value)
    return known(inner) or (identifier_of(inner) if isinstance(inner, Words) else "")


def each(value: Value) -> Iterator[Value]:
    """The value, or all that it may be."""
    match value:
        case Branch(values, _, _):
            for one in values:
                yield from each(one)
        case Start(inner) | Marked(inner, _) | Loop(inner):
            yield from each(inner)
        case _:
            yield value


def identifiers(value: Value) -> list[str]:
    """What an identifier is one of (``open ? 'shut' : 'open'``); empty where a part of it is not known."""
    inner = plain(value)
    if not isinstance(inner, Branch):
        return [known(inner)] if known(inner) else []
    found = [known(one) for one in each(inner) if one is not None and one is not False]
    return list(dict.fromkeys(found)) if len(found) <= MAX_NAMES and all(found) else []
