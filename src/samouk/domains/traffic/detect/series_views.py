"""Views of one series: each learns one aspect of its past and tells how far the newest value is from it."""

from __future__ import annotations

import math
from collections import deque
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

State = dict[str, NDArray[np.float64]]
"""Named arrays from which a part goes on bit for bit."""

CLIP = 3.0
"""Spreads to which a value is pulled before it teaches, so that an anomaly does not become the normal."""

FLOOR = 0.01
"""Least spread, as a share of the range that was seen: a flat series stays finite."""

TINY = 1e-12
DAY, WEEK = 86_400.0, 604_800.0


class View(Protocol):
    """One aspect of a series.

    Attributes:
        times: how many usual spreads (or distances) the last value is away, from 0; comparable between views.
    """

    times: float

    @property
    def knows(self) -> bool:
        """Whether there was anything to compare the last value with."""

    def words(self) -> str:
        """The last value's distance in words."""

    def state(self) -> State: ...

    def restore(self, state: State) -> None: ...


class Spread:
    """Smallest believable spread: a share of the range of all values so far."""

    def __init__(self) -> None:
        self._low, self._high = math.inf, -math.inf

    def floor(self, value: float) -> float:
        """Take one more value; the floor that holds for it."""
        if value < self._low:
            self._low = value
        if value > self._high:
            self._high = value
        return max(FLOOR * (self._high - self._low), TINY)

    def state(self) -> list[float]:
        return [self._low, self._high]

    def restore(self, state: list[float]) -> None:
        self._low, self._high = state


class Level:
    """Distance from an exponentially forgetting mean in spreads: EWMA control, with clipped updates."""

    RATE = 0.003
    """Share of the mean that one row renews: 333 rows of memory."""

    WARM = 30
    """Rows before updates are clipped and distances are told in full."""

    def __init__(self) -> None:
        self.times = 0.0
        self._signed = self._mean = self._variance = self._rows = 0.0
        self._spread = Spread()

    @property
    def knows(self) -> bool:
        return self._rows > 1

    def update(self, value: float) -> float:
        """Distance of the value in spreads; then learn it."""
        floor = self._spread.floor(value)
        self._rows += 1
        if self._rows == 1:
            self._mean = value
            return 0.0
        spread = max(math.sqrt(self._variance), floor)
        off = value - self._mean
        self._signed = off / spread
        if self._rows > self.WARM:
            off = max(-CLIP * spread, min(CLIP * spread, off))
        rate = max(self.RATE, 1 / self._rows)
        self._mean += rate * off
        self._variance = (1 - rate) * (self._variance + rate * off * off)
        self.times = abs(self._signed) * min(1.0, self._rows / self.WARM)
        return abs(self._signed)

    def words(self) -> str:
        return f"{self.times:.1f} times the usual spread {_side(self._signed)} its usual level"

    def state(self) -> State:
        numbers = [self.times, self._signed, self._mean, self._variance, self._rows, *self._spread.state()]
        return {"": np.array(numbers)}

    def restore(self, state: State) -> None:
        numbers = state[""].tolist()
        self.times, self._signed, self._mean, self._variance, self._rows = numbers[:5]
        self._spread.restore(numbers[5:])


class Season:
    """Distance from what is usual at this time of day and of the week, by elapsed time and never by rows.

    A profile of quarters of an hour, corrected by hours of the week once these have been seen a few times, on a slowly
    following level, so that a lasting shift does not stay an anomaly.
    """

    QUARTERS, HOURS = 96, 168
    RATE, WEEK_RATE, FOLLOW, POOL = 0.01, 0.02, 0.002, 0.999
    WARM = 20
    """Rows of a quarter before its updates are clipped."""

    DOUBT = 15.0
    """Rows of an hour of the week that weigh as much as the doubt whether weeks differ from days."""

    SHARE = 0.5
    """Least spread of a quarter as a share of all quarters' spread."""

    YOUNG = 3.0
    """Rows of a quarter at which a distance counts about seven tenths: few rows make a poor profile."""

    def __init__(self) -> None:
        self.times = 0.0
        self._knows = False
        self._signed = self._level = self._pool = self._pooled = 0.0
        self._mean, self._variance, self._rows = ([0.0] * self.QUARTERS for _ in range(3))
        self._offset, self._seen = [0.0] * self.HOURS, [0.0] * self.HOURS
        self._spread = Spread()

    @property
    def knows(self) -> bool:
        return self._knows

    def update(self, at: float | None, value: float) -> float:
        """Distance of the value in spreads, 0 where the time is unknown or new; then learn it."""
        floor = self._spread.floor(value)
        self._signed, self._knows = 0.0, False
        if at is not None:
            quarter = int(at % DAY / DAY * self.QUARTERS) % self.QUARTERS
            hour = int(at % WEEK / WEEK * self.HOURS) % self.HOURS
            self._knows = self._rows[quarter] > 0
            if self._knows:
                self._compare(quarter, hour, value, floor)
            else:
                self._mean[quarter] = value - self._level
            self._rows[quarter] += 1
        self.times = abs(self._signed)
        return self.times

    def _compare(self, quarter: int, hour: int, value: float, floor: float) -> None:
        known, seen = self._rows[quarter], self._seen[hour]
        pool = math.sqrt(self._pool / self._pooled) if self._pooled else 0.0
        spread = max(math.sqrt(self._variance[quarter]), self.SHARE * pool, floor)
        off = value - self._mean[quarter] - self._level - self._offset[hour] * seen / (seen + self.DOUBT)
        self._signed = off / spread / math.sqrt(1 + self.YOUNG / known)
        if known > self.WARM:
            off = max(-CLIP * spread, min(CLIP * spread, off))
        rate = max(self.RATE, 1 / (known + 1))
        self._mean[quarter] += rate * off
        self._variance[quarter] = (1 - rate) * (self._variance[quarter] + rate * off * off)
        self._pool = self.POOL * self._pool + off * off
        self._pooled = self.POOL * self._pooled + 1
        self._level += self.FOLLOW * off
        self._seen[hour] = seen + 1
        if seen:
            self._offset[hour] += max(self.WEEK_RATE, 1 / (seen + 1)) * off

    def words(self) -> str:
        return f"{self.times:.1f} times the usual spread {_side(self._signed)} what is usual at this time of day"

    def state(self) -> State:
        numbers = [self.times, self._signed, self._level, self._pool, self._pooled, self._knows, *self._spread.state()]
        quarters = np.array([self._mean, self._variance, self._rows])
        return {"": np.array(numbers), "quarters": quarters, "hours": np.array([self._offset, self._seen])}

    def restore(self, state: State) -> None:
        numbers = state[""].tolist()
        self.times, self._signed, self._level, self._pool, self._pooled = numbers[:5]
        self._knows = bool(numbers[5])
        self._spread.restore(numbers[6:])
        self._mean, self._variance, self._rows = state["quarters"].tolist()
        self._offset, self._seen = state["hours"].tolist()


class Scale:
    """Brings values of any unit to one logarithmic scale: sign · log(1 + |value| / usual size)."""

    RATE, LARGEST = 0.001, 5.0
    WARM = 20

    def __init__(self) -> None:
        self._size = self._rows = 0.0

    def update(self, value: float) -> float:
        """The value on the scale that the values up to this one give."""
        self._rows += 1
        size = abs(value)
        if self._rows > self.WARM:
            size = min(size, self.LARGEST * self._size)
        self._size += max(self.RATE, 1 / self._rows) * (size - self._size)
        return math.copysign(math.log1p(abs(value) / self._size), value) if self._size > 0 else 0.0

    def state(self) -> State:
        return {"": np.array([self._size, self._rows])}

    def restore(self, state: State) -> None:
        self._size, self._rows = state[""].tolist()


class Rarity:
    """How seldom a value like this one came before: an adaptive histogram on the logarithmic scale."""

    CELL, CELLS, FORGET = 0.05, 400, 0.9995

    def __init__(self) -> None:
        self._counts = [0.0] * self.CELLS
        self._total, self._weight = 0.0, 1.0

    def update(self, scaled: float) -> float:
        """Rows so far for each that fell into the value's cell or its neighbours; then learn it."""
        middle = self.CELLS // 2
        cell = min(max(math.floor(scaled / self.CELL) + middle, 1), self.CELLS - 2)
        near = sum(self._counts[cell - 1 : cell + 2])
        rare = (self._total / self._weight + 1) / (near / self._weight + 0.5)
        # New rows weigh ever more instead of old ones ever less: one addition instead of 400 products.
        self._weight /= self.FORGET
        self._counts[cell] += self._weight
        self._total += self._weight
        if self._weight > 1e100:
            self._counts = [count / self._weight for count in self._counts]
            self._total /= self._weight
            self._weight = 1.0
        return rare

    def state(self) -> State:
        return {"": np.array([self._total, self._weight]), "counts": np.array(self._counts)}

    def restore(self, state: State) -> None:
        self._total, self._weight = state[""].tolist()
        self._counts = state["counts"].tolist()


class Pattern:
    """Distance of the last few values to the most similar run of the past: what no single value shows.

    The nearest neighbour of a sliding window, as in conformal k-NN anomaly detection (Burnaev & Ishimtsev, 2016).
    """

    LENGTH, KEPT, DELAY = 3, 600, 24
    RATE, LARGEST = 0.003, 5.0
    FEWEST = 5
    """Runs that must be known before a distance is told."""

    def __init__(self) -> None:
        self.times = 0.0
        self._runs = np.zeros((self.KEPT, self.LENGTH))
        self._known = 0
        self._usual = self._rows = 0.0
        self._recent: deque[float] = deque(maxlen=self.DELAY + self.LENGTH)
        self._spread = Spread()

    @property
    def knows(self) -> bool:
        return self._known >= self.FEWEST

    def update(self, value: float) -> float:
        """Root mean square distance to the nearest run that ended at least ``DELAY`` rows ago; then learn it."""
        self._recent.append(value)
        recent = list(self._recent)
        if len(recent) == self.DELAY + self.LENGTH:
            self._runs[self._known % self.KEPT] = recent[: self.LENGTH]
            self._known += 1
        nearest = 0.0
        floor = self._spread.floor(value)
        if self.knows:
            off = self._runs[: self._known] - recent[-self.LENGTH :]
            nearest = math.sqrt(float(np.einsum("ij,ij->i", off, off).min()) / self.LENGTH)
        self._rows += 1
        usual = max(self._usual, floor)
        self.times = nearest / usual
        self._usual += max(self.RATE, 1 / self._rows) * (min(nearest, self.LARGEST * usual) - self._usual)
        return nearest

    def words(self) -> str:
        return f"the last {self.LENGTH} values are {self.times:.1f} times as unlike all before as is usual"

    def state(self) -> State:
        numbers = [self.times, float(self._known), self._usual, self._rows, *self._spread.state()]
        return {"": np.array(numbers), "runs": self._runs, "recent": np.array(self._recent)}

    def restore(self, state: State) -> None:
        numbers = state[""].tolist()
        self.times, known, self._usual, self._rows = numbers[:4]
        self._spread.restore(numbers[4:])
        self._known = int(known)
        self._runs = state["runs"].copy()
        self._recent = deque(state["recent"].tolist(), maxlen=self.DELAY + self.LENGTH)


def _side(signed: float) -> str:
    return "above" if signed > 0 else "below"
