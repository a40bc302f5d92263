"""What wakes those who wait."""

from __future__ import annotations

from typing import Protocol

EVENTS = "events"
"""The bell that rings when there are new events to read."""


class Bell(Protocol):
    """Wakes those who wait for something, on every machine; what happened stands in the store, never here.

    A ring may be lost, or come twice: who waits looks by itself from time to time. It never raises for being out of
    order.
    """

    @property
    def failures(self) -> int:
        """How often it was out of order so far."""

    @property
    def patience(self) -> float:
        """Seconds after which who waits should look by itself: few while it hears no other process."""

    def ring(self, name: str) -> None:
        """Something happened: ``events``, ``published``."""

    def rings(self, name: str) -> int:
        """How often it rang so far, for ``wait``: who asks before it looks misses nothing."""

    def wait(self, name: str, seconds: float, after: int) -> int:
        """Block until it rang more than ``after`` times or the time is over; how often it rang."""

    def close(self) -> None:
        """Wake everybody, and let go of every connection."""
