"""When a locator no longer matches: which element of the screen it most likely was, how sure that is, and why.

Nothing is changed here, and nothing is proposed where two candidates are close: a test that quietly goes on with the
wrong element is worse than one that fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

from samouk.domains.screens.appmodel.model import AppElement, AppScreen, Locator
from samouk.domains.screens.appmodel.naming import snake
from samouk.domains.screens.element import Element, Evidence, Screen
from samouk.domains.screens.taxonomy import PUBLIC_CLASSES

LIKELY = 0.55
"""Least score of a proposal, in [0, 1]."""

MARGIN = 0.15
"""Least distance to the runner-up."""

CLOSE = 0.5
"""Similarity of two words below which they say nothing for each other: any two names share some letters."""

LEAST = 0.5
"""Least share of a screen's elements that a hierarchy must show to be taken for it: screens share buttons and bars."""

CLEAR = 1.25
"""How many times as well as the second the best screen must be recognised; screens to add and to edit are alike."""

_SCROLLED = ("list", "scroll")

_WEIGHTS: Mapping[str, float] = {"id": 1.5, "label": 1.2, "text": 1.2, "hint": 1.0, "type": 0.8, "class": 0.4}
"""Shares of the attributes, in the order in which studies of weighted locators found them to survive changes. An
attribute that the element never had does not count."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One element of the screen, with its score in [0, 1] and what speaks for it and against it."""

    index: int
    score: float
    reasons: tuple[str, ...]
    locator: Locator | None


class Recognised(NamedTuple):
    """How much of one of the app's screens a hierarchy shows: ``found`` of ``expected`` elements."""

    screen: AppScreen
    found: int
    expected: int

    @property
    def share(self) -> float:
        """In [0, 1]."""
        return self.found / self.expected if self.expected else 0.0

    @property
    def score(self) -> float:
        """Share and count together: neither the small screen nor the large one is favoured."""
        return self.found * self.share


@dataclass(frozen=True, slots=True)
class Proposal:
    """What became of one element.

    Attributes:
        lost: the locators that match nothing, or no longer one element.
        best, second: the two best candidates; None where there is none.
        margin: distance of their scores.
        accepted: the best is likely enough and far enough from the second to be proposed.
    """

    element: AppElement
    lost: tuple[Locator, ...]
    best: Candidate | None
    second: Candidate | None
    margin: float
    accepted: bool


def matches(locator: Locator, screen: Screen) -> list[int]:
    """Indices of the elements that a locator finds, in order."""
    if locator.strategy == "row":
        return _rows(locator, screen)
    say = _SAYS[locator.strategy]
    return [one.index for one in screen.visible() if say(one, locator.value)]


def _rows(locator: Locator, screen: Screen) -> list[int]:
    """What can be tapped in the list that it names, or in anything that is a list."""
    lists: set[int] = set()
    found = []
    for one in screen.visible():
        named = _SAYS["id"](one, locator.value) if locator.value else PUBLIC_CLASSES.get(one.class_name) in _SCROLLED
        if one.parent in lists or named:
            lists.add(one.index)
        if one.parent in lists and one.clickable is not False and (one.clickable or screen.platform == "ios"):
            found.append(one.index)
    return found


def works(locator: Locator, screen: Screen, *, repeated: bool) -> bool:
    """Whether a locator still finds its one element; of something repeated, any."""
    found = matches(locator, screen)
    if locator.unique and not repeated:
        return len(found) == 1
    return len(found) > (0 if repeated else locator.nth)


def lost_in(model: AppScreen, screen: Screen) -> Iterator[AppElement]:
    """Elements whose first locator, the one that tests use, does not match any more."""
    for element in model.elements:
        if element.locators and not works(element.locators[0], screen, repeated=element.repeated):
            yield element


def recognise(model: AppScreen, screen: Screen) -> Recognised:
    """Counts the elements that a hierarchy shows, by any of their locators but their class and their place in a list.

    What the app shows only now and then is expected only where it is there.
    """
    found = expected = 0
    for element in model.elements:
        ways = [one for one in element.locators if one.strategy not in ("row", "kind")]
        seen = any(matches(way, screen) for way in ways)
        found += seen
        expected += bool(ways) and (seen or model.dialog or not element.conditional)
    return Recognised(model, found, expected)


def ranked(screens: Sequence[AppScreen], screen: Screen) -> list[Recognised]:
    """The screens of which a hierarchy shows something, the likeliest first."""
    every = (recognise(one, screen) for one in screens)
    return sorted((one for one in every if one.found), key=lambda one: (-one.score, -one.found))


def sure(order: Sequence[Recognised]) -> Recognised | None:
    """The first of ``ranked``; None where too little of it is shown, or another may as well be meant."""
    if not order or order[0].share < LEAST:
        return None
    best, others = order[0], order[1:]
    clear = all(one.found <= best.found and one.score * CLEAR <= best.score for one in others)
    return best if clear else None


def propose(element: AppElement, screen: Screen, evidence: Sequence[Evidence | None], taken: Sequence[int]) -> Proposal:
    """The best two candidates for an element that was lost.

    Args:
        evidence: types of the screen's elements (``rules.evidence_of``).
        taken: indices of elements that other locators still find: they are somebody else.
    """
    others, spoken = frozenset(taken), _spoken(screen)
    scored = sorted(
        (
            _candidate(element, one, evidence[one.index], spoken[one.index], screen)
            for one in screen.visible()
            if one.index not in others
        ),
        key=lambda found: -found.score,
    )
    best, second = (*scored[:2], None, None)[:2]
    margin = 0.0 if best is None else best.score - (0.0 if second is None else second.score)
    likely = best is not None and best.score >= LIKELY and margin >= MARGIN and best.locator is not None
    lost = tuple(one for one in element.locators if not works(one, screen, repeated=element.repeated))
    return Proposal(element, lost, best, second, margin, likely)


def _bare(identifier: str) -> str:
    return identifier.rpartition("/")[2]


_SAYS: Mapping[str, Callable[[Element, str], bool]] = {
    "id": lambda one, value: bool(one.resource_id) and value in (one.resource_id, _bare(one.resource_id)),
    "id_start": lambda one, value: value != "" and _bare(one.resource_id).startswith(value),
    "label": lambda one, value: one.description == value,
    # Flutter's words are descriptions on Android.
    "text": lambda one, value: value in (one.text, one.description),
    "hint": lambda one, value: value in (one.hint, one.text),
    "text_start": lambda one, value: one.text.startswith(value) or one.description.startswith(value),
    "kind": lambda one, value: one.class_name == value,
}


def _spoken(screen: Screen) -> list[str]:
    """Words on each element, else on the first thing in it that has some, where many frameworks put them."""
    words = [one.text or one.description for one in screen.elements]
    for one in reversed(screen.elements):
        if one.parent >= 0 and words[one.index] and not screen.elements[one.parent].text:
            words[one.parent] = screen.elements[one.parent].description or words[one.index]
    return words


def _candidate(was: AppElement, now: Element, found: Evidence | None, words: str, screen: Screen) -> Candidate:
    had = {one.strategy: one.value for one in was.locators}
    pairs = {
        "id": (snake(had.get("id") or had.get("id_start", "")), snake(_bare(now.resource_id))),
        "label": (had.get("label", ""), now.description or words),
        "text": (had.get("text") or had.get("text_start", ""), now.text or words),
        "hint": (had.get("hint", ""), now.hint or words),
    }
    likeness = {name: _likeness(*pair) for name, pair in pairs.items() if pair[0]}
    likeness["type"] = float(found is not None and found.element_type == was.type)
    likeness["class"] = float(now.class_name == was.class_name)
    total = sum(_WEIGHTS[name] for name in likeness)
    score = sum(_WEIGHTS[name] * value for name, value in likeness.items()) / total
    return Candidate(now.index, round(score, 3), tuple(_reasons(pairs, likeness, found)), _way_to(now, screen))


def _likeness(was: str, now: str) -> float:
    """Of two names in [0, 1]: the better of shared words and shared letters; 0 below ``CLOSE``."""
    one, other = was.casefold().strip(), now.casefold().strip()
    if not one or not other:
        return 0.0
    words, others = (set(name.replace("_", " ").split()) for name in (one, other))
    shared = len(words & others) / len(words | others)
    value = max(shared, SequenceMatcher(None, one, other).ratio())
    return value if value >= CLOSE else 0.0


def _reasons(
    pairs: Mapping[str, tuple[str, str]], likeness: Mapping[str, float], found: Evidence | None
) -> Iterator[str]:
    for name, value in likeness.items():
        if name not in pairs:
            continue
        was, now = pairs[name]
        if value == 1:
            yield f"same {name} {now!r}"
        elif value > 0:
            yield f"{name} {was!r} is now {now!r} ({value:.0%} alike)"
        elif now:
            yield f"another {name}: {now!r} instead of {was!r}"
        else:
            yield f"no {name} any more"
    kind = "unknown" if found is None else found.element_type
    yield f"same type {kind}" if likeness["type"] else f"another type: {kind}"


def _way_to(now: Element, screen: Screen) -> Locator | None:
    """The most stable locator that finds just this element; None where its words and identifier are not its own."""
    offers = (
        Locator("id", _bare(now.resource_id), 0.95),
        Locator("label", now.description, 0.8),
        Locator("text", now.text, 0.6),
        Locator("hint", now.hint, 0.55),
    )
    return next((one for one in offers if one.value and matches(one, screen) == [now.index]), None)
