"""Why a batch should be kept out: its outcomes cannot have come from the people that the champion knows.

A relation that drifts makes a champion wrong, and that must be learnt, not kept out. So only what drift
does not do is suspected: outcomes without any spread where spread was sure, and outcomes turned round so
thoroughly that hardly any row agrees. Smaller lies are left to the gate and to the rollout.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from samouk.domains.scoring import model
from samouk.domains.scoring.features import Layout
from samouk.loop.columns import Columns
from samouk.loop.records import Artifact

ENOUGH = 50
"""Rows with an outcome below which nothing can be said of a batch."""

UNLIKELY = -30.0
"""Natural logarithm of the chance below which outcomes all alike are no accident: 1e-13."""

TURNED = 0.15
"""Area under the ROC curve below which outcomes are turned round; drift that mixes up half of them leaves .5."""

_ERRORS = 5.0
"""Standard errors that the area must lie below one half."""


def suspects(layout: Layout, columns: Columns, champion: Artifact | None) -> str | None:
    """Why the batch should be quarantined, in words for the operator, or None."""
    told = ~np.isnan(columns["outcome"])
    if champion is None or told.sum() < ENOUGH:
        return None
    rows = {name: columns[name][told] for name in layout.names}
    said = model.predict(layout, champion, rows).values.astype(np.float64)
    if not np.isfinite(said).all():
        return None
    truth = columns["outcome"][told].astype(np.float64)
    return _all_alike(said, truth) or _turned_round(said, truth)


def _all_alike(said: NDArray[np.float64], truth: NDArray[np.float64]) -> str | None:
    if np.ptp(truth) > 0 or 0 < truth[0] < 1:
        return None
    chances = np.clip(said if truth[0] == 1 else 1 - said, 1e-6, 1 - 1e-6)
    if float(np.log(chances).sum()) > UNLIKELY:
        return None
    return f"all of its {len(truth)} outcomes are {truth[0]:g}, where {said.mean():.2f} were expected on the mean"


def _turned_round(said: NDArray[np.float64], truth: NDArray[np.float64]) -> str | None:
    good = truth > float(np.median(truth)) if np.ptp(truth) and not np.isin(truth, (0, 1)).all() else truth >= 0.5
    many, few = int(good.sum()), int((~good).sum())
    if not many or not few:
        return None
    area = _area(said, good)
    # Variance of the rank sum when scores say nothing (Mann & Whitney 1947).
    error = float(np.sqrt((many + few + 1) / (12 * many * few)))
    if area > TURNED or (0.5 - area) / error < _ERRORS:
        return None
    return f"its outcomes are turned round: the better the score, the worse they are (area under the curve {area:.2f})"


def _area(said: NDArray[np.float64], good: NDArray[np.bool_]) -> float:
    """Chance that a good row is scored above another one, ties by half."""
    others = np.sort(said[~good])
    below = np.searchsorted(others, said[good], "left") + np.searchsorted(others, said[good], "right")
    return float(below.mean() / (2 * len(others)))
