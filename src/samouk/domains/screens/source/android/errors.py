"""What does not parse in a Kotlin or Java file: its brackets and quotes, and what the grammar itself says.

Files are read by brackets, which go on over any error; so a parser looks once more at those that speak of screens. It
costs a fifth of reading them.
"""

from __future__ import annotations

from collections.abc import Iterator

from samouk.domains.screens.source.android.code import Code
from samouk.domains.screens.source.reading import Unparsable
from samouk.domains.screens.source.syntax import broken_lines, parse
from samouk.domains.screens.source.widgets import Trouble

LARGEST_PARSED = 200_000
"""Bytes; larger files are written by machines, and their brackets say enough."""

MOST = 3
"""Of one file: what comes behind the first errors mostly follows from them."""


def errors_of(path: str, code: Code, content: bytes) -> tuple[Trouble, ...]:
    """The first errors of a file, in order of their lines; what else it says was read all the same."""
    lines: list[int] = []
    if len(content) < LARGEST_PARSED:
        try:
            tree = parse("java" if code.java else "kotlin", content)
        except Unparsable as error:
            return (Trouble(path, error.line, str(error)),)
        lines = broken_lines(tree, MOST)
        # Brackets know a single quote in a template less well than the grammar does.
        if not lines:
            return ()
    named = sorted(set(_unpaired(code)))[:MOST]
    return tuple(
        Trouble(path, *one) for one in named or [(line, "has a syntax error in what begins here") for line in lines]
    )


def _unpaired(code: Code) -> Iterator[tuple[int, str]]:
    for at in code.unended:
        what = "a comment" if code.text[at] == "/" else "a string"
        yield code.line(at), f"has a syntax error: {what} that does not end"
    for at in code.unpaired if not code.unended else ():
        sign = code.text[at]
        ill = "is never closed" if sign in "({" else "closes nothing"
        yield code.line(at), f"has a syntax error: {sign} {ill}"
