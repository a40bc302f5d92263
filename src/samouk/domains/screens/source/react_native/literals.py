"""Strings of JavaScript and words between tags, as the compiler reads them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from tree_sitter import Node

from samouk.domains.screens.source.react_native.code import Code, Const
from samouk.domains.screens.source.syntax import text

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
_ESCAPE = re.compile(r"\\(u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|\r?\n|.)", re.S)


def string(node: Node) -> str:
    """The value of a string, or of the attribute of a tag."""
    raw = text(node)[1:-1]
    if "\\" in raw:
        raw = unescaped(raw)
    parent = node.parent
    return html.unescape(raw) if "&" in raw and parent is not None and parent.type == "jsx_attribute" else raw


def _escaped(found: re.Match[str]) -> str:
    code = found[2] or found[3] or found[4]
    if code:
        number = int(code, 16)
        return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else ""
    return "" if found[1].endswith("\n") else _ESCAPES.get(found[1], found[1])


def unescaped(raw: str) -> str:
    """A string without its escapes."""
    return _ESCAPE.sub(_escaped, raw)


def words(runs: list[str]) -> Iterator[Code]:
    """Runs of words between tags; the white space around their lines goes."""
    lines = "".join(runs).split("\n")
    if len(lines) > 1:
        last = len(lines) - 1
        lines = [
            (one if at == 0 else one.lstrip()) if at == last else (one.rstrip() if at == 0 else one.strip())
            for at, one in enumerate(lines)
        ]
    joined = " ".join(one for one in lines if one)
    if joined and (joined.strip() or len(lines) == 1):
        yield Const(joined)
