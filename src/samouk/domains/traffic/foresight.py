"""The load that a guard expects: counts of minutes, and a forecaster that learns them, again after a restart."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence

import numpy as np

from samouk.domains.traffic.load.forecaster import Forecast, LoadForecaster

KEPT_MINUTES = 14 * 1_440
"""Counts that are kept: two weeks, so that a restart forgets no weekday."""


class Foresight:
    """Counts of whole minutes; safe to call from any thread.

    Attributes:
        forecaster: has learnt all but ``unlearnt`` of the minutes.
    """

    def __init__(self) -> None:
        self.forecaster = LoadForecaster()
        self._minutes: deque[tuple[float, float]] = deque(maxlen=KEPT_MINUTES)
        self._unlearnt: deque[tuple[float, float]] = deque()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Minutes that are kept."""
        return len(self._minutes)

    @property
    def unlearnt(self) -> int:
        """Minutes that the forecaster does not know yet: many after a restart."""
        return len(self._unlearnt)

    def take(self, at: float, count: float) -> None:
        """The count of the minute that began at ``at``."""
        self._minutes.append((at, count))
        self._unlearnt.append((at, count))

    def learn(self, seconds: float) -> None:
        """Teach the forecaster what it does not know yet, for about so long."""
        until = time.perf_counter() + seconds
        while self._unlearnt and time.perf_counter() < until:
            with self._lock:
                self.forecaster.update(*self._unlearnt.popleft())
            time.sleep(0)  # lets the host's threads in

    def forecast(self, minutes: Sequence[int], coverage: float = 0.9) -> list[Forecast]:
        """Messages a minute that are expected so far ahead, with an interval. Raises ValueError."""
        with self._lock:
            return self.forecaster.forecast(minutes, coverage)

    def save(self) -> bytes:
        """The minutes: the forecaster learns them again, which outlives every change of its insides."""
        return np.array(self._minutes, np.float64).tobytes()

    def load(self, data: bytes) -> None:
        """Take minutes that were saved. Raises ValueError."""
        known = np.frombuffer(data, np.float64).reshape(-1, 2)
        if not np.isfinite(known).all():
            raise ValueError("a minute without a number")
        for at, count in known.tolist():
            self.take(at, count)
