"""What is true of the stream learner: no label is seen too early, a restart changes nothing, drift is followed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from samouk.domains.scoring.stream import StreamLearner, StreamSpec
from samouk.families.packing import pack

Stream = tuple[NDArray[np.float32], NDArray[np.int64]]


def drifting(rows: int = 1_500, classes: int = 2, seed: int = 0) -> Stream:
    """The class follows one column, and from the middle on another; a tenth of a third column is missing."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(rows, 5)).astype(np.float32)
    deciding = np.where(np.arange(rows) < rows // 2, inputs[:, 0], inputs[:, 1])
    inputs[rng.random(rows) < 0.1, 2] = np.nan
    edges = np.quantile(deciding, np.linspace(0, 1, classes + 1)[1:-1])
    return inputs, np.searchsorted(edges, deciding).astype(np.int64)


def learner(classes: int = 2, **more: Any) -> StreamLearner:
    return StreamLearner(StreamSpec(5, classes, **more))


@pytest.mark.parametrize(("classes", "delay"), [(2, 0), (4, 0), (2, 20)])
def test_no_answer_knows_a_label_too_early(classes: int, delay: int) -> None:
    """Whatever the labels after row i - delay are, the answers up to row i stay the same."""
    inputs, truth = drifting(600, classes)
    said = learner(classes, delay=delay).test_then_train(inputs, truth[: 600 - delay])
    for row in (130, 531):
        turned = truth.copy()
        turned[row - delay :] = (turned[row - delay :] + 1) % classes
        other = learner(classes, delay=delay).test_then_train(inputs, turned[: 600 - delay])
        assert np.array_equal(said[: row + 1], other[: row + 1])
        assert not np.allclose(said[row + 1], other[row + 1], atol=1e-4)


def test_no_answer_knows_a_row_too_early() -> None:
    """What comes after a row does not change what is said of it."""
    inputs, truth = drifting(600)
    other = inputs.copy()
    other[400:] = 7
    said = [learner().test_then_train(rows, truth) for rows in (inputs, other)]
    assert np.array_equal(said[0][:400], said[1][:400])


@pytest.mark.parametrize("delay", [0, 20])
def test_answers_in_one_go_are_those_of_row_by_row(delay: int) -> None:
    """What is said of each row in one pass is what ``predict`` says before ``learn``, but for rounding."""
    inputs, truth = drifting(300)
    at_once = learner(delay=delay).test_then_train(inputs, truth[: 300 - delay])
    stepwise = learner(delay=delay)
    for row in range(300):
        one = slice(row, row + 1)
        assert np.allclose(stepwise.predict(inputs[one]), at_once[one], atol=1e-5)
        stepwise.learn(inputs[one], truth[row - delay : row - delay + 1] if row >= delay else [])


@pytest.mark.parametrize(("classes", "delay"), [(2, 0), (3, 30)])
def test_cuts_and_restarts_change_nothing(classes: int, delay: int) -> None:
    """Cut anyhow, with answers or without, saved and loaded on the way: state and answers are the same bit for bit."""
    inputs, truth = drifting(1_200, classes)
    whole = learner(classes, delay=delay)
    whole.test_then_train(inputs[:1_000], truth[: 1_000 - delay])
    cut, first = learner(classes, delay=delay), 0
    for size in (3, 200, 1, 77, 300, 419):
        cut.learn(inputs[first : first + size], truth[max(0, first - delay) : max(0, first + size - delay)])
        cut.predict(inputs[:7])
        cut = StreamLearner.load(cut.save())
        first += size
    assert cut.rows == whole.rows == 1_000
    assert cut.save() == whole.save()
    rest = inputs[1_000:], truth[1_000 - delay : len(truth) - delay]
    assert np.array_equal(cut.test_then_train(*rest), whole.test_then_train(*rest))


def test_it_follows_a_drift() -> None:
    """Before the drift it is right, and some hundred rows after it again; a learner of the first half is not."""
    inputs, truth = drifting(2_400)
    right = learner().test_then_train(inputs, truth).argmax(1) == truth
    frozen = learner()
    frozen.learn(inputs[:1_200], truth[:1_200])
    stale = frozen.predict(inputs[1_800:]).argmax(1) == truth[1_800:]
    assert right[600:1_200].mean() > 0.93
    assert right[1_800:].mean() > 0.9
    assert stale.mean() < 0.65


def test_where_nothing_can_be_learnt_it_says_so() -> None:
    """On labels that are thrown like coins it stays near one half, and is no surer than that deserves."""
    rng = np.random.default_rng(3)
    inputs, truth = rng.normal(size=(1_500, 5)), rng.integers(0, 2, 1_500)
    said = learner().test_then_train(inputs, truth)
    losses = -np.log(said[np.arange(1_500), truth])
    assert 0.44 < (said.argmax(1) == truth).mean() < 0.56
    assert losses[300:].mean() < np.log(2) + 0.06


def test_what_it_keeps_is_bounded() -> None:
    """However long the stream, no more rows are kept than asked for and a quarter."""
    inputs, truth = drifting(6_000)
    small = learner(keep=2_000)
    small.learn(inputs, truth)
    early = len(small.save())
    small.learn(inputs, truth)
    assert small.rows == 12_000
    assert len(small.save()) < 1.5 * early


def test_a_first_row_is_answered() -> None:
    """Without any label every class is as likely as the others, and no row is no answer."""
    fresh = learner(3)
    assert np.allclose(fresh.predict(np.zeros((2, 5))), 1 / 3)
    assert fresh.predict(np.zeros((0, 5))).shape == (0, 3)
    fresh.learn(np.zeros((0, 5)), np.zeros(0, np.int64))
    assert fresh.rows == 0


@pytest.mark.parametrize(
    ("inputs", "labels", "names"),
    [
        (np.zeros((2, 4)), [0, 1], "inputs"),
        (np.full((2, 5), np.inf), [0, 1], "inputs"),
        (np.zeros((2, 5)), [0], "labels"),
        (np.zeros((2, 5)), [0, 2], "labels"),
        (np.zeros((2, 5)), [-1, 0], "labels"),
        (np.zeros((2, 5)), [0.0, 1.0], "labels"),
    ],
)
def test_bad_rows_are_refused(inputs: NDArray[Any], labels: list[Any], names: str) -> None:
    """What is wrong is named, and nothing of it is learnt."""
    fresh = learner()
    with pytest.raises(ValueError, match=names):
        fresh.learn(inputs, labels)
    assert fresh.rows == 0


@pytest.mark.parametrize("wrong", [{"features": 0}, {"classes": 1}, {"delay": -1}, {"keep": 10}, {"seed": -1}])
def test_a_spec_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    """The field is named."""
    spec = StreamSpec(5, 2)
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(spec, **wrong)


def test_strange_bytes_are_refused() -> None:
    """Bytes that are no saved learner are refused in words."""
    for data in (b"", learner().save()[:-30], pack({"kind": "hybrid"}, {})):
        with pytest.raises(ValueError, match="state"):
            StreamLearner.load(data)
