"""The load that a guard expects: counts of minutes, and a forecaster that learns them, again after a restart."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.load.forecaster import Forecast, LoadForecaster
from samouk.domains.traffic.promises import Promises
from samouk.families.packing import pack, unpack

KEPT_MINUTES = 14 * 1_440
"""Counts that are kept: two weeks, so that a restart forgets no weekday."""

_KIND = "samouk.traffic.foresight/1"


class Foresight:
    """Counts of whole minutes; safe to call from any thread.

    Args:
        promises: told of each minute as it is learnt.

    Attributes:
        forecaster: has learnt all but ``unlearnt`` of the minutes.
    """

    def __init__(self, promises: Promises) -> None:
        self.forecaster = LoadForecaster()
        self._promises = promises
        self._minutes: deque[tuple[float, float]] = deque(maxlen=KEPT_MINUTES)
        self._unlearnt: deque[tuple[float, float]] = deque()
        self._lock = threading.Lock()

    @property
    def known(self) -> int:
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
                at, count = self._unlearnt.popleft()
                self.forecaster.update(at, count)
                if not self._unlearnt:  # not of minutes that are long gone
                    self._promises.came(int(at // 60), count, self.forecaster.past)
            time.sleep(0)  # lets the host's threads in

    def forecast(self, minutes: Sequence[int], coverage: float = 0.9) -> list[Forecast]:
        """Messages a minute that are expected so far ahead, with an interval. Raises ValueError."""
        with self._lock:
            return self.forecaster.forecast(minutes, coverage)

    def save(self) -> bytes:
        """What the forecaster has learnt, and the minutes themselves: from them another release's learns it again."""
        with self._lock:
            learnt = np.frombuffer(self.forecaster.save(), np.uint8)
            unlearnt = np.array(self._unlearnt, np.float64).reshape(-1, 2)
            minutes = np.array(self._minutes, np.float64).reshape(-1, 2)
        return pack({"kind": _KIND}, {"forecaster": learnt, "unlearnt": unlearnt, "minutes": minutes})

    def load(self, data: bytes) -> None:
        """Go on where ``save`` stopped. Raises ValueError."""
        _, arrays = unpack(data, _KIND)
        try:
            minutes, unlearnt = (_pairs(arrays[name]) for name in ("minutes", "unlearnt"))
            learnt = arrays["forecaster"].tobytes()
        except KeyError as error:
            raise ValueError(f"no saved minutes: {error} is missing") from None
        forecaster = LoadForecaster()
        try:
            forecaster.load(learnt)
        except ValueError:
            unlearnt = minutes
        with self._lock:
            self.forecaster = forecaster
            self._minutes.extend(minutes)
            self._unlearnt.extend(unlearnt)


def _pairs(array: NDArray[np.float64]) -> list[tuple[float, float]]:
    """(n, 2) as pairs. Raises ValueError."""
    if array.ndim != 2 or array.shape[1] != 2 or not np.isfinite(array).all():
        raise ValueError("no saved minutes: a minute without a number")
    return [(float(at), float(count)) for at, count in array]
