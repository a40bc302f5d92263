"""Which candidates to trust: weights that follow the recent errors of each, so that the mixture follows the best."""

from __future__ import annotations

import numpy as np

from samouk.domains.traffic.load.history import Slots, Values

HALF_LIFE = 120.0
"""Errors after which half of a loss is forgotten: a candidate that turned good or bad is known of within hours."""

SHARPNESS = 20.0
"""A candidate whose loss is 5 % above the best one's has 1/e of its weight."""


class Blend:
    """Weights of K candidates for each of H horizons.

    Attributes:
        losses: (H, K) faded sums of absolute errors.
        seen: (H,) faded number of errors.
    """

    def __init__(self, horizons: int, candidates: int) -> None:
        self.losses: Values = np.zeros((horizons, candidates))
        self.seen: Values = np.zeros(horizons)
        self._keep = 0.5 ** (1.0 / HALF_LIFE)

    def learn(self, places: Slots, said: Values, came: float) -> None:
        """The count that came, and what was said of it at n of the horizons: (n,), (n, K)."""
        self.losses[places] = self._keep * self.losses[places] + np.abs(said - came)
        self.seen[places] = self._keep * self.seen[places] + 1.0

    def weights(self) -> Values:
        """(H, K), rows sum to 1: a softmax of the losses in units of the best one's."""
        best = np.maximum(self.losses.min(axis=1, keepdims=True), 1e-12)
        raw = np.exp(-SHARPNESS * np.minimum(self.losses / best - 1.0, 20.0))
        shares: Values = raw / raw.sum(axis=1, keepdims=True)
        return shares
