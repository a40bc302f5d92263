"""Python as a formatter would leave it: strings, calls, and lines that are broken where they grow too long."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

WIDTH = 88
"""Columns; the default of the two usual formatters, which leave such code as it is, also where they allow more."""

RUN = 20
"""A character that is repeated more often is written as a product."""

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def literal(value: str) -> str:
    """A string of Python; the quotes that need fewer escapes."""
    if len(value) > RUN and len(set(value)) == 1:
        return f"{literal(value[0])} * {len(value)}"
    quote = "'" if value.count('"') > value.count("'") else '"'
    return quote + "".join(_sign(sign, quote) for sign in value) + quote


def _sign(sign: str, quote: str) -> str:
    if sign == quote:
        return f"\\{sign}"
    if sign in _ESCAPES:
        return _ESCAPES[sign]
    if sign.isprintable():
        return sign
    code = ord(sign)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def call(head: str, arguments: Sequence[str], indent: int = 0, tail: str = "", apart: bool = False) -> str:
    """A call or a signature in one line, or with a line for each argument; without a line end."""
    margin = " " * indent
    line = f"{margin}{head}({', '.join(arguments)}){tail}"
    if not arguments or (not apart and columns(line) <= WIDTH):
        return line
    inner = "".join(f"{margin}    {one},\n" for one in arguments)
    return f"{margin}{head}(\n{inner}{margin}){tail}"


def imported(module: str, names: Sequence[str]) -> str:
    """An import of names from a module."""
    line = f"from {module} import {', '.join(names)}"
    if columns(line) <= WIDTH:
        return line
    return f"from {module} import (\n" + "".join(f"    {one},\n" for one in names) + ")"


def argument(name: str, maker: str, arguments: Sequence[str], indent: int) -> str:
    """A keyword with a call, as it stands on a line of its own among other arguments."""
    line = f"{name}={maker}({', '.join(arguments)})"
    if indent + columns(line) + len(",") <= WIDTH:
        return line
    return call(f"{name}={maker}", arguments, indent, apart=True).lstrip()


def constant(name: str, value: str, indent: int = 0) -> str:
    """An assignment of a string; one that is too long for its line, and would fit one of its own, gets that."""
    margin = " " * indent
    line, alone = f"{margin}{name} = {literal(value)}", f"{margin}    {literal(value)}"
    if columns(line) <= WIDTH or columns(alone) > WIDTH:
        return line
    return f"{margin}{name} = (\n{alone}\n{margin})"


def docstring(words: str, indent: int = 4) -> str:
    """One line of documentation."""
    told = " ".join(comment(words).split()).replace("\\", "\\\\").replace('"""', "'''")
    told = f"{told[:-1]}'" if told.endswith('"') else told
    return f'{" " * indent}"""{told}"""'


def comment(words: str) -> str:
    """Words that end nothing but a comment."""
    return "".join(sign if sign.isprintable() else " " for sign in words)


def columns(line: str) -> int:
    """How wide a line stands: wide letters take two columns, combining signs none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line
    )


def pascal(key: str) -> str:
    """``sign_in_2`` as ``SignIn2``."""
    return "".join(part[:1].upper() + part[1:] for part in key.split("_"))
