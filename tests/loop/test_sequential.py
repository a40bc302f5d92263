"""Sequences and bets: equal to their oracle, right at every look, and the planted failures that are not."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from samouk.loop.records import IntArray
from samouk.loop.sequential import (
    Arm,
    Estimate,
    betting_interval,
    cautious,
    difference_interval,
    half_width,
    half_width_one_sided,
    log_wealth,
    most_wealth,
    p_value,
    p_value_one_sided,
    srm,
    srm_sequential,
    stratified,
    tuned,
)

ORACLE: list[dict[str, Any]] = json.loads((Path(__file__).parent / "gbstats_sequential.json").read_text())["cases"]
ESTIMATES = st.builds(
    Estimate,
    st.floats(-0.5, 0.5).filter(lambda value: abs(value) > 1e-6),
    st.floats(1e-6, 0.01),
    st.integers(2, 100_000).map(float),
)


@pytest.mark.parametrize("case", ORACLE, ids=lambda case: f"{case['kind']}-{case['control']['n']}-{case['alpha']}")
def test_two_sided_sequences_equal_those_of_gbstats(case: dict[str, Any]) -> None:
    """Bounds and always-valid p agree with gbstats 0.8.0 to 1e-9."""
    control, challenger = (Arm(**case[side]) for side in ("control", "challenger"))
    spread = control.variance / control.n + challenger.variance / challenger.n
    found = Estimate(challenger.mean - control.mean, spread, control.n + challenger.n)
    rho2 = tuned(case["planned"], case["alpha"])
    half = half_width(found, case["alpha"], rho2)
    assert found.value - half == pytest.approx(case["low"], abs=1e-9)
    assert found.value + half == pytest.approx(case["high"], abs=1e-9)
    assert p_value(found, rho2) == pytest.approx(case["p"], abs=1e-9)


def test_equal_arms_in_one_stratum_are_the_plain_difference() -> None:
    """Stratifying changes nothing where there is one stratum with equal arms."""
    found = stratified([(Arm(500, 0.1, 0.09), Arm(500, 0.15, 0.12))])
    assert found == pytest.approx((0.05, 0.09 / 500 + 0.12 / 500, 1_000))


@given(ESTIMATES, st.floats(1e-5, 1e-3))
def test_p_values_are_where_the_bounds_touch_nothing(found: Estimate, rho2: float) -> None:
    """At alpha = p the sequence just reaches 0, two-sided and one-sided."""
    two, one = p_value(found, rho2), p_value_one_sided(found, rho2)
    if 1e-200 < two < 1:
        assert half_width(found, two, rho2) == pytest.approx(abs(found.value), rel=1e-6)
    if found.value > 0 and 1e-200 < one < 1:
        assert half_width_one_sided(found, one, rho2) == pytest.approx(found.value, rel=1e-6)
    if found.value < 0:
        assert one == 1.0


@pytest.mark.parametrize("planned", [1_000, 5_000, 40_000])
def test_the_sequence_is_tightest_where_it_was_tuned(planned: int) -> None:
    """Tuned elsewhere, it is wider at the planned size."""
    at = Estimate(0.0, 0.2 / planned, planned)
    best = half_width(at, 0.05, tuned(planned, 0.05))
    assert all(best < half_width(at, 0.05, tuned(planned * other, 0.05)) for other in (0.25, 0.5, 2, 4))


def test_a_value_without_variance_is_certain_and_none_is_nothing() -> None:
    """No spread and a difference: p is 0; no spread and no difference: p is 1."""
    assert p_value(Estimate(0.1, 0.0, 100), 0.001) == 0.0
    assert p_value(Estimate(0.0, 0.0, 100), 0.001) == 1.0


def ramp(seed: int, runs: int) -> tuple[IntArray, IntArray, IntArray]:
    """Counts of good outcomes (runs, steps) of equal versions: champion, its control part, challenger."""
    rng = np.random.default_rng(seed)
    control = rng.binomial([1_000, 5_000], [0.10, 0.14], (runs, 2))
    outside = rng.binomial([8_000, 0], [0.10, 0.14], (runs, 2))
    return control + outside, control, rng.binomial([1_000, 5_000], [0.10, 0.14], (runs, 2))


def z_score(a: float, n: float, b: float, m: float) -> float:
    return float((b / m - a / n) / math.sqrt(a / n * (1 - a / n) / n + b / m * (1 - b / m) / m))


def test_pooling_a_ramp_calls_equal_versions_different() -> None:
    """Planted failure: pooled over 10 % and 50 % while the base rate moves, nearly all; stratified, at most alpha."""
    pooled = sure = 0
    champion, control, challenger = ramp(1, 300)
    rho2 = tuned(5_000, 0.05)
    for everybody, beside, other in zip(champion, control, challenger, strict=True):
        pooled += abs(z_score(everybody.sum(), 14_000, other.sum(), 6_000)) > 1.96
        sizes = (1_000, 5_000)
        strata = [(bernoulli(n, a), bernoulli(n, b)) for n, a, b in zip(sizes, beside, other, strict=True)]
        found = stratified(strata)
        sure += abs(found.value) > half_width(found, 0.05, rho2)
    assert pooled > 0.8 * 300
    assert sure <= 0.05 * 300


def bernoulli(n: int, good: float) -> Arm:
    return Arm(n, good / n, good / n * (1 - good / n))


def test_peeking_breaks_the_fixed_test_and_not_the_sequence() -> None:
    """Planted failure: 30 looks of 200 an arm at equal versions; z beyond 5 %, the sequences within."""
    rng, looks, runs = np.random.default_rng(2), 30, 400
    good = rng.binomial(200, 0.1, (2, runs, looks)).cumsum(axis=2)
    peeked = two = one = 0
    for a, b in zip(good[0], good[1], strict=True):
        found = [stratified([(bernoulli(200 * (i + 1), a[i]), bernoulli(200 * (i + 1), b[i]))]) for i in range(looks)]
        peeked += any(abs(f.value) > 1.96 * math.sqrt(f.variance) for f in found)
        two += any(abs(f.value) > half_width(f, 0.05, tuned(6_000, 0.05)) for f in found)
        one += any(f.value > half_width_one_sided(f, 0.05, tuned(6_000, 0.1)) for f in found)
    assert peeked > 0.15 * runs
    assert two <= 0.05 * runs
    assert one <= 0.05 * runs


def test_few_equal_values_are_not_certain() -> None:
    """Planted failure: five failures beside five successes have no variance; the careful arm has one."""
    raw = stratified([(Arm(5, 0.0, 0.0), Arm(5, 1.0, 0.0))])
    careful = stratified([(cautious(Arm(5, 0.0, 0.0)), cautious(Arm(5, 1.0, 0.0)))])
    rho2 = tuned(5_000, 0.05)
    assert half_width(raw, 0.05, rho2) == 0
    assert half_width(careful, 0.05, rho2) > 1


@given(st.lists(st.floats(0, 1), min_size=2, max_size=50))
def test_a_careful_variance_is_that_of_two_more_values(values: list[float]) -> None:
    """One at 0 and one at 1."""
    known = np.array(values)
    found = cautious(Arm(len(known), float(known.mean()), float(known.var(ddof=1))))
    assert found.variance == pytest.approx(np.append(known, (0, 1)).var(ddof=1), abs=1e-12)


@pytest.mark.parametrize("draw", ["rare", "even", "beta"])
def test_betting_intervals_cover_at_all_looks_together(draw: str) -> None:
    """With 20, 60 and 200 values, watched at each, at most alpha miss; also where a normal interval fails."""
    rng, missed, naive, runs = np.random.default_rng(3), 0, 0, 150
    truth = {"rare": 0.02, "even": 0.5, "beta": 0.4}[draw]
    for _ in range(runs):
        values = rng.beta(2, 3, 200) if draw == "beta" else (rng.random(200) < truth).astype(float)
        intervals = [betting_interval(values[:n], 0.05) for n in (20, 60, 200)]
        missed += any(not low <= truth <= high for low, high in intervals)
        spread = 1.96 * values[:20].std(ddof=1) / math.sqrt(20)
        naive += abs(values[:20].mean() - truth) > spread
    assert missed <= 0.05 * runs
    if draw == "rare":
        assert naive > 0.3 * runs  # planted: twenty zeros have a normal interval of no width


def test_betting_finds_what_is_there() -> None:
    """A hundred pairs are enough for a fall from one half to a fifth, and the interval holds the true difference."""
    rng = np.random.default_rng(4)
    control, challenger = (rng.random(200) < 0.5).astype(float), (rng.random(200) < 0.2).astype(float)
    low, high = difference_interval(control, challenger, 0.05)
    assert low < -0.3 < high < 0
    assert betting_interval(np.array([]), 0.05) == (0.0, 1.0)


@given(st.lists(st.sampled_from([-1.0, -0.25, 0.0, 0.5, 1.0]), max_size=120), st.sampled_from([0.0, -0.01, -0.1]))
def test_wealth_depends_neither_on_order_nor_on_where_the_zeros_stand(values: list[float], null: float) -> None:
    """Zeros may be given as a number, and no wealth exceeds its bound."""
    known = np.array(values)
    found = log_wealth(known, null)
    assert log_wealth(known[::-1], null) == pytest.approx(found, abs=1e-9)
    assert log_wealth(known[known != 0], null, zeros=int((known == 0).sum())) == pytest.approx(found, abs=1e-9)
    assert found <= most_wealth(float((known - null).sum())) + 1e-9


def test_betting_on_a_fair_game_seldom_wins() -> None:
    """Watched after every pair, the wealth of a game without gain reaches 1 / alpha in at most alpha of the runs."""
    rng, won, runs = np.random.default_rng(5), 0, 400
    for _ in range(runs):
        games = (rng.random(200) < 0.1).astype(float) - (rng.random(200) < 0.1)
        won += any(log_wealth(games[:n]) >= -math.log(0.05) for n in range(10, 201, 10))
    assert won <= 0.05 * runs


def test_the_sample_ratio_of_a_published_test_fires_at_one_percent_only() -> None:
    """Cookie Cats: chi-square 6.90, p = .0086; read at any look it is no proof."""
    p = srm((44_700, 45_489), (1, 1))
    assert p == pytest.approx(0.0086, abs=5e-5)
    assert 0.1 < srm_sequential((44_700, 45_489), (1, 1), 40_000) < 1
    assert srm((0, 0), (1, 1)) == srm_sequential((0, 0), (1, 1), 5_000) == 1.0


def test_three_arms_are_tested_as_scipy_does() -> None:
    """Against unequal shares."""
    counts = (480, 290, 230)
    assert srm(counts, (0.5, 0.3, 0.2)) == pytest.approx(chisquare(counts, [500, 300, 200]).pvalue)
    assert srm_sequential((4_000, 3_000, 3_000), (0.5, 0.3, 0.2), 5_000) < 1e-6
    assert srm_sequential(counts, (0.5, 0.3, 0.2), 5_000) > 0.01


def test_peeking_breaks_chi_square_and_not_the_sequential_ratio() -> None:
    """Planted failure: a fair coin watched for 100 looks."""
    rng, runs, peeked, sure = np.random.default_rng(6), 300, 0, 0
    for counts in rng.binomial(100, 0.5, (runs, 100)).cumsum(axis=1).tolist():
        pairs = [(count, 100 * (i + 1) - count) for i, count in enumerate(counts)]
        peeked += any(srm(pair, (1, 1)) < 0.05 for pair in pairs)
        sure += any(srm_sequential(pair, (1, 1), 5_000) < 0.05 for pair in pairs)
    assert peeked > 0.15 * runs
    assert sure <= 0.05 * runs
