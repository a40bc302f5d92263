"""A bell within this process; what other processes do is seen by looking."""

from __future__ import annotations

from collections import Counter
from threading import Condition

ALONE_S = 0.5
"""How long who waits may sleep while other processes cannot wake it."""


class LocalBell:
    """Counts rings, and wakes every thread that waits for one more."""

    def __init__(self) -> None:
        self._rings: Counter[str] = Counter()
        self._rung = Condition()
        self._closed = False

    @property
    def failures(self) -> int:
        return 0

    @property
    def patience(self) -> float:
        return ALONE_S

    def ring(self, name: str) -> None:
        with self._rung:
            self._rings[name] += 1
            self._rung.notify_all()

    def rings(self, name: str) -> int:
        with self._rung:
            return self._rings[name]

    def wait(self, name: str, seconds: float, after: int) -> int:
        with self._rung:
            self._rung.wait_for(lambda: self._closed or self._rings[name] > after, seconds)
            return self._rings[name]

    def close(self) -> None:
        """Wake everybody, for the last time."""
        with self._rung:
            self._closed = True
            self._rung.notify_all()
