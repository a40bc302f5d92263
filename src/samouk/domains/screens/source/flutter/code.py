"""What a Dart file says, freed of its syntax tree: small records that can cross to another process."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

Expr: TypeAlias = Any
"""One of the expression records below. A recursive union of fifteen tuples costs more than it tells."""


SHORT = "$Short"
"""Stands for the class before ``.name``, which is left out where the compiler knows it."""

RECORD = "$Record"
"""Stands for the class of a record with named fields."""


class Str(NamedTuple):
    """A string: literal pieces and expressions that fill it in."""

    parts: tuple[Expr, ...]


class Lit(NamedTuple):
    """A number, a truth value, or None for ``null``."""

    value: bool | float | None


class Name(NamedTuple):
    """A name that is looked up; ``this`` and ``super`` too."""

    id: str


class Get(NamedTuple):
    """``of.name``, ``of?.name``."""

    of: Expr
    name: str


class Item(NamedTuple):
    """``of[index]``."""

    of: Expr
    index: Expr


class Call(NamedTuple):
    """``of(args, name: named)``; ``line`` is that on which it opens."""

    of: Expr
    args: tuple[Expr, ...]
    named: tuple[tuple[str, Expr], ...]
    line: int


class Param(NamedTuple):
    """A parameter. ``binds`` is ``this`` or ``super`` for ``this.x`` and ``super.x``, else ""."""

    name: str
    named: bool = False
    required: bool = False
    default: Expr = None
    binds: str = ""


class Func(NamedTuple):
    """A closure."""

    params: tuple[Param, ...]
    body: tuple[Stmt, ...]


class Items(NamedTuple):
    """A list or a set."""

    items: tuple[Expr, ...]


class Pairs(NamedTuple):
    """A map."""

    pairs: tuple[tuple[Expr, Expr], ...]


class When(NamedTuple):
    """``test ? yes : no``, and ``if`` in a collection, where ``no`` may be None."""

    test: Expr
    yes: Expr
    no: Expr


class Each(NamedTuple):
    """``for`` in a collection."""

    name: str
    source: Expr
    body: Expr


class Spread(NamedTuple):
    """``...of``."""

    of: Expr


class Cases(NamedTuple):
    """A switch expression: patterns (None for any that is not a constant) and what each gives."""

    of: Expr
    cases: tuple[tuple[Expr, Expr], ...]


class Op(NamedTuple):
    """Operands joined by ``sign``."""

    sign: str
    operands: tuple[Expr, ...]


class Cascade(NamedTuple):
    """``of..name = value``."""

    of: Expr
    sets: tuple[tuple[str, Expr], ...]


class Unsaid(NamedTuple):
    """An expression that tells nothing of a screen."""


UNSAID = Unsaid()

Stmt: TypeAlias = Any
"""One of the statement records below."""


class Return(NamedTuple):
    """``return value``."""

    value: Expr


class Let(NamedTuple):
    """A local variable or function."""

    name: str
    value: Expr


class Put(NamedTuple):
    """An assignment; ``sign`` is ``=``, ``??=`` or another."""

    target: Expr
    sign: str
    value: Expr


class Do(NamedTuple):
    """An expression for its effect."""

    value: Expr


class Branch(NamedTuple):
    """``if`` as a statement."""

    test: Expr
    yes: tuple[Stmt, ...]
    no: tuple[Stmt, ...]


class Loop(NamedTuple):
    """``for`` and ``while`` as statements; ``name`` is "" where nothing is bound."""

    name: str
    source: Expr
    body: tuple[Stmt, ...]


class Switch(NamedTuple):
    """A switch statement; None is the pattern of ``default``."""

    of: Expr
    cases: tuple[tuple[tuple[Expr, ...], tuple[Stmt, ...]], ...]


class Member(NamedTuple):
    """A field, getter, method or constructor of a class, or the same at top level.

    Attributes:
        kind: ``field``, ``getter``, ``method`` or ``constructor``; a factory counts as a method.
        type: the declared type of what it gives, without arguments; "" where none is declared.
        value: of a field, where it is given.
        final: a field that never changes.
        sets: fields that a constructor's initialiser list sets.
        passes: the call to ``super(...)`` or ``this(...)`` in it.
    """

    name: str
    kind: str
    line: int
    static: bool = False
    type: str = ""
    params: tuple[Param, ...] = ()
    body: tuple[Stmt, ...] = ()
    value: Expr = None
    sets: tuple[tuple[str, Expr], ...] = ()
    passes: Call | None = None
    final: bool = False


class ClassCode(NamedTuple):
    """A class, mixin, extension or enum.

    Attributes:
        line, last: where it begins and ends.
        base: its superclass, or the type that an extension extends; "" for none.
        argument: first type argument of ``base``: the widget of a ``State``.
        mixins: classes that it is mixed with.
        members: by name; constructors by ``Class`` and ``Class.name``.
        values: of an enum.
        calls: of an enum, the call that makes each value, where it has arguments.
    """

    name: str
    kind: str
    line: int
    base: str
    argument: str
    mixins: tuple[str, ...]
    members: dict[str, Member]
    values: tuple[str, ...] = ()
    last: int = 0
    calls: dict[str, Call] = {}  # noqa: RUF012 - never written to


class FileCode(NamedTuple):
    """What one file declares; ``aliases`` are other names of classes."""

    classes: tuple[ClassCode, ...] = ()
    members: dict[str, Member] = {}  # noqa: RUF012 - never written to
    aliases: dict[str, str] = {}  # noqa: RUF012 - never written to
