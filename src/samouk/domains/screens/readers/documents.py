"""Hierarchies as JSON or plain dicts: nested by children, or a flat list whose nodes name their parent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from samouk.domains.screens.readers.limits import check_place
from samouk.domains.screens.readers.markup import Node
from samouk.edge.observer import UnreadableSource

CHILDREN = ("children", "childNodes", "child_nodes", "subviews", "nodes", "views", "elements")
PARENT = ("parent", "p", "parent_index", "parentIndex", "parent_id", "parentId")
NUMBER = ("temp_id", "i", "node_id", "nodeId")
"""Keys by which a flat node may tell its own number; without them its place in the list is its number."""

_ENVELOPES = ("value", "hierarchy", "tree", "root", "screen", "source", "layout")
_SIGNS = frozenset(
    {"class", "class_name", "className", "type", "bounds", "rect", "text", "content-desc", "label", "role", "clickable"}
)


def unwrap(document: object) -> object:
    """What is inside the envelopes that servers and tools put around a hierarchy, such as ``{"value": ...}``."""
    for _ in range(4):
        if not isinstance(document, Mapping) or _is_node(document) or _children(document) is not None:
            return document
        document = next((document[name] for name in _ENVELOPES if name in document), document)
    return document


def nodes_of_document(document: object) -> list[Node]:
    """Nodes of a decoded hierarchy in pre-order.

    Raises:
        UnreadableSource: it is no hierarchy, a parent is unknown or its own ancestor, it is nested too
            deep or holds too many elements.
    """
    if isinstance(document, Mapping):
        inside = _children(document)
        if inside is not None and not _is_node(document):
            return nodes_of_document(inside)
        return _nested([document])
    if not isinstance(document, list | tuple):
        raise UnreadableSource(
            f"a hierarchy is an object or a list of objects, not {type(document).__name__}; pass the root element"
        )
    if any(isinstance(node, Mapping) and _parent_key(node) for node in document):
        return _flat(document)
    return _nested(document)


def _is_node(document: Mapping[Any, Any]) -> bool:
    return not _SIGNS.isdisjoint(document)


def _children(node: Mapping[Any, Any]) -> Sequence[Any] | None:
    """Its list of child objects; DroidBot's lists of numbers are no such list."""
    for name in CHILDREN:
        value = node.get(name)
        if value is None:
            continue
        if isinstance(value, Mapping):
            return [value]
        if isinstance(value, list | tuple) and any(isinstance(child, Mapping) for child in value):
            return value
    return None


def _nested(roots: Sequence[Any]) -> list[Node]:
    nodes: list[Node] = []
    waiting = [(root, -1, 0) for root in reversed(roots)]
    while waiting:
        node, parent, depth = waiting.pop()
        index = len(nodes)
        check_place(index, depth)
        if not isinstance(node, Mapping):
            raise _no_object(index, node)
        nodes.append((parent, node))
        waiting.extend((child, index, depth + 1) for child in reversed(_children(node) or ()))
    return nodes


def _no_object(place: int, node: object) -> UnreadableSource:
    names = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", type(None): "null"}
    return UnreadableSource(f"element {place} is {names.get(type(node), 'no object')}; every element must be an object")


def _parent_key(node: Mapping[Any, Any]) -> str | None:
    return next((name for name in PARENT if name in node), None)


def _flat(document: Sequence[Any]) -> list[Node]:
    check_place(len(document) - 1, 0)
    places = _places(document)
    below: list[list[int]] = [[] for _ in document]
    roots: list[int] = []
    for place, node in enumerate(document):
        parent = _parent_place(place, node, places)
        (roots if parent is None else below[parent]).append(place)
    return _in_order(document, roots, below)


def _places(document: Sequence[Any]) -> dict[int, int]:
    """Number of a node → its place in the list."""
    places: dict[int, int] = {}
    for place, node in enumerate(document):
        if not isinstance(node, Mapping):
            raise _no_object(place, node)
        number = next((node[name] for name in NUMBER if name in node), place)
        if isinstance(number, bool) or not isinstance(number, int) or number in places:
            raise UnreadableSource(f"element {place}: its number must be a whole number that no other element has")
        places[number] = place
    return places


def _parent_place(place: int, node: Mapping[Any, Any], places: Mapping[int, int]) -> int | None:
    key = _parent_key(node)
    parent = node[key] if key else None
    if parent is None or (isinstance(parent, int) and not isinstance(parent, bool) and parent < 0):
        return None
    if isinstance(parent, bool) or not isinstance(parent, int) or parent not in places:
        raise UnreadableSource(f"element {place}: {key} names no element; give the parent's number, or -1 for a root")
    return places[parent]


def _in_order(document: Sequence[Any], roots: Sequence[int], below: Sequence[Sequence[int]]) -> list[Node]:
    nodes: list[Node] = []
    waiting = [(root, -1, 0) for root in reversed(roots)]
    while waiting:
        place, parent, depth = waiting.pop()
        check_place(len(nodes), depth)
        nodes.append((parent, document[place]))
        waiting.extend((child, len(nodes) - 1, depth + 1) for child in reversed(below[place]))
    if len(nodes) < len(document):
        raise UnreadableSource(
            f"{len(document) - len(nodes)} elements are their own ancestors; correct their parents, or give a root -1"
        )
    return nodes
