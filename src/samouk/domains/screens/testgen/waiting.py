"""Why a case cannot run as it stands, and waits for a person to see to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from samouk.domains.screens.appmodel.model import AppModel
from samouk.domains.screens.source.widgets import Place
from samouk.domains.screens.testgen.cases import Case, Plan
from samouk.domains.screens.testgen.finding import Finds
from samouk.domains.screens.testgen.landmarks import Landmarks, landmarks
from samouk.domains.screens.testgen.routes import NO_START, behind, indistinct


class Held(NamedTuple):
    """One thing that tests wait for: seeing to it frees all of them.

    ``screen`` is the key of the one that it is about, "" where it is about the whole app.
    """

    screen: str
    reason: str
    tests: int


class Behind(NamedTuple):
    """An element that tests look for first: its screen's key and its own, its line, and how many tests."""

    screen: str
    element: str
    place: Place
    tests: int


class Asking(NamedTuple):
    """How many tests may skip themselves, and the element behind which most of them stand."""

    tests: int
    most: Behind | None


def holding(model: AppModel, plan: Plan, reasons: Mapping[tuple[str, str], str]) -> tuple[Held, ...]:
    """What tests wait for, that of most tests first: behind a closed screen all wait for what closes that.

    ``reasons`` are those of ``waiting``.
    """
    lost = {one.screen: one.reason for one in plan.unreached}
    roots = {screen: _root(model, screen, lost) for screen in lost}
    found = Counter(roots[screen] if screen in lost else (screen, reason) for (screen, _), reason in reasons.items())
    return tuple(Held(screen, reason, tests) for (screen, reason), tests in found.most_common())


def asking(model: AppModel, plan: Plan, reasons: Mapping[tuple[str, str], str]) -> Asking:
    """Cases that can run, and look first for what is shown only under a condition: they may skip themselves.

    ``reasons`` are those of ``waiting``.
    """
    free = (case for case in plan.cases if (case.screen, case.key) not in reasons)
    looked = [
        {(step.screen, step.element) for step in (*case.way, *case.steps) if step.verb == "given"} for case in free
    ]
    behind = Counter(one for some in looked for one in some)
    most = [Behind(*one, model.element(*one).place, tests) for one, tests in behind.most_common(1)]
    return Asking(sum(map(bool, looked)), most[0] if most else None)


def _root(model: AppModel, screen: str, lost: Mapping[str, str]) -> tuple[str, str]:
    """The screen that closes this one, and why; "" where nothing is known of the first screen."""
    closed = {behind(model.by_key[key].name): key for key in reversed(list(lost))}
    seen = set()
    while lost[screen] in closed and screen not in seen:
        seen.add(screen)
        screen = closed[lost[screen]]
    return ("" if lost[screen] == NO_START else screen), lost[screen]


def waiting(model: AppModel, plan: Plan, finds: Finds) -> dict[tuple[str, str], str]:
    """Reasons by screen and key of the case; cases that can run are not in it."""
    marks = landmarks(model, finds, asks=plan.asks)
    lost = {one.screen: one.reason for one in plan.unreached}
    reasons = ((case, _reason(model, case, lost, marks)) for case in plan.cases)
    return {(case.screen, case.key): reason for case, reason in reasons if reason}


def _reason(model: AppModel, case: Case, lost: Mapping[str, str], marks: Mapping[str, Landmarks]) -> str:
    if case.screen in lost:
        return f"no way is known to this screen: {lost[case.screen]}"
    here = ""
    for step in case.steps or case.way[-1:]:  # that of a case without steps is all that it checks
        if step.verb == "at" and len(model.screens) > 1:
            unseen = indistinct(model, marks[step.screen], here)
            if unseen:
                return f"nobody could see that {step.screen} is open: {unseen}"
        here = step.screen
    return conditional(model, case)


def conditional(model: AppModel, case: Case) -> str:
    """The condition that an element of the case waits for; in a dialog or a menu nothing does, once it is open.

    A case that asks for the element first looks for itself.
    """
    asked = {(step.screen, step.element) for step in case.steps if step.verb == "given"}
    for step in case.steps:
        if not step.element or model.by_key[step.screen].dialog or (step.screen, step.element) in asked:
            continue
        element = model.element(step.screen, step.element)
        if element.conditional:
            return f"shown only under a condition, {element.place.file}:{element.place.line}"
    return ""
