"""Ridge regression of what comes on what was, kept as running sums so that old days fade and a refit is one solve."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from samouk.domains.traffic.load.history import Values

SHRINK = 1e-3
"""Share of a feature's own power that is added to it: without evidence the forecast stays at the last value."""

_CALM = 0.95
"""How much the usual error keeps of itself from batch to batch of rows."""

_NEAR = 0.25
"""Share of the usual error below which rows weigh alike."""

ENOUGH = 2
"""Rows a feature before the weights are used."""


class Kind(NamedTuple):
    """One regression.

    Attributes:
        logarithmic: of log counts; else of counts.
        half_life_days: how long it remembers.
        turning: its weights turn with the time of day.
    """

    name: str
    logarithmic: bool
    half_life_days: float
    turning: bool = False


class Ridge:
    """One regression for each of H horizons.

    Attributes:
        weights: (H, F); zeros until ``ENOUGH`` rows were seen.
        rows: (H,) faded number of rows.
    """

    def __init__(self, horizons: int, features: int) -> None:
        self.weights: Values = np.zeros((horizons, features))
        self.rows: Values = np.zeros(horizons)
        self._off: Values = np.zeros(horizons)
        self._power: Values = np.zeros((horizons, features, features))
        self._product: Values = np.zeros((horizons, features))

    def add(self, place: int, inputs: Values, targets: Values, keep: float) -> None:
        """Rows of one horizon, the oldest first: (n, F), (n,); ``keep`` is what a row leaves of the past."""
        known = np.isfinite(targets)
        fading = keep ** np.arange(len(targets) - 1, -1, -1.0)
        weighted = inputs[known] * (fading[known] * self._weigh(place, inputs[known], targets[known]))[:, None]
        left = keep ** len(targets)
        self._power[place] = left * self._power[place] + weighted.T @ inputs[known]
        self._product[place] = left * self._product[place] + weighted.T @ targets[known]
        self.rows[place] = left * self.rows[place] + fading[known].sum()

    def _weigh(self, place: int, inputs: Values, targets: Values) -> Values:
        """(n,) one over how far off the present weights are, so that what is learnt is the median and not the mean.

        One pass of iteratively reweighted least squares (Schlossmacher 1973) a row: bursts and outages pull little.
        """
        off: Values = np.abs(targets - inputs @ self.weights[place])
        if not len(off):
            return off
        mean = float(off.mean())
        self._off[place] = mean if not self._off[place] else _CALM * self._off[place] + (1.0 - _CALM) * mean
        usual = max(self._off[place], 1e-12)
        weights: Values = usual / np.maximum(off, _NEAR * usual)
        return weights

    def solve(self) -> None:
        """New weights from all rows so far."""
        for place in np.flatnonzero(self.rows > ENOUGH * self.weights.shape[1]):
            power = self._power[place]
            own = np.diag(power)
            held = power + np.diag(SHRINK * own + 1e-9 * own.max() + 1e-12)
            self.weights[place] = np.linalg.solve(held, self._product[place])
