"""Kotlin as far as screens need it: small records that leave the worker process in place of a syntax tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias


class Literal(NamedTuple):
    """A number, ``true``, ``false`` or ``null``."""

    value: int | float | bool | None


class Template(NamedTuple):
    """A string: what stands in it, and what is filled in."""

    parts: tuple[str | Node, ...]


class Name(NamedTuple):
    name: str


class Member(NamedTuple):
    """``of.name``, or ``of?.name`` where ``safe``."""

    of: Node
    name: str
    safe: bool = False


class Reference(NamedTuple):
    """``of::name``, or ``::name`` without ``of``."""

    of: Node | None
    name: str


class Argument(NamedTuple):
    """``name`` is "" for one by place and ``TRAILING`` for a lambda behind the parentheses."""

    name: str
    value: Node


TRAILING = "{}"


class Call(NamedTuple):
    callee: Node
    arguments: tuple[Argument, ...]
    line: int
    types: tuple[str, ...] = ()


class Lambda(NamedTuple):
    """``names`` are its parameters; one that is taken apart has several."""

    names: tuple[tuple[str, ...], ...]
    body: tuple[Node, ...]


class Choice(NamedTuple):
    """``if``; a chain of ``else if`` nests in ``no``."""

    condition: Node
    yes: tuple[Node, ...]
    no: tuple[Node, ...]


class Branch(NamedTuple):
    """Without conditions it is ``else``."""

    conditions: tuple[Node, ...]
    body: tuple[Node, ...]


class Cases(NamedTuple):
    """``when``; ``name`` is what ``when (val name = subject)`` calls its subject, or ""."""

    subject: Node | None
    branches: tuple[Branch, ...]
    name: str = ""


class TypeTest(NamedTuple):
    """``is type``; ``of`` is None in a branch of ``when``, whose subject it then tests."""

    of: Node | None
    type: str


class Binary(NamedTuple):
    operator: str
    left: Node
    right: Node


class Unary(NamedTuple):
    operator: str
    of: Node


class Let(NamedTuple):
    """``val`` or ``var``; ``by`` for a delegated one, several names for one that takes a value apart."""

    names: tuple[str, ...]
    value: Node
    by: bool = False


class Assign(NamedTuple):
    to: Node
    value: Node


class Loop(NamedTuple):
    names: tuple[str, ...]
    over: Node
    body: tuple[Node, ...]


class Return(NamedTuple):
    value: Node | None


class Other(NamedTuple):
    """What is not looked into but for the calls in it: ``try``, casts, indexing."""

    parts: tuple[Node, ...]


Node: TypeAlias = (
    Literal
    | Template
    | Name
    | Member
    | Reference
    | Call
    | Lambda
    | Choice
    | Cases
    | TypeTest
    | Binary
    | Unary
    | Let
    | Assign
    | Loop
    | Return
    | Other
)


class Parameter(NamedTuple):
    """Of a function or a constructor; ``type`` is its outermost name, ``(`` for a function type.

    ``many`` says that it takes any number of values.
    """

    name: str
    type: str
    default: Node | None = None
    many: bool = False


class Function(NamedTuple):
    """``receiver`` is the type that it extends, or ""; an ``expression`` stands for a body behind ``=``.

    ``types`` are its type parameters, ``mentions`` the names that look like composables in one that is none: what it
    shows is known even where its body is not kept.
    """

    name: str
    parameters: tuple[Parameter, ...]
    body: tuple[Node, ...]
    line: int
    receiver: str = ""
    expression: bool = False
    composable: bool = False
    preview: bool = False
    private: bool = False
    types: tuple[str, ...] = ()
    mentions: frozenset[str] = frozenset()


class Property(NamedTuple):
    name: str
    type: str
    value: Node | None
    receiver: str = ""


@dataclass(frozen=True, slots=True)
class Class:
    """A class, an object, an interface, or one entry of an enum.

    Attributes:
        parents: names of what it inherits from, with the arguments that its constructor hands on.
        entries: of an enum, each an object of its own.
    """

    name: str
    line: int
    parameters: tuple[Parameter, ...] = ()
    parents: tuple[tuple[str, tuple[Argument, ...]], ...] = ()
    functions: tuple[Function, ...] = ()
    properties: tuple[Property, ...] = ()
    classes: tuple[Class, ...] = ()
    entries: tuple[Class, ...] = ()
    single: bool = False


@dataclass(frozen=True, slots=True)
class KotlinFile:
    """Declarations of one file. ``imports`` lead from the name that is used to the full one, ``aliases`` to a type."""

    package: str
    imports: dict[str, str]
    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    properties: tuple[Property, ...]
    tags_visible: bool = False
    aliases: dict[str, str] = field(default_factory=dict)
