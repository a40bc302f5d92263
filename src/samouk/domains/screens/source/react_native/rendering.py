"""From elements to what is shown: own components are entered, those of libraries are looked up."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from samouk.domains.screens.source.react_native.code import Function
from samouk.domains.screens.source.react_native.evaluation import Evaluation
from samouk.domains.screens.source.react_native.families import Families
from samouk.domains.screens.source.react_native.handlers import Outcome, outcome
from samouk.domains.screens.source.react_native.hosts import HOSTS, UNLISTED, Host, host_of
from samouk.domains.screens.source.react_native.nodes import HANDLERS, Node, label_of
from samouk.domains.screens.source.react_native.parts import (
    entries,
    holds_elements,
    is_entries,
    is_written,
    may_be_part,
    may_show,
    option_words,
    visible,
)
from samouk.domains.screens.source.react_native.values import (
    UNKNOWN,
    Branch,
    ClassOf,
    Closure,
    Element,
    Factory,
    Instance,
    Library,
    Loop,
    Marked,
    Part,
    Scope,
    Start,
    Styled,
    Thing,
    Translator,
    Unknown,
    Value,
    each,
    identifiers,
    known,
    mark_of,
    named,
    plain,
    truth,
    words_of,
)
from samouk.domains.screens.source.widgets import NO_WORDS, Place, Words

MAX_NODES = 4_000
"""Of one screen; beyond it a wrapper wraps itself in a way that was not seen."""

MAX_DEPTH = 60
MAX_HOOKS = 2
"""Own hooks inside one another that may set a screen's header."""

_HEARING = frozenset({"press", "text", "input", "toggle", "choice"})
"""Kinds of React Native's own components that hear a tap; those of libraries may be of any kind."""

_ROWS = frozenset({"renderItem", "renderRow", "renderSectionHeader", "renderHiddenItem", "ItemSeparatorComponent"})
_MAYBE = frozenset({"ListEmptyComponent", "renderEmpty", "fallback", "errorElement", "renderError"})
_OPTIONS = ("options", "buttons", "items", "values", "data")


class Under(NamedTuple):
    """Where something is rendered.

    ``repeated`` holds for the outermost of what a row shows, ``in_row`` for all of it.
    """

    conditional: bool = False
    repeated: bool = False
    in_row: bool = False
    depth: int = 0
    within: tuple[int, ...] = ()


@dataclass(slots=True)
class Seen:
    """What came up while a screen was rendered, beside its nodes.

    Attributes:
        navigators: in the order in which they came up, with the props of their tags.
        titles: options that the screen sets for itself.
        outcomes: what the handlers of nodes do, by the node.
        entered: code of the components that were entered.
        layouts: navigators of expo-router by their names (``Tabs``).
    """

    navigators: list[tuple[Factory, Thing, Place]] = field(default_factory=list)
    options: list[Thing] = field(default_factory=list)
    outcomes: list[tuple[Node, Outcome]] = field(default_factory=list)
    entered: set[int] = field(default_factory=set)
    layouts: list[str] = field(default_factory=list)


class Rendering:
    """Renders one screen."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.seen = Seen()
        self._count = 0
        self._families = Families()
        self._sheets: set[Place] = set()
        # What the earlier of several alternatives show, and what the one at hand does: an element that is handed to
        # all of them (``wide ? <Row>{children}</Row> : <Column>{children}</Column>``) is shown once.
        self._earlier: ChainMap[int, tuple[Element, list[Node | Words]]] = ChainMap()
        self._recorded: dict[int, tuple[Element, list[Node | Words]]] | None = None

    def screen(self, component: Value, props: Thing) -> list[Node]:
        """The roots of a screen, or of a part of one."""
        shown = self._component(component, props, Place("", 0), Under())
        return [one for one in shown if isinstance(one, Node)]

    def part(self, value: Value) -> list[Node]:
        """The roots of what an option holds (``headerRight``): an element, or a function that makes one."""
        return [one for one in self._slot(value, Under()) if isinstance(one, Node)]

    def shown(self, value: Value, under: Under) -> list[Node | Words]:
        """Nodes and runs of words."""
        match value:
            case Element():
                return self._element(value, under)
            case list():
                return [one for item in value for one in self.shown(item, under)]
            case Loop(inner):
                return self.shown(inner, under._replace(repeated=True, in_row=True))
            case Branch():
                return self._branch(value, under)
            case Start(inner) | Marked(inner, _):
                return self.shown(inner, under)
            case Factory() | Part():
                return []
        words = words_of(value)
        return [] if words is None else [words]

    def _branch(self, value: Branch, under: Under) -> list[Node | Words]:
        if not any(holds_elements(one) for one in value.values):
            words = words_of(value)
            return [] if words is None else [words]
        unsure = under._replace(conditional=True)
        earlier, around = self._earlier, self._recorded
        found: list[Node | Words] = []
        recorded: dict[int, tuple[Element, list[Node | Words]]] = {}
        for at, item in enumerate(value.values):
            if not isinstance(item, Unknown):
                self._earlier, self._recorded = earlier.new_child(dict(recorded)), {}
                found += self.shown(item, under if at == value.sure else unsure)
                recorded |= self._recorded
        self._earlier, self._recorded = earlier, around
        if around is not None:
            around |= recorded
        return found

    def _element(self, element: Element, under: Under) -> list[Node | Words]:
        kept = self._earlier.get(id(element))
        if kept is None:
            kept = element, self._rendered(element, under)
            if self._recorded is not None:
                self._recorded[id(element)] = kept
        return kept[1]

    def _rendered(self, element: Element, under: Under) -> list[Node | Words]:
        if self._count > MAX_NODES or under.depth > MAX_DEPTH:
            return []
        kind, under = element.type, under._replace(within=element.within)
        if isinstance(kind, Branch):
            return self._one_of(element, kind, under)
        shown = self._component(kind, element.props, element.place, under, element.name)
        if isinstance(plain(kind), Closure | ClassOf):
            nodes = [one for one in shown if isinstance(one, Node)]
            if len(nodes) == 1 == len(shown):
                nodes[0].name = element.name or nodes[0].name
        return shown

    def _one_of(self, element: Element, kind: Branch, under: Under) -> list[Node | Words]:
        """A tag whose component is chosen: that which can be acted on stands for all."""
        choices = [one for one in each(kind) if one is not None and not isinstance(one, Unknown)]
        if not choices:
            return self._transparent(element.props, under)
        chosen = next((one for one in choices if _is_pressed(one)), choices[0])
        return self._element(element._replace(type=chosen), under)

    def _component(self, kind: Value, props: Thing, place: Place, under: Under, name: str = "") -> list[Node | Words]:
        match plain(kind):
            case Closure() as own:
                return self._function(own, props, under)
            case ClassOf() as own:
                return self._class(own, props, under)
            case Styled(base, attrs, _):
                return self._component(base, attrs.with_all(props), place, under, name)
            case Part(factory, "Navigator"):
                self.seen.navigators.append((factory, props, place))
                return []
            case Factory() as factory:
                self.seen.navigators.append((factory, Thing({}), factory.place))
                return []
            case Part(_, "Screen"):
                self.seen.options.append(props)
                return []
            case Library() as library:
                return self._library(library, props, place, under, name)
            case Element() as element:
                return self._element(element, under)
        # Made in a way that is not understood: known by the name of its tag, as a library's would be.
        return self._library(Library("", name), props, place, under, name) if name else self._transparent(props, under)

    def _function(self, own: Closure, props: Thing, under: Under) -> list[Node | Words]:
        inner = self._entered(own, under)
        if inner is None:
            return []
        given = self._given(own.statics.get("defaultProps"), props, own.opened)
        value = self.evaluation.apply(own, [given])
        if own.scope.outer is None:
            self.seen.options += self._own_options(own, [given])
        return self.shown(value, inner)

    def _class(self, own: ClassOf, props: Thing, under: Under) -> list[Node | Words]:
        inner = self._entered(own, under)
        if inner is None:
            return []
        this = Instance(own, self._given(own.statics.get("defaultProps"), props, own.opened))
        render = self.evaluation.get(this, "render")
        value = self.evaluation.apply(render, []) if isinstance(render, Closure) else UNKNOWN
        for name, code in own.code.members:
            if isinstance(code, Function) and any(call.name == "setOptions" for call in self.evaluation.calls(code)):
                method = self.evaluation.get(this, name)
                self.seen.options += self._own_options(method, []) if isinstance(method, Closure) else ()
        return self.shown(value, inner)

    def _entered(self, own: Closure | ClassOf, under: Under) -> Under | None:
        """Inside a component; None where its own code already led here: it is shown once, not for ever."""
        mark = mark_of(own)
        if mark in under.within:
            self._families.related(under.within[under.within.index(mark) :])
            return None
        if self._families.is_told(mark, under.within) or (under.in_row and self._families.is_worn(mark)):
            return None
        self._families.entered((*under.within, mark))
        self.seen.entered.add(id(own.code))
        self.evaluation.within = (*under.within, mark)
        return under._replace(depth=under.depth + 1, within=self.evaluation.within)

    def _given(self, defaults: Value, props: Thing, opened: bool) -> Thing:
        fields = dict(props.fields)
        if isinstance(defaults, Thing):
            for name, value in defaults.fields.items():
                if fields.get(name) is None:
                    fields[name] = value
        return Thing(fields, props.open or opened)

    def _own_options(self, own: Closure, args: Sequence[Value], level: int = 0) -> Iterator[Thing]:
        """What a screen tells its header from within (``navigation.setOptions({...})``), in its hooks too."""
        scope: Scope | None = None
        for call in self.evaluation.calls(own.code):
            is_hook = level < MAX_HOOKS and call.name.startswith("use") and call.name[3:4].isupper()
            if not is_hook and (call.name != "setOptions" or not call.args):
                continue
            scope = scope or self.evaluation.entered(own, args, UNKNOWN)
            if not is_hook:
                for one in each(self.evaluation.value(call.args[0], self.evaluation.inside(call, scope))):
                    if isinstance(one, Thing):
                        yield Thing({"options": one})
            elif isinstance(hook := self.evaluation.value(call.of, self.evaluation.inside(call, scope)), Closure):
                where = self.evaluation.inside(call, scope)
                yield from self._own_options(hook, [self.evaluation.value(arg, where) for arg in call.args], level + 1)

    # Components of libraries

    def _library(self, library: Library, props: Thing, place: Place, under: Under, name: str) -> list[Node | Words]:
        if library.last in ("Screen", "Navigator") and library.name.split(".")[0] in ("Stack", "Tabs", "Drawer"):
            self.seen.options.append(props)
            return []
        if library.module.startswith("expo-router") and library.last in ("Stack", "Tabs", "Drawer", "NativeTabs"):
            self.seen.layouts.append(library.last)
            self.seen.options.append(Thing({"options": props.get("screenOptions")}))
            return self.shown(props.get("children"), under)
        if library.last in ("Trans", "FormattedMessage"):
            return self._trans(props, under)
        host = host_of(library)
        deaf = library.module == "react-native" and host is not None and host.kind not in _HEARING
        acts = (not deaf and self._pressed(props, host)) or (host is not None and host.acts and _used(props, host))
        if host is None:
            if library.name not in HOSTS and not acts and not self._named(props):
                return self._transparent(props, under)
            host = UNLISTED if acts else HOSTS["View"]
        if host.kind == "nothing" or (host.kind == "dialog" and truth(visible(props)) is False and not may_show(props)):
            return []
        return self._nodes(host, props, place, under, name or library.last, acts)

    def _nodes(self, host: Host, props: Thing, place: Place, under: Under, name: str, acts: bool) -> list[Node | Words]:
        """What is shown as such: where its identifier is one of several, one for each, with the same inside."""
        first = self._node(host, props, place, under, name, acts)
        names = identifiers(props.fields.get("testID"))
        if len(names) < 2:
            return [first]
        made: list[Node | Words] = []
        for one in names:
            node = replace(first, props=Thing({**props.fields, "testID": one}, props.open), conditional=True)
            self.seen.outcomes += [(node, outcome) for at, outcome in self.seen.outcomes if at is first]
            made.append(node)
        return made

    def _node(self, host: Host, props: Thing, place: Place, under: Under, name: str, acts: bool) -> Node:
        self._count += 1
        mark = props.fields.get("testID")
        where = mark.place if isinstance(mark, Marked) and mark.place.line else place
        conditional = under.conditional
        node = Node(name, host, where, props, [], conditional, under.repeated, acts)
        if acts:
            self._lead(node)
        hidden = host.kind == "dialog" and truth(visible(props)) is not True
        inner = under._replace(conditional=hidden, repeated=False, depth=under.depth + 1)
        if host.kind == "dialog":
            node.conditional = conditional or inner.conditional
            node.children += self._options(node)
        node.children += self._parts(props, inner, host.kind)
        return node

    def _lead(self, node: Node) -> None:
        found: list[Outcome] = []
        for name in ("onPress", "onPressIn", "onPressOut", "onClick", "onTap"):
            if not found and name in node.props.fields:
                found = outcome(self.evaluation, node.props.fields[name])
        href = node.props.fields.get("href", node.props.fields.get("to"))
        address = self._address(href)
        if address:
            found = [Outcome("go", address, False)]
        self.seen.outcomes += [(node, self._opened(one) if one.kind == "sheet" else one) for one in found]

    def _opened(self, sheet: Outcome) -> Outcome:
        """A sheet with the nodes that it shows; each is looked into once, also where it opens itself again."""
        place = Place(sheet.file, sheet.line)
        if place in self._sheets:
            return sheet._replace(args=())
        self._sheets.add(place)
        shown: list[Node] = []
        for value in sheet.args:
            items = plain(value)
            if is_entries(value) and isinstance(items, list):
                shown += [self._entry(one, place) for one in entries(items)]
            else:
                shown += self.part(value)
        return sheet._replace(args=tuple(shown))

    def _entry(self, given: Thing, place: Place) -> Node:
        props = Thing({**given.fields, "title": option_words(given)})
        mark = given.fields.get("testID")
        made = Node(
            "SheetEntry", HOSTS["MenuItem"], mark.place if isinstance(mark, Marked) else place, props, acts=True
        )
        self._lead(made)
        return made

    def _address(self, href: Value) -> str:
        inner = plain(href)
        if isinstance(inner, Thing):
            inner = plain(inner.get("pathname")) or plain(inner.get("screen"))
        words = words_of(inner) if isinstance(inner, str | Words) else None
        return "" if words is None else words.value + ("\0" if words.dynamic else "")

    def _options(self, node: Node) -> list[Node | Words]:
        """Entries of a sheet whose options are a list of words."""
        for name in _OPTIONS:
            items = plain(node.props.fields.get(name))
            if isinstance(items, list):
                return [self._option(one, node.place) for one in items if option_words(one) is not None]
        return []

    def _option(self, value: Value, place: Place) -> Node:
        words = option_words(value)
        props = Thing({"title": words})
        return Node("option", HOSTS["Button"], place, props, [], True, False, True)

    def _parts(self, props: Thing, under: Under, kind: str) -> list[Node | Words]:
        """Children, and what else is handed over to be shown."""
        made: list[Node | Words] = []
        for name, value in props.fields.items():
            if name == "children":
                continue
            if name in _ROWS or (kind == "list" and name.startswith("renderItem")):
                made += self._rows(name, value, props, under)
            elif may_be_part(name, value):
                made += [one for one in self._slot(value, _under(name, under)) if isinstance(one, Node)]
        return made + self._slot(props.get("children") if "children" in props.fields else None, under)

    def _rows(self, name: str, value: Value, props: Thing, under: Under) -> list[Node | Words]:
        data, how = plain(props.get("data")), plain(value)
        if name == "renderItem" and isinstance(how, Closure) and is_written(data):
            made = (self.evaluation.apply(how, [_row(item, float(at))], UNKNOWN) for at, item in enumerate(data))
            return [node for one in made for node in self.shown(one, under)]
        return self._slot(value, under._replace(repeated=True, in_row=True), [_row(UNKNOWN, UNKNOWN), UNKNOWN, UNKNOWN])

    def _slot(self, value: Value, under: Under, args: Sequence[Value] = (Thing({}, True),)) -> list[Node | Words]:
        """What an element is, or a function makes of what it is given, or a component shows."""
        inner = plain(value)
        if isinstance(inner, Closure):
            self.evaluation.within = under.within
            return self.shown(self.evaluation.apply(inner, args, UNKNOWN), under)
        if isinstance(inner, ClassOf | Styled):
            return self._component(inner, Thing({}, True), Place("", 0), under)
        if isinstance(inner, Branch):
            closures = [one for one in inner.values if isinstance(one, Closure | ClassOf)]
            if closures:
                unsure = under._replace(conditional=True)
                return [one for each in closures for one in self._slot(each, unsure, args)]
        return self.shown(value, under)

    def _transparent(self, props: Thing, under: Under) -> list[Node | Words]:
        """What shows nothing of its own: a provider, a form's control."""
        return self._parts(props, under, "box")

    def _trans(self, props: Thing, under: Under) -> list[Node | Words]:
        key = known(props.get("i18nKey")) or known(props.get("id"))
        default = known(props.get("defaults")) or known(props.get("defaultMessage"))
        inside = self.shown(props.get("children"), under)
        if not key:
            return inside
        words = self.evaluation.strings.find(key, Translator(known(props.get("ns"))), default)
        nodes = [one for one in inside if isinstance(one, Node) and one.acts]
        return [words, *nodes]

    def _pressed(self, props: Thing, host: Host | None) -> bool:
        """Whether something happens on a tap; to send the keyboard away is no act of its own."""
        for name in HANDLERS:
            given = props.fields.get(name)
            if given is None or truth(given) is False:
                continue
            inner = plain(given)
            if isinstance(inner, Library) and inner.name == "Keyboard.dismiss":
                continue
            if isinstance(inner, Closure) and _only_hides(self.evaluation, inner):
                continue
            return True
        if props.fields.get("href") is not None and host is not None and host.kind == "press":
            return True
        return host is not None and host.kind == "press" and props.open and host.class_name != "ListTile"

    def _named(self, props: Thing) -> bool:
        return bool(named(props.fields.get("testID"))) or label_of(_bare(props)) != NO_WORDS


def _is_pressed(kind: Value) -> bool:
    while isinstance(kind, Styled):
        kind = kind.base
    host = host_of(kind) if isinstance(kind, Library) else None
    return host is not None and host.kind == "press"


def _used(props: Thing, host: Host) -> bool:
    """Whether what is there to be acted on is used: a button that is handed no function does nothing."""
    given = props.fields
    return (
        host.kind != "press" or props.open or any(name.startswith("on") and given[name] is not None for name in given)
    )


def _bare(props: Thing) -> Node:
    return Node("", HOSTS["View"], Place("", 0), props)


def _under(name: str, under: Under) -> Under:
    return under._replace(conditional=True) if name in _MAYBE else under


def _row(item: Value, at: Value) -> Thing:
    return Thing({"item": item, "index": at}, True)


def _only_hides(to: Evaluation, closure: Closure) -> bool:
    found = to.calls(closure.code)
    return len(found) == 1 and found[0].dotted == "Keyboard.dismiss"
