"""A composable function unfolded into widgets: the app's own wrappers are entered with their arguments in place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from samouk.domains.screens.source.compose import code
from samouk.domains.screens.source.compose.catalogue import LOOPS, SCOPED, SCOPES, WIDGETS
from samouk.domains.screens.source.compose.code import Node
from samouk.domains.screens.source.compose.drafts import everything
from samouk.domains.screens.source.compose.drawing import Drawing, Where
from samouk.domains.screens.source.compose.logic import both, negated
from samouk.domains.screens.source.compose.objects import kinds_of
from samouk.domains.screens.source.compose.values import (
    MISSING,
    UNKNOWN,
    Bound,
    Closure,
    Either,
    Initially,
    Instance,
    Made,
    Scope,
    Value,
    each,
    now,
    start,
    state_of,
    truth,
)
from samouk.domains.screens.source.widgets import Place

DEEPEST = 40
"""Composables within composables."""


@dataclass(slots=True)
class Unfolding(Drawing):
    """Runs the statements of composables."""

    def body(self, nodes: Sequence[Node], scope: Scope, where: Where) -> None:
        """Run statements."""
        for node in nodes:
            self.statement(node, scope, where)
            if isinstance(node, code.Choice) and any(isinstance(one, code.Return) for one in node.yes):
                known = self.meaning.of(node.condition, scope)
                if truth(known):
                    return
                if truth(known) is None:
                    where = replace(where, conditional=where.conditional or start(known) is not False)

    def statement(self, node: Node, scope: Scope, where: Where) -> None:
        """Run one."""
        match node:
            case code.Let(_, value):
                self.meaning.let(node, scope)
                self._measured(value, scope, where)
            case code.Call():
                self.call(node, scope, where)
            case code.Choice(condition, yes, no):
                value = self.meaning.of(condition, scope)
                self.branch(value, yes, scope, where)
                self.branch(negated(value), no, scope, where)
            case code.Cases():
                self._cases(node, scope, where)
            case code.Loop(names, over, body):
                closure = code.Lambda((names,), body)
                self.loop(self.meaning.of(over, scope), closure, scope, where, False)
            case code.Binary("?:", left, right):
                self.statement(left, scope, where)
                self.statement(right, scope, replace(where, conditional=True))
            case code.Return(value) if value is not None:
                self.statement(value, scope, where)
            case code.Other(parts):
                self.body(parts, scope.inner(), where)

    def _measured(self, value: Node, scope: Scope, where: Where) -> None:
        """What is composed to be measured: ``val parts = subcompose(..) { }``; of a choice what it begins with."""
        match value:
            case code.Choice(condition, yes, no):
                known = start(self.meaning.of(condition, scope))
                for part in (*(yes if known is not False else ()), *(no if known is not True else ())):
                    self._measured(part, scope, where)
            case code.Call(code.Name("subcompose") | code.Member(_, "subcompose")):
                for one in value.arguments:
                    self.slot(self.meaning.of(one.value, scope), replace(where, wrapper=None))
            case code.Call(code.Member(of, _)) | code.Member(of, _):
                self._measured(of, scope, where)

    def branch(self, condition: Value, body: Sequence[Node], scope: Scope, where: Where) -> None:
        """A part that is there when ``condition`` holds."""
        if truth(condition) is False or not body:
            return
        inner = where
        if truth(condition) is None:
            guard = state_of(condition) if start(condition) is False else where.guard
            inner = replace(where, conditional=where.conditional or start(condition) is not True, guard=guard)
        self.body(body, scope.inner(), inner)

    def _cases(self, node: code.Cases, scope: Scope, where: Where) -> None:
        subject = MISSING if node.subject is None else self.meaning.of(node.subject, scope)
        taken: Value = False
        found = [self.meaning.fits(branch, subject, scope) for branch in node.branches]
        left = [place for place, one in enumerate(found) if start(one) is not False]
        if len(left) == 1:  # all others are taken not to last
            found[left[0]] = found[left[0]] if truth(found[left[0]]) else Initially(True)
        for branch, fits in zip(node.branches, found, strict=True):
            free = negated(taken)
            condition = fits if truth(free) else (False if truth(free) is False else both(fits, free))
            self.branch(condition, branch.body, self.meaning.within(node, branch, subject, scope), where)
            if truth(fits):
                taken = True if truth(taken) is not None else taken
                if truth(taken):
                    return
            elif start(fits) is True:
                taken = Initially(True, state_of(fits))
            elif start(fits) is None and start(taken) is not True:
                taken = UNKNOWN

    # Calls

    def call(self, node: code.Call, scope: Scope, where: Where) -> None:
        """Run a call."""
        self.calls += 1
        if self.is_full or len(self.stack) >= DEEPEST:
            self.is_deep |= not self.is_full
            return
        callee = node.callee
        if isinstance(callee, code.Name):
            self._named(callee.name, node, scope, where)
        elif isinstance(callee, code.Member):
            self._on(callee, node, scope, where)
        else:
            self.slot(self.meaning.of(callee, scope), where, self.values(node, scope))

    def _named(self, written: str, node: code.Call, scope: Scope, where: Where) -> None:
        known = scope.find(written)
        if known is not MISSING and any(self._runs(one) for one in each(known)):
            self._handed(known, node, scope, where)
            return
        own = self.meaning.own_method(written, scope)
        if own is not None:
            self._enter(own, node, scope, where)
            return
        found = self.meaning.project.function(written, scope.file, given=node.arguments, around=self.stack)
        if found is not None:
            self._enter(Bound(found.function, found.file, scope.receiver), node, scope, where)
            return
        held = self._held(node.callee, written, scope)
        if held is not MISSING:
            self._handed(held, node, scope, where)
            return
        self.library(self.meaning.project.own_name(written, scope.file), node, scope, where)

    def _held(self, callee: Node, name: str, scope: Scope) -> Value:
        """What is run by the name of a property that holds it; MISSING where there is none."""
        inside = any(isinstance(one, Instance) for one in scope.receivers())
        if not inside and self.meaning.project.property(name, scope.file) is None:
            return MISSING
        value = self.meaning.of(callee, scope)
        return value if any(self._runs(one) for one in each(value)) else MISSING

    def _member(self, of: Value, name: str, scope: Scope) -> Value:
        """What a field of an object holds that can be run; MISSING where there is none."""
        if not any(isinstance(one, Instance) for one in each(of)):
            return MISSING
        held = self.meaning.member_of(of, name, scope)
        return held if any(self._runs(one) for one in each(held)) else MISSING

    def _runs(self, value: Value) -> bool:
        return isinstance(value, Closure | Bound) or self.meaning.method(value, "invoke") is not None

    def _handed(self, what: Value, node: code.Call, scope: Scope, where: Where) -> None:
        """Run a lambda, a reference or an object with ``invoke`` that has a name."""
        options = [one for one in each(what) if self._runs(one)]
        if len(options) > 1:
            where = replace(where, conditional=True)
        for one in options:
            invoked = self.meaning.method(one, "invoke")
            if invoked is not None:
                self._enter(invoked, node, scope, where)
            elif isinstance(one, Bound):
                self._enter(one, node, scope, where)
            else:
                self.slot(one, where, self.values(node, scope))

    def _on(self, callee: code.Member, node: code.Call, scope: Scope, where: Where) -> None:
        """``tabs.forEach { }``, ``user?.let { }``, ``Buttons.Primary()``."""
        name, of = callee.name, self.meaning.of(callee.of, scope)
        project = self.meaning.project
        block = next((one.value for one in node.arguments if isinstance(one.value, code.Lambda)), None)
        if name in LOOPS and block is not None:
            self.loop(of, block, scope, where, "ndexed" in name)
        elif name in SCOPED and block is not None:
            self._scoped(name, of, block, callee.safe, scope, where)
        elif name == "invoke" and any(isinstance(one, Closure | Bound) for one in each(of)):
            self._handed(of, node, scope, self._maybe(callee.safe, of, where))
        elif any(self.meaning.method(one, name) is not None for one in each(of)):
            self._methods(of, name, node, scope, self._maybe(callee.safe, of, where))
        elif name in SCOPED and node.arguments:
            given = () if name not in ("let", "also") else (of,)
            self.slot(self.meaning.of(node.arguments[-1].value, scope), where, given, None if given else of)
        elif (found := project.function(name, scope.file, True, node.arguments, self.stack, kinds_of(of))) is not None:
            self._enter(Bound(found.function, found.file, of), node, scope, self._maybe(callee.safe, of, where))
        elif (whole := project.function(name, scope.file, False, node.arguments, self.stack)) is not None and (
            _path(callee.of) == project.files[whole.file].package
        ):
            self._enter(Bound(whole.function, whole.file), node, scope, where)
        elif any(isinstance(one, Closure) for one in each(scope.find(name))):
            self.slot(scope.find(name), self._maybe(callee.safe, of, where), self.values(node, scope), of)
        elif (held := self._member(of, name, scope)) is not MISSING:
            self._handed(held, node, scope, where)
        elif name in WIDGETS or name in SCOPES or name[:1].isupper():
            self.library(name, node, scope, where)
        else:
            self.host(self, name, node, scope, where)

    def _methods(self, of: Value, name: str, node: code.Call, scope: Scope, where: Where) -> None:
        """A function of an object, of each that it may be."""
        found = [bound for one in each(of) if (bound := self.meaning.method(one, name)) is not None]
        if len(found) > 1:
            where = replace(where, conditional=True)
        for bound in found:
            self._enter(bound, node, scope, where)

    def _scoped(self, name: str, of: Value, block: code.Lambda, safe: bool, scope: Scope, where: Where) -> None:
        if of is None and safe:
            return
        closure = Closure(block.names, block.body, scope)
        inner = self._maybe(safe, of, where)
        if name in ("let", "also"):
            self.slot(closure, inner, (of,))
        else:
            self.body(block.body, self.meaning.enter(closure, (), of), inner)

    def _maybe(self, safe: bool, of: Value, where: Where) -> Where:
        """``x?.let { }``: there only if x is."""
        plain = now(of)
        if not safe or (plain is not None and plain is not UNKNOWN and not isinstance(plain, Either)):
            return where
        guard = state_of(of) if plain is None else where.guard
        return replace(where, conditional=True, guard=guard)

    def slot(self, content: Value, where: Where, given: Sequence[Value] = (), receiver: Value = None) -> None:
        """Run what was handed on: a lambda, or a reference to a composable."""
        options = [_only_lambda(one) for one in each(content)]
        if sum(isinstance(one, Closure | Bound) for one in options) > 1:
            where = replace(where, conditional=True)
        for one in options:
            if isinstance(one, Closure):
                self.body(one.body, self.meaning.enter(one, given, receiver), replace(where, wrapper=None))
            elif isinstance(one, Bound):
                self._run(one, self.meaning.bind_values(one, given), replace(where, wrapper=None))

    def _enter(self, bound: Bound, node: code.Call, scope: Scope, where: Where) -> None:
        """Into one of the app's own functions; once more into one that calls itself, no further."""
        function = bound.function
        spot = (bound.file, function.name, function.line)
        if function.preview or self.stack.count(spot) > 1:
            return
        inner = self.meaning.bind(bound, node.arguments, scope, node.types)
        place = Place(scope.file, node.line)
        takes = any(one.type == "Modifier" for one in function.parameters)
        if where.wrapper is not None:
            named, called = where.wrapper
            wrapper = (named, called if where.movable and takes else place)
        else:
            wrapper = (function.name, place)
        whole = _is_one_widget(function.body)
        around = replace(where, wrapper=wrapper if whole else None, movable=takes)
        if function.composable:
            self.entered.append((bound, inner, where))
        self._run(bound, inner, around)

    def _run(self, bound: Bound, scope: Scope, where: Where) -> None:
        if len(self.stack) >= DEEPEST:
            self.is_deep = True
            return
        self.stack.append((bound.file, bound.function.name, bound.function.line))
        try:
            self.body(bound.function.body, scope, where)
        finally:
            self.stack.pop()


def _is_one_widget(body: Sequence[Node]) -> bool:
    """Whether a function only wraps one widget: one call, beside what it prepares."""
    rest = [node for node in body if not isinstance(node, code.Let)]
    return len(rest) == 1 and isinstance(rest[0], code.Call)


def _only_lambda(value: Value) -> Value:
    """The lambda of ``Decorator { }``, which a library makes an object of; other values as they are."""
    if isinstance(value, Made) and len(value.arguments) == 1 and value.name[:1].isupper():
        return value.arguments[0][1]
    return value


def _path(node: Node) -> str:
    """``a.b`` as it is written; "" for what is more than names."""
    if isinstance(node, code.Member):
        before = _path(node.of)
        return f"{before}.{node.name}" if before else ""
    return node.name if isinstance(node, code.Name) else ""


def names_of_screens(body: Sequence[Node]) -> Iterator[str]:
    """Composables that a body calls, by how they are written."""
    for node in everything(body):
        if isinstance(node, code.Call) and isinstance(node.callee, code.Name) and node.callee.name[:1].isupper():
            yield node.callee.name
