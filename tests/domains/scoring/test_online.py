"""What is true between two turns: the correction earns its weight, does no harm, and can be replayed exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from samouk.domains.scoring import online
from samouk.domains.scoring.declaration import Declaration
from samouk.domains.scoring.features import layout_of
from samouk.domains.scoring.judge import learner_of
from samouk.domains.scoring.schema import EXAMPLE, OUTCOME
from samouk.domains.scoring.world import Drift, ScoringWorld
from samouk.families.packing import pack
from samouk.loop import snapshot
from samouk.loop.columns import Columns
from samouk.loop.learner import Context, Learner, Online
from samouk.loop.records import Artifact, Predictions

LEARNER = learner_of(OUTCOME, EXAMPLE)


def part(columns: Columns, first: int, last: int) -> dict[str, Any]:
    return {name: column[first:last] for name, column in columns.items()}


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    parts = [snapshot.label(LEARNER, batch.columns, n) for n, batch in enumerate(ScoringWorld(1).batches(0, 20))]
    return LEARNER.fit(snapshot.join(LEARNER, parts), None, Context(seed=4))


@pytest.fixture(scope="module")
def offline() -> Online:
    assert LEARNER.online is not None
    return LEARNER.online


def loss(said: np.ndarray, outcome: np.ndarray) -> float:
    safe, known = np.clip(said.astype(float), 1e-4, 1 - 1e-4), ~np.isnan(outcome)
    return float(-np.where(outcome > 0.5, np.log(safe), np.log1p(-safe))[known].mean())


def lived(part_of: Online, artifact: Artifact, columns: Columns, size: int = 50) -> tuple[float, float]:
    """Log loss of the batch model and of the hybrid: every row is answered before it is learnt."""
    state, frozen, mended = part_of.begin(artifact), [], []
    for first in range(0, len(columns["outcome"]), size):
        rows = part(columns, first, first + size)
        base = LEARNER.predict(artifact, rows)
        frozen.append(base.values)
        mended.append(part_of.correct(state, rows, base).values)
        state = part_of.learn(state, artifact, rows)
    return loss(np.concatenate(frozen), columns["outcome"]), loss(np.concatenate(mended), columns["outcome"])


@pytest.mark.parametrize("seed", [11, 12])
def test_after_a_drift_it_beats_the_frozen_model(artifact: Artifact, offline: Online, seed: int) -> None:
    """When the relation has moved, the hybrid wins back a good part of the loss long before the next turn."""
    moved = ScoringWorld(seed, drift=Drift("abrupt", week=1.0)).examples(6_000, week=2)
    frozen, mended = lived(offline, artifact, moved)
    assert mended < frozen - 0.05


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_where_nothing_moves_it_does_no_harm(artifact: Artifact, offline: Online, seed: int) -> None:
    """In a stationary world, where the model is right already, the correction costs next to nothing."""
    frozen, mended = lived(offline, artifact, ScoringWorld(seed).examples(6_000))
    assert mended < frozen + 0.002


def test_before_anything_is_learnt_the_batch_model_speaks(artifact: Artifact, offline: Online) -> None:
    """A fresh state changes no bit of an answer."""
    rows = ScoringWorld(3).examples(40)
    base = LEARNER.predict(artifact, rows)
    assert offline.correct(offline.begin(artifact), rows, base) is base


def test_an_outcome_cannot_be_seen_before_it_is_learnt(artifact: Artifact, offline: Online) -> None:
    """An answer is the same whatever the outcome of its row will be."""
    rows = ScoringWorld(3).examples(600)
    state = offline.learn(offline.begin(artifact), artifact, part(rows, 0, 500))
    asked = part(rows, 500, 600)
    turned = {**asked, "outcome": 1 - asked["outcome"]}
    base = LEARNER.predict(artifact, asked)
    assert np.array_equal(offline.correct(state, asked, base).values, offline.correct(state, turned, base).values)


def test_cuts_and_restarts_change_nothing(artifact: Artifact, offline: Online) -> None:
    """The state after n rows is the same, bit for bit, however they were cut and whenever it was saved and loaded."""
    rows = ScoringWorld(5).examples(700)
    whole = offline.learn(offline.begin(artifact), artifact, rows)
    cut, first = offline.begin(artifact), 0
    for size in np.random.default_rng(0).integers(1, 90, 40):
        cut = offline.learn(cut, artifact, part(rows, first, first + int(size)))
        cut = offline.load(artifact, offline.save(cut))
        first += int(size)
    cut = offline.learn(cut, artifact, part(rows, first, 700))
    assert offline.save(cut) == offline.save(whole)
    base = LEARNER.predict(artifact, rows)
    assert np.array_equal(offline.correct(cut, rows, base).values, offline.correct(whole, rows, base).values)


def test_one_row_is_answered_as_in_company(artifact: Artifact, offline: Online) -> None:
    """The fast way for a single row says what the way for many says, missing values and abstentions included."""
    rows = ScoringWorld(6, drift=Drift("abrupt", week=1.0)).examples(900, week=2)
    state = offline.learn(offline.begin(artifact), artifact, part(rows, 0, 700))
    asked = part(rows, 700, 900)
    base = LEARNER.predict(artifact, asked)
    base.values[7] = np.nan
    together = offline.correct(state, asked, base)
    for number in range(200):
        alone = Predictions(base.values[number : number + 1], base.confidence[number : number + 1])
        single = offline.correct(state, part(asked, number, number + 1), alone)
        assert np.allclose(single.values, together.values[number], atol=1e-6, equal_nan=True)
        assert np.allclose(single.confidence, together.confidence[number], atol=1e-6, equal_nan=True)
    assert np.abs(together.values - base.values)[np.arange(200) != 7].max() > 0.05


def test_what_was_not_told_teaches_nothing(artifact: Artifact, offline: Online) -> None:
    """Rows without an outcome leave the state as if they had never come."""
    rows = ScoringWorld(7).examples(400)
    known = ~np.isnan(rows["outcome"])
    told = {name: column[known] for name, column in rows.items()}
    assert 0 < known.sum() < 400
    states = [offline.learn(offline.begin(artifact), artifact, columns) for columns in (rows, told)]
    assert offline.save(states[0]) == offline.save(states[1])


def test_a_model_of_other_features_learns_nothing(artifact: Artifact, offline: Online) -> None:
    """After a change of the declared features an old model abstains, and nothing is learnt about it."""
    stranger = Artifact(artifact.data, {**artifact.metadata, "features_digest": "0" * 16})
    state = offline.learn(offline.begin(stranger), stranger, ScoringWorld(7).examples(400))
    assert state.seen == 0


def test_strange_bytes_are_refused(artifact: Artifact, offline: Online) -> None:
    """Bytes of no state, of another kind and over other features are refused with what to do."""
    other = Declaration(2, EXAMPLE.fields[:3])
    foreign: Learner = learner_of(OUTCOME, other)
    assert foreign.online is not None
    whole = offline.save(offline.begin(artifact))
    for data in (b"", b"nonsense", whole[:-40], pack({"kind": "stream"}, {})):
        with pytest.raises(ValueError, match="state"):
            offline.load(artifact, data)
    with pytest.raises(ValueError, match="other features"):
        offline.load(artifact, foreign.online.save(foreign.online.begin(artifact)))


def test_every_feature_has_a_term_of_its_own() -> None:
    """Scale and level, then one term a number, then one a value and one for its absence."""
    layout = layout_of(LEARNER.schema)
    terms = online.terms_of(layout)
    assert terms.count == 2 + len(layout.numeric) + sum(values + 1 for _, values in layout.coded)
    assert terms.first[0] == 2 + len(layout.numeric)
