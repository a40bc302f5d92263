"""Which names the statements of a function or a module bind."""

from __future__ import annotations

from collections.abc import Iterable

from samouk.domains.screens.source.react_native.code import (
    OTHER,
    And,
    Assign,
    Call,
    Code,
    Default,
    Do,
    Dot,
    Fields,
    If,
    Items,
    Let,
    Name,
    Pattern,
    Statement,
)


def collect(body: Iterable[Statement], into: dict[str, list[tuple[Pattern, Code]]]) -> None:
    """Put the bindings of statements under their names; a name that is assigned anew has several."""
    for one in body:
        match one:
            case Let(pattern, code):
                for name in names_of(pattern):
                    into.setdefault(name, []).append((pattern, code))
            case Assign(Name(name), code):
                into.setdefault(name, []).append((name, code))
            case If(_, yes, no):
                collect(yes, into)
                collect(no, into)


def collect_changes(body: Iterable[Statement], into: dict[str, list[tuple[str, Code]]], sure: bool = True) -> None:
    """Put what is given to objects and lists after they were made under their names.

    A field has its name, what is pushed onto a list has none; what only a branch gives is a choice.
    """
    for one in body:
        match one:
            case Assign(Dot(Name(name), field), code):
                into.setdefault(name, []).append((field, code if sure else And(OTHER, code)))
            case Do(Call(Dot(Name(name), "push"), args, _)):
                into.setdefault(name, []).extend(("", arg if sure else And(OTHER, arg)) for arg in args)
            case If(_, yes, no):
                collect_changes(yes, into, False)
                collect_changes(no, into, False)


def names_of(pattern: Pattern) -> Iterable[str]:
    """The names that a pattern binds."""
    match pattern:
        case str():
            return [pattern] if pattern else []
        case Default(inner, _):
            return names_of(inner)
        case Fields(items, rest):
            return [name for _, inner, _ in items for name in names_of(inner)] + ([rest] if rest else [])
        case Items(parts):
            return [name for one in parts if one is not None for name in names_of(one)]


def assigned(body: Iterable[Statement], name: str) -> Code | None:
    """What a constructor gives to ``this.name``."""
    for one in body:
        if isinstance(one, Assign) and one.target == Dot(Name("this"), name):
            return one.value
    return None
