"""A search finds a model that errs less than one answer does, survives its export, and refuses what cannot be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime
import pytest

from samouk.automl.choice import NothingFit, chosen, exported
from samouk.automl.parity import parity, source_scores
from samouk.automl.search import FAMILIES, BadSearch, Found, search
from samouk.automl.study import study
from samouk.automl.table import NothingToSearch, Table, seen_fields, table_of
from samouk.domains import learner
from samouk.loop.columns import take
from samouk.loop.records import Examples
from samouk.loop.rehearsal import examples

OUTCOME = learner("scoring.outcome")
CALLING = learner("scoring.calling")


def made(seed: int, rows: int = 400, *, number: bool = False, noise: bool = False) -> Table:
    """Rows of which two columns matter, some values missing; ``noise`` parts answers from rows."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 5)).astype(np.float32)
    x[rng.random(x.shape) < 0.1] = np.nan
    level = np.nan_to_num(x[:, 0]) - np.nan_to_num(x[:, 1])
    share = 1 / (1 + np.exp(-2 * level))
    y = share if number else (share > rng.random(rows)).astype(np.float64)
    if noise:
        y = rng.permutation(y)
    names = tuple(f"f{place}" for place in range(5))
    return Table(names, x, y, np.arange(rows) // 20, 0 if number else 2)


TRIALS = 4
"""Settings tried of each family: a search that is counted ends alike on a busy machine, and sooner."""


def tried(table: Table, families: Sequence[str] = FAMILIES) -> Found:
    """A search that counts its settings and not its time."""
    return search(table, 60.0, families=families, seed=3, trials=TRIALS)


@pytest.fixture(scope="module")
def found() -> Found:
    """A short search over every family, on answers of yes and no."""
    return tried(made(1))


@pytest.mark.slow
def test_time_alone_ends_a_search() -> None:
    """Without a number of settings it stops by its seconds, with what it has."""
    found = search(made(1), 1.0, seed=3)
    assert found.candidates and found.trials >= len(found.candidates)
    assert {one.family for one in found.candidates} <= set(FAMILIES)


@pytest.mark.slow
def test_every_family_that_was_tried_survives_the_export(found: Found) -> None:
    """Each candidate as ONNX answers as its source does on fresh rows, missing values included, and one is chosen."""
    probes = made(2).x
    candidates = list(exported(found, made(1), probes))
    assert {one.candidate.family for one in candidates} == set(FAMILIES)
    assert all(one.parity.faithful and one.parity.rows == len(probes) for one in candidates)
    best = chosen(candidates)
    assert best.candidate.loss == min(one.candidate.loss for one in candidates)
    assert best.candidate.loss < found.constant


@pytest.mark.slow
def test_numbers_are_cut_to_the_unit() -> None:
    """A model of numbers answers from 0 to 1 however far rows lie outside, and as its source does."""
    table = made(1, number=True)
    far = (made(2).x * 100).astype(np.float32)
    for one in exported(tried(table, ("lgbm", "rf")), table, far):
        assert one.parity.faithful
        assert one.refusal is None


@pytest.mark.slow
def test_nothing_is_handed_on_where_there_is_nothing_to_learn() -> None:
    """Answers without a relation to the rows: every family is refused, with the reason."""
    table = made(1, 200, noise=True)
    found = tried(table, ("lgbm",))
    with pytest.raises(NothingFit, match="errs no less"):
        chosen(list(exported(found, table, made(2).x)))


@pytest.mark.slow
def test_a_model_too_large_is_refused(found: Found) -> None:
    """Size is a reason too, and is named."""
    table = made(1)
    (one, *_) = exported(found, table, table.x, largest=100)
    assert one.refusal is not None and "more than 100" in one.refusal


def classed(seed: int, present: tuple[int, ...], classes: int = 4) -> Table:
    """Rows of some of the classes, told apart by the first column; ``present`` are those that have rows."""
    table = made(seed, 300)
    place = np.clip(np.floor(np.nan_to_num(table.x[:, 0]) + len(present) / 2), 0, len(present) - 1).astype(int)
    return Table(table.names, table.x, np.array(present, float)[place], table.groups, classes)


@pytest.mark.slow
@pytest.mark.parametrize("present", [(0, 2, 3), (1, 3), (0, 1, 2, 3)], ids=["three", "two", "all"])
def test_a_class_without_rows_keeps_its_column(present: tuple[int, ...]) -> None:
    """The export answers with every class that the table knows: shares of those that had rows, nothing elsewhere."""
    table, probes = classed(1, present), classed(2, present)
    found = tried(table, ("lgbm", "rf"))
    for one in exported(found, table, probes.x):
        assert one.parity.faithful and one.refusal is None
        session = onnxruntime.InferenceSession(one.data)
        assert session.get_outputs()[0].shape[1] == table.classes
        scores = session.run(None, {"features": probes.x})[0]
        assert not scores[:, sorted(set(range(4)) - set(present))].any()
        assert np.allclose(scores, source_scores(one.candidate.estimator, probes.x, 4), atol=1e-3)
        assert (scores.argmax(axis=1) == probes.y).mean() > 0.6


@pytest.mark.slow
def test_a_class_of_one_group_alone_does_not_end_a_search() -> None:
    """Some fold learns without it, and its rows cost the most there; a model of all classes comes of it."""
    table = classed(1, (0, 1, 2))
    table.y[table.groups == 0] = 3
    (one,) = exported(tried(table, ("lgbm",)), table, classed(2, (0, 1, 2)).x)
    assert one.parity.faithful
    assert one.candidate.estimator.classes_.tolist() == [0, 1, 2, 3]


@pytest.mark.slow
def test_exports_are_compared_on_what_is_held_out_where_there_is_anything() -> None:
    """The rows that likeness was judged on are the held-out ones, and those that were learnt from only without any."""
    train, held_out = made(1), made(2, 60)
    with_rows = study(train, held_out, 60.0, families=("lgbm",), trials=TRIALS)
    without = study(train, None, 60.0, families=("lgbm",), trials=TRIALS)
    assert [one.parity.rows for one in (*with_rows.candidates, *without.candidates)] == [60, 400]
    assert without.held_out is None


@pytest.mark.slow
def test_another_model_is_not_taken_for_a_true_copy(found: Found) -> None:
    """A graph of one family beside the estimator of another: the difference is seen."""
    table = made(1)
    candidates = list(exported(found, table, table.x))
    assert len(candidates) > 1
    likeness = parity(candidates[0].candidate.estimator, candidates[1].data, table.x, 2)
    assert not likeness.faithful
    with pytest.raises(ValueError, match="needs rows"):
        parity(candidates[0].candidate.estimator, candidates[0].data, table.x[:0], 2)


@pytest.mark.parametrize("which", [OUTCOME, CALLING], ids=["outcome", "calling"])
def test_the_table_is_what_adopted_models_are_asked(which: object) -> None:
    """One column a seen field in the schema's order, in float32; what is told afterwards is not there."""
    one = OUTCOME if which is OUTCOME else CALLING
    table = table_of(one, examples(one))
    assert table.names == tuple(spec.name for spec in seen_fields(one))
    assert not set(table.names) & set(one.told)
    assert (table.x.dtype.name, table.x.shape[1]) == ("float32", len(table.names))
    assert table.classes == (2 if one is OUTCOME else 0)


def test_rows_that_cannot_teach_are_refused() -> None:
    """No rows, one batch, labels all alike: each with what is missing."""
    whole = examples(OUTCOME)

    def part(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Examples:
        places = np.flatnonzero(mask)
        labels = whole.labels
        kept = type(labels)(labels.values[places], labels.confidence[places], labels.trusted[places])
        return Examples(take(whole.columns, places), kept, whole.groups[places])

    cases = {
        "no labelled rows": np.zeros(whole.rows, bool),
        "one batch": whole.groups == whole.groups[0],
        "nothing to tell apart": whole.labels.values == 1.0,
    }
    for words, mask in cases.items():
        with pytest.raises(NothingToSearch, match=words):
            table_of(OUTCOME, part(mask))


@pytest.mark.parametrize(
    ("families", "budget", "words"),
    [(("xgboost",), 1.0, "families: must be some of lgbm"), ((), 1.0, "not none"), (("lgbm",), 0.0, "budget")],
)
def test_what_cannot_be_searched_is_refused(families: tuple[str, ...], budget: float, words: str) -> None:
    """Families that do not survive an export, none at all, and no time."""
    with pytest.raises(BadSearch, match=words):
        search(made(1), budget, families=families)


@pytest.mark.slow
def test_an_error_within_a_search_is_not_told_as_a_wrong_question() -> None:
    """Rows that no family can learn from raise what the family raises."""
    table = made(1, 100)
    table.x[:] = np.inf
    with pytest.raises(ValueError, match="infinity") as raised:
        search(table, 1.0, families=("rf",))
    assert not isinstance(raised.value, BadSearch)
