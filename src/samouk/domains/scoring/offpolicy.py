"""What a policy would have earned, from the log of another: estimates with intervals, and whether to refuse it.

Offline evaluation can refuse a challenger, never crown one: from ten thousand decisions with fifty
rewards every estimator errs by 10 to 40 %. So the verdict is "refuse" or "nothing shown", and what is
not refused still has to prove itself on people.

Estimators, with w = target probability / logged propensity of the action taken, r the reward, q(a) the
rewards that a model expects of every action, fitted on other rows (out of fold):

    dm       mean of sum_a pi(a) q(a)
    ips      mean(w r)                         Horvitz and Thompson 1952
    snips    sum(w r) / sum(w)                 Swaminathan and Joachims 2015
    clipped  the same with min(w, 10)
    dr       dm + mean(w (r - q))              Dudik, Langford and Li 2011
    sndr     dm + mean(w (r - q)) / mean(w)
    robust   sndr; where ESS < n / 4, dr with weights shrunk to (1 + L) w / (w^2 + L) (Su et al. 2020, scaled
             so that a weight of 1 stays 1): L is the smallest whose interval agrees with those of every
             larger one (SLOPE, Su, Srinath and Krishnamurthy 2020), and 4 at least: weights to 1.25
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from samouk.domains.scoring.limits import Limits, asymptotic, difference, hull, rare
from samouk.loop.records import BoolArray, FloatArray, IntArray

CLIP = 10.0
SHRINKAGES = (np.inf, 1024.0, 256.0, 64.0, 16.0, 4.0)
"""From none to the strongest; shrunk weights are at most (1 + L) / (2 sqrt(L))."""

EXPLODED = 0.25
"""Effective sample size as a share of the rows below which the robust estimate shrinks weights."""

FEW = 50.0
"""Rewarded rows, counted by their weights, below which the normal distribution is not trusted."""

UNSUPPORTED = 0.01
"""Share of the target's choices that the log may never have made, before nothing can be said."""

Verdict = Literal["refuse", "nothing shown"]
Interval = Literal["asymptotic", "gamma", "hull", "none"]


class NoPropensity(ValueError):
    """A logged decision does not say how probable it was: nothing can be estimated, and nothing is assumed."""


@dataclass(frozen=True, slots=True)
class Logged:
    """What a logging policy did, n decisions among k actions at most.

    Attributes:
        chosen: (n,) index of the action taken.
        rewards: (n,) in [-1, 1].
        propensities: (n,) probability with which it was chosen, in (0, 1].
        possible: (n, k) whether the logging policy could have taken the action; None where it could take any.

    Raises:
        NoPropensity: a propensity is missing or no probability; a reward must be a number too.
    """

    chosen: IntArray
    rewards: FloatArray
    propensities: FloatArray
    possible: BoolArray | None = None

    def __post_init__(self) -> None:
        if not len(self.rewards):
            raise ValueError("the log holds no decision with a reward; nothing can be estimated")
        known = (self.propensities > 0) & (self.propensities <= 1)
        if not known.all():
            first = int(np.flatnonzero(~known)[0])
            raise NoPropensity(
                f"decision {first} has the propensity {self.propensities[first]}: log a probability in (0, 1] with "
                "every decision; without it nothing is estimated, and a uniform choice is never assumed"
            )
        if not (np.abs(self.rewards) <= 1).all():
            raise ValueError("rewards must be numbers from -1 to 1")


@dataclass(frozen=True, slots=True)
class Estimate:
    """One estimate of a policy's mean reward, with its 95 % interval.

    Attributes:
        interval: how the limits were made: ``asymptotic`` (Student's t on the influence of each row),
            ``gamma`` (rare rewards: limits of Fay and Feuer 1997, combined after Zou and Donner 2008),
            ``hull`` (of a shrunk estimate's and of the clipped one's, whose biases are unlike), or ``none``
            (limits NaN: the error of ``dm`` is its reward model's bias, which the log does not show).
        ess: effective sample size of the weights it uses, (sum w)^2 / sum w^2.
    """

    name: str
    value: float
    low: float
    high: float
    interval: Interval
    ess: float


@dataclass(frozen=True, slots=True)
class Report:
    """What the log says of a target policy.

    Attributes:
        logging: mean reward of the policy that logged.
        robust: the estimate to quote; ``shrinkage`` is its L, infinite for none.
        estimates: every estimator, by name.
        gain: 95 % interval of target minus logging policy.
        mean_weight: 1 in expectation; far from it the logged propensities are not those of what was shown.
        unsupported: mean share of the target's probability on actions that the log could not take.
        reasons: of the verdict, in words.
    """

    decisions: int
    rewarded: int
    logging: Estimate
    robust: Estimate
    estimates: Mapping[str, Estimate]
    shrinkage: float
    gain: tuple[float, float]
    ess: float
    largest_weight: float
    mean_weight: float
    unsupported: float
    verdict: Verdict
    reasons: tuple[str, ...] = field(default=())


def evaluate(
    logged: Logged, target: FloatArray, expected: FloatArray, tolerance: float = 0.0, level: float = 0.95
) -> Report:
    """What the target policy would have earned.

    Args:
        target: (n, k) its probability of each action in each decision; rows sum to 1.
        expected: (n, k) rewards that a model expects, of rows that were not in its fit; see ``out_of_fold``.
        tolerance: loss against the logging policy that is borne.

    Raises:
        ValueError: shapes do not fit, or a row of ``target`` is no distribution.
    """
    _check(logged, target, expected)
    parts = _Parts(logged, target, expected, level)
    estimates = parts.estimates()
    robust, influence, shrinkage = parts.robust(estimates["clipped"])
    estimates["robust"] = robust
    logging = parts.of_logging()
    gain = difference(_limits(robust), _limits(logging), _correlation(influence, logged.rewards))
    verdict, reasons = _verdict(parts, gain, tolerance)
    return Report(
        decisions=len(logged.rewards),
        rewarded=int(np.count_nonzero(logged.rewards)),
        logging=logging,
        robust=robust,
        estimates=estimates,
        shrinkage=shrinkage,
        gain=gain,
        ess=effective(parts.weights),
        largest_weight=float(parts.weights.max()),
        mean_weight=float(parts.weights.mean()),
        unsupported=parts.unsupported,
        verdict=verdict,
        reasons=reasons,
    )


def out_of_fold(rows: int, fit: Callable[[IntArray, IntArray], FloatArray], folds: int = 3) -> FloatArray:
    """Expected rewards (rows, k) of a model that never saw the row.

    Args:
        fit: (rows to fit on, rows to predict) → (predicted, k) rewards.
    """
    fold = np.random.default_rng(0).permutation(rows) % min(folds, rows)
    held = [np.flatnonzero(fold == number) for number in range(int(fold.max()) + 1)]
    predicted = [fit(np.flatnonzero(fold != number), own) for number, own in enumerate(held)]
    found = np.empty((rows, predicted[0].shape[1]))
    for own, values in zip(held, predicted, strict=True):
        found[own] = values
    return found


def shrunk_weights(weights: FloatArray, bound: float) -> FloatArray:
    """Optimistic shrinkage: small weights stay, large ones fall towards 0."""
    shrunk: FloatArray = (1 + bound) * weights / (weights**2 + bound)
    return shrunk


def effective(weights: FloatArray) -> float:
    """Kish's effective sample size, (sum w)^2 / sum w^2; 0 when every weight is 0."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


class _Parts:
    """What the estimators share."""

    def __init__(self, logged: Logged, target: FloatArray, expected: FloatArray, level: float) -> None:
        rows = np.arange(len(logged.rewards))
        self.level = level
        self.rewards = logged.rewards
        self.weights = target[rows, logged.chosen] / logged.propensities
        self.direct = (target * expected).sum(axis=1)
        self.expected = expected[rows, logged.chosen]
        self.unsupported = 0.0 if logged.possible is None else float((target * ~logged.possible).sum(axis=1).mean())

    def estimates(self) -> dict[str, Estimate]:
        weights, zero = self.weights, np.zeros_like(self.weights)
        clipped = np.minimum(weights, CLIP)
        return {
            "dm": self._direct(),
            "ips": self._estimate("ips", weights, zero, zero)[0],
            "snips": self._estimate("snips", weights, zero, zero, normalised=True)[0],
            "clipped": self._estimate("clipped", clipped, zero, zero, normalised=True)[0],
            "dr": self._estimate("dr", weights, self.direct, self.expected)[0],
            "sndr": self._estimate("sndr", weights, self.direct, self.expected, normalised=True)[0],
        }

    def robust(self, clipped: Estimate) -> tuple[Estimate, FloatArray, float]:
        """The estimate, the influence of each row on it, and the shrinkage that was chosen."""
        chosen, influence = self._estimate("robust", self.weights, self.direct, self.expected, normalised=True)
        shrinkage, low, high = SHRINKAGES[0], chosen.low, chosen.high
        if effective(self.weights) >= EXPLODED * len(self.weights):
            return chosen, influence, shrinkage
        for candidate in SHRINKAGES[1:]:
            weights = shrunk_weights(self.weights, candidate)
            shrunk, shrunk_influence = self._estimate("robust", weights, self.direct, self.expected)
            low, high = max(low, shrunk.low), min(high, shrunk.high)
            if low > high:
                break
            chosen, influence, shrinkage = shrunk, shrunk_influence, candidate
        if np.isinf(shrinkage):
            return chosen, influence, shrinkage
        limits = hull(_limits(chosen), _limits(clipped))
        return Estimate("robust", chosen.value, limits.low, limits.high, "hull", chosen.ess), influence, shrinkage

    def of_logging(self) -> Estimate:
        """The mean reward of what was done."""
        one, zero = np.ones_like(self.weights), np.zeros_like(self.weights)
        return self._estimate("logging", one, zero, zero)[0]

    def _direct(self) -> Estimate:
        """What the reward model says alone."""
        return Estimate("dm", float(self.direct.mean()), np.nan, np.nan, "none", effective(self.weights))

    def _estimate(
        self, name: str, weights: FloatArray, direct: FloatArray, expected: FloatArray, normalised: bool = False
    ) -> tuple[Estimate, FloatArray]:
        """direct + weighted residuals, with its interval, and the influence of each row."""
        scale = float(weights.mean()) if normalised else 1.0
        used = weights / scale if scale > 0 else weights
        residual = float((used * (self.rewards - expected)).mean())
        value = float(direct.mean()) + residual
        # Normalising makes the residual's mean a ratio: its influence is of what is left after it.
        influence = direct + used * (self.rewards - expected - (residual if normalised else 0.0))
        kind: Interval = "asymptotic"
        if effective(used * self.rewards) < FEW and self.rewards.min() >= 0:
            kind = "gamma"
            limits = rare(used * self.rewards, used, direct - used * expected, self.level)
        else:
            limits = asymptotic(value, influence, self.level)
        return Estimate(name, value, limits.low, limits.high, kind, effective(weights)), influence


def _verdict(parts: _Parts, gain: tuple[float, float], tolerance: float) -> tuple[Verdict, tuple[str, ...]]:
    if parts.unsupported > UNSUPPORTED:
        share = f"{parts.unsupported:.1%} of what it would do was never possible in the log"
        return "nothing shown", (f"{share}; let the policy in service explore, and look again",)
    notes: list[str] = []
    error = float(parts.weights.std()) / len(parts.weights) ** 0.5
    if abs(float(parts.weights.mean()) - 1) > 4 * max(error, 1e-9):
        notes.append("the weights' mean is not 1: the logged propensities are not those of what was shown")
        return "nothing shown", tuple(notes)
    if gain[1] < -tolerance:
        return "refuse", (f"it earns less than the policy in service: {gain[0]:+.4f} to {gain[1]:+.4f} a decision",)
    notes.append(f"the difference lies between {gain[0]:+.4f} and {gain[1]:+.4f} a decision; only people can tell more")
    return "nothing shown", tuple(notes)


def _check(logged: Logged, target: FloatArray, expected: FloatArray) -> None:
    rows = len(logged.rewards)
    shapes: Sequence[tuple[int, ...]] = (target.shape, expected.shape)
    if any(len(shape) != 2 or shape[0] != rows for shape in shapes) or target.shape != expected.shape:
        raise ValueError(f"target and expected must both have {rows} rows and one column an action")
    if (target < 0).any() or np.abs(target.sum(axis=1) - 1).max() > 1e-6:
        raise ValueError("target must hold a distribution over the actions in every row")


def _limits(estimate: Estimate) -> Limits:
    return Limits(estimate.value, estimate.low, estimate.high)


def _correlation(one: FloatArray, other: FloatArray) -> float:
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
