"""What a Swift action does to the screen: it leaves, opens another one, or sets the state that shows one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from samouk.domains.screens.source.ios.canvas import Target
from samouk.domains.screens.source.ios.expressions import (
    Assignment,
    Call,
    Choice,
    Closure,
    Expression,
    Guard,
    Let,
    Loop,
    Name,
    Statement,
)
from samouk.domains.screens.source.ios.scopes import Project, Scope, bind
from samouk.domains.screens.source.ios.words import Speaker
from samouk.domains.screens.source.widgets import BACK

DEEPEST = 12
"""Functions that call functions."""

MOST_STEPS = 400
"""Statements behind one action."""

_SHOWN = re.compile(r"present|show|open|active|visible|display", re.I)
_LEAVES = frozenset({"popViewController", "popToRootViewController", "removeLast", "dismissSearch"})
_NOT_LEFT = frozenset({"dismissSearch", "dismissWindow"})

Opens = Callable[[Call, Scope], Target | None]
"""What a call opens by itself (`path.append(x)`, `present(x)`); None where it opens nothing."""


@dataclass(slots=True)
class Actor:
    """Follows actions. ``opens`` is asked about calls that it does not know."""

    project: Project
    speaker: Speaker
    opens: Opens
    steps: int = 0

    def target(self, action: Expression | None, scope: Scope) -> Target | None:
        """Where an action leads for certain; None where that is nowhere, or depends."""
        if action is None:
            return None
        self.steps = 0
        return next((found for found in self._run(action, scope, 0)), None)

    def run_body(self, body: tuple[Statement, ...], scope: Scope) -> Target | None:
        """Where code leads for certain."""
        self.steps = 0
        return next(self._all(body, scope, 0), None)

    def _run(self, action: Expression, scope: Scope, depth: int) -> Iterator[Target]:
        self.steps += 1
        if depth > DEEPEST or self.steps > MOST_STEPS:
            return
        if isinstance(action, Closure):
            yield from self._all(action.body, scope.inner(), depth + 1)
        elif isinstance(action, Name):
            found, where = _given(action, scope)
            if isinstance(found, Closure):
                yield from self._run(found, where or scope, depth + 1)
            elif isinstance(found, Name):
                inside = where or scope
                yield from self._call(Call(found.path.rpartition(".")[2], _base(found), (), 0), inside, depth + 1)
        elif isinstance(action, Call):
            yield from self._call(action, scope, depth)

    def _all(self, body: tuple[Statement, ...], scope: Scope, depth: int) -> Iterator[Target]:
        """Effects of what is reached for certain: not behind a guard, not in a branch that may not be taken."""
        for one in body:
            if isinstance(one, Guard):
                return
            if isinstance(one, Assignment):
                yield from self._assigned(one, scope)
            elif isinstance(one, Let):
                scope.values[one.name] = (one.value, scope.outer)
            elif isinstance(one, Choice):
                if any(_returns(branch.body) for branch in one.branches):
                    return
                yield from self._branch(one, scope, depth)
            elif isinstance(one, Loop):
                continue
            else:
                yield from self._run(one, scope, depth)

    def _branch(self, choice: Choice, scope: Scope, depth: int) -> Iterator[Target]:
        for branch in choice.branches:
            if self.speaker.branch(choice, branch, scope).holds:
                yield from self._all(branch.body, scope.inner(), depth + 1)

    def _assigned(self, one: Assignment, scope: Scope) -> Iterator[Target]:
        if not isinstance(one.target, Name):
            return
        path = one.target.path.removesuffix(".wrappedValue")
        value = one.value
        if isinstance(value, Name) and value.path in ("false", "nil"):
            if self._is_own_cover(path, scope):
                yield Target(BACK)
            else:
                yield from self._cleared(path, scope, value.path)
        else:
            yield Target(state=self.state(path, scope))

    def _cleared(self, path: str, scope: Scope, value: str) -> Iterator[Target]:
        """State that is set to nothing shows nothing, unless a branch of the root waits for it."""
        yield Target(state=(self.state(path, scope)[0], f"!{self.state(path, scope)[1]}"))

    def _is_own_cover(self, path: str, scope: Scope) -> bool:
        """Whether a view closes itself: it clears the binding by which it is shown."""
        own = scope.info.properties.get(path) if scope.info is not None else None
        bound = own is not None and ("Binding" in own.attributes or own.type.startswith("Binding<"))
        return bound and scope.local(path) is None and _SHOWN.search(path) is not None

    def _call(self, call: Call, scope: Scope, depth: int) -> Iterator[Target]:
        if self._leaves(call, scope):
            yield Target(BACK)
            return
        if call.name == "toggle" and isinstance(call.receiver, Name):
            yield Target(state=self.state(call.receiver.path.removesuffix(".wrappedValue"), scope))
            return
        opened = self.opens(call, scope)
        if opened is not None:
            yield opened
            return
        own = self._own(call, scope)
        if own is not None:
            body, inside = own
            yield from self._all(body, inside, depth + 1)
            return
        if call.name[:1].islower():  # withAnimation, asyncAfter: what they are given is run
            for argument in call.arguments:
                if isinstance(argument.value, Closure):
                    yield from self._run(argument.value, scope, depth + 1)
        elif call.name == "Task":
            for argument in call.arguments:
                yield from self._run(argument.value, scope, depth + 1)

    def _leaves(self, call: Call, scope: Scope) -> bool:
        receiver = call.receiver.path if isinstance(call.receiver, Name) else ""
        if call.name in _LEAVES and call.name not in _NOT_LEFT:
            return True
        if call.name == "dismiss":
            return True
        info = scope.info
        own = info.properties.get(call.name) if info is not None and not receiver else None
        return own is not None and "dismiss" in own.attributes

    def _own(self, call: Call, scope: Scope) -> tuple[tuple[Statement, ...], Scope] | None:
        if call.receiver is None or call.receiver == Name("self"):
            found, where = _given(Name(call.name), scope)
            if isinstance(found, Closure):
                return found.body, (where or scope).inner()
            if isinstance(found, Name) and found.path != call.name and where is not None:
                return self._own(Call(found.path.rpartition(".")[2], _base(found), call.arguments, call.line), where)
            info, inside = scope.info, scope
        elif isinstance(call.receiver, Name):
            held = self.held(call.receiver.path, scope)
            if held is None:
                return None
            inside, info = held, held.info
        else:
            return None
        functions = info.functions.get(call.name) if info is not None else None
        if not functions or info is None:
            return None
        first = functions[0]
        top = inside
        while top.outer is not None and top.outer.info is top.info:
            top = top.outer
        return first.body, top.inner(bind(first.parameters, call.arguments, scope), info.homes.get(first.name, ""))

    def held(self, path: str, scope: Scope) -> Scope | None:
        """The scope of an object that a property holds: a view model, a store."""
        head = path.partition(".")[0].lstrip("$")
        own = scope.info.properties.get(head) if scope.info is not None else None
        if own is None or "." in path:
            return None
        kind = own.type.rstrip("?!")
        if not kind and isinstance(own.value, Call):
            made = own.value.receiver
            kind = made.path if isinstance(made, Name) else own.value.name
        info = self.project.find(kind, scope.path)
        if info is None or info.kind == "enum":
            return None
        shared = any(one in ("EnvironmentObject", "Environment") for one in own.attributes)
        return Scope(info.name if shared else f"{scope.key}.{head}", info.path, info)

    def state(self, path: str, scope: Scope) -> tuple[str, str]:
        """Whose state a path means: the instance that holds it, and its name there."""
        path = path.lstrip("$_").removesuffix(".wrappedValue")
        head, _, rest = path.partition(".")
        head = head.lstrip("$")
        for _ in range(DEEPEST):
            given = scope.local(head)
            if given is None or given[1] is None or not isinstance(given[0], Name) or not given[0].path:
                break
            head, _, more = given[0].path.lstrip("$").partition(".")
            rest = f"{more}.{rest}".strip(".")
            scope = given[1]
        if rest:
            held = self.held(head, scope)
            if held is not None:
                return self.state(rest.lstrip("$"), held)
        return scope.key, f"{head}.{rest}".rstrip(".")


def _given(name: Name, scope: Scope) -> tuple[Expression, Scope | None]:
    """A name followed through parameters, to code or to a function's name."""
    value: Expression = name
    where: Scope | None = scope
    for _ in range(DEEPEST):
        if not isinstance(value, Name) or where is None or "." in value.path:
            break
        found = where.local(value.path)
        if found is None:
            own = where.info.properties.get(value.path) if where.info is not None else None
            if own is not None and own.value is not None and isinstance(own.value, Closure):
                return own.value, where
            break
        value, where = found
    return value, where


def _base(name: Name) -> Name | None:
    base = name.path.rpartition(".")[0]
    return Name(base) if base else None


def _returns(body: tuple[Statement, ...]) -> bool:
    """Whether a branch may end the action, so that what follows it is not certain."""
    return any(isinstance(one, Guard) for one in body)
