"""Syntax trees of Kotlin, Java, Dart, TypeScript, JavaScript and Swift, from tree-sitter's grammars."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Literal

from tree_sitter import Language, Node, Parser, Tree

from samouk.domains.screens.source.reading import Unparsable

Grammar = Literal["kotlin", "java", "dart", "tsx", "typescript", "swift"]

_WHEELS: dict[Grammar, tuple[str, str]] = {
    "kotlin": ("tree_sitter_kotlin", "language"),
    "java": ("tree_sitter_java", "language"),
    "dart": ("tree_sitter_dart", "language"),
    # JavaScript too, with Flow's types: of 226 real files 73 break the JavaScript grammar and one breaks this.
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    # For the old casts <T>x, which are tags to the other.
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "swift": ("tree_sitter_swift", "language"),
}


@cache
def parser(grammar: Grammar) -> Parser:
    """A parser for this process."""
    module, name = _WHEELS[grammar]
    return Parser(Language(getattr(import_module(module), name)()))


CHUNK = 1 << 10
"""Bytes that the parser is handed at once; the words of a node are cut out of as many, so that few are better."""

FREE_ROUNDS = 1_000
BYTES_A_ROUND = 8
"""Bounds of the rounds that a parser may take: of the five studied apps no file needs more than one for 39 bytes, and
mangled files of some hundred bytes were met on which a grammar goes round without end."""


def parse(grammar: Grammar, content: bytes) -> Tree:
    """The tree of a file; what does not parse stands in it as ERROR nodes.

    Raises:
        Unparsable: the grammar comes to no end with it.
    """
    most = FREE_ROUNDS + len(content) // BYTES_A_ROUND
    rounds = 0

    def is_too_long(*_: object) -> bool:
        nonlocal rounds
        rounds += 1
        return rounds > most

    chosen = parser(grammar)
    try:
        return chosen.parse(lambda at, _: content[at : at + CHUNK], progress_callback=is_too_long)
    except ValueError:
        chosen.reset()
        raise Unparsable("has errors with which no parser comes to an end") from None


def text(node: Node | None) -> str:
    """The source of a node; "" for none."""
    return "" if node is None or node.text is None else node.text.decode("utf-8", "replace")


def line(node: Node) -> int:
    """Its first line, from 1."""
    return node.start_point[0] + 1


def broken_lines(tree: Tree, most: int = 3) -> list[int]:
    """Lines of the first errors; empty where the whole file parsed."""
    if not tree.root_node.has_error:
        return []
    found: list[int] = []
    waiting = [tree.root_node]
    while waiting and len(found) < most:
        node = waiting.pop()
        if node.is_error or node.is_missing:
            found.append(line(node))
        elif node.has_error:
            waiting.extend(reversed(node.children))
    return sorted(found)
