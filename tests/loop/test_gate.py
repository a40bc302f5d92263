"""The gate: what passes, what is refused, and how often it errs."""

import numpy as np
import pytest

from samouk.loop import gate
from samouk.loop.gate import GateBroken, Match, bootstrap, clustered, judge, mcnemar, self_test
from samouk.loop.learner import GatePolicy, Metric
from samouk.loop.records import BoolArray, Decision, FloatArray

ACCURACY = (Metric("accuracy", tolerance=0.02),)
POLICY = GatePolicy()


def match(seed: int, better: float, worse: float, n: int = 2_000, slices: dict[str, BoolArray] | None = None) -> Match:
    """Champion right on 85 %; the challenger mends a share of all examples and breaks another."""
    rng = np.random.default_rng(seed)
    champion = (rng.random(n) < 0.85).astype(float)
    draw = rng.random(n)
    challenger = champion.copy()
    challenger[(champion == 0) & (draw < better / 0.15)] = 1
    challenger[(champion == 1) & (draw < worse / 0.85)] = 0
    groups = np.arange(n) // 50
    return Match({"accuracy": champion}, {"accuracy": challenger}, groups, slices or {})


def test_an_identical_challenger_is_refused() -> None:
    """A challenger that judges no example differently has no reason to take over."""
    verdict = judge(match(1, 0, 0), ACCURACY, POLICY)
    assert verdict.decision is Decision.REFUSE
    assert "differently" in verdict.reasons[0]


def test_a_clearly_better_challenger_passes_with_its_p_value() -> None:
    """Three points more on two thousand examples are enough, and the reasons say how sure that is."""
    verdict = judge(match(1, 0.03, 0.0), ACCURACY, POLICY)
    assert verdict.decision is Decision.PASS
    assert verdict.figures[0].p_value is not None
    assert verdict.figures[0].p_value < 0.001
    assert "p = " in verdict.reasons[0]


def test_a_worse_challenger_is_refused() -> None:
    """Three points less are beyond the tolerance."""
    verdict = judge(match(1, 0.0, 0.03), ACCURACY, POLICY)
    assert verdict.decision is Decision.REFUSE
    assert verdict.reasons[0].startswith("worse: accuracy")


def test_a_small_gain_that_may_be_chance_stays_undecided() -> None:
    """More wins than losses, but not by enough: neither refused for good nor promoted."""
    verdict = judge(match(3, 0.024, 0.020), ACCURACY, POLICY)
    assert verdict.figures[0].challenger > verdict.figures[0].champion
    assert verdict.decision is Decision.UNDECIDED


def test_a_gain_that_hurts_a_slice_is_refused() -> None:
    """Better on the whole, but a tenth of the people lose: refused with the slice's name."""
    base = match(1, 0.06, 0.0)
    few = np.arange(2_000) % 10 == 0
    challenger = base.challenger["accuracy"].copy()
    challenger[few & (np.arange(2_000) % 30 == 0)] = 0
    verdict = judge(Match(base.champion, {"accuracy": challenger}, base.groups, {"ios": few}), ACCURACY, POLICY)
    assert verdict.decision is Decision.REFUSE
    assert "accuracy[ios]" in verdict.reasons[0]


def test_too_few_examples_leave_the_gate_undecided() -> None:
    """However good it looks, fifty examples decide nothing."""
    verdict = judge(match(1, 0.1, 0.0, n=150), ACCURACY, POLICY)
    assert verdict.decision is Decision.UNDECIDED
    assert "200 are needed" in verdict.reasons[0]


def test_one_contributor_cannot_promote_a_model() -> None:
    """Gains that rest on a single batch do not survive the bootstrap over batches."""
    base = match(1, 0.0, 0.0)
    challenger = base.champion["accuracy"].copy()
    challenger[base.groups == 0] = 1
    wrong = base.champion["accuracy"].copy()
    wrong[base.groups == 0] = 0
    verdict = judge(Match({"accuracy": wrong}, {"accuracy": challenger}, base.groups, {}), ACCURACY, POLICY)
    assert mcnemar(challenger - wrong) < 1e-9
    assert verdict.decision is not Decision.PASS


def test_a_worn_holdout_decides_nothing() -> None:
    """A holdout that has served its budget of verdicts must grow first."""
    verdict = judge(match(1, 0.05, 0), ACCURACY, POLICY, uses=POLICY.reuse_budget)
    assert verdict.decision is Decision.UNDECIDED


def test_a_replacement_need_only_be_no_worse() -> None:
    """When the champion's data were erased, an equal model free of them takes over; a worse one does not."""
    assert judge(match(1, 0, 0), ACCURACY, POLICY, replacement=True).decision is Decision.PASS
    assert judge(match(1, 0, 0.05), ACCURACY, POLICY, replacement=True).decision is Decision.REFUSE


def test_a_downward_metric_counts_the_other_way() -> None:
    """Less error is better."""
    error = (Metric("error", direction="down", tolerance=0.02),)
    base = match(1, 0.04, 0)
    old, new = 1 - base.champion["accuracy"], 1 - base.challenger["accuracy"]
    turned = Match({"error": old}, {"error": new}, base.groups, {})
    assert judge(turned, error, POLICY).decision is Decision.PASS


def test_mcnemar_is_the_exact_binomial_tail() -> None:
    """Eight wins and two losses: P(X >= 8 | 10, 1/2) = 56/1024."""
    values = np.array([1.0] * 8 + [-1.0] * 2 + [0.0] * 90)
    assert mcnemar(values) == pytest.approx(56 / 1024)


def test_bootstrap_never_claims_more_than_its_resamples() -> None:
    """With 2,000 resamples the smallest p-value is 1/2001."""
    assert bootstrap(np.ones(100), np.arange(100)) == pytest.approx(1 / 2001)


def test_corrections_of_a_row_each_are_no_contributors() -> None:
    """However many tiny batches there are, whole ones must be among them."""
    base = match(1, 0.05, 0.0)
    alone = Match(base.champion, base.challenger, np.arange(2_000), {})
    verdict = judge(alone, ACCURACY, POLICY)
    assert verdict.decision is Decision.UNDECIDED
    assert "whole batches" in verdict.reasons[0]


def test_a_handful_of_groups_needs_a_t_test() -> None:
    """Five group means as (1, 2, 3, 4, 5): t = 4.24 with 4 degrees of freedom."""
    values, groups = np.repeat([1.0, 2.0, 3.0, 4.0, 5.0], 10), np.repeat(np.arange(5), 10)
    assert clustered(values, groups) == pytest.approx(0.0066, abs=1e-4)
    assert clustered(np.ones(10), np.zeros(10, np.int32)) == 1.0
    assert clustered(np.ones(10), np.arange(10)) == 0.0


def test_equal_models_on_few_correlated_batches_are_seldom_promoted() -> None:
    """Twelve batches whose rows agree with one another: at most 5 % (+3 sigma) of 200."""
    promoted = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        shift = np.repeat(rng.normal(0, 0.15, 12), 100)
        draw = rng.random(1_200)
        values = np.where(draw < 0.05 * (1 + shift), 1.0, np.where(draw > 1 - 0.05 * (1 - shift), -1.0, 0.0))
        champion = np.where(values == 0, rng.random(1_200) < 0.85, values < 0).astype(float)
        challenger = champion + values
        groups = np.repeat(np.arange(12), 100)
        verdict = judge(Match({"accuracy": champion}, {"accuracy": challenger}, groups, {}), ACCURACY, POLICY)
        promoted += verdict.decision is Decision.PASS
    assert promoted <= 19


def test_graded_scores_are_judged_by_the_bootstrap() -> None:
    """Scores between 0 and 1 need no McNemar."""
    rng = np.random.default_rng(5)
    champion: FloatArray = rng.random(1_000) * 0.8
    graded = (Metric("similarity", binary=False, tolerance=0.01),)
    groups = np.arange(1_000) // 20
    passed = judge(Match({"similarity": champion}, {"similarity": champion + 0.05}, groups, {}), graded, POLICY)
    assert passed.decision is Decision.PASS


def test_the_gate_passes_its_own_test() -> None:
    """Identity and a planted worse are refused, a planted better passes, for binary and graded metrics."""
    self_test(ACCURACY, POLICY)
    self_test((Metric("loss", direction="down", binary=False, tolerance=0.01),), POLICY)


def test_a_gate_that_promotes_everything_fails_its_own_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken statistic is noticed before it decides anything."""
    monkeypatch.setattr(gate, "superiority", lambda *_: 0.0)
    monkeypatch.setattr(gate, "_decide", lambda *_, **__: (Decision.PASS, ()))
    with pytest.raises(GateBroken, match="identical"):
        self_test(ACCURACY, POLICY)


def test_equal_models_are_seldom_promoted_and_worse_ones_hardly_ever() -> None:
    """200 seeded gates each: equal ones pass in at most 5 % (+3 sigma), half a point worse in at most 2 %."""
    equal = sum(judge(match(seed, 0.0225, 0.0225), ACCURACY, POLICY).decision is Decision.PASS for seed in range(200))
    worse = sum(judge(match(seed, 0.02, 0.025), ACCURACY, POLICY).decision is Decision.PASS for seed in range(200))
    better = sum(judge(match(seed, 0.03, 0.015), ACCURACY, POLICY).decision is Decision.PASS for seed in range(200))
    assert equal <= 19
    assert worse <= 4
    assert better >= 140
