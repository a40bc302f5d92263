"""Whether what is shown may declare destinations of its own: told by the names in it alone, without running it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from samouk.domains.screens.source.compose import code
from samouk.domains.screens.source.compose.code import Function, Node
from samouk.domains.screens.source.compose.drafts import everything
from samouk.domains.screens.source.compose.project import Project
from samouk.domains.screens.source.compose.values import MISSING, Bound, Closure, Instance, Made, Value, all_of

HOSTS = frozenset(["NavHost", "AnimatedNavHost", "ModalBottomSheetNavHost", "NavDisplay"])
STOPS = frozenset(["composable", "dialog", "bottomSheet", "entry", "NavEntry"])
NESTED = "navigation"

_DECLARES = "{}"
"""Stands among the names in a body for a call that declares a destination."""

_INVOKED = "invoke"
"""Run without being named: by a call of the object that has it."""

_Body = tuple[Sequence[Node], str]
"""Statements, and the file that they stand in."""


class Reach:
    """Follows names through an app's code. A name stands for everything that bears it, so that nothing is missed."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._bodies: dict[str, list[_Body]] = {}
        self._names: dict[int, tuple[Sequence[Node], frozenset[str]]] = {}
        for found in project.functions:
            self._enter(found.function, found.file)
        for declared in project.classes:
            for function in declared.kind.functions:
                self._enter(function, declared.file)
            for prop in declared.kind.properties:
                self._keep(prop.name, prop.value, declared.file)
        for held in project.properties:
            self._keep(held.property.name, held.property.value, held.file)

    def _enter(self, function: Function, file: str) -> None:
        defaults = tuple(one.default for one in function.parameters if one.default is not None)
        self._bodies.setdefault(function.name, []).append(((*function.body, *defaults), file))

    def _keep(self, name: str, value: Node | None, file: str) -> None:
        if value is not None:
            self._bodies.setdefault(name, []).append(((value,), file))

    def declares(self, content: Value) -> bool:
        """Whether a graph or a destination may be declared when ``content`` is run."""
        names, seen = {_INVOKED}, set[str]()
        values, held = [content], set[int]()
        while names or values:
            if values:
                names |= self._taken(values.pop(), values, held) - seen
                continue
            name = names.pop()
            if name == _DECLARES or name in HOSTS:
                return True
            seen.add(name)
            for body, file in self._bodies.get(name, ()):
                names |= self._named(body, file) - seen
        return False

    def _taken(self, value: Value, values: list[Value], held: set[int]) -> frozenset[str]:
        """Names in what a value runs; to ``values`` come those that it gets hold of by them."""
        found: frozenset[str] = frozenset()
        for one in all_of(value):
            if id(one) in held:
                continue
            held.add(id(one))
            if isinstance(one, Closure):
                found |= self._named(one.body, one.scope.file)
                values.extend(each for name in _names(one.body) if (each := one.scope.find(name)) is not MISSING)
                values.extend(one.scope.receivers())
            elif isinstance(one, Bound):
                found |= self._named(one.function.body, one.file)
                values.append(one.receiver)
            elif isinstance(one, Made):
                values.extend(given for _, given in one.arguments)
            elif isinstance(one, Instance):
                values.extend(one.fields.values())
            elif isinstance(one, tuple) and not hasattr(one, "_fields"):
                values.extend(one)
        return found

    def _named(self, body: Sequence[Node], file: str) -> frozenset[str]:
        """Names in a body, as they are called where they are declared."""
        known = self._names.get(id(body))
        if known is None:
            names = {self._project.own_name(name, file) for name in _names(body)}
            stops = {self._project.own_name(name, file) for name in _filled(body)} & (STOPS | {NESTED})
            known = self._names[id(body)] = body, frozenset({*names, _DECLARES} if stops else names)
        return known[1]


def _names(body: Sequence[Node]) -> Iterator[str]:
    for node in everything(body):
        if isinstance(node, code.Name | code.Member | code.Reference):
            yield node.name


def _filled(body: Sequence[Node]) -> Iterator[str]:
    """Names of what is called with a lambda or with content: no others declare a destination."""
    for node in everything(body):
        if (
            isinstance(node, code.Call)
            and isinstance(node.callee, code.Name | code.Member)
            and any(one.name in (code.TRAILING, "content", "builder") for one in node.arguments)
        ):
            yield node.callee.name
