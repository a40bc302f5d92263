"""Forecasts that the platform keeps, and what came of them: told by the guard itself when the minute has come."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from functools import partial
from typing import NamedTuple

from samouk.domains.traffic.courier import Courier
from samouk.domains.traffic.link import Exposed
from samouk.domains.traffic.load.history import History
from samouk.domains.traffic.load.learner import CAME_OUTCOME
from samouk.domains.traffic.load.schema import NAME, came_of, rows_at

EVERY = 10
"""Minutes between two rounds of forecasts, one for each of the usual horizons."""

OPEN = 10_000
"""Forecasts whose minute has not come, at most: three times what two days bring."""

KNOWN = 2 * 1_440
"""Minutes whose counts are remembered, for forecasts that reach the platform late."""


class _Open(NamedTuple):
    """A forecast that is kept under ``event_id``, of a minute (since 1970) that has not come yet."""

    minute: int
    level: float
    event_id: str


class Promises:
    """Safe to call from any thread; without a courier nobody is promised anything."""

    def __init__(self, courier: Courier | None) -> None:
        self._courier = courier
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._counts: OrderedDict[int, float] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def open(self) -> int:
        """Forecasts whose minute has not come yet."""
        return len(self._open)

    def came(self, minute: int, count: float, past: History) -> None:
        """A minute ended with that count: tell whoever foresaw it, and now and then foresee from it.

        Args:
            past: the counts of minutes, this one among them.
        """
        if self._courier is None:
            return
        with self._lock:
            self._counts[minute] = count
            while len(self._counts) > KNOWN:
                self._counts.popitem(last=False)
            due = [one for one in self._open.values() if one.minute <= minute]
            for one in due:
                del self._open[one.event_id]
        for one in due:
            self._tell(one)
        if minute % EVERY == 0:
            for row in rows_at(past, minute * 60.0):
                # One hour of one series is a unit: its forecasts stand on one side of every comparison.
                then = partial(self._promised, minute + round(float(row["minutes"] or 0)), float(row["level"] or 0))
                self._courier.expose(NAME, f"hour {minute // 60}", row, then)

    def save(self) -> bytes:
        """What is open; counts are not kept."""
        with self._lock:
            return json.dumps(list(self._open.values())).encode()

    def load(self, data: bytes) -> None:
        """Wait again for what was saved. Raises ValueError."""
        try:
            found = [_Open(int(minute), float(level), str(event_id)) for minute, level, event_id in json.loads(data)]
        except TypeError as error:
            raise ValueError(f"no forecasts that wait ({error})") from None
        with self._lock:
            self._open.update({one.event_id: one for one in found[-OPEN:]})

    def _promised(self, minute: int, level: float, exposed: Exposed) -> None:
        """The platform keeps a forecast; its minute may have come meanwhile."""
        one = _Open(minute, level, exposed.event_id)
        with self._lock:
            late = minute <= next(reversed(self._counts), minute - 1)
            if not late:
                self._open[one.event_id] = one
                while len(self._open) > OPEN:
                    self._open.popitem(last=False)
        if late:
            self._tell(one)

    def _tell(self, one: _Open) -> None:
        """What came, if anybody counted it."""
        count = self._counts.get(one.minute)
        if count is not None and self._courier is not None:
            self._courier.tell(NAME, one.event_id, CAME_OUTCOME.name, came_of({"level": one.level}, count))
