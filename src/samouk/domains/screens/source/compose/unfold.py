"""A composable function unfolded into widgets: the app's own wrappers are entered with their arguments in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from samouk.domains.screens.source.compose import code
from samouk.domains.screens.source.compose.catalogue import BESIDE, ITEMS, LOOPS, SCOPED, SILENT, WIDGETS, Spec
from samouk.domains.screens.source.compose.code import TRAILING, Node
from samouk.domains.screens.source.compose.controls import act, fill_input, given_to, hint, merge
from samouk.domains.screens.source.compose.drafts import Draft, dress, everything
from samouk.domains.screens.source.compose.effects import Effects, Going
from samouk.domains.screens.source.compose.logic import both, negated
from samouk.domains.screens.source.compose.meaning import Meaning
from samouk.domains.screens.source.compose.values import (
    MISSING,
    UNKNOWN,
    Bound,
    Chain,
    Closure,
    Either,
    Initially,
    Scope,
    State,
    Value,
    each,
    links_of,
    now,
    start,
    state_of,
    truth,
    words_of,
)
from samouk.domains.screens.source.widgets import Place, Words

DEEPEST = 40
"""Composables within composables."""

MOST_WIDGETS = 3_000
"""A screen; the largest of the studied apps has some hundred."""

MOST_CALLS = 20_000
"""A screen; functions that call each other twice double with every level."""

MOST_KNOWN = 24
"""Items of a list that the source spells out: as many are shown one by one, longer lists as one that repeats."""


@dataclass(frozen=True, slots=True)
class Where:
    """What is around a call.

    Attributes:
        over: the dialog, sheet or menu it stands in, as a place in ``Unfolding.overs``.
        guard: the state on which it waits, where that is one of the screen's own.
        dropdown: inside an ``ExposedDropdownMenuBox``; ``opens`` is the state with which it opens.
        wrapper: the app's own function around it, and the line that calls it.
    """

    parent: int = -1
    repeated: bool = False
    conditional: bool = False
    over: int = -1
    guard: State | None = None
    dropdown: bool = False
    opens: State | None = None
    wrapper: tuple[str, Place] | None = None
    movable: bool = False


@dataclass(slots=True)
class Over:
    """A dialog, sheet or menu that a state of the screen opens.

    Attributes:
        owners: the app's functions around it, the nearest last.
        window: it is a window of its own, to which what is set on the screen does not reach.
    """

    state: State
    name: str
    place: Place
    owners: tuple[str, ...]
    window: bool = True


Host = Callable[["Unfolding", str, code.Call, Scope, Where], bool]
"""Takes a call that only navigation understands; says whether it did."""


@dataclass(slots=True)
class Unfolding:
    """Widgets of one screen, in pre-order.

    Attributes:
        host: asked first about calls that nobody declares: ``NavHost``, ``composable``.
        entered: the app's composables that were entered, with the scope of the call.
        is_deep: composables were left out for being nested deeper than ``DEEPEST``.
        calls: how many were run.
        speaks: it has a place for messages that come and go.
    """

    meaning: Meaning
    effects: Effects
    host: Host
    drafts: list[Draft] = field(default_factory=list)
    overs: list[Over] = field(default_factory=list)
    entered: list[tuple[Bound, Scope, Where]] = field(default_factory=list)
    stack: list[tuple[str, str]] = field(default_factory=list)
    is_deep: bool = False
    speaks: bool = False
    calls: int = 0

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
            case code.Let():
                self.meaning.let(node, scope)
            case code.Call():
                self.call(node, scope, where)
            case code.Choice(condition, yes, no):
                value = self.meaning.of(condition, scope)
                self._branch(value, yes, scope, where)
                self._branch(negated(value), no, scope, where)
            case code.Cases():
                self._cases(node, scope, where)
            case code.Loop(names, over, body):
                closure = code.Lambda((names,), body)
                self._loop(self.meaning.of(over, scope), closure, scope, where, False)
            case code.Binary("?:", left, right):
                self.statement(left, scope, where)
                self.statement(right, scope, replace(where, conditional=True))
            case code.Return(value) if value is not None:
                self.statement(value, scope, where)
            case code.Other(parts):
                self.body(parts, scope.inner(), where)

    def _branch(self, condition: Value, body: Sequence[Node], scope: Scope, where: Where) -> None:
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
            self._branch(condition, branch.body, scope, where)
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
            self.slot(self.meaning.of(callee, scope), where, self._values(node, scope))

    @property
    def is_full(self) -> bool:
        """Whether the screen is larger than is looked at."""
        return len(self.drafts) >= MOST_WIDGETS or self.calls > MOST_CALLS

    def _values(self, node: code.Call, scope: Scope) -> list[Value]:
        return [self.meaning.of(one.value, scope) for one in node.arguments]

    def _named(self, written: str, node: code.Call, scope: Scope, where: Where) -> None:
        known = scope.find(written)
        if known is not MISSING:
            self.slot(known, where, self._values(node, scope))
            return
        own = self.meaning.method(scope.receiver, written)
        if own is not None:
            self._enter(own, node, scope, where)
            return
        found = self.meaning.project.function(written, scope.file)
        if found is not None:
            self._enter(Bound(found.function, found.file, scope.receiver), node, scope, where)
            return
        self._library(self.meaning.project.own_name(written, scope.file), node, scope, where)

    def _on(self, callee: code.Member, node: code.Call, scope: Scope, where: Where) -> None:
        """``tabs.forEach { }``, ``user?.let { }``, ``Buttons.Primary()``."""
        name, of = callee.name, self.meaning.of(callee.of, scope)
        block = next((one.value for one in node.arguments if isinstance(one.value, code.Lambda)), None)
        if name in LOOPS and block is not None:
            self._loop(of, block, scope, where, "ndexed" in name)
        elif name in SCOPED and block is not None:
            self._scoped(name, of, block, callee.safe, scope, where)
        elif name == "invoke":
            self.slot(of, self._maybe(callee.safe, of, where), self._values(node, scope))
        elif (bound := self.meaning.method(of, name)) is not None:
            self._enter(bound, node, scope, where)
        elif name in WIDGETS or name[:1].isupper():
            self._library(name, node, scope, where)
        elif (found := self.meaning.project.function(name, scope.file, extends=True)) is not None:
            self._enter(Bound(found.function, found.file, of), node, scope, where)
        else:
            self.host(self, name, node, scope, where)

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
        for one in each(content):
            if isinstance(one, Closure):
                self.body(one.body, self.meaning.enter(one, given, receiver), replace(where, wrapper=None))
            elif isinstance(one, Bound):
                self._run(one, self.meaning.bind_values(one, given), replace(where, wrapper=None))

    def _enter(self, bound: Bound, node: code.Call, scope: Scope, where: Where) -> None:
        """Into one of the app's own functions; once more into one that calls itself, no further."""
        function = bound.function
        if function.preview or self.stack.count((bound.file, function.name)) > 1:
            return
        inner = self.meaning.bind(bound, node.arguments, scope)
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
        self.stack.append((bound.file, bound.function.name))
        try:
            self.body(bound.function.body, scope, where)
        finally:
            self.stack.pop()

    # What libraries declare

    def _library(self, name: str, node: code.Call, scope: Scope, where: Where) -> None:
        if name in SILENT or self.host(self, name, node, scope, where):
            return
        spec = WIDGETS.get(name)
        if spec is not None:
            self._widget(name, spec, node, scope, where)
        elif name == "SnackbarHost":
            self.speaks = True
        elif name in BESIDE:
            self._beside(name, node, scope, where)
        elif name in ITEMS:
            given = next((self.meaning.of(one.value, scope) for one in node.arguments if one.name != TRAILING), UNKNOWN)
            blocks = [one.value for one in node.arguments if isinstance(one.value, code.Lambda)]
            block = next((one.value for one in node.arguments if one.name in (TRAILING, "itemContent")), None)
            block = block or next(iter(blocks), None)
            self._items(given, block, scope, where, name == "itemsIndexed")
        elif name == "repeat":
            self._each_lambda(node, scope, replace(where, repeated=True))
        elif name == "AnimatedVisibility":
            given = next((one.value for one in node.arguments if one.name in ("visible", "")), None)
            shown = UNKNOWN if given is None else self.meaning.of(given, scope)
            for one in node.arguments:
                if one.name == TRAILING and isinstance(one.value, code.Lambda):
                    self._branch(shown, one.value.body, scope, replace(where, wrapper=None))
        elif name == "ExposedDropdownMenuBox":
            given = next((one.value for one in node.arguments if one.name == "expanded"), None)
            opens = None if given is None else state_of(self.meaning.of(given, scope))
            self._each_lambda(node, scope, replace(where, dropdown=True, opens=opens))
        elif name[:1].isupper():
            self._foreign(name, node, scope, where)
        elif name in ("with", "run"):
            holder = self.meaning.of(node.arguments[0].value, scope) if name == "with" and node.arguments else None
            for value in self._values(node, scope):
                if isinstance(value, Closure):
                    self.body(value.body, self.meaning.enter(value, (), holder), where)
        else:
            self._each_lambda(node, scope, where)

    def _each_lambda(self, node: code.Call, scope: Scope, where: Where) -> None:
        for one in node.arguments:
            if not one.name.startswith("on") and one.name != "key":
                value = self.meaning.of(one.value, scope)
                if isinstance(value, Closure):
                    self.slot(value, where)

    def _foreign(self, name: str, node: code.Call, scope: Scope, where: Where) -> None:
        """A composable of a library that is not known: what it holds is shown, and it is acted on by its handler."""
        given = {one.name or f"#{place}": self.meaning.of(one.value, scope) for place, one in enumerate(node.arguments)}
        draft = self._draft(name, "android.view.View", node, scope, where)
        given.setdefault("modifier", next((one for one in given.values() if isinstance(now(one), Chain)), MISSING))
        seen = dress(draft, links_of(given["modifier"]), self.meaning, self.effects)
        handler = given.get("onClick", MISSING)
        if handler is not MISSING and handler is not None:
            draft.interactive = draft.clickable = draft.merges = True
            draft.going = self.effects.of(handler)
        described = given.get("contentDescription", MISSING)
        if described is not MISSING and described is not None:
            draft.label = words_of(described)
        inner = where
        if seen or draft.interactive or draft.label != Words():
            inner = replace(where, parent=self._add(draft), wrapper=None)
        for key, value in given.items():
            if not key.startswith("on") and isinstance(now(value), Closure | Bound):
                self.slot(value, inner)
        if inner is not where and draft.merges:
            merge(self.drafts, inner.parent)

    # Lists

    def _items(self, given: Value, block: Node | None, scope: Scope, where: Where, indexed: bool) -> None:
        if isinstance(block, code.Lambda):
            items = given if isinstance(given, tuple) else UNKNOWN
            self._loop(items, block, scope, where, indexed)

    def _loop(self, over: Value, block: code.Lambda, scope: Scope, where: Where, indexed: bool) -> None:
        """Each item by itself where the source names them, else once for all."""
        items = over  # what a state holds may change: it is a list of unknown length
        closure = Closure(block.names, block.body, scope)
        where = replace(where, wrapper=None)
        if isinstance(items, tuple) and not hasattr(items, "_fields") and len(items) <= MOST_KNOWN:
            for place, item in enumerate(items):
                self.slot(closure, where, (place, item) if indexed else (item,))
        else:
            self.slot(closure, replace(where, repeated=True))

    # Widgets

    def _draft(self, name: str, class_name: str, node: code.Call, scope: Scope, where: Where) -> Draft:
        place = Place(scope.file, node.line)
        named = name
        if where.wrapper is not None:
            named = where.wrapper[0]
            place = where.wrapper[1] if where.movable else place
        return Draft(
            parent=where.parent,
            name=named,
            class_name=class_name,
            place=place,
            repeated=where.repeated,
            conditional=where.conditional,
            over=where.over,
        )

    def _add(self, draft: Draft) -> int:
        self.drafts.append(draft)
        return len(self.drafts) - 1

    def _widget(self, name: str, spec: Spec, node: code.Call, scope: Scope, where: Where) -> None:
        given = given_to(self.meaning, spec, node, scope)
        if spec.kind == "over":
            where = self._opened(name, spec, given, node, scope, where)
        draft = self._draft(name, spec.class_name or "android.view.View", node, scope, where)
        draft.role = spec.role
        act(self.effects, draft, spec, given)
        draft.text = words_of(given["text"]) if not spec.slots and "text" in given else draft.text
        draft.label = words_of(given["contentDescription"]) if "contentDescription" in given else draft.label
        seen = dress(draft, links_of(given.get("modifier", MISSING)), self.meaning, self.effects)
        if spec.kind == "input":
            fill_input(self.meaning, draft, given, where.dropdown)
            draft.going = Going("set", ((where.opens, True),)) if where.opens is not None else draft.going
        if given.get("enabled", MISSING) is not MISSING:
            draft.enabled = start(given["enabled"])
        own = bool(spec.class_name) and (spec.class_name != "ListTile" or draft.interactive)
        # A picture without a description is no part of what a driver sees.
        own = own and not ("contentDescription" in given and now(given["contentDescription"]) is None)
        if spec.kind == "optional" and spec.checked and given.get(spec.action, MISSING) is None:
            own = False  # what only shows a state that the row around it keeps says nothing itself
        if not (own or seen or draft.interactive or draft.tag_shows):
            self._slots(spec, given, where)
            return
        place = self._add(draft)
        draft.scrollable = True if spec.kind == "list" else draft.scrollable
        ranges = self._slots(spec, given, replace(where, parent=place, wrapper=None))
        if spec.kind == "input":
            hint(self.drafts, draft, ranges)
        elif draft.merges:
            merge(self.drafts, place)

    def _slots(self, spec: Spec, given: dict[str, Value], where: Where) -> dict[str, tuple[int, int]]:
        """Run its slots in the order in which they are read; which widgets came from which."""
        ranges = {}
        inner = replace(where, repeated=where.repeated or spec.repeats, wrapper=None)
        for slot in spec.slots:
            value = given.get(slot, MISSING)
            if value is MISSING:
                continue
            before = len(self.drafts)
            self.slot(value, inner)
            ranges[slot] = (before, len(self.drafts))
        return ranges

    def _opened(
        self, name: str, spec: Spec, given: dict[str, Value], node: code.Call, scope: Scope, where: Where
    ) -> Where:
        """What lies above the screen: by itself where a state of the screen opens it, else as a part that may show."""
        expanded = given.get("expanded", MISSING)
        state = state_of(expanded) if expanded is not MISSING else where.guard
        if state is None or (start(expanded) is True if expanded is not MISSING else False):
            return replace(where, conditional=True, guard=None)
        owners = tuple(function for _, function in self.stack)
        self.overs.append(Over(state, name, Place(scope.file, node.line), owners))
        return replace(where, parent=-1, conditional=False, guard=None, over=len(self.overs) - 1, dropdown=False)

    def _beside(self, name: str, node: code.Call, scope: Scope, where: Where) -> None:
        """A drawer and what it is drawn over."""
        spec, slot, param = BESIDE[name]
        given = given_to(self.meaning, spec, node, scope)
        state = given.get(param, MISSING)
        inner = replace(where, conditional=True, wrapper=None)
        if isinstance(state, State):
            owners = tuple(function for _, function in self.stack)
            self.overs.append(Over(state, name, Place(scope.file, node.line), owners, window=False))
            inner = Where(over=len(self.overs) - 1)
        self.slot(given.get(slot, MISSING), inner)
        self.slot(given.get("", given.get("content", MISSING)), replace(where, wrapper=None))


def _is_one_widget(body: Sequence[Node]) -> bool:
    """Whether a function only wraps one widget: one call, beside what it prepares."""
    rest = [node for node in body if not isinstance(node, code.Let)]
    return len(rest) == 1 and isinstance(rest[0], code.Call)


def names_of_screens(body: Sequence[Node]) -> Iterator[str]:
    """Composables that a body calls, by how they are written."""
    for node in everything(body):
        if isinstance(node, code.Call) and isinstance(node.callee, code.Name) and node.callee.name[:1].isupper():
            yield node.callee.name
