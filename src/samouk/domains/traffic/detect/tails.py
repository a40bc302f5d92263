"""How rare a number is among those that were seen, on a scale that does not end where they end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEVELS = 48
"""Quantiles that are kept of what was seen."""

TAIL = 0.02
"""Share of the largest numbers that the tail is fitted to; at least ``FEWEST`` of them."""

FEWEST = 5
"""Below it a tail is nobody's."""

THIN, THICK = 0.05, 2.0
"""Bounds of the tail's mean log excess: no jump of rarity over a hair's breadth, none without end."""

TINY = 1e-12
"""Stands for 0 on the log scale."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Turns numbers from 0 upwards into surprise in nats: -log of the share of those seen that are as large.

    Between the quantiles it is drawn straight on the log scale; above the last one it is a Pareto tail by the
    estimator of Hill (Annals of Statistics 3, 1975), so that larger stays more surprising without end.

    Attributes:
        places: (LEVELS,) logarithms of the quantiles, rising.
        nats: (LEVELS,) surprise at them, from 0, strictly rising.
        excess: mean of the logarithms above the last place.
    """

    places: Floats
    nats: Floats
    excess: float

    @classmethod
    def fit(cls, seen: Floats) -> Tail:
        """From (n,) finite numbers >= 0, at least ``FEWEST``, best ones that the score was not fitted to."""
        if len(seen) < FEWEST:
            raise ValueError(f"{len(seen)} numbers tell no tail; give at least {FEWEST}")
        ordered = np.sort(_log(seen))
        top = max(min(TAIL, 0.5), FEWEST / (len(seen) + 1))
        shares = np.geomspace(1.0, top, LEVELS)
        places = np.quantile(ordered, 1.0 - shares)
        above = ordered[ordered > places[-1]]
        excess = float(np.mean(above - places[-1])) if len(above) else THIN
        return cls(places, -np.log(shares), min(max(excess, THIN), THICK))

    def surprise(self, values: Floats) -> Floats:
        """(n,) nats >= 0 of (n,) numbers >= 0; larger numbers never get less."""
        logs = _log(values)
        beyond = np.maximum(logs - self.places[-1], 0.0) / self.excess
        # Of equal quantiles the first one counts for the number itself: all those seen are as large.
        first = np.minimum(np.searchsorted(self.places, logs, "left"), LEVELS - 1)
        between = np.interp(logs, self.places, self.nats)
        return np.asarray(np.where(logs == self.places[first], self.nats[first], between) + beyond, np.float64)

    def array(self) -> Floats:
        """(2 LEVELS + 1,) all of it, for ``of_array``."""
        return np.concatenate([self.places, self.nats, [self.excess]])

    @classmethod
    def of_array(cls, kept: NDArray[Any]) -> Tail:
        """What ``array`` gave. Raises ValueError for anything else."""
        if kept.shape != (2 * LEVELS + 1,) or not np.isfinite(kept).all():
            raise ValueError(f"a tail is {2 * LEVELS + 1} finite numbers, not an array of shape {kept.shape}")
        places, nats, excess = kept[:LEVELS], kept[LEVELS:-1], float(kept[-1])
        if (np.diff(places) < 0).any() or (np.diff(nats) <= 0).any() or excess <= 0:
            raise ValueError("the tail's quantiles do not rise; fit it anew")
        return cls(places.astype(np.float64), nats.astype(np.float64), excess)


def graded(surprise: Floats) -> Floats:
    """Scores in [0, 1) of surprise in nats: 0.5 for one in a hundred; they tell apart what is still rarer."""
    return np.asarray(surprise / (surprise + math.log(100.0)), np.float64)


def _log(values: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(values, TINY)), np.float64)
