"""Which of the labels that clients send are believed, and how far."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from samouk.domains.screens.features import UNTOLD, told
from samouk.domains.screens.schema import GROUND_TRUTH, LABEL_SOURCES
from samouk.domains.screens.taxonomy import TYPES
from samouk.loop.columns import Columns
from samouk.loop.records import ABSTAIN, BoolArray, Labels

NAME_TRUSTED = 0.8
"""Confidence from which a developer's name for an element, or a user's correction, may judge a model."""

_ROUNDING = 0.01
_BELIEVED = ("role", "class", "superclass", "name", "correction")
_FAMILIES = (
    ("text_input", "password_input", "search_input"),
    ("image", "icon", "icon_button"),
    ("button", "icon_button", "tab", "radio_button", "menu_item", "chip"),
    ("checkbox", "text"),
    ("text", "link"),
    ("progress", "slider"),
)
"""Types that one class may show as, depending on flags, size and place; told apart by rules on the client."""

_UNKNOWN = TYPES.index("unknown")


def label(columns: Columns) -> Labels:
    """Labels of n rows; who guesses (structure, a model) or contradicts a public class abstains.

    A role and a class are ground truth. A name and a correction are trusted from ``NAME_TRUSTED`` up.
    """
    values = columns["element_type"].astype(np.int16)
    confidence = columns["confidence"].astype(np.float32)
    believed = sourced(columns, *_BELIEVED) & (values != _UNKNOWN) & ~contradicts(columns)
    sure = sourced(columns, "name", "correction") & (confidence >= NAME_TRUSTED - _ROUNDING)
    trusted = believed & (sourced(columns, *GROUND_TRUTH) | sure)
    return Labels(np.where(believed, values, np.int16(ABSTAIN)), confidence, trusted)


def sourced(columns: Columns, *names: str) -> BoolArray:
    """(n,) whether the label comes from one of the named sources."""
    mask: BoolArray = np.isin(columns["label_source"], [LABEL_SOURCES.index(name) for name in names])
    return mask


def contradicts(columns: Columns) -> BoolArray:
    """(n,) whether a label disagrees with what a public class tells."""
    says = told(columns)
    values = columns["element_type"]
    named = (says != UNTOLD) & (values != _UNKNOWN) & ~sourced(columns, "none")
    mask: BoolArray = named & ~_related()[says, values]
    return mask


def _related() -> NDArray[np.bool_]:
    """(36, 36) whether an element whose class tells the one type may truly be the other."""
    table = np.eye(len(TYPES), dtype=np.bool_)
    for family in _FAMILIES:
        codes = [TYPES.index(name) for name in family]
        table[np.ix_(codes, codes)] = True
    return table
