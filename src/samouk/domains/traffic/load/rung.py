"""One series at one step: candidates, how far each is trusted, and how far off they were, learnt as counts come."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from samouk.domains.traffic.load.blending import Blend
from samouk.domains.traffic.load.candidates import DAY, LAST, NAMES, WEEK, Candidates, mixing
from samouk.domains.traffic.load.history import Slots, Values
from samouk.domains.traffic.load.intervals import LEVELS, Intervals

FIT_EVERY_S = 3_600
"""Seconds between two fits of the regressions, and at least ``_FIT_STEPS`` steps."""

_FIT_STEPS = 12
_RENEW_STEPS = 15
"""Steps between two looks at the quantiles of errors."""


class Said(NamedTuple):
    """A forecast at n horizons: (n,) rates, (n,) bounds, and what it is called."""

    rate: Values
    low: Values
    high: Values
    method: list[str]


class Rung:
    """Forecasts of the horizons ``grid`` and of those between them, in steps."""

    def __init__(self, step_s: int, grid: tuple[int, ...]) -> None:
        self.grid = grid
        self.candidates = Candidates(step_s, grid)
        self.blend = Blend(len(grid), len(NAMES), [NAMES.index(name) for name in (LAST, DAY, WEEK)])
        self.intervals = Intervals(len(grid))
        self._ahead = np.array(grid)
        size = max(grid) + 1
        self._slots: Slots = np.full((size, len(grid)), -1)
        self._said: Values = np.zeros((size, len(grid), len(NAMES)))
        self._mixed: Values = np.zeros((size, len(grid)))
        self._told: Values = np.zeros((size, len(grid)))
        self._scales: Values = np.ones((size, len(grid)))
        self._fit_every = max(FIT_EVERY_S // step_s, _FIT_STEPS)
        self._steps = 0

    def update(self, slot: int, value: float, single: float) -> None:
        """The count of a slot (NaN: missing), and the count that intervals are held to, which may be a part of it."""
        if value == value:
            self._judge(slot, value, single)
        self.candidates.push(slot, value)
        self._steps += 1
        if self._steps % self._fit_every == 0:
            self.candidates.learn()
        if self._steps % _RENEW_STEPS == 0:
            self.intervals.refresh()
        self._promise()

    def _judge(self, slot: int, value: float, single: float) -> None:
        rows = slot % len(self._slots)
        places = np.flatnonzero(self._slots[rows] == slot)
        if not len(places):
            return
        self.blend.learn(places, self._said[rows, places], self._mixed[rows, places], value)
        if single == single:
            self.intervals.learn(places, self._told[rows, places], self._scales[rows, places], single)

    def _promise(self) -> None:
        """Keep what is said now of every horizon of the grid until it comes."""
        slots = self.candidates.past.now + self._ahead
        rows, places = slots % len(self._slots), np.arange(len(self.grid))
        said = self.candidates.forecast()
        self._slots[rows, places], self._said[rows, places] = slots, said
        self._mixed[rows, places] = (said * self.blend.mixture()).sum(axis=1)
        self._told[rows, places] = (said * self.blend.weights()).sum(axis=1)
        self._scales[rows, places] = self.intervals.scale()

    def forecast(self, horizons: tuple[int, ...], coverage: float) -> Said:
        """Of any horizons in steps, from the newest slot."""
        mix = mixing(self.grid, horizons)
        weights = mix @ self.blend.weights()
        rate = (self.candidates.forecast(horizons) * weights).sum(axis=1)
        unit = mix @ self.intervals.scale() * np.sqrt(rate + 1.0)
        low, high = (
            rate + unit * np.array([np.interp(coverage, LEVELS, row) for row in mix @ side])
            for side in self.intervals.bounds()
        )
        method = [_named(row) for row in weights]
        return Said(rate, np.clip(low, 0.0, rate), np.maximum(high, rate), method)


def _named(weights: Values) -> str:
    """What a forecast is called: a candidate's name when it stands alone, else of the mixture and what leads it."""
    best = int(weights.argmax())
    return NAMES[best] if weights[best] > 0.999 else f"mixture, most of it {NAMES[best]}"
