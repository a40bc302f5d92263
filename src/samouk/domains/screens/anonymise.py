"""Elements to samples: the only way out, and nothing private passes."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

import numpy as np

from samouk.domains.screens import structure, surroundings
from samouk.domains.screens.element import Element, Evidence, Screen
from samouk.domains.screens.schema import (
    COUNTS,
    DEPTHS,
    DP_CAP,
    DP_STEP,
    GENERIC,
    NONE,
    SCHEMA,
    SIXTEENTHS,
    TEXT_LENGTHS,
    count_bucket,
    depth_bucket,
    text_bucket,
)
from samouk.domains.screens.structure import NOBODY, Floats, Integers, Layout
from samouk.domains.screens.taxonomy import CUSTOM, ICON_DP, Flags, class_type
from samouk.edge.wire import Row, week_of

T = TypeVar("T")
Column = Sequence[Any]
"""A field's values, one for each visible element."""

_FIELDS = tuple(spec.name for spec in SCHEMA.fields)
_UNLABELLED = Evidence("unknown", 0.0, "none")
_COUNTS = np.array([count_bucket(count) for count in range(COUNTS[-1] + 1)], np.intp)
_DEPTHS = np.array([depth_bucket(depth) for depth in range(DEPTHS[-1] + 1)], np.intp)
_LENGTHS = np.array([text_bucket(length) for length in range(TEXT_LENGTHS[-1] + 1)], np.intp)
"""Number → its bucket; whatever is larger is in the last."""

_SIGNS = 36
_DIGITS = [place for place in range(_SIGNS) if place not in (8, 13, 18, 23)]
"""Signs of a UUID, and which of them are no dashes."""

_PLACES = ("x", "y", "width_share", "height_share", "parent_width_share", "parent_height_share", "parent_x", "parent_y")


def samples_of(screen: Screen, evidence: Sequence[Evidence | None], now: dt.datetime) -> list[tuple[int, Row]]:
    """Samples of the visible elements, each with the index of its element, in pre-order.

    ``evidence`` holds one entry for each of the screen's elements. Of what it has for a password no word is
    counted, neither in its own sample nor in those around it.

    Raises:
        ValueError: there is not one entry of evidence for each element.
    """
    if len(evidence) != len(screen.elements):
        raise ValueError(
            f"evidence holds {len(evidence)} entries for {len(screen.elements)} elements; give one for each"
        )
    secrets = {place for place, label in enumerate(evidence) if label and label.element_type == "password_input"}
    layout = structure.layout_of(screen, secrets)
    if not layout.elements:
        return []
    told = [evidence[element.index] or _UNLABELLED for element in layout.elements]
    columns = _columns(screen, layout, told, week_of(now))
    rows = zip(*(columns[name] for name in _FIELDS), strict=True)
    return [
        (element.index, dict(zip(_FIELDS, row, strict=True)))
        for element, row in zip(layout.elements, rows, strict=True)
    ]


def flags_of(element: Element, width_dp: float, height_dp: float) -> Flags:
    """What decides the type beside a public class."""
    return Flags(element.password, element.clickable, element.checkable, 0 < max(width_dp, height_dp) <= ICON_DP)


def _columns(screen: Screen, layout: Layout, told: Sequence[Evidence], week: str) -> Mapping[str, Column]:
    return {
        **_own(screen, layout, told, week),
        **layout.flags,
        **_counts(layout),
        **_around(layout),
        **_neighbours(layout),
        **_places(layout),
    }


def _own(screen: Screen, layout: Layout, told: Sequence[Evidence], week: str) -> dict[str, Column]:
    count = len(told)
    return {
        "sample_id": _identifiers(count),
        "class_name": layout.class_names,
        "has_text": (layout.words > 0).tolist(),
        "text_length": _bucket(_LENGTHS, layout.words).tolist(),
        "bounds_width": _dp(layout.width),
        "bounds_height": _dp(layout.height),
        "platform": [screen.platform] * count,
        "element_type": [label.element_type for label in told],
        "confidence": [round(label.confidence, 1) for label in told],
        "timestamp": [week] * count,
        "label_source": [label.source for label in told],
    }


def _counts(layout: Layout) -> dict[str, Column]:
    family, sums = layout.family, surroundings.below(layout)
    words = sums.pop("words_inside")
    twins, alike = surroundings.twins(layout)
    counts = {
        "levels_below": surroundings.levels_below(family.parents),
        "children": family.children,
        "alike_children": alike,
        "sibling_index": family.place,
        "twins": twins,
        **sums,
        **surroundings.beside(layout),
    }
    buckets = _bucket(_COUNTS, list(counts.values())).tolist()
    return {**dict(zip(counts, buckets, strict=True)), "words_inside": _bucket(_LENGTHS, words).tolist()}


def _around(layout: Layout) -> dict[str, Column]:
    depths, ancestors = surroundings.above(layout)
    return {
        "depth": _bucket(_DEPTHS, depths).tolist(),
        "child_cover": _sixteenths(surroundings.cover(layout), 1.0).tolist(),
        **{f"inside_{name}": within for name, within in ancestors.items()},
    }


def _neighbours(layout: Layout) -> dict[str, Column]:
    family, kinds, arrangements = layout.family, _kinds(layout), surroundings.arrangements(layout)
    parents = family.parents
    grandparents = [parents[parent] if parent >= 0 else NOBODY for parent in parents]
    return {
        "arrangement": arrangements,
        "parent_class": _of(parents, layout.class_names, NONE),
        "grandparent_kind": _of(grandparents, kinds, NONE),
        "child_kind": _of(family.first_child.tolist(), kinds, NONE),
        "previous_kind": _of(family.previous.tolist(), kinds, NONE),
        "next_kind": _of(family.next.tolist(), kinds, NONE),
        "parent_arrangement": _of(parents, arrangements, NONE),
        "parent_clickable": _of(parents, layout.flags["clickable"], None),
        "parent_scrollable": _of(parents, layout.flags["scrollable"], None),
    }


def _of(relatives: Iterable[int], told: Sequence[T], nothing: T) -> list[T]:
    """What the relative of each tells; nobody tells ``nothing``."""
    # NOBODY is -1, the last.
    return list(map([*told, nothing].__getitem__, relatives))


def _kinds(layout: Layout) -> list[str]:
    """What the public class of each says to its neighbours."""
    longer = np.maximum(layout.width, layout.height)
    small = ((longer > 0) & (longer <= ICON_DP)).tolist()
    flags = (layout.flags[name] for name in ("password", "clickable", "checkable"))
    return list(map(_kind, layout.class_names, *flags, small))


@cache
def _kind(class_name: str, password: bool | None, clickable: bool | None, checkable: bool | None, small: bool) -> str:
    """The same of one public class; there are few hundreds of them, so that the cache stays small."""
    kind = class_type(class_name, Flags(password, clickable, checkable, small))
    if kind is not None:
        return kind
    return CUSTOM if class_name == CUSTOM else GENERIC


def _places(layout: Layout) -> dict[str, Column]:
    extent, parent = layout.extent, layout.family.parent
    # A root is its own frame.
    outer = layout.corners[:, np.where(parent >= 0, parent, np.arange(len(parent)))]
    (left, top, right, bottom), (outer_left, outer_top, outer_right, outer_bottom) = layout.corners, outer
    x, y, width, height = (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
    across, down = np.full_like(x, extent.width), np.full_like(y, extent.height)
    outer_width, outer_height = outer_right - outer_left, outer_bottom - outer_top
    parts = np.array([x, y, width, height, width, height, x - outer_left, y - outer_top])
    wholes = np.array([across, down, across, down, outer_width, outer_height, outer_width, outer_height])
    return dict(zip(_PLACES, _sixteenths(parts, wholes).tolist(), strict=True))


def _sixteenths(parts: Floats, wholes: Floats | float) -> Integers:
    shares = np.divide(parts, wholes, out=np.zeros_like(parts), where=np.greater(wholes, 0))
    sixteenths: Integers = np.rint(SIXTEENTHS * shares.clip(0, 1)).astype(np.intp)
    return sixteenths


def _dp(lengths: Floats) -> list[int]:
    steps = np.rint(lengths / DP_STEP) * DP_STEP
    rounded: list[int] = steps.clip(0, DP_CAP).astype(np.intp).tolist()
    return rounded


def _bucket(table: Integers, numbers: object) -> Integers:
    """What the table holds for each number."""
    found: Integers = table.take(np.array(numbers, np.intp), mode="clip")
    return found


def _identifiers(count: int) -> list[str]:
    """Random UUIDs of version 4, all from one call to the system."""
    raw = np.frombuffer(os.urandom(16 * count), np.uint8).reshape(count, 16).copy()
    raw[:, 6] = raw[:, 6] & 0x0F | 0x40
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    signs = np.full((count, _SIGNS), ord("-"), np.uint8)
    signs[:, _DIGITS] = np.frombuffer(raw.tobytes().hex().encode(), np.uint8).reshape(count, 32)
    text = signs.tobytes().decode()
    return [text[start : start + _SIGNS] for start in range(0, len(text), _SIGNS)]
