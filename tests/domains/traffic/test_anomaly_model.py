"""What is true of what verdicts teach: it finds more, does no harm while they are few, and never silences a rule."""

from __future__ import annotations

import numpy as np
import pytest

from samouk.domains.traffic.anomaly import forest, novelty
from samouk.domains.traffic.anomaly.judge import LEARNER, QUIET, measured
from samouk.domains.traffic.anomaly.learning import FEWEST
from samouk.domains.traffic.anomaly.model import INPUTS, RISING, first, loaded, weigh
from samouk.domains.traffic.anomaly.weighing import KEPT, Reading, floor, read, reading_of, rule_strength, scorer_of
from samouk.domains.traffic.anomaly.world import AnomalyWorld, columns_of
from samouk.domains.traffic.features import FEATURES, Features
from samouk.domains.traffic.records import Evidence, Hit, Rule, Severity
from samouk.loop import snapshot
from samouk.loop.columns import take
from samouk.loop.learner import Context, mean
from samouk.loop.records import Artifact, Examples


def lived(seed: int, servers: int, null: bool = False) -> Examples:
    batches = AnomalyWorld(seed, null).batches(0, servers)
    return snapshot.join(LEARNER, [snapshot.label(LEARNER, batch.columns, n) for n, batch in enumerate(batches)])


def truth_of(seed: int, servers: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Windows that nobody gave a verdict on, and which of them did harm."""
    seen = [AnomalyWorld(seed).seen(0, server) for server in range(servers)]
    parts = [columns_of(found.reading) for found in seen]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return columns, np.concatenate([found.abused for found in seen])


def found_in(artifact: Artifact, columns: dict[str, np.ndarray], harm: np.ndarray) -> float:
    """Average precision."""
    order = np.argsort(-LEARNER.predict(artifact, columns).values, kind="stable")
    hits = harm[order]
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return LEARNER.fit(lived(1, 24), None, Context())


def test_verdicts_teach(artifact: Artifact) -> None:
    """On servers that it never saw it finds more of the harm than v1.0, and is surer of the verdicts."""
    columns, harm = truth_of(2, 12)
    assert found_in(artifact, columns, harm) > found_in(first(), columns, harm) + 0.05
    unseen = snapshot.trusted(lived(2, 12))
    learnt, fixed = (LEARNER.score(model, unseen) for model in (artifact, first()))
    for metric in ("log_score", "ranking", "calibration"):
        assert mean(learnt[metric]) > mean(fixed[metric])


def test_a_handful_of_verdicts_does_no_harm() -> None:
    """With thirty to a hundred verdicts what is found stays what v1.0 finds, or more."""
    columns, harm = truth_of(3, 12)
    fixed = found_in(first(), columns, harm)
    for seed in (11, 12, 13):
        model = LEARNER.fit(lived(seed, 1), None, Context())
        assert FEWEST < model.metadata["verdicts"] < 110
        assert found_in(model, columns, harm) > fixed - 0.03


def test_too_few_verdicts_leave_the_fixed_weights() -> None:
    """Below the least number only what is novel is learnt."""
    examples = lived(4, 2)
    told = np.flatnonzero(examples.labels.trusted)[FEWEST - 1 :]
    kept = np.setdiff1d(np.arange(examples.rows), told)
    labels = type(examples.labels)(*(getattr(examples.labels, name)[kept] for name in examples.labels.__slots__))
    model = LEARNER.fit(Examples(take(examples.columns, kept), labels, examples.groups[kept]), None, Context())
    learnt = loaded(model.data)
    assert (learnt.base, learnt.calibration, learnt.trees.trees) == ((1.0, 0.0), (1.0, 0.0), 0)
    assert learnt.crowd.edge > 0


def test_nothing_to_learn_from_is_refused_with_a_remedy() -> None:
    """An empty snapshot names what would help."""
    with pytest.raises(ValueError, match="confirm or dismiss"):
        LEARNER.fit(snapshot.join(LEARNER, []), None, Context())


def test_no_verdicts_silence_a_grave_rule() -> None:
    """However often floods were dismissed, a rule of high severity keeps half of its strength."""
    examples = lived(5, 12)
    examples.labels.values[:] = np.where(reading_of(examples.columns).times[:, 2] > 0, 0, examples.labels.values)
    model = LEARNER.fit(examples, None, Context())
    columns, _ = truth_of(6, 6)
    reading = reading_of(columns)
    said = LEARNER.predict(model, columns).values
    grave = rule_strength(reading.times, slice(2, None)) > 0
    assert grave.sum() > 20
    assert (said >= floor(reading) - 1e-6).all()
    assert said[grave].min() >= KEPT * 0.6 - 1e-6


def test_more_evidence_is_never_less_harm(artifact: Artifact) -> None:
    """Raising any input that may only rise lowers no score, on any window."""
    columns, _ = truth_of(7, 2)
    model = loaded(artifact.data)
    inputs = weigh(model.crowd, reading_of(columns)).inputs[::7]
    before = forest.add(model.trees, inputs)
    for place in np.flatnonzero(RISING):
        raised = inputs.copy()
        raised[:, place] += np.random.default_rng(place).random(len(raised))
        assert (forest.add(model.trees, raised) >= before - 1e-9).all(), INPUTS[place]


def test_one_window_scores_as_in_a_batch(artifact: Artifact) -> None:
    """The host's scorer and the platform's prediction say the same."""
    rule = Rule("message_flood", "messages_per_minute", 100, Severity.HIGH)
    window = Features(240, 60, 0.1, 3, 900, 4, 20, 40, 0.5, 2)
    evidence = Evidence(window, np.linspace(-3, 9, 10), 80, (Hit(rule, 240.0, 2.4),))
    columns = columns_of(read(evidence))
    said = LEARNER.predict(artifact, columns).values[0]
    scored = scorer_of(artifact, "v1.7")(evidence)
    assert scored.score == pytest.approx(said, abs=1e-5)
    assert scored.version == "v1.7"
    assert sum(scored.parts.values()) == pytest.approx(scored.score)


def test_labels_are_verdicts_and_weak_where_all_is_quiet() -> None:
    """Weak ones are never trusted; a window that speaks and was not answered has no label."""
    batch = next(AnomalyWorld(8).batches(0, 1))
    labels, verdict = LEARNER.label(batch.columns), batch.columns["verdict"]
    told = ~np.isnan(verdict)
    assert np.array_equal(labels.values[told], verdict[told]) and (labels.trusted == told).all()
    weak = ~told & ~np.isnan(labels.values)
    assert (labels.values[weak] == 0).all() and (labels.confidence[weak] == np.float32(QUIET)).all()
    assert (batch.columns["times_high"][weak] == 0).all()
    assert np.isnan(labels.values[~told & (batch.columns["times_high"] > 0)]).all()


def test_novelty_sees_what_no_feature_shows_alone() -> None:
    """Two features that always go together say something when they part, though each is within its range."""
    rng = np.random.default_rng(0)
    mood = rng.normal(0, 1, 3_000)
    rows = rng.normal(0, 1, (3_000, novelty.WIDTH))
    rows[:, 0], rows[:, 1] = mood, mood + rng.normal(0, 0.1, 3_000)
    crowd = novelty.fit(rows)
    strange = np.zeros((2, novelty.WIDTH))
    strange[0, :2], strange[1, :2] = (2.0, -2.0), (2.0, 2.0)
    apart, together = novelty.say(crowd, novelty.units_of(crowd, strange), np.zeros(2))
    assert apart > 0.2 and together == 0.0
    quiet = novelty.say(crowd, novelty.units_of(crowd, rows), np.zeros(3_000))
    assert (quiet > 0).mean() < 0.005


def test_few_quiet_windows_and_the_whole_server_are_never_novel() -> None:
    """Of what is unlike anybody, and of a crowd too small, nothing is said."""
    rows = np.random.default_rng(0).normal(0, 1, (novelty.FEWEST - 1, novelty.WIDTH))
    crowd = novelty.fit(rows)
    assert novelty.say(crowd, novelty.units_of(crowd, rows + 50), np.zeros(len(rows))).max() == 0
    large = novelty.fit(np.random.default_rng(0).normal(0, 1, (500, novelty.WIDTH)))
    assert novelty.say(large, novelty.units_of(large, rows + 50), np.ones(len(rows))).max() == 0


def test_poisoned_batches_are_suspected_and_honest_ones_are_not(artifact: Artifact) -> None:
    """Verdicts that say the opposite of what was seen are kept out, whatever the champion thinks by now."""
    world = AnomalyWorld(9)
    poisoned = [LEARNER.suspects(batch.columns, artifact) for batch in world.poisoned(0, 12)]
    assert sum(reason is not None for reason in poisoned) >= 9
    assert all(reason is None or "turned round" in reason for reason in poisoned)
    assert all(LEARNER.suspects(batch.columns, None) is None for batch in world.batches(0, 12))


def test_critical_rules_that_are_dismissed_en_masse_are_suspected() -> None:
    """The rule is to be mended then, not the model."""
    batch = next(AnomalyWorld(10).batches(0, 1))
    rows = len(batch.columns["verdict"])
    verdict, times = np.full(rows, np.nan, np.float32), np.zeros(rows, np.float32)
    verdict[:30], times[:30] = 0, 2
    reason = LEARNER.suspects({**batch.columns, "verdict": verdict, "times_critical": times}, None)
    assert reason is not None and "critical rules" in reason


def test_measures_by_hand() -> None:
    """Two answers, worked out on paper."""
    found = measured(np.array([0.9, 0.2]), np.array([1.0, 0.0]))
    assert found["log_score"] == pytest.approx(1 + np.log([0.9, 0.8]) / np.log(1000))
    assert found["ranking"] == pytest.approx([1.0, 1.0])
    assert np.isnan(measured(np.array([0.5]), np.array([1.0]))["ranking"]).all()


def test_people_are_told_what_is_caught(artifact: Artifact) -> None:
    """How much of what was confirmed, how many alerts are right, and what it was before."""
    lines = LEARNER.changes(first(), artifact, lived(2, 8))
    assert any(line.startswith("Catches ") and "of the confirmed" in line and "before" in line for line in lines)
    assert any(line.startswith("Weighs differently: ") for line in lines)


def test_slices_name_the_worst_rule() -> None:
    """Every window is in one slice of scope and in one of rule."""
    examples = lived(2, 2)
    found = LEARNER.slices(examples)
    for word in ("scope", "rule"):
        assert (np.sum([mask for name, mask in found.items() if name.startswith(word)], axis=0) == 1).all()
    assert (examples.columns["times_high"][found["rule=high"]] > 0).all()


def test_forests_are_walked_as_they_were_grown() -> None:
    """Arrays say what LightGBM says, row by row; and no rows say nothing."""
    import lightgbm

    from samouk.families.trees import grown

    rng = np.random.default_rng(0)
    inputs = rng.normal(0, 1, (500, 4)).astype(np.float32).astype(np.float64)
    target = (inputs[:, 0] * inputs[:, 1] > 0).astype(np.float64)
    settings = {"objective": "binary", "num_leaves": 8, "max_depth": 3, "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(inputs, target), 20)
    found = forest.forest_of(grown(booster))
    start = booster.predict(inputs, raw_score=True)
    assert forest.add(found, inputs) == pytest.approx(start, abs=1e-6)
    assert forest.add(found.head(5), inputs) == pytest.approx(
        booster.predict(inputs, raw_score=True, num_iteration=5), abs=1e-6
    )
    assert len(forest.add(found, inputs[:0])) == 0


def test_models_that_ask_for_what_there_is_not_are_refused() -> None:
    """Arrays that do not belong together never reach a score."""
    trees = forest.Forest(np.full(7, len(INPUTS)), np.zeros(7), np.zeros(8))
    assert not forest.fits(trees, len(INPUTS))
    assert not forest.fits(trees._replace(feature=np.zeros(6, np.int64)), len(INPUTS))
    assert forest.fits(forest.empty(), len(INPUTS))


def test_readings_keep_their_shape() -> None:
    """No rows are no rows, in every array."""
    columns, _ = truth_of(2, 1)
    nothing: Reading = reading_of(take(columns, slice(0)))
    assert nothing.features.shape == (0, len(FEATURES)) and nothing.server.shape == (0,)
