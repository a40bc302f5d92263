"""How long answers take, counted in bins as they go out."""

from __future__ import annotations

from bisect import bisect_left
from threading import Lock

BOUNDS_S = (1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper ends of the bins in seconds, each included; what took longer stands in one more."""


class Latencies:
    """Counts by bin; less than a microsecond an entry, from any thread."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS_S) + 1)
        self._total_s = 0.0
        self._lock = Lock()

    def add(self, seconds: float, rows: int = 1) -> None:
        """Count so many answers that took so long each."""
        place = bisect_left(BOUNDS_S, seconds)
        with self._lock:
            self._counts[place] += rows
            self._total_s += seconds * rows

    def read(self) -> tuple[list[int], float]:
        """Answers in each bin, one more than there are bounds, and the seconds of all together."""
        with self._lock:
            return list(self._counts), self._total_s
