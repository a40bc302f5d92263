"""Limits of means and of their sums and differences, also where rewards are rare; pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from samouk.loop.records import FloatArray


@dataclass(frozen=True, slots=True)
class Limits:
    """An estimate between its limits."""

    value: float
    low: float
    high: float


def asymptotic(value: float, influence: FloatArray, level: float) -> Limits:
    """Student's t limits of an estimate whose error is the mean of ``influence``, (n,)."""
    from scipy.special import stdtrit

    n = len(influence)
    if n < 2:
        return Limits(value, -1.0, 1.0)
    half = float(stdtrit(n - 1, (1 + level) / 2) * influence.std(ddof=1) / n**0.5)
    return Limits(value, value - half, value + half)


def rare(marks: FloatArray, weights: FloatArray, rest: FloatArray, level: float) -> Limits:
    """Limits of mean(marks + rest), where few of the ``marks`` are above 0.

    The marks are a sum of weighted Poisson counts, for which the gamma limits of Fay and Feuer 1997
    hold, a Clopper-Pearson for weights: they cover at least as often as they say, since the largest
    weight is what the next event may bring. The rest is normal; both are joined by their squared
    distances (MOVER, Zou and Donner 2008) as if they were independent, which for opposed parts is wide.

    Args:
        marks: (n,) weight times reward, not negative.
        weights: (n,) that a reward of 1 would have had.
        rest: (n,) all else.
    """
    common = gamma(marks, weights, level)
    other = asymptotic(float(rest.mean()), rest, level)
    value = common.value + other.value
    low = ((common.value - common.low) ** 2 + (other.value - other.low) ** 2) ** 0.5
    high = ((common.high - common.value) ** 2 + (other.high - other.value) ** 2) ** 0.5
    return Limits(value, value - low, value + high)


def gamma(marks: FloatArray, weights: FloatArray, level: float) -> Limits:
    """Fay and Feuer's limits of mean(marks)."""
    from scipy.special import gammaincinv

    n = len(marks)
    tail = (1 - level) / 2
    value, variance, most = float(marks.mean()), float((marks**2).sum()) / n**2, float(weights.max()) / n
    low = 0.0
    if value > 0:
        low = variance / value * float(gammaincinv(value**2 / variance, tail))
    if most <= 0:
        return Limits(value, low, value)
    raised, spread = value + most, variance + most**2
    return Limits(value, low, spread / raised * float(gammaincinv(raised**2 / spread, 1 - tail)))


def hull(one: Limits, other: Limits) -> Limits:
    """The first estimate between the outer ends of both."""
    return Limits(one.value, min(one.low, other.low), max(one.high, other.high))


def difference(one: Limits, other: Limits, correlation: float) -> tuple[float, float]:
    """Limits of one minus other by MOVER with the correlation of the two estimates."""
    gap = one.value - other.value
    down, up = one.value - one.low, one.high - one.value
    other_down, other_up = other.value - other.low, other.high - other.value
    low = down**2 + other_up**2 - 2 * correlation * down * other_up
    high = up**2 + other_down**2 - 2 * correlation * up * other_down
    return gap - float(np.sqrt(max(low, 0.0))), gap + float(np.sqrt(max(high, 0.0)))
