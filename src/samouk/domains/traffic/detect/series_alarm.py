"""From distances to alarms: how rare a distance is in a series' own past, and which of the rare ones to tell."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from samouk.domains.traffic.detect.series_views import State


class Tail:
    """How surprising a distance is among all before it, in nats: comparable between views and between series.

    An online empirical tail over logarithmic cells, with a power tail beyond the largest.
    """

    CELL, CELLS = 0.05, 1_000
    FORGET = 0.99998
    """A distance's weight a row later: a month of minutes is remembered."""

    TRUST = 0.5
    """Power of the number of rows: between the rank alone (0) and the plain empirical tail (1). A long series has more
    rows that are rare by chance, and they must not all become alarms."""

    ROWS = 1_000.0
    """Rows at which the power changes nothing."""

    BEYOND = 3.0
    """Exponent of the tail beyond the largest distance so far."""

    RARE, AGAIN = 0.02, 0.1
    """Share of rows from which a distance is rare, and how much a rare one right after another counts: a disturbance
    is one event, however many rows it lasts, and the next must not look usual because of it."""

    def __init__(self) -> None:
        self._counts = np.zeros(self.CELLS)
        self._total, self._weight, self._largest = 0.0, 1.0, math.inf
        self._was_rare = False

    def update(self, distance: float) -> float:
        """Surprise of a distance from 0; then learn it."""
        size = math.log(max(distance, 1e-10))
        cell = min(max(int(size / self.CELL + self.CELLS // 2), 0), self.CELLS - 1)
        above = float(self._counts[cell:].sum()) / self._weight
        rows = self._total / self._weight
        told = self.TRUST * math.log((rows + 1) / self.ROWS) + math.log(self.ROWS) - math.log(above + 1)
        told += self.BEYOND * min(max(size - self._largest, 0.0), 10.0)
        self._largest = size if math.isinf(self._largest) else max(self._largest, size)
        self._learn(cell, above + 1 < self.RARE * (rows + 1))
        return max(told, 0.0)

    def _learn(self, cell: int, rare: bool) -> None:
        self._weight /= self.FORGET  # new rows weigh ever more instead of all the old ones ever less
        self._counts[cell] += self._weight * (self.AGAIN if rare and self._was_rare else 1.0)
        self._total += self._weight
        self._was_rare = rare
        if self._weight > 1e100:
            self._counts /= self._weight
            self._total /= self._weight
            self._weight = 1.0

    def state(self) -> State:
        numbers = [self._total, self._weight, self._largest, self._was_rare]
        return {"": np.array(numbers), "counts": self._counts}

    def restore(self, state: State) -> None:
        self._total, self._weight, self._largest, was_rare = state[""].tolist()
        self._was_rare = bool(was_rare)
        self._counts = state["counts"].copy()


class Quiet:
    """Lets a surprise through only if it exceeds everything of the last rows, the more rows the longer the past."""

    FEWEST, SHARE, MOST = 30, 0.07, 10_000
    WARM = 100
    """Rows before the first alarm."""

    def __init__(self) -> None:
        self._rows = 0
        self._peaks: deque[tuple[int, float]] = deque()  # rows that nothing since exceeded, the highest first

    def update(self, surprise: float) -> float:
        """The surprise, or 0 where something as large came in the quiet time or too few rows are known."""
        self._rows += 1
        row, peaks = self._rows, self._peaks
        span = min(max(self.FEWEST, self.SHARE * row), self.MOST)
        while peaks and peaks[0][0] < row - span:
            peaks.popleft()
        record = not peaks or surprise > peaks[0][1]
        while peaks and peaks[-1][1] <= surprise:
            peaks.pop()
        peaks.append((row, surprise))
        return surprise if record and row > self.WARM else 0.0

    def state(self) -> State:
        return {"": np.array([float(self._rows)]), "peaks": np.array(self._peaks, dtype=np.float64).reshape(-1, 2)}

    def restore(self, state: State) -> None:
        self._rows = int(state[""][0])
        self._peaks = deque((int(row), peak) for row, peak in state["peaks"].tolist())


class Habit:
    """Makes an alarm weaker, the more alarms as strong came before it: what recurs every day is not news."""

    WEIGHT, NEAR, GAP, KEPT = 1.0, 0.5, 50, 100

    def __init__(self) -> None:
        self._rows = self._last = 0
        self._peaks: deque[float] = deque(maxlen=self.KEPT)

    def update(self, alarm: float) -> float:
        """The alarm less the logarithm of how many as strong are remembered; 0 stays 0."""
        self._rows += 1
        if alarm <= 0:
            return 0.0
        alike = sum(peak >= alarm - self.NEAR for peak in self._peaks)
        if self._peaks and self._rows - self._last < self.GAP:
            self._peaks[-1] = max(self._peaks[-1], alarm)
        else:
            self._peaks.append(alarm)
        self._last = self._rows
        return max(alarm - self.WEIGHT * math.log1p(alike), 0.0)

    def state(self) -> State:
        return {"": np.array([self._rows, self._last], dtype=np.float64), "peaks": np.array(self._peaks)}

    def restore(self, state: State) -> None:
        self._rows, self._last = (int(number) for number in state[""].tolist())
        self._peaks = deque(state["peaks"].tolist(), maxlen=self.KEPT)
