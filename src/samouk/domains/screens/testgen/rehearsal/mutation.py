"""Breaks a drawn app in one place at a time, and counts which of the tests that touch the place notice it.

A test that passes on a broken app checks nothing. Three things are done to each element that a test touches: it is
deleted; it is renamed, in every word and identifier that it is known by; it is disabled, where it can be used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple
from xml.etree.ElementTree import Element, tostring

from samouk.domains.screens.appmodel.model import AppElement, AppModel, AppScreen
from samouk.domains.screens.testgen.cases import Case, Plan, Step
from samouk.domains.screens.testgen.finding import Way, title_way, way
from samouk.domains.screens.testgen.rehearsal.drawn import Drawn, matching, parse

Change = Literal["delete", "rename", "disable"]
CHANGES: tuple[Change, ...] = ("delete", "rename", "disable")

_NAMES = ("resource-id", "text", "content-desc", "hint", "name", "label", "placeholderValue")
"""What an element is known by. Each gets a word before it, so that it no longer begins as it did."""


class Mutant(NamedTuple):
    """The app with one element changed. ``screen`` and ``element`` are keys of the app model."""

    change: Change
    screen: str
    element: str
    text: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Mutants:
    """All that can be made of an app; ``unseen`` are elements that tests touch and the drawn app does not show."""

    made: tuple[Mutant, ...]
    unseen: tuple[tuple[str, str], ...]


class Fate(NamedTuple):
    """A mutant, and by key the cases that touch it: those that failed with it, and those that did not notice."""

    mutant: Mutant
    killed: tuple[str, ...]
    survived: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fates:
    """What became of all mutants."""

    fates: tuple[Fate, ...]

    @property
    def tried(self) -> int:
        """Pairs of a mutant and a test that touches it."""
        return sum(len(one.killed) + len(one.survived) for one in self.fates)

    @property
    def killed(self) -> int:
        """Pairs in which the test failed."""
        return sum(len(one.killed) for one in self.fates)

    @property
    def kill_rate(self) -> float:
        """In [0, 1]; 1 where nothing was tried."""
        return self.killed / self.tried if self.tried else 1.0

    @property
    def unnoticed(self) -> tuple[Fate, ...]:
        """Mutants that a test which touches them did not notice."""
        return tuple(one for one in self.fates if one.survived)


def mutants(model: AppModel, plan: Plan, drawing: str, runs: Callable[[Case], bool]) -> Mutants:
    """The mutants of a drawn app.

    Args:
        drawing: the app, in XML.
        runs: whether a case passed on the app as it is; another proves nothing.

    Raises:
        BadDrawing: the text does not draw an app.
    """
    app = parse(drawing)
    screens = screens_of(model, app)
    made: list[Mutant] = []
    unseen: list[tuple[str, str]] = []
    for screen in model.screens:
        touching = _touching(case for case in plan.cases if case.screen == screen.key and runs(case))
        for element in screen.elements:
            if element.key in touching:
                changed = [*_mutants(app, screens.get(screen.key), screen, element, touching[element.key])]
                made += changed
                unseen += [] if changed else [(screen.key, element.key)]
    return Mutants(tuple(made), tuple(unseen))


def screens_of(model: AppModel, app: Drawn) -> dict[str, str]:
    """For each screen of the model the drawn one on which most of its locators and its title match.

    Dialogs of one platform share identifiers, so words count too, whether or not tests look for them.
    """
    best: dict[str, str] = {}
    for screen in model.screens:
        ways = [*_known_by(screen, app)]
        scores = {name: sum(bool(matching(app, node, one)) for one in ways) for name, node in app.screens.items()}
        name = max(scores, key=lambda one: scores[one])
        if scores[name]:
            best[screen.key] = name
    return best


def _known_by(screen: AppScreen, app: Drawn) -> Iterator[Way]:
    if screen.title:
        yield title_way(screen, app.platform)
    for element in screen.elements:
        for locator in element.locators:
            found = way(screen, replace(element, locators=(locator,)), app.platform)
            if found is not None and found.how not in ("row", "kind"):
                yield found


def nodes_of(app: Drawn, drawn: str, screen: AppScreen, element: AppElement) -> tuple[Element, ...]:
    """What a test takes for the element: one node, or, of what is repeated, each."""
    found = way(screen, element, app.platform)
    if found is None:
        return ()
    nodes = matching(app, app.screens[drawn], found)
    return nodes if element.repeated else nodes[found.nth : found.nth + 1]


def _touching(cases: Iterable[Case]) -> Mapping[str, Sequence[Case]]:
    found: dict[str, list[Case]] = {}
    for case in cases:
        for key in case.touches:
            found.setdefault(key, []).append(case)
    return found


def _mutants(
    app: Drawn, drawn: str | None, screen: AppScreen, element: AppElement, cases: Sequence[Case]
) -> Iterator[Mutant]:
    nodes = () if drawn is None else nodes_of(app, drawn, screen, element)
    found = way(screen, element, app.platform)
    if not nodes or found is None or drawn is None:
        return
    for change in CHANGES:
        if _applies(change, element, nodes, found.within or found):
            # A row has no name of its own: it is known by that of its list.
            by_list = change == "rename" and found.within is not None
            changed = matching(app, app.screens[drawn], found.within)[:1] if by_list and found.within else nodes
            asked = tuple(one for one in cases if change == "disable" or not _asks_for(one, element))
            if asked:
                yield Mutant(change, screen.key, element.key, _changed(app, change, changed), asked)


def _asks_for(case: Case, element: AppElement) -> bool:
    """Whether the test is left, aloud, where the element is away: by the source that is no fault of the app."""
    return Step("given", case.screen, element.key) in case.steps


def _applies(change: Change, element: AppElement, nodes: Sequence[Element], found: Way) -> bool:
    """Another name means nothing to who is found by class, and no use is lost to who has none."""
    if change == "rename":
        return found.how != "kind"
    return change == "delete" or (element.interactive and all(node.get("enabled") != "false" for node in nodes))


def _changed(app: Drawn, change: Change, nodes: Sequence[Element]) -> str:
    """The whole app again; ``nodes`` are found in the copy by their places."""
    order = {id(node): at for at, node in enumerate(app.root.iter())}
    copy = deepcopy(app.root)
    copies = list(copy.iter())
    parents = {child: parent for parent in copies for child in parent}
    for node in nodes:
        _DO[change](copies[order[id(node)]], parents)
    return tostring(copy, encoding="unicode")


def _delete(node: Element, parents: Mapping[Element, Element]) -> None:
    parents[node].remove(node)


def _rename(node: Element, parents: Mapping[Element, Element]) -> None:
    """The words in an input are its own: Compose tells its hint so."""
    for one in node.iter() if node.tag == "android.widget.EditText" else (node,):
        for name in _NAMES:
            if one.get(name):
                one.set(name, _renamed(name, one.get(name, "")))


def _renamed(name: str, value: str) -> str:
    if name != "resource-id":
        return f"Renamed {value}"
    package, stroke, bare = value.rpartition("/")
    return f"{package}{stroke}renamed_{bare}"


def _disable(node: Element, parents: Mapping[Element, Element]) -> None:
    node.set("enabled", "false")


_DO: Mapping[Change, Callable[[Element, Mapping[Element, Element]], None]] = {
    "delete": _delete,
    "rename": _rename,
    "disable": _disable,
}
