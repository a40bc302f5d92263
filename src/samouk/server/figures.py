"""What a page that is looked at all day may cost: figures are kept for a while that grows with their price."""

from __future__ import annotations

import datetime as dt
import time
from threading import Lock

from samouk.loop.learner import Learner
from samouk.loop.performance import Performance, performance
from samouk.loop.ports import Services

CHEAP_S = 0.1
"""Seconds of computing below which figures are made anew each time."""

PATIENCE = 40
"""Figures are kept for so many times what they cost: a fortieth of a core at most, whatever the traffic."""

KEPT = 32
"""Answers kept at once, of all learners and spans."""


class LiveFigures:
    """``performance`` of every learner for whoever asks: one computes, the others wait for the same answer."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = Lock()
        self._kept: dict[tuple[str, dt.date], tuple[float, list[Performance]]] = {}

    def of(self, learner: Learner, since: dt.date) -> list[Performance]:
        """See ``performance``; as old as ``PATIENCE`` times its cost at most."""
        key = learner.name, since
        with self._lock:
            until, found = self._kept.pop(key, (0.0, []))
            if time.monotonic() >= until:
                began = time.thread_time()
                found = performance(learner, self._services, since)
                cost = time.thread_time() - began
                until = time.monotonic() + (PATIENCE * cost if cost >= CHEAP_S else 0.0)
            self._kept[key] = until, found
            if len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
        return found
