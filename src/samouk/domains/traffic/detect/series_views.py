"""Views of one series: each learns one aspect of its past and tells how surprising the next value is by it."""

from __future__ import annotations

import math
from typing import Any, Protocol

CLIP = 3.0
"""Standard deviations to which a value is pulled before it teaches, so that an anomaly does not become the normal."""

FLOOR = 0.01
"""Least spread, as a share of the range that was seen: a flat series stays finite."""


class View(Protocol):
    """One aspect of a series."""

    def update(self, value: float) -> float:
        """Surprise of the value, in nats, from 0; then learn it."""

    def words(self) -> str:
        """The last surprise in words."""

    def state(self) -> list[float]:
        """Plain numbers from which ``restore`` goes on exactly."""

    def restore(self, state: list[Any]) -> None: ...


class Level:
    """Distance from an exponentially forgetting mean, in standard deviations; of the values or of their steps."""

    def __init__(self, name: str, rate: float, steps: bool) -> None:
        self._name, self._rate, self._steps = name, rate, steps
        self._rows = 0.0
        self._mean = self._variance = self._last = self._z = 0.0
        self._low, self._high = math.inf, -math.inf

    def update(self, value: float) -> float:
        if self._steps:
            value, self._last = value - (self._last if self._rows else value), value
        self._rows += 1
        self._low, self._high = min(self._low, value), max(self._high, value)
        if self._rows == 1:
            self._mean = value
            return 0.0
        spread = max(math.sqrt(self._variance), FLOOR * (self._high - self._low), 1e-12)
        self._z = (value - self._mean) / spread
        rate = max(self._rate, 1 / self._rows)
        pulled = max(-CLIP, min(CLIP, self._z)) * spread if self._rows > 30 else value - self._mean
        self._mean += rate * pulled
        self._variance = (1 - rate) * (self._variance + rate * pulled * pulled)
        return 2 * math.log1p(abs(self._z))

    def words(self) -> str:
        side = "above" if self._z > 0 else "below"
        return f"{abs(self._z):.1f} times the usual spread {side} the usual {self._name}"

    def state(self) -> list[float]:
        last = [] if self._rows == 0 else [self._low, self._high]
        return [self._rows, self._mean, self._variance, self._last, self._z, *last]

    def restore(self, state: list[Any]) -> None:
        self._rows, self._mean, self._variance, self._last, self._z = map(float, state[:5])
        self._low, self._high = map(float, state[5:]) if self._rows else (math.inf, -math.inf)
