"""Dart expressions that the grammar tells oddly, and what they are read as."""

from __future__ import annotations

import pytest

from samouk.domains.screens.source.flutter.code import (
    UNSAID,
    Call,
    Cascade,
    Cases,
    Each,
    Expr,
    Func,
    Get,
    Item,
    Items,
    Lit,
    Name,
    Op,
    Return,
    Spread,
    Str,
    When,
)
from samouk.domains.screens.source.flutter.declarations import declared
from samouk.domains.screens.source.syntax import parse

A, B, C, D = (Name(letter) for letter in "abcd")


def read(source: str) -> Expr:
    """The value of a variable that is declared with this expression."""
    code, troubles = declared("x.dart", parse("dart", f"final x = [{source}];".encode()).root_node)
    assert troubles == ()
    return code.members["x"].value.items[0]


def made(name: Expr, *args: Expr, **named: Expr) -> Call:
    """A call on the first line."""
    return Call(name, args, tuple(named.items()), 1)


@pytest.mark.parametrize(
    ("source", "expr"),
    [
        ("X<int>(a)", made(Name("X"), A)),
        ("X<int>(k: a)", made(Name("X"), k=A)),
        ("X<int>(a, k: b)", made(Name("X"), A, k=B)),
        ("a.b<int>((c) => d).e", Get(made(Get(A, "b"), UNSAID)._replace(args=(read("(c) => d"),)), "e")),
        ("const X(k: a)", made(Name("X"), k=A)),
        ("new X.y(a)", made(Get(Name("X"), "y"), A)),
        ("p.X.y(a)", made(Get(Get(Name("p"), "X"), "y"), A)),
        ("a!.b?.c", Get(Get(A, "b"), "c")),
        ("a[b]", Item(A, B)),
        ("a + b > 0 ? c : d", When(Op("+", (A, Op(">", (B, Lit(0.0))))), C, D)),
        ("!a ? b : c", When(Op("!", (A,)), B, C)),
        ("a ?? b ? c : d", When(Op("??", (A, B)), C, D)),
        ("(a + b) ?? c", Op("??", (Op("+", (A, B)), C))),
        ("a is B ? c : d", When(UNSAID, C, D)),
        ("a as B", A),
        ("await a", A),
        ("X()..b = c", Cascade(made(Name("X")), (("b", C),))),
        ("...a", Spread(A)),
        ("...?a", Spread(A)),
        ("if (a) b else c", When(A, B, C)),
        ("for (final a in b) c", Each("a", B, C)),
        ("switch (a) { 1 => b, X.y => c, _ => d }", Cases(A, ((Lit(1.0), B), (Get(Name("X"), "y"), C), (None, D)))),
        ("{a, b}", Items((A, B))),
        ("'a' \"b\"", Str(("ab",))),
        (r"r'\n$a'", Str(("\\n$a",))),
        (r"'\$a\u0041\n'", Str(("$aA\n",))),
        ("'a ${b.c} $d'", Str(("a ", Get(B, "c"), " ", D))),
        ("'''a\nb'''", Str(("a\nb",))),
    ],
)
def test_an_expression_is_read_as(source: str, expr: Expr) -> None:
    """Generic calls, precedence, selectors, collections, strings."""
    assert read(source) == expr


def test_members_of_a_class() -> None:
    """Constructors with what they bind, set and pass on; fields; getters; the lines on which they stand."""
    code, _ = declared(
        "x.dart",
        parse(
            "dart",
            b"""class A extends State<B> with M {
  const A({super.key, required this.a, this.b = 1, String? c}) : d = null, super(e: a);
  A.other(this.a) : this(a: a);
  factory A.made() => A(a: 1);
  final int a; static const String route = '/a', other = '/b';
  @override
  Widget get part => b;
}""",
        ).root_node,
    )
    (one,) = code.classes
    assert (one.base, one.argument, one.mixins, one.line, one.last) == ("State", "B", ("M",), 1, 8)
    plain, other, factory = one.members["A"], one.members["A.other"], one.members["A.made"]
    assert [(param.name, param.binds, param.required) for param in plain.params] == [
        ("key", "super", False),
        ("a", "this", True),
        ("b", "this", False),
        ("c", "", False),
    ]
    assert (plain.params[2].default, plain.sets) == (Lit(1.0), (("d", Lit(None)),))
    assert plain.passes is not None
    assert (plain.passes.of, plain.passes.named) == (Name("super"), (("e", A),))
    assert other.passes is not None
    assert other.passes.of == Name("this")
    assert (factory.kind, factory.static) == ("method", True)
    assert (one.members["route"].value, one.members["other"].value) == (Str(("/a",)), Str(("/b",)))
    assert one.members["part"].body == (Return(B),)


def test_a_closure_keeps_its_parameters() -> None:
    """By name, in order."""
    closure = read("(a, {required b}) { return a; }")
    assert isinstance(closure, Func)
    assert [(param.name, param.named) for param in closure.params] == [("a", False), ("b", True)]
