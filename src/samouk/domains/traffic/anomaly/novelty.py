"""How unlike everything that was quiet a window is, whoever's: distance from the crowd, correlations considered."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.anomaly.weighing import Reading
from samouk.domains.traffic.features import FEATURES, levels

Floats = NDArray[np.float64]

WIDTH = 2 * len(FEATURES)
FEWEST = 200
"""Quiet windows below which nothing is called novel."""

LOUDEST = 0.6
"""What novelty alone can come to."""

EDGE = 0.999
"""Quantile of the quiet windows' distances up to which a window is nothing new."""

REACH = 8.0
"""Robust standard deviations beyond which a value counts no more: one wild feature is the rules' business."""

_TRIMMED = 0.025
"""Farthest share of the windows left out of the covariance: some of what looks quiet is not."""

_STRIDE = 0.5
"""Edges beyond the edge at which novelty has said 63 % of what it can."""

_LEAST_SCALE = 0.1


class Novelty(NamedTuple):
    """The crowd of quiet windows.

    Attributes:
        center, scale: (20,) median and robust standard deviation of scaled features, then deviations.
        whiten: (20, 20) such that the squared length of ``u @ whiten`` is Mahalanobis' distance, squared.
        edge: distance up to which nothing is new; 0 when too little was seen to call anything novel.
    """

    center: Floats
    scale: Floats
    whiten: Floats
    edge: float


def vectors(reading: Reading) -> Floats:
    """(n, 20): features on the scale on which they are compared (``features.scaled``), then deviations."""
    return np.concatenate([levels(reading.features), reading.deviation], axis=1)


def nothing() -> Novelty:
    """A crowd of nobody, to whom nothing is new."""
    return Novelty(np.zeros(WIDTH), np.ones(WIDTH), np.eye(WIDTH), 0.0)


def fit(rows: Floats) -> Novelty:
    """Learn the crowd from (n, 20) quiet windows.

    Medians and quartiles, then a covariance without the farthest rows (the idea of Rousseeuw's MCD, one step),
    shrunk towards independence as far as rows are few.
    """
    if len(rows) < FEWEST:
        return nothing()
    low, center, high = np.quantile(rows, [0.25, 0.5, 0.75], axis=0)
    scale = np.maximum((high - low) / 1.349, _LEAST_SCALE)
    units = _units(rows, center, scale)
    whiten = _whitening(units)
    near = _length(units, whiten)
    whiten = _whitening(units[near <= np.quantile(near, 1 - _TRIMMED)])
    edge = float(np.quantile(_length(units, whiten), EDGE))
    return Novelty(center, scale, whiten, edge)


def _units(rows: Floats, center: Floats, scale: Floats) -> Floats:
    return np.minimum(np.maximum((rows - center) / scale, -REACH), REACH)


def _whitening(units: Floats) -> Floats:
    count, width = units.shape
    spread = units.T @ units / count
    kept = count / (count + 10.0 * width)
    shrunk = kept * spread + (1 - kept) * np.diag(np.diag(spread)) + 0.05 * np.eye(width)
    values, axes = np.linalg.eigh(shrunk)
    return np.asarray(axes / np.sqrt(values))


def _length(units: Floats, whiten: Floats) -> Floats:
    return np.asarray(np.sqrt(((units @ whiten) ** 2).sum(axis=1)))


def units_of(novelty: Novelty, rows: Floats) -> Floats:
    """(n, 20) robust standard deviations off the crowd's middle, clipped to 8."""
    return _units(rows, novelty.center, novelty.scale)


def say(novelty: Novelty, units: Floats, server: Floats) -> Floats:
    """(n,) from 0, nothing new, to ``LOUDEST``. The whole server is like nobody: of it nothing is said."""
    if novelty.edge <= 0:
        return np.zeros(len(units))
    over = np.maximum(_length(units, novelty.whiten) / novelty.edge - 1, 0.0)
    return LOUDEST * -np.expm1(-over / _STRIDE) * (1 - server)


def say_one(novelty: Novelty, units: list[float]) -> float:
    """The same of one user's window."""
    if novelty.edge <= 0:
        return 0.0
    off = np.array(units) @ novelty.whiten
    over = math.sqrt(float(off @ off)) / novelty.edge - 1
    return LOUDEST * -math.expm1(-over / _STRIDE) if over > 0 else 0.0
