"""What is true of the model of scores: it learns, forgets what no longer holds, and is honest."""

from __future__ import annotations

import dataclasses
import json

import lightgbm
import numpy as np
import pytest

from samouk.domains.scoring import additive, graph, model, training
from samouk.domains.scoring.declaration import Declaration
from samouk.domains.scoring.features import Layout, layout_of, matrix
from samouk.domains.scoring.judge import learner_of
from samouk.domains.scoring.schema import CALLING, EXAMPLE, OUTCOME
from samouk.domains.scoring.world import Drift, ScoringWorld
from samouk.edge.wire import Field
from samouk.families import foreign, trees
from samouk.loop import snapshot
from samouk.loop.columns import take
from samouk.loop.learner import Context, Learner, mean
from samouk.loop.records import Artifact, Examples, FloatArray, Labels

LEARNER = learner_of(OUTCOME, EXAMPLE)
LAYOUT = layout_of(LEARNER.schema)


def lived(world: ScoringWorld, batches: int, week: int = 0, learner: Learner = LEARNER) -> Examples:
    parts = [snapshot.label(learner, batch.columns, n) for n, batch in enumerate(world.batches(week, batches))]
    return snapshot.join(learner, parts)


@pytest.fixture(scope="module")
def taught() -> Examples:
    return lived(ScoringWorld(1), 30)


@pytest.fixture(scope="module")
def unseen() -> Examples:
    return lived(ScoringWorld(2), 30)


@pytest.fixture(scope="module")
def artifact(taught: Examples) -> Artifact:
    return LEARNER.fit(taught, None, Context(seed=4))


def test_one_seed_gives_one_model(taught: Examples, artifact: Artifact) -> None:
    """Two fits with equal rows and seed give the same bytes."""
    assert LEARNER.fit(taught, None, Context(seed=4)).data == artifact.data


def test_it_nears_the_truth(artifact: Artifact, unseen: Examples) -> None:
    """In a world of known chances it explains most of what can be explained at all."""
    truth = ScoringWorld(2).chances(unseen.columns, 0)
    said = LEARNER.predict(artifact, unseen.columns).values
    assert np.mean((said - truth) ** 2) < 0.45 * np.var(truth)
    assert np.corrcoef(said, truth)[0, 1] > 0.8


def test_scores_are_honest(artifact: Artifact, unseen: Examples) -> None:
    """Mean score and mean outcome lie close together, also among high and among low scores."""
    said = LEARNER.predict(artifact, unseen.columns).values
    for rows in (said < 0.35, (said >= 0.35) & (said < 0.65), said >= 0.65):
        assert rows.sum() > 100
        assert abs(float(said[rows].mean() - unseen.labels.values[rows].mean())) < 0.07


def test_the_graph_says_what_was_fitted(taught: Examples) -> None:
    """ONNX and the libraries that fitted it agree on every row, with gaps and without, calibrated or not."""
    lessons = model._lessons(LAYOUT, taught)
    context = Context(seed=1)
    fitted = training.fit(LAYOUT, training.KINDS[2], lessons, context, training.Clock(context))
    assert fitted.booster is not None
    odds = additive.logits(LAYOUT, fitted.base, lessons.inputs)
    odds += np.asarray(fitted.booster.predict(lessons.inputs, raw_score=True))
    assert np.isnan(lessons.inputs).any()
    for slope, offset in ((1.0, 0.0), (0.7, -0.4)):
        data = graph.to_onnx(LAYOUT, fitted.base, fitted.grown(), (slope, offset), {})
        found = model.scores(Artifact(data, {}), lessons.inputs)
        assert np.abs(found - additive.sigmoid(slope * odds + offset)).max() < 1e-5


def test_trees_take_gaps_as_they_were_grown() -> None:
    """A gap in a column that had none while the trees grew goes where LightGBM sends it."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(2_000, 3)).astype(np.float32)
    inputs[rng.random(2_000) < 0.2, 0] = np.nan
    target = (np.nan_to_num(inputs[:, 0], nan=1.0) + inputs[:, 1] > 0).astype(float)
    booster = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(inputs, target), 10)
    inputs[::3, 2] = np.nan
    expected = np.asarray(booster.predict(inputs, raw_score=True))
    assert np.abs(walked(trees.grown(booster), inputs) - expected).max() < 1e-9


def walked(forest: list[trees.Tree], inputs: FloatArray) -> FloatArray:
    """The sum of the trees, walked node by node."""
    sums = np.zeros(len(inputs))
    for row, values in enumerate(inputs):
        for tree in forest:
            node = tree[0]
            while node.yes:
                value = values[node.feature]
                node = tree[node.yes if (node.absent if np.isnan(value) else value <= node.value) else node.no]
            sums[row] += node.weight
    return sums


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64, 200])
def test_a_table_is_a_tree(count: int) -> None:
    """Every code finds its weight, and a gap finds none."""
    weights = np.arange(1, count + 1) / 8
    codes = np.append(np.arange(count), np.nan).astype(np.float32)[:, None]
    found = walked([trees.table(0, weights.tolist())], codes)
    assert np.array_equal(found, np.append(weights, 0))


def test_a_threshold_is_never_rounded_up() -> None:
    """A single-precision input lies on the same side of the kept threshold as of the grown one."""
    for threshold in (0.1, 1 / 3, 16_777_217.0, -0.1, 0.5):
        kept = trees.at_most(threshold)
        above = float(np.nextafter(np.float32(kept), np.float32(np.inf)))
        assert float(np.float32(kept)) == kept <= threshold < above
    assert trees.at_most(1.7e308) == trees.HIGHEST


def test_few_rows_make_an_additive_model(taught: Examples) -> None:
    """Below some hundred rows no trees are tried, and one batch alone is no ground to compare anything on."""
    few = Examples(take(taught.columns, slice(60)), _head(taught, 60), taught.groups[:60])
    made = LEARNER.fit(few, None, Context())
    assert made.metadata["kind"] == "additive"
    assert np.isfinite(LEARNER.predict(made, few.columns).values).all()


def _head(examples: Examples, rows: int) -> Labels:
    labels = examples.labels
    return dataclasses.replace(
        labels, values=labels.values[:rows], confidence=labels.confidence[:rows], trusted=labels.trusted[:rows]
    )


def test_one_outcome_for_all_is_learnt_without_an_end(taught: Examples) -> None:
    """Where every outcome was 1, scores are high and finite, and below 1 by what few rows allow."""
    labels = dataclasses.replace(taught.labels, values=np.ones(taught.rows, np.float32))
    made = LEARNER.fit(Examples(taught.columns, labels, taught.groups), None, Context())
    said = LEARNER.predict(made, taught.columns).values
    assert said.min() > 0.9 and said.max() <= 1


def test_nothing_to_learn_from_is_said() -> None:
    """An empty fit is refused in words."""
    with pytest.raises(ValueError, match="no rows with an outcome"):
        LEARNER.fit(snapshot.join(LEARNER, []), None, Context())


def test_a_tiny_budget_still_makes_a_model(taught: Examples) -> None:
    """When the time is over no tree is grown, and what is there is handed over."""
    made = LEARNER.fit(taught, None, Context(time_budget_s=0.0))
    assert made.metadata["kind"] == "additive"


def test_after_an_abrupt_change_it_forgets() -> None:
    """Where the newest rows obey another law, older ones count less, and the newest are scored better for it."""
    world = ScoringWorld(5, drift=Drift("abrupt", week=3))
    weeks = [lived(world, 20, week) for week in range(4)]
    parts = [dataclasses.replace(part, groups=part.groups + 20 * week) for week, part in enumerate(weeks)]
    whole = snapshot.join(LEARNER, parts)
    made = LEARNER.fit(whole, None, Context(seed=1))
    assert made.metadata["half_life"] is not None
    stale = LEARNER.fit(snapshot.join(LEARNER, parts[:3]), None, Context(seed=1))
    fresh = lived(world, 20, 4)
    assert mean(LEARNER.score(made, fresh)["log_score"]) > mean(LEARNER.score(stale, fresh)["log_score"]) + 0.01


def test_a_world_at_rest_is_remembered_whole() -> None:
    """Without drift nothing is forgotten."""
    whole = lived(ScoringWorld(6), 90)
    assert LEARNER.fit(whole, None, Context(seed=1)).metadata["half_life"] is None


def test_the_champion_shortens_the_search_and_decides_nothing(taught: Examples, artifact: Artifact) -> None:
    """Started from the champion's weights, a fit finds the same scores."""
    again = LEARNER.fit(taught, artifact, Context(seed=4))
    one, two = (LEARNER.predict(made, taught.columns).values for made in (artifact, again))
    assert np.abs(one - two).mean() < 0.01


def test_another_declaration_makes_old_versions_abstain(artifact: Artifact, unseen: Examples) -> None:
    """A version of other features answers NaN and scores nothing, so that the next turn can replace it."""
    fields = (*EXAMPLE.fields[1:], Field("kind", "category", values=("delivery", "other")))
    learner = learner_of(OUTCOME, Declaration(2, fields))
    columns = {**unseen.columns, "kind": np.zeros(unseen.rows, np.int16)}
    said = learner.predict(artifact, columns)
    assert np.isnan(said.values).all() and (said.confidence == 0).all()
    scores = learner.score(artifact, Examples(columns, unseen.labels, unseen.groups))
    assert all(np.nanmax(values) == 0 for name, values in scores.items() if name != "ranking")


def test_the_file_says_what_it_is(artifact: Artifact) -> None:
    """Learner, features and kind stand in the graph's own properties, as plain JSON."""
    kept = json.loads(foreign.ready(artifact.data).session.get_modelmeta().custom_metadata_map[graph.METADATA])
    assert kept["learner"] == OUTCOME and kept["features"] == list(LAYOUT.names)
    assert list(artifact.metadata["influence"]) != [] and json.dumps(dict(artifact.metadata), allow_nan=False)


def test_what_matters_has_influence() -> None:
    """A feature that decides everything moves scores most; one that decides nothing hardly moves them."""
    rng = np.random.default_rng(3)
    columns = {**ScoringWorld(1).rows(2_000, rng)}
    values = (columns["price"] > 100).astype(np.float32)
    labels = LEARNER.label({"outcome": values})
    made = LEARNER.fit(Examples(columns, labels, np.arange(2_000, dtype=np.int32) // 50), None, Context())
    influence = made.metadata["influence"]
    assert next(iter(influence)) == "price" and influence["price"] > 10 * max(influence["hour"], influence["rating"])


def test_shares_are_learnt_as_well() -> None:
    """The calling learner, whose outcomes are shares, is nearer to what is expected than the mean is."""
    learner = learner_of(CALLING, EXAMPLE)
    world = ScoringWorld(1, learner=CALLING)
    made = learner.fit(lived(world, 20, learner=learner), None, Context())
    fresh = lived(ScoringWorld(2, learner=CALLING), 10, learner=learner)
    gap = learner.predict(made, fresh.columns).values - ScoringWorld(2, learner=CALLING).chances(fresh.columns, 0)
    assert np.abs(gap).mean() < 0.1


def test_a_declaration_of_one_flag_works() -> None:
    """The smallest declaration, without any number, has a model."""
    learner = learner_of(OUTCOME, Declaration(1, (Field("new", "flag", optional=True),)))
    layout: Layout = layout_of(learner.schema)
    columns = {"new": np.tile(np.array([0, 1, -1], np.int8), 200)}
    values = (columns["new"] == 1).astype(np.float32)
    made = learner.fit(
        Examples(columns, learner.label({"outcome": values}), np.arange(600, dtype=np.int32) // 60), None, Context()
    )
    said = model.scores(made, matrix(layout, {"new": np.array([0, 1], np.int8)}))
    assert said[0] < 0.1 and said[1] > 0.9


def test_before_anything_was_learnt_every_row_is_a_coin(unseen: Examples) -> None:
    """The first version answers one half to all, also where values are missing, and any that learnt beats it."""
    blank = LEARNER.first()
    assert blank is not None
    assert set(LEARNER.predict(blank, unseen.columns).values.tolist()) == {0.5}
    gaps = {name: column[:5].copy() for name, column in unseen.columns.items()}
    for spec in LAYOUT.fields:
        if spec.optional and spec.kind == "number":
            gaps[spec.name][:] = np.nan
    assert set(LEARNER.predict(blank, gaps).values.tolist()) == {0.5}
