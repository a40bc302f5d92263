"""The destinations of an app's navigation graphs, and which of them a route means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from samouk.domains.screens.source.compose import code
from samouk.domains.screens.source.compose.code import TRAILING
from samouk.domains.screens.source.compose.drafts import everything
from samouk.domains.screens.source.compose.drawing import Drawing, Where
from samouk.domains.screens.source.compose.meaning import Meaning
from samouk.domains.screens.source.compose.project import Project
from samouk.domains.screens.source.compose.reach import HOSTS, NESTED, STOPS, Reach
from samouk.domains.screens.source.compose.unfold import Unfolding, names_of_screens
from samouk.domains.screens.source.compose.values import (
    HOLE,
    MISSING,
    UNKNOWN,
    Bound,
    ClassName,
    Closure,
    Instance,
    Made,
    Scope,
    String,
    Value,
    each,
    now,
)
from samouk.domains.screens.source.widgets import Place

SCREEN = ("Screen", "Page", "Route", "Pane", "View", "Destination")
"""How the names of composables end that are a whole screen."""


@dataclass(frozen=True, slots=True)
class Route:
    """An address: a path with ``{arguments}``, or the name of a serializable class."""

    path: str = ""
    type: str = ""

    def __bool__(self) -> bool:
        return bool(self.path or self.type)


@dataclass(frozen=True, slots=True)
class Destination:
    """One stop of a graph.

    Attributes:
        host: where the graph is declared; ``inside`` the stops that are around it.
        name: of the composable that it shows.
    """

    place: Place
    route: Route
    name: str
    home: Place
    host: Place
    inside: tuple[Destination, ...]
    start: bool
    dialog: bool


class Graph:
    """Destinations, in the order of the source; collected by a first unfolding, shown one by one in others."""

    def __init__(self, project: Project) -> None:
        self._reach = Reach(project)
        self.destinations: list[Destination] = []
        self._begins: dict[Route, Route] = {}
        self._shown: tuple[Destination, ...] | None = None
        self._around: list[tuple[Place, Route]] = []
        self._inside: tuple[Destination, ...] = ()

    def show(self, destination: Destination | None) -> None:
        """From here on unfold this destination only; None goes back to collecting."""
        self._shown = None if destination is None else (*destination.inside, destination)
        self._around.clear()
        self._inside = ()

    def host(self, unfolding: Drawing, name: str, node: code.Call, scope: Scope, where: Where) -> bool:
        """Take calls that declare graphs and destinations; see ``compose_unfold.Host``."""
        if name in HOSTS:
            self._graph(unfolding, name, node, scope, where)
        elif (
            name in STOPS
            and self._around
            and any(one.name == TRAILING or one.name == "content" for one in node.arguments)
        ):
            self._stop(unfolding, name, node, scope, where)
        elif name == NESTED and self._around:
            self._nested(unfolding, node, scope, where)
        else:
            return False
        return True

    def _graph(self, unfolding: Drawing, name: str, node: code.Call, scope: Scope, where: Where) -> None:
        meaning = unfolding.meaning
        given = [(one.name, meaning.of(one.value, scope)) for one in node.arguments if one.name != TRAILING]
        begin = next((value for key, value in given if key == "startDestination"), MISSING)
        if begin is MISSING:
            unnamed = [value for key, value in given if not key]
            begin = unnamed[1] if len(unnamed) > 1 else MISSING
        if name == "NavDisplay":
            stack = next((now(value) for key, value in given if key in ("backStack", "")), None)
            begin = stack.arguments[0][1] if isinstance(stack, Made) and stack.arguments else MISSING
        self._around.append((Place(scope.file, node.line), route_of(begin)))
        blocks = [
            block
            for one in node.arguments
            if one.name in (TRAILING, "builder", "entryProvider")
            and isinstance(block := meaning.of(one.value, scope), Closure)
        ]
        if name == "NavDisplay" and not blocks:
            blocks = [block for one in node.arguments for block in _provided(one.value, meaning, scope)][:1]
            blocks = blocks or list(_near(scope))[:1]
        for block in blocks:
            unfolding.body(block.body, meaning.enter(block), replace(where, wrapper=None))
        self._around.pop()

    def _nested(self, unfolding: Drawing, node: code.Call, scope: Scope, where: Where) -> None:
        meaning = unfolding.meaning
        begin, route = _named(node, scope, unfolding, "startDestination", 0), _named(node, scope, unfolding, "route", 1)
        address = Route(type=scope.type_of(node.types[0])) if node.types else route_of(route)
        if address:
            self._begins[address] = route_of(begin)
        for one in node.arguments:
            block = meaning.of(one.value, scope)
            if isinstance(block, Closure) and one.name in (TRAILING, "builder"):
                unfolding.body(block.body, meaning.enter(block), where)

    def _stop(self, unfolding: Drawing, name: str, node: code.Call, scope: Scope, where: Where) -> None:
        if node.types:
            address = Route(type=scope.type_of(node.types[0]))
        else:
            address = route_of(_named(node, scope, unfolding, "route", 0))
        content = next(
            (unfolding.meaning.of(one.value, scope) for one in node.arguments if one.name in (TRAILING, "content")),
            UNKNOWN,
        )
        home, begin = self._around[-1]
        shows, place = _shown(content, unfolding, address)
        one = Destination(
            Place(scope.file, node.line),
            address,
            shows,
            place or Place(scope.file, node.line),
            home,
            self._inside,
            self._first(begin) == address if begin else self._shown is None and not self._known(home),
            name in ("dialog", "bottomSheet"),
        )
        if self._shown is None:
            if any((known.place, known.route) == (one.place, one.route) for known in self.destinations):
                return
            self.destinations.append(one)
        elif not self._is_shown(one):
            return
        before, self._inside = self._inside, (*self._inside, one)
        unfolding.meaning.steps = 0
        if self._shown is None:  # each is read for its own sake later: here only for the graphs in it
            if self._reach.declares(content):
                apart = Unfolding(unfolding.meaning, unfolding.effects, unfolding.host, stack=list(unfolding.stack))
                apart.slot(content, where)
        else:
            unfolding.slot(content, where)
        self._inside = before

    def _known(self, home: Place) -> bool:
        """Whether a destination of this graph is known yet."""
        return any(one.host == home for one in self.destinations)

    def _is_shown(self, one: Destination) -> bool:
        here = [known for known in self._shown or () if known.host == one.host]
        if here:
            return any((known.place, known.route) == (one.place, one.route) for known in here)
        return one.start

    def _first(self, begin: Route) -> Route:
        """Where a graph begins, through the graphs that are nested in it."""
        for _ in range(len(self._begins) + 1):
            if begin not in self._begins:
                break
            begin = self._begins[begin]
        return begin

    def find(self, value: Value) -> Destination | None:
        """The destination that a value of ``navigate(..)`` means; None where that is not known."""
        found = [self._find(self._first(route_of(one))) for one in each(value)]
        return found[0] if found and all(one is found[0] for one in found) else None

    def _find(self, wanted: Route) -> Destination | None:
        if not wanted:
            return None
        exact = next((one for one in self.destinations if one.route == wanted), None)
        return exact or next((one for one in self.destinations if _matches(one.route, wanted)), None)


def route_of(value: Value) -> Route:
    """The address that a value is."""
    value = now(value)
    if isinstance(value, String):
        return Route(path=value.value)
    if isinstance(value, Instance | ClassName):
        told = value.fields.get("route") if isinstance(value, Instance) else None
        return Route(path=told.value) if isinstance(told, String) else Route(type=value.kind.name)
    return Route()


def _named(node: code.Call, scope: Scope, unfolding: Drawing, name: str, place: int) -> Value:
    unnamed = [one for one in node.arguments if not one.name]
    found = next((one for one in node.arguments if one.name == name), None)
    if found is None and place < len(unnamed):
        found = unnamed[place]
    return MISSING if found is None else unfolding.meaning.of(found.value, scope)


def _matches(declared: Route, wanted: Route) -> bool:
    """Whether a path with its arguments filled in is one of a declared path."""
    if declared.type or wanted.type:
        return False
    ours, theirs = (one.path.partition("?")[0].split("/") for one in (declared, wanted))
    return len(ours) == len(theirs) and all(map(_fits, ours, theirs)) and any(part.strip(HOLE) for part in theirs)


def _fits(declared: str, wanted: str) -> bool:
    if "{" in declared:
        return wanted.startswith(declared.partition("{")[0])
    return declared == wanted


def _shown(content: Value, unfolding: Drawing, route: Route) -> tuple[str, Place | None]:
    """The composable that a destination shows: the one that is named like a screen, else the first of the app's own."""
    project = unfolding.meaning.project
    if isinstance(content, Bound):
        return content.function.name, Place(content.file, content.function.line)
    if isinstance(content, Closure):
        own = list(_own(names_of_screens(content.body), unfolding, content.scope.file))
        chosen = next((name for name in own if name.endswith(SCREEN)), next(iter(own), ""))
        found = project.function(chosen, content.scope.file) if chosen else None
        if found is not None:
            return chosen, Place(found.file, found.function.line)
    return route.type or route.path.partition("?")[0].partition("/")[0] or "Destination", None


def _own(names: Iterator[str] | Sequence[str], unfolding: Drawing, file: str) -> Iterator[str]:
    for name in names:
        found = unfolding.meaning.project.function(name, file)
        if found is not None and found.function.composable:
            yield name


def _provided(node: code.Node, meaning: Meaning, scope: Scope) -> Iterator[Closure]:
    """What ``entryProvider { }`` declares, wherever it stands in what a graph is given."""
    for part in everything((node,)):
        if isinstance(part, code.Name | code.Call):
            yield from _declared(meaning.of(part, scope))


def _near(scope: Scope | None) -> Iterator[Closure]:
    """What ``entryProvider { }`` declares under a name that a graph can see: it gets there by way of a library."""
    while scope is not None:
        for value in scope.names.values():
            yield from _declared(value)
        scope = scope.above


def _declared(value: Value) -> Iterator[Closure]:
    made = now(value)
    if isinstance(made, Made) and made.name == "entryProvider":
        yield from (each for _, each in made.arguments if isinstance(each, Closure))
