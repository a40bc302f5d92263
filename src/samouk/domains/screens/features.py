"""Samples as numbers: what the class says stands first and can be masked; all the rest is structure.

Labels, their confidence and source, the identifier and the week are never looked at.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samouk.domains.screens import schema
from samouk.domains.screens.schema import (
    ARRANGEMENTS,
    CLASSES,
    GENERIC,
    KINDS,
    NEIGHBOURS,
    NONE,
    PLATFORMS,
    SCHEMA,
)
from samouk.domains.screens.taxonomy import CUSTOM, ICON_DP, PUBLIC_CLASSES, TYPES, Flags, class_type, generic_of
from samouk.loop.columns import Columns, rows_in

FEATURE_VERSION = 1
UNTOLD = -1
"""Code of a type that the class does not tell."""

_LABELS = frozenset({"sample_id", "element_type", "confidence", "timestamp", "label_source"})
_REGIONS = ("inside_list", "inside_tab_bar", "inside_app_bar", "inside_dialog", "inside_web_view", "inside_compose")
_NEIGHBOUR_KINDS = ("grandparent_kind", "child_kind", "previous_kind", "next_kind")
_LAYOUTS = ("arrangement", "parent_arrangement")
_PLAIN = tuple(
    spec.name
    for spec in SCHEMA.fields
    if spec.name not in _LABELS and spec.kind in ("flag", "integer") and spec.name not in _REGIONS
)
_SHAPE = ("aspect", "area", "longer_side", "shorter_side")
_CODE = {name: code for code, name in enumerate(TYPES)}
_TRUTHS = (None, False, True)

TOLD = len(TYPES)
"""The first columns: one-hot, the type that the class tells; all zero where it says nothing or is masked."""

NAMES = (
    *(f"told={name}" for name in TYPES),
    *(f"{field}={kind}" for field in ("parent_kind", *_NEIGHBOUR_KINDS) for kind in KINDS),
    *(f"{field}={name}" for field in _LAYOUTS for name in ARRANGEMENTS),
    *_REGIONS,
    *_PLAIN,
    "ios",
    *_SHAPE,
)
"""Name of every column of ``features``."""

WIDTH = len(NAMES)


def features(columns: Columns) -> NDArray[np.float32]:
    """(n, WIDTH) float32 of n samples. A flag that is not told is -1."""
    return np.hstack([_one_hot(told(columns), len(TYPES)), context(columns)])


def context(columns: Columns) -> NDArray[np.float32]:
    """(n, WIDTH - TOLD): everything but what the element's own class says."""
    kinds = [_neighbour_kinds()[columns["parent_class"]], *(columns[name] for name in _NEIGHBOUR_KINDS)]
    parts = [_one_hot(codes, len(KINDS)) for codes in kinds]
    parts += [_one_hot(columns[name], len(ARRANGEMENTS)) for name in _LAYOUTS]
    singles = [columns[name] for name in (*_REGIONS, *_PLAIN)]
    singles.append(columns["platform"] == PLATFORMS.index("ios"))
    width, height = columns["bounds_width"], columns["bounds_height"]
    # Half a step is added because a length of 0 dp means one below half a step.
    wide, high = np.log2(width + schema.DP_STEP / 2), np.log2(height + schema.DP_STEP / 2)
    singles += [wide - high, wide + high, np.maximum(width, height), np.minimum(width, height)]
    return np.hstack([*parts, np.stack(singles, axis=1).astype(np.float32)])


def told(columns: Columns) -> NDArray[np.int16]:
    """(n,) code of the type that class, flags and place tell, or ``UNTOLD`` where the class says nothing."""
    longer = np.maximum(columns["bounds_width"], columns["bounds_height"])
    out: NDArray[np.int16] = _class_types()[
        columns["class_name"],
        columns["password"] + 1,
        columns["clickable"] + 1,
        columns["checkable"] + 1,
        ((longer > 0) & (longer <= ICON_DP)).astype(np.int8),
    ]
    button = out == _CODE["button"]
    around = _neighbour_kinds()[columns["parent_class"]]
    out[button & (around == KINDS.index("tab_bar"))] = _CODE["tab"]
    out[button & (around == KINDS.index("segmented"))] = _CODE["radio_button"]
    silent = (
        (columns["platform"] == PLATFORMS.index("ios")) & (columns["has_text"] == 0) & (columns["text_inside"] == 0)
    )
    out[(out == _CODE["button"]) & silent] = _CODE["icon_button"]
    return out


def mask_class(columns: Columns, *, whole_tree: bool = False) -> dict[str, NDArray[Any]]:
    """The same samples with a class that says nothing, as badly annotated apps report them.

    With ``whole_tree`` the classes of all relatives are hidden too: the harsher test.
    """
    stand_ins = [CLASSES.index(generic_of("android")), CLASSES.index(generic_of("ios"))]
    out = dict(columns)
    out["class_name"] = np.take(stand_ins, columns["platform"]).astype(np.int16)
    if not whole_tree:
        return out
    absent = columns["parent_class"] == NEIGHBOURS.index(NONE)
    out["parent_class"] = np.where(absent, columns["parent_class"], out["class_name"])
    for name in _NEIGHBOUR_KINDS:
        absent = columns[name] == KINDS.index(NONE)
        out[name] = np.where(absent, columns[name], KINDS.index(GENERIC)).astype(np.int16)
    out.update({name: np.zeros(rows_in(columns), np.int8) for name in _REGIONS})
    return out


def _one_hot(codes: NDArray[Any], width: int) -> NDArray[np.float32]:
    """(n, width); a code of -1 gives a row of zeros."""
    table = np.vstack([np.eye(width, dtype=np.float32), np.zeros((1, width), np.float32)])
    hot: NDArray[np.float32] = table[codes]
    return hot


@lru_cache(maxsize=1)
def _class_types() -> NDArray[np.int16]:
    """Class, password, clickable, checkable, small → code of the type; flags are shifted by one, -1 being untold."""
    table = np.full((len(CLASSES), 3, 3, 3, 2), UNTOLD, np.int16)
    for code, name in enumerate(CLASSES):
        if PUBLIC_CLASSES.get(name) is None:
            continue
        for place in product(range(3), range(3), range(3), range(2)):
            password, clickable, checkable = (_TRUTHS[step] for step in place[:3])
            kind = class_type(name, Flags(password, clickable, checkable, bool(place[3])))
            table[(code, *place)] = UNTOLD if kind is None else _CODE[kind]
    return table


@lru_cache(maxsize=1)
def _neighbour_kinds() -> NDArray[np.int16]:
    """Code of a neighbour's class → code of what it says."""
    silent = {CUSTOM: CUSTOM, NONE: NONE}
    kinds = [PUBLIC_CLASSES.get(name) or silent.get(name, GENERIC) for name in NEIGHBOURS]
    return np.array([KINDS.index(kind) for kind in kinds], np.int16)
