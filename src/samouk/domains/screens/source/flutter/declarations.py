"""What a Dart file declares; a declaration that does not parse is left out and told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tree_sitter import Node

from samouk.domains.screens.source.flutter.code import Call, ClassCode, Expr, FileCode, Member, Name
from samouk.domains.screens.source.flutter.syntax import body_of, call, one, params
from samouk.domains.screens.source.syntax import line, text
from samouk.domains.screens.source.widgets import Trouble

_SIGNATURES = frozenset({"function_signature", "getter_signature", "setter_signature", "method_signature"})
_HEADS = _SIGNATURES | {"declaration"}
_LISTS = frozenset({"static_final_declaration_list", "initialized_identifier_list"})
_KINDS = {
    "class_definition": "class",
    "mixin_declaration": "mixin",
    "extension_declaration": "extension",
    "enum_declaration": "enum",
    "extension_type_declaration": "class",
}
_BODIES = frozenset({"class_body", "enum_body", "extension_body"})


@dataclass
class _File:
    path: str
    troubles: list[Trouble] = field(default_factory=list)

    def lost(self, node: Node, what: str) -> None:
        self.troubles.append(Trouble(self.path, _error_line(node), f"does not parse; {what} is left out"))


def declared(path: str, root: Node) -> tuple[FileCode, tuple[Trouble, ...]]:
    """Classes and top-level members of a file, and what of it was left out."""
    told = _File(path)
    members = {member.name: member for member in _members(root.children, told, "")}
    classes = tuple(_class(node, told) for node in root.children if node.type in _KINDS)
    aliases = dict(_aliases(root.children))
    return FileCode(tuple(one for one in classes if one is not None), members, aliases), tuple(told.troubles)


def _aliases(nodes: Iterable[Node]) -> Iterator[tuple[str, str]]:
    """``typedef Name = Class``."""
    for node in nodes:
        if node.type == "type_alias":
            names = [text(child) for child in node.children if child.type == "type_identifier"]
            if len(names) == 2 and not node.has_error:
                yield names[0], names[1]


def _error_line(node: Node) -> int:
    waiting = [node]
    while waiting:
        one_node = waiting.pop()
        if one_node.is_error or one_node.is_missing:
            return line(one_node)
        waiting.extend(child for child in reversed(one_node.children) if child.has_error or child.is_missing)
    return line(node)


def _class(node: Node, told: _File) -> ClassCode | None:
    kind = _KINDS[node.type]
    mixed = next((child for child in node.children if child.type == "mixin_application_class"), None)
    if mixed is not None:
        return _mixed(mixed)
    name = text(node.child_by_field_name("name")) or next(
        (text(child) for child in node.children if child.type == "identifier"), ""
    )
    body = node.child_by_field_name("body") or next((child for child in node.children if child.type in _BODIES), None)
    if body is None:
        told.lost(node, name or "a class")
        return None
    base, argument, mixins = _bases(node)
    if kind == "extension":
        base = text(node.child_by_field_name("class"))
    members = {member.name: member for member in _members(body.children, told, name)}
    values = tuple(text(child.child_by_field_name("name")) for child in body.children if child.type == "enum_constant")
    last = node.end_point[0] + 1
    return ClassCode(name, kind, line(node), base, argument, mixins, members, values, last, dict(_made(body, name)))


def _made(body: Node, owner: str) -> Iterator[tuple[str, Call]]:
    """Values of an enum that are made with arguments."""
    for child in body.children:
        arguments = next((part for part in child.children if part.type in ("arguments", "argument_part")), None)
        if child.type == "enum_constant" and arguments is not None:
            if arguments.type == "argument_part":
                arguments = next((part for part in arguments.children if part.type == "arguments"), arguments)
            yield text(child.child_by_field_name("name")), call(Name(owner), arguments, line(child))


def _mixed(node: Node) -> ClassCode:
    """``class Name = Base with Mixin``."""
    name = next((text(child) for child in node.children if child.type == "identifier"), "")
    applied = next((child for child in node.children if child.type == "mixin_application"), node)
    base = next((text(child) for child in applied.children if child.type == "type_identifier"), "")
    mixins = [
        text(one)
        for child in applied.children
        if child.type == "mixins"
        for one in child.children
        if one.type == "type_identifier"
    ]
    return ClassCode(name, "class", line(node), base, "", tuple(mixins), {}, (), node.end_point[0] + 1)


def _bases(node: Node) -> tuple[str, str, tuple[str, ...]]:
    base, argument = "", ""
    mixins: list[str] = []
    for child in node.children:
        if child.type == "superclass":
            for part in child.children:
                if part.type == "type_identifier":
                    base = text(part)
                elif part.type == "type_arguments":
                    argument = text(part).strip("<>").partition("<")[0]
                elif part.type == "mixins":
                    mixins += [text(one) for one in part.children if one.type == "type_identifier"]
        elif child.type == "mixins":
            mixins += [text(one) for one in child.children if one.type == "type_identifier"]
    return base, argument, tuple(mixins)


def _members(nodes: Iterable[Node], told: _File, owner: str) -> Iterator[Member]:
    """Members in a run of declarations, where a signature and its body stand side by side."""
    run: list[Node] = []
    for node in nodes:
        if node.type in _HEADS or node.type in _LISTS:
            if run and run[-1].type in _SIGNATURES:
                run.clear()
            run.append(node)
        elif node.type == "function_body":
            run.append(node)
        elif node.is_error:
            told.lost(node, f"a part of {owner}" if owner else "a part of the file")
            continue
        elif node.is_named and node.type not in ("annotation", "comment", "documentation_comment"):
            run.append(node)
            continue
        else:
            if not node.is_named:
                run.append(node)
            continue
        if node.type in ("function_body", "declaration") or node.type in _LISTS:
            whole, run = run, []
            if any(part.has_error for part in whole):
                broken = next(part for part in whole if part.has_error)
                told.lost(broken, _title(whole, owner))
            else:
                yield from _member(whole, owner)


def _title(run: list[Node], owner: str) -> str:
    named = next((name for part in run for name in _names(part)), "")
    return f"{owner}.{named}" if owner and named else named or owner or "a declaration"


def _names(node: Node) -> Iterator[str]:
    for child in (node, *node.children):
        name = child.child_by_field_name("name")
        if name is not None:
            yield text(name)


def _member(run: list[Node], owner: str) -> Iterator[Member]:
    last = run[-1]
    if last.type in _LISTS:
        yield from _fields(run, static=True)
    elif last.type == "declaration":
        yield from _declaration(last, owner)
    elif len(run) > 1:
        head = next((part for part in reversed(run[:-1]) if part.type in _SIGNATURES), None)
        if head is not None:
            yield from _method(head, last, owner)


def _declaration(node: Node, owner: str) -> Iterator[Member]:
    """A declaration without a body: fields, constructors, abstract methods."""
    static = any(child.type == "static" for child in node.children)
    for child in node.children:
        if child.type in ("constructor_signature", "constant_constructor_signature"):
            yield _constructor(child, node.children, owner, ())
        elif child.type in _LISTS:
            yield from _fields(node.children, static)


def _fields(nodes: Sequence[Node], static: bool) -> Iterator[Member]:
    kind = next((text(child) for child in nodes if child.type == "type_identifier"), "")
    final = any(child.type in ("final_builtin", "const_builtin") for child in nodes)
    for group in nodes:
        if group.type in _LISTS:
            for child in group.children:
                if child.type in ("static_final_declaration", "initialized_identifier"):
                    cut = next((place for place, part in enumerate(child.children) if part.type == "="), -1)
                    name = next((text(part) for part in child.children if part.type == "identifier"), "")
                    value = one(child.children[cut + 1 :]) if cut >= 0 else None
                    yield Member(name, "field", line(child), static, kind, value=value, final=final)


def _method(head: Node, body: Node, owner: str) -> Iterator[Member]:
    static = any(child.type == "static" for child in head.children)
    inner = head
    if head.type == "method_signature":
        inner = next((child for child in head.children if child.type.endswith("_signature")), head)
    if inner.type == "setter_signature":
        return
    if inner.type in ("constructor_signature", "constant_constructor_signature"):
        yield _constructor(inner, head.children, owner, body_of(body))
        return
    listed = params(next((child for child in inner.children if child.type == "formal_parameter_list"), None))
    if "factory" in inner.type:
        name = ".".join(text(child) for child in inner.children if child.type == "identifier")
        yield Member(name, "method", line(head), True, owner, listed, body_of(body))
        return
    kind = next((text(child) for child in inner.children if child.type == "type_identifier"), "")
    what = "getter" if inner.type == "getter_signature" else "method"
    name = text(inner.child_by_field_name("name"))
    if name:
        yield Member(name, what, line(head), static, kind, listed, body_of(body))


def _constructor(node: Node, around: Iterable[Node], owner: str, body: tuple[Expr, ...]) -> Member:
    name = ".".join(text(child) for child in node.children if child.type == "identifier") or owner
    listed = params(next((child for child in node.children if child.type == "formal_parameter_list"), None))
    sets: list[tuple[str, Expr]] = []
    passes: Call | None = None
    for part in (*around, *node.children):
        if part.type == "redirection":
            passes = _passed(part)
        elif part.type == "initializers":
            for entry in part.children:
                if entry.type == "initializer_list_entry":
                    passes = _passed(entry) or passes
                    sets += [_set(child) for child in entry.children if child.type == "field_initializer"]
    return Member(name, "constructor", line(node), False, owner, listed, body, None, tuple(sets), passes)


def _set(node: Node) -> tuple[str, Expr]:
    cut = next((place for place, child in enumerate(node.children) if child.type == "="), 0)
    name = next((text(child) for child in node.children[:cut] if child.type == "identifier"), "")
    return name, one(node.children[cut + 1 :])


def _passed(node: Node) -> Call | None:
    """``super.name(...)`` or ``this.name(...)``."""
    arguments = next((child for child in node.children if child.type == "arguments"), None)
    head = next((child.type for child in node.children if child.type in ("super", "this")), "")
    if arguments is None or not head:
        return None
    named = next((text(child) for child in node.children if child.type == "identifier"), "")
    return call(Name(f"{head}.{named}" if named else head), arguments, line(node))
