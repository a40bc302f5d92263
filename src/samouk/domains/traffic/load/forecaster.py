"""Forecasts of a request rate from one minute to 48 hours, with intervals, learnt while the minutes pass."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from samouk.domains.traffic.load import saving
from samouk.domains.traffic.load.history import DAY_S, History, Values
from samouk.domains.traffic.load.outlook import outlook
from samouk.domains.traffic.load.rung import Rung, Said
from samouk.domains.traffic.load.silence import Silence

FURTHEST_S = 2 * DAY_S
PLANNED_S = 14 * DAY_S
LARGEST = 1e12
"""Counts above it are refused: sums stay exact enough in double precision."""

FINE_GRID = (1, 2, 6, 10, 20, 60)
COARSE_S = 600
COARSE_GRID = (6, 12, 36, 72, 144, 288)
PATIENCE = 10
"""Times in a row that a clock must tell an odd time before it is believed."""

LEAP_S = 7 * DAY_S
"""A step forward by more than this is odd."""

SILENT = "silence"
SAVED = "load forecaster"


class Forecast(NamedTuple):
    """What is expected ``minutes`` after the newest minute.

    Attributes:
        rate: requests a minute, not below 0.
        low, high: bounds that hold with the coverage asked for; low <= rate <= high.
        method: what weighs most: ``last value``, ``last day``, ``last week``, a mean, a regression, or ``silence``.
    """

    minutes: int
    rate: float
    low: float
    high: float
    method: str


class LoadForecaster:
    """Streaming forecaster of one series of counts.

    Seasons go by elapsed time: a step that nobody counted is missing and never zero, and zeros that the rate before
    them makes impossible are an outage, which teaches nothing. Memory is bounded by five weeks of steps.

    Args:
        step_s: seconds that one count covers; must divide a day.

    Attributes:
        counts: ``updates``, and what was refused or doubted, by reason.

    Raises:
        ValueError: ``step_s`` does not divide a day.
    """

    def __init__(self, *, step_s: int = 60) -> None:
        if not 1 <= step_s <= DAY_S // 2 or DAY_S % step_s:
            raise ValueError(f"step_s must be whole seconds that divide a day, for example 60, not {step_s!r:.40}")
        self.step_s = step_s
        self.counts: Counter[str] = Counter()
        self._minute = 60.0 / step_s
        self._coarse_steps = COARSE_S // step_s if step_s < COARSE_S and COARSE_S % step_s == 0 else 0
        self._fine = Rung(step_s, FINE_GRID if self._coarse_steps else _grid_to(FURTHEST_S // step_s))
        self._coarse = Rung(COARSE_S, COARSE_GRID) if self._coarse_steps else None
        self._silence = Silence(step_s)
        self._now = -1
        self._offset = 0
        self._odd = 0
        self._part: Values = np.full(max(self._coarse_steps, 1), np.nan)

    @property
    def past(self) -> History:
        """The counts of the last five weeks, without outages."""
        return self._fine.candidates.past

    def save(self) -> bytes:
        """All that was learnt: who loads it goes on exactly as this would. No name of anybody is in it."""
        return saving.save(self, f"{SAVED} of {self.step_s} s")

    def load(self, data: bytes) -> None:
        """Go on from what ``save`` gave. Raises ValueError for bytes that are no state of such a forecaster."""
        saving.load(self, data, f"{SAVED} of {self.step_s} s")

    def update(self, at: float, count: float | None) -> None:
        """The count of the step that begins at ``at``, seconds since 1970; None when nobody counted.

        Never raises for what a clock or a counter may say: what is no count is refused and counted, a time that was
        already told is passed over, and a clock that leaps is believed when it stays where it leapt to.
        """
        if not (isinstance(at, int | float) and math.isfinite(at) and 0 <= at < 1e11):
            self._note("refused_time")
            return
        value = math.nan if count is None else float(count)
        if value < 0 or value > LARGEST or (count is not None and value != value):
            self._note("refused_count")
            return
        slot = self._believed(int(at // self.step_s))
        if slot is not None:
            self._note("updates")
            self._take(slot, value)

    def forecast(self, minutes: Sequence[int], coverage: float = 0.9) -> list[Forecast]:
        """What is expected so many minutes after the newest count, in the order asked.

        Before the first count every rate is 0, between 0 and infinity.

        Raises:
            ValueError: ``minutes`` outside 1 to 2,880, or a coverage outside (0, 1).
        """
        if not 0.0 < coverage < 1.0:
            raise ValueError(f"coverage must lie between 0 and 1, for example 0.9, not {coverage!r:.40}")
        for ahead in minutes:
            if not 1 <= ahead <= FURTHEST_S // 60:
                raise ValueError(f"minutes must lie between 1 and {FURTHEST_S // 60}, not {ahead!r:.40}")
        if self._now < 0:
            return [Forecast(ahead, 0.0, 0.0, math.inf, "last value") for ahead in minutes]
        steps = [max(1, math.ceil(ahead * 60 / self.step_s)) for ahead in minutes]
        return [self._one(ahead, step, coverage) for ahead, step in zip(minutes, steps, strict=True)]

    def outlook(self, minutes: Sequence[int]) -> list[float]:
        """Requests a minute to plan with, up to 14 days ahead, from the same time of past weeks; 0 before any count.

        It knows nothing of today: within ``FURTHEST_S`` use ``forecast``. Raises ValueError for other minutes.
        """
        for ahead in minutes:
            if not 1 <= ahead <= PLANNED_S // 60:
                raise ValueError(f"minutes must lie between 1 and {PLANNED_S // 60}, not {ahead!r:.40}")
        if self._now < 0:
            return [0.0] * len(minutes)
        steps = np.array([max(1, math.ceil(ahead * 60 / self.step_s)) for ahead in minutes], dtype=np.int64)
        found: list[float] = (outlook(self.past, self.step_s, steps) * self._minute).tolist()
        return found

    def _one(self, ahead: int, step: int, coverage: float) -> Forecast:
        said = self._said(step, coverage)
        rate, low, high = (float(side[0]) * self._minute for side in (said.rate, said.low, said.high))
        if self._silence.lasts(self._now, step):
            return Forecast(ahead, 0.0, 0.0, high, SILENT)
        return Forecast(ahead, rate, low, high, said.method[0])

    def _said(self, step: int, coverage: float) -> Said:
        if self._coarse is not None and step > FINE_GRID[-1]:
            return self._coarse.forecast((math.ceil(step / self._coarse_steps),), coverage)
        return self._fine.forecast((step,), coverage)

    def _take(self, slot: int, value: float) -> None:
        silent = self._silence.hear(slot, value, self._fine.candidates.past)
        known = math.nan if silent else value
        self._fine.update(slot, known, value)
        if self._coarse is not None:
            self._climb(self._coarse, slot, known)
        self._now = slot

    def _climb(self, coarse: Rung, slot: int, value: float) -> None:
        """Ten minutes are a step of the coarse rung when half of them are known; its rates stay those of one step."""
        if self._now >= 0 and slot // self._coarse_steps != self._now // self._coarse_steps:
            known = self._part[np.isfinite(self._part)]
            mean = float(known.mean()) if 2 * len(known) >= self._coarse_steps else math.nan
            place = self._now // self._coarse_steps
            # Each time another of the ten, so that bounds hold for a single step at any place.
            coarse.update(place, mean, float(self._part[place % self._coarse_steps]))
            self._part[:] = np.nan
        self._part[slot % self._coarse_steps] = value

    def _believed(self, slot: int) -> int | None:
        """The slot that a time stands for, or None while the clock is doubted or when the slot has passed."""
        slot += self._offset
        if self._now < 0 or 0 < slot - self._now <= LEAP_S // self.step_s:
            self._odd = 0
            return slot
        if slot == self._now:
            self._note("repeated")
            return None
        self._odd += 1
        self._note("late" if slot < self._now else "leaps")
        if self._odd < PATIENCE:
            return None
        self._odd = 0
        self._note("clock_jumps")
        if slot < self._now:
            # What was learnt stays in its order; from here on the clock's new time follows it, on the same time of day.
            day = DAY_S // self.step_s
            back = self._now + 1 - slot
            self._offset += -(-back // day) * day
            return slot + -(-back // day) * day
        return slot

    def _note(self, what: str) -> None:
        self.counts[what] += 1


def _grid_to(furthest: int) -> tuple[int, ...]:
    """Horizons in steps from 1 to the furthest, about twice as far each time."""
    return tuple(sorted({step for step in (1, 2, 6, 12, 24, 48, 144) if step < furthest} | {furthest}))
