"""Objects of an app's own classes: their fields, functions and singletons."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence

from samouk.domains.screens.source.compose import code
from samouk.domains.screens.source.compose.code import TRAILING, Argument, Node
from samouk.domains.screens.source.compose.project import Project
from samouk.domains.screens.source.compose.values import (
    HOLE,
    MISSING,
    UNKNOWN,
    Bound,
    Chain,
    ClassName,
    Either,
    Initially,
    Instance,
    Made,
    Resource,
    Scope,
    State,
    String,
    Symbol,
    Value,
    each,
    now,
    state_of,
)

DEEPEST = 24
"""Calls within calls, and classes above classes, that are followed."""

RESOURCES = re.compile(r"(?:^|\.)(?:R|Res|MR)\.(\w+)$")
"""All resources of a kind: ``R.string``."""

MOST_ENTRIES = 12
"""Entries of an enum that a value may be; of longer ones nothing is known."""


class Objects(ABC):
    """What the app's classes hold; how an expression is evaluated is left open."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.depth = 0
        self._singles: dict[int, Instance] = {}

    @abstractmethod
    def of(self, node: Node, scope: Scope) -> Value:
        """The value of an expression."""

    def deeper(self, node: Node, scope: Scope) -> Value:
        self.depth += 1
        try:
            return self.of(node, scope)
        finally:
            self.depth -= 1

    def bind(self, bound: Bound, arguments: Sequence[Argument], scope: Scope, types: Sequence[str] = ()) -> Scope:
        """The scope of a function's body, its parameters set from a call's arguments or by default."""
        inner = self._home(bound)
        for name, given_type in zip(bound.function.types, types, strict=False):
            inner.types[name] = scope.type_of(given_type)
        given = self.given(bound.function.parameters, arguments, scope)
        for parameter in bound.function.parameters:
            inner.names[parameter.name] = self.parameter_value(parameter, given.get(parameter.name, MISSING), inner)
        return inner

    def bind_values(self, bound: Bound, values: Sequence[Value]) -> Scope:
        """The same from values by place."""
        inner = self._home(bound)
        for place, parameter in enumerate(bound.function.parameters):
            value = values[place] if place < len(values) else MISSING
            inner.names[parameter.name] = self.parameter_value(parameter, value, inner)
        return inner

    def _home(self, bound: Bound) -> Scope:
        inner = Scope(bound.file, receiver=bound.receiver)
        if isinstance(bound.receiver, Instance):
            inner.names.update(bound.receiver.fields)
        return inner

    def given(
        self, parameters: Sequence[code.Parameter], arguments: Sequence[Argument], scope: Scope
    ) -> dict[str, Value]:
        """Values of a call's arguments by name of parameter."""
        found: dict[str, Value] = {}
        place = 0
        for argument in arguments:
            if argument.name == TRAILING:
                if parameters:
                    found.setdefault(parameters[-1].name, self.of(argument.value, scope))
            elif argument.name:
                found[argument.name] = self.of(argument.value, scope)
            elif place < len(parameters):
                one = parameters[place]
                value = self.of(argument.value, scope)
                found[one.name] = (*found.get(one.name, ()), value) if one.many else value
                place += not one.many
        return found

    def parameter_value(self, parameter: code.Parameter, value: Value, scope: Scope) -> Value:
        if value is MISSING:
            value = UNKNOWN if parameter.default is None else self.of(parameter.default, scope)
        if value is UNKNOWN or isinstance(value, Made):
            return self.some(parameter.type, scope.file, value)
        return value

    def some(self, type_name: str, file: str, otherwise: Value = UNKNOWN) -> Value:
        """Anything of a type: its functions are known, its fields are not."""
        if type_name == "Modifier":
            return Chain()
        declared = self.project.type(type_name, file) if type_name and type_name != "(" else None
        if declared is not None and 0 < len(declared.kind.entries) <= MOST_ENTRIES and otherwise is UNKNOWN:
            return Either(tuple(self.class_value(one, declared.file, declared.kind) for one in declared.kind.entries))
        if declared is None or declared.kind.entries:
            return otherwise
        return Instance(declared.kind, declared.file)

    def method(self, of: Value, name: str) -> Bound | None:
        """A function of one of the app's objects, inherited ones too."""
        if isinstance(of, ClassName):
            inner = next((one for one in of.kind.classes if one.single), None)
            found = None if inner is None else next((one for one in inner.functions if one.name == name), None)
            return None if found is None else Bound(found, of.file, of)
        if not isinstance(of, Instance):
            return None
        kind, file = of.kind, of.file
        for _ in range(DEEPEST):
            for one in kind.functions:
                if one.name == name:
                    return Bound(one, file, of)
            above = next((self.project.type(parent, file) for parent, _ in kind.parents if parent), None)
            if above is None or above.kind is kind:
                return None
            kind, file = above.kind, above.file
        return None

    def own_method(self, name: str, scope: Scope) -> Bound | None:
        """A function of what ``this`` is, here or further out."""
        found = (self.method(receiver, name) for receiver in scope.receivers())
        return next((one for one in found if one is not None), None)

    def arguments(self, call: code.Call, scope: Scope) -> tuple[tuple[str, Value], ...]:
        """Names and values as they are given."""
        return tuple((one.name, self.of(one.value, scope)) for one in call.arguments)

    def class_value(self, kind: code.Class, file: str, outer: code.Class | None) -> Value:
        if not kind.single:
            return ClassName(kind, file)
        known = self._singles.get(id(kind))
        if known is None:
            known = self._singles[id(kind)] = Instance(kind, file, {"name": String(kind.name)}, made=True)
            if outer is not None and kind in outer.entries:
                known.fields |= self._fields(outer, kind.parents[0][1], Scope(file))
                known.fields["ordinal"] = outer.entries.index(kind)
            self._inherit(known, Scope(file))
        return known

    def _fields(self, kind: code.Class, arguments: Sequence[Argument], scope: Scope) -> dict[str, Value]:
        given = self.given(kind.parameters, arguments, scope)
        inner = Scope(scope.file)
        for parameter in kind.parameters:
            inner.names[parameter.name] = self.parameter_value(parameter, given.get(parameter.name, MISSING), inner)
        return inner.names

    def _inherit(self, one: Instance, scope: Scope) -> None:
        """Fields that its parents' constructors set."""
        kind, file = one.kind, one.file
        inner = Scope(file, dict(one.fields), scope)
        for _ in range(DEEPEST):
            found = [(self.project.type(name, file), given) for name, given in kind.parents if name]
            above = next(((declared, given) for declared, given in found if declared is not None), None)
            if above is None or above[0].kind is kind:
                return
            fields = self._fields(above[0].kind, above[1], inner)
            one.fields = {**fields, **one.fields}
            kind, file = above[0].kind, above[0].file

    def member_of(self, of: Value, name: str, scope: Scope) -> Value:
        if isinstance(of, Either):
            return Either(tuple(self.member_of(one, name, scope) for one in of.values))
        if isinstance(of, State) and name in ("value", "intValue", "floatValue"):
            return Initially(now(of), of)
        if isinstance(of, Initially | State):
            others = of.others if isinstance(of, Initially) else ()
            held = tuple(self.member_of(one, name, scope) for one in others)
            return Initially(self.member_of(now(of), name, scope), state_of(of), held)
        if isinstance(of, Symbol):
            kind = RESOURCES.search(of.name)
            return Resource(kind.group(1), name) if kind else Symbol(f"{of.name}.{name}")
        if isinstance(of, ClassName):
            return of if name in ("java", "kotlin") else self.static(of, name)  # SecondActivity::class.java
        if isinstance(of, Instance):
            return self.field(of, name)
        if isinstance(of, String) and name == "length" and HOLE not in of.value:
            return len(of.value)
        if isinstance(of, tuple) and not hasattr(of, "_fields"):
            return part_of(of, name)
        if name == "stringResource" and isinstance(of, Resource):
            return of
        return self.extension(of, name, scope)

    def extension(self, of: Value, name: str, scope: Scope) -> Value:
        prop = self.project.property(name, scope.file, extends=True, kinds=kinds_of(of))
        if prop is not None and prop.property.value is not None:
            return self.deeper(prop.property.value, Scope(prop.file, receiver=of))
        default = self.project.default_of(name) if of is UNKNOWN or isinstance(of, Instance) else None
        return UNKNOWN if default is None else self.of(default, scope)

    def static(self, of: ClassName, name: str) -> Value:
        kind = of.kind
        if name == "entries":
            return tuple(self.class_value(one, of.file, kind) for one in kind.entries)
        for one in (*kind.entries, *kind.classes):
            if one.name == name:
                return self.class_value(one, of.file, kind)
        companions = [one for one in kind.classes if one.single]
        for companion in companions:
            held = self.field(Instance(companion, of.file, made=True), name)
            if held is not UNKNOWN:
                return held
        return UNKNOWN

    def field(self, of: Instance, name: str) -> Value:
        if name in of.fields:
            return of.fields[name]
        for prop in of.kind.properties:
            if prop.name == name and not prop.receiver:
                if prop.value is None:
                    return self.some(prop.type, of.file)
                return self.deeper(prop.value, Scope(of.file, dict(of.fields), receiver=of))
        for inner in of.kind.classes:
            if inner.name == name:
                return self.class_value(inner, of.file, of.kind)
        declared = next((one for one in of.kind.parameters if one.name == name), None)
        if declared is not None and not of.made:
            found = self.some(declared.type, of.file)
            return self.extension(UNKNOWN, name, Scope(of.file)) if found is UNKNOWN else found
        return self.extension(of, name, Scope(of.file)) if declared is None else UNKNOWN

    def made(self, kind: code.Class, file: str, node: code.Call, scope: Scope) -> Value:
        given = self.given(kind.parameters, node.arguments, scope)
        inner = Scope(file)
        for parameter in kind.parameters:
            inner.names[parameter.name] = self.parameter_value(parameter, given.get(parameter.name, MISSING), inner)
        one = Instance(kind, file, inner.names, made=True)
        self._inherit(one, Scope(file))
        return one


def part_of(items: tuple[Value, ...], name: str) -> Value:
    """What a list, a map or a pair says of itself; a map is the list of its pairs."""
    if name in ("size", "lastIndex"):
        return len(items) - (name != "size")
    if name == "indices":
        return tuple(range(len(items)))
    if len(items) == 2 and name in ("first", "key", "second", "value"):
        return items[name in ("second", "value")]
    pairs = [one for one in items if isinstance(one, tuple) and len(one) == 2 and not hasattr(one, "_fields")]
    if items and len(pairs) == len(items) and name in ("keys", "values", "entries"):
        return items if name == "entries" else tuple(one[name == "values"] for one in pairs)
    return UNKNOWN


_LISTS = ("List", "Collection", "Iterable", "ImmutableList", "PersistentList", "Set", "Map")


def kinds_of(value: Value) -> tuple[str, ...]:
    """Names of the types that a value is of, as far as they are told by what it is."""
    plain = next(each(value), UNKNOWN)
    if isinstance(plain, Instance):
        return (plain.kind.name, *(parent for parent, _ in plain.kind.parents))
    if isinstance(plain, bool | Chain):
        return ("Modifier",) if isinstance(plain, Chain) else ("Boolean",)
    if isinstance(plain, String):
        return ("String", "CharSequence")
    if isinstance(plain, Resource | int):
        return ("Int",)
    return _LISTS if isinstance(plain, tuple) and not hasattr(plain, "_fields") else ()
