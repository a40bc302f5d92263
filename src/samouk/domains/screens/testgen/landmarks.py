"""What tells a screen from others, from all where it can: no test takes the screen before it for the one it wants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations, pairwise
from typing import NamedTuple

from samouk.domains.screens.appmodel.model import AppElement, AppModel, AppScreen, Locator
from samouk.domains.screens.appmodel.naming import snake
from samouk.domains.screens.testgen.finding import Finds, shows_title

TITLE = ""
"""In place of an element's key: the words of the screen's top bar."""

TRIED = 12
"""Candidates of which pairs are tried: more than a screen needs, few enough for any screen."""

MOST = 6
"""Of what comes and goes so many are looked for: many take long to look for."""

_NONE = frozenset({"empty", "emptystate", "emptyview", "nothing", "none"})
_ANYTHING = frozenset({"content", "data", "entry", "entrie", "item", "result"})
"""What a list may be without, whatever it lists; without the ``s`` at the end."""


class Landmarks(NamedTuple):
    """Elements of one screen by key, or ``TITLE``.

    Attributes:
        shown: together they stand on no other screen but ``likes``; empty where nothing on the screen can be found.
        likes: other screens that show all of them too.
        one_of: none of them is always there, but one of them is, and each stands on this screen alone: to see one is
            enough.
    """

    shown: tuple[str, ...]
    likes: tuple[str, ...] = ()
    one_of: bool = False


def landmarks(model: AppModel, finds: Finds, *, asks: bool = False) -> Mapping[str, Landmarks]:
    """For each screen, by key, what to look for; the fewest and the most lasting elements.

    Args:
        asks: whether the format can look for one of several.
    """
    starts = {way.value for screen in model.screens for one in screen.elements for way in one.locators if _begins(way)}
    marks = {screen.key: set(_marks(screen, starts)) for screen in model.screens}
    return {screen.key: _of(screen, marks, finds, asks) for screen in model.screens}


def _of(screen: AppScreen, marks: Mapping[str, set[str]], finds: Finds, asks: bool) -> Landmarks:
    """Where nothing tells a screen from all others, what tells it from most: from the one before it may be enough."""
    candidates = list(_candidates(screen, finds))
    best: Landmarks | None = None
    for some in _some_of(candidates):
        found = Landmarks(tuple(key for key, _ in some), tuple(_others(screen, marks, {mark for _, mark in some})))
        if not found.likes:
            return found
        if best is None or len(found.likes) < len(best.likes):
            best = found
    either = _either(screen, marks, finds) if asks else ()
    return Landmarks(either, one_of=True) if either else best or Landmarks(())


def _some_of(candidates: Sequence[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], ...]]:
    yield from ((one,) for one in candidates)
    yield from combinations(candidates[:TRIED], 2)
    yield from combinations(candidates[:TRIED], 3)


def _others(screen: AppScreen, marks: Mapping[str, set[str]], wanted: set[str]) -> list[str]:
    """Screens that show all of the marks too."""
    return [key for key, shown in marks.items() if key != screen.key and shown >= wanted]


def _either(screen: AppScreen, marks: Mapping[str, set[str]], finds: Finds) -> tuple[str, ...]:
    """What comes and goes, where something of it is always there: rows, or what is told when there are none.

    Of other things nobody knows whether all may be away at once: then a test would fail on an app in good health.
    """
    alone = _alone(screen, marks, finds)
    rows = [one for one in screen.elements if one.repeated]
    if not all(one.conditional for one in rows):
        rows = [one for one in rows if not one.conditional]  # not what only some rows have
    row = next((one for one in rows[:1] if one in alone), None)  # what repeats below it may lie out of sight
    none = next((one for one in alone if _tells_of_none(screen, rows, one)), None)
    if row is None or none is None:
        return ()
    return tuple(dict.fromkeys(one.key for one in (row, none, *alone)))[:MOST]


def _alone(screen: AppScreen, marks: Mapping[str, set[str]], finds: Finds) -> list[AppElement]:
    """What stands on no other screen; of several that are found alike the first."""
    found: dict[str, AppElement] = {}
    for element in screen.elements:
        best = _best(element) if finds(screen, element) else None
        if best is not None and best.nth == 0 and not _others(screen, marks, {_mark(best)}):
            found.setdefault(_mark(best), element)
    return list(found.values())


def _tells_of_none(screen: AppScreen, rows: Sequence[AppElement], element: AppElement) -> bool:
    """Whether its name, or that of its words, says that a list has no rows: ``empty_view``, ``no_notes``."""
    if element.interactive or element.repeated or not element.conditional:
        return False
    listed = (screen.key, *(one.key for one in rows))
    kinds = _ANYTHING | {word.rstrip("s") for key in listed for word in key.split("_")}
    names = (element.key, element.hidden_identifier, *(way.key for way in element.locators))
    for words in (snake(name).split("_") for name in names):
        without = {after.rstrip("s") for word, after in pairwise(words) if word == "no"}
        if not _NONE.isdisjoint(words) or without & kinds:
            return True
    return False


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
    return first if first is not None and first.strategy not in ("row", "kind", "text_start") else None


def _marks(screen: AppScreen, starts: AbstractSet[str]) -> Iterator[str]:
    """All by which a screen may be found; of ``starts`` those with which one of its identifiers begins, or may."""
    for element in screen.elements:
        for locator in element.locators:
            if locator.strategy != "row":  # its value tells the list
                yield _mark(locator)
            yield from (f"begins {start}" for start in starts if _may_begin(locator, start))
    if screen.title:
        yield f"words {screen.title}"


def _mark(locator: Locator) -> str:
    """Words are one space: what is a text here may be a description there."""
    if _begins(locator):
        return f"begins {locator.value}"
    return f"{'id' if locator.strategy in ('id', 'kind') else 'words'} {locator.value}"


def _begins(locator: Locator) -> bool:
    return locator.strategy == "id_start"


def _may_begin(locator: Locator, start: str) -> bool:
    """Whether what a locator finds by its identifier has one that begins so, or may once its data are filled in."""
    if _begins(locator) and start.startswith(locator.value):
        return True
    return locator.strategy in ("id", "id_start") and locator.value.startswith(start)
