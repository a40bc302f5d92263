"""When zeros are an outage and not the load: runs that the rate before them makes all but impossible."""

from __future__ import annotations

import math

import numpy as np

from samouk.domains.traffic.load.history import DAY_S, History

UNLIKELY = math.log(1e-6)
"""Log of the chance below which a run of zeros is no chance."""

LONGEST_S = 3 * DAY_S
"""After so long it is no outage any more: nobody comes, and zero is the load."""

WINDOW = 60
"""Steps that the rate and its spread are taken of."""

SCHEDULE_DAYS = 7
_FEWEST_DAYS = 3


class Silence:
    """Watches for zeros that cannot be load.

    Attributes:
        run: steps of the outage so far; 0 when there is none.
    """

    def __init__(self, step_s: int) -> None:
        self.run = 0
        self._day, self._longest = DAY_S // step_s, LONGEST_S // step_s
        self._zeros = 0
        self._each = 0.0
        self._flags = History(step_s, SCHEDULE_DAYS + 1)

    def hear(self, slot: int, count: float, past: History) -> bool:
        """Whether the count of this slot is silence; ``past`` holds what came before it."""
        if count > 0 or count != count:
            self._zeros = self.run = 0
        else:
            if not self._zeros:
                self._each = _chance_of_zero(past)
            self._zeros += 1
            silent = self._zeros * self._each < UNLIKELY and self._zeros <= self._longest
            self.run = self._zeros if silent else 0
        self._flags.push(slot, math.nan if count != count else float(self.run > 0))
        return self.run > 0

    def lasts(self, slot: int, ahead: int) -> bool:
        """Whether the slot ``ahead`` steps from ``slot``, the newest, is more likely silent than not.

        What fell silent at the same time on most of the last days will again. Any other outage lasts as long again as
        it has lasted (the median of a duration of which nothing else is known, Gott 1993).
        """
        due = self._scheduled(slot + ahead)
        if due is not None and (due or self._scheduled(slot)):
            return due
        return self.run >= ahead

    def _scheduled(self, slot: int) -> bool | None:
        days = np.arange(1, SCHEDULE_DAYS + 1)
        days = days[slot - days * self._day <= self._flags.now]
        seen = self._flags.at(slot - days * self._day)
        seen = seen[np.isfinite(seen)]
        return bool(seen.mean() > 0.5) if len(seen) >= _FEWEST_DAYS else None


def _chance_of_zero(past: History) -> float:
    """Log chance of a zero under a negative binomial with the mean and variance of the last known steps."""
    if past.now < 0:
        return 0.0
    seen = past.at(np.arange(past.now - WINDOW + 1, past.now + 1))
    seen = seen[np.isfinite(seen)]
    if not len(seen) or (mean := float(seen.mean())) <= 0.0:
        return 0.0
    spread = max(float(seen.var()) / mean, 1.0)
    return -mean if spread < 1.01 else -mean * math.log(spread) / (spread - 1.0)
