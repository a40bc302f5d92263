"""Off-policy estimates are unbiased, their intervals cover, and what cannot be estimated is refused."""

from __future__ import annotations

import numpy as np
import pytest

from samouk.domains.scoring.limits import Limits, difference, gamma
from samouk.domains.scoring.offpolicy import (
    Logged,
    NoPropensity,
    effective,
    evaluate,
    out_of_fold,
    shrunk_weights,
)
from samouk.loop.records import FloatArray, IntArray

ACTIONS = 4
MEANS = np.array([[0.2, 0.5, 0.4, 0.7], [0.6, 0.3, 0.5, 0.1]])
"""Chance of a reward of 1, by context and action."""

LOGGING = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]])
TARGET = np.array([[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]])
TRUTH = float((TARGET * MEANS).sum(axis=1).mean())


def draw(rng: np.random.Generator, rows: int, means: FloatArray = MEANS) -> tuple[IntArray, Logged]:
    """A log of two contexts, equally frequent."""
    context = rng.integers(2, size=rows)
    chosen = (rng.random(rows)[:, None] > LOGGING[context].cumsum(axis=1)).sum(axis=1)
    rewards = (rng.random(rows) < means[context, chosen]).astype(float)
    return context, Logged(chosen, rewards, LOGGING[context, chosen])


def by_cell(context: IntArray, logged: Logged) -> FloatArray:
    """Expected rewards: shrunk means by context and action, of the other folds."""
    cell, means = context * ACTIONS + logged.chosen, float(logged.rewards.mean())

    def fit(train: IntArray, held: IntArray) -> FloatArray:
        sums = np.bincount(cell[train], logged.rewards[train], 2 * ACTIONS) + 2 * means
        found: FloatArray = (sums / (np.bincount(cell[train], minlength=2 * ACTIONS) + 2)).reshape(2, ACTIONS)
        return found[context[held]]

    return out_of_fold(len(context), fit)


def test_logging_policy_itself() -> None:
    """For the policy that logged every weight is 1 and the estimate is the mean of what came, to the last digit."""
    context, logged = draw(np.random.default_rng(1), 500)
    report = evaluate(logged, LOGGING[context], by_cell(context, logged))
    mean = float(logged.rewards.mean())
    assert report.estimates["snips"].value == report.logging.value == mean
    assert report.estimates["ips"].value == report.estimates["clipped"].value == mean
    assert (report.ess, report.largest_weight, report.shrinkage) == (500, 1, np.inf)
    assert report.gain[0] <= 0 <= report.gain[1]
    assert report.verdict == "nothing shown"


def test_unbiased_and_covering() -> None:
    """Over 1,000 logs each estimator's mean is the true value, and its interval holds it in 93 to 97 %."""
    found: dict[str, list[tuple[float, bool]]] = {}
    for seed in range(1_000):
        context, logged = draw(np.random.default_rng(seed), 600)
        for name, estimate in evaluate(logged, TARGET[context], by_cell(context, logged)).estimates.items():
            found.setdefault(name, []).append((estimate.value, estimate.low <= TRUTH <= estimate.high))
    for name in ("ips", "snips", "clipped", "dr", "sndr", "robust"):
        values, covered = (np.array(column) for column in zip(*found[name], strict=True))
        assert abs(values.mean() - TRUTH) < 4 * values.std() / 1_000**0.5 + 1e-3, name
        assert 0.93 <= covered.mean() <= 0.97, (name, covered.mean())
    spread = {name: np.std([value for value, _ in rows]) for name, rows in found.items()}
    assert spread["dr"] < spread["ips"]


def test_rare_rewards_are_covered() -> None:
    """With five rewards a log, where Student's t holds the truth too seldom, the limits still do."""
    means, truth = MEANS / 100, TRUTH / 100
    held: dict[str, list[bool]] = {}
    normal = []
    for seed in range(1_000):
        context, logged = draw(np.random.default_rng(seed), 1_200, means)
        report = evaluate(logged, TARGET[context], np.full((1_200, ACTIONS), float(logged.rewards.mean())))
        for name in ("ips", "snips", "dr", "sndr", "robust"):
            estimate = report.estimates[name]
            assert estimate.interval in ("gamma", "hull")
            held.setdefault(name, []).append(estimate.low <= truth <= estimate.high)
        marks = logged.rewards * TARGET[context, logged.chosen] / logged.propensities
        normal.append(abs(marks.mean() - truth) < 1.96 * marks.std(ddof=1) / 1_200**0.5)
    assert np.mean(normal) < 0.93
    assert {name: rate for name, rate in held.items() if np.mean(rate) < 0.95} == {}


def test_gamma_is_clopper_pearson_of_a_poisson() -> None:
    """With equal weights the limits are those of a Poisson count."""
    from scipy.stats import chi2

    marks = np.zeros(1_000)
    marks[:7] = 1
    limits = gamma(marks, np.ones(1_000), 0.95)
    assert limits.low == pytest.approx(chi2.ppf(0.025, 14) / 2_000)
    assert limits.high == pytest.approx(chi2.ppf(0.975, 16) / 2_000)
    nothing = gamma(np.zeros(1_000), np.ones(1_000), 0.95)
    assert nothing.low == 0
    assert nothing.high == pytest.approx(chi2.ppf(0.975, 2) / 2_000)


def test_exploding_weights() -> None:
    """Where weights explode the robust estimate errs less than the unbiased ones, and its interval still covers."""
    logging = np.array([0.692, 0.3, 0.004, 0.004])
    means = np.array([0.08, 0.05, 0.06, 0.05])
    errors: dict[str, list[float]] = {"ips": [], "snips": [], "dr": [], "robust": []}
    held = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        chosen = rng.choice(4, size=2_000, p=logging)
        logged = Logged(chosen, (rng.random(2_000) < means[chosen]).astype(float), logging[chosen])
        expected = by_cell(np.zeros(2_000, np.int64), logged)
        report = evaluate(logged, np.full((2_000, 4), 0.25), expected)
        for name, values in errors.items():
            values.append(abs(report.estimates[name].value - 0.06))
        held.append(report.robust.low <= 0.06 <= report.robust.high)
    mean = {name: np.mean(values) for name, values in errors.items()}
    assert mean["robust"] < 0.8 * min(mean["ips"], mean["snips"], mean["dr"])
    assert np.mean(held) >= 0.95


def test_refuses_the_worse_only() -> None:
    """A challenger that does harm is refused; one that would win a lot is not crowned."""
    context, logged = draw(np.random.default_rng(5), 5_000)
    worst, best = np.eye(ACTIONS)[MEANS.argmin(axis=1)], np.eye(ACTIONS)[MEANS.argmax(axis=1)]
    expected = by_cell(context, logged)
    harm = evaluate(logged, worst[context], expected)
    assert (harm.verdict, harm.gain[1] < 0) == ("refuse", True)
    good = evaluate(logged, best[context], expected)
    assert (good.verdict, good.gain[0] > 0) == ("nothing shown", True)
    assert evaluate(logged, worst[context], expected, tolerance=1.0).verdict == "nothing shown"


def test_equal_policies_are_seldom_refused() -> None:
    """A challenger that earns exactly as much is refused in no more than 1 in 20 logs."""
    means = np.full((2, ACTIONS), 0.3)
    refused = 0
    for seed in range(300):
        context, logged = draw(np.random.default_rng(seed), 400, means)
        refused += evaluate(logged, TARGET[context], by_cell(context, logged)).verdict == "refuse"
    assert refused <= 0.05 * 300


@pytest.mark.parametrize("bad", [0.0, -0.1, 1.5, float("nan")])
def test_no_propensity_no_estimate(bad: float) -> None:
    """A decision without a probability is named, and nothing is assumed for it."""
    with pytest.raises(NoPropensity, match=r"decision 2 .* a uniform choice is never assumed"):
        Logged(np.zeros(3, np.int64), np.zeros(3), np.array([0.5, 0.5, bad]))


def test_wrong_input_is_named() -> None:
    """An empty log, rewards that are no numbers, and a target that is no distribution are refused with words."""
    with pytest.raises(ValueError, match="no decision"):
        Logged(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    with pytest.raises(ValueError, match="rewards"):
        Logged(np.zeros(1, np.int64), np.array([np.nan]), np.ones(1))
    logged = Logged(np.zeros(2, np.int64), np.zeros(2), np.full(2, 0.5))
    with pytest.raises(ValueError, match="distribution"):
        evaluate(logged, np.full((2, 2), 0.7), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="2 rows"):
        evaluate(logged, np.full((3, 2), 0.5), np.zeros((3, 2)))


def test_what_the_log_never_did() -> None:
    """Where the target would mostly act as the log never could, nothing is shown, however low the estimate."""
    possible = np.zeros((100, 2), np.bool_)
    possible[:, 0] = True
    logged = Logged(np.zeros(100, np.int64), np.ones(100), np.ones(100), possible)
    report = evaluate(logged, np.tile([0.1, 0.9], (100, 1)), np.full((100, 2), 0.5))
    assert report.verdict == "nothing shown"
    assert report.unsupported == pytest.approx(0.9)
    assert "never possible" in report.reasons[0]


def test_wrong_propensities_show() -> None:
    """Propensities that are not those of what was shown move the weights' mean, and the report says so."""
    context, logged = draw(np.random.default_rng(3), 3_000)
    wrong = Logged(logged.chosen, logged.rewards, np.full(3_000, 0.25))
    report = evaluate(wrong, TARGET[context], by_cell(context, logged))
    assert "not those of what was shown" in report.reasons[0]


def test_weights() -> None:
    """Shrinkage leaves a weight of 1, bounds large ones, and with no bound changes nothing."""
    weights = np.array([0.0, 1.0, 2.0, 1_000.0])
    assert shrunk_weights(weights, 4.0) == pytest.approx([0, 1, 1.25, 0.005], abs=1e-4)
    assert shrunk_weights(weights, 1e12) == pytest.approx(weights, rel=1e-5)
    assert effective(np.ones(9)) == 9
    assert effective(np.zeros(9)) == 0


def test_difference_knows_the_correlation() -> None:
    """Two estimates that move together differ by less than each is unsure; the plain limits are at 0."""
    one, other = Limits(0.5, 0.4, 0.6), Limits(0.3, 0.2, 0.4)
    assert difference(one, other, 0.0) == pytest.approx((0.2 - 0.02**0.5, 0.2 + 0.02**0.5))
    assert difference(one, other, 1.0) == pytest.approx((0.2, 0.2))
