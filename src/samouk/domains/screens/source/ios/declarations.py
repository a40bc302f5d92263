"""Types of a Swift file: their properties, functions and cases, with the code that says what is on the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node

from samouk.domains.screens.source.ios.conditions import visible
from samouk.domains.screens.source.ios.expressions import (
    Expression,
    Statement,
    declared,
    expression,
    statements,
)
from samouk.domains.screens.source.syntax import broken_lines, line, parse, text
from samouk.domains.screens.source.widgets import Trouble


class Parameter(NamedTuple):
    """``label`` as at the call, "" for none."""

    label: str
    name: str
    type: str
    default: Expression | None = None


class Property(NamedTuple):
    """``attributes`` without ``@``: ``State``, ``Binding``, ``IBOutlet``; ``body`` of a computed one.

    ``observed`` is what `didSet` does: there outlets are often set up.
    """

    name: str
    type: str
    attributes: tuple[str, ...]
    value: Expression | None
    body: tuple[Statement, ...] | None
    line: int
    static: bool = False
    observed: tuple[Statement, ...] = ()


class Function(NamedTuple):
    """``result`` is the type that it gives, without spaces; an initialiser is called ``init``."""

    name: str
    parameters: tuple[Parameter, ...]
    result: str
    body: tuple[Statement, ...]
    line: int
    attributes: tuple[str, ...] = ()


class Type(NamedTuple):
    """A type or an extension of one. ``name`` carries those around it: ``L10n.Login``."""

    name: str
    kind: str
    inherits: tuple[str, ...]
    properties: tuple[Property, ...]
    functions: tuple[Function, ...]
    cases: tuple[tuple[str, Expression | None], ...]
    line: int
    attributes: tuple[str, ...] = ()


class SwiftFile(NamedTuple):
    """What a file declares; ``values`` stand outside of any type."""

    types: tuple[Type, ...]
    values: tuple[Property, ...]
    hidden: frozenset[str] = frozenset()


_ELSEWHERE = re.compile(rb"^import (?:AppKit|Cocoa|WatchKit|TVUIKit)\b", re.M)
"""A file that needs what no iPhone has, and not behind a condition, belongs to another device."""

_SCREENS = re.compile(rb"\bSwiftUI\b|\bUIKit\b|\bUI[A-Z]\w+|\bIB(?:Outlet|Action)\b|\w(?:ViewController|View|Cell)\b")
"""A file may show something though it imports neither: through a bridging header, or a module that passes them on."""

_SAID = frozenset({"String", "String?", "LocalizedStringKey", "LocalizedStringResource", "Text"})
"""Types of what even a file that shows nothing may say."""
_WRAPPED = re.compile(r"@\w+Adaptor\((\w+)\.self\)")
_MEMBERS = frozenset(
    ["property_declaration", "function_declaration", "init_declaration", "enum_entry", "class_declaration"]
)


def read_swift(path: str, content: bytes) -> tuple[SwiftFile, tuple[Trouble, ...]]:
    """Declarations of a file, and those that were left out because they do not parse."""
    seen = visible(content)
    if _ELSEWHERE.search(seen):
        return SwiftFile((), ()), ()
    tree = parse("swift", seen)
    troubles: list[Trouble] = []
    broken = broken_lines(tree)
    bodies = _SCREENS.search(content) is not None
    types = tuple(_types(tree.root_node, "", bodies))
    values = tuple(
        found
        for node in tree.root_node.named_children
        if node.type == "property_declaration" and not node.has_error
        for found in _property(node, bodies)
    )
    if broken and (bodies or not types):
        left = sorted(set(_broken_members(tree.root_node))) or [broken[0]]
        troubles += (Trouble(path, at, "does not parse; this declaration is left out") for at in left[:5])
    return SwiftFile(types, values, _only_hidden(content, seen)), tuple(troubles)


def _only_hidden(content: bytes, seen: bytes) -> frozenset[str]:
    """Words that stand in blanked branches only: a view that is used nowhere else is not an iPhone's."""
    if b"#if" not in content:
        return frozenset()
    lost = [before for before, after in zip(content.split(b"\n"), seen.split(b"\n"), strict=True) if before != after]
    words = {word for row in lost for word in _words(row) if word[:1].isupper()}
    return frozenset(words)


def _words(row: bytes) -> Iterator[str]:
    yield from "".join(one if one.isalnum() or one == "_" else " " for one in row.decode("utf-8", "replace")).split()


def _broken_members(node: Node) -> Iterator[int]:
    """First lines of the smallest declarations that hold an error."""
    for one in node.named_children:
        if not one.has_error and not one.is_error:
            continue
        inner = list(_broken_members(one))
        if inner:
            yield from inner
        elif one.type in _MEMBERS or one.is_error:
            yield line(one)


def _types(node: Node, around: str, bodies: bool) -> Iterator[Type]:
    for one in node.named_children:
        if one.type == "class_declaration":
            yield from _type(one, around, bodies)
        elif one.is_error:
            yield from _types(one, around, bodies)


def _type(node: Node, around: str, bodies: bool) -> Iterator[Type]:
    short = text(node.child_by_field_name("name")).partition("<")[0].strip()
    name = f"{around}.{short}" if around else short
    inherits = tuple(
        text(one.child_by_field_name("inherits_from")).partition("<")[0]
        for one in node.named_children
        if one.type == "inheritance_specifier"
    )
    if "PreviewProvider" in inherits:
        return
    body = node.child_by_field_name("body")
    members = body.named_children if body is not None else []
    sound = [one for one in members if not one.has_error]
    kind = node.child_by_field_name("declaration_kind")
    yield Type(
        name,
        text(kind),
        inherits,
        tuple(found for one in sound if one.type == "property_declaration" for found in _property(one, bodies)),
        tuple(_functions(sound, bodies)),
        tuple(found for one in sound if one.type == "enum_entry" for found in _cases(one)),
        line(node),
        _attributes(node),
    )
    for one in members:
        if one.type == "class_declaration":
            yield from _type(one, name, bodies)


def _attributes(node: Node) -> tuple[str, ...]:
    found = next((one for one in node.named_children if one.type == "modifiers"), None)
    if found is None:
        return ()
    told = []
    for one in found.named_children:
        if one.type == "attribute":
            inside = text(one).lstrip("@")
            told.append(inside.partition("(")[0].strip())
            if "dismiss" in inside or "presentationMode" in inside:
                told.append("dismiss")
        elif one.type == "property_modifier":
            told.append(text(one))
    return tuple(told)


def _property(node: Node, bodies: bool) -> Iterator[Property]:
    pattern = node.child_by_field_name("name")
    if pattern is None:
        return
    value = node.child_by_field_name("value")
    computed = node.child_by_field_name("computed_value")
    attributes = _attributes(node)
    yield Property(
        text(pattern),
        declared(node) or _adapted(node),
        attributes,
        expression(value) if value is not None else None,
        _getter(computed) if computed is not None and (bodies or declared(node) in _SAID) else None,
        line(node),
        "static" in attributes,
        _observed(node) if bodies else (),
    )


def _observed(node: Node) -> tuple[Statement, ...]:
    block = next((one for one in node.named_children if one.type == "willset_didset_block"), None)
    clause = None if block is None else next((one for one in block.named_children if one.type == "didset_clause"), None)
    return statements(clause)


def _adapted(node: Node) -> str:
    """The type that a wrapper is given: `@UIApplicationDelegateAdaptor(AppDelegate.self)`."""
    found = _WRAPPED.match(text(node))
    return found[1] if found else ""


def _getter(node: Node) -> tuple[Statement, ...]:
    getter = next((one for one in node.named_children if one.type == "computed_getter"), None)
    return statements(getter or node)


def _functions(members: list[Node], bodies: bool) -> Iterator[Function]:
    for one in members:
        if one.type not in ("function_declaration", "init_declaration") or not bodies:
            continue
        name = text(one.child_by_field_name("name")) if one.type == "function_declaration" else "init"
        body = one.child_by_field_name("body")
        yield Function(name, tuple(_parameters(one)), _result(one), statements(body), line(one), _attributes(one))


def _result(node: Node) -> str:
    arrow = False
    for one in node.children:
        if one.type == "->":
            arrow = True
        elif arrow and one.is_named:
            return text(one).replace(" ", "")
    return ""


def _parameters(node: Node) -> Iterator[Parameter]:
    children = node.children
    for index, one in enumerate(children):
        if one.type != "parameter":
            continue
        names = [each for each in one.named_children if each.type == "simple_identifier"]
        external = one.child_by_field_name("external_name")
        inner = names[-1] if names else None
        kind = next((each for each in reversed(one.named_children) if each.type.endswith("_type")), None)
        default = None
        if index + 2 < len(children) and children[index + 1].type == "=":
            default = expression(children[index + 2])
        label = text(external) if external is not None else text(inner)
        yield Parameter("" if label == "_" else label, text(inner), text(kind).replace(" ", ""), default)


def _cases(node: Node) -> Iterator[tuple[str, Expression | None]]:
    name = ""
    for index, one in enumerate(node.children):
        field = node.field_name_for_child(index)
        if field == "name":
            if name:
                yield name, None
            name = text(one)
        elif field == "raw_value" and name:
            yield name, expression(one)
            name = ""
    if name:
        yield name, None
