"""How good predictions are whose outcome nobody knows yet: confidence-based estimates on calibrated scores; pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

PAIRS = 500
"""Pairs of score and outcome below which no calibration is trusted."""

KNOTS, KNOT_PAIRS = 20, 50
"""Bins of a calibration, at most; pairs in one, at least."""

GAP = 0.05
"""A calibration that misses the later half of its own pairs by more is not trusted."""

OUTSIDE = 0.1
"""Share of scores beyond all that the calibration has seen, above which it is not trusted."""

Z = 1.96


@dataclass(frozen=True, slots=True)
class Calibration:
    """Score → mean outcome, learnt from pairs: means of bins of equal size, straight between them.

    Not bound to rise: the score of advice to take an umbrella is the chance of rain, and people are content
    at both its ends.

    Attributes:
        knots, means, errors: (k,) mean score, mean outcome and its standard error, by bin.
        low, high: the range of scores seen.
        gap: how far the calibration of the earlier half misses the later half, beyond chance: root mean
            square over its bins. Large when the scores mean something else from day to day.
        pairs: how many there were.
        predicts: outcomes are 0 or 1, and the score comes nearer to them than their mean does (Brier's skill
            is above 0), so that it is a prediction of this outcome, and its accuracy has a meaning.
    """

    knots: Numbers
    means: Numbers
    errors: Numbers
    low: float
    high: float
    gap: float
    pairs: int
    predicts: bool

    def __call__(self, scores: Numbers) -> Numbers:
        """(n,) mean outcome to be expected with each score."""
        return np.interp(scores, self.knots, self.means)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What may be expected of exposures without an outcome, each with its 95 % interval.

    Attributes:
        outcome: mean outcome.
        accuracy: share on whose side of one half the score stands; None when it does not predict the outcome.
        margin: half the width of either interval: sampling error, error of the calibration, its gap, and
            all that may be hidden in scores that it never saw.
        calibrated: False when there were too few pairs, when the calibration does not hold from one half of
            them to the other, or when too many scores are outside of what it saw: then do not act on it.
        rows: exposures estimated.
        pairs: pairs that the calibration was learnt from.
    """

    outcome: float
    accuracy: float | None
    margin: float
    calibrated: bool
    rows: int
    pairs: int


def calibrate(scores: Numbers, outcomes: Numbers) -> Calibration | None:
    """Learn what scores mean from pairs in the order in which they came; None without any."""
    if not len(scores):
        return None
    knots, means, errors = _bins(scores, outcomes)
    binary = bool(np.isin(outcomes, (0.0, 1.0)).all())
    predicts = binary and float(((scores - outcomes) ** 2).mean()) < float(outcomes.var())
    low, high = float(scores.min()), float(scores.max())
    return Calibration(knots, means, errors, low, high, _gap(scores, outcomes), len(scores), predicts)


def estimate(calibration: Calibration, scores: Numbers) -> Estimate:
    """CBPE: what a calibrated score says of its own outcome, averaged (Garg et al. 2022; NannyML's CBPE).

    Args:
        scores: (n,) of the exposures without an outcome, n of at least one.
    """
    likely = calibration(scores)
    outside = float(np.mean((scores < calibration.low) | (scores > calibration.high)))
    # The error of a bin is shared by all scores in it, and has nothing to do with that of another bin.
    borders = (calibration.knots[1:] + calibration.knots[:-1]) / 2
    shares = np.bincount(np.searchsorted(borders, scores), minlength=len(calibration.knots)) / len(scores)
    error = float(np.sqrt(((shares * calibration.errors) ** 2).sum()))
    sampling = float((likely * (1 - likely)).mean() / len(scores))
    margin = Z * math.sqrt(sampling + error**2) + calibration.gap + outside
    trusted = calibration.pairs >= PAIRS and calibration.gap <= GAP and outside <= OUTSIDE
    accuracy = float(_figure(calibration, scores).mean()) if calibration.predicts else None
    return Estimate(float(likely.mean()), accuracy, min(margin, 1.0), trusted, len(scores), calibration.pairs)


def fall(calibration: Calibration, before: Numbers, now: Numbers) -> tuple[float, float]:
    """How much lower the estimate is for the scores ``now`` than for those ``before``, and its standard error.

    Of accuracy where the score predicts the outcome, else of the mean outcome.
    """
    old, new = (_figure(calibration, scores) for scores in (before, now))
    error = math.sqrt(float(old.var()) / len(old) + float(new.var()) / len(new))
    return float(old.mean() - new.mean()), error


def expected_calibration_error(scores: Numbers, outcomes: Numbers) -> float:
    """Mean distance between mean score and mean outcome over ten bins of equal size (Naeini et al. 2015)."""
    order = np.argsort(scores, kind="stable")
    parts = np.array_split(order, min(10, len(order)))
    return float(sum(len(part) * abs(scores[part].mean() - outcomes[part].mean()) for part in parts) / len(order))


def _figure(calibration: Calibration, scores: Numbers) -> Numbers:
    likely = calibration(scores)
    return np.where(scores >= 0.5, likely, 1 - likely) if calibration.predicts else likely


def _bins(scores: Numbers, outcomes: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Mean score, mean outcome and its standard error in bins of equal size."""
    parts = np.array_split(np.argsort(scores, kind="stable"), int(np.clip(len(scores) // KNOT_PAIRS, 1, KNOTS)))
    knots, means = (np.array([column[part].mean() for part in parts]) for column in (scores, outcomes))
    sizes = np.array([len(part) for part in parts])
    # No outcome in [0, 1] varies more than a coin of its mean; one more of each keeps a bin of equals from certainty.
    mild = (means * sizes + 1) / (sizes + 2)
    return knots, means, np.sqrt(mild * (1 - mild) / sizes)


def _gap(scores: Numbers, outcomes: Numbers) -> float:
    half = len(scores) // 2
    if half < 2 * KNOT_PAIRS:
        return 0.5  # nothing is known of how well it holds
    knots, means, errors = _bins(scores[:half], outcomes[:half])
    later, truth = scores[half:], outcomes[half:]
    parts = np.array_split(np.argsort(later, kind="stable"), int(np.clip(half // (2 * KNOT_PAIRS), 2, KNOTS)))
    total = 0.0
    for part in parts:
        missed = truth[part].mean() - np.interp(later[part], knots, means).mean()
        chance = truth[part].var() / len(part) + np.interp(later[part], knots, errors).mean() ** 2
        total += len(part) * (missed**2 - chance)
    return math.sqrt(max(total / len(later), 0.0))
