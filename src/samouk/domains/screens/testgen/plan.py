"""From an app model to its test cases: what a person would check, and nothing that cannot fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from samouk.domains.screens.appmodel.model import AppElement, AppModel, AppScreen, Transition
from samouk.domains.screens.appmodel.naming import snake, unique
from samouk.domains.screens.source.widgets import BACK
from samouk.domains.screens.testgen.cases import Case, Plan, Step, Verb
from samouk.domains.screens.testgen.entries import typings, worth
from samouk.domains.screens.testgen.finding import Finds, found_everywhere, shows_title
from samouk.domains.screens.testgen.landmarks import Landmarks, is_always_there, landmarks
from samouk.domains.screens.testgen.routes import Routes, given, passage, routes, transitions
from samouk.domains.screens.testgen.waiting import waiting

FOLD = 8
"""Elements that a phone's first view holds; those behind are scrolled to before they are used."""

INPUTS = frozenset({"text_input", "password_input", "search_input"})
TOGGLES = frozenset({"switch", "checkbox"})
_ACTS = frozenset({"tap", "type", "back", "scroll_to", "flips", "given"})
"""All other steps are checks, which change nothing."""

_LOOKS = frozenset({"given", "scroll_to", "shown", "some"})
"""Steps that an element passes by standing there."""


@dataclass(frozen=True, slots=True)
class _App:
    """What the cases of all screens are made from."""

    model: AppModel
    finds: Finds
    marks: Mapping[str, Landmarks]
    routes: Routes
    edges: Mapping[str, Sequence[Transition]]
    asks: bool


class _Draft(NamedTuple):
    """A case before its key is known to be free."""

    element: AppElement | None
    slug: str
    title: str
    steps: tuple[Step, ...]


def plan(model: AppModel, finds: Finds | None = None) -> Plan:
    """All cases of an app.

    Args:
        finds: what the writer's driver can find; None for Appium, whose tests can ask for what is shown only under a
            condition, and tell when it is not.
    """
    asks = finds is None
    finds = finds or found_everywhere(model)
    marks = landmarks(model, finds, asks=asks)
    found = routes(model, finds, marks, asks=asks)
    app = _App(model, finds, marks, found, transitions(model), asks)
    cases = tuple(case for screen in model.screens for case in _cases(app, screen))
    drafted = Plan(cases=cases, unreached=found.unreached, asks=asks)
    place = {screen.key: at for at, screen in enumerate(model.screens)}
    every = sorted((*cases, *_left_over(app, drafted)), key=lambda case: place[case.screen])
    return replace(drafted, cases=tuple(every))


def untested(model: AppModel, finds: Finds | None = None) -> tuple[tuple[AppScreen, AppElement], ...]:
    """What a person can act on and no test touches, for nothing finds it."""
    finds = finds or found_everywhere(model)
    return tuple((screen, one) for screen in model.screens for one in screen.interactive if not finds(screen, one))


def _cases(app: _App, screen: AppScreen) -> Iterator[Case]:
    drafts = [*_of_screen(app, screen)]
    for element in screen.elements:
        if app.finds(screen, element) and (element.interactive or element.type == "list"):
            drafts += _of_element(app, screen, element)
    keys = unique(_key(draft) for draft in drafts)
    for draft, key in zip(drafts, keys, strict=True):
        case = _case(app, screen, draft, key)
        if _can_fail(case):
            yield case


def _left_over(app: _App, drafted: Plan) -> Iterator[Case]:
    """An element whose cases all wait can still be looked at."""
    reasons = waiting(app.model, drafted, app.finds)
    for screen in app.model.screens:
        cases = [case for case in drafted.cases if case.screen == screen.key]
        idle = {key for case in cases for key in case.touches if (case.screen, case.key) in reasons}
        busy = {key for case in cases for key in case.touches if (case.screen, case.key) not in reasons}
        taken = [case.key for case in cases]
        left = [one for one in screen.elements if one.key in idle - busy and _can_be_seen(app, screen, one)]
        drafts = [_usable(screen, one) for one in left]
        keys = list(unique([*taken, *(_key(draft) for draft in drafts)]))[len(taken) :]
        for draft, key in zip(drafts, keys, strict=True):
            yield _case(app, screen, draft, key)


def _can_be_seen(app: _App, screen: AppScreen, element: AppElement) -> bool:
    return screen.key in app.routes.ways and (screen.dialog or not element.conditional) and element.enabled is not False


def _case(app: _App, screen: AppScreen, draft: _Draft, key: str) -> Case:
    element = draft.element
    way = app.routes.ways.get(screen.key, ())
    steps = given(app.model, draft.steps) if app.asks else draft.steps
    return Case(
        key=key,
        title=draft.title,
        screen=screen.key,
        way=way,
        steps=tuple(_said_once(way, steps)),
        touches=() if element is None else (element.key,),
        place=screen.place if element is None else element.place,
    )


def _can_fail(case: Case) -> bool:
    """Not where it only looks for what it has asked for: where that is away, the rest is left."""
    asked = {(step.screen, step.element) for step in case.steps if step.verb == "given"}
    told = (step for step in case.steps if (step.screen, step.element) not in asked or step.verb not in _LOOKS)
    return not asked or any(told)


def _said_once(way: Sequence[Step], steps: Sequence[Step]) -> Iterator[Step]:
    """Steps without the checks that were made right before."""
    for before, step in zip((*way[-1:], *steps) if way else (None, *steps), steps, strict=False):
        if step != before or step.verb in _ACTS:
            yield step


def _key(draft: _Draft) -> str:
    if draft.element is None:
        return draft.slug
    return f"{ascii_key(draft.element.key)}_{draft.slug}"


def ascii_key(key: str) -> str:
    """A key that every test runner and file system takes; what has no Latin letters is numbered by its user."""
    plain = key.isascii() and key.isidentifier()
    return key.rstrip("_") or "element" if plain else snake(key).rstrip("_") or "element"


def name_of(element: AppElement) -> str:
    """What a person would call it, on one line."""
    return " ".join((element.name or element.key.replace("_", " ")).split())


# The cases of a screen.


def _of_screen(app: _App, screen: AppScreen) -> Iterator[_Draft]:
    if app.routes.before.get(screen.key) == "":
        yield _Draft(None, "app_opens_here", f"The app opens on {screen.name}", (Step("at", screen.key),))
    if shows_title(screen):
        yield _Draft(
            None, "title_reads", f"The title is {screen.title!r}", (Step("reads", screen.key, "", screen.title),)
        )
    before = _left_to(app, screen)
    if before and _returns(app, screen):
        steps = (Step("back", screen.key), Step("at", before))
        yield _Draft(
            None, f"back_returns_to_{ascii_key(before)}", f"Back returns to {app.model.by_key[before].name}", steps
        )


def _left_to(app: _App, screen: AppScreen) -> str:
    """The screen that comes to light when this one is left: a menu that led here has closed by then."""
    before = app.routes.before.get(screen.key, "")
    while before and app.model.by_key[before].dialog:
        before = app.routes.before.get(before, "")
    return before


def _returns(app: _App, screen: AppScreen) -> bool:
    """Whether going back is sure to lead where the screen was opened from.

    It is not after a tab, which replaces its neighbour, nor after a password, to which no app returns; and iOS
    closes a dialog by what stands in it alone.
    """
    before, by = app.routes.before[screen.key], app.routes.by[screen.key]
    opener = app.model.element(before, by)
    typed = any(step.verb == "type" for step in app.routes.ways[screen.key][len(app.routes.ways[before]) :])
    signed_in = typed and any(one.secret for one in app.model.by_key[before].elements)
    return opener.type != "tab" and not signed_in and not (screen.dialog and "ios" in app.model.platforms)


# The cases of an element.


def _of_element(app: _App, screen: AppScreen, element: AppElement) -> Iterator[_Draft]:
    if element.enabled is False:
        yield _Draft(element, "is_shown", f"{name_of(element)} is shown", _seen(screen, element, "shown"))
        return
    drafts = [*_behaviours(app, screen, element)]
    yield from drafts or [_shown(screen, element)]


def _behaviours(app: _App, screen: AppScreen, element: AppElement) -> Iterator[_Draft]:
    yield from _opens(app, screen, element)
    yield from _leaves(app, screen, element)
    if element.type in INPUTS and not element.repeated:
        yield from _takes(screen, element)
    elif element.type == "radio_button":
        yield _chosen(screen, element)
    elif element.type in TOGGLES and "Chip" not in element.class_name:
        yield _turns(screen, element)
    elif element.checkable and element.checked is False and not element.repeated:
        yield _marked(screen, element)


def _shown(screen: AppScreen, element: AppElement) -> _Draft:
    if element.interactive:
        return _usable(screen, element)
    return _Draft(element, "is_shown", f"{name_of(element)} is shown", _seen(screen, element, "shown"))


def _usable(screen: AppScreen, element: AppElement) -> _Draft:
    return _Draft(element, "can_be_used", f"{name_of(element)} is shown and can be used", _ready(screen, element))


def _opens(app: _App, screen: AppScreen, element: AppElement) -> Iterator[_Draft]:
    for edge in app.edges.get(screen.key, ()):
        if edge.element == element.key:
            target = app.model.by_key[edge.target]
            steps = (*_ready(screen, element), *passage(app.model, edge, app.finds))
            title = f"{name_of(element)} opens {target.name}"
            yield _Draft(element, f"opens_{ascii_key(edge.target)}", title, steps)


def _leaves(app: _App, screen: AppScreen, element: AppElement) -> Iterator[_Draft]:
    before = _left_to(app, screen)
    if element.leads_to == BACK and before:
        steps = (*_ready(screen, element), Step("tap", screen.key, element.key), Step("at", before))
        title = f"{name_of(element)} returns to {app.model.by_key[before].name}"
        yield _Draft(element, f"returns_to_{ascii_key(before)}", title, steps)


def _takes(screen: AppScreen, element: AppElement) -> Iterator[_Draft]:
    name, ready = name_of(element), _ready(screen, element)
    if element.secret or element.type == "password_input":
        typed = (
            Step("type", screen.key, element.key, worth(element)),
            Step("masked", screen.key, element.key, worth(element)),
        )
        yield _Draft(element, "hides_what_is_typed", f"{name} hides what is typed", (*ready, *typed))
        return
    for one in typings(element):
        steps = [*ready]
        for value in one.whole:
            steps += [Step("type", screen.key, element.key, value), Step("holds", screen.key, element.key, value)]
        if one.cut:
            steps += [
                Step("type", screen.key, element.key, one.cut),
                Step("holds_not", screen.key, element.key, one.cut),
            ]
        yield _Draft(element, one.slug, f"{name} {one.title}", tuple(steps))


def _turns(screen: AppScreen, element: AppElement) -> _Draft:
    """On and off again, from the state that the source tells."""
    tap = Step("tap", screen.key, element.key)
    on, off = Step("checked", screen.key, element.key), Step("unchecked", screen.key, element.key)
    if element.checked is None or element.repeated:
        steps: tuple[Step, ...] = (Step("flips", screen.key, element.key),)
    else:
        start, turned = (on, off) if element.checked else (off, on)
        steps = (start, tap, turned, tap, start)
    return _Draft(
        element, "turns_on_and_off", f"{name_of(element)} turns on and off", (*_ready(screen, element), *steps)
    )


def _marked(screen: AppScreen, element: AppElement) -> _Draft:
    """Chips and the like: some go off again at the next tap, some only when another is chosen."""
    steps = (Step("unchecked", screen.key, element.key), Step("tap", screen.key, element.key))
    checked = Step("checked", screen.key, element.key)
    title = f"{name_of(element)} can be chosen"
    return _Draft(element, "can_be_chosen", title, (*_ready(screen, element), *steps, checked))


def _chosen(screen: AppScreen, element: AppElement) -> _Draft:
    """Chosen by a tap; where its neighbour is of the same group, the choice moves there and comes back."""
    steps = [*_ready(screen, element)]
    other = _neighbour(screen, element)
    if other is not None:
        steps += [Step("tap", screen.key, other.key), Step("checked", screen.key, other.key)]
        steps += [Step("unchecked", screen.key, element.key)]
    steps += [Step("tap", screen.key, element.key), Step("checked", screen.key, element.key)]
    if other is not None:
        steps += [Step("unchecked", screen.key, other.key)]
    return _Draft(element, "can_be_chosen", f"{name_of(element)} can be chosen", tuple(steps))


def _neighbour(screen: AppScreen, element: AppElement) -> AppElement | None:
    """The radio button right before or behind; anything between them may be the head of another group."""
    at = screen.elements.index(element)
    around = (*screen.elements[at + 1 : at + 2], *screen.elements[max(at - 1, 0) : at])
    fits = (one for one in around if one.type == "radio_button" and is_always_there(screen, one) and one.locators)
    return next((one for one in fits if not element.repeated and one.enabled is not False), None)


def _ready(screen: AppScreen, element: AppElement) -> tuple[Step, ...]:
    """It is there and can be used; of what is repeated, one is."""
    if element.repeated:
        return (*_seen(screen, element, "some"), Step("usable", screen.key, element.key))
    return (*_seen(screen, element, "usable"),)


def _seen(screen: AppScreen, element: AppElement, verb: Verb) -> tuple[Step, ...]:
    scroll = Step("scroll_to", screen.key, element.key)
    check = Step(verb, screen.key, element.key)
    behind = not screen.dialog and screen.elements.index(element) >= FOLD
    return (scroll, check) if behind else (check,)
