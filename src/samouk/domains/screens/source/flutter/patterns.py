"""What a Dart pattern names: each name with the expression that gives its value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from samouk.domains.screens.source.flutter import code
from samouk.domains.screens.source.flutter.code import Expr, Get
from samouk.domains.screens.source.syntax import text

PATTERNS = frozenset({"object_pattern", "record_pattern", "variable_pattern", "list_pattern", "map_pattern"}) | {
    "constant_pattern",
    "null_check_pattern",
    "cast_pattern",
    "logical_or_pattern",
    "logical_and_pattern",
    "relational_pattern",
}
_PASSING = frozenset({"null_check_pattern", "null_assert_pattern", "cast_pattern", "logical_and_pattern"}) | {
    "parenthesized_pattern"
}


def bindings(nodes: Iterable[Node], of: Expr, *, declares: bool = False) -> Iterator[tuple[str, Expr]]:
    """Names in the patterns among some nodes.

    Args:
        of: what is matched.
        declares: it stands left of ``=``, where a bare name is a new one and no constant.
    """
    for node in nodes:
        if node.type == "variable_pattern" or (node.type == "constant_pattern" and declares):
            name = _name(node)
            if name and name != "_":
                yield name, of
        elif node.type in _PASSING:
            yield from bindings(node.children, of, declares=declares)
        elif node.type in ("record_pattern", "object_pattern"):
            yield from _fields(node, of, declares)
        elif node.type == "list_pattern":
            inner = [child for child in node.children if child.type in PATTERNS]
            for place, child in enumerate(inner):
                yield from bindings([child], code.Item(of, code.Lit(float(place))), declares=declares)


def _fields(node: Node, of: Expr, declares: bool) -> Iterator[tuple[str, Expr]]:
    """``(a, b: c)`` and ``Type(:a, b: c)``."""
    place, named, getter = 0, False, ""
    for child in node.children:
        if child.type == ":":
            named = True
        elif child.type in ("identifier", "label"):
            getter = text(child).rstrip(": \n")
        elif child.type == ",":
            named, getter = False, ""
        elif child.type in PATTERNS or child.type in _PASSING:
            if named or getter:
                inner = Get(of, getter or _name(child))
            else:
                place += 1
                inner = Get(of, f"${place}")
            yield from bindings([child], inner, declares=declares)


def _name(node: Node) -> str:
    """The last identifier below a node."""
    found = ""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one.type == "identifier":
            found = text(one)
        waiting.extend(one.children)
    return found
