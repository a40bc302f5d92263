"""Kotlin's statements and expressions, from the syntax tree to the records of ``compose_code``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from tree_sitter import Node as Syntax

from samouk.domains.screens.source.compose import code
from samouk.domains.screens.source.compose.code import Argument, Node, Parameter
from samouk.domains.screens.source.compose.dialect import MARK, PRIVATE
from samouk.domains.screens.source.syntax import line
from samouk.domains.screens.source.syntax import text as written

_SIMPLE = re.compile(r"\$([A-Za-z_]\w*)")

_CODED = re.compile(r"\\u([0-9a-fA-F]{4})")
_ESCAPES = {r"\n": "\n", r"\t": "\t", r"\"": '"', r"\'": "'", r"\\": "\\", r"\$": "$"}

COMMENTS = frozenset({"line_comment", "block_comment", "multiline_comment", "comment"})
_WORDS = frozenset({"true", "false", "null"})


def text(node: Syntax | None) -> str:
    """The source of a node."""
    return written(node).replace(MARK, "").replace(PRIVATE, "")


def behind_equals(children: Sequence[Syntax]) -> Syntax | None:
    for place, child in enumerate(children[:-1]):
        if child.type == "=":
            return children[place + 1]
    return None


def type_name(node: Syntax) -> str:
    """``Foo`` of ``a.Foo<B>?``; ``(`` for a function type."""
    if node.type == "user_type":
        return next((text(one) for one in reversed(node.children) if one.type == "identifier"), "")
    if node.type == "function_type":
        return "("
    return next((type_name(one) for one in node.named_children), "")


def type_of(node: Syntax) -> str:
    for child in node.children:
        if child.type in ("user_type", "nullable_type", "function_type", "parenthesized_type"):
            return type_name(child)
    return ""


def of_type(node: Syntax, kind: str) -> list[Syntax]:
    return [child for child in node.children if child.type == kind]


def name_of(node: Syntax) -> str:
    named = node.child_by_field_name("name")
    return text(named or next(iter(of_type(node, "identifier")), None)).strip("`")


def parameters_of(node: Syntax) -> tuple[Parameter, ...]:
    """Names, types and defaults; a default stands behind its parameter, or in it for a constructor."""
    found: list[Parameter] = []
    children = [one for one in node.children if one.type not in COMMENTS]
    for place, child in enumerate(children):
        if child.type not in ("parameter", "class_parameter"):
            continue
        default = behind_equals(child.children)
        if default is None and place + 2 < len(children) and children[place + 1].type == "=":
            default = children[place + 2]
        many = place > 0 and "vararg" in text(children[place - 1]).split()
        found.append(Parameter(name_of(child), type_of(child), None if default is None else node_of(default), many))
    return tuple(found)


def block_of(node: Syntax) -> tuple[Node, ...]:
    return tuple(node_of(child) for child in node.named_children if child.type not in COMMENTS)


def node_of(node: Syntax) -> Node:
    """The record of a statement or an expression."""
    shape = _SHAPES.get(node.type)
    if shape is not None:
        return shape(node)
    inner = [child for child in node.named_children if child.type not in COMMENTS]
    return code.Other(tuple(map(node_of, inner)))


def _only(node: Syntax) -> Node:
    inner = [child for child in node.named_children if child.type not in COMMENTS]
    return node_of(inner[-1]) if inner else code.Other(())


def _identifier(node: Syntax) -> Node:
    word = text(node).strip("`")
    return code.Literal({"true": True, "false": False, "null": None}[word]) if word in _WORDS else code.Name(word)


def _number(node: Syntax) -> Node:
    plain = text(node).replace("_", "").rstrip("fFlLuU")
    try:
        return code.Literal(int(plain, 0))
    except ValueError:
        pass
    try:
        return code.Literal(float(plain))
    except ValueError:
        return code.Other(())


def _string(node: Syntax) -> Node:
    """Plain contents stand in pieces, and ``$name`` may stand among them unseen by the grammar."""
    parts: list[str | Node] = []
    plain = ""
    for child in node.children:
        if child.type == "string_content":
            plain += text(child)
            continue
        if plain:
            parts += _filled(plain)
            plain = ""
        if child.type == "interpolation":
            parts.append(_only(child))
        elif child.type.endswith("escape") or child.type == "escape_sequence":
            parts.append(_escape(text(child)))
    return code.Template(tuple(_paired(parts + _filled(plain))))


def _paired(parts: Sequence[str | Node]) -> Iterator[str | Node]:
    """Escapes write a picture character in two halves; what stays half is no character."""
    plain = ""
    for part in parts:
        if isinstance(part, str):
            plain += part
            continue
        if plain:
            yield plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        plain = ""
        yield part
    if plain:
        yield plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _escape(written: str) -> str:
    return _ESCAPES.get(written, written)


def _filled(plain: str) -> list[str | Node]:
    pieces: list[str | Node] = []
    plain = _CODED.sub(lambda found: chr(int(found.group(1), 16)), plain)
    for place, piece in enumerate(_SIMPLE.split(plain)):
        if place % 2:
            pieces.append(code.Name(piece))
        elif piece:
            pieces.append(piece)
    return pieces


def _navigation(node: Syntax) -> Node:
    of, *_, last = [child for child in node.children if child.type not in COMMENTS]
    between = {child.type for child in node.children}
    if "::" in between:
        return code.Reference(node_of(of), text(last))
    name, safe = text(last).strip("`"), "?." in between
    return _within(node_of(of), of, lambda inner: code.Member(inner, name, safe))


def _index(node: Syntax) -> Node:
    """``items[0]`` is ``items.get(0)``."""
    of, *at = [child for child in node.named_children if child.type not in COMMENTS]
    places = tuple(Argument("", node_of(one)) for one in at)
    return _within(node_of(of), of, lambda inner: code.Call(code.Member(inner, "get"), places, line(node)))


def _within(first: Node, where: Syntax, rest: Callable[[Node], Node]) -> Node:
    """``!a.b()``: the grammar takes it for ``(!a).b()``."""
    if isinstance(first, code.Unary) and where.type != "parenthesized_expression":
        return code.Unary(first.operator, rest(first.of))
    return rest(first)


def _reference(node: Syntax) -> Node:
    inner = node.named_children
    return code.Reference(node_of(inner[0]) if len(inner) > 1 else None, text(inner[-1]) if inner else "")


def _call(node: Syntax) -> Node:
    """A call; a lambda behind the parentheses makes the grammar nest two of them."""
    callee: Syntax | None = None
    arguments: list[Argument] = []
    types: list[str] = []
    for child in node.children:
        if child.type == "value_arguments":
            arguments += arguments_of(child)
        elif child.type == "annotated_lambda":
            arguments.append(Argument(code.TRAILING, _only(child)))
        elif child.type == "lambda_literal":
            arguments.append(Argument(code.TRAILING, node_of(child)))
        elif child.type == "type_arguments":
            types += (type_of(one) or type_name(one) for one in child.named_children)
        elif child.is_named and child.type not in COMMENTS:
            callee = child
    if callee is None:
        return code.Other(())
    if callee.type == "call_expression" and not of_type(node, "value_arguments"):
        inner = _call(callee)
        if isinstance(inner, code.Call) and not any(one.name == code.TRAILING for one in inner.arguments):
            return inner._replace(arguments=(*inner.arguments, *arguments))
        return code.Call(inner, tuple(arguments), line(node))
    at = _line_of(callee)
    return _within(node_of(callee), callee, lambda inner: code.Call(inner, tuple(arguments), at, tuple(types)))


def _line_of(callee: Syntax) -> int:
    """Where the name that is called stands: a chain of modifiers has a call a line."""
    return callee.end_point[0] + 1


def arguments_of(node: Syntax) -> Iterator[Argument]:
    for child in node.named_children:
        if child.type != "value_argument":
            continue
        inner = [one for one in child.children if one.type not in COMMENTS]
        named = len(inner) > 2 and inner[1].type == "="
        yield Argument(text(inner[0]) if named else "", node_of(inner[-1]))


def _lambda(node: Syntax) -> Node:
    names: list[tuple[str, ...]] = []
    body: list[Node] = []
    for child in node.named_children:
        if child.type == "lambda_parameters":
            for one in child.named_children:
                each = of_type(one, "variable_declaration") if one.type == "multi_variable_declaration" else [one]
                names.append(tuple(text(next(iter(of_type(part, "identifier")), part)) for part in each))
        elif child.type not in COMMENTS:
            body.append(node_of(child))
    return code.Lambda(tuple(names), tuple(body))


def _anonymous(node: Syntax) -> Node:
    parameters = next(iter(of_type(node, "function_value_parameters")), None)
    names = () if parameters is None else tuple((one.name,) for one in parameters_of(parameters))
    body = next(iter(of_type(node, "function_body")), None)
    return code.Lambda(names, () if body is None else _body(body))


def _body(node: Syntax) -> tuple[Node, ...]:
    if node.type == "function_body":
        return tuple(one for child in node.named_children for one in _body(child))
    return block_of(node) if node.type == "block" else (node_of(node),)


def _if(node: Syntax) -> Node:
    condition = node.child_by_field_name("condition")
    branches: list[tuple[Node, ...]] = [(), ()]
    place = 0
    for child in node.children:
        if child.type == "else":
            place = 1
        elif child.is_named and child != condition and child.type not in COMMENTS:
            branches[place] = _body(child)
    return code.Choice(node_of(condition) if condition else code.Other(()), branches[0], branches[1])


def _when(node: Syntax) -> Node:
    subject = next(iter(of_type(node, "when_subject")), None)
    branches = []
    for entry in of_type(node, "when_entry"):
        conditions = tuple(map(node_of, entry.children_by_field_name("condition")))
        inner = [one for one in entry.named_children if one.type not in COMMENTS]
        branches.append(code.Branch(conditions, _body(inner[-1]) if inner else ()))
    named = [] if subject is None else of_type(subject, "variable_declaration")
    name = name_of(named[0]) if named else ""
    return code.Cases(None if subject is None else _only(subject), tuple(branches), name)


def _type_test(node: Syntax) -> Node:
    inner = node.named_children
    return code.TypeTest(node_of(inner[0]) if len(inner) > 1 else None, type_name(inner[-1]) if inner else "")


def _binary(node: Syntax) -> Node:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    operator = text(node.child_by_field_name("operator")) or next(
        (text(one) for one in node.children if not one.is_named), ""
    )
    if left is None or right is None:
        inner = node.named_children
        if len(inner) < 2:
            return _only(node)
        left, right = inner[0], inner[-1]
        if not operator and len(inner) == 3:
            operator = text(inner[1])  # ``a to b``
    first, second = node_of(left), node_of(right)
    if operator == ">" and isinstance(second, code.Lambda) and isinstance(first, code.Binary) and first.operator == "<":
        # ``composable<Home> { }`` reads like two comparisons to the grammar.
        kind = first.right.name if isinstance(first.right, code.Name | code.Member) else ""
        return code.Call(first.left, (Argument(code.TRAILING, second),), line(node), (kind,) if kind else ())
    return code.Binary(operator, first, second)


def _unary(node: Syntax) -> Node:
    of = node.child_by_field_name("argument")
    operator = text(node.child_by_field_name("operator"))
    inner = node_of(of) if of else _only(node)
    return inner if operator == "!!" else code.Unary(operator, inner)


def _let(node: Syntax) -> Node:
    value = behind_equals(node.children)
    delegate = next(iter(of_type(node, "property_delegate")), None)
    several = next(iter(of_type(node, "multi_variable_declaration")), node)
    names = tuple(name_of(one) for one in of_type(several, "variable_declaration"))
    if delegate is not None:
        return code.Let(names, _only(delegate), by=True)
    return code.Let(names, code.Other(()) if value is None else node_of(value))


def _assign(node: Syntax) -> Node:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or right is None:
        left, right = node.named_children[0], node.named_children[-1]
    return code.Assign(node_of(left), node_of(right))


def _for(node: Syntax) -> Node:
    inner = [child for child in node.named_children if child.type not in COMMENTS]
    if len(inner) < 2:
        return code.Other(tuple(map(node_of, inner)))
    names = of_type(inner[0], "variable_declaration") or [inner[0]]
    words = tuple(text(next(iter(of_type(one, "identifier")), one)) for one in names)
    return code.Loop(words, node_of(inner[1]), _body(inner[2]) if len(inner) > 2 else ())


def _return(node: Syntax) -> Node:
    label = node.child_by_field_name("label")
    value = next((child for child in node.named_children if child != label and child.type != "label"), None)
    return code.Return(None if value is None else node_of(value))


_SHAPES: dict[str, Callable[[Syntax], Node]] = {
    "identifier": _identifier,
    "simple_identifier": _identifier,
    "this_expression": lambda node: code.Name("this"),
    "number_literal": _number,
    "float_literal": _number,
    "string_literal": _string,
    "multiline_string_literal": _string,
    "navigation_expression": _navigation,
    "index_expression": _index,
    "callable_reference": _reference,
    "call_expression": _call,
    "lambda_literal": _lambda,
    "annotated_lambda": _only,
    "anonymous_function": _anonymous,
    "annotated_expression": _only,
    "labeled_expression": _only,
    "parenthesized_expression": _only,
    "if_expression": _if,
    "when_expression": _when,
    "is_expression": _type_test,
    "type_test": _type_test,
    "binary_expression": _binary,
    "infix_expression": _binary,
    "unary_expression": _unary,
    "as_expression": lambda node: node_of(node.children[0]),
    "property_declaration": _let,
    "assignment": _assign,
    "for_statement": _for,
    "return_expression": _return,
    "block": lambda node: code.Other(block_of(node)),
}
