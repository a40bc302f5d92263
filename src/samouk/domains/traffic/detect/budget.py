"""How many alarms an hour an operator wants: a threshold that rises with each one and falls with time."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

from samouk.domains.traffic.records import Severity

REST = 0.2
"""Threshold after a quiet hour: the score of a rule of low severity that is just broken."""

TOP = 1.0
HOUR_S = 3_600.0
MOST = 10_000
"""Alarms an hour that may be asked for."""

BACK_S = 5.0
"""A clock that goes back by more was set; by less, it is another thread's."""

REMEMBERED = 100
"""Alarms held back that can be looked at."""


class Held(NamedTuple):
    """An alarm that the budget kept from the operator."""

    at: float
    user_id: str
    kind: str
    score: float
    severity: Severity


class Budget:
    """Lets the alarms with the highest scores through, about as many an hour as were asked for.

    The threshold goes up by a step with each alarm and down by as many steps an hour as alarms are wanted. So in the
    long run it stands at the quantile of the recent scores that so many exceed: stochastic approximation of a quantile
    (Robbins & Monro 1951), as adaptive conformal inference has it (Gibbs & Candès 2021). Whatever the scores are, no
    T hours bring more than ``per_hour * (T + 1) + 1`` alarms that are not critical. Critical ones always pass, and
    count once for each cause, so that one attack by many does not hide another. A clock that was put back is followed.

    Attributes:
        per_hour: 0 to ``MOST``; 0 lets only critical ones through.
        passed, held_back: alarms since the start.
        clock_jumps: times that the clock was put back.
        recent: the last ones that were held back.
    """

    def __init__(self, per_hour: float = 10.0) -> None:
        self.per_hour = checked(per_hour)
        self.passed = self.held_back = self.clock_jumps = 0
        self.recent: deque[Held] = deque(maxlen=REMEMBERED)
        self._threshold = REST
        self._at = -math.inf

    def threshold(self, at: float) -> float:
        """The score from which alarms pass at that moment; above 1 none does, unless it is critical."""
        if self.per_hour == 0:
            return math.inf
        hours = max(at - self._at, 0.0) / HOUR_S
        return max(REST, self._threshold - (TOP - REST) * hours)

    def passes(self, score: float, severity: Severity, at: float, *, same_cause: bool = False) -> bool:
        """Whether an alarm may go out now; if so, it is counted. ``same_cause``: as one that went out just before."""
        if at < self._at - BACK_S:
            self._at = at
            self.clock_jumps += 1
        threshold = self.threshold(at)
        if severity is not Severity.CRITICAL and score < threshold:
            return False
        self.passed += 1
        if self.per_hour and not (same_cause and severity is Severity.CRITICAL):
            step = (TOP - REST) / self.per_hour
            self._threshold = min(threshold + step, TOP + step)
            self._at = max(self._at, at)
        return True

    def hold(self, held: Held) -> None:
        """Count an alarm that did not pass."""
        self.held_back += 1
        self.recent.append(held)

    def forget(self, user_id: str) -> None:
        """Name the user no more among what was held back."""
        self.recent = deque((held for held in self.recent if held.user_id != user_id), REMEMBERED)

    def state(self) -> dict[str, Any]:
        """Plain JSON; what passed and what was held back is counted since the start, and is not in it."""
        return {"threshold": self._threshold, "at": self._at if math.isfinite(self._at) else None}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where it was saved; the budget itself stays as it is set now. Raises ValueError."""
        try:
            threshold = float(state["threshold"])
            at = -math.inf if state["at"] is None else float(state["at"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"no saved state of an alarm budget ({error}); start from a fresh one") from None
        if not threshold >= REST or math.isnan(at) or at == math.inf:
            raise ValueError("no saved state of an alarm budget: a number is out of range; start from a fresh one")
        self._threshold, self._at = threshold, at


def checked(per_hour: float) -> float:
    """Raises ValueError unless it is a number of alarms an hour."""
    if not 0 <= per_hour <= MOST:  # written so that NaN fails too
        raise ValueError(f"budget_per_hour: must be between 0 and {MOST:,} alarms an hour, not {per_hour!s:.40}")
    return float(per_hour)
