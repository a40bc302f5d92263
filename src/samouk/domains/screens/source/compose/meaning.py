"""What expressions of an app's Kotlin stand for, as far as that can be told without running it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from samouk.domains.screens.source.compose import code
from samouk.domains.screens.source.compose.calls import Calls
from samouk.domains.screens.source.compose.code import Argument, Node
from samouk.domains.screens.source.compose.filling import filling
from samouk.domains.screens.source.compose.logic import (
    both,
    chained,
    compared,
    either,
    mapped,
    same,
)
from samouk.domains.screens.source.compose.objects import DEEPEST
from samouk.domains.screens.source.compose.values import (
    MISSING,
    UNKNOWN,
    Bound,
    Chain,
    ClassName,
    Closure,
    Either,
    Initially,
    Instance,
    Scope,
    State,
    String,
    Symbol,
    Value,
    now,
    truth,
)

MOST_STEPS = 50_000
"""Expressions a screen, where those of the studied apps take some hundred; every further one is unknown."""

_PASSING = re.compile(
    r"(is|has|show)?_?(initial|first)?_?(loading|refreshing|error|failure|idle)(state)?", re.IGNORECASE
)
"""What does not last: a condition of such a name that nothing is known of is taken not to hold once all is there."""


class Meaning(Calls):
    """Evaluates expressions of one project."""

    steps = 0

    def of(self, node: Node, scope: Scope) -> Value:
        """The value of an expression; UNKNOWN where it cannot be told."""
        self.steps += 1
        if self.steps > MOST_STEPS or self.depth > DEEPEST:
            return UNKNOWN
        match node:
            case code.Literal(value):
                return value
            case code.Template(parts):
                return self._template(parts, scope)
            case code.Name(name):
                return self._name(name, scope)
            case code.Member(of, name):
                found = self.member_of(self.of(of, scope), name, scope)
                return Initially(False) if found is UNKNOWN and _PASSING.fullmatch(name) else found
            case code.Lambda(names, body):
                return Closure(names, body, scope)
            case code.Reference(of, name):
                return self._reference(of, name, scope)
            case code.Call():
                return self.call(node, scope)
            case code.Choice(condition, yes, no):
                return self._choice(self.of(condition, scope), yes, no, scope)
            case code.Cases():
                return self._cases(node, scope)
            case code.Binary(operator, left, right):
                return self._binary(operator, left, right, scope)
            case code.Unary("!", of):
                return mapped(self.of(of, scope), lambda value: not value if isinstance(value, bool) else UNKNOWN)
            case code.Unary("-", of):
                return mapped(self.of(of, scope), lambda value: -value if isinstance(value, int | float) else UNKNOWN)
        return UNKNOWN

    def _name(self, name: str, scope: Scope) -> Value:
        found = scope.find(name)
        if found is not MISSING:
            return Initially(False) if found is UNKNOWN and _PASSING.fullmatch(name) else found
        if name == "this":
            return UNKNOWN if scope.receiver is None else scope.receiver
        if name == "Modifier":
            return Chain()
        if isinstance(scope.receiver, Instance | ClassName):
            held = self.member_of(scope.receiver, name, scope)
            if held is not UNKNOWN:
                return held
        prop = self.project.property(name, scope.file)
        if prop is not None and prop.property.value is not None:
            return self.deeper(prop.property.value, Scope(prop.file))
        declared = self.project.type(name, scope.file)
        if declared is not None:
            return self.class_value(declared.kind, declared.file, declared.outer)
        own = self.project.own_name(name, scope.file)
        if own[:1].isupper():
            return Symbol(own)
        return Initially(False) if _PASSING.fullmatch(name) else UNKNOWN

    def _reference(self, of: Node | None, name: str, scope: Scope) -> Value:
        if name == "class":
            return UNKNOWN if of is None else self.of(of, scope)
        if of is None:
            found = self.project.function(name, scope.file)
            own = self.method(scope.receiver, name)
            return own or (UNKNOWN if found is None else Bound(found.function, found.file))
        holder = self.of(of, scope)
        bound = self.method(holder, name)
        if bound is not None:
            return bound
        # ``navController::popBackStack``: as a lambda that calls it with whatever it is given.
        call = code.Call(code.Member(of, name), (Argument("", code.Name("it")),), 0)
        return Closure((("it",),), (call,), scope)

    def _choice(self, condition: Value, yes: Sequence[Node], no: Sequence[Node], scope: Scope) -> Value:
        known = truth(condition)
        if known is not None:
            return self.last_of(yes if known else no, scope.inner())
        at_start = truth(now(condition))
        if at_start is not None:
            return Initially(self.last_of(yes if at_start else no, scope.inner()))
        return Either((self.last_of(yes, scope.inner()), self.last_of(no, scope.inner())))

    def _cases(self, node: code.Cases, scope: Scope) -> Value:
        subject = MISSING if node.subject is None else self.of(node.subject, scope)
        values: list[Value] = []
        for branch in node.branches:
            known = self.fits(branch, subject, scope)
            at_start = truth(now(known))
            if at_start is False:
                continue
            value = self.last_of(branch.body, scope.inner())
            if at_start and not values:
                return value if truth(known) else Initially(value)
            values.append(value)
            if at_start:
                break
        return Either(tuple(values)) if values else UNKNOWN

    def fits(self, branch: code.Branch, subject: Value, scope: Scope) -> Value:
        """Whether a branch of ``when`` is taken."""
        if not branch.conditions:
            return True
        found: Value = False
        for condition in branch.conditions:
            one = self.of(condition, scope)
            if subject is not MISSING:
                one = self._is(subject, condition.type) if isinstance(condition, code.TypeTest) else same(subject, one)
            if one is UNKNOWN and _PASSING.fullmatch(_last_name(condition)):
                one = Initially(False)
            found = either(found, one)
        return found

    def _is(self, value: Value, type_name: str) -> Value:
        def test(one: Value) -> Value:
            if not isinstance(one, Instance) or not one.made:
                return UNKNOWN
            return one.kind.name == type_name or any(parent == type_name for parent, _ in one.kind.parents)

        return mapped(value, test)

    def _binary(self, operator: str, left: Node, right: Node, scope: Scope) -> Value:
        first = self.of(left, scope)
        if operator == "?:":
            known = now(first)
            if known is None:
                second = self.of(right, scope)
                return Initially(second) if isinstance(first, Initially | State) else second
            return Either((first, self.of(right, scope))) if known is UNKNOWN else first
        second = self.of(right, scope)
        if operator == "&&":
            return both(first, second)
        if operator == "||":
            return either(first, second)
        if operator in ("==", "==="):
            return same(first, second)
        if operator in ("!=", "!=="):
            return mapped(same(first, second), lambda value: not value if isinstance(value, bool) else UNKNOWN)
        if operator == "+":
            return self._sum(first, second)
        if operator in ("then", "to"):
            return chained(first, second) if operator == "then" else UNKNOWN
        return compared(operator, first, second)

    def _sum(self, first: Value, second: Value) -> Value:
        plain = (now(first), now(second))
        if isinstance(plain[0], int) and isinstance(plain[1], int):
            return plain[0] + plain[1]
        if isinstance(plain[0], String) or isinstance(plain[1], String):
            return String("".join(filling(one) for one in (first, second)), getattr(plain[0], "key", ""))
        if all(isinstance(one, tuple) and not hasattr(one, "_fields") for one in plain):
            return (*plain[0], *plain[1])
        return UNKNOWN

    def _template(self, parts: Sequence[str | Node], scope: Scope) -> Value:
        if len(parts) == 1 and not isinstance(parts[0], str):
            value = self.of(parts[0], scope)
            return value if isinstance(now(value), String) else String(filling(value))
        filled = [one if isinstance(one, str) else self.of(one, scope) for one in parts]
        key = next((one.key for one in filled if isinstance(one, String) and one.key), "")
        return String("".join(one if isinstance(one, str) else filling(one) for one in filled), key)


def _last_name(condition: Node) -> str:
    if isinstance(condition, code.TypeTest):
        return condition.type
    return condition.name if isinstance(condition, code.Name | code.Member) else ""
