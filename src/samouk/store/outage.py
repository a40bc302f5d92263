"""What is remembered of a server that went away, so that nobody waits for it on each request."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Lock

log = logging.getLogger("samouk.outage")

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 15.0


class Outage:
    """Counts failures; after one, nobody is sent there for a while, twice as long each time.

    Says once that the server is gone, and once that it is back.

    Args:
        place: what a person may be told about where it lies; no secrets.
        now: seconds since any moment, never going back.
    """

    def __init__(self, place: str, now: Callable[[], float] = time.monotonic) -> None:
        self.failures = 0
        self._place = place
        self._now = now
        self._pause = 0.0
        self._again = 0.0
        self._mutex = Lock()

    @property
    def lasts(self) -> bool:
        """Whether the last word of the server was none."""
        return self._pause > 0

    def may_try(self) -> bool:
        """Whether it is worth asking the server now; while it is away, one caller in each pause is sent to look."""
        if not self._pause:
            return True
        with self._mutex:
            if self._now() < self._again:
                return False
            self._again = self._now() + self._pause
            return True

    def failed(self, error: Exception) -> None:
        """The server did not answer, or refused."""
        with self._mutex:
            self.failures += 1
            if not self._pause:
                log.warning("%s is out of order (%s); done without meanwhile", self._place, type(error).__name__)
            self._pause = min(2 * self._pause, LONGEST_PAUSE_S) or FIRST_PAUSE_S
            self._again = self._now() + self._pause

    def answered(self) -> None:
        """The server answered."""
        if not self._pause:
            return
        with self._mutex:
            if self._pause:
                log.warning("%s is back", self._place)
            self._pause = 0.0
