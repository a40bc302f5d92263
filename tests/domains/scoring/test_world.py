"""What is true of the simulated world: seeded, drifting as it says, and worse to live in with a worse model."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from samouk.domains.scoring.declaration import Declaration
from samouk.domains.scoring.judge import learner_of
from samouk.domains.scoring.schema import CALLING, EXAMPLE, OUTCOME
from samouk.domains.scoring.world import UNTOLD, Drift, Lived, Rank, ScoringWorld
from samouk.edge.wire import Field, Row
from samouk.loop.columns import dtype_of, from_rows
from samouk.loop.records import FloatArray

WORLD = ScoringWorld(3)
LEARNER = learner_of(OUTCOME, EXAMPLE)


def knowing(world: ScoringWorld) -> Rank:
    """Scores by the true chances."""

    def rank(rows: Sequence[Row]) -> Sequence[float]:
        return [float(value) for value in world.chances(from_rows(LEARNER.seen, rows), 0)]

    return rank


def turned(world: ScoringWorld) -> Rank:
    """Scores by the true chances of the opposite."""
    return lambda rows: [1 - score for score in knowing(world)(rows)]


def blind(rows: Sequence[Row]) -> Sequence[float]:
    return [0.5 for _ in rows]


def outcomes(days: Sequence[Lived]) -> FloatArray:
    return np.array([day.outcome for day in days if day.outcome is not None])


def test_a_worse_model_hurts() -> None:
    """People do best with who knows, worse with who does not, worst with who has it backwards."""
    best, none, worst = (outcomes(list(WORLD.live(rank, 0, 1_500))) for rank in (knowing(WORLD), blind, turned(WORLD)))
    assert best.mean() > none.mean() + 0.1 and none.mean() > worst.mean() + 0.1


def test_in_a_null_world_no_model_helps() -> None:
    """Whatever is chosen turns out as often well."""
    null = ScoringWorld(3, null=True)
    one, two = (outcomes(list(null.live(rank, 0, 3_000))).mean() for rank in (knowing(WORLD), turned(WORLD)))
    assert abs(one - two) < 0.04


def test_luck_is_the_same_for_every_model() -> None:
    """Two models that choose alike have the same outcomes, visit by visit."""
    one, two = (list(WORLD.live(rank, 2, 200)) for rank in (blind, blind))
    assert [day.outcome for day in one] == [day.outcome for day in two]
    assert [day.visit.unit for day in one] == [day.visit.unit for day in two]


def test_some_outcomes_are_never_told_whatever_they_were() -> None:
    """Silence says nothing: it is as frequent among good choices as among bad ones."""
    days = list(WORLD.live(blind, 0, 4_000))
    silent = np.array([day.outcome is None for day in days])
    good = np.array([day.visit.chances[day.chosen] > 0.5 for day in days])
    assert abs(silent.mean() - UNTOLD) < 0.02
    assert abs(silent[good].mean() - silent[~good].mean()) < 0.03


def test_visits_are_rows_that_can_be_asked() -> None:
    """Every choice obeys the schema of a prediction; visits come in the order of the clock, by some who return."""
    visits = list(WORLD.people(0, 300))
    for visit in visits[:50]:
        for row in visit.rows:
            LEARNER.seen.check_row(row)
    assert [visit.at for visit in visits] == sorted(visit.at for visit in visits)
    assert 200 < len({visit.unit for visit in visits}) < 300


@pytest.mark.parametrize(
    ("drift", "moved", "still"),
    [
        (Drift("abrupt", week=2), [2, 5], [0, 1]),
        (Drift("gradual", week=2, length=2), [4, 9], [0, 2]),
        (Drift("recurring", length=2), [2, 3, 6], [0, 1, 4]),
        (Drift(), [], [0, 1, 2, 9]),
    ],
)
def test_the_relation_moves_as_it_says(drift: Drift, moved: list[int], still: list[int]) -> None:
    """The chances of one and the same row change in the named weeks and in no others."""
    world = ScoringWorld(3, drift=drift)
    rows = world.rows(500, np.random.default_rng(0))
    before = world.chances(rows, 0)
    for week in still:
        assert np.array_equal(world.chances(rows, week), before)
    for week in moved:
        assert np.abs(world.chances(rows, week) - before).mean() > 0.15


def test_half_way_is_between() -> None:
    """A gradual change passes through what lies between, with as much to tell as before and after."""
    world = ScoringWorld(3, drift=Drift("gradual", week=0, length=4))
    rows = world.rows(2_000, np.random.default_rng(0))
    start, middle, end = (world.chances(rows, week) for week in (0, 2, 4))
    assert np.abs(middle - start).mean() < np.abs(end - start).mean()
    assert middle.std() > 0.7 * min(start.std(), end.std())


def test_features_do_not_drift() -> None:
    """Only the relation moves: a change of the features' own spread would be seen without any outcome."""
    world = ScoringWorld(3, drift=Drift("abrupt", week=1))
    one, two = (np.concatenate([batch.columns["price"] for batch in world.batches(week, 40)]) for week in (0, 1))
    assert abs(one.mean() - two.mean()) < 8


def test_calling_outcomes_are_shares() -> None:
    """How strongly a choice calls lies between the ends, around what is expected."""
    world = ScoringWorld(3, learner=CALLING)
    columns = world.examples(2_000)
    told = columns["outcome"][~np.isnan(columns["outcome"])]
    assert len(np.unique(told)) > 200 and told.min() >= 0 and told.max() <= 1
    gap = (columns["outcome"] - world.chances(columns, 0))[~np.isnan(columns["outcome"])]
    assert abs(gap.mean()) < 0.02


def test_it_lives_on_any_declaration() -> None:
    """Batches obey features that nobody foresaw, a single flag too."""
    fields = (
        Field("n", "integer", -3, 40_000, optional=True),
        Field("big", "number", -1e9, 1e9),
        Field("many", "category", values=tuple(map(str, range(500)))),
    )
    for declaration in (Declaration(7, fields), Declaration(1, (Field("only", "flag", optional=True),))):
        world = ScoringWorld(1, declaration=declaration)
        batch = next(world.batches(0, 1))
        assert batch.schema_version == declaration.version
        for spec in world.schema.fields:
            assert batch.columns[spec.name].dtype == dtype_of(spec)
        assert dataclasses.asdict(next(world.people(0, 1)))["rows"]
