"""Strings and numbers of Dart, from tree-sitter's nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tree_sitter import Node

from samouk.domains.screens.source.flutter import code
from samouk.domains.screens.source.flutter.code import UNSAID, Expr
from samouk.domains.screens.source.syntax import text

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}


def string(node: Node, one: Callable[[Iterable[Node]], Expr]) -> Expr:
    """A string literal, or several side by side; ``one`` reads what fills it in."""
    source = node.text or b""
    start = node.start_byte
    parts: list[Expr] = []
    opened, position = False, 0

    def cut(upto: int) -> None:
        if upto > position:
            parts.append(source[position - start : upto - start].decode("utf-8", "replace"))

    for child in node.children:
        if not child.is_named and child.type.endswith(("'", '"')):
            if opened:
                cut(child.start_byte)
            opened, position = not opened, child.end_byte
        elif opened:
            cut(child.start_byte)
            position = child.end_byte
            if child.type == "template_substitution":
                parts.append(one(child.named_children))
            elif child.type == "escape_sequence":
                parts.append(_unescaped(text(child)))
            else:
                parts.append(text(child))
    return code.Str(_joined(parts))


def _unescaped(escape: str) -> str:
    body = escape[1:]
    if body[:1] == "u":
        digits = body[1:].strip("{}")
        return chr(int(digits, 16)) if digits and int(digits, 16) < 0x110000 else ""
    return _ESCAPES.get(body, body)


def _joined(parts: Sequence[Expr]) -> tuple[Expr, ...]:
    out: list[Expr] = []
    for part in parts:
        if isinstance(part, str) and out and isinstance(out[-1], str):
            out[-1] += part
        else:
            out.append(part)
    return tuple(out)


def number(node: Node) -> Expr:
    """A number literal."""
    try:
        return code.Lit(float(text(node).replace("_", "")))
    except ValueError:
        return UNSAID
