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
from samouk.domains.screens.source.compose.objects import DEEPEST, RESOURCES
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
    Made,
    Scope,
    State,
    String,
    Symbol,
    Value,
    now,
    state_of,
    truth,
)

MOST_STEPS = 200_000
"""Expressions a screen: a form with wrappers five deep takes some fifty thousand; every further one is unknown."""

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
        for receiver in scope.receivers():
            if isinstance(receiver, Instance | ClassName):
                held = self.member_of(receiver, name, scope)
                if held is not UNKNOWN:
                    return held
        resources = self._resources(name, scope.file)
        if resources:
            return Symbol(resources)
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

    def _resources(self, name: str, file: str) -> str:
        """``R.string`` where a name stands for it: by an import or by ``typealias``."""
        meant = (self.project.files[file].imports.get(name, ""), self.project.alias(name, file))
        return next((whole for whole in meant if RESOURCES.search(whole)), "")

    def _reference(self, of: Node | None, name: str, scope: Scope) -> Value:
        if name == "class":
            return UNKNOWN if of is None else self.of(of, scope)
        if of is None:
            found = self.project.function(name, scope.file)
            own = self.own_method(name, scope)
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
        first, second = self.last_of(yes, scope.inner()), self.last_of(no, scope.inner())
        if at_start is not None:
            chosen, other = (first, second) if at_start else (second, first)
            return Initially(chosen, state_of(condition), (other,))
        return Either((first, second))

    def _cases(self, node: code.Cases, scope: Scope) -> Value:
        subject = MISSING if node.subject is None else self.of(node.subject, scope)
        values: list[Value] = []
        later: list[Value] = []
        is_sure = False
        for branch in node.branches:
            known = self.fits(branch, subject, scope)
            at_start = truth(now(known))
            if truth(known) is False:
                continue
            value = self.last_of(branch.body, self.within(node, branch, subject, scope))
            if truth(known) is True and not values and not later:
                return value
            if at_start is False or is_sure:
                later.append(value)
            else:
                values.append(value)
                is_sure = at_start is True
            if truth(known) is True:
                break
        if not is_sure or len(values) > 1 or not values:
            chosen: Value = Either(tuple(values)) if values else UNKNOWN
        else:
            chosen = values[0]
        return Initially(chosen, None, tuple(later)) if later or is_sure else chosen

    def within(self, node: code.Cases, branch: code.Branch, subject: Value, scope: Scope) -> Scope:
        """The scope of a branch of ``when``: its subject may have a name, and is of the one type that is tested."""
        inner = scope.inner()
        name = node.name or (node.subject.name if isinstance(node.subject, code.Name) else "")
        if node.name:
            inner.names[name] = subject
        plain = now(subject)
        tested = branch.conditions[0] if len(branch.conditions) == 1 else None
        if name and isinstance(tested, code.TypeTest) and _is_open(plain):
            above = plain.kind if isinstance(plain, Instance) else None
            declared = self.project.type(tested.type, scope.file, above) if above is not None else None
            declared = declared or self.project.type(tested.type, scope.file)
            if declared is not None and not declared.kind.entries:
                inner.names[name] = Instance(declared.kind, declared.file)
        return inner

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
            return chained(first, second) if operator == "then" else (first, second)
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


def _is_open(value: Value) -> bool:
    """Whether it may be any object: nothing is known of it, or no more than its type."""
    return value is UNKNOWN or isinstance(value, Made) or (isinstance(value, Instance) and not value.made)


def _last_name(condition: Node) -> str:
    if isinstance(condition, code.TypeTest):
        return condition.type
    return condition.name if isinstance(condition, code.Name | code.Member) else ""
