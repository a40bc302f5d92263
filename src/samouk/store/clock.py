"""The clocks: the machine's own, and one that is stepped by hand."""

from __future__ import annotations

import datetime as dt

MONDAY = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)


class SystemClock:
    """The machine's clock in UTC."""

    def now(self) -> dt.datetime:
        """The present moment, aware, in UTC."""
        return dt.datetime.now(dt.UTC)


class SteppedClock:
    """Stands still until it is stepped; for tests and for the weeks of the demo.

    Args:
        start: aware; the first Monday of 2026 unless told.
    """

    def __init__(self, start: dt.datetime = MONDAY) -> None:
        self._now = start.astimezone(dt.UTC)

    def now(self) -> dt.datetime:
        """The moment to which it was stepped, aware, in UTC."""
        return self._now

    def step(self, by: dt.timedelta) -> dt.datetime:
        """Move forward by so much and return the new present."""
        self._now += by
        return self._now
