"""Which candidates to trust: weights that follow the recent errors, and the plain ways where nothing beats them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from samouk.domains.traffic.load.history import Slots, Values

HALF_LIFE = 120.0
"""Errors after which half of a loss is forgotten: a candidate that turned good or bad is known of within hours."""

SHARPNESS = 20.0
"""A candidate whose loss is 5 % above the best one's has 1/e of its weight."""

FEWEST = 12.0
"""Errors before anything is believed but the last value."""


class Blend:
    """Weights of K candidates for each of H horizons, by rolling origin: every loss is of a forecast made beforehand.

    Args:
        plain: candidates to be beaten; the first one is used until anything is known.

    Attributes:
        losses: (H, K) faded sums of absolute errors.
        own: (H,) the same of the mixture.
        seen: (H,) faded number of errors.
    """

    def __init__(self, horizons: int, candidates: int, plain: Sequence[int]) -> None:
        self.losses: Values = np.zeros((horizons, candidates))
        self.own: Values = np.zeros(horizons)
        self.seen: Values = np.zeros(horizons)
        self._plain = np.array(plain)
        self._keep = 0.5 ** (1.0 / HALF_LIFE)

    def learn(self, places: Slots, said: Values, mixed: Values, came: float) -> None:
        """The count that came, and what candidates (n, K) and the mixture (n,) said of it at n of the horizons."""
        self.losses[places] = self._keep * self.losses[places] + np.abs(said - came)
        self.own[places] = self._keep * self.own[places] + np.abs(mixed - came)
        self.seen[places] = self._keep * self.seen[places] + 1.0

    def mixture(self) -> Values:
        """(H, K), rows sum to 1: a softmax of the losses in units of the best one's."""
        best = np.maximum(self.losses.min(axis=1, keepdims=True), 1e-12)
        raw = np.exp(-SHARPNESS * np.minimum(self.losses / best - 1.0, 20.0))
        shares: Values = raw / raw.sum(axis=1, keepdims=True)
        return shares

    def plain(self) -> Slots:
        """(H,) the candidate that is used by itself, since the mixture did no better; -1 where it did."""
        losses = self.losses[:, self._plain]
        best = losses.argmin(axis=1)
        worse = losses.min(axis=1) <= self.own
        found = np.where(worse, self._plain[best], -1)
        return np.where(self.seen < FEWEST, self._plain[0], found)

    def weights(self) -> Values:
        """(H, K) the mixture, or all on a plain candidate."""
        weights, plain = self.mixture(), self.plain()
        alone = np.flatnonzero(plain >= 0)
        weights[alone] = 0.0
        weights[alone, plain[alone]] = 1.0
        return weights
