"""What is measured of one user, or of the whole server, in one sliding window: the numbers that all else reads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

WINDOW_S = 60.0
"""Seconds of the sliding window."""

LARGEST = 1e12
"""Above it no feature is told: sums of squares stay finite in double precision."""


class Features(NamedTuple):
    """One window. Every number is finite and not below 0.

    Attributes:
        messages_per_minute: messages of the last ``WINDOW_S`` seconds, a minute.
        avg_message_size: their mean size in bytes; 0 without messages.
        error_rate: share of them that failed, 0 to 1.
        rate_limit_violations: times in the window that the user was over a limit.
        connection_duration: seconds since the session began.
        channels_count: channels in use.
        size_spread: standard deviation of the sizes in bytes.
        burst: messages in the fullest five seconds of the window.
        regularity: 1 / (1 + coefficient of variation of the gaps between messages): near 1 for a clock; 0 with fewer
            than three messages.
        addresses: distinct pseudonymous addresses since the salt was last changed.
    """

    messages_per_minute: float = 0.0
    avg_message_size: float = 0.0
    error_rate: float = 0.0
    rate_limit_violations: float = 0.0
    connection_duration: float = 0.0
    channels_count: float = 0.0
    size_spread: float = 0.0
    burst: float = 0.0
    regularity: float = 0.0
    addresses: float = 0.0


FEATURES: tuple[str, ...] = Features._fields
SHARES = frozenset({"error_rate", "regularity"})
"""Features in [0, 1]; the others are counts, bytes and seconds with long tails, compared on a log scale."""

_LINEAR: tuple[bool, ...] = tuple(name in SHARES for name in FEATURES)
LINEAR = np.array(_LINEAR)
SERVER = ""
"""User of what concerns the whole server."""


def scaled(features: Features) -> NDArray[np.float64]:
    """(len(FEATURES),) on the scale on which windows are compared: log(1 + x), shares four times themselves."""
    return np.array(level(features))


def level(window: Sequence[float]) -> list[float]:
    """One window's features on that scale, as plain floats: for ten numbers arrays cost more than they save."""
    return [4.0 * x if linear else math.log1p(x) for x, linear in zip(window, _LINEAR, strict=True)]


def levels(windows: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Features of many windows, (..., len(FEATURES)), on that scale."""
    return np.where(LINEAR, 4.0 * windows, np.log1p(windows))
