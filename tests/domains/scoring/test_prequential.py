"""What is true of the harness that measures streams: known answers get their known figures."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import prequential as bench


def test_no_change_has_no_kappa_temporal() -> None:
    """Saying the last label again is the zero of kappa-temporal, and who is always right has 100."""
    truth = np.random.default_rng(0).integers(0, 3, 500)
    for delay in (0, 7):
        assert bench.agreement(bench.no_change(truth, delay), truth, delay)["kappa_temporal"] == 0
        assert bench.agreement(truth, truth, delay)["kappa_temporal"] == pytest.approx(100)


def test_the_majority_has_no_kappa_majority() -> None:
    """Saying the commonest label so far is the zero of kappa-M; it looks at the past alone."""
    truth = np.array([1, 1, 0, 0, 0, 1, 0])
    assert bench.majority(truth).tolist() == [0, 1, 1, 1, 0, 0, 0]
    assert bench.majority(truth, delay=2).tolist() == [0, 0, 0, 1, 1, 1, 0]
    assert bench.agreement(bench.majority(truth), truth, 0)["kappa_majority"] == 0


def test_no_change_waits_for_the_label() -> None:
    """With a delay it says the newest label that has come."""
    assert bench.no_change(np.array([1, 0, 1, 1])).tolist() == [0, 1, 0, 1]
    assert bench.no_change(np.array([1, 0, 1, 1]), delay=2).tolist() == [0, 0, 0, 1]


def test_kappa_by_hand() -> None:
    """Eight of ten right, six of them by chance: one half."""
    truth, said = np.array([0] * 5 + [1] * 5), np.array([0] * 4 + [1] * 5 + [0])
    found = bench.agreement(said, truth, 0)
    assert found["accuracy"] == pytest.approx(80)
    assert found["kappa"] == pytest.approx(100 * (0.8 - 0.5) / 0.5)


def test_honesty_by_hand() -> None:
    """Log loss, Brier, calibration and area of four answers, counted by hand."""
    chances = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.35, 0.65]])
    found = bench.honesty(chances, np.array([0, 1, 1, 1]))
    assert found["log_loss"] == pytest.approx(-np.log([0.9, 0.8, 0.4, 0.65]).mean())
    assert found["brier"] == pytest.approx(np.mean([0.01, 0.04, 0.36, 0.1225]))
    assert found["ece"] == pytest.approx((0.1 + 0.2 + 0.6 + 0.35) / 4)
    assert found["auc"] == 1


def test_ties_count_half_in_the_area() -> None:
    """Who says the same of all has one half."""
    assert bench.area(np.full(6, 0.3), np.array([1, 0, 1, 0, 0, 1], bool)) == 0.5


def test_duplicates_are_found() -> None:
    """Only the first of equal rows is one that was not seen before."""
    rows = np.array([[1, 2], [3, 4], [1, 2], [1, 2], [3, 5]], np.float32)
    assert bench.first_occurrences(rows).tolist() == [True, True, False, False, True]


@pytest.mark.skipif(bench.folder() is None, reason="the open streams are not here")
def test_the_known_figures_of_elec2() -> None:
    """No-change and majority have on Elec2 what everybody publishes: the rows are whole, and in their order."""
    place = bench.folder()
    assert place is not None
    inputs, truth = bench.read("elec2", place)
    assert inputs.shape == (45_312, 8)
    figures = [bench.of_codes(said, inputs, truth, 0) for said in (bench.no_change(truth), bench.majority(truth))]
    assert [round(found["accuracy"], 1) for found in figures] == [85.3, 57.5]
    assert figures[0]["kappa_temporal"] == 0
    # A label that is 48 rows old: 47 rows came in between.
    assert round(100 * float((bench.no_change(truth, 47) == truth).mean()), 1) == 65.6


@pytest.mark.skipif(bench.folder() is None, reason="the open streams are not here")
def test_it_beats_the_forest_where_a_run_is_short() -> None:
    """On the keystrokes it is above the published ARF10 and ARF100, with rows as they are and with their memory."""
    place = bench.folder()
    assert place is not None
    inputs, truth = bench.read("keystroke", place)
    for learner in (bench.OURS, bench.PLAIN):
        chances, _ = bench.answered(learner, inputs, truth, 0, seed=0)
        assert 100 * (chances.argmax(1) == truth).mean() > max(
            figures[bench.STREAMS.index("keystroke")] for figures in bench.PUBLISHED.values()
        )
