"""What is true of the measures: they reward what is right and honest, and of what is said of a model and a batch."""

from __future__ import annotations

import json

import numpy as np
import pytest

from samouk.domains.scoring import judge
from samouk.domains.scoring.judge import CALLING_METRICS, OUTCOME_METRICS, learner_of, measured
from samouk.domains.scoring.schema import EXAMPLE, OUTCOME
from samouk.domains.scoring.world import Drift, ScoringWorld
from samouk.loop import gate, snapshot
from samouk.loop.columns import take
from samouk.loop.learner import Context, mean
from samouk.loop.records import Artifact, Decision, Examples, Labels

LEARNER = learner_of(OUTCOME, EXAMPLE)


def lived(seed: int, batches: int = 30, null: bool = False) -> Examples:
    world = ScoringWorld(seed, null)
    parts = [snapshot.label(LEARNER, batch.columns, n) for n, batch in enumerate(world.batches(0, batches))]
    return snapshot.join(LEARNER, parts)


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return LEARNER.fit(lived(1), None, Context())


@pytest.fixture(scope="module")
def unseen() -> Examples:
    return lived(2)


def test_measures_by_hand() -> None:
    """Two answers, worked out on paper."""
    said, truth = np.array([0.9, 0.2, 0.6]), np.array([1.0, 0.0, 0.0])
    found = measured(OUTCOME_METRICS, said, truth)
    surprise = np.log(1000)
    assert found["log_score"] == pytest.approx(1 + np.log([0.9, 0.8, 0.4]) / surprise)
    assert found["brier"] == pytest.approx([0.99, 0.96, 0.64])
    assert found["ranking"] == pytest.approx([1.0, 1.0, 1.0])
    assert measured(CALLING_METRICS, said, truth)["nearness"] == pytest.approx([0.9, 0.8, 0.4])


def test_ranking_is_the_area_under_the_curve() -> None:
    """Its mean equals the share of pairs in order, ties by half."""
    rng = np.random.default_rng(0)
    said, truth = rng.integers(0, 20, 300) / 20, (rng.random(300) < 0.3).astype(np.float64)
    good, bad = said[truth == 1], said[truth == 0]
    pairs = (good[:, None] > bad).mean() + 0.5 * (good[:, None] == bad).mean()
    assert mean(measured(OUTCOME_METRICS, said, truth)["ranking"]) == pytest.approx(pairs)
    assert np.isnan(measured(OUTCOME_METRICS, said, np.ones(300))["ranking"]).all()


def test_honesty_is_rewarded_and_chance_forgiven() -> None:
    """A truthful score is taken as honest, few rows or many; one that exaggerates is not."""
    rng = np.random.default_rng(1)
    for rows in (200, 5_000):
        chance = rng.uniform(0.05, 0.95, rows)
        truth = (rng.random(rows) < chance).astype(np.float64)
        shrill = 1 / (1 + (1 / chance - 1) ** 3)
        honest, loud = (mean(measured(OUTCOME_METRICS, said, truth)["calibration"]) for said in (chance, shrill))
        assert honest > 0.985
        assert loud < honest - 0.02


def test_the_truth_scores_best_by_every_measure_of_chance() -> None:
    """Log score and Brier are proper: no other answer is better than the true chance, in the long run."""
    rng = np.random.default_rng(2)
    truth = (rng.random(200_000) < 0.3).astype(np.float64)
    for name in ("log_score", "brier"):
        means = {
            guess: mean(measured(OUTCOME_METRICS, np.full(len(truth), guess), truth)[name]) for guess in (0.1, 0.3, 0.5)
        }
        assert max(means, key=lambda guess: means[guess]) == 0.3


def test_who_does_not_answer_gets_nothing() -> None:
    """An abstention is worth 0, not the middle."""
    found = measured(OUTCOME_METRICS, np.array([np.nan, 0.5]), np.array([1.0, 0.0]))
    assert all(values[0] == 0 for values in found.values())


def test_a_missing_outcome_is_not_a_bad_one() -> None:
    """Rows of which nothing was told have no label, no trust and no place among the examples."""
    columns = next(ScoringWorld(1).batches(0, 1)).columns
    labels = LEARNER.label(columns)
    untold = np.isnan(columns["outcome"])
    assert untold.any() and np.isnan(labels.values[untold]).all() and not labels.trusted[untold].any()
    assert snapshot.label(LEARNER, columns, 0).rows == int((~untold).sum())
    assert LEARNER.outcomes[0].silence is None


def test_only_the_newest_rows_judge(artifact: Artifact) -> None:
    """Older held-out rows are NaN for model and constant alike, whatever order the rows are in."""
    many, backwards = lived(2, 90), slice(None, None, -1)
    labels = many.labels
    turned = Examples(
        take(many.columns, backwards),
        Labels(labels.values[backwards], labels.confidence[backwards], labels.trusted[backwards]),
        many.groups[backwards],
    )
    assert LEARNER.constant is not None
    for values in (LEARNER.score(artifact, turned)["brier"], LEARNER.constant(many, turned)["brier"]):
        assert (~np.isnan(values)).sum() == judge.JUDGED_ROWS < turned.rows
        assert turned.groups[~np.isnan(values)].min() >= turned.groups[np.isnan(values)].max()


def test_the_gate_passes_what_learnt_and_nothing_else(artifact: Artifact, unseen: Examples) -> None:
    """Against the mean a fitted model passes with all guards and slices; the mean itself does not."""
    assert LEARNER.constant is not None
    mean_says = LEARNER.constant(lived(1), unseen)
    for scores, decision in ((LEARNER.score(artifact, unseen), Decision.PASS), (mean_says, Decision.REFUSE)):
        match = gate.Match(mean_says, scores, unseen.groups, LEARNER.slices(unseen))
        assert gate.judge(match, LEARNER.metrics, LEARNER.policy.gate).decision is decision


def test_a_model_that_shouts_is_refused(artifact: Artifact, unseen: Examples) -> None:
    """Scores twice as far from the middle rank as before, and are refused: a louder score is no better outcome."""
    said = LEARNER.predict(artifact, unseen.columns).values.astype(np.float64)
    truth = unseen.labels.values.astype(np.float64)
    loud = np.clip(0.5 + 2.5 * (said - 0.5), 0, 1)
    before, after = (measured(OUTCOME_METRICS, values, truth) for values in (said, loud))
    verdict = gate.judge(gate.Match(before, after, unseen.groups, {}), LEARNER.metrics, LEARNER.policy.gate)
    assert verdict.decision is Decision.REFUSE


def test_slices_are_values_of_flags_and_small_categories(unseen: Examples) -> None:
    """Each slice is named by field and value, and there are not too many."""
    found = LEARNER.slices(unseen)
    assert {"kind=visit", "channel=web", "returning=yes", "urgent=no"} <= set(found)
    assert len(found) <= judge.SLICES
    assert (found["kind=visit"] == (unseen.columns["kind"] == 1)).all()


def test_people_are_told_what_changed(artifact: Artifact, unseen: Examples) -> None:
    """Card and changelog are plain and name rows, kind and what weighs most."""
    card = LEARNER.card(artifact, lived(1), {"log_score": 0.9})
    assert card["samples"] == lived(1).rows and json.dumps(card, allow_nan=False)
    assert "who an agent is" in card["not_for"]
    lines = LEARNER.changes(artifact, artifact, unseen)
    assert lines[0].startswith("Learnt from") and lines[-1] == "Scores move by 0.000 on the mean"


def test_liars_are_kept_out_and_drift_is_not(artifact: Artifact) -> None:
    """Outcomes turned round are suspects; those of another law, of an unseen seed or of no law at all are not."""
    for batch in ScoringWorld(9).poisoned(0, 10):
        reason = LEARNER.suspects(batch.columns, artifact)
        assert reason is not None and "turned round" in reason
        assert LEARNER.suspects(batch.columns, None) is None
    worlds = (ScoringWorld(9), ScoringWorld(9, True), ScoringWorld(9, drift=Drift("abrupt", week=0)))
    for world in worlds:
        assert [LEARNER.suspects(batch.columns, artifact) for batch in world.batches(0, 10)] == [None] * 10


def test_an_outage_that_looks_like_zeros_is_kept_out(artifact: Artifact) -> None:
    """A batch all of whose outcomes are 0 where half were good is no bad day: somebody sent 0 for missing."""
    batch = next(ScoringWorld(9).batches(0, 1))
    zeros = {**batch.columns, "outcome": np.where(np.isnan(batch.columns["outcome"]), np.nan, 0).astype(np.float32)}
    reason = LEARNER.suspects(zeros, artifact)
    assert reason is not None and reason.startswith("all of its")
    few = take(zeros, slice(40))
    assert LEARNER.suspects(few, artifact) is None
