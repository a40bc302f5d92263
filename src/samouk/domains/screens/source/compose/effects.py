"""What a tap does: the handler is followed through lambdas, references and the app's own functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from samouk.domains.screens.source.compose import code
from samouk.domains.screens.source.compose.code import Node
from samouk.domains.screens.source.compose.meaning import Meaning
from samouk.domains.screens.source.compose.objects import kinds_of
from samouk.domains.screens.source.compose.values import (
    MISSING,
    UNKNOWN,
    Bound,
    ClassName,
    Closure,
    Either,
    Made,
    Scope,
    State,
    Value,
    each,
    now,
    state_of,
    truth,
)


class Going(NamedTuple):
    """Where a tap leads: back, to a route, to an activity; or states that it sets, which dialogs wait for.

    ``to`` is a route's value, a class's name, or pairs of a state and whether it lets something show.
    """

    kind: Literal["back", "route", "activity", "set"]
    to: Value = None


DEEPEST = 16
"""Functions within functions that are followed."""

MOST_CALLS = 1_000
"""Calls a handler; functions that call each other twice double with every level."""

_BACK = frozenset(["popBackStack", "navigateUp", "onBackPressed", "finish", "finishAfterTransition"])
_OFF_THE_STACK = frozenset(["removeLast", "removeLastOrNull", "removeAt", "pop"])
_ON_THE_STACK = frozenset(["add", "push", "replaceAll"])
_OPENING = {"open": True, "show": True, "expand": True, "close": False, "hide": False}
"""What drawers and sheets are told."""

_RUNNING = frozenset(
    [
        "let",
        "run",
        "also",
        "apply",
        "with",
        "launch",
        "withContext",
        "async",
        "remember",
        "takeIf",
        "invokeOnCompletion",
    ]
)
"""Calls whose lambda is run whatever happens; the lambda of another may wait for what never comes."""

_GUARDS = ("lifecycle", "resumed", "currentdestination", "currentroute", "currentbackstackentry", "selected")
"""Names in conditions that only keep a tap from counting twice."""


class Effects:
    """Follows handlers of one project."""

    def __init__(self, meaning: Meaning) -> None:
        self._meaning = meaning
        self._depth = 0
        self._calls = 0

    def of(self, handler: Value) -> Going | None:
        """What a handler does first that leads somewhere; None where that is not known or depends."""
        self._calls = 0
        found = [self._of(one) for one in each(handler)]
        return found[0] if found and all(one == found[0] for one in found) else None

    def _of(self, handler: Value, given: Sequence[Value] = ()) -> Going | None:
        if self._depth > DEEPEST:
            return None
        self._depth += 1
        try:
            if isinstance(handler, Closure):
                return self._body(handler.body, self._meaning.enter(handler, given))
            if isinstance(handler, Bound):
                return self._body(handler.function.body, self._meaning.bind_values(handler, given))
            if isinstance(handler, Made):  # debounced { .. }, dropUnlessResumed { .. }
                return next((self._of(value) for _, value in handler.arguments if isinstance(value, Closure)), None)
            return None
        finally:
            self._depth -= 1

    def _body(self, body: Sequence[Node], scope: Scope) -> Going | None:
        """The first that leads to another screen; else all states that are set on the way."""
        states: list[Value] = []
        for node in body:
            if isinstance(node, code.Let):
                self._meaning.let(node, scope)
                continue
            found = self._node(node, scope)
            if found is not None and found.kind != "set":
                return found
            states += [] if found is None else found.to
        return Going("set", tuple(states)) if states else None

    def _node(self, node: Node | None, scope: Scope) -> Going | None:
        match node:
            case code.Call():
                return self._call(node, scope)
            case code.Choice(condition, yes, no):
                known = True if _is_guard(condition) else truth(self._meaning.of(condition, scope))
                if known is not None:
                    return self._body(yes if known else no, scope.inner())
                first, second = (self._body(body, scope.inner()) for body in (yes, no))
                return first if first == second else None
            case code.Cases(_, branches):
                found = [self._body(branch.body, scope.inner()) for branch in branches]
                return found[0] if found and all(one == found[0] for one in found) else None
            case code.Assign(to, value):
                return self._set(to, value, scope)
            case code.Return(value):
                return self._node(value, scope)
            case code.Binary("?:", left, right):
                return self._node(left, scope) or self._node(right, scope)
            case code.Other(parts):
                return self._body(parts, scope)
        return None

    def _set(self, to: Node, value: Node, scope: Scope) -> Going | None:
        """A state of the screen that is not what it was: a dialog may wait for it."""
        plain = to.of if isinstance(to, code.Member) and to.name == "value" else to
        state = state_of(self._meaning.of(plain, scope))
        if state is None:
            return None
        return Going("set", ((state, _is_open(now(self._meaning.of(value, scope)))),))

    def _call(self, node: code.Call, scope: Scope) -> Going | None:
        self._calls += 1
        if self._calls > MOST_CALLS:
            return None
        callee = node.callee
        if isinstance(callee, code.Name):
            return self._plain_call(callee.name, node, scope)
        if isinstance(callee, code.Member):
            return self._method_call(callee, node, scope)
        return self._of(self._meaning.of(callee, scope))

    def _plain_call(self, name: str, node: code.Call, scope: Scope) -> Going | None:
        known = scope.find(name)
        if known is not MISSING:
            given = [self._meaning.of(one.value, scope) for one in node.arguments]
            found = [self._of(one, given) for one in each(known)]
            return found[0] if found and all(one == found[0] for one in found) else None
        if name in _BACK:
            return Going("back")
        own = self._meaning.own_method(name, scope)
        if own is not None:
            return self._function(own, node, scope)
        declared = self._meaning.project.function(name, scope.file, given=node.arguments)
        if declared is not None:
            return self._function(Bound(declared.function, declared.file, scope.receiver), node, scope)
        if name in ("navigate", "startActivity"):
            return self._navigated(name, node, scope)
        return self._lambdas(node, scope) if name in _RUNNING else None

    def _method_call(self, callee: code.Member, node: code.Call, scope: Scope) -> Going | None:
        holder = self._meaning.of(callee.of, scope)
        bound = self._meaning.method(holder, callee.name)
        if bound is not None and bound.function.body:
            return self._function(bound, node, scope)
        name = callee.name
        stack = any(part in _spelled(callee.of) for part in ("back", "stack", "nav"))
        if name in _BACK or (stack and name in _OFF_THE_STACK):
            return Going("back")
        if name in ("navigate", "startActivity") or (stack and name in _ON_THE_STACK):
            return self._navigated(name, node, scope)
        if name in _OPENING and isinstance(holder, State):
            return Going("set", ((holder, _OPENING[name]),))
        if name == "invoke":
            return self._of(holder, [self._meaning.of(one.value, scope) for one in node.arguments])
        kinds = kinds_of(holder)
        extension = self._meaning.project.function(name, scope.file, True, node.arguments, kinds=kinds)
        if extension is not None:
            return self._function(Bound(extension.function, extension.file, holder), node, scope)
        if name in _RUNNING:
            return self._lambdas(node, scope, holder) or self._node(callee.of, scope)
        return None

    def _function(self, bound: Bound, node: code.Call, scope: Scope) -> Going | None:
        if self._depth > DEEPEST:
            return None
        self._depth += 1
        try:
            return self._body(bound.function.body, self._meaning.bind(bound, node.arguments, scope, node.types))
        finally:
            self._depth -= 1

    def _lambdas(self, node: code.Call, scope: Scope, given: Value = UNKNOWN) -> Going | None:
        for argument in node.arguments:
            if isinstance(argument.value, code.Lambda):
                found = self._of(self._meaning.of(argument.value, scope), (given,))
                if found is not None:
                    return found
        return None

    def _navigated(self, name: str, node: code.Call, scope: Scope) -> Going | None:
        given = self._meaning.arguments(node, scope)
        if name == "startActivity":
            opened = next((one for _, value in given for one in _classes(value)), None)
            return None if opened is None else Going("activity", opened.kind.name)
        route = next((value for key, value in given if key in ("route", "")), UNKNOWN)
        return None if route is UNKNOWN else Going("route", route)


def _is_open(value: Value) -> bool:
    """Whether a state lets a dialog show: it is true, or it holds something."""
    return value is not None and value is not False


def _is_guard(condition: Node) -> bool:
    return any(guard in name for name in _names(condition) for guard in _GUARDS)


def _names(node: Node) -> Iterator[str]:
    """Names that an expression uses, in lower case."""
    match node:
        case code.Name(name):
            yield name.lower()
        case code.Member(of, name):
            yield name.lower()
            yield from _names(of)
        case code.Call(callee):
            yield from _names(callee)
        case code.Binary(_, left, right):
            yield from _names(left)
            yield from _names(right)
        case code.Unary(_, of):
            yield from _names(of)


def _spelled(node: Node) -> str:
    return " ".join(_names(node))


def _classes(value: Value) -> Iterator[ClassName]:
    """Classes that are named in an ``Intent``."""
    if isinstance(value, ClassName):
        yield value
    elif isinstance(value, Made):
        for _, given in value.arguments:
            yield from _classes(given)
    elif isinstance(value, Either):
        for one in value.values:
            yield from _classes(one)
