"""The screens of an app: who names them, which is first, what stands around them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from samouk.domains.screens.source.react_native.calls import NAVIGATION
from samouk.domains.screens.source.react_native.evaluation import Evaluation
from samouk.domains.screens.source.react_native.hosts import Host
from samouk.domains.screens.source.react_native.nodes import Node, plain_words
from samouk.domains.screens.source.react_native.rendering import Rendering, Seen
from samouk.domains.screens.source.react_native.values import (
    UNKNOWN,
    Branch,
    ClassOf,
    Closure,
    Element,
    Factory,
    Library,
    Loop,
    Marked,
    Part,
    Start,
    Styled,
    Thing,
    Value,
    each,
    known,
    mark_of,
    plain,
    tidy,
    truth,
    words_of,
)
from samouk.domains.screens.source.widgets import NO_WORDS, Place, Trouble, Words

_TAB_BAR = Host("TabBar")
_TAB = Host("Tab", "press", True, ("title",))
_DRAWER = Host("Drawer")
_DRAWER_ITEM = Host("ListTile", "press", True, ("title",))
_TITLES = ("headerTitle", "title")
_HEADER_PARTS = ("headerLeft", "headerTitle", "headerRight", "header")
_BEFORE = re.compile(r"log.?in|sign.?(?:in|up)|auth(?!enticated|orized)|onboard|intro|landing|outside", re.I)
MAX_NESTED = 8
"""Navigators inside one another."""


class Route(NamedTuple):
    """One entry of a navigator; ``sure`` unless a condition decides whether it is there."""

    name: str
    component: Value
    options: tuple[Value, ...]
    place: Place
    sure: bool = True


@dataclass(slots=True)
class Draft:
    """A screen that is put together.

    Attributes:
        code: what marks its component; two routes to one component are one screen.
        routes: names by which it is gone to, the first its own.
        nodes: its roots.
    """

    code: object
    name: str
    routes: list[str]
    place: Place
    nodes: list[Node]
    seen: Seen
    title: Words = NO_WORDS
    bars: list[Node] = field(default_factory=list)
    dialog: bool = False


@dataclass(slots=True)
class Screens:
    """All screens in the order in which they are met.

    Attributes:
        targets: the draft that is opened by the name of a route; of a navigator the first screen in it.
        first: on which the app opens.
    """

    drafts: list[Draft] = field(default_factory=list)
    targets: dict[str, Draft] = field(default_factory=dict)
    first: Draft | None = None


class Navigation:
    """Goes through navigators, and renders the screens that they name."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.screens = Screens()
        self.entered: set[int] = set()
        self.troubles: list[Trouble] = []
        self._by_code: dict[int, Draft] = {}
        self._inner: dict[int, list[tuple[Factory, Thing, Place]]] = {}
        # Looked into for navigators, and found to be screens: they are not rendered again.
        self._rendered: dict[int, tuple[Rendering, list[Node]]] = {}
        self._walked: dict[tuple[Place, int], Draft | None] = {}

    def root(self, component: Value) -> bool:
        """Take in what the app's first component shows; whether there are navigators in it."""
        found = self._navigators(component)
        for factory, props, place in found:
            draft = self.navigator(factory, props, place, 0)
            self.screens.first = self.screens.first or draft
        return bool(found)

    def navigator(self, factory: Factory, props: Thing, place: Place, depth: int) -> Draft | None:
        """Take in the screens of a navigator; its first one is given back."""
        mark = (place, id(factory.routes) if factory.routes is not None else 0)
        if mark in self._walked or depth > MAX_NESTED:
            return self._walked.get(mark)
        self._walked[mark] = None
        routes = list(self._routes(factory, props))
        start = _start(props, factory, routes)
        shared = (props.get("screenOptions"), *_defaults(factory.options))
        opened: dict[str, Draft] = {}
        for route in routes:
            draft = self._route(route, shared, factory, depth)
            if draft is not None:
                opened[route.name] = draft
                self.screens.targets.setdefault(route.name, draft)
        self._walked[mark] = first = opened.get(start) or next(iter(opened.values()), None)
        self._bars(factory, props, [route for route in routes if route.name in opened], opened, shared, place)
        return first

    def _route(self, route: Route, shared: tuple[Value, ...], factory: Factory, depth: int) -> Draft | None:
        inner = self._navigators(route.component)
        if inner:
            drafts = [self.navigator(one, props, place, depth + 1) for one, props, place in inner]
            return next((draft for draft in drafts if draft is not None), None)
        return self.screen(route, shared, titled=factory.kind == "stack" and factory.routes is None)

    def screen(self, route: Route, shared: tuple[Value, ...] = (), *, titled: bool = False) -> Draft | None:
        """Render a screen, once for each component; ``titled``: without a title, its route's name is shown."""
        component = plain(route.component)
        mark = mark_of(component) if isinstance(component, Closure | ClassOf) else id(route.component)
        if mark in self._by_code:
            draft = self._by_code[mark]
            draft.routes.append(route.name)
            return draft
        if component is None or component is UNKNOWN:
            return None
        kept = self._rendered.pop(mark, None)
        rendering, nodes = self._render(route.component) if kept is None else kept
        self.entered |= rendering.seen.entered
        name, place = _declared(component, route)
        draft = Draft(component, name, [route.name] if route.name else [], place, nodes, rendering.seen)
        own = [one.get("options") for one in rendering.seen.options]
        statics = component.statics if isinstance(component, Closure | ClassOf | Styled) else {}
        options = (*shared, statics.get("navigationOptions"), statics.get("options"), *route.options, *own)
        self._head(
            draft, [one for value in options if (one := self._options(value)) is not None], route, titled, rendering
        )
        self._by_code[mark] = draft
        self.screens.drafts.append(draft)
        return draft

    def looked(self, component: Value) -> tuple[set[int], list[Node]]:
        """The code that a component enters, and what it shows, without taking it in as a screen."""
        rendering, nodes = self._render(component)
        return rendering.seen.entered, nodes

    def _render(self, component: Value) -> tuple[Rendering, list[Node]]:
        rendering = self._rendering()
        given = Thing({"navigation": NAVIGATION, "router": NAVIGATION}, True)
        try:
            return rendering, rendering.screen(component, given)
        except RecursionError:
            place = _declared(plain(component), Route("", component, (), Place(".", 0)))[1]
            self.troubles.append(Trouble(place.file, place.line, "components hold one another too deep to be followed"))
            return rendering, []

    def _rendering(self) -> Rendering:
        self.evaluation.steps, self.evaluation.within = 0, ()
        return Rendering(self.evaluation)

    def _navigators(self, component: Value) -> list[tuple[Factory, Thing, Place]]:
        inner = plain(component)
        if isinstance(inner, Factory):
            return [(inner, Thing({}), inner.place)]
        if not isinstance(inner, Closure | ClassOf | Element):
            return []
        mark = mark_of(inner) if isinstance(inner, Closure | ClassOf) else id(inner)
        if mark not in self._inner:
            rendering, nodes = self._render(component)
            self._inner[mark] = rendering.seen.navigators
            if rendering.seen.navigators:
                self.entered |= rendering.seen.entered
            else:
                self._rendered[mark] = rendering, nodes
        return self._inner[mark]

    # Routes

    def _routes(self, factory: Factory, props: Thing) -> Iterator[Route]:
        if isinstance(factory.routes, Thing):
            for name, value in factory.routes.fields.items():
                yield self._written(name, value, factory.place)
        for element, options, sure in self._screens(props.get("children"), (), True):
            yield self._tagged(element, options)._replace(sure=sure)

    def _written(self, name: str, value: Value, place: Place) -> Route:
        inner = plain(value)
        if isinstance(inner, Thing):
            getter = inner.get("getScreen")
            component = inner.get("screen") if "screen" in inner.fields else self._got(getter)
            return Route(name, component, (inner.get("navigationOptions"), inner.get("options")), place)
        return Route(name, value, (), place)

    def _tagged(self, element: Element, options: tuple[Value, ...]) -> Route:
        props = element.props
        component = props.get("component")
        if component is None:
            component = props.get("children") if "children" in props.fields else self._got(props.get("getComponent"))
        return Route(known(props.get("name")), component, (*options, props.get("options")), element.place)

    def _got(self, getter: Value) -> Value:
        inner = plain(getter)
        found = self.evaluation.apply(inner, []) if isinstance(inner, Closure) else None
        return found.get("default") if isinstance(found, Thing) else found

    def _screens(
        self, value: Value, options: tuple[Value, ...], sure: bool
    ) -> Iterator[tuple[Element, tuple[Value, ...], bool]]:
        match value:
            case Element(Part(_, "Screen"), _, _, _):
                yield value, options, sure
            case Element(Part(_, "Group"), props, _, _):
                yield from self._screens(props.get("children"), (*options, props.get("screenOptions")), sure)
            case list():
                for one in value:
                    yield from self._screens(one, options, sure)
            case Branch(values, _, _):
                for one in values:
                    yield from self._screens(one, options, False)
            case Loop(inner) | Start(inner):
                yield from self._screens(inner, options, sure)

    # What stands around a screen

    def _options(self, value: Value) -> Thing | None:
        inner = plain(value)
        if isinstance(inner, Closure):
            inner = plain(
                self.evaluation.apply(
                    inner, [Thing({"navigation": NAVIGATION, "navigationOptions": Thing({}, True)}, True)]
                )
            )
        if isinstance(inner, Branch):
            inner = next((one for one in inner.values if isinstance(one, Thing)), None)
        return inner if isinstance(inner, Thing) else None

    def _head(self, draft: Draft, options: list[Thing], route: Route, titled: bool, rendering: Rendering) -> None:
        all_options = Thing({})
        for one in options:
            all_options = all_options.with_all(one)
        given = all_options.fields
        hidden = truth(given.get("headerShown", True)) is False or ("header" in given and given["header"] is None)
        if not hidden:
            for name in _TITLES:
                words = words_of(plain_title(given.get(name)))
                if words is not None:
                    draft.title = tidy(words)
                    break
            else:
                draft.title = Words(route.name) if titled else NO_WORDS
            parts = [node for name in _HEADER_PARTS if name in given for node in rendering.part(given[name])]
            draft.nodes[:0] = parts
        if known(given.get("presentation")) in ("modal", "transparentModal", "formSheet", "containedTransparentModal"):
            draft.dialog = known(given.get("presentation")) in ("transparentModal", "formSheet")

    def _bars(
        self,
        factory: Factory,
        props: Thing,
        routes: Iterable[Route],
        opened: Mapping[str, Draft],
        shared: tuple[Value, ...],
        place: Place,
    ) -> None:
        """Tabs on each screen that a tab opens first; entries of a drawer likewise, and hidden until it is pulled."""
        if factory.kind not in ("tab", "drawer"):
            return
        is_tab = factory.kind == "tab"
        host, name = (_TAB_BAR, "TabBar") if is_tab else (_DRAWER, "Drawer")
        drawn = props.get("drawerContent") or props.get("contentComponent")
        for draft in list(dict.fromkeys(map(id, opened.values()))):
            shown = next(one for one in opened.values() if id(one) == draft)
            bar = Node(name, host, place, Thing({}), conditional=not is_tab)
            if drawn is not None and not is_tab:
                bar.children += self._rendering().part(drawn)
            bar.children += [] if bar.children else [self._tab(route, is_tab, shared, factory) for route in routes]
            shown.bars.append(bar)

    def _tab(self, route: Route, is_tab: bool, shared: tuple[Value, ...], factory: Factory) -> Node:
        options = Thing({})
        for value in (*shared, *route.options):
            options = options.with_all(self._options(value) or Thing({}))
        return tab(route.name, options, route.place, is_tab, _labelled(factory, options))


def _start(props: Thing, factory: Factory, routes: list[Route]) -> str:
    """The route on which a navigator opens, or "".

    Where a condition decides, it is mostly whether someone has signed in: a fresh app shows what comes before.
    """
    said = props.get("initialRouteName")
    if said is None and isinstance(factory.options, Thing):
        said = factory.options.get("initialRouteName")
    unsure = [name for one in each(said) if (name := known(one))]
    if said is None and routes and not routes[0].sure:
        unsure = [route.name for route in routes]
    return known(said) or next((name for name in unsure if _BEFORE.search(name)), "")


def tab(route: str, options: Thing, place: Place, is_tab: bool, labelled: bool = True) -> Node:
    """A tab, or an entry of a drawer."""
    names = ("tabBarLabel", "title") if is_tab else ("drawerLabel", "title")
    said = next((one for name in names if (one := words_of(plain_title(options.get(name)))) is not None), Words(route))
    given = options.fields
    props = Thing(
        {
            "title": said if labelled else None,
            "accessibilityLabel": given.get("tabBarAccessibilityLabel"),
            "testID": Marked(given.get("tabBarButtonTestID", given.get("tabBarTestID")), place),
            "accessibilityRole": "tab" if is_tab else "menuitem",
        }
    )
    host = _TAB if is_tab else _DRAWER_ITEM
    return Node("Tab" if is_tab else "DrawerItem", host, place, props, acts=True, goes=route)


def bar(is_tab: bool, place: Place, children: list[Node]) -> Node:
    """A tab bar, or a drawer."""
    made = Node(
        "TabBar" if is_tab else "Drawer", _TAB_BAR if is_tab else _DRAWER, place, Thing({}), conditional=not is_tab
    )
    made.children += children
    return made


def _labelled(factory: Factory, options: Thing) -> bool:
    given = factory.options.get("tabBarOptions") if isinstance(factory.options, Thing) else None
    shown = given.get("showLabel") if isinstance(given, Thing) else None
    return shown is not False and options.get("tabBarShowLabel") is not False


def _defaults(options: Value) -> tuple[Value, ...]:
    if not isinstance(options, Thing):
        return ()
    return tuple(options.get(name) for name in ("defaultNavigationOptions", "navigationOptions", "screenOptions"))


def plain_title(value: Value) -> Value:
    """A title where it is words, known or not; an element or a function is none."""
    inner = plain(value)
    if isinstance(inner, Closure | ClassOf | Element | Thing) or (
        isinstance(inner, Library) and inner.module not in ("", "navigation")
    ):
        return None
    return plain_words(value) if not isinstance(inner, Library | Branch) else value


def _declared(component: Value, route: Route) -> tuple[str, Place]:
    match component:
        case Closure(_, scope) | ClassOf(_, scope) if scope.outer is not None and route.name:
            return route.name, route.place  # a wrapper made it: its own name says nothing
        case Closure(code, scope) | ClassOf(code, scope):
            return code.name or route.name or stem(scope.path), Place(scope.path, code.line)
        case Element(_, _, place, name):
            return name or route.name, place
    return route.name, route.place


def stem(path: str) -> str:
    """A name for what stands alone in a file."""
    parts = path.rpartition(".")[0].split("/")
    return parts[-2] if parts[-1] == "index" and len(parts) > 1 else parts[-1]
