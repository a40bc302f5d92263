"""What is true of the detector of machines with many metrics, of its tail, and of the scorer that it is measured by."""

from __future__ import annotations

import math

import numpy as np
import pytest
from benchmarks import machines as bench
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from samouk.domains.traffic.detect.machines import CLIP, MachineDetector
from samouk.domains.traffic.detect.tails import FEWEST, Tail, graded

Floats = NDArray[np.float64]
ONE_IN_A_HUNDRED = 0.5


def machine(rows: int, seed: int, metrics: int = 8) -> Floats:
    """Metrics that follow two hidden loads with some inertia, one that never moves, in about [0, 1]."""
    rng = np.random.default_rng(seed)
    loads = np.zeros((rows, 2))
    for row in range(1, rows):
        loads[row] = 0.9 * loads[row - 1] + rng.normal(0, 0.04, 2)
    mix = np.random.default_rng(0).random((2, metrics))
    table = 0.5 + loads @ mix + rng.normal(0, 0.01, (rows, metrics))
    table[:, -1] = 0.0
    return table


LEARNT = MachineDetector.fit(machine(3_000, 1))


def test_normal_rows_are_as_rare_as_they_say() -> None:
    """Above 0.5 stand about one in a hundred rows of another stretch of the same machine."""
    above = LEARNT.score(machine(6_000, 2)) >= ONE_IN_A_HUNDRED
    assert 0.002 < above.mean() < 0.03


def test_a_jump_of_one_metric_is_seen_and_named() -> None:
    """Three rows of one metric out of range score far above the rest, and that metric makes up most of it."""
    rows = machine(500, 3)
    rows[300:303, 2] += 0.4
    score = LEARNT.score(rows)
    assert score[300:303].min() > max(score[:300].max(), 0.6)
    assert LEARNT.shares(rows)[301].argmax() == 2
    np.testing.assert_allclose(LEARNT.shares(rows).sum(axis=1), 1.0)


def test_a_broken_relation_is_seen_though_each_metric_is_in_range() -> None:
    """Two metrics that rise together are surprising when one falls while the other rises, both within their range."""
    base = np.random.default_rng(5).normal(0, 0.1, 4_000)
    rows = np.column_stack([0.5 + base, 0.5 + base]) + np.random.default_rng(6).normal(0, 0.005, (4_000, 2))
    detector = MachineDetector.fit(rows)
    odd = np.array([[0.6, 0.4]])
    assert detector.score(odd)[0] > 0.6
    assert detector.score(np.array([[0.6, 0.6]]))[0] < ONE_IN_A_HUNDRED


def test_a_constant_that_moves_is_seen() -> None:
    """A metric that was always 0 needs no spread of its own to be surprising, and the score stays below 1."""
    rows = machine(50, 4)
    rows[20, -1] = 0.2
    score = LEARNT.score(rows)
    assert score.argmax() == 20
    assert 0.6 < score[20] < 1.0


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 199), st.integers(0, 2**32 - 1))
def test_no_row_is_scored_by_what_comes_later(cut: int, seed: int) -> None:
    """Whatever the rows after a cut are, those before it score the same."""
    rows = machine(200, 7)
    other = rows.copy()
    other[cut:] = np.random.default_rng(seed).normal(0, 100, other[cut:].shape)
    for follow in (None, 50.0):
        one, two = LEARNT.stream(follow).surprise(rows), LEARNT.stream(follow).surprise(other)
        np.testing.assert_allclose(one[:cut], two[:cut], rtol=1e-9, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 200), max_size=5))
def test_cutting_a_stream_changes_nothing(cuts: list[int]) -> None:
    """Rows in one call, in pieces, or after a restart with the kept past give the same scores."""
    rows = machine(200, 8)
    rows[50:60, 1] = np.nan
    whole = LEARNT.stream(30.0).score(rows)
    stream, found = LEARNT.stream(30.0), []
    for piece in np.split(rows, sorted(cuts)):
        found.append(stream.score(piece))
        past, level = stream.past, stream.level
        stream = MachineDetector.of_arrays(LEARNT.arrays()).stream(30.0)
        stream.past, stream.level = past, level
    np.testing.assert_allclose(np.concatenate(found), whole, rtol=1e-9, atol=1e-9)


def test_a_lasting_shift_stops_to_alarm_when_it_is_followed() -> None:
    """A new level alarms at once; a stream that follows is calm again, one that does not is not."""
    rows = machine(4_000, 9)
    rows[1_000:, 3] += 0.15
    still, moving = LEARNT.stream().score(rows), LEARNT.stream(100.0).score(rows)
    assert moving[1_000:1_003].max() > ONE_IN_A_HUNDRED
    assert np.median(still[-1_000:]) > ONE_IN_A_HUNDRED > np.quantile(moving[-1_000:], 0.95)


def test_an_attack_moves_a_followed_level_only_slowly() -> None:
    """Rows of any size move the centre by no more than the clip allows."""
    stream = LEARNT.stream(100.0)
    stream.score(np.full((100, LEARNT.width), 1e9))
    assert stream.level is not None
    assert np.abs(stream.level).max() <= CLIP * 0.7


def test_missing_values_say_nothing() -> None:
    """A gap in one metric, or a whole empty row, neither alarms nor breaks what comes after."""
    rows = machine(300, 10)
    gaps = rows.copy()
    gaps[100:110, 0], gaps[200] = np.nan, math.inf
    found = LEARNT.score(gaps)
    assert np.isfinite(found).all()
    assert found[100:110].max() < 0.7
    assert found[200] < 0.7
    assert np.isfinite(MachineDetector.fit(np.full((20, 2), np.nan)).score(np.ones((3, 2)))).all()


@pytest.mark.parametrize("value", [1e300, -1e300, 0.0, 1e-300])
def test_extreme_values_give_scores_in_range(value: float) -> None:
    """Scores stay in [0, 1) and surprise finite for any finite number."""
    rows = np.full((5, LEARNT.width), value)
    score = LEARNT.score(rows)
    assert ((score >= 0) & (score < 1)).all()
    assert np.isfinite(LEARNT.surprise(rows)).all()


def test_without_halflives_the_order_of_rows_does_not_matter() -> None:
    """Each row is judged by itself, so shuffled rows get their own scores."""
    detector = MachineDetector.fit(machine(1_000, 11), halflives=())
    rows, order = machine(100, 12), np.random.default_rng(0).permutation(100)
    np.testing.assert_allclose(detector.score(rows)[order], detector.score(rows[order]))


def test_few_rows_of_many_metrics_do_not_break_it() -> None:
    """With fewer rows than metrics the plain covariance carries the weight, and other rows do not all alarm."""
    rng = np.random.default_rng(13)
    detector = MachineDetector.fit(rng.normal(0.5, 0.1, (30, 40)))
    calm, wild = detector.score(rng.normal(0.5, 0.1, (200, 40))), detector.score(rng.normal(0.5, 0.5, (200, 40)))
    assert np.median(calm) < ONE_IN_A_HUNDRED
    assert np.median(wild) > calm.max()


def test_it_learns_the_same_from_the_same_rows() -> None:
    """Two fits give equal arrays, and restored ones give equal scores."""
    again = MachineDetector.fit(machine(3_000, 1))
    assert all(np.array_equal(again.arrays()[name], kept) for name, kept in LEARNT.arrays().items())
    rows = machine(50, 14)
    assert np.array_equal(MachineDetector.of_arrays(LEARNT.arrays()).score(rows), LEARNT.score(rows))


def test_misfits_are_told() -> None:
    """Shapes, settings and kept arrays that do not fit are named with the remedy."""
    with pytest.raises(ValueError, match="at least 10"):
        MachineDetector.fit(np.zeros((9, 2)))
    with pytest.raises(ValueError, match=r"\(rows, metrics\)"):
        MachineDetector.fit(np.zeros(20))
    with pytest.raises(ValueError, match="halflives are above 0"):
        MachineDetector.fit(np.zeros((20, 2)), halflives=(0.0,))
    with pytest.raises(ValueError, match="8 were learnt"):
        LEARNT.score(np.zeros((1, 3)))
    with pytest.raises(ValueError, match="follow is a halflife"):
        LEARNT.stream(0.0)
    with pytest.raises(ValueError, match="whiten must hold"):
        MachineDetector.of_arrays(LEARNT.arrays() | {"whiten": np.zeros((2, 2))})
    with pytest.raises(ValueError, match="'tail' is missing"):
        MachineDetector.of_arrays({name: kept for name, kept in LEARNT.arrays().items() if name != "tail"})
    with pytest.raises(ValueError, match="scale and halflives"):
        MachineDetector.of_arrays(LEARNT.arrays() | {"scale": np.zeros(LEARNT.width)})
    with pytest.raises(ValueError, match="do not rise"):
        Tail.of_array(LEARNT.tail.array()[::-1])
    with pytest.raises(ValueError, match=f"at least {FEWEST}"):
        Tail.fit(np.ones(FEWEST - 1))


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(0, 1e12), min_size=FEWEST, max_size=60), st.lists(st.floats(0, 1e300), min_size=2, max_size=20)
)
def test_larger_is_never_less_surprising(seen: list[float], asked: list[float]) -> None:
    """A tail of any numbers rises with them, from 0, stays finite and comes back from its array."""
    tail = Tail.fit(np.array(seen))
    found = tail.surprise(np.sort(np.array(asked)))
    assert (np.diff(found) >= -1e-9).all()
    assert ((found >= 0) & np.isfinite(found)).all()
    assert np.array_equal(Tail.of_array(tail.array()).surprise(np.array(asked)), tail.surprise(np.array(asked)))


def test_a_tail_says_how_rare_numbers_are() -> None:
    """Of a Pareto law the estimate is right within the quantiles and well beyond all that was seen."""
    tail = Tail.fit(np.random.default_rng(0).pareto(1.5, 20_000) + 1)
    wanted = np.array([0.5, 0.1, 0.01, 1e-4, 1e-6])
    found = np.exp(-tail.surprise(wanted ** (-1 / 1.5)))
    np.testing.assert_allclose(np.log(found), np.log(wanted), atol=1.5, rtol=0.05)
    assert graded(np.array([math.log(100)])) == pytest.approx(0.5)


LABELS = np.array([0, 0, 0, 1, 1, 0, 0, 0, 0, 0])


def test_the_scorer_by_hand() -> None:
    """Without a buffer VUS-PR is average precision times the share of segments hit: values worked out by hand."""
    falling = np.linspace(1, 0.1, 10)
    # Ranks 4 and 5 are the segment: precisions 1/4 and 2/5, each half of the recall.
    assert bench.vus_pr(falling, LABELS, 0) == pytest.approx(0.5 * 0.25 + 0.5 * 0.4)
    assert bench.vus_pr(LABELS + 0.0, LABELS, 0) == pytest.approx(1.0)
    assert bench.vus_pr(np.ones(10), LABELS, 0) == pytest.approx(0.2)
    assert bench.average_precision(np.ones(10), LABELS) == pytest.approx(0.2)
    assert bench.average_precision(falling, LABELS) == pytest.approx(0.325)


def test_the_scorer_counts_segments_and_soft_edges() -> None:
    """One of two segments hit first halves the recall; a buffer of 2 gives sqrt(1/2) to the row at either side."""
    labels = np.array([0, 1, 0, 0, 0, 0, 1, 0])
    scores = np.array([0.1, 0.9, 0.2, 0.3, 0.4, 0.5, 0.6, 0.05])
    # At the first row: recall 1/2 of one half of the segments, precision 1; at the second all of it.
    assert bench.vus_pr(scores, labels, 0) == pytest.approx(0.25 * 1 + 0.75 * 1)
    late = np.array([0.1, 0.9, 0.2, 0.3, 0.4, 0.7, 0.6, 0.05])
    assert bench.vus_pr(late, labels, 0) == pytest.approx(0.25 * 1 + 0.75 * 2 / 3)
    edge = np.sqrt(0.5)
    single = np.array([0, 0, 0, 1, 0, 0, 0, 0])
    beside = np.array([0, 0, 0.9, 0.8, 0, 0, 0, 0]) + np.linspace(0, 1e-6, 8)
    lone = edge / (1 + edge / 2)
    two = lone * edge + (1 - lone) * (1 + edge) / 2
    assert bench.vus_pr(beside, single, 2) == pytest.approx((0.5 + 0.5 + two) / 3, abs=1e-6)


def test_the_scorer_knows_the_best_and_the_blind() -> None:
    """The soft labels themselves score near 1, a random score near the prevalence."""
    labels = np.zeros(4_000, np.int64)
    for first in (500, 1_700, 3_000):
        labels[first : first + 60] = 1
    distance = np.abs(np.arange(4_000)[:, None] - np.flatnonzero(labels)[None, :]).min(axis=1)
    assert bench.vus_pr(-distance.astype(float), labels, 40) > 0.9
    blind = bench.vus_pr(np.random.default_rng(0).random(4_000), labels, 40)
    assert labels.mean() < blind < 0.12


def test_the_detector_beats_what_is_published_on_the_open_machine() -> None:
    """PCA gives the pinned value under the protocol, so the scorer is right; the detector is above the board."""
    data = bench.folder()
    if data is None:
        pytest.skip("the open traffic data is not here")
    fitted, buffer = bench.PROTOCOLS["machine-2-7"]
    machine_2_7 = bench.load(data, "machine-2-7")
    head, test, labels = machine_2_7.test[:fitted], machine_2_7.test, machine_2_7.labels
    assert bench.vus_pr(bench.pca(head)(test), labels, buffer) == pytest.approx(0.653, abs=0.001)
    assert bench.vus_pr(bench.ours()(head)(test), labels, buffer) > 0.778
