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

    def __init__(self, step_s: int, kept_days: int = KEPT_DAYS, channels: int = 1) -> None:
        self.size = max(kept_days * DAY_S // step_s, 64)
        self.now = self.first = -1
        self._values: Values = np.full((channels, self.size), np.nan)
        self._sums: Values = np.zeros((channels, self.size))
        self._counts: Values = np.zeros(self.size)

    def push(self, slot: int, *values: float) -> None:
        """Put a value a channel (NaN: missing) at a slot after ``now``. O(slots skipped), at most the ring."""
        if self.now < 0 or slot - self.now >= self.size:
            self._values[:], self._sums[:], self._counts[:] = np.nan, 0.0, 0.0
            self.first = slot - 1
        elif slot > self.now + 1:
            skipped, last = np.arange(self.now + 1, slot) % self.size, self.now % self.size
            self._values[:, skipped] = np.nan
            self._sums[:, skipped] = self._sums[:, last, None]
            self._counts[skipped] = self._counts[last]
        place, before = slot % self.size, (slot - 1) % self.size
        known = values[0] == values[0]
        self._values[:, place] = values
        self._sums[:, place] = self._sums[:, before] + (values if known else 0.0)
        self._counts[place] = self._counts[before] + known
        self.now = slot
        self.first = max(self.first, slot - self.size + 1)

    def at(self, slots: Slots, channel: int = 0) -> Values:
        """The values at these slots, in their shape; NaN for what is missing, forgotten or still to come."""
        known = (slots <= self.now) & (slots > self.first)
        return np.where(known, self._values[channel, slots % self.size], np.nan)

    def means(self, low: Slots, high: Slots) -> Values:
        """(channels, ...) means of what is known in the slots low + 1 to high; NaN where nothing is."""
        low = np.minimum(np.maximum(low, self.first), self.now) % self.size
        high = np.minimum(np.maximum(high, self.first), self.now) % self.size
        count = self._counts[high] - self._counts[low]
        count[count <= 0.0] = np.nan
        return (self._sums[:, high] - self._sums[:, low]) / count
