"""Why a batch should be kept out: it was not anonymised, it lies about public classes, or it lies about the rest.

The thresholds are set so that honest batches pass: of applications that no one has seen, of platforms
that are new, and with names as misleading as developers give them. A batch that lies in some rows only is
left to the caps on what one batch may weigh, and to the gate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from samouk.domains.screens import model
from samouk.domains.screens.features import UNTOLD, mask_class, told
from samouk.domains.screens.labels import contradicts, sourced
from samouk.domains.screens.schema import (
    COUNTED,
    COUNTS,
    DEPTHS,
    DP_CAP,
    DP_STEP,
    GROUND_TRUTH,
    SCHEMA,
    TEXT_LENGTHS,
)
from samouk.domains.screens.taxonomy import TYPES
from samouk.loop.columns import Columns, take
from samouk.loop.records import Artifact, BoolArray

LIES_ABOUT_CLASSES = 0.05
"""Share of rows, called ground truth, that contradict a public class: honest clients have none at all."""

LIES_ABOUT_NAMES = 0.4
"""Share of names and corrections that contradict a public class; of 107 real applications two pass 0.36."""

ONE_LABEL = 0.95
"""Share of one type among names and corrections on classes that say nothing, where it is none of ``_COMMON``."""

KNOWS = 0.8
"""Share of a batch's own masked classes that the champion must name before its doubts about the rest count."""

AGREES = 0.1
"""Share of the rest on which a champion that is sure and knows the batch must agree at the least."""

SURE = 0.9
ENOUGH = 50
"""Rows below which a share says nothing."""

_COMMON = frozenset({"container", "text", "list_item"})
_TEXTS = ("text_length", "words_inside")


def suspects(columns: Columns, champion: Artifact | None) -> str | None:
    """Why the batch should be quarantined, in words for the operator, or None."""
    return (
        _too_fine(columns)
        or _lies(columns, sourced(columns, *GROUND_TRUTH), LIES_ABOUT_CLASSES, "roles and classes")
        or _lies(columns, sourced(columns, "name", "correction"), LIES_ABOUT_NAMES, "names and corrections")
        or _one_label(columns)
        or (_disagrees(columns, champion) if champion else None)
    )


def _too_fine(columns: Columns) -> str | None:
    """Values that an honest client would have rounded: such a batch must not be kept."""
    for spec in SCHEMA.fields:
        values = columns[spec.name]
        allowed = _allowed(spec.name, values)
        if allowed is not None and not bool(allowed.all()):
            return f"{spec.name} is finer than clients send it; the batch was not anonymised"
    return None


def _allowed(name: str, values: NDArray[Any]) -> BoolArray | None:
    """(n,) which values are among those that clients send; None where the schema's own range is all."""
    if name in _TEXTS:
        return np.isin(values, TEXT_LENGTHS)
    if name in ("bounds_width", "bounds_height"):
        return np.isin(values, range(0, DP_CAP + 1, DP_STEP))
    if name == "depth":
        return np.isin(values, DEPTHS)
    return np.isin(values, COUNTS) if name in COUNTED else None


def _lies(columns: Columns, rows: BoolArray, most: float, what: str) -> str | None:
    asked = rows & (told(columns) != UNTOLD)
    if asked.sum() < min(ENOUGH, 10):
        return None
    share = float(contradicts(columns)[asked].mean())
    return f"{share:.0%} of its {what} contradict public classes" if share > most else None


def _one_label(columns: Columns) -> str | None:
    asked = sourced(columns, "name", "correction") & (told(columns) == UNTOLD)
    values = columns["element_type"][asked]
    if len(values) < ENOUGH:
        return None
    counts = np.bincount(values, minlength=len(TYPES))
    name, share = TYPES[int(counts.argmax())], float(counts.max() / len(values))
    if name in _COMMON or share < ONE_LABEL:
        return None
    return f"{share:.0%} of its names and corrections say {name}"


def _disagrees(columns: Columns, champion: Artifact) -> str | None:
    """A champion that recognises the batch's own classes unseen, yet is sure that nearly all other labels are wrong."""
    says = told(columns)
    known = sourced(columns, *GROUND_TRUTH) & (says != UNTOLD)
    asked = sourced(columns, "name", "correction") & (says == UNTOLD)
    if known.sum() < ENOUGH or asked.sum() < ENOUGH:
        return None
    control = model.predict(champion, mask_class(take(columns, known)))
    guesses = model.predict(champion, take(columns, asked))
    sure = guesses.confidence >= SURE
    knows = float((control.values == says[known]).mean())
    if knows < KNOWS or sure.sum() < ENOUGH:
        return None
    agrees = float((guesses.values == columns["element_type"][asked])[sure].mean())
    if agrees >= AGREES:
        return None
    return f"the model knows this application and is sure, yet agrees with {agrees:.0%} of its names and corrections"
