"""Works out, without running it, what the code of an app comes to: elements, words, functions, objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from samouk.domains.screens.source.react_native import calls
from samouk.domains.screens.source.react_native.aliases import Alias
from samouk.domains.screens.source.react_native.bindings import assigned, collect, collect_changes
from samouk.domains.screens.source.react_native.code import (
    And,
    At,
    Call,
    Class,
    Code,
    Const,
    Default,
    Dot,
    Either,
    Fields,
    Function,
    Glue,
    If,
    Import,
    Items,
    Module,
    Name,
    Not,
    Or,
    Other,
    Pattern,
    Return,
    Row,
    Same,
    Spread,
    Statement,
    Table,
    Tag,
)
from samouk.domains.screens.source.react_native.hearing import Heard, calls_in, dotted
from samouk.domains.screens.source.react_native.modules import Imports
from samouk.domains.screens.source.react_native.operators import each_thing, glued, same, spread, without
from samouk.domains.screens.source.react_native.values import (
    UNKNOWN,
    Branch,
    ClassOf,
    Closure,
    Element,
    Factory,
    Instance,
    Library,
    Marked,
    Part,
    Scope,
    Start,
    Styled,
    Thing,
    Unknown,
    Value,
    is_state,
    plain,
    truth,
)
from samouk.domains.screens.source.react_native.words import Strings
from samouk.domains.screens.source.widgets import Place, Words

MAX_CALLS = 24
"""Calls inside one another; wrappers and helpers of real apps go seven deep."""

MAX_STEPS = 2_000_000
"""Expressions worked out for one screen; the largest of the studied apps takes 40,000."""

_OWN_VALUES = {"undefined": None, "null": None, "NaN": UNKNOWN}


class Evaluation:
    """The modules of a project, worked out where they are asked for."""

    def __init__(
        self,
        modules: Mapping[str, Module],
        strings: Strings,
        data: Mapping[str, Value],
        aliases: Iterable[Alias] = (),
    ) -> None:
        self.modules = modules
        self.strings = strings
        self._data = data
        self._imports = Imports([*modules, *data], aliases)
        self._scopes: dict[str, Scope] = {}
        self._lets: dict[int, Mapping[str, Sequence[tuple[Pattern, Code]]]] = {}
        self._changes: dict[int, Mapping[str, Sequence[tuple[str, Code]]]] = {}
        self._heard: dict[int, tuple[Heard, ...]] = {}
        # Kept, so that a component that a wrapper makes is one and the same for all who import it.
        self._exported: dict[tuple[str, str], Value] = {}
        self._running: list[int] = []
        self.steps = 0
        self.within: tuple[int, ...] = ()

    # Names

    def scope(self, path: str) -> Scope:
        """The top level of a module."""
        if path not in self._scopes:
            body = self.modules[path].body
            self._scopes[path] = Scope(path, lets=self._bindings(body), changes=self._changes_in(body))
        return self._scopes[path]

    def _bindings(self, body: tuple[Statement, ...]) -> Mapping[str, Sequence[tuple[Pattern, Code]]]:
        if id(body) not in self._lets:
            found: dict[str, list[tuple[Pattern, Code]]] = {}
            collect(body, found)
            self._lets[id(body)] = found
        return self._lets[id(body)]

    def _changes_in(self, body: tuple[Statement, ...]) -> Mapping[str, Sequence[tuple[str, Code]]]:
        if id(body) not in self._changes:
            found: dict[str, list[tuple[str, Code]]] = {}
            collect_changes(body, found)
            self._changes[id(body)] = found
        return self._changes[id(body)]

    def lookup(self, name: str, scope: Scope | None) -> Value:
        """What a name stands for."""
        at = scope
        while at is not None:
            if name == "this":
                if at.this is not UNKNOWN:
                    return at.this
            elif name in at.found:
                return at.found[name]
            elif name in at.lets:
                return self._bound(name, at)
            elif at.outer is None and at.path:
                return self._imported(name, at)
            at = at.outer
        return _OWN_VALUES.get(name, UNKNOWN)

    def _bound(self, name: str, scope: Scope) -> Value:
        scope.found[name] = self._before(name, scope.outer)
        values = []
        for pattern, code in scope.lets[name]:
            into: dict[str, Value] = {}
            self.bind(pattern, self.value(code, scope), into, scope)
            values.append(into.get(name, UNKNOWN))
        told = [one for one in values if one is not None] or [None]
        found = told[0] if len(told) == 1 else Branch(tuple(told))
        scope.found[name] = found
        if name in scope.changes:
            scope.found[name] = found = self._changed(found, scope.changes[name], scope)
        return found

    def _before(self, name: str, scope: Scope | None) -> Value:
        """What a name that is bound to itself stood for outside: ``Page = Page || require("./page")`` in a getter."""
        while scope is not None:
            if name in scope.found:
                return scope.found[name]
            if name in scope.lets:
                return self._bound(name, scope)
            scope = scope.outer
        return UNKNOWN

    def _changed(self, found: Value, changes: Sequence[tuple[str, Code]], scope: Scope) -> Value:
        """A component, an object or a list with what it is given after it was made."""
        given = {key: self.value(code, scope) for key, code in changes if key}
        match found:
            case Closure() | ClassOf() | Styled() if given:
                return replace(found, statics=given)
            case Thing() if given:
                return found.with_all(Thing(given))
            case list():
                return [*found, *(self.value(code, scope) for key, code in changes if not key)]
        return found

    def _imported(self, name: str, scope: Scope) -> Value:
        found = self.modules[scope.path].imports.get(name)
        if found is None:
            return _OWN_VALUES.get(name, Library("", name))
        scope.found[name] = UNKNOWN
        scope.found[name] = value = self.imported(scope.path, found, name)
        return value

    def imported(self, importer: str, what: Import, alias: str) -> Value:
        """What an import brings."""
        path = self._imports.resolve(importer, what.source)
        if not path:
            return Library(what.source, alias if what.name in ("default", "*") else what.name)
        if path in self._data:
            return self._data[path]
        return self.exported(path, what.name, frozenset())

    def exported(self, path: str, name: str, seen: frozenset[str]) -> Value:
        """What a module gives under a name; ``*`` for all."""
        if (path, name) not in self._exported:
            self._exported[path, name] = UNKNOWN
            self._exported[path, name] = self._export(path, name, seen)
        return self._exported[path, name]

    def _export(self, path: str, name: str, seen: frozenset[str]) -> Value:
        module = self.modules[path]
        if name == "*":
            return Thing(self._all_of(path, seen), True)
        found = module.exports.get(name)
        if found is not None:
            if isinstance(found, Import):
                return self.imported(path, found, name)
            return self.value(found, self.scope(path))
        for source in module.passed:
            other = self._imports.resolve(path, source)
            if other and other not in seen and other in self.modules:
                value = self.exported(other, name, seen | {path})
                if not isinstance(value, Unknown):
                    return value
        return UNKNOWN

    def _all_of(self, path: str, seen: frozenset[str]) -> dict[str, Value]:
        fields: dict[str, Value] = {}
        for source in self.modules[path].passed:
            other = self._imports.resolve(path, source)
            if other in self.modules and other not in seen:
                fields |= self._all_of(other, seen | {path})
        return fields | {key: self.exported(path, key, seen | {path}) for key in self.modules[path].exports}

    def bind(self, pattern: Pattern, value: Value, into: dict[str, Value], scope: Scope) -> None:
        """Give the names of a pattern their parts of a value."""
        match pattern:
            case str():
                into[pattern] = value
            case Default(inner, instead):
                self.bind(inner, self.value(instead, scope) if value is None else value, into, scope)
            case Fields(items, rest):
                for key, inner, default in items:
                    part = self.get(value, key)
                    if part is None and default is not None:
                        part = self.value(default, scope)
                    self.bind(inner, part, into, scope)
                if rest:
                    taken = {key for key, _, _ in items}
                    into[rest] = without(value, taken)
            case Items(items):
                parts = plain(value)
                for at, one in enumerate(items):
                    if one is not None:
                        inside = isinstance(parts, list) and at < len(parts)
                        self.bind(one, parts[at] if inside and isinstance(parts, list) else UNKNOWN, into, scope)

    # Expressions

    def value(self, code: Code, scope: Scope) -> Value:
        """What an expression comes to."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            return UNKNOWN
        return _HOW[type(code)](self, code, scope)

    def _choice(self, code: Code, scope: Scope) -> Value:
        match code:
            case Either(test, yes, no):
                tested = self.value(test, scope)
                said = truth(tested)
                if said is None or is_state(tested):
                    both = (self.value(yes, scope), self.value(no, scope))
                    return Branch(both, start=-1 if said is None else 1 - said)
                return self.value(yes if said else no, scope)
            case And(test, value):
                tested = self.value(test, scope)
                said = truth(tested)
                if said is None or is_state(tested):
                    return Branch((self.value(value, scope), None), start=-1 if said is None else 1 - said)
                return self.value(value, scope) if said else tested
            case Or(first, second):
                one = self.value(first, scope)
                said = truth(one)
                if said is None or is_state(one):
                    return Branch((one, self.value(second, scope)), start=-1 if said is None else 1 - said)
                return one if said else self.value(second, scope)
            case Not(of):
                one = self.value(of, scope)
                said = truth(one)
                negated: Value = UNKNOWN if said is None else not said
                return Start(negated) if is_state(one) else negated
            case Same(left, right, differs):
                return same(self.value(left, scope), self.value(right, scope), differs)
            case Glue(parts):
                return glued([self.value(part, scope) for part in parts])
            case At(of, key):
                return self._at(self.value(of, scope), self.value(key, scope))
        return UNKNOWN

    def _class(self, code: Class, scope: Scope) -> Value:
        return ClassOf(code, scope, {key: self.value(one, scope) for key, one in code.statics})

    def _at(self, of: Value, key: Value) -> Value:
        key, inner = plain(key), plain(of)
        if isinstance(key, str):
            return self.get(of, key)
        if isinstance(inner, list) and isinstance(key, float) and 0 <= key < len(inner):
            return inner[int(key)]
        if isinstance(inner, list) and inner:
            return Branch(tuple(inner))
        if isinstance(inner, Instance) and isinstance(key, Words) and key.value:
            # this[`render${kind}`]: any member whose name begins so.
            names = [name for name, _ in inner.of.code.members if name.startswith(key.value)]
            return Branch(tuple(self._member(inner, name) for name in names)) if names else UNKNOWN
        if isinstance(inner, Thing) and inner.fields and not inner.open:
            return Branch(tuple(inner.fields.values()))
        return UNKNOWN

    def _table(self, entries: Iterable[tuple[str, Code]], scope: Scope) -> Thing:
        table = Thing({})
        for key, code in entries:
            value = self.value(code, scope)
            if key:
                table.fields[key] = value
            else:
                for one in each_thing(value):
                    table = table.with_all(one)
        return table

    def _row(self, items: Iterable[Code], scope: Scope) -> Value:
        row: list[Value] = []
        for item in items:
            value = self.value(item, scope)
            if isinstance(item, Spread):
                row += spread(value)
            else:
                row.append(value)
        return row

    def _tag(self, code: Tag, scope: Scope) -> Value:
        place = Place(scope.path, code.line)
        children: list[Value] = []
        for child in code.children:
            value = self.value(child, scope)
            children.append(value)
        if code.name is None:
            return children
        props = self._table(code.props, scope)
        given = props.fields.get("testID")
        if not isinstance(given, Marked):
            props.fields["testID"] = Marked(given, place)
        if children:
            props.fields["children"] = children[0] if len(children) == 1 else children
        return Element(self.value(code.name, scope), props, place, dotted(code.name), self.within)

    # Members

    def get(self, value: Value, name: str) -> Value:
        """A member of a value."""
        match value:
            case Thing():
                return value.get(name)
            case Instance():
                return self._member(value, name)
            case Start(inner):
                found = self.get(inner, name)
                return found if isinstance(found, Unknown | Closure) else Start(found)
            case Marked(inner, _):
                return self.get(inner, name)
            case Branch(values, _, _):
                return Branch(tuple(self.get(one, name) for one in values if one is not None))
            case Library(module, own):
                return Library(module, f"{own}.{name}")
            case Factory():
                return Part(value, name) if name in ("Screen", "Navigator", "Group") else UNKNOWN
            case ClassOf() | Closure() | Styled():
                return value.statics.get(name, None if name in _STATICS else UNKNOWN)
            case list():
                return float(len(value)) if name == "length" else UNKNOWN
        return UNKNOWN

    def _member(self, this: Instance, name: str) -> Value:
        if name in this.found:
            return this.found[name]
        this.found[name] = UNKNOWN
        this.found[name] = found = self._made(this, this.of, name)
        return found

    def _made(self, this: Instance, of: ClassOf, name: str) -> Value:
        if name == "props":
            return this.props
        members = dict(of.code.members)
        scope = Scope(of.scope.path, of.scope, this=this)
        code = members.get(name)
        if code is None and isinstance(built := members.get("constructor"), Function):
            code = assigned(built.body, name)
            self.bind_params(built, [this.props], scope)
        if code is not None:
            value = self.value(code, scope)
            if isinstance(value, Closure) and isinstance(code, Function):
                return replace(value, this=this)
            return Start(value) if name == "state" else value
        if name == "constructor":
            return of
        base = self.value(of.code.base, of.scope) if of.code.base is not None else UNKNOWN
        return self._made(this, base, name) if isinstance(base, ClassOf) and base is not of else UNKNOWN

    # Functions

    def calls(self, function: Function) -> tuple[Heard, ...]:
        """The calls that a function makes, those in its inner functions too."""
        found = self._heard.get(id(function.body))
        if found is None:
            self._heard[id(function.body)] = found = tuple(calls_in(function.body))
        return found

    def bind_params(self, function: Function, args: Sequence[Value], scope: Scope, rest: Value = None) -> None:
        """Give a function's parameters their values in its scope; ``rest`` to those that are not given."""
        for at, param in enumerate(function.params):
            self.bind(param, args[at] if at < len(args) else rest, scope.found, scope)

    def entered(self, closure: Closure, args: Sequence[Value], rest: Value = None) -> Scope:
        """The scope inside a function that is called."""
        body = closure.code.body
        scope = Scope(closure.scope.path, closure.scope, self._bindings(body), {}, closure.this, self._changes_in(body))
        self.bind_params(closure.code, args, scope, rest)
        return scope

    def inside(self, heard: Heard, scope: Scope) -> Scope:
        """The scope in which a call stands that was heard in a function, from the scope of that function."""
        for function in heard.inside:
            body = function.body
            scope = Scope(scope.path, scope, self._bindings(body), changes=self._changes_in(body))
            self.bind_params(function, [], scope, UNKNOWN)
        return scope

    def apply(self, closure: Closure, args: Sequence[Value], rest: Value = None) -> Value:
        """What a function returns; UNKNOWN where it calls itself, or goes too deep."""
        mark = id(closure.code)
        if len(self._running) >= MAX_CALLS or self._running.count(mark) > 1 or self.steps > MAX_STEPS:
            return UNKNOWN
        self._running.append(mark)
        try:
            found: list[tuple[Value, bool]] = []
            ended = self._returns(closure.code.body, self.entered(closure, args, rest), False, found)
        finally:
            self._running.pop()
        if not ended and any(truth(one) is not False for one, _ in found):
            found.append((None, True))
        if len(found) < 2:
            return found[0][0] if found else None
        told = [(one, unsure) for one, unsure in found if one is not None or not unsure]
        values = tuple(one for one, _ in told)
        sure = next((at for at, (_, unsure) in enumerate(told) if not unsure), -1)
        return Branch(values, sure) if len(values) > 1 or sure < 0 else values[0]

    def _returns(self, body: Iterable[Statement], scope: Scope, unsure: bool, found: list[tuple[Value, bool]]) -> bool:
        """Collect what may be returned; whether the end of the body cannot be reached."""
        for one in body:
            match one:
                case Return(code):
                    found.append((self.value(code, scope), unsure))
                    return True
                case If(test, yes, no):
                    tested = self.value(test, scope)
                    said = None if is_state(tested) else truth(tested)
                    if said is not None:
                        if self._returns(yes if said else no, scope, unsure, found):
                            return True
                        continue
                    ended = [self._returns(branch, scope, True, found) for branch in (yes, no)]
                    if all(ended):
                        return True
        return False


_HOW: dict[type, Callable[[Evaluation, Any, Scope], Value]] = {
    Const: lambda to, code, scope: code.value,
    Name: lambda to, code, scope: to.lookup(code.name, scope),
    Dot: lambda to, code, scope: to.get(to.value(code.of, scope), code.name),
    Tag: Evaluation._tag,
    Call: calls.call,
    Function: lambda to, code, scope: Closure(code, scope),
    Table: lambda to, code, scope: to._table(code.entries, scope),
    Row: lambda to, code, scope: to._row(code.items, scope),
    Class: Evaluation._class,
    Spread: lambda to, code, scope: to.value(code.of, scope),
    Other: lambda to, code, scope: UNKNOWN,
    **dict.fromkeys((Either, And, Or, Not, Same, Glue, At), Evaluation._choice),
}
"""By type, because the chain of cases took a third of the time."""

_STATICS = frozenset({"defaultProps", "navigationOptions", "options", "displayName"})
