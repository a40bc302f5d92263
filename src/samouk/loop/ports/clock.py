"""Time, which tests and the demo step."""

from __future__ import annotations

import datetime as dt
from typing import Protocol


class Clock(Protocol):
    """Time, so that tests and the demo can step it."""

    def now(self) -> dt.datetime:
        """The present moment, aware, in UTC."""
