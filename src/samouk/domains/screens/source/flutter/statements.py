"""What statements of a Flutter app do to local variables, and what they may return."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from samouk.domains.screens.source.flutter import code
from samouk.domains.screens.source.flutter.code import Stmt
from samouk.domains.screens.source.flutter.values import (
    OPAQUE,
    Closure,
    Made,
    Opaque,
    Repeated,
    Scope,
    Seq,
    Txt,
    Value,
    either,
    is_null,
    joined,
    same,
    shifting,
    truth,
)

if TYPE_CHECKING:
    from samouk.domains.screens.source.flutter.evaluation import Evaluator

MAX_DONE = 5_000
"""Expressions for a statement whose value nobody takes, while widgets are built; a handler has a bound of its own.

What it sets or fills stands near its beginning: in the studied apps those that go further load data, or run tasks that
run others, and take all the steps of a screen.
"""


def block(evaluator: Evaluator, body: Sequence[Stmt], scope: Scope, results: list[Value]) -> bool:
    """Run statements, adding what they may return; whether they surely return."""
    for one in body:
        how = _RUN.get(type(one))
        if how is not None and how(evaluator, one, scope, results):
            return True
    return False


def _return(evaluator: Evaluator, one: code.Return, scope: Scope, results: list[Value]) -> bool:
    results.append(evaluator.value(one.value, scope))
    return True


def _let(evaluator: Evaluator, one: code.Let, scope: Scope, results: list[Value]) -> bool:
    value = evaluator.value(one.value, scope)
    scope.names[one.name] = Closure(value.code, value.scope, one.name) if type(value) is Closure else value
    return False


def _put(evaluator: Evaluator, one: code.Put, scope: Scope, results: list[Value]) -> bool:
    value = evaluator.value(one.value, scope)
    target = one.target
    if one.sign not in ("=", "??="):
        value = joined(evaluator.value(target, scope), value) if one.sign == "+=" and isinstance(value, Txt) else OPAQUE
    if isinstance(target, code.Name):
        _assign(evaluator, target.id, value, one.sign, scope)
    elif isinstance(target, code.Get) and target.of == code.Name("this") and isinstance(scope.this, Made):
        scope.this.fields[target.name] = value
    return False


def _assign(evaluator: Evaluator, name: str, value: Value, sign: str, scope: Scope) -> None:
    holder = scope.holder(name)
    if holder is None:
        this = scope.this
        # A handler changes state after the screen was shown: it says nothing of how the screen opens.
        if isinstance(this, Made) and evaluator.effects is None and not evaluator.doubt:
            found = None if this.owner is None else evaluator.project.find(this.owner, name)
            if found is not None and found[1].kind == "field" and not found[1].static:
                this.fields[name] = value if found[1].final else shifting(value)
        return
    old = holder.names[name]
    if sign == "??=" and is_null(old) is False:
        return
    if evaluator.doubt and not is_null(old) and type(old) is not Opaque:
        value = either(value, old)
    holder.names[name] = value


def _do(evaluator: Evaluator, one: code.Do, scope: Scope, results: list[Value]) -> bool:
    if evaluator.effects is None:
        with evaluator.bounded(MAX_DONE):
            evaluator.value(one.value, scope)
    else:
        evaluator.value(one.value, scope)
    return False


def _branch(evaluator: Evaluator, one: code.Branch, scope: Scope, results: list[Value]) -> bool:
    held = truth(evaluator.value(one.test, scope))
    if held is not None:
        return block(evaluator, one.yes if held else one.no, scope.inner(), results)
    with evaluator.doubted():
        yes = block(evaluator, one.yes, scope.inner(), results)
        no = block(evaluator, one.no, scope.inner(), results)
    return yes and no and bool(one.no)


def _loop(evaluator: Evaluator, one: code.Loop, scope: Scope, results: list[Value]) -> bool:
    source = evaluator.value(one.source, scope)
    if isinstance(source, Seq) and not any(isinstance(item, Repeated) for item in source.items):
        for item in source.items:
            inner = scope.inner()
            inner.names[one.name] = item
            block(evaluator, one.body, inner, results)
        return False
    inner = scope.inner()
    inner.names[one.name] = OPAQUE
    evaluator.looping += 1
    try:
        with evaluator.doubted():
            block(evaluator, one.body, inner, results)
    finally:
        evaluator.looping -= 1
    return False


def _switch(evaluator: Evaluator, one: code.Switch, scope: Scope, results: list[Value]) -> bool:
    subject = evaluator.value(one.of, scope)
    every = bool(one.cases)
    for patterns, body in one.cases:
        told = [None if pattern is None else same(subject, evaluator.value(pattern, scope)) for pattern in patterns]
        if True in told:
            return block(evaluator, body, scope.inner(), results)
        if all(held is False for held in told):
            continue
        with evaluator.doubted():
            every = block(evaluator, body, scope.inner(), results) and every
    return every


_RUN: dict[type, Callable[[Evaluator, Stmt, Scope, list[Value]], bool]] = {
    code.Return: _return,
    code.Let: _let,
    code.Put: _put,
    code.Do: _do,
    code.Branch: _branch,
    code.Loop: _loop,
    code.Switch: _switch,
}
