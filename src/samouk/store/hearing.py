"""What becomes of an outcome that is told, beside what was told before; pure, the same for every backend."""

from __future__ import annotations

import datetime as dt
import hashlib

from samouk.loop.live import Heard, Outcome

SAME = 1e-9
"""Values that differ by no more are one value: decimals may have lost their last digits on the way."""


def compared(kept: Outcome, told: Outcome) -> Heard | None:
    """What a second outcome of one event and metric is; None when it takes the place of an assumed one."""
    if kept.assumed and not told.assumed:
        return None
    return Heard.DUPLICATE if abs(kept.value - told.value) <= SAME else Heard.CONTRADICTION


def is_late(outcome: Outcome, exposed: dt.datetime, window: dt.timedelta) -> bool:
    """Whether the first outcome of an exposure came after its window; what is assumed cannot be late."""
    return not outcome.assumed and outcome.at - exposed > window


def who_hash(unit: str) -> str:
    """Under what a forgotten unit's pseudonym is known, so that the pseudonym itself can go."""
    return hashlib.sha256(f"refused\0{unit}".encode()).hexdigest()
