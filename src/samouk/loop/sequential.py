"""Statistics that may be looked at after every unit: confidence sequences, bets and sample-ratio tests; pure.

Normal-mixture sequences are those of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (Annals of Statistics
52(6), 2024; arXiv 2103.06476v7; equation numbers are theirs), in gbstats' parametrisation, to which they are
numerically equal. They are asymptotic. For few values in [0, 1] there are bets (Waudby-Smith and Ramdas, JRSS B
86(1), 2024; arXiv 2010.09686), which hold for every number of units.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from samouk.loop.records import FloatArray

STAKES = np.array([0.05, 0.1, 0.2, 0.4, 0.8])
"""Shares of the wealth that are bet, each with a fifth of it: a mixture of fixed bets, "diversified Kelly", which
is right whatever the order of the values. They are the best bets for means from a twentieth of the variance up."""

_PRODUCT = 32
"""Factors that are multiplied before a logarithm is taken."""

_SRM_TUNED_AT = 0.001
"""Level at which the sequence of a sample-ratio mismatch is tightest."""

_LARGEST_LOG = 700.0
"""exp of more than this is no longer a float."""


class Arm(NamedTuple):
    """Units of one arm in one stratum; the variance has n - 1 below it."""

    n: float
    mean: float
    variance: float


Stratum = tuple[Arm, Arm]
"""Control and challenger, side by side in time."""


class Estimate(NamedTuple):
    """A difference of means, or a mean.

    Attributes:
        variance: of ``value``, not of one unit.
        n: units behind it, of both arms together.
    """

    value: float
    variance: float
    n: float


@lru_cache(maxsize=256)
def tuned(planned: float, alpha: float) -> float:
    """ρ² that makes the sequence tightest at ``planned`` units (eq. 161); give it 2 alpha for a one-sided one."""
    return (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / planned


def half_width(estimate: Estimate, alpha: float, rho2: float) -> float:
    """Half the width of the two-sided sequence (eq. 9), which covers at all looks together with 1 - alpha."""
    x = estimate.n * rho2
    return math.sqrt(estimate.variance * 2 * (x + 1) / x * math.log(math.sqrt(x + 1) / alpha))


def half_width_one_sided(estimate: Estimate, alpha: float, rho2: float) -> float:
    """From the estimate to the bound of a one-sided sequence (eq. 134)."""
    x = estimate.n * rho2
    return math.sqrt(estimate.variance * 2 * (x + 1) / x * math.log1p(math.sqrt(x + 1) / (2 * alpha)))


def p_value(estimate: Estimate, rho2: float) -> float:
    """Two-sided, valid at whatever look it is read (eq. 155)."""
    return _p_value(_squared(estimate), estimate.n * rho2)


def p_value_one_sided(estimate: Estimate, rho2: float) -> float:
    """That the true value is not above 0: the alpha at which eq. 134's lower bound stands at 0."""
    if estimate.value <= 0:
        return 1.0
    x = estimate.n * rho2
    evidence = min(_LARGEST_LOG, _squared(estimate) * x / (2 * (x + 1)))
    return min(1.0, math.sqrt(x + 1) / (2 * math.expm1(evidence)))


def _squared(estimate: Estimate) -> float:
    """z², the squared value over its variance."""
    if not estimate.variance:
        return math.inf if estimate.value else 0.0
    return estimate.value * estimate.value / estimate.variance


def _p_value(squared: float, x: float) -> float:
    return min(1.0, math.sqrt(x + 1) * math.exp(-squared * x / (2 * (x + 1))))


def stratified(strata: Sequence[Stratum]) -> Estimate:
    """Challenger less control, compared within each stratum and only then put together.

    There is at least one, and no arm is empty. Strata weigh by na nb / (na + nb), which the arms' sizes decide and
    no value does: under equal means the sum is a martingale over the whole ramp, whatever the base rate does between
    two strata. Pooling the arms over a ramp instead compares two different mixtures of days (Simpson's paradox).
    """
    value = variance = total = 0.0
    for control, challenger in strata:
        weight = control.n * challenger.n / (control.n + challenger.n)
        value += weight * (challenger.mean - control.mean)
        variance += weight * weight * (control.variance / control.n + challenger.variance / challenger.n)
        total += weight
    return Estimate(value / total, variance / (total * total), 4 * total)


def cautious(arm: Arm) -> Arm:
    """The arm with the variance it would have with one more unit at 0 and one at 1.

    Twenty equal values do not show that a variance is 0. Values are in [0, 1].
    """
    n, mean, variance = arm
    centre = (n * mean + 1) / (n + 2)
    squares = max(0.0, n - 1) * variance + n * (mean - centre) ** 2 + centre**2 + (1 - centre) ** 2
    return Arm(n, mean, squares / (n + 1))


def log_wealth(differences: FloatArray, null: float = 0.0, zeros: int = 0) -> float:
    """Logarithm of the wealth of a gambler who bets that the mean is above ``null``.

    Were it not, the chance that the wealth ever reaches 1 / alpha would be at most alpha (Ville), for any number of
    values and looks.

    Args:
        differences: (n,) in [-1, 1].
        null: in [-1, 0], so that no bet can lose more than it stakes.
        zeros: so many differences of 0 besides, in any place: the wealth does not depend on the order.
    """
    return _log_mean(_gained(differences - null) + zeros * np.log1p(-null * STAKES))


def most_wealth(total: float) -> float:
    """No gambler's logarithm of wealth is above this, when what is bet on sums to ``total``: log(1 + x) <= x."""
    return float(STAKES[-1]) * max(0.0, total)


def _gained(gains: FloatArray) -> FloatArray:
    """Logarithm of the wealth for each stake; products of some at a time, because logarithms are slow."""
    if not len(gains):
        return np.zeros(len(STAKES))
    products = np.multiply.reduceat(np.multiply.outer(STAKES, gains) + 1, np.arange(0, len(gains), _PRODUCT), axis=1)
    return np.asarray(np.log(products).sum(axis=1))


def _log_mean(logs: FloatArray) -> float:
    most = float(logs.max())
    return most + math.log(float(np.exp(logs - most).sum()) / len(logs))


def betting_interval(values: FloatArray, alpha: float) -> tuple[float, float]:
    """Interval of the mean of values in [0, 1] that covers at all looks together with 1 - alpha, for every n.

    A lower and an upper sequence with alpha / 2 each; a mean m is out when betting against it makes 2 / alpha.
    """
    if not len(values):
        return 0.0, 1.0
    return _lower(values, alpha / 2), 1 - _lower(1 - values, alpha / 2)


def _lower(values: FloatArray, alpha: float) -> float:
    """The mean at which a gambler who bets on more ends with 1 / alpha; his wealth falls as the mean rises."""
    low, high = 0.0, float(values.mean())
    for _ in range(40):
        mean = (low + high) / 2
        if not mean:
            return 0.0
        if _log_mean(_gained(values / mean - 1)) >= -math.log(alpha):
            low = mean
        else:
            high = mean
    return low


def difference_interval(control: FloatArray, challenger: FloatArray, alpha: float) -> tuple[float, float]:
    """Betting interval of the difference of two arms with values in [0, 1], paired in the order in which they came."""
    pairs = min(len(control), len(challenger))
    low, high = betting_interval((challenger[:pairs] - control[:pairs] + 1) / 2, alpha)
    return 2 * low - 1, 2 * high - 1


def srm(counts: Sequence[int], shares: Sequence[float]) -> float:
    """p of the chi-square test for a sample-ratio mismatch, for one look at a finished experiment.

    Args:
        shares: expected, above 0; they need not sum to 1.
    """
    total, whole = sum(counts), sum(shares)
    if not total:
        return 1.0
    if len(counts) == 2:
        return math.erfc(math.sqrt(_excess(counts[0], total, shares[0] / whole) / 2))
    from scipy.stats import chi2

    expected = [total * share / whole for share in shares]
    statistic = sum([(count - due) ** 2 / due for count, due in zip(counts, expected, strict=True)])
    return float(chi2.sf(statistic, len(counts) - 1))


def srm_sequential(counts: Sequence[int], shares: Sequence[float], planned: float) -> float:
    """p for a sample-ratio mismatch that may be read at every look: each arm's share by eq. 155, times the arms.

    Two arms are one question and not multiplied. For equal shares the sequence holds for every n, not only
    asymptotically: a fair coin is sub-Gaussian with its own variance.
    """
    total, whole = sum(counts), sum(shares)
    if not total:
        return 1.0
    rho2 = tuned(planned, _SRM_TUNED_AT)
    if len(counts) == 2:
        return _p_value(_excess(counts[0], total, shares[0] / whole), total * rho2)
    excess = max([_excess(count, total, share / whole) for count, share in zip(counts, shares, strict=True)])
    return min(1.0, len(counts) * _p_value(excess, total * rho2))


def _excess(count: float, total: float, due: float) -> float:
    """z² of a count that is a ``due`` share of the total."""
    return (count - total * due) ** 2 / (total * due * (1 - due))
