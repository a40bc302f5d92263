"""What an expression of a Flutter app gives, as far as it can be told without running it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from samouk.domains.screens.source.flutter.code import ClassCode, Func, Member
from samouk.domains.screens.source.widgets import NO_WORDS, Words

Value: TypeAlias = Any
"""One of the classes below."""


@dataclass(frozen=True, slots=True, eq=False)
class Opaque:
    """Not known.

    Attributes:
        speaks: it holds the app's strings.
        initial: what it is when the screen opens, if that is known.
        group: of strings, how the keys of those in it begin.
    """

    speaks: bool = False
    initial: Value = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A number, a truth value or null."""

    value: bool | float | None


@dataclass(frozen=True, slots=True)
class Txt:
    """A string; None stands for what is filled in while the app runs. ``key`` names its resource."""

    parts: tuple[str | None, ...]
    key: str = ""

    @property
    def whole(self) -> str | None:
        """The string where all of it is known."""
        return None if None in self.parts else "".join(part for part in self.parts if part)


@dataclass(frozen=True, slots=True)
class Constant:
    """``Type.name``: a value of an enum, an icon, a colour."""

    type: str
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Seq:
    """A list, a set, an iterable. ``grows``: it begins empty and is filled while the app runs."""

    items: list[Value]
    grows: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """A map."""

    pairs: list[tuple[Value, Value]]


@dataclass(frozen=True, slots=True, eq=False)
class Repeated:
    """One for each of a number that is not known."""

    value: Value


@dataclass(frozen=True, slots=True, eq=False)
class Either:
    """One of these, as the app's state wants it."""

    options: tuple[Value, ...]


@dataclass(slots=True, eq=False)
class Made:
    """An object: what was called to make it, and with what.

    Attributes:
        type, maker: ``ListView`` and ``builder``; ``maker`` is "" for the plain constructor.
        owner: the app's own class, with the file that declares it; None for a class of a package.
        args, named: arguments; for an own class those that reach the first class of a package above it.
        fields: of an own class.
        widget: of a State, the widget that it belongs to.
        constant: of a value of an enum, its name.
    """

    type: str
    maker: str
    file: str
    line: int
    owner: Owned | None = None
    args: list[Value] = field(default_factory=list)
    named: dict[str, Value] = field(default_factory=dict)
    fields: dict[str, Value] = field(default_factory=dict)
    given: dict[str, Value] = field(default_factory=dict)
    widget: Made | None = None
    constant: Constant | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Owned:
    """A class of the app, and the file that declares it."""

    code: ClassCode
    file: str


@dataclass(frozen=True, slots=True, eq=False)
class Type:
    """A class by name, as the left of ``Type.name`` or ``Type(...)``."""

    name: str
    owner: Owned | None = None


@dataclass(slots=True, eq=False)
class Scope:
    """Where names are looked up.

    Attributes:
        names: local ones.
        this: the object whose code runs.
        owner: its class, for static members.
    """

    file: str
    names: dict[str, Value] = field(default_factory=dict)
    outer: Scope | None = None
    this: Value = None
    owner: Owned | None = None

    def inner(self) -> Scope:
        """A scope inside this one."""
        return Scope(self.file, {}, self, self.this, self.owner)

    def holder(self, name: str) -> Scope | None:
        """The nearest scope that knows a local name."""
        scope: Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.outer
        return scope


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A function with its scope; ``name`` is "" for one without."""

    code: Func | Member
    scope: Scope
    name: str = ""


class Effect(NamedTuple):
    """What a handler does to the screens.

    Attributes:
        kind: ``go`` to an address, ``named`` to a route's name, ``open`` a page, ``over`` a dialog, ``branch`` of a
            shell, or ``back``.
        doubt: it happens under a condition.
        within: the own function in which it stands.
    """

    kind: str
    value: Value
    doubt: bool
    file: str
    line: int
    within: str


MAX_DEPTH = 40
"""Calls inside calls: own wrappers nest five or six deep in the studied apps."""

OPAQUE = Opaque()
SPEAKS = Opaque(speaks=True)
NULL = Known(None)


def either(*options: Value) -> Value:
    """One of these, flat; the value itself where there is one."""
    flat: list[Value] = []
    for option in options:
        for one in option.options if isinstance(option, Either) else (option,):
            if not any(one is other for other in flat):
                flat.append(one)
    if not flat:
        return NULL
    return flat[0] if len(flat) == 1 else Either(tuple(flat[:12]))


def truth(value: Value) -> bool | None:
    """Whether a condition holds; None where it is not known."""
    return value.value if isinstance(value, Known) and isinstance(value.value, bool) else None


def is_null(value: Value) -> bool | None:
    """Whether a value is null; None where it is not known."""
    if isinstance(value, Known):
        return value.value is None
    if isinstance(value, Opaque):
        return None
    if isinstance(value, Either):
        told = {is_null(option) for option in value.options}
        return told.pop() if len(told) == 1 else None
    return False


def joined(*parts: Value) -> Txt:
    """A string of values one after the other."""
    out: list[str | None] = []
    key = ""
    for part in parts:
        pieces: tuple[str | None, ...] = (None,)
        if isinstance(part, Opaque) and isinstance(part.initial, Txt):
            part = part.initial
        if isinstance(part, str):
            pieces = (part,)
        elif isinstance(part, Txt):
            pieces = part.parts
            key = part.key if len(parts) == 1 else ""
        elif isinstance(part, Known) and isinstance(part.value, float):
            pieces = (f"{part.value:g}",)
        elif isinstance(part, Constant):
            pieces = (None,)
        for piece in pieces:
            if out and piece is not None and out[-1] is not None:
                out[-1] += piece
            elif piece != "":
                out.append(piece)
    return Txt(tuple(out), key)


def words(value: Value) -> Words:
    """What a person reads of a value when the screen opens."""
    if isinstance(value, Opaque) and isinstance(value.initial, Txt):
        value = value.initial
    if isinstance(value, Txt):
        head = value.parts[0] if value.parts else ""
        return Words(head or "", value.key, None in value.parts)
    if is_null(value) or isinstance(value, Made | Closure):
        return NO_WORDS
    if isinstance(value, Known) and isinstance(value.value, float):
        return Words(f"{value.value:g}")
    return Words("", "", True)


def same(one: Value, other: Value) -> bool | None:
    """Whether two values are equal; None where it is not known."""
    nulls = is_null(one), is_null(other)
    if None in nulls:
        return None
    if True in nulls:
        return nulls[0] == nulls[1]
    if isinstance(one, Constant) and isinstance(other, Constant):
        return one == other if one.type == other.type else None
    if isinstance(one, Known) and isinstance(other, Known):
        return one.value == other.value
    if isinstance(one, Txt) and isinstance(other, Txt) and None not in (one.whole, other.whole):
        return one.whole == other.whole
    return None


def differs(one: Value, other: Value) -> bool:
    """Whether one value tells of a screen what the other does not; functions and objects of one class do not."""
    if isinstance(one, Either):
        return all(differs(option, other) for option in one.options)
    if one is None or other is None or one is other or same(one, other):
        return (one is None) is not (other is None)
    if isinstance(one, Made) and isinstance(other, Made):
        return one.type != other.type
    return type(one) is not type(other) or (isinstance(one, Txt | Known | Constant) and one != other)


def reckoned(sign: str, values: Sequence[Value]) -> Value:
    """Sums, differences and comparisons of two known numbers."""
    numbers = [value.value for value in values if isinstance(value, Known) and isinstance(value.value, float)]
    if len(numbers) != 2 or len(values) != 2:
        return OPAQUE
    one, other = numbers
    if sign in ("+", "-"):
        return Known(one + other if sign == "+" else one - other)
    compared = {"<": one < other, ">": one > other, "<=": one <= other, ">=": one >= other}
    return Known(compared[sign]) if sign in compared else OPAQUE


def or_else(values: Sequence[Value]) -> Value:
    """``a ?? b``."""
    out: list[Value] = []
    for value in values:
        null = is_null(value)
        if null:
            continue
        if isinstance(value, Either) and null is None:
            out += [option for option in value.options if is_null(option) is not True]
            continue
        out.append(value)
        if null is False:
            break
    return either(*out)


def shown_of(of: Seq, index: Known) -> Value:
    """Of what a variable chooses from: what it chooses first, and the rest as what may be."""
    place = int(index.value or 0)
    if not 0 <= place < len(of.items) or any(isinstance(item, Repeated) for item in of.items):
        return OPAQUE
    if not all(isinstance(item, Made | Either) for item in of.items):
        return of.items[place]
    return Seq([of.items[place], Either((Seq([*of.items[:place], *of.items[place + 1 :]]), NULL))])


def shifting(value: Value) -> Value:
    """The value of a variable that may change: what it is at first is kept beside."""
    if isinstance(value, Known | Constant | Txt) or (isinstance(value, Seq) and not value.items):
        return Opaque(initial=value)
    if isinstance(value, Made) and value.owner is not None and not value.owner.code.base.endswith("Widget"):
        # Another object of its class may take its place: what this one holds says nothing.
        return Made(value.type, "", value.file, value.line, value.owner)
    return value


def spread(value: Value) -> list[Value]:
    if isinstance(value, Seq):
        return list(value.items)
    if isinstance(value, Either):
        return [Either(tuple(Seq(spread(option)) for option in value.options))]
    return [] if is_null(value) else [value]
