"""The calls that stand in code, in their order, and whether something decides if they are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from samouk.domains.screens.source.react_native.code import (
    And,
    Assign,
    Call,
    Code,
    Do,
    Dot,
    Either,
    Function,
    Glue,
    If,
    Let,
    Module,
    Name,
    Not,
    Or,
    Other,
    Return,
    Row,
    Same,
    Spread,
    Statement,
    Table,
)


def last_name(code: Code) -> str:
    """The last name of what is called."""
    match code:
        case Name(name) | Dot(_, name):
            return name
    return ""


class Heard(NamedTuple):
    """A call that stands in code.

    Attributes:
        under: it is made only if something else holds, or has come about.
        inside: the inner functions in which it stands, the outermost first.
    """

    name: str
    dotted: str
    of: Code
    args: tuple[Code, ...]
    under: bool
    line: int
    inside: tuple[Function, ...] = ()


def heard_in(module: Module) -> Iterator[Heard]:
    """Calls of a module's top level, and of the functions that are bound there."""
    for one in module.body:
        if isinstance(one, Let) and isinstance(one.value, Function):
            yield from calls_in(one.value.body)
        else:
            yield from calls_in([one])


def calls_in(body: Iterable[Statement], under: bool = False, inside: tuple[Function, ...] = ()) -> Iterator[Heard]:
    """Calls in statements, in order, those in functions that are handed over too."""
    for one in body:
        match one:
            case If(test, yes, no):
                yield from _calls(test, under, inside)
                yield from calls_in(yes, True, inside)
                yield from calls_in(no, True, inside)
            case Let(_, code) | Assign(_, code) | Return(code) | Do(code):
                if not isinstance(code, Function):
                    yield from _calls(code, under, inside)


def _calls(code: Code, under: bool, inside: tuple[Function, ...]) -> Iterator[Heard]:
    match code:
        case Call(of, args, line):
            if isinstance(of, Dot):
                yield from _calls(of.of, under, inside)
            elif isinstance(of, Call | Function):
                yield from _calls(of, under, inside)
            yield Heard(last_name(of), dotted(of), of, args, under, line, inside)
            for arg in args:
                yield from _calls(arg, under or isinstance(arg, Function), inside)
        case Function(_, body, _, _):
            yield from calls_in(body, under, (*inside, code))
        case Either(test, yes, no):
            yield from _calls(test, under, inside)
            yield from _calls(yes, True, inside)
            yield from _calls(no, True, inside)
        case And(test, value) | Or(test, value):
            yield from _calls(test, under, inside)
            yield from _calls(value, True, inside)
        case Not(of) | Spread(of) | Dot(of, _):
            yield from _calls(of, under, inside)
        case Other(parts) | Glue(parts) | Row(parts):
            for part in parts:
                yield from _calls(part, under, inside)
        case Table(entries, _):
            for _, part in entries:
                if not isinstance(part, Function):
                    yield from _calls(part, under, inside)
        case Same(one, two, _):
            yield from _calls(one, under, inside)
            yield from _calls(two, under, inside)


def dotted(code: Code) -> str:
    """Names with dots, "" in place of what is none."""
    match code:
        case Name(name):
            return name
        case Dot(of, name):
            return f"{dotted(of)}.{name}"
        case Call(of, _, _):
            return dotted(of)
    return ""
