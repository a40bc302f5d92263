"""Which names the statements of a function or a module bind."""

from __future__ import annotations

from collections.abc import Iterable

from samouk.domains.screens.source.react_native.code import (
    Assign,
    Code,
    Default,
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
