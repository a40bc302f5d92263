"""Waiting for a condition, not for a time."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE_S = 0.01


def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    """Come back once it holds; fail when it never does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(PAUSE_S)
