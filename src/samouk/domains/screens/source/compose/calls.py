"""What calls give: of the app's own functions, of lambdas, and of the libraries that every Compose app uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from samouk.domains.screens.source.compose import code
from samouk.domains.screens.source.compose.code import Node
from samouk.domains.screens.source.compose.filling import cased, filling, formatted
from samouk.domains.screens.source.compose.logic import (
    chained,
    emptiness,
    joined,
    mapped,
    same,
)
from samouk.domains.screens.source.compose.objects import Objects, kinds_of
from samouk.domains.screens.source.compose.values import (
    HOLE,
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
    Modifier,
    Resource,
    Scope,
    State,
    String,
    Symbol,
    Value,
    each,
    now,
)

_LISTS = frozenset(
    [
        "listOf",
        "arrayOf",
        "setOf",
        "persistentListOf",
        "listOfNotNull",
        "immutableListOf",
        "sequenceOf",
        "persistentSetOf",
        "linkedSetOf",
        "immutableSetOf",
        "persistentListOfNotNull",
        "mapOf",
        "persistentMapOf",
        "linkedMapOf",
        "immutableMapOf",
        "Pair",
        "Triple",
    ]
)
_BUILDERS = frozenset(["buildList", "buildSet", "buildPersistentList"])
_STATES = frozenset(
    ["mutableStateOf", "mutableIntStateOf", "mutableFloatStateOf", "mutableLongStateOf", "MutableStateFlow"]
)
_OPENABLE = frozenset(["rememberDrawerState", "rememberModalBottomSheetState"])
"""States with ``open()`` and ``show()``: true stands for open."""

_KEEPERS = frozenset(["remember", "rememberSaveable", "lazy", "run", "derivedStateOf", "retain"])
_READERS = frozenset(["collectAsState", "collectAsStateWithLifecycle", "observeAsState"])
_KEPT = """
toList asReversed toString trim also apply orEmpty sortedBy asState toImmutableList toPersistentList toImmutableSet
toPersistentSet toSet toMutableList filter filterNot filterNotNull distinct reversed sorted sortedByDescending
asSequence takeUnless asStateFlow
"""
_SAME = frozenset(_KEPT.split())
"""Calls that give what they are called on, or a part of it."""

_PICKERS = frozenset(["get", "getValue", "getOrNull", "elementAt", "first", "last", "firstOrNull", "single", "find"])
_CASES: dict[str, Callable[[str], str]] = {
    "uppercase": str.upper,
    "toUpperCase": str.upper,
    "lowercase": str.lower,
    "toLowerCase": str.lower,
}


class Calls(Objects):
    """Follows calls; how an expression is evaluated is left open."""

    def call(self, node: code.Call, scope: Scope) -> Value:
        callee = node.callee
        if isinstance(callee, code.Member):
            return self._method_call(node, callee, scope)
        if not isinstance(callee, code.Name):
            return UNKNOWN
        name = self.project.own_name(callee.name, scope.file)
        known = scope.find(callee.name)
        if any(isinstance(one, Closure | Bound) or self.method(one, "invoke") for one in each(known)):
            return mapped(known, lambda one: self._invoked(one, node, scope))
        library = self._library(name, node, scope)
        if library is not MISSING:
            return library
        own = self.own_method(name, scope)
        if own is not None:
            return self._returned(own, node, scope)
        found = self.project.function(callee.name, scope.file, given=node.arguments)
        if found is not None:
            if found.function.receiver == "Modifier" and isinstance(scope.receiver, Chain):
                return self._returned(Bound(found.function, found.file, scope.receiver), node, scope)
            return self._returned(Bound(found.function, found.file), node, scope)
        declared = self.project.type(callee.name, scope.file)
        if declared is not None:
            return self.made(declared.kind, declared.file, node, scope)
        if isinstance(scope.receiver, Chain) and name[:1].islower():
            return self._linked(scope.receiver, name, node, scope)
        return Made(name, self.arguments(node, scope))

    def invoke(self, what: Value, given: Sequence[Value] = ()) -> Value:
        """What a lambda or a reference to a function gives."""
        if isinstance(what, Closure):
            return self.run(what, given)
        if isinstance(what, Bound):
            return self._body(what, self.bind_values(what, given))
        return UNKNOWN

    def _returned(self, bound: Bound, node: code.Call, scope: Scope) -> Value:
        return self._body(bound, self.bind(bound, node.arguments, scope, node.types))

    def _body(self, bound: Bound, scope: Scope) -> Value:
        self.depth += 1
        try:
            return self.last_of(bound.function.body, scope)
        finally:
            self.depth -= 1

    def _library(self, name: str, node: code.Call, scope: Scope) -> Value:
        """What calls give that every Compose app makes; MISSING for others."""
        if name in ("stringResource", "getString", "getText", "pluralStringResource", "stringArrayResource"):
            return self._resource_call(name, [self.of(one.value, scope) for one in node.arguments])
        if name in _KEEPERS and node.arguments and isinstance(node.arguments[-1].value, code.Lambda):
            value = self.run(Closure((), node.arguments[-1].value.body, scope))
            return State(now(value)) if name == "derivedStateOf" and now(value) is not UNKNOWN else value
        if name in _STATES:
            return State(self.of(node.arguments[0].value, scope) if node.arguments else UNKNOWN)
        if name in _OPENABLE:
            return State(False)
        if name == "rememberUpdatedState" and node.arguments:
            return self.of(node.arguments[0].value, scope)
        if name in _LISTS:
            items = tuple(self.of(one.value, scope) for one in node.arguments)
            return tuple(one for one in items if one is not None) if name.endswith("NotNull") else items
        if name in _BUILDERS and node.arguments and isinstance(node.arguments[-1].value, code.Lambda):
            return tuple(self._built(node.arguments[-1].value.body, scope.inner()))
        if name == "buildAnnotatedString" and node.arguments and isinstance(node.arguments[-1].value, code.Lambda):
            parts = list(self._appended(node.arguments[-1].value.body, scope.inner()))
            key = next((part.key for part in parts if part.key), "")
            return String("".join(part.value for part in parts), key)
        if name in ("movableContentOf", "composableLambda", "requireNotNull", "checkNotNull") and node.arguments:
            return self.of(node.arguments[-1 if name.startswith(("mov", "comp")) else 0].value, scope)
        if name == "with" and len(node.arguments) == 2:
            holder, block = (self.of(one.value, scope) for one in node.arguments)
            return self.run(block, (), holder) if isinstance(block, Closure) else UNKNOWN
        if name == "AnnotatedString" and node.arguments:
            return self.of(node.arguments[0].value, scope)
        return MISSING

    def _built(self, body: Sequence[Node], scope: Scope) -> Iterator[Value]:
        """What a list is built of, under whatever condition."""
        for node in body:
            match node:
                case code.Let():
                    self.let(node, scope)
                case code.Call(code.Name("add"), (code.Argument(_, value),)):
                    yield self.of(value, scope)
                case code.Call(code.Name("addAll"), (code.Argument(_, value),)):
                    more = self.of(value, scope)
                    yield from more if isinstance(more, tuple) and not hasattr(more, "_fields") else ()
                case code.Choice(_, yes, no):
                    yield from self._built((*yes, *no), scope.inner())
                case code.Call(_, (*_, code.Argument(_, code.Lambda(_, inner)))):
                    yield from self._built(inner, scope.inner())

    def _appended(self, body: Sequence[Node], scope: Scope) -> Iterator[String]:
        """The parts of words that are built piece by piece."""
        for node in body:
            match node:
                case code.Let():
                    self.let(node, scope)
                case code.Call(code.Name("append" | "appendLine"), (code.Argument(_, value),)):
                    part = now(self.of(value, scope))
                    yield part if isinstance(part, String) else String(filling(part))
                case code.Call(_, (*_, code.Argument(_, code.Lambda(_, inner)))):
                    yield from self._appended(inner, scope.inner())
                case code.Choice() | code.Cases() | code.Loop():
                    yield String(HOLE)

    def _resource_call(self, name: str, given: Sequence[Value]) -> Value:
        if not given:
            return UNKNOWN
        if name == "stringArrayResource":
            found = now(given[0])
            items = self.project.resources.arrays.get(found.name) if isinstance(found, Resource) else None
            return UNKNOWN if items is None else tuple(String(item, found.name) for item in items)
        plural = name == "pluralStringResource"
        return self.words(given[0], given[2:] if plural else given[1:], plural)

    def words(self, resource: Value, given: Sequence[Value] = (), plural: bool = False) -> Value:
        """The words of a string resource, with what is filled in."""

        def said(value: Value) -> Value:
            if not isinstance(value, Resource):
                return UNKNOWN
            table = self.project.resources.plurals if plural else self.project.resources.strings
            written = table.get(value.name)
            if written is None:
                return String(HOLE, value.name)
            return String(formatted(written, given) if given or plural else written, value.name)

        return mapped(resource, said)

    def _method_call(self, node: code.Call, callee: code.Member, scope: Scope) -> Value:
        of = self.of(callee.of, scope)
        name = callee.name
        if name in ("stringResource", "getString", "getText", "getQuantityString"):
            given = [self.of(one.value, scope) for one in node.arguments]
            return self._resource_call("pluralStringResource" if name == "getQuantityString" else name, given)
        chains = [one for one in each(of) if isinstance(one, Chain)]
        if chains:
            return self._linked(joined(chains), name, node, scope)
        if any(self.method(one, name) is not None for one in each(of)):
            return mapped(of, lambda one: self._called_on(one, name, node, scope))
        if isinstance(of, ClassName):
            return self._static_call(of, name, node, scope)
        held = self.member_of(of, name, scope) if isinstance(now(of), Instance) else UNKNOWN
        if any(isinstance(one, Closure | Bound) or self.method(one, "invoke") for one in each(held)):
            return mapped(held, lambda one: self._invoked(one, node, scope))
        block = next((self.of(one.value, scope) for one in node.arguments if isinstance(one.value, code.Lambda)), None)
        if isinstance(block, Closure):
            found = self._scoped(of, name, block)
            if found is not MISSING:
                return found
        found = self._plain(of, name, node, scope)
        if found is not MISSING:
            return found
        extension = self.project.function(name, scope.file, True, node.arguments, kinds=kinds_of(of))
        if extension is not None:
            return self._returned(Bound(extension.function, extension.file, of), node, scope)
        if isinstance(of, Symbol) and name[:1].isupper():
            return Made(name, self.arguments(node, scope))
        if isinstance(of, Symbol | Made):
            return Made(name, (*getattr(of, "arguments", ()), *self.arguments(node, scope)))
        return UNKNOWN

    def _called_on(self, of: Value, name: str, node: code.Call, scope: Scope) -> Value:
        bound = self.method(of, name)
        return UNKNOWN if bound is None else self._returned(bound, node, scope)

    def _invoked(self, what: Value, node: code.Call, scope: Scope) -> Value:
        bound = self.method(what, "invoke")
        if bound is not None:
            return self._returned(bound, node, scope)
        return self.invoke(what, [self.of(one.value, scope) for one in node.arguments])

    def _static_call(self, of: ClassName, name: str, node: code.Call, scope: Scope) -> Value:
        if name == "values":
            return self.static(of, "entries")
        inner = next((one for one in of.kind.classes if one.name == name), None)
        return UNKNOWN if inner is None else self.made(inner, of.file, node, scope)

    def _scoped(self, of: Value, name: str, block: Closure) -> Value:
        """``x.let { }`` and its like."""
        if name == "let":
            return None if of is None else self.run(block, (of,))
        if name in ("run", "with"):
            return self.run(block, (), of)
        if name in ("also", "apply", "takeIf", "onEach", "sortedBy", "filterNotNull"):
            return of
        if name in ("map", "mapIndexed") and isinstance(of, tuple) and not hasattr(of, "_fields"):
            indexed = name == "mapIndexed"
            return tuple(self.run(block, (at, one) if indexed else (one,)) for at, one in enumerate(of))
        return MISSING

    def _plain(self, of: Value, name: str, node: code.Call, scope: Scope) -> Value:
        """Calls on words, lists and states."""
        if name in _READERS:
            initial = next(
                (self.of(one.value, scope) for one in node.arguments if one.name in ("initial", "")), MISSING
            )
            return of if isinstance(of, State) else UNKNOWN if initial is MISSING else Initially(initial)
        if name in ("invoke",) and isinstance(of, Closure | Bound):
            return self.invoke(of, [self.of(one.value, scope) for one in node.arguments])
        if name in ("isEmpty", "isBlank", "isNotEmpty", "isNotBlank", "isNullOrEmpty", "isNullOrBlank"):
            return mapped(of, lambda value: emptiness(value, "Not" in name))
        if name in _SAME:
            return of
        if name in _PICKERS and isinstance(of, tuple) and not hasattr(of, "_fields"):
            at = self.of(node.arguments[0].value, scope) if node.arguments else UNKNOWN
            return _picked(of, name, at)
        if name in _CASES:
            return mapped(of, lambda value: cased(value, _CASES[name]))
        if name == "format" and isinstance(now(of), String):
            given = [self.of(one.value, scope) for one in node.arguments]
            return mapped(of, lambda value: value._replace(value=formatted(value.value, given)))
        return MISSING

    def _linked(self, chain: Chain, name: str, node: code.Call, scope: Scope) -> Value:
        """A modifier with one more link; one of the app's own is looked into."""
        if name == "then" and node.arguments:
            return chained(chain, self.of(node.arguments[0].value, scope))
        if name in ("composed", "let", "run", "apply", "also"):
            block = node.arguments[-1].value if node.arguments else None
            if isinstance(block, code.Lambda):
                found = self.run(Closure(block.names, block.body, scope), (chain,), chain)
                found_chains = [one for one in each(found) if isinstance(one, Chain)]
                return joined(found_chains) if found_chains and name != "also" else chain
        own = self.project.function(name, scope.file, True, node.arguments)
        if own is not None and own.function.receiver == "Modifier":
            found = self._returned(Bound(own.function, own.file, chain), node, scope)
            chains = [one for one in each(found) if isinstance(one, Chain)]
            return joined(chains) if chains else chain
        return Chain((*chain.links, Modifier(name, self.arguments(node, scope), node.line)))

    def _parts(self, value: Value, count: int) -> Iterator[Value]:
        """What a value is taken apart into: the fields of a data class, the items of a list."""
        plain = now(value)
        if isinstance(plain, Either):
            parted = [tuple(self._parts(one, count)) for one in plain.values]
            yield from (Either(tuple(one[at] for one in parted)) for at in range(count))
            return
        parts: Sequence[Value] = ()
        if isinstance(plain, Instance) and plain.made:
            parts = [plain.fields.get(one.name, UNKNOWN) for one in plain.kind.parameters]
        elif isinstance(plain, tuple) and not hasattr(plain, "_fields"):
            parts = plain
        for place in range(count):
            yield parts[place] if place < len(parts) else UNKNOWN

    def last_of(self, body: Sequence[Node], scope: Scope) -> Value:
        """The value of a block: of its last expression, or of what it returns."""
        value: Value = UNKNOWN
        for node in body:
            if isinstance(node, code.Let):
                self.let(node, scope)
            elif isinstance(node, code.Return):
                return UNKNOWN if node.value is None else self.of(node.value, scope)
            elif node is body[-1]:
                value = self.of(node, scope)
        return value

    def let(self, node: code.Let, scope: Scope) -> None:
        """Enter a ``val`` or ``var`` into its scope."""
        value = self.of(node.value, scope)
        if len(node.names) == 1:
            scope.names[node.names[0]] = value
        elif isinstance(value, State):  # val (text, setText) = remember { mutableStateOf("") }
            scope.names.update(zip(node.names, (value, UNKNOWN), strict=False))
        else:
            scope.names.update(zip(node.names, self._parts(value, len(node.names)), strict=True))

    def enter(self, closure: Closure, given: Sequence[Value] = (), receiver: Value = None) -> Scope:
        """The scope in which a lambda runs."""
        scope = closure.scope.inner()
        if receiver is not None and receiver is not UNKNOWN:
            scope.receiver = receiver
        names = closure.names or (("it",),)
        if not closure.names and not given and closure.scope.find("it") is not MISSING:
            return scope  # a slot without parameters inside a lambda that has one
        for place, group in enumerate(names):
            value = given[place] if place < len(given) else UNKNOWN
            parts = (value,) if len(group) == 1 else self._parts(value, len(group))
            scope.names.update(zip(group, parts, strict=True))
        return scope

    def run(self, closure: Closure, given: Sequence[Value] = (), receiver: Value = None) -> Value:
        """What a lambda gives."""
        self.depth += 1
        try:
            return self.last_of(closure.body, self.enter(closure, given, receiver))
        finally:
            self.depth -= 1


def _picked(items: tuple[Value, ...], name: str, at: Value) -> Value:
    """One item of a list, by its place; the value of a map, by its key; any of them where that is not known."""
    pairs = [one for one in items if isinstance(one, tuple) and len(one) == 2 and not hasattr(one, "_fields")]
    if name in ("first", "last", "single") and at is UNKNOWN and items:
        return items[-1 if name == "last" else 0]
    found = [value for key, value in pairs if same(key, at) is True] if len(pairs) == len(items) else []
    if found:
        return found[0]
    if isinstance(now(at), int) and 0 <= now(at) < len(items):
        return items[now(at)] if at is now(at) else Initially(items[now(at)], None, items)
    if items and len(pairs) == len(items) and name in ("get", "getValue"):
        return Either(tuple(value for _, value in pairs))
    return Either(items) if items else UNKNOWN
