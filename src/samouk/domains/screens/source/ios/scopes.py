"""Names of a Swift project and what they stand for: types, parameters, state, and the code that they were given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from samouk.domains.screens.source.ios.declarations import Function, Parameter, Property, SwiftFile, Type
from samouk.domains.screens.source.ios.expressions import (
    UNKNOWN,
    Argument,
    Assignment,
    Call,
    Choice,
    Closure,
    Expression,
    Literal,
    Name,
    Statement,
    joined,
)

STATE = frozenset(
    [
        "State",
        "Binding",
        "StateObject",
        "ObservedObject",
        "EnvironmentObject",
        "Environment",
        "Published",
        "AppStorage",
        "SceneStorage",
        "FocusState",
        "GestureState",
        "Query",
        "FetchRequest",
        "Bindable",
    ]
)
"""Wrappers of values that change while the app runs."""

VIEWS = frozenset({"someView", "View", "AnyView", "someScene", "someToolbarContent", "ToolbarContent", "someCommands"})
"""Types of what is painted, as ``Function.result`` and ``Property.type`` write them."""

DIALOGS = frozenset({"ActionSheet", "Alert", "Alert.Button", "[Alert.Button]", "ActionSheet.Button"})
DEPTH = 40
"""Names behind names; a real app's longest chain has nine."""


@dataclass(slots=True)
class TypeInfo:
    """A type with all its extensions. ``path`` is the file of its declaration."""

    name: str
    path: str
    kind: str
    line: int
    inherits: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    properties: dict[str, Property] = field(default_factory=dict)
    functions: dict[str, list[Function]] = field(default_factory=dict)
    cases: dict[str, Expression | None] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)

    def add(self, path: str, one: Type) -> None:
        """Take in a declaration or an extension."""
        self.inherits.update(one.inherits)
        self.attributes.update(one.attributes)
        for value in one.properties:
            self.properties.setdefault(value.name, value)
            self.homes.setdefault(value.name, path)
        for function in one.functions:
            self.functions.setdefault(function.name, []).append(function)
            self.homes.setdefault(function.name, path)
        self.cases.update(one.cases)

    @property
    def is_view(self) -> bool:
        """Whether it paints: it has a body of views, whichever protocol asks for it."""
        if self.kind not in ("struct", "class", "extension") or "ViewModifier" in self.inherits:
            return False
        own = self.properties.get("body")
        return (own is not None and own.body is not None and own.type in VIEWS) or any(
            one.result in VIEWS for one in self.functions.get("body", ())
        )


@dataclass(slots=True)
class Scope:
    """Names that can be seen at one place.

    Attributes:
        key: of the instance that ``info`` describes; the same in all scopes inside of it.
        values: parameters and local names, each with the scope in which its expression stands.
        path: the file of the code at hand.
    """

    key: str
    path: str
    info: TypeInfo | None = None
    values: dict[str, tuple[Expression, Scope | None]] = field(default_factory=dict)
    outer: Scope | None = None

    def inner(self, values: dict[str, tuple[Expression, Scope | None]] | None = None, path: str = "") -> Scope:
        """A scope inside this one."""
        return Scope(self.key, path or self.path, self.info, values or {}, self)

    def local(self, name: str) -> tuple[Expression, Scope | None] | None:
        """What a parameter or a local name was given."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            scope = scope.outer
        return None


class Project:
    """All declarations of an app, by name."""

    def __init__(self, files: Mapping[str, SwiftFile]) -> None:
        self.types: dict[str, list[TypeInfo]] = defaultdict(list)
        self.values: dict[str, tuple[str, Property]] = {}
        self.calls: dict[str, list[tuple[Argument, ...]]] = defaultdict(list)
        self.callers: dict[str, set[str]] = defaultdict(set)
        self.made_by: dict[str, dict[str, bool]] = defaultdict(dict)
        """What each type makes, and what it names without making it, as False."""
        self.hidden: set[str] = set()
        for path, file in files.items():
            self.hidden |= file.hidden
            for one in file.types:
                if one.kind != "extension":
                    info = TypeInfo(one.name, path, one.kind, one.line)
                    info.add(path, one)
                    self._name(info)
            for value in file.values:
                self.values.setdefault(value.name, (path, value))
        for path, file in files.items():
            for one in file.types:
                if one.kind == "extension":
                    self._extend(path, one)
        self._constants: dict[str, list[TypeInfo]] | None = None
        for file in files.values():
            for one in file.types:
                self._count_calls(one)

    def _name(self, info: TypeInfo) -> None:
        self.types[info.name].append(info)
        short = info.name.rpartition(".")[2]
        if short != info.name:
            self.types[short].append(info)

    def _extend(self, path: str, one: Type) -> None:
        known = self.find(one.name, path)
        if known is None:
            known = TypeInfo(one.name, path, "extension", one.line)
            self._name(known)
        known.add(path, one)

    def _count_calls(self, one: Type) -> None:
        for value in one.properties:
            for statement in (*(value.body or ()), *((value.value,) if value.value is not None else ())):
                self._calls(statement, one.name)
        for function in one.functions:
            for statement in function.body:
                self._calls(statement, one.name)

    def _calls(self, one: object, caller: str) -> None:
        waiting = [one]
        while waiting:
            at = waiting.pop()
            if isinstance(at, Call) and at.name[:1].isupper():
                self.calls[at.name].append(at.arguments)
                self.callers[at.name].add(caller)
                self.made_by[caller][at.name] = True
            elif isinstance(at, Name) and at.path[:1].isupper() and "." in at.path:
                self.made_by[caller].setdefault(at.path.partition(".")[0], False)
            if isinstance(at, tuple):
                waiting.extend(part for part in at if isinstance(part, tuple))

    def find(self, name: str, near: str = "") -> TypeInfo | None:
        """A type by its name; of several the one whose file stands nearest."""
        found = self.types.get(name)
        if not found:
            return None
        return found[0] if len(found) == 1 else max(found, key=lambda one: _shared(one.path, near))

    def implementers(self, name: str) -> list[TypeInfo]:
        """Types that have a plain string for a property of which the name says that it is an identifier."""
        if self._constants is None:
            self._constants = defaultdict(list)
            for info in {id(one): one for infos in self.types.values() for one in infos}.values():
                for own in info.properties.values():
                    if own.name.endswith(("dentifier", "ID")) and isinstance(own.value, Literal) and not own.static:
                        self._constants[own.name].append(info)
        return self._constants.get(name, [])

    def view(self, name: str, near: str = "") -> TypeInfo | None:
        """An own view by its name."""
        found = self.find(name, near)
        return found if found is not None and found.is_view and "App" not in found.inherits else None

    def fixed_arguments(self, name: str) -> dict[str, Expression]:
        """Arguments that every call of a view gives alike, by label, if they say what they are by themselves."""
        calls = self.calls.get(name, [])
        if not calls:
            return {}
        shared = dict(calls[0])
        for one in calls[1:]:
            shared = {label: value for label, value in shared.items() if dict(one).get(label, UNKNOWN) == value}
        return {label: value for label, value in shared.items() if label != "{}" and _plain(value)}


def _plain(value: Expression) -> bool:
    """Whether a value needs no names around it."""
    if isinstance(value, Literal):
        return all(isinstance(part, str) for part in value.parts)
    if isinstance(value, Name):
        return value.path in ("true", "false", "nil") or value.path[:1].isdigit() or value.path[:1] == "."
    return False


def _shared(one: str, other: str) -> int:
    count = 0
    for left, right in zip(one.split("/"), other.split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count


def bind(
    parameters: tuple[Parameter, ...], arguments: tuple[Argument, ...], scope: Scope | None
) -> dict[str, tuple[Expression, Scope | None]]:
    """Values of a function's parameters at one call; trailing closures fill what is left, in order."""
    values: dict[str, tuple[Expression, Scope | None]] = {}
    left = list(parameters)
    for argument in arguments:
        if argument.label == "{}":
            continue
        found = next((one for one in left if one.label == argument.label), None)
        if found is not None:
            values[found.name] = (argument.value, scope)
            left.remove(found)
    trailing = [one for one in arguments if one.label == "{}"]
    takers = [one for one in left if "->" in one.type or one.type.endswith("Content")] or left
    for argument, parameter in zip(trailing, takers, strict=False):
        values[parameter.name] = (argument.value, scope)
        left.remove(parameter)
    for parameter in left:
        if parameter.default is not None:
            values[parameter.name] = (parameter.default, None)
    return values


def instance(info: TypeInfo, arguments: tuple[Argument, ...], scope: Scope | None, key: str) -> Scope:
    """The scope inside a view that was made with these arguments."""
    made = Scope(key, info.path, info)
    made.values["self.type"] = (Name(info.name), None)
    makers = info.functions.get("init", [])
    if makers:
        maker = max(makers, key=lambda one: _fit(one.parameters, arguments))
        given = bind(maker.parameters, arguments, scope)
        unknown: dict[str, tuple[Expression, Scope | None]] = {one.name: (UNKNOWN, None) for one in maker.parameters}
        inside = made.inner({**unknown, **given})
        for statement in maker.body:
            if isinstance(statement, Assignment) and isinstance(statement.target, Name):
                made.values[statement.target.path.lstrip("_")] = (_called(statement.value), inside)
    else:
        stored = [
            Parameter(one.name, one.name, one.type, one.value)
            for one in info.properties.values()
            if one.body is None and not one.static
        ]
        unset = [one for one in stored if one.default is None or "->" in one.type or not _is_state(info, one.name)]
        made.values.update(bind(tuple(one._replace(default=None) for one in unset), arguments, scope))
    return made


def _called(value: Expression) -> Expression:
    """``content`` where an initialiser keeps ``content()``: both paint the same."""
    return Name(value.name) if isinstance(value, Call) and value.receiver is None and not value.arguments else value


def _is_state(info: TypeInfo, name: str) -> bool:
    found = info.properties.get(name)
    return found is not None and any(one in STATE for one in found.attributes)


def _fit(parameters: tuple[Parameter, ...], arguments: tuple[Argument, ...]) -> int:
    labels = {one.label for one in parameters}
    return sum(1 if one.label in labels or one.label == "{}" else -2 for one in arguments) - (
        0 if len(parameters) >= len(arguments) else 1
    )


def is_changing(scope: Scope, name: str) -> bool:
    """Whether a property of the instance at hand is state."""
    return scope.info is not None and _is_state(scope.info, name)


def reduce(project: Project, value: Expression, scope: Scope | None, depth: int = 0) -> tuple[Expression, Scope | None]:
    """Follow a name to what it stands for: through parameters, constants and static members, not through state."""
    while isinstance(value, Name) and value.path and scope is not None and depth < DEPTH:
        depth += 1
        found = _step(project, value, scope)
        if found is None:
            break
        value, scope = found
    return value, scope


def _step(project: Project, value: Name, scope: Scope) -> tuple[Expression, Scope | None] | None:
    head, _, rest = value.path.partition(".")
    if not head:
        return None
    given = scope.local(head)
    info = scope.info
    own = info.properties.get(head) if info is not None else None
    if given is not None:
        return given if not rest else _deeper(project, given, rest, scope, own.type if own is not None else "")
    if own is not None and not any(one in STATE for one in own.attributes):
        inside = top(scope)
        if not rest:
            return _value(own, inside)
        return _deeper(project, (Name(head), inside), rest, scope, own.type)
    if rest:
        return _static(project, value.path, scope)
    outside = project.values.get(head)
    if outside is not None and outside[1].value is not None:
        return outside[1].value, Scope("", outside[0])
    return None


def top(scope: Scope) -> Scope:
    """The scope of the instance itself."""
    while scope.outer is not None and scope.outer.info is scope.info:
        scope = scope.outer
    return scope


def _value(own: Property, scope: Scope) -> tuple[Expression, Scope | None] | None:
    if own.body is not None:
        last = last_expression(own.body)
        return (last, scope) if last is not None else None
    return (own.value, scope) if own.value is not None else None


def last_expression(body: tuple[Statement, ...]) -> Expression | None:
    """What a short computed value gives: its only expression."""
    found = [one for one in body if isinstance(one, (Name, Literal, Call, Choice, Closure))]
    return found[-1] if len(found) == 1 else None


def _static(project: Project, path: str, scope: Scope) -> tuple[Expression, Scope | None] | None:
    """``L10n.Login.title``, ``Route.home.title``."""
    kind, _, name = path.rpartition(".")
    info = within(project, kind, scope)
    if info is not None:
        own = info.properties.get(name)
        return None if own is None else _value(own, Scope(info.name, info.path, info))
    outer, _, case = kind.rpartition(".")
    info = within(project, outer, scope) if outer else None
    return of_case(project, info, case, name) if info is not None and case in info.cases else None


def within(project: Project, name: str, scope: Scope) -> TypeInfo | None:
    """A type by its name as seen from the code at hand: in the type around it first, then anywhere."""
    around = scope.info.name if scope.info is not None else ""
    if name == "Self":
        return scope.info
    while around:
        found = project.find(f"{around}.{name}", scope.path)
        if found is not None:
            return found
        around = around.rpartition(".")[0]
    return project.find(name, scope.path)


def of_case(project: Project, info: TypeInfo, case: str, name: str) -> tuple[Expression, Scope | None] | None:
    """A computed property or a function of an enum's case, by its `switch`; its raw value too."""
    scope = Scope(info.name, info.path, info, {"self": (Name("." + case), None)})
    if name == "rawValue":
        return info.cases.get(case) or Literal((case,)), scope
    own = info.properties.get(name)
    body = own.body if own is not None else None
    if body is None:
        functions = info.functions.get(name)
        body = functions[0].body if functions else None
    last = last_expression(body) if body else None
    if isinstance(last, Choice) and last.subject == Name("self"):
        fitting = next((one for one in last.branches if case in one.cases), None) or next(
            (one for one in last.branches if not one.cases), None
        )
        last = last_expression(fitting.body) if fitting is not None else None
    return (last, scope) if last is not None else None


def _deeper(
    project: Project, given: tuple[Expression, Scope | None], rest: str, scope: Scope, kind: str = ""
) -> tuple[Expression, Scope | None] | None:
    """A property of what a name stands for."""
    base, where = reduce(project, given[0], given[1], 1)
    if isinstance(base, Name) and base.path:
        info = project.find(base.path.rpartition(".")[0] or kind, scope.path)
        case = base.path.rpartition(".")[2]
        if info is not None and case in info.cases and "." not in rest:
            return of_case(project, info, case, rest)
        if base != given[0] and where is not None and where is not scope:
            return joined(base, rest), where
    return None
