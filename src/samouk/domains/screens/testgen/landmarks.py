"""What tells a screen from all others: a test that looks for it cannot take another screen for this one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import NamedTuple

from samouk.domains.screens.appmodel.model import AppElement, AppModel, AppScreen, Locator
from samouk.domains.screens.testgen.finding import Finds, shows_title

TITLE = ""
"""In place of an element's key: the words of the screen's top bar."""

TRIED = 12
"""Candidates of which pairs are tried: more than a screen needs, few enough for any screen."""


class Landmarks(NamedTuple):
    """Elements of one screen by key, or ``TITLE``.

    Attributes:
        shown: together they stand on no other screen; empty where nothing on the screen can be found.
        like: the first other screen that shows all of them too; "" where there is none.
    """

    shown: tuple[str, ...]
    like: str = ""


def landmarks(model: AppModel, finds: Finds) -> Mapping[str, Landmarks]:
    """For each screen, by key, what to look for; the fewest and the most lasting elements."""
    marks = {screen.key: set(_marks(screen)) for screen in model.screens}
    return {screen.key: _of(screen, marks, finds) for screen in model.screens}


def _of(screen: AppScreen, marks: Mapping[str, set[str]], finds: Finds) -> Landmarks:
    candidates = list(_candidates(screen, finds))
    for one in candidates:
        if not _others(screen, marks, one[1]):
            return Landmarks((one[0],))
    for pair in combinations(candidates[:TRIED], 2):
        if not _others(screen, marks, pair[0][1], pair[1][1]):
            return Landmarks(tuple(key for key, _ in pair))
    if not candidates:
        return Landmarks(())
    first, mark = candidates[0]
    return Landmarks((first,), _others(screen, marks, mark)[0])


def _others(screen: AppScreen, marks: Mapping[str, set[str]], *wanted: str) -> list[str]:
    """Screens that show all of the marks too."""
    return [key for key, shown in marks.items() if key != screen.key and shown.issuperset(wanted)]


def _candidates(screen: AppScreen, finds: Finds) -> Iterator[tuple[str, str]]:
    """Keys and marks of what is there whenever the screen is open, the most lasting first."""
    lasting = [
        (element, best)
        for element in screen.elements
        if is_always_there(screen, element) and finds(screen, element) and (best := _best(element)) is not None
    ]
    for element, best in sorted(lasting, key=lambda one: -one[1].stability):
        yield element.key, _mark(best)
    if shows_title(screen):
        yield TITLE, f"words {screen.title}"


def is_always_there(screen: AppScreen, element: AppElement) -> bool:
    """Whether one of it is there once the screen is open; in a dialog or a menu the whole is what is conditional."""
    return not element.repeated and (screen.dialog or not element.conditional)


def _best(element: AppElement) -> Locator | None:
    """Its first locator, if that tells it by name."""
    first = element.locators[0] if element.locators else None
    return first if first is not None and first.strategy not in ("kind", "text_start") else None


def _marks(screen: AppScreen) -> Iterator[str]:
    for element in screen.elements:
        for locator in element.locators:
            yield _mark(locator)
    if screen.title:
        yield f"words {screen.title}"


def _mark(locator: Locator) -> str:
    """Words are one space: what is a text here may be a description there."""
    return f"{'id' if locator.strategy in ('id', 'kind') else 'words'} {locator.value}"
