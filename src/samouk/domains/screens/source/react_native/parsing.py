"""From a syntax tree of JavaScript or TypeScript to the code that the reader keeps."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from dataclasses import replace

from tree_sitter import Node

from samouk.domains.screens.source.react_native.code import (
    NOTHING,
    OTHER,
    And,
    Assign,
    At,
    Call,
    Class,
    Code,
    Const,
    Default,
    Do,
    Dot,
    Either,
    Fields,
    Function,
    Glue,
    If,
    Items,
    Let,
    Name,
    Not,
    Or,
    Other,
    Pattern,
    Return,
    Row,
    Same,
    Spread,
    Statement,
    Table,
    Tag,
)
from samouk.domains.screens.source.react_native.literals import string, unescaped, words
from samouk.domains.screens.source.syntax import line, text

_KEPT_OTHERS = (Call, Function, Tag, Other, Either, And, Or)
"""What is worth keeping of code that is not understood: it may hold a call that leads somewhere."""

_STYLES = frozenset({"StyleSheet.create", "css", "keyframes", "createGlobalStyle"})
_NO_BODY: tuple[Statement, ...] = ()


def code(node: Node | None) -> Code:
    """An expression."""
    if node is None:
        return NOTHING
    how = _EXPRESSIONS.get(node.type)
    return how(node) if how else _other(node)


def block(node: Node | None) -> tuple[Statement, ...]:
    """The statements of a block, or a single one. What holds a syntax error is left out."""
    if node is None:
        return _NO_BODY
    if node.type not in ("statement_block", "program", "switch_case", "switch_default"):
        return tuple(statement(node))
    return tuple(found for child in node.named_children for found in statement(child))


def statement(node: Node) -> Iterator[Statement]:
    """What one statement says: several bindings may stand in it."""
    how = _STATEMENTS.get(node.type)
    if how:
        yield from how(node)
    elif node.type in _EXPRESSIONS:
        yield Do(code(node))


def _field(node: Node, name: str) -> Node | None:
    return node.child_by_field_name(name)


def _other(node: Node) -> Code:
    kept = tuple(one for child in node.named_children if isinstance(one := code(child), _KEPT_OTHERS) and one != OTHER)
    return Other(kept) if kept else OTHER


def _first(node: Node) -> Code:
    children = [child for child in node.named_children if child.type != "comment"]
    return code(children[0]) if children else NOTHING


def _constant(node: Node) -> Code:
    match node.type:
        case "true" | "false":
            return Const(node.type == "true")
        case "number":
            try:
                return Const(float(text(node).replace("_", "")))
            except ValueError:
                return OTHER
    return NOTHING


def _member(node: Node) -> Code:
    return Dot(code(_field(node, "object")), text(_field(node, "property")))


def _subscript(node: Node) -> Code:
    of, key = code(_field(node, "object")), code(_field(node, "index"))
    if isinstance(key, Const) and isinstance(key.value, str):
        return Dot(of, key.value)
    return At(of, key)


def _call(node: Node) -> Code:
    callee = _field(node, "function") or _field(node, "constructor")
    given = _field(node, "arguments")
    of = code(callee)
    if given is None:
        return Call(of, (), line(node))
    if given.type == "template_string":
        # The styles in a template say nothing of what is shown; its words may (t`Sign in`).
        return Call(of, (_template(given),) if isinstance(of, Name) else (), line(node))
    if text(callee) in _STYLES:
        return Call(of, (), line(node))
    return Call(of, tuple(code(child) for child in given.named_children if child.type != "comment"), line(node))


def _template(node: Node) -> Code:
    parts: list[Code] = []
    for child in node.named_children:
        if child.type == "template_substitution":
            parts.append(_first(child))
        elif child.type == "string_fragment":
            parts.append(Const(text(child)))
        elif child.type == "escape_sequence":
            parts.append(Const(unescaped(text(child))))
    return parts[0] if len(parts) == 1 and isinstance(parts[0], Const) else Glue(tuple(parts))


def _binary(node: Node) -> Code:
    sign = text(_field(node, "operator"))
    left, right = _field(node, "left"), _field(node, "right")
    match sign:
        case "&&":
            return And(code(left), code(right))
        case "||" | "??":
            return Or(code(left), code(right))
        case "===" | "==" | "!==" | "!=":
            return Same(code(left), code(right), sign[0] == "!")
        case "+":
            one, two = code(left), code(right)
            first = one.parts if isinstance(one, Glue) else (one,)
            if isinstance(one, Glue) or _is_text(one) or _is_text(two):
                return Glue((*first, two))
    return _other(node)


def _is_text(one: Code) -> bool:
    return isinstance(one, Glue) or (isinstance(one, Const) and isinstance(one.value, str))


def _unary(node: Node) -> Code:
    sign = text(_field(node, "operator"))
    value = code(_field(node, "argument"))
    if sign == "!":
        return Not(value)
    if sign == "-" and isinstance(value, Const) and isinstance(value.value, float):
        return Const(-value.value)
    return NOTHING if sign == "void" else _other(node)


def _table(node: Node) -> Code:
    return Table(tuple(entry for child in node.named_children for entry in _entry(child)), line(node))


def _entry(child: Node) -> Iterator[tuple[str, Code]]:
    match child.type:
        case "pair":
            key = _key(_field(child, "key"))
            if key:
                yield key, code(_field(child, "value"))
        case "shorthand_property_identifier":
            yield text(child), Name(text(child))
        case "spread_element":
            yield "", _first(child)
        case "method_definition":
            key = _key(_field(child, "name"))
            if key:
                yield key, _function(child)


def _key(node: Node | None) -> str:
    if node is None or node.type == "computed_property_name":
        return ""
    return string(node) if node.type == "string" else text(node)


def _row(node: Node) -> Code:
    return Row(tuple(code(child) for child in node.named_children if child.type != "comment"))


def _function(node: Node) -> Code:
    body = _field(node, "body")
    single = _field(node, "parameter")
    params = (text(single),) if single is not None else _params(_field(node, "parameters"))
    inner = block(body) if body is not None and body.type == "statement_block" else (Return(code(body)),)
    return Function(params, inner, line(node), text(_field(node, "name")))


def _params(node: Node | None) -> tuple[Pattern, ...]:
    return tuple(pattern(child) for child in (node.named_children if node else ()) if child.type != "comment")


def pattern(node: Node | None) -> Pattern:
    """What a value is bound to; "" for what cannot be told."""
    if node is None:
        return ""
    match node.type:
        case "identifier" | "shorthand_property_identifier_pattern":
            return text(node)
        case "required_parameter" | "optional_parameter":
            inner, value = pattern(_field(node, "pattern")), _field(node, "value")
            return inner if value is None else Default(inner, code(value))
        case "assignment_pattern":
            return Default(pattern(_field(node, "left")), code(_field(node, "right")))
        case "object_pattern":
            return _fields(node)
        case "array_pattern":
            return _items(node)
        case "rest_pattern":
            return pattern(node.named_children[0]) if node.named_children else ""
    return ""


def _fields(node: Node) -> Pattern:
    items: list[tuple[str, Pattern, Code | None]] = []
    rest = ""
    for child in node.named_children:
        match child.type:
            case "shorthand_property_identifier_pattern":
                items.append((text(child), text(child), None))
            case "object_assignment_pattern":
                name = text(_field(child, "left"))
                items.append((name, name, code(_field(child, "right"))))
            case "pair_pattern":
                inner = pattern(_field(child, "value"))
                default = inner.value if isinstance(inner, Default) else None
                items.append(
                    (_key(_field(child, "key")), inner.pattern if isinstance(inner, Default) else inner, default)
                )
            case "rest_pattern":
                rest = text(child.named_children[0]) if child.named_children else ""
    return Fields(tuple(items), rest)


def _items(node: Node) -> Pattern:
    items: list[Pattern | None] = [None]
    for child in node.children:
        if child.type == ",":
            items.append(None)
        elif child.is_named and child.type != "comment":
            items[-1] = pattern(child)
    return Items(tuple(items))


def _tag(node: Node) -> Code:
    opening = _field(node, "open_tag") or node
    name = _field(opening, "name")
    props: list[tuple[str, Code]] = []
    for child in opening.named_children:
        if child.type == "jsx_attribute":
            parts = [part for part in child.named_children if part.type != "comment"]
            props.append((text(parts[0]), code(parts[1]) if len(parts) > 1 else Const(True)))
        elif child.type == "jsx_expression":
            inner = next((part for part in child.named_children if part.type == "spread_element"), None)
            if inner is not None:
                props.append(("", _first(inner)))
    children = tuple(_children(node)) if opening is not node else ()
    return Tag(None if name is None else code(name), tuple(props), children, line(node))


def _children(node: Node) -> Iterator[Code]:
    """Children of a tag; the white space of several lines is taken together as the compiler does."""
    found: list[str] = []
    for child in node.named_children:
        match child.type:
            case "jsx_text":
                found.append(text(child))
                continue
            case "html_character_reference":
                found.append(html.unescape(text(child)))
                continue
        if found:
            yield from words(found)
            found = []
        if child.type == "jsx_expression":
            inner = [part for part in child.named_children if part.type != "comment"]
            if inner:
                yield code(inner[0])
        elif child.type in _TAGS:
            yield code(child)
    yield from words(found)


def _class(node: Node) -> Code:
    heritage = next((child for child in node.named_children if child.type == "class_heritage"), None)
    base = None
    if heritage is not None:
        clause = next((child for child in heritage.named_children if child.type == "extends_clause"), heritage)
        base = code(_field(clause, "value") or (clause.named_children[0] if clause.named_children else None))
    members: list[tuple[str, Code]] = []
    statics: list[tuple[str, Code]] = []
    body = _field(node, "body")
    for child in body.named_children if body else ():
        if child.type in ("public_field_definition", "field_definition", "method_definition") and not child.has_error:
            key = _key(_field(child, "name") or _field(child, "property"))
            is_static = any(part.type == "static" for part in child.children)
            value = _function(child) if child.type == "method_definition" else code(_field(child, "value"))
            if any(part.type == "get" for part in child.children):
                value = Call(value, (), line(child))
            (statics if is_static else members).append((key, value))
    return Class(text(_field(node, "name")), base, tuple(members), tuple(statics), line(node))


def _assignment(node: Node) -> Code:
    kept = code(_field(node, "right"))
    return Other((kept,)) if isinstance(kept, _KEPT_OTHERS) else OTHER


def _ternary(node: Node) -> Code:
    test, yes, no = (_field(node, name) for name in ("condition", "consequence", "alternative"))
    return Either(code(test), code(yes), code(no))


_TAGS = ("jsx_element", "jsx_self_closing_element", "jsx_fragment")
_EXPRESSIONS: dict[str, Callable[[Node], Code]] = {
    "string": lambda node: Const(string(node)),
    "template_string": _template,
    **dict.fromkeys(("true", "false", "null", "undefined", "number"), _constant),
    **dict.fromkeys(("identifier", "this", "super", "property_identifier", "import"), lambda node: Name(text(node))),
    "member_expression": _member,
    "subscript_expression": _subscript,
    **dict.fromkeys(("call_expression", "new_expression"), _call),
    "binary_expression": _binary,
    "unary_expression": _unary,
    "ternary_expression": _ternary,
    "object": _table,
    "array": _row,
    "spread_element": lambda node: Spread(_first(node)),
    **dict.fromkeys(
        ("arrow_function", "function_expression", "function_declaration", "generator_function_declaration"), _function
    ),
    **dict.fromkeys(("class", "class_declaration", "abstract_class_declaration"), _class),
    **dict.fromkeys(_TAGS, _tag),
    **dict.fromkeys(
        ("parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression"), _first
    ),
    **dict.fromkeys(("await_expression", "jsx_expression", "instantiation_expression"), _first),
    "type_assertion": lambda node: code(node.named_children[-1]) if node.named_children else NOTHING,
    "sequence_expression": lambda node: code(node.named_children[-1]) if node.named_children else NOTHING,
    "jsx_namespace_name": lambda node: Name(text(node)),
    "assignment_expression": _assignment,
    "augmented_assignment_expression": _assignment,
    **dict.fromkeys(("regex", "comment", "type_annotation", "type_arguments"), lambda node: OTHER),
}


def _lets(node: Node) -> Iterator[Statement]:
    for child in node.named_children:
        if child.type == "variable_declarator" and not _broken(child):
            bound = pattern(_field(child, "name"))
            value = code(_field(child, "value"))
            yield Let(bound, _named(value, bound) if isinstance(bound, str) else value)


def _named(value: Code, name: str) -> Code:
    """Give a function the name that it is bound to, in ``memo(...)`` and the like too."""
    match value:
        case Function(_, _, _, ""):
            return replace(value, name=name)
        case Call(of, (Function(_, _, _, "") as inner, *rest), at):
            return Call(of, (replace(inner, name=name), *rest), at)
    return value


def _declared(node: Node) -> Iterator[Statement]:
    if not _broken(node):
        yield Let(text(_field(node, "name")), code(node))


def _broken(node: Node) -> bool:
    """Whether a declaration holds a syntax error: it is left out, and named in a Trouble."""
    return node.has_error


def _done(node: Node) -> Iterator[Statement]:
    if node.has_error:
        return
    for child in node.named_children:
        if child.type == "assignment_expression":
            yield Assign(code(_field(child, "left")), code(_field(child, "right")))
        elif child.type != "comment":
            yield Do(code(child))


def _if(node: Node) -> Iterator[Statement]:
    otherwise = _field(node, "alternative")
    no = block(otherwise.named_children[0]) if otherwise is not None and otherwise.named_children else _NO_BODY
    yield If(code(_field(node, "condition")), block(_field(node, "consequence")), no)


def _switch(node: Node) -> Iterator[Statement]:
    value, body = code(_field(node, "value")), _field(node, "body")
    waiting: list[Code] = []
    for child in body.named_children if body else ():
        if child.type not in ("switch_case", "switch_default"):
            continue
        case = _field(child, "value")
        waiting.append(OTHER if case is None else Same(value, code(case), False))
        inner = [part for part in child.named_children if part != case]
        found = tuple(
            one for part in inner for one in (block(part) if part.type == "statement_block" else statement(part))
        )
        if found:
            test: Code = waiting[0] if len(waiting) == 1 else OTHER
            yield If(test, found, _NO_BODY)
            waiting = []


def _loop(node: Node) -> Iterator[Statement]:
    yield If(OTHER, block(_field(node, "body")), _NO_BODY)


def _try(node: Node) -> Iterator[Statement]:
    yield from block(_field(node, "body"))
    for name in ("handler", "finalizer"):
        part = _field(node, name)
        if part is not None:
            yield If(OTHER, block(_field(part, "body")), _NO_BODY)


def _enum(node: Node) -> Iterator[Statement]:
    body = _field(node, "body")
    entries = tuple(
        (_key(_field(child, "name")), code(_field(child, "value")))
        for child in (body.named_children if body else ())
        if child.type == "enum_assignment"
    )
    yield Let(text(_field(node, "name")), Table(entries, line(node)))


_STATEMENTS: dict[str, Callable[[Node], Iterator[Statement]]] = {
    **dict.fromkeys(("lexical_declaration", "variable_declaration"), _lets),
    **dict.fromkeys(("function_declaration", "generator_function_declaration"), _declared),
    **dict.fromkeys(("class_declaration", "abstract_class_declaration"), _declared),
    "expression_statement": _done,
    "return_statement": lambda node: iter((Return(_first(node)),)),
    "if_statement": _if,
    "switch_statement": _switch,
    **dict.fromkeys(("for_statement", "for_in_statement", "while_statement", "do_statement"), _loop),
    "try_statement": _try,
    "statement_block": lambda node: iter(block(node)),
    "enum_declaration": _enum,
    "comment": lambda node: iter(()),
}
