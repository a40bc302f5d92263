"""What a call of a library's composable draws: widgets, lists, and what lies above the screen or beside it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass, field, replace

from samouk.domains.screens.source.compose import code
from samouk.domains.screens.source.compose.catalogue import BESIDE, ITEMS, SILENT, WIDGETS, Spec
from samouk.domains.screens.source.compose.code import TRAILING, Node
from samouk.domains.screens.source.compose.controls import act, fill_input, given_to, hint, merge
from samouk.domains.screens.source.compose.drafts import Draft, dress
from samouk.domains.screens.source.compose.effects import Effects, Going
from samouk.domains.screens.source.compose.meaning import Meaning
from samouk.domains.screens.source.compose.project import Spot
from samouk.domains.screens.source.compose.values import (
    MISSING,
    UNKNOWN,
    Bound,
    Chain,
    Closure,
    Either,
    Scope,
    State,
    String,
    Value,
    all_of,
    each,
    links_of,
    now,
    start,
    state_of,
    words_of,
)
from samouk.domains.screens.source.widgets import Place, Words

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


Host = Callable[["Drawing", str, code.Call, Scope, Where], bool]
"""Takes a call that only navigation understands; says whether it did."""


@dataclass(slots=True)
class Drawing(ABC):
    """Widgets of one screen, in pre-order; how statements are run is left open.

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
    stack: list[Spot] = field(default_factory=list)
    is_deep: bool = False
    speaks: bool = False
    calls: int = 0

    @abstractmethod
    def body(self, nodes: Sequence[Node], scope: Scope, where: Where) -> None:
        """Run statements."""

    @abstractmethod
    def slot(self, content: Value, where: Where, given: Sequence[Value] = (), receiver: Value = None) -> None:
        """Run what was handed on: a lambda, or a reference to a composable."""

    @abstractmethod
    def branch(self, condition: Value, body: Sequence[Node], scope: Scope, where: Where) -> None:
        """Run a part that is there when ``condition`` holds."""

    @property
    def is_full(self) -> bool:
        """Whether the screen is larger than is looked at."""
        return len(self.drafts) >= MOST_WIDGETS or self.calls > MOST_CALLS

    def values(self, node: code.Call, scope: Scope) -> list[Value]:
        """What a call is given."""
        return [self.meaning.of(one.value, scope) for one in node.arguments]

    # What libraries declare

    def library(self, name: str, node: code.Call, scope: Scope, where: Where) -> None:
        """Run a call of what the app itself does not declare."""
        if name in SILENT or self.host(self, name, node, scope, where):
            return
        spec = WIDGETS.get(name)
        if name == "item" and any(one.name == "icon" for one in node.arguments):
            spec = WIDGETS["NavigationBarItem"]
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
                    self.branch(shown, one.value.body, scope, replace(where, wrapper=None))
        elif name == "ExposedDropdownMenuBox":
            given = next((one.value for one in node.arguments if one.name == "expanded"), None)
            opens = None if given is None else state_of(self.meaning.of(given, scope))
            self._each_lambda(node, scope, replace(where, dropdown=True, opens=opens))
        elif name[:1].isupper():
            self._foreign(name, node, scope, where)
        elif name in ("with", "run"):
            holder = self.meaning.of(node.arguments[0].value, scope) if name == "with" and node.arguments else None
            for value in self.values(node, scope):
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
            self.loop(items, block, scope, where, indexed)

    def loop(self, over: Value, block: code.Lambda, scope: Scope, where: Where, indexed: bool) -> None:
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
        said = "text" if "text" in given else "contentDescription"
        options = _options(given[said]) if not spec.slots and said in given else []
        if options:
            for value, may_go in options:
                also = where if not may_go else replace(where, conditional=True)
                self._drawn(name, spec, {**given, said: value}, draft, also)
            return
        self._drawn(name, spec, given, draft, where)

    def _drawn(self, name: str, spec: Spec, given: dict[str, Value], bare: Draft, where: Where) -> None:
        draft = copy(bare)
        draft.conditional = where.conditional
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
            if slot == "" and value is MISSING and "content" not in spec.slots:
                value = given.get("content", MISSING)
            if value is MISSING:
                continue
            before = len(self.drafts)
            self.slot(value, inner, (given["targetState"],) if "targetState" in given else ())
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
        owners = tuple(function for _, function, _ in self.stack)
        self.overs.append(Over(state, name, Place(scope.file, node.line), owners))
        return replace(where, parent=-1, conditional=False, guard=None, over=len(self.overs) - 1, dropdown=False)

    def _beside(self, name: str, node: code.Call, scope: Scope, where: Where) -> None:
        """A drawer and what it is drawn over."""
        spec, slot, param = BESIDE[name]
        given = given_to(self.meaning, spec, node, scope)
        state = given.get(param, MISSING)
        inner = replace(where, conditional=True, wrapper=None)
        if isinstance(state, State):
            owners = tuple(function for _, function, _ in self.stack)
            self.overs.append(Over(state, name, Place(scope.file, node.line), owners, window=False))
            inner = Where(over=len(self.overs) - 1)
        self.slot(given.get(slot, MISSING), inner)
        self.slot(given.get("", given.get("content", MISSING)), replace(where, wrapper=None))


def _options(value: Value) -> list[tuple[Value, bool]]:
    """The words that a widget may bear, where string resources are among them, and whether each may be absent.

    They are told apart like widgets under a condition. Words that stand in the code itself are not: most of them are
    parts of what is filled in.
    """
    known: list[String] = []
    for one in all_of(value):
        if isinstance(one, String) and (not known or one.key) and one not in known:
            known.append(one)
    if len(known) < 2 and not (isinstance(now(value), Either) and any(one.key for one in known)):
        return []
    if not any(one.key for one in known[1:]) and not known[0].key:
        return []
    first = now(value)
    if isinstance(first, String):
        return [(value if one == first else one, one != first) for one in known if one == first or one.key]
    rest = [(one, True) for one in known if one.key]
    return rest if all(isinstance(one, String) for one in each(value)) else [(UNKNOWN, False), *rest]
