"""Parameters of Dart functions, from tree-sitter's nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from tree_sitter import Node

from samouk.domains.screens.source.flutter.code import Expr, Param
from samouk.domains.screens.source.syntax import text


def listed(node: Node | None, one: Callable[[Iterable[Node]], Expr]) -> tuple[Param, ...]:
    """Parameters of a ``formal_parameter_list``; ``one`` reads what they are where they are not given."""
    return () if node is None else tuple(_listed(node.children, one, named=False))


def _listed(children: Sequence[Node], one: Callable[[Iterable[Node]], Expr], *, named: bool) -> Iterator[Param]:
    required, waiting = False, None
    default: list[Node] | None = None
    for child in [*children, None]:
        kind = "" if child is None else child.type
        if default is not None and child is not None and kind not in (",", "formal_parameter", "required", "}", "]"):
            default.append(child)
            continue
        if waiting is not None and (child is None or kind in (",", "formal_parameter", "optional_formal_parameters")):
            yield waiting._replace(default=one(default) if default else None)
            waiting, default, required = None, None, False
        if child is None:
            return
        if kind == "required" or (kind == "annotation" and text(child) == "@required"):
            required = True
        elif kind == "formal_parameter":
            waiting = _param(child, named, required)
        elif kind in ("=", ":") and waiting is not None:
            default = []
        elif kind == "optional_formal_parameters":
            yield from _listed(child.children, one, named=child.children[0].type == "{")


def _param(node: Node, named: bool, required: bool) -> Param:
    name = node.child_by_field_name("name")
    binds = ""
    for child in node.children:
        if child.type in ("constructor_param", "super_formal_parameter"):
            binds = "this" if child.type == "constructor_param" else "super"
            name = next((part for part in child.children if part.type == "identifier"), None)
    if name is None:
        name = next((child for child in reversed(node.children) if child.type == "identifier"), None)
    return Param(text(name), named, required, None, binds)
