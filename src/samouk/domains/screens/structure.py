"""The visible elements of a screen as arrays: who is whose relative, where each lies, and what it tells of itself.

All elements of a screen are measured at once: one by one they cost several times as much.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import compress
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from samouk.domains.screens.element import Bounds, Element, Platform, Screen
from samouk.domains.screens.schema import FLAGS, SCREEN_DP
from samouk.domains.screens.taxonomy import class_type, public_class

Integers = NDArray[np.intp]
Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]

NOBODY = -1
UNTOLD, FALSE, TRUE = 0, 1, 2
"""Codes of a flag."""

_NOWHERE = Bounds(0, 0, 0, 0)
_FARTHEST = 1e6
"""Places beyond this are no places: the element then has no size."""

_IOS_POINTS = 320
"""Fragments of iOS screens are narrower than any iPhone: what is narrower is taken for this wide."""

_CODES: Mapping[bool | None, int] = {None: UNTOLD, False: FALSE, True: TRUE}
_CODED = ("clickable", "checkable", "scrollable", "selected")
_flags_of = attrgetter(*FLAGS)


@dataclass(frozen=True, slots=True)
class Extent:
    """The screen in the dumper's unit, and how many dp one unit is."""

    width: float
    height: float
    dp: float


@dataclass(frozen=True, slots=True)
class Family:
    """Who is whose relative among n elements: each (n,), the relative's number or ``NOBODY``.

    ``parent`` is the nearest visible ancestor; ``parents`` the same as a list. Roots are nobody's siblings.
    ``children`` counts; ``place`` counts the siblings before. ``pairs`` is (2, m): siblings next to each other.
    """

    parents: list[int]
    parent: Integers
    first_child: Integers
    previous: Integers
    next: Integers
    children: Integers
    place: Integers
    pairs: Integers


@dataclass(frozen=True, slots=True)
class Layout:
    """The n visible elements of a screen in pre-order.

    ``corners`` is (4, n) in the dumper's unit; ``width`` and ``height`` are in dp, ``words`` in characters.
    ``class_names`` are public, ``kinds`` what they say. ``flags`` are as told; ``codes`` are
    those that are counted, as numbers.
    """

    elements: Sequence[Element]
    extent: Extent
    family: Family
    corners: Floats
    width: Floats
    height: Floats
    words: Integers
    class_names: list[str]
    kinds: list[str | None]
    flags: dict[str, tuple[bool | None, ...]]
    codes: dict[str, Integers]

    def true(self, flag: str) -> Truths:
        """(n,) where a flag is told and set."""
        truths: Truths = self.codes[flag] == TRUE
        return truths


def extent_of(platform: Platform, roots: Sequence[Bounds]) -> Extent:
    """The screen behind the roots: a dialog's root does not begin at zero, but lies in the middle."""
    width = max((max(root.left, 0) + root.right for root in roots), default=0)
    height = max((root.bottom for root in roots), default=0)
    if platform == "ios":
        width = max(width, _IOS_POINTS)
        return Extent(width, max(height, width), 1.0)
    if width < 1 or height < 1:
        return Extent(SCREEN_DP, SCREEN_DP, 1.0)
    return Extent(width, height, SCREEN_DP / min(width, height))


def layout_of(screen: Screen, secrets: Collection[int] = ()) -> Layout:
    """Every visible element of a screen; ``secrets`` are indices of those whose words must not be counted."""
    elements = list(screen.visible())
    family = family_of(_parents(screen, elements))
    left, top, right, bottom = corners = _corners(elements)
    extent = extent_of(screen.platform, [Bounds(*root) for root in corners[:, family.parent < 0].T.tolist()])
    class_names = [public_class(element.class_name) for element in elements]
    kinds = [_kind(name) for name in class_names]
    flags = _flags(elements)
    return Layout(
        elements=elements,
        extent=extent,
        family=family,
        corners=corners,
        width=(right - left) * extent.dp,
        height=(bottom - top) * extent.dp,
        words=_words(screen.platform, elements, kinds, secrets),
        class_names=class_names,
        kinds=kinds,
        flags=flags,
        codes={name: np.array([_CODES[told] for told in flags[name]], np.intp) for name in _CODED},
    )


def family_of(parents: list[int]) -> Family:
    """Relatives of n elements by the number of each one's parent, which is below its own, ``NOBODY`` for a root."""
    count = len(parents)
    parent = np.array(parents, np.intp)
    # Stable: siblings come to lie beside each other and keep their order.
    order = np.argsort(parent, kind="stable")
    order = order[np.searchsorted(parent[order], 0) :]
    elder = parent[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = elder[1:] != elder[:-1]
    pairs = np.array([order[:-1][~first[1:]], order[1:][~first[1:]]])
    first_child, previous, following = np.full((3, count), NOBODY, np.intp)
    first_child[elder[first]] = order[first]
    previous[pairs[1]], following[pairs[0]] = pairs[0], pairs[1]
    place = np.zeros(count, np.intp)
    starts = np.flatnonzero(first)
    place[order] = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
    children = np.bincount(elder, minlength=count)
    return Family(parents, parent, first_child, previous, following, children, place, pairs)


def _parents(screen: Screen, elements: Sequence[Element]) -> list[int]:
    """For each visible element the number of its nearest visible ancestor among them."""
    above = [element.parent for element in screen.elements]
    numbers = {element.index: number for number, element in enumerate(elements)}
    numbers[NOBODY] = NOBODY
    return [numbers[_ancestor(element.parent, above, numbers)] for element in elements]


def _ancestor(parent: int, above: Sequence[int], present: Mapping[int, int]) -> int:
    while parent not in present:
        parent = above[parent]
    return parent


def _corners(elements: Sequence[Element]) -> Floats:
    """(4, n) bounds; zeros where there are none or they are no places."""
    corners = np.array([element.bounds or _NOWHERE for element in elements], np.float64).reshape(-1, 4).T
    # Written so that NaN fails too.
    corners[:, ~(np.abs(corners) <= _FARTHEST).all(axis=0)] = 0
    return corners


@cache
def _kind(class_name: str) -> str | None:
    """What a public class says; there are few hundreds of them."""
    return class_type(class_name)


def _flags(elements: Sequence[Element]) -> dict[str, tuple[bool | None, ...]]:
    columns = zip(*map(_flags_of, elements), strict=True) if elements else [()] * len(FLAGS)
    return dict(zip(FLAGS, columns, strict=True))


def _words(
    platform: Platform, elements: Sequence[Element], kinds: Sequence[str | None], secrets: Collection[int]
) -> Integers:
    """Length of the words that each shows. Nothing is told of what is hidden, not even its length."""
    shown = [
        not (element.password is True or kind == "password_input" or element.index in secrets)
        for element, kind in zip(elements, kinds, strict=True)
    ]
    # Whether descriptions count depends on all words of the screen, so on those that show alone.
    spoken = _spoken(platform, list(compress(elements, shown)))
    return np.array(
        [
            (element.text_length or (element.description_length if spoken else 0)) if shows else 0
            for element, shows in zip(elements, shown, strict=True)
        ],
        np.intp,
    )


def _spoken(platform: Platform, elements: Sequence[Element]) -> bool:
    """Whether the screen tells its words as descriptions, as iOS and Flutter do."""
    if platform == "ios":
        return True
    written = sum(element.text_length > 0 for element in elements)
    described = sum(element.description_length > 0 and not element.text_length for element in elements)
    return described > 2 * written
