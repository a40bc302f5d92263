"""What is above, below and beside each visible element of a screen: exact counts and shares, each (n,)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from samouk.domains.screens.structure import TRUE, Floats, Integers, Layout, Truths

_PICTURE_DP = (8, 96)
"""A leaf without words of such sides, neither much wider than high nor the reverse, is drawn, not written."""

_PICTURES = ("image", "icon", "icon_button")
_ALIKE = 8.0
"""Sides (dp) that differ by less than about this are alike."""

_LOOKS = 2**35
"""More than there are looks: sides below 2**29 steps of ``_ALIKE``, and 54 combinations of flags."""

REGIONS = ("list", "tab_bar", "app_bar", "dialog", "web_view", "compose")
"""Ancestors that are worth knowing: five types, and the window of a toolkit."""

_SURROUNDINGS = (*REGIONS, "clickable", "scrollable")
_BITS: Mapping[str | None, int] = {name: 1 << place for place, name in enumerate(_SURROUNDINGS)}
_COMPOSE = frozenset(
    {"androidx.compose.ui.platform.ComposeView", "androidx.compose.ui.platform.AndroidComposeView"},
)


def above(layout: Layout) -> tuple[list[int], dict[str, list[bool]]]:
    """Levels above each element, and by the name of a region, clickable or scrollable whether one of them is it."""
    tells = _tells(layout)
    depths: list[int] = []
    around: list[int] = []
    for parent in layout.family.parents:
        depths.append(depths[parent] + 1 if parent >= 0 else 0)
        around.append(around[parent] | tells[parent] if parent >= 0 else 0)
    truths = np.bitwise_and.outer(list(_BITS.values()), np.array(around, np.intp)) != 0
    return depths, dict(zip(_SURROUNDINGS, truths.tolist(), strict=True))


def _tells(layout: Layout) -> list[int]:
    """What each element is to those inside, as bits."""
    regions = [
        _BITS["compose"] if element.class_name in _COMPOSE else _BITS.get(kind, 0)
        for element, kind in zip(layout.elements, layout.kinds, strict=True)
    ]
    tells = np.array(regions, np.intp)
    for flag in ("clickable", "scrollable"):
        tells |= layout.true(flag) * _BITS[flag]
    told: list[int] = tells.tolist()
    return told


def below(layout: Layout) -> dict[str, list[int]]:
    """Sums over all that is inside each element, at any level."""
    everyone = np.ones(len(layout.elements), np.bool_)
    own = {
        "descendants": everyone,
        "text_inside": layout.words > 0,
        "picture_inside": _pictures(layout),
        "clickable_inside": layout.true("clickable"),
        "scrollable_inside": layout.true("scrollable"),
        "checkable_inside": layout.true("checkable"),
        "words_inside": layout.words,
    }
    add = partial(_sums, layout.family.parents)
    return {name: add(column.astype(np.intp).tolist()) for name, column in own.items()}


def _sums(parents: list[int], own: list[int]) -> list[int]:
    # One more than there are elements: those above no root gather at NOBODY, the last.
    sums = [0] * (len(own) + 1)
    for number, parent, mine in zip(range(len(own) - 1, -1, -1), reversed(parents), reversed(own), strict=True):
        sums[parent] += sums[number] + mine
    return sums[:-1]


def levels_below(parents: list[int]) -> list[int]:
    """Levels of elements inside each."""
    levels = [0] * (len(parents) + 1)
    for number in range(len(parents) - 1, -1, -1):
        parent = parents[number]
        if levels[parent] <= levels[number]:
            levels[parent] = levels[number] + 1
    return levels[:-1]


def beside(layout: Layout) -> dict[str, Integers]:
    """Counts over the siblings of each element; roots have none."""
    parent = layout.family.parent
    has = np.flatnonzero(parent >= 0)
    out = {}
    for name, own in _told_beside(layout).items():
        totals = np.bincount(parent[has], weights=own[has], minlength=len(parent)).astype(np.intp)
        out[name] = np.where(parent >= 0, totals[parent] - own, 0)
    return out


def _told_beside(layout: Layout) -> dict[str, Truths]:
    return {
        "siblings": np.ones(len(layout.elements), np.bool_),
        "text_beside": layout.words > 0,
        "checkable_beside": layout.true("checkable"),
        "selected_beside": layout.true("selected"),
    }


def _pictures(layout: Layout) -> Truths:
    width, height = layout.width, layout.height
    low, high = _PICTURE_DP
    drawn = (low <= width) & (width <= high) & (low <= height) & (height <= high)
    shape = np.divide(width, height, out=np.zeros_like(width), where=drawn)
    leaf = (layout.family.children == 0) & (layout.words == 0)
    named = np.array([kind in _PICTURES for kind in layout.kinds], np.bool_)
    pictures: Truths = named | (leaf & (shape >= 0.5) & (shape <= 2))
    return pictures


def cover(layout: Layout) -> Floats:
    """Share of each element's area that its largest child takes."""
    area = layout.width * layout.height
    largest = np.zeros_like(area)
    has = layout.family.parent >= 0
    np.maximum.at(largest, layout.family.parent[has], area[has])
    shares: Floats = np.divide(largest, area, out=np.zeros_like(area), where=area >= 1)
    return shares


def twins(layout: Layout) -> tuple[Integers, Integers]:
    """How many siblings look like each element, and the largest number of children that look alike.

    Two look alike that share their flags and nearly their width or height: a row's or a column's repetition.
    """
    parent = layout.family.parent
    has = np.flatnonzero(parent >= 0)
    alike, most = np.zeros((2, len(parent)), np.intp)
    if not len(has):
        return alike, most
    sides = np.rint(np.stack([layout.width, layout.height])[:, has] / _ALIKE).astype(np.intp)
    looks = sides * 54 + _poses(layout)[has]
    looks = np.stack([looks[0], looks[1] + _LOOKS]) + parent[has] * (2 * _LOOKS)
    _, which, counts = np.unique(looks, return_inverse=True, return_counts=True)
    equals = counts[which].reshape(looks.shape).max(axis=0)
    alike[has] = equals - 1
    np.maximum.at(most, parent[has], equals)
    return alike, most


def _poses(layout: Layout) -> Integers:
    """One of 54 combinations of flags."""
    codes = layout.codes
    flags = (codes["clickable"] * (TRUE + 1) + codes["checkable"]) * (TRUE + 1) + codes["scrollable"]
    poses: Integers = flags * 2 + (layout.family.children > 0)
    return poses


def arrangements(layout: Layout) -> list[str]:
    """How the children of each element lie."""
    family, corners = layout.family, layout.corners
    elder, younger = family.pairs
    (left, top, right, bottom), (left_2, top_2, right_2, bottom_2) = corners[:, elder], corners[:, younger]
    apart_x = (left_2 >= right) | (left >= right_2)
    apart_y = (top_2 >= bottom) | (top >= bottom_2)
    count = partial(np.bincount, minlength=len(layout.elements))
    parents = family.parent[elder]
    upon, beside, below = (count(parents[how]) for how in (~apart_x & ~apart_y, apart_x & ~apart_y, apart_y))
    children = family.children
    flat = np.where(beside >= below, "row", "column")
    mixed = np.where((beside > 0) & (below > 0) & (children > 3), "grid", flat)
    several = np.where(upon * 2 > children - 1, "stack", mixed)
    few = ("none", "single")
    return [few[n] if n < 2 else name for n, name in zip(children.tolist(), several.tolist(), strict=True)]
