"""From a Kotlin file to its declarations: what holds a syntax error is left out by itself, the rest is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node as Syntax

from samouk.domains.screens.source.compose.code import (
    TRAILING,
    Argument,
    Call,
    Class,
    Function,
    KotlinFile,
    Lambda,
    Name,
    Node,
    Parameter,
    Property,
)
from samouk.domains.screens.source.compose.dialect import PRIVATE, known
from samouk.domains.screens.source.compose.expressions import (
    COMMENTS,
    arguments_of,
    behind_equals,
    block_of,
    name_of,
    node_of,
    of_type,
    parameters_of,
    text,
    type_name,
    type_of,
)
from samouk.domains.screens.source.syntax import line, parse
from samouk.domains.screens.source.syntax import text as written
from samouk.domains.screens.source.widgets import Trouble

_TELLING = re.compile(
    rb"Composable|navigate|popBackStack|startActivity|setContent|NavHost|composable|Modifier|\.length|onBackPressed"
    rb"|finish\(|[sS]tring|backStack|\.take\("
)
"""Words of which one stands in any function that says something of a screen; other bodies are dropped."""

SHORT = 240
"""Bytes; shorter bodies are kept whatever stands in them: routes and labels are made there."""


_MENTIONED = re.compile(rb"\b([A-Z]\w*)\s*[({]")
"""Names that are called like a composable."""

_NAMING = frozenset({"identifier", "user_type", "nullable_type"})
_ANNOTATION = re.compile(r"@(?:\w+\.)*(\w+)")
_KNOWN = frozenset({"package_header", "import", "import_list", "file_annotation", "type_alias", "shebang_line", ";"})


def read_kotlin(path: str, content: bytes) -> tuple[KotlinFile, list[Trouble]]:
    """The declarations of a file, and those that were left out."""
    root = parse("kotlin", known(content)).root_node
    troubles: list[Trouble] = []
    declared = list(_declarations(path, root, troubles))
    package = ""
    imports: dict[str, str] = {}
    aliases: dict[str, str] = {}
    for node in root.children:
        if node.type == "package_header":
            package = text(node).removeprefix("package").strip().rstrip(";")
        elif node.type == "import":
            whole, _, alias = text(node).removeprefix("import").strip().rstrip(";").partition(" as ")
            imports[alias.strip() or whole.rpartition(".")[2]] = whole.strip()
        elif node.type == "type_alias":
            aliases.update(_alias(node))
    return (
        KotlinFile(
            package,
            imports,
            tuple(one for one in declared if isinstance(one, Function)),
            tuple(one for one in declared if isinstance(one, Class)),
            tuple(one for one in declared if isinstance(one, Property)),
            tags_visible=re.search(rb"testTagsAsResourceId\s*=\s*true", content) is not None,
            aliases=aliases,
        ),
        troubles,
    )


def _declarations(path: str, body: Syntax, troubles: list[Trouble]) -> Iterator[Function | Class | Property]:
    """Those of a file or a class that parsed; an error costs the smallest declaration around it."""
    loose: list[str] = []
    for node in body.children:
        kind = node.type
        noted, loose = (loose, loose if kind in COMMENTS else [])
        if kind == "annotated_expression" and not node.has_error:
            # The grammar parts an annotation with an argument from what it stands before.
            loose = [*noted, *_ANNOTATION.findall(text(node))]
        elif kind == "function_declaration":
            if node.has_error:
                troubles.append(Trouble(path, line(node), f"{name_of(node) or 'a function'} has a syntax error"))
            else:
                yield _function(node, noted)
        elif kind in ("class_declaration", "object_declaration", "companion_object"):
            yield _class(path, node, troubles)
        elif kind == "property_declaration" and not node.has_error:
            yield from _properties(node)
        elif node.is_error or (
            kind not in COMMENTS and (node.has_error or (body.type == "source_file" and kind not in _KNOWN))
        ):
            troubles.append(Trouble(path, line(node), "has a syntax error"))
            if node.is_error:
                yield from _declarations(path, node, [])


def _class(path: str, node: Syntax, troubles: list[Trouble]) -> Class:
    members: list[Function | Class | Property] = []
    entries: list[Class] = []
    parameters: tuple[Parameter, ...] = ()
    parents: list[tuple[str, tuple[Argument, ...]]] = []
    for child in node.children:
        if child.type in ("class_body", "enum_class_body"):
            members += _declarations(path, child, troubles)
            entries += (_entry(path, one, name_of(node), troubles) for one in of_type(child, "enum_entry"))
        elif child.type == "primary_constructor":
            parameters = parameters_of(next(iter(of_type(child, "class_parameters")), child))
        elif child.type == "delegation_specifiers":
            parents += (_parent(one) for one in of_type(child, "delegation_specifier"))
    return Class(
        name_of(node) or "Companion",
        line(node),
        parameters,
        tuple(parents),
        tuple(one for one in members if isinstance(one, Function)),
        tuple(one for one in members if isinstance(one, Property)),
        tuple(one for one in members if isinstance(one, Class)),
        tuple(entries),
        single=node.type != "class_declaration",
    )


def _entry(path: str, node: Syntax, kind: str, troubles: list[Trouble]) -> Class:
    arguments = tuple(one for child in of_type(node, "value_arguments") for one in arguments_of(child))
    members = [one for body in of_type(node, "class_body") for one in _declarations(path, body, troubles)]
    return Class(
        name_of(node),
        line(node),
        parents=((kind, arguments),),
        functions=tuple(one for one in members if isinstance(one, Function)),
        properties=tuple(one for one in members if isinstance(one, Property)),
        single=True,
    )


def _parent(node: Syntax) -> tuple[str, tuple[Argument, ...]]:
    call = next(iter(of_type(node, "constructor_invocation")), node)
    arguments = tuple(one for child in of_type(call, "value_arguments") for one in arguments_of(child))
    return type_of(call), arguments


def _function(node: Syntax, loose: Sequence[str]) -> Function:
    noted = [*loose, *_annotations(node)]
    named = node.child_by_field_name("name")
    receiver = ""
    for child in node.children:
        if named is not None and child.start_byte >= named.start_byte:
            break
        if child.type in ("user_type", "nullable_type"):
            receiver = type_name(child)
    parameters = next(iter(of_type(node, "function_value_parameters")), None)
    body = next(iter(of_type(node, "function_body")), None)
    composable = "Composable" in noted
    kept: tuple[Node, ...] = ()
    expression = False
    if body is not None and (
        composable or body.end_byte - body.start_byte < SHORT or _TELLING.search(node.text or b"")
    ):
        block = next(iter(of_type(body, "block")), None)
        expression = block is None
        kept = block_of(block) if block is not None else tuple(map(node_of, body.named_children[-1:]))
    return Function(
        name_of(node),
        () if parameters is None else parameters_of(parameters),
        kept,
        line(named or node),
        receiver,
        expression,
        composable,
        any("Preview" in one for one in noted),
        "private" in noted or any(PRIVATE in written(one) for one in node.children if one.type in _NAMING),
        tuple(name_of(one) for child in of_type(node, "type_parameters") for one in of_type(child, "type_parameter")),
        frozenset() if composable else frozenset(one.decode() for one in _MENTIONED.findall(node.text or b"")),
    )


def _alias(node: Syntax) -> Iterator[tuple[str, str]]:
    """``typealias Strings = R.string``: names and what they stand for; function types stand for nothing."""
    for kind in of_type(node, "user_type"):
        yield name_of(node), ".".join(text(one) for one in of_type(kind, "identifier"))


def _annotations(node: Syntax) -> list[str]:
    """Names of annotations and modifiers that stand before a declaration."""
    written = [text(one).lstrip("@") for modifiers in of_type(node, "modifiers") for one in modifiers.children]
    return [one.partition("(")[0].rpartition(".")[2] for one in written]


def _properties(node: Syntax) -> Iterator[Property]:
    declared = next(iter(of_type(node, "variable_declaration")), None)
    if declared is None:
        return
    receiver = next((type_name(one) for one in node.children if one.type in ("user_type", "nullable_type")), "")
    value = behind_equals(node.children)
    if value is None:
        value = next((one.named_children[-1] for one in of_type(node, "property_delegate") if one.named_children), None)
    found = None if value is None else node_of(value)
    if value is None:
        bodies = (one for getter in of_type(node, "getter") for one in of_type(getter, "function_body"))
        found = next(map(_given, bodies), None)
    yield Property(name_of(declared), type_of(declared), found, receiver)


def _given(body: Syntax) -> Node:
    """What a getter gives: its expression, or what its block returns."""
    block = next(iter(of_type(body, "block")), None)
    if block is None:
        return node_of(body.named_children[-1])
    return Call(Name("run"), (Argument(TRAILING, Lambda((), block_of(block))),), line(body))
