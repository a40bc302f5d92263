"""How a version proves itself on people, and what cannot be asked of that; pure."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

LARGEST_COMPARED = 0.5
"""Largest share of a challenger that leaves room for a control of the same size."""

LARGEST_ALPHA = 0.1
"""Of harm, gain and guards together: who bears more wrong endings than one in ten needs no proof."""

_MODES, _GOALS = ("ab", "shadow", "bandit"), ("better", "no_worse")


class UnsoundPolicy(ValueError):
    """A rollout policy that could prove nothing.

    Attributes:
        field: of the policy.
        reason: what would be right.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class RolloutPolicy:
    """How a version proves itself on people. Defaults: see docs/adr/0011.

    A rollout keeps the policy that it began under. Raises UnsoundPolicy.

    Attributes:
        mode: ``ab`` ramps, ``shadow`` predicts without being shown, ``bandit`` moves traffic to the best.
        steps: shares of the traffic, the last one 1.0; every other one at most .5, so that the control is as large.
        dwell: a step lasts at least so long.
        minimum: units with an outcome in each arm, over all steps so far, before it advances or is promoted.
        patience: after so long without a proof either way the champion stays.
        planned: units an arm at which the sequence is tightest (N* of arXiv 2103.06476 is twice that).
        alpha_harm, alpha_gain: chances of a wrong rollback and of a wrong promotion, at most, over the whole ramp.
        alpha_guard: chance of a rollback for a guard that holds, at most, over all guards and the whole ramp.
            The three make at most ``LARGEST_ALPHA``.
        goal: ``better`` promotes what is proven better; ``no_worse`` what is proven no worse than ``tolerance``.
        srm_alpha: level of each test that the data are sound, over the whole ramp: that units were split as they
            were dealt, and that outcomes were not lost in one arm more than in the other.
        quiet: without any exposure for so long there is no traffic, and nothing but harm is decided.
        slow_ms: an answer that takes longer is slow.
        guard_tolerance: rise of the share of failed or slow answers, or fall of a guarded outcome, that is borne.
    """

    mode: Literal["ab", "shadow", "bandit"] = "ab"
    steps: tuple[float, ...] = (0.1, 0.5, 1.0)
    dwell: dt.timedelta = dt.timedelta(days=1)
    minimum: int = 200
    patience: dt.timedelta = dt.timedelta(days=28)
    planned: int = 2_500
    alpha_harm: float = 0.035
    alpha_gain: float = 0.01
    alpha_guard: float = 0.005
    goal: Literal["better", "no_worse"] = "better"
    tolerance: float = 0.01
    srm_alpha: float = 0.001
    quiet: dt.timedelta = dt.timedelta(days=1)
    slow_ms: float = 1_000.0
    guard_tolerance: float = 0.01

    def __post_init__(self) -> None:
        _among("mode", self.mode, _MODES)
        _among("goal", self.goal, _GOALS)
        _check_steps(self.steps)
        for name in ("dwell", "patience", "quiet"):
            least = "0 or longer" if name == "dwell" else "longer than 0"
            span = getattr(self, name)
            _require(name, span > dt.timedelta(0) or (name == "dwell" and not span), f"{least}, not {span}")
        for name in ("minimum", "planned"):
            count = getattr(self, name)
            _require(name, isinstance(count, int) and count >= 1, f"a whole number from 1 up, not {count!r:.60}")
        for name in ("tolerance", "guard_tolerance"):
            _require(name, 0 <= getattr(self, name) <= 1, f"between 0 and 1, not {getattr(self, name)!r:.60}")
        _require("slow_ms", 0 < self.slow_ms < math.inf, f"a number of milliseconds above 0, not {self.slow_ms!r:.60}")
        self._check_alphas()

    def _check_alphas(self) -> None:
        for name in ("alpha_harm", "alpha_gain", "alpha_guard", "srm_alpha"):
            alpha = getattr(self, name)
            _require(name, 0 < alpha <= LARGEST_ALPHA, f"above 0 and at most {LARGEST_ALPHA:g}, not {alpha!r:.60}")
        whole = self.alpha_harm + self.alpha_gain + self.alpha_guard
        rule = f"so small that alpha_harm, alpha_gain and alpha_guard make at most {LARGEST_ALPHA:g}, not {whole:g}"
        _require("alpha_harm", whole <= LARGEST_ALPHA + 1e-12, rule)


def _among(field: str, value: str, choices: tuple[str, ...]) -> None:
    _require(field, value in choices, f"one of {', '.join(choices)}, not {value!r:.60}")


def _check_steps(steps: tuple[float, ...]) -> None:
    rising = len(steps) > 1 and all(one < two for one, two in pairwise(steps))
    compared = rising and steps[0] > 0 and steps[-2] <= LARGEST_COMPARED and steps[-1] == 1.0
    rule = f"rising shares of the traffic, all but the last at most {LARGEST_COMPARED:g}, the last one 1"
    _require("steps", compared, f"{rule}, for example (0.1, 0.5, 1.0); not {steps!r:.60}")


def _require(field: str, fits: bool, rule: str) -> None:
    if not fits:
        raise UnsoundPolicy(field, f"must be {rule}")
