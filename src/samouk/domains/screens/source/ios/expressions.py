"""Swift expressions and statements as small records: all that is kept of a file when its syntax tree is gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node

from samouk.domains.screens.source.syntax import line, text


class Name(NamedTuple):
    """A value by its path, ``self.`` left off: ``title``, ``$isOn``, ``.red``, ``true``, ``12``; "" for the unknown."""

    path: str


class Literal(NamedTuple):
    """A string; what is filled in stands among its parts."""

    parts: tuple[str | Expression, ...]
    line: int = 0


class Argument(NamedTuple):
    """``label`` is "" for none; a trailing closure without one has ``{}``."""

    label: str
    value: Expression


class Call(NamedTuple):
    """``receiver.name(arguments)``; operators are calls too: ``!``, ``??``, ``&&``, ``||``, ``==``, ``!=``."""

    name: str
    receiver: Expression | None
    arguments: tuple[Argument, ...]
    line: int


class Member(NamedTuple):
    """A property of what is not a plain path: ``Row().title``."""

    base: Expression
    name: str


class Closure(NamedTuple):
    """Code between braces."""

    parameters: tuple[str, ...]
    body: tuple[Statement, ...]
    line: int


class Branch(NamedTuple):
    """``test`` is None for ``else``; ``cases`` are the names of a ``switch`` entry, empty for its ``default``."""

    test: Expression | None
    cases: tuple[str, ...]
    body: tuple[Statement, ...]
    bound: tuple[str, ...] = ()


class Choice(NamedTuple):
    """``if``, ``switch`` or ``?:``; ``subject`` is what a ``switch`` looks at."""

    subject: Expression | None
    branches: tuple[Branch, ...]


class Listing(NamedTuple):
    """An array."""

    items: tuple[Expression, ...]


class Let(NamedTuple):
    """A local name."""

    name: str
    type: str
    value: Expression
    line: int


class Assignment(NamedTuple):
    """``target = value``."""

    target: Expression
    value: Expression
    line: int


class Loop(NamedTuple):
    """``for`` and ``while``."""

    name: str
    body: tuple[Statement, ...]


class Guard(NamedTuple):
    """``guard``, or a bare ``return``: what follows is not certain to be reached."""

    body: tuple[Statement, ...]


Expression = Name | Literal | Call | Member | Closure | Choice | Listing
Statement = Expression | Let | Assignment | Loop | Guard

UNKNOWN = Name("")
_OPERATORS = {
    "conjunction_expression": "&&",
    "disjunction_expression": "||",
    "nil_coalescing_expression": "??",
}
_THROUGH = frozenset(
    [
        "try_expression",
        "await_expression",
        "as_expression",
        "postfix_expression",
        "directly_assignable_expression",
        "parenthesized_expression",
        "optional_chaining_marker",
    ]
)


def expression(node: Node | None) -> Expression:
    """The record of one expression; ``UNKNOWN`` where nothing of it is of use."""
    if node is None:
        return UNKNOWN
    kind = node.type
    if kind in _THROUGH or (kind == "tuple_expression" and node.named_child_count == 1):
        inner = node.child_by_field_name("expr") or node.child_by_field_name("target")
        return expression(inner or next(iter(_told(node)), None))
    match kind:
        case "simple_identifier" | "boolean_literal" | "integer_literal" | "real_literal":
            return Name(text(node))
        case "self_expression":
            return Name("self")
        case "nil":
            return Name("nil")
        case "line_string_literal" | "multi_line_string_literal" | "raw_string_literal":
            return _literal(node)
        case "call_expression":
            return _call(node)
        case "constructor_expression":
            return _construction(node)
        case "navigation_expression":
            return _navigation(node)
        case "prefix_expression":
            return _prefix(node)
        case "lambda_literal":
            return _closure(node)
        case "ternary_expression":
            return _ternary(node)
        case "array_literal":
            return Listing(tuple(expression(one) for one in node.children_by_field_name("element")))
        case "additive_expression":
            return _sum(node)
        case (
            "equality_expression"
            | "comparison_expression"
            | "conjunction_expression"
            | "disjunction_expression"
            | "nil_coalescing_expression"
        ):
            return _binary(node)
        case "selector_expression":
            named = expression(next(iter(_told(node)), None))
            return Call("#selector", None, (Argument("", named),), line(node))
        case "if_statement" | "switch_statement":
            return _choice(node)
    return Name("") if kind != "value_argument" else expression(node.child_by_field_name("value"))


def statements(node: Node | None) -> tuple[Statement, ...]:
    """The statements below a ``statements`` node, or below what holds one."""
    if node is None:
        return ()
    if node.type != "statements":
        node = next((one for one in node.named_children if one.type == "statements"), None)
        if node is None:
            return ()
    return tuple(found for one in node.named_children for found in _statement(one))


def _statement(node: Node) -> Iterator[Statement]:
    match node.type:
        case "property_declaration":
            yield from _lets(node)
        case "control_transfer_statement":
            result = node.child_by_field_name("result")
            yield expression(result) if result is not None else Guard(())
        case "assignment":
            target, value = node.child_by_field_name("target"), node.child_by_field_name("result")
            yield Assignment(expression(target), expression(value), line(node))
        case "for_statement" | "while_statement" | "repeat_while_statement":
            item = node.child_by_field_name("item")
            yield Loop(text(item), statements(node))
        case "guard_statement":
            yield from _bindings(node)
            yield Guard(statements(node))
        case "do_statement":
            yield from statements(node)
        case "comment" | "multiline_comment" | "function_declaration":
            return
        case _:
            yield expression(node)


def _lets(node: Node) -> Iterator[Statement]:
    pattern, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if pattern is not None and value is not None:
        yield Let(text(pattern), declared(node) or _cast(value), expression(value), line(node))


def _bindings(node: Node) -> Iterator[Let]:
    """Names that a condition binds to what a call gives, or to a name with a cast: `guard let row = cell as? Row`."""
    name: Node | None = None
    for index, one in enumerate(node.children):
        field = node.field_name_for_child(index)
        if field == "bound_identifier":
            name = one
        elif field == "condition" and one.is_named and name is not None and one.type != "value_binding_pattern":
            value, kind = expression(one), _cast(one)
            if isinstance(value, Call) or kind:
                yield Let(text(name), kind, value, line(name))
            name = None


def _cast(node: Node) -> str:
    """The type to which `as?` turns a value; "" where nothing does."""
    while node.type in ("await_expression", "try_expression"):
        inner = next((one for one in node.named_children if one.type.endswith("_expression")), None)
        if inner is None:
            return ""
        node = inner
    kind = node.child_by_field_name("name") if node.type == "as_expression" else None
    return "" if kind is None else text(kind).rstrip("?!")


def declared(node: Node) -> str:
    """The type that an annotation below ``node`` names, without spaces; "" for none."""
    found = next((one for one in node.children if one.type == "type_annotation"), None)
    return "" if found is None else text(found).lstrip(": ").replace(" ", "")


def _told(node: Node) -> list[Node]:
    return [one for one in node.named_children if one.type not in ("comment", "multiline_comment")]


def _literal(node: Node) -> Expression:
    parts: list[str | Expression] = []
    for one in node.named_children:
        if one.type == "interpolated_expression":
            parts.append(expression(one.child_by_field_name("value")))
        elif one.type == "str_escaped_char":
            parts.append({"\\n": "\n", "\\t": "\t"}.get(text(one), text(one)[1:]))
        elif one.type in ("line_str_text", "multi_line_str_text", "raw_str_part", "raw_str_end_part"):
            parts.append(text(one))
    if node.type == "raw_string_literal":
        return Literal((text(node).strip("#").strip('"'),), line(node))
    if node.type == "multi_line_string_literal":
        parts = _dedented(parts)
    return Literal(_joined(parts), line(node))


def _joined(parts: list[str | Expression]) -> tuple[str | Expression, ...]:
    whole: list[str | Expression] = []
    for part in parts:
        if isinstance(part, str) and whole and isinstance(last := whole[-1], str):
            whole[-1] = last + part
        else:
            whole.append(part)
    return tuple(whole)


def _dedented(parts: list[str | Expression]) -> list[str | Expression]:
    """Lines of a long literal without the indent of its closing quotes, near enough: each is stripped."""
    return [
        "\n".join(row.strip() if "\n" in part else row for row in part.strip("\n").split("\n"))
        if isinstance(part, str)
        else part
        for part in parts
    ]


def _sum(node: Node) -> Expression:
    left, right = expression(node.child_by_field_name("lhs")), expression(node.child_by_field_name("rhs"))
    if isinstance(left, Literal) or isinstance(right, Literal):
        parts = [part for side in (left, right) for part in (side.parts if isinstance(side, Literal) else (side,))]
        return Literal(_joined(parts), line(node))
    if isinstance(left, Listing) or isinstance(right, Listing):
        return Listing(
            tuple(one for side in (left, right) for one in (side.items if isinstance(side, Listing) else (side,)))
        )
    return UNKNOWN


def _binary(node: Node) -> Expression:
    operator = _OPERATORS.get(node.type) or text(node.child_by_field_name("op"))
    left = node.child_by_field_name("lhs") or node.child_by_field_name("value")
    right = node.child_by_field_name("rhs") or node.child_by_field_name("if_nil")
    return Call(operator, None, (Argument("", expression(left)), Argument("", expression(right))), line(node))


def _prefix(node: Node) -> Expression:
    target = node.child_by_field_name("target")
    mark = text(node)[:1]
    inner = expression(target)
    if mark == ".":
        return Name("." + inner.path) if isinstance(inner, Name) else inner
    if mark == "!":
        return Call("!", None, (Argument("", inner),), line(node))
    return inner


def _navigation(node: Node) -> Expression:
    base = node.child_by_field_name("target")
    suffix = node.child_by_field_name("suffix")
    name = text(suffix.child_by_field_name("suffix") if suffix is not None else None)
    if base is None:
        return Name("." + name)
    inner = expression(base)
    if isinstance(inner, Name):
        return joined(inner, name)
    return Member(inner, name)


def joined(base: Name, name: str) -> Name:
    """A longer path; ``self`` adds nothing, and the unknown stays so."""
    if base.path in ("self", "super"):
        return Name(name)
    return Name(f"{base.path}.{name}") if base.path else UNKNOWN


def _construction(node: Node) -> Expression:
    named = node.child_by_field_name("constructed_type")
    suffix = next((one for one in node.children if one.type == "constructor_suffix"), None)
    return Call(_plain(text(named)), None, _arguments(suffix), line(node))


def _plain(name: str) -> str:
    return name.partition("<")[0].strip()


def _call(node: Node) -> Expression:
    callee, suffix = node.children[0], node.children[-1]
    arguments = _arguments(suffix)
    inner = expression(callee)
    at = line(callee) if callee.type != "navigation_expression" else _last_line(callee)
    if isinstance(inner, Name):
        base, _, name = inner.path.rpartition(".")
        if inner.path.startswith(".") and not base:
            return Call(name, Name("."), arguments, at)
        return Call(_plain(name), Name(base) if base else None, arguments, at)
    if isinstance(inner, Member):
        return Call(inner.name, inner.base, arguments, at)
    if isinstance(inner, Call) and arguments and all(isinstance(one.value, Closure) for one in arguments):
        return inner._replace(arguments=(*inner.arguments, *arguments))  # `Action(title: x) { ... }` after `=`
    # `{ ... }()` is its own value; a call of a call is left as it is.
    return Call("()", inner, arguments, at)


def _last_line(node: Node) -> int:
    suffix = node.child_by_field_name("suffix")
    return line(suffix) if suffix is not None else line(node)


def _arguments(suffix: Node | None) -> tuple[Argument, ...]:
    if suffix is None:
        return ()
    found: list[Argument] = []
    label = ""
    for one in suffix.named_children:
        if one.type == "value_arguments":
            found += (_argument(each) for each in one.named_children if each.type == "value_argument")
        elif one.type == "lambda_literal":
            found.append(Argument(label or "{}", _closure(one)))
            label = ""
        elif one.type == "simple_identifier":
            label = text(one)
    return tuple(found)


def _argument(node: Node) -> Argument:
    label = node.child_by_field_name("name")
    value = node.child_by_field_name("value")
    return Argument(text(label).rstrip(":") if label is not None else "", expression(value))


def _closure(node: Node) -> Closure:
    kind = node.child_by_field_name("type")
    names: list[str] = []
    if kind is not None:
        waiting = [kind]
        while waiting:
            one = waiting.pop()
            if one.type == "lambda_parameter":
                names.append(text(one.child_by_field_name("name")))
            else:
                waiting.extend(reversed(one.named_children))
    return Closure(tuple(names), statements(node), line(node))


def _ternary(node: Node) -> Expression:
    test = expression(node.child_by_field_name("condition"))
    yes, no = node.child_by_field_name("if_true"), node.child_by_field_name("if_false")
    return Choice(None, (Branch(test, (), (expression(yes),)), Branch(None, (), (expression(no),))))


def _choice(node: Node) -> Choice:
    return _switch(node) if node.type == "switch_statement" else Choice(None, tuple(_branches(node)))


def _branches(node: Node) -> Iterator[Branch]:
    """``if`` and what follows its ``else``, which may be another ``if``."""
    seen_else, told = False, False
    for one in node.named_children:
        if one.type == "else":
            seen_else = True
        elif one.type == "statements":
            bound = () if seen_else else tuple(_bindings(node))
            yield Branch(None if seen_else else _test(node), (), (*bound, *statements(one)))
            told = True
        elif one.type == "if_statement" and seen_else:
            if not told:
                yield Branch(_test(node), (), ())
            yield from _branches(one)


def _test(node: Node) -> Expression:
    conditions = node.children_by_field_name("condition")
    if conditions and all(one.type == "availability_condition" for one in conditions):  # a new phone has it
        return Name("false" if "#unavailable" in text(conditions[0]) else "true")
    if any(one.type in ("value_binding_pattern", "availability_condition") for one in conditions):
        return UNKNOWN
    tests = [expression(one) for one in conditions if one.is_named]
    whole = tests[0] if tests else UNKNOWN
    for other in tests[1:]:
        whole = Call("&&", None, (Argument("", whole), Argument("", other)), line(node))
    return whole


def _switch(node: Node) -> Choice:
    entries = [one for one in node.named_children if one.type == "switch_entry"]
    return Choice(expression(node.child_by_field_name("expr")), tuple(_entry(one) for one in entries))


def _entry(node: Node) -> Branch:
    patterns = [one for one in node.named_children if one.type == "switch_pattern"]
    cases = tuple(text(one).partition("(")[0].rpartition(".")[2].strip() for one in patterns)
    bound = tuple(text(name) for one in patterns for name in _bound(one))
    return Branch(None, cases, statements(node), bound)


def _bound(node: Node) -> Iterator[Node]:
    for one in node.named_children:
        if one.type == "simple_identifier" and node.child_by_field_name("bound_identifier") == one:
            yield one
        else:
            yield from _bound(one)
