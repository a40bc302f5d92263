"""From tree-sitter's tree of a Dart file to the records of ``flutter_code``.

The grammar lays an operand and its selectors side by side, so that every place where an expression may stand is a
run of nodes: one that is no selector opens an expression, the selectors after it belong to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from tree_sitter import Node

from samouk.domains.screens.source.flutter import code
from samouk.domains.screens.source.flutter.code import UNSAID, Call, Expr, Get, Name, Param, Stmt
from samouk.domains.screens.source.flutter.literals import number, string
from samouk.domains.screens.source.flutter.parameters import listed
from samouk.domains.screens.source.flutter.patterns import PATTERNS, bindings
from samouk.domains.screens.source.syntax import line, text

_TRAILING = frozenset({"selector", "cascade_section", "argument_part", "type_test", "type_cast"}) | {
    "unconditional_assignable_selector",
    "conditional_assignable_selector",
    "index_selector",
}
_SKIPPED = frozenset(
    {"comment", "documentation_comment", "type_arguments", "const_builtin", "label", "annotation", "inferred_type"}
    | {"final_builtin", "type_identifier", "nullable_type", "function_type", "void_type", "ERROR"}
    | {"case_builtin", "break_builtin"}
)

_EACH = "$each"
"""An item of a loop that has a pattern in place of a name."""


def expressions(nodes: Iterable[Node]) -> list[Expr]:
    """All expressions of a run of nodes."""
    found: list[Expr] = []
    start = 0
    for node in nodes:
        kind = node.type
        if not node.is_named or kind in _SKIPPED:
            continue
        if kind in _TRAILING and found:
            found[-1] = _extended(found[-1], node, start)
        else:
            start = line(node)
            found.append(expression(node))
    return found


def one(nodes: Iterable[Node]) -> Expr:
    """The last expression of a run, or UNSAID."""
    found = expressions(nodes)
    return found[-1] if found else UNSAID


def expression(node: Node) -> Expr:
    """One node that opens an expression."""
    how = _EXPRESSIONS.get(node.type)
    return UNSAID if how is None else how(node)


def _extended(of: Expr, node: Node, start: int) -> Expr:
    """``of`` with one selector more; ``start`` is the line on which it opened."""
    kind = node.type
    if kind in ("selector", "argument_part"):
        for child in node.children:
            if child.type == "arguments":
                of = call(of, child, start)
            elif child.is_named and child.type not in _SKIPPED:
                of = _extended(of, child, start)
        return of
    if kind == "cascade_section":
        return _cascade(of, node)
    for child in node.children:
        if child.type == "identifier":
            return Get(of, text(child))
        if child.type == "index_selector":
            return code.Item(of, one(child.children))
    return of if kind in ("type_cast", "type_test") else code.Item(of, one(node.children))


def call(of: Expr, arguments: Node, start: int) -> Call:
    """A call with the arguments of this node, an ``arguments`` or a ``record_literal``."""
    plain: list[Expr] = []
    named: list[tuple[str, Expr]] = []
    loose: list[Node] = []
    for child in arguments.children:
        if child.type in ("named_argument", "record_field", "argument"):
            label = next((part for part in child.children if part.type == "label"), None)
            value = one(part for part in child.children if part.type != "label")
            if label is None:
                plain.append(value)
            else:
                named.append((_label(label), value))
        else:
            loose.append(child)
    # A record with one field is not wrapped: ``(child: Text('a'))`` is a label and an expression.
    label = next((part for part in loose if part.type == "label"), None)
    if label is not None:
        named.append((_label(label), one(part for part in loose if part.type != "label")))
    elif not plain and not named:
        plain.extend(expressions(loose))
    return Call(of, tuple(plain), tuple(named), start)


def _label(node: Node) -> str:
    return text(node).rstrip(": \n")


def _cascade(of: Expr, node: Node) -> Expr:
    name, value, assigned = "", UNSAID, False
    for child in node.children:
        if child.type == "cascade_selector":
            name = text(child.named_children[0]) if child.named_children else ""
        elif child.type == "=":
            assigned = True
    if assigned:
        after = [child for child in node.children if child.type not in ("..", "?..", "cascade_selector", "=")]
        value = one(after)
    sets = of.sets if isinstance(of, code.Cascade) else ()
    inner = of.of if isinstance(of, code.Cascade) else of
    return code.Cascade(inner, (*sets, (name, value))) if assigned and name else of


def _constructed(node: Node) -> Expr:
    """``new X.y(...)``, ``const X(...)``, ``X<T>.y(...)``."""
    of: Expr = None
    for child in node.children:
        if child.type in ("type_identifier", "identifier"):
            of = Name(text(child)) if of is None else Get(of, text(child))
        elif child.type == "qualified":
            of = _qualified(child)
        elif child.type == "arguments":
            return call(of, child, line(node))
    return UNSAID if of is None else of


def _qualified(node: Node) -> Expr:
    first, *rest = [text(child) for child in node.named_children if child.type != "type_arguments"]
    of: Expr = Name(first)
    for name in rest:
        of = Get(of, name)
    return of


def _relational(node: Node) -> Expr:
    """``X<T>(...)`` where an argument or an item may stand reads as two comparisons to the grammar."""
    children = [child for child in node.children if child.is_named and child.type not in _SKIPPED]
    if len(children) >= 3 and children[0].type == "relational_expression" and text(children[1]) == ">":
        inner = [child for child in children[0].children if child.is_named]
        if children[2].type in ("record_literal", "parenthesized_expression") and len(inner) >= 3:
            cut = next((place for place, child in enumerate(inner) if child.type == "relational_operator"), 0)
            of: Expr = call(one(inner[:cut]), children[2], line(node))
            for child in children[3:]:
                of = _extended(of, child, line(node))
            return of
    return _operation(node)


def _operation(node: Node) -> Expr:
    operands, sign = [], ""
    run: list[Node] = []
    for child in node.children:
        if child.type.endswith("_operator") or not child.is_named:
            operands += expressions(run)
            run, sign = [], sign or text(child)
        else:
            run.append(child)
    operands += expressions(run)
    if not sign:
        return operands[-1] if operands else UNSAID
    # ``a + b > 0 ? x : y`` reads as ``a + (b > 0 ? x : y)`` to the grammar; without brackets it is never meant so.
    if run and run[-1].type == "conditional_expression" and isinstance(operands[-1], code.When):
        test, yes, no = operands[-1]
        return code.When(code.Op(sign, (*operands[:-1], test)), yes, no)
    return code.Op(sign, tuple(operands))


def _unary(node: Node) -> Expr:
    first = node.children[0] if node.children else None
    if first is not None and first.type == "prefix_operator" and text(first) in "!-":
        held = one(node.children[1:])
        if node.children[-1].type == "conditional_expression" and isinstance(held, code.When):
            return held._replace(test=code.Op(text(first), (held.test,)))
        return code.Op(text(first), (held,))
    return one(child for child in node.children if child.type != "prefix_operator")


def _condition(node: Node) -> tuple[Expr, Expr, Expr | None]:
    """Test, yes and no of what has fields ``consequence`` and ``alternative``."""
    yes = node.children_by_field_name("consequence")
    no = node.children_by_field_name("alternative")
    taken = {child.id for child in (*yes, *no)}
    head = [child for child in node.children if child.id not in taken]
    matched = any(child.type == "case" for child in head)
    test = UNSAID if matched else one(child for child in head if child.type not in PATTERNS)
    return test, one(yes), one(no) if no else None


def _when(node: Node) -> Expr:
    return code.When(*_condition(node))


def _loop_parts(node: Node) -> tuple[str, Expr, dict[str, Expr]]:
    """The name of each item, what they come from, and what a pattern in place of the name names."""
    parts = next((child for child in node.children if child.type == "for_loop_parts"), None)
    if parts is None:
        return "", UNSAID, {}
    name, value = parts.child_by_field_name("name"), parts.children_by_field_name("value")
    if name is not None:
        return text(name), one(value), {}
    cut = next((place for place, child in enumerate(parts.children) if child.type == "in"), None)
    if cut is None:
        return *_counted(parts), {}
    return _EACH, one(parts.children[cut:]), dict(bindings(parts.children[:cut], Name(_EACH), declares=True))


def _counted(parts: Node) -> tuple[str, Expr]:
    """``int i = 0; i < count; i++`` as the list of numbers that it goes through."""
    test = one(parts.children_by_field_name("condition"))
    if isinstance(test, code.Op) and test.sign == "<" and len(test.operands) == 2:
        name, count = test.operands
        if isinstance(name, Name):
            each = code.Func((Param(name.id),), (code.Return(name),))
            return name.id, Call(Get(Name("List"), "generate"), (count, each), (), line(parts))
    return "", UNSAID


def _each(node: Node) -> Expr:
    name, source, named = _loop_parts(node)
    return code.Each(name, source, _called_with(named, one(node.children_by_field_name("body")), line(node)))


def _switch_expression(node: Node) -> Expr:
    cases: list[tuple[Expr, Expr]] = []
    of = one(node.children_by_field_name("condition"))
    for case in node.children:
        if case.type == "switch_expression_case":
            arrow = next((place for place, child in enumerate(case.children) if child.type == "=>"), 0)
            head = case.children[:arrow]
            cases.append((_pattern(head), _bound(head, of, one(case.children[arrow:]), line(case))))
    return code.Cases(of, tuple(cases))


def _bound(head: Sequence[Node], of: Expr, result: Expr, at: int) -> Expr:
    """``result`` with what the pattern before it names."""
    return _called_with(dict(bindings(head, of)), result, at)


def _called_with(named: dict[str, Expr], result: Expr, at: int) -> Expr:
    """A function of these names that gives ``result``, called with their values."""
    if not named:
        return result
    each = code.Func(tuple(Param(name) for name in named), (code.Return(result),))
    return Call(each, tuple(named.values()), (), at)


def _pattern(nodes: Sequence[Node]) -> Expr:
    first = next((node for node in nodes if node.is_named and node.type != "case_builtin"), None)
    if first is None or any(node.type == "when" for node in nodes):
        return None
    if first.type == "constant_pattern":
        inner = first.named_children[0] if first.named_children else None
        if inner is None or text(inner) == "_":
            return None
        return _qualified(inner) if inner.type == "qualified" else one(first.children)
    return None if first.type in PATTERNS else expression(first)


def _set_or_map(node: Node) -> Expr:
    pairs = [child for child in node.children if child.type == "pair"]
    if not pairs:
        return code.Items(tuple(expressions(node.children)))
    return code.Pairs(
        tuple((one(pair.children_by_field_name("key")), one(pair.children_by_field_name("value"))) for pair in pairs)
    )


def _record(node: Node) -> Expr:
    told = call(Name(code.RECORD), node, line(node))
    return told if told.named else code.Items(told.args)


def _function(node: Node) -> Expr:
    body = node.child_by_field_name("body")
    return code.Func(params(node.child_by_field_name("parameters")), body_of(body))


def body_of(node: Node | None) -> tuple[Stmt, ...]:
    """Statements of a ``function_body``, a ``function_expression_body`` or none."""
    if node is None:
        return ()
    if any(child.type == "=>" for child in node.children):
        return (code.Return(one(node.children)),)
    return tuple(statements(node.children))


def params(node: Node | None) -> tuple[Param, ...]:
    """Parameters of a ``formal_parameter_list``."""
    return listed(node, one)


def statements(nodes: Iterable[Node]) -> Iterator[Stmt]:
    """What a run of statements does; what tells nothing of screens is left out."""
    for node in nodes:
        how = _STATEMENTS.get(node.type)
        if how is not None:
            yield from how(node)


def _block(node: Node) -> Iterator[Stmt]:
    return statements(node.children)


def _returned(node: Node) -> Iterator[Stmt]:
    yield code.Return(one(node.children) if node.named_children else code.Lit(None))


def _done(node: Node) -> Iterator[Stmt]:
    for child in node.children:
        if child.type == "assignment_expression":
            yield _assignment(child)
            return
    for found in expressions(node.children):
        yield code.Do(found)


def _assignment(node: Node) -> Stmt:
    left = node.child_by_field_name("left")
    right = node.children_by_field_name("right")
    sign = next((child.type for child in node.children if not child.is_named and child.type.endswith("=")), "=")
    return code.Put(one(left.children) if left is not None else UNSAID, sign, one(right))


def _assigned(node: Node) -> Expr:
    return _assignment(node).value


def _local(node: Node) -> Iterator[Stmt]:
    for child in node.children:
        if child.type == "pattern_variable_declaration":
            cut = next((place for place, part in enumerate(child.children) if part.type == "="), 0)
            of = one(child.children[cut:])
            yield from (code.Let(*told) for told in bindings(child.children[:cut], of, declares=True))
        elif child.type == "initialized_variable_definition":
            name, value = child.child_by_field_name("name"), child.children_by_field_name("value")
            yield code.Let(text(name), one(value) if value else code.Lit(None))
            for more in child.children:
                if more.type == "initialized_identifier":
                    yield code.Let(*_initialized(more))


def _initialized(node: Node) -> tuple[str, Expr]:
    """Name and value of ``x = value``; None for no value."""
    children = node.children
    cut = next((place for place, child in enumerate(children) if child.type == "="), len(children))
    name = next((child for child in children[:cut] if child.type == "identifier"), None)
    return text(name), one(children[cut + 1 :]) if cut < len(children) else None


def _local_function(node: Node) -> Iterator[Stmt]:
    for child in node.children:
        if child.type == "lambda_expression":
            signature = child.child_by_field_name("parameters")
            if signature is not None:
                name = text(signature.child_by_field_name("name"))
                yield code.Let(name, code.Func(_list_of(signature), body_of(child.child_by_field_name("body"))))


def _list_of(signature: Node) -> tuple[Param, ...]:
    return params(next((child for child in signature.children if child.type == "formal_parameter_list"), None))


def _if(node: Node) -> Iterator[Stmt]:
    yes, no = node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
    head = [child for child in node.children if child not in (yes, no)]
    cut = next((place for place, child in enumerate(head) if child.type == "case"), None)
    if cut is None:
        yield code.Branch(one(head), _inside(yes), _inside(no))
        return
    named = (code.Let(*told) for told in bindings(head[cut:], one(head[:cut])))
    yield code.Branch(UNSAID, (*named, *_inside(yes)), _inside(no))


def _inside(node: Node | None) -> tuple[Stmt, ...]:
    return () if node is None else tuple(statements([node]))


def _loop(node: Node) -> Iterator[Stmt]:
    name, source, named = _loop_parts(node)
    known = (code.Let(*told) for told in named.items())
    yield code.Loop(name, source, (*known, *_inside(node.child_by_field_name("body"))))


def _switch(node: Node) -> Iterator[Stmt]:
    body = node.child_by_field_name("body")
    of = one(node.children_by_field_name("condition"))
    cases: list[tuple[tuple[Expr, ...], tuple[Stmt, ...]]] = []
    pending: list[Expr] = []
    for case in () if body is None else body.named_children:
        cut = next((place for place, child in enumerate(case.children) if child.type == ":"), 0)
        pending.append(_pattern(case.children[:cut]) if case.type == "switch_statement_case" else None)
        told = tuple(statements(case.children[cut + 1 :]))
        if told:
            named = (code.Let(*found) for found in bindings(case.children[:cut], of))
            cases.append((tuple(pending), (*named, *told)))
            pending = []
    yield code.Switch(of, tuple(cases))


_EXPRESSIONS: dict[str, Callable[[Node], Expr]] = {
    "identifier": lambda node: Name(text(node)),
    "identifier_dollar_escaped": lambda node: Name(text(node)),
    "this": lambda node: Name("this"),
    "dot_shorthand": lambda node: Get(Name(code.SHORT), text(node.named_children[-1])),
    "super": lambda node: Name("super"),
    "string_literal": lambda node: string(node, one),
    "null_literal": lambda node: code.Lit(None),
    "true": lambda node: code.Lit(True),
    "false": lambda node: code.Lit(False),
    "decimal_integer_literal": number,
    "decimal_floating_point_literal": number,
    "list_literal": lambda node: code.Items(tuple(expressions(node.children))),
    "set_or_map_literal": _set_or_map,
    "record_literal": _record,
    "spread_element": lambda node: code.Spread(one(node.children)),
    "if_element": _when,
    "for_element": _each,
    "conditional_expression": _when,
    "switch_expression": _switch_expression,
    "function_expression": _function,
    "const_object_expression": _constructed,
    "new_expression": _constructed,
    "constructor_invocation": _constructed,
    "relational_expression": _relational,
    "equality_expression": _operation,
    "logical_and_expression": _operation,
    "logical_or_expression": _operation,
    "additive_expression": _operation,
    "if_null_expression": _operation,
    "unary_expression": _unary,
    "assignment_expression": _assigned,
    **dict.fromkeys(
        ("parenthesized_expression", "await_expression", "postfix_expression", "type_cast_expression"),
        lambda node: one(node.children),
    ),
}
_STATEMENTS: dict[str, Callable[[Node], Iterator[Stmt]]] = {
    "block": _block,
    "return_statement": _returned,
    "yield_statement": lambda node: iter((code.Do(one(node.children)),)),
    "expression_statement": _done,
    "local_variable_declaration": _local,
    "local_function_declaration": _local_function,
    "if_statement": _if,
    "for_statement": _loop,
    "while_statement": _loop,
    "do_statement": _loop,
    "switch_statement": _switch,
    "try_statement": _block,
    "finally_clause": _block,
}
