"""How far off a forecast will be: quantiles of its last errors, moved until they hold as often as they promise.

Adaptive conformal inference (Gibbs & Candes 2021, arXiv 2106.00170) on errors in units of a local scale.
"""

from __future__ import annotations

import numpy as np

from samouk.domains.traffic.load.history import Slots, Values

KEPT = 1_000
"""Errors of each horizon that quantiles are taken of."""

LEVELS = np.array([0.5, 0.8, 0.9, 0.95, 0.99])
"""Coverages that are held; others lie between two of them."""

PACE = 0.005
"""How fast a bound that is broken too often gives way, in probability an error."""

SCALE_HALF_LIFE = 60.0
"""Errors after which half of the local scale is forgotten."""

_FEWEST = 20


class Intervals:
    """Bounds for each of H horizons; an error is (came - said) / (scale * sqrt(said + 1))."""

    def __init__(self, horizons: int) -> None:
        self._errors: Values = np.full((horizons, KEPT), np.nan)
        self._count = np.zeros(horizons, dtype=np.int64)
        self._size: Values = np.full(horizons, np.nan)
        self._tails: Values = np.tile((1.0 - LEVELS) / 2.0, (2, horizons, 1))
        self._bounds: Values = np.empty((2, horizons, len(LEVELS)))
        self.refresh()

    def learn(self, places: Slots, said: Values, scales: Values, came: float) -> None:
        """The count that came, what was said of it at n of the horizons, and the scale at that time: (n,), (n,)."""
        errors = (came - said) / np.sqrt(said + 1.0)
        self._adapt(places, errors / scales)
        self._errors[places, self._count[places] % KEPT] = errors / scales
        self._count[places] += 1
        before = self._size[places]
        fading = np.where(np.isfinite(before), 0.5 ** (1.0 / SCALE_HALF_LIFE), 0.0)
        self._size[places] = fading * np.nan_to_num(before) + (1.0 - fading) * np.abs(errors)

    def _adapt(self, places: Slots, errors: Values) -> None:
        bounds = self.bounds()[:, places]
        broken = np.stack([errors[:, None] < bounds[0], errors[:, None] > bounds[1]])
        moved = self._tails[:, places] + PACE * ((1.0 - LEVELS) / 2.0 - broken)
        ready = (self._count[places] >= _FEWEST)[None, :, None]
        self._tails[:, places] = np.where(ready, np.clip(moved, 0.0, 0.5), self._tails[:, places])

    def scale(self) -> Values:
        """(H,) by how much forecasts were off of late, in roots of the rate; 1 before any."""
        return np.maximum(np.where(np.isfinite(self._size), self._size, 1.0), 1e-6)

    def bounds(self) -> Values:
        """(2, H, L) lower and upper errors of each level."""
        return self._bounds

    def refresh(self) -> None:
        """Take the quantiles anew, as the errors and tails now stand."""
        found = np.empty((2, len(self._count), len(LEVELS)))
        for place, count in enumerate(self._count):
            errors = self._errors[place, : min(int(count), KEPT)]
            if count < _FEWEST:
                found[:, place] = np.outer((-1.0, 1.0), 2.0 / np.sqrt(1.0 - LEVELS))
                continue
            low, high = self._tails[:, place]
            found[0, place] = _quantiles(errors, low)
            found[1, place] = _quantiles(errors, 1.0 - high)
        self._bounds = found


def _quantiles(errors: Values, shares: Values) -> Values:
    """Quantiles; a share of 0 or 1 goes a quarter beyond the largest error seen."""
    found = np.quantile(errors, shares)
    wider = np.where((shares <= 0.0) | (shares >= 1.0), 1.25, 1.0)
    return found * wider
