"""The shortest way from where the app opens to each of its screens, and why there is none to the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from samouk.domains.screens.appmodel.model import AppElement, AppModel, AppScreen, Transition
from samouk.domains.screens.testgen.cases import Step, Unreached
from samouk.domains.screens.testgen.entries import worth
from samouk.domains.screens.testgen.finding import Finds
from samouk.domains.screens.testgen.landmarks import Landmarks

NO_START = "the source does not tell on which screen the app opens"
"""Why no screen is reached at all."""


@dataclass(frozen=True, slots=True)
class Routes:
    """Ways by screen; ``before`` is the screen from which each was entered, "" for those that the app opens on."""

    ways: Mapping[str, tuple[Step, ...]]
    before: Mapping[str, str]
    by: Mapping[str, str]
    unreached: tuple[Unreached, ...]


def routes(model: AppModel, finds: Finds, marks: Mapping[str, Landmarks], *, asks: bool = False) -> Routes:
    """Breadth first over the transitions: the fewest taps, in ties the earliest in the source.

    Args:
        asks: whether what is shown under a condition may be taken too; it is where there is no other way.
    """
    ways: dict[str, tuple[Step, ...]] = {key: (Step("at", key),) for key in _first(model) if marks[key].shown}
    before = dict.fromkeys(ways, "")
    by = dict.fromkeys(ways, "")
    waiting = deque(ways)
    edges = transitions(model)
    while waiting:
        here = waiting.popleft()
        for edge in edges.get(here, ()):
            if edge.target not in ways and not _obstacle(model, edge, finds, marks):
                ways[edge.target] = (*ways[here], *passage(model, edge, finds))
                before[edge.target], by[edge.target] = here, edge.element
                waiting.append(edge.target)
        if not waiting and asks:
            found = _under_a_condition(model, ways, finds, marks)
            if found is not None:
                steps = given(model, passage(model, found, finds))
                ways[found.target] = (*ways[found.source], *steps)
                before[found.target], by[found.target] = found.source, found.element
                waiting.append(found.target)
    return Routes(ways, before, by, tuple(_unreached(model, ways, finds, marks, asks=asks)))


def _under_a_condition(
    model: AppModel, ways: Mapping[str, tuple[Step, ...]], finds: Finds, marks: Mapping[str, Landmarks]
) -> Transition | None:
    """The first transition to a new screen that only a condition stands against."""
    edges = transitions(model)
    for here in ways:
        for edge in edges.get(here, ()):
            if edge.target not in ways and not _obstacle(model, edge, finds, marks, asks=True):
                return edge
    return None


def given(model: AppModel, steps: Sequence[Step]) -> tuple[Step, ...]:
    """Steps that ask first for what is shown only under a condition; in a dialog nothing is, once it is open."""
    asked: list[Step] = []
    for step in steps:
        screen = model.by_key[step.screen]
        if step.element and not screen.dialog and model.element(step.screen, step.element).conditional:
            ask = Step("given", step.screen, step.element)
            asked += [] if ask in asked else [ask]
        asked.append(step)
    return tuple(asked)


def transitions(model: AppModel) -> dict[str, list[Transition]]:
    """What leads to another screen, by the screen where it starts; rows of lists, which may be empty, last."""
    found: dict[str, list[Transition]] = {}
    known = {(screen.key, element.key): element for screen in model.screens for element in screen.elements}
    told = [*model.transitions, *_told_by_elements(model)]
    for edge in dict.fromkeys((one.source, one.element, one.target) for one in told):
        if edge[:2] in known and edge[2] in model.by_key and edge[0] != edge[2]:
            element = known[edge[:2]]
            found.setdefault(edge[0], []).append(Transition(*edge, element.place))
    for source, edges in found.items():
        edges.sort(key=lambda one: known[source, one.element].repeated)
    return found


def passage(model: AppModel, edge: Transition, finds: Finds) -> tuple[Step, ...]:
    """From an open screen through one transition: what the form asks for, the tap, the check."""
    screen = model.by_key[edge.source]
    element = model.element(edge.source, edge.element)
    return (*_filled(screen, element, finds), Step("tap", edge.source, edge.element), Step("at", edge.target))


def _filled(screen: AppScreen, element: AppElement, finds: Finds) -> Iterator[Step]:
    """A form's button asks for its inputs: typed are those above the first button below all of them."""
    inputs = [one for one in screen.elements if one.type in ("text_input", "password_input") and one.interactive]
    place = {one.key: at for at, one in enumerate(screen.elements)}
    if not inputs or element.type != "button" or element.repeated:
        return
    last = place[inputs[-1].key]
    sends = next((one for one in screen.elements[last:] if one.type == "button" and one.interactive), None)
    if sends is not element:
        return
    for one in inputs:
        if finds(screen, one) and obstacle_to_use(screen, one) == "" and not one.repeated:
            yield Step("type", screen.key, one.key, worth(one))


def obstacle_to_use(screen: AppScreen, element: AppElement) -> str:
    """Why a person may be unable to use the element when its screen opens; "" where nothing is known against it."""
    if element.conditional and not screen.dialog:
        return f"shown only under a condition, {element.place.file}:{element.place.line}"
    if element.enabled is False:
        return f"disabled when the screen opens, {element.place.file}:{element.place.line}"
    return ""


def _told_by_elements(model: AppModel) -> Iterator[Transition]:
    for screen in model.screens:
        for element in screen.elements:
            if element.leads_to in model.by_key:
                yield Transition(screen.key, element.key, element.leads_to, element.place)


def _first(model: AppModel) -> Sequence[str]:
    """Where the app opens; an app of one screen opens on it."""
    told = [screen.key for screen in model.screens if screen.entry]
    alone = [screen.key for screen in model.screens if not screen.dialog]
    return told or (alone if len(alone) == 1 else [])


def _obstacle(
    model: AppModel, edge: Transition, finds: Finds, marks: Mapping[str, Landmarks], *, asks: bool = False
) -> str:
    """Why a test cannot take this transition; "" where it can."""
    screen, element = model.by_key[edge.source], model.element(edge.source, edge.element)
    unseen = indistinct(model, marks[edge.target], edge.source)
    if unseen:
        return unseen
    if not finds(screen, element):
        return f"nothing finds what leads here, {element.place.file}:{element.place.line}"
    use = "" if asks and element.enabled is not False else obstacle_to_use(screen, element)
    return f"what leads here is {use}" if use else ""


def behind(name: str) -> str:
    """Why nobody gets to a screen behind one that is not reached itself."""
    return f"no way is known to {name}, which leads here"


def indistinct(model: AppModel, told: Landmarks, before: str) -> str:
    """Why nobody can see that a screen has opened from the one before; "" where it can be seen.

    A third screen may well be like it: a person could not tell the two apart either, and what is done next would not
    be found there.
    """
    if before in told.likes:
        return f"nothing tells it from {model.by_key[before].name}: give one of its elements an identifier"
    return "" if told.shown else "nothing that is always on it can be found: give such an element an identifier"


def _unreached(
    model: AppModel, ways: Mapping[str, tuple[Step, ...]], finds: Finds, marks: Mapping[str, Landmarks], *, asks: bool
) -> Iterator[Unreached]:
    edges = [edge for found in transitions(model).values() for edge in found]
    for screen in model.screens:
        if screen.key in ways:
            continue
        leading = [edge for edge in edges if edge.target == screen.key]
        reasons = [reason for edge in leading if (reason := _obstacle(model, edge, finds, marks, asks=asks))]
        if not marks[screen.key].shown:
            reason = indistinct(model, marks[screen.key], "")
        elif reasons:
            reason = reasons[0]
        elif leading:
            reason = behind(model.by_key[leading[0].source].name)
        elif not _first(model):
            reason = NO_START
        else:
            reason = "nothing in the source is known to lead here"
        yield Unreached(screen.key, reason)
