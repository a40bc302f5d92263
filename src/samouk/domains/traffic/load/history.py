"""Counts on a grid of time steps, the last weeks of them: a step that nobody counted is missing, never zero."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Slots = NDArray[np.int64]

DAY_S = 86_400
KEPT_DAYS = 36
"""Five weeks, and a day for the windows around the same time five weeks ago."""


class History:
    """A ring of values by slot, slot = floor(seconds since 1970 / step), with running sums so that any mean is O(1).

    Attributes:
        now: the newest slot; -1 before the first.
        first: the slot before the oldest that is known of.
    """

    def __init__(self, step_s: int, kept_days: int = KEPT_DAYS) -> None:
        self.size = max(kept_days * DAY_S // step_s, 64)
        self.now = self.first = -1
        self._values: Values = np.full(self.size, np.nan)
        self._sums: Values = np.zeros(self.size)
        self._counts: Values = np.zeros(self.size)

    def push(self, slot: int, value: float) -> None:
        """Put the value (NaN: missing) at a slot after ``now``. O(slots skipped), at most the ring."""
        if self.now < 0 or slot - self.now >= self.size:
            self._values[:], self._sums[:], self._counts[:] = np.nan, 0.0, 0.0
            self.first = slot - 1
            total, count = 0.0, 0.0
        else:
            total, count = self._sums[self.now % self.size], self._counts[self.now % self.size]
            if slot > self.now + 1:
                skipped = np.arange(self.now + 1, slot) % self.size
                self._values[skipped], self._sums[skipped], self._counts[skipped] = np.nan, total, count
        known = value == value
        place = slot % self.size
        self._values[place] = value
        self._sums[place], self._counts[place] = total + (value if known else 0.0), count + known
        self.now = slot
        self.first = max(self.first, slot - self.size + 1)

    def at(self, slots: Slots) -> Values:
        """The values at these slots, in their shape; NaN for what is missing, forgotten or still to come."""
        known = (slots <= self.now) & (slots >= self.first)
        return np.where(known, self._values[slots % self.size], np.nan)

    def mean(self, low: Slots, high: Slots) -> Values:
        """The mean of what is known in the slots low + 1 to high; NaN where nothing is."""
        low = np.clip(low, self.first, self.now)
        high = np.clip(high, self.first, self.now)
        count = self._counts[high % self.size] - self._counts[low % self.size]
        total = self._sums[high % self.size] - self._sums[low % self.size]
        return np.where(count > 0, total / np.maximum(count, 1.0), np.nan)
