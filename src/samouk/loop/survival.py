"""Outcomes that are still under way: how many of those that ever come have come by an age, by survival analysis."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOMENTS = 24
"""Ages within a day over which its share is averaged: exposures of one day differ in age by as much."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Kaplan-Meier curve of the delay.

    Attributes:
        ages: (k,) seconds at which outcomes came, ascending.
        share: (k,) of the exposures that have an outcome by then; what it ends at never fully reaches 1
            where some exposures have none.
    """

    ages: NDArray[np.float64]
    share: NDArray[np.float64]

    def by(self, age: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of the outcomes that ever come which have come by that age in seconds, 0 to 1."""
        places = np.searchsorted(self.ages, age, side="right")
        reached: NDArray[np.float64] = np.concatenate([[0.0], self.share])[places] / self.share[-1]
        return reached

    def of_day(self, day: dt.date, now: dt.datetime) -> float:
        """The same for the exposures of one UTC day, taken to be spread evenly over its hours so far."""
        begin = dt.datetime.combine(day, dt.time(), dt.UTC)
        oldest = max((now - begin).total_seconds(), 0.0)
        youngest = max(oldest - 86_400, 0.0)
        moments = youngest + (oldest - youngest) * (np.arange(MOMENTS) + 0.5) / MOMENTS
        return float(self.by(moments).mean())


def arrival(delays: Sequence[tuple[float, bool]]) -> Arrival | None:
    """Kaplan-Meier (1958) over (seconds, whether the outcome came); None while none came.

    Exposures that still wait are censored at their age: leaving them out would call late outcomes early,
    counting them as none would call a young day bad.
    """
    if not any(came for _, came in delays):
        return None
    seconds = np.array([delay for delay, _ in delays], np.float64)
    came = np.array([came for _, came in delays], bool)
    ages, events = np.unique(seconds[came], return_counts=True)
    at_risk = len(seconds) - np.searchsorted(np.sort(seconds), ages, side="left")
    share: NDArray[np.float64] = 1.0 - np.cumprod(1.0 - events / at_risk).astype(np.float64)
    return Arrival(ages, share)
