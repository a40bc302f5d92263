"""What is true of the flood detector: unseen kinds are found, contexts count, and gaps and misfits do no harm."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import floods as bench
from benchmarks.machines import folder
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from samouk.domains.traffic.detect.floods import KEPT, VIEWS, Conditional, FloodDetector, Kind

Floats = NDArray[np.float64]
CONTEXTS = ("tcp/http", "tcp/http", "tcp/http", "udp/dns", "icmp/echo")
SIZE, COUNT, ERRORS, FRAGMENTS = range(4)


def ordinary(rows: int, seed: int) -> Kind:
    """Sizes that depend on the context, counts, error shares that are mostly 0, and fragments that always are."""
    rng = np.random.default_rng(seed)
    contexts = rng.choice(CONTEXTS, rows)
    size = np.select([contexts == "tcp/http", contexts == "udp/dns"], [6.0, 3.5], 2.2) + rng.normal(0, 0.3, rows)
    errors = np.where(rng.random(rows) < 0.05, rng.random(rows) * 4, 0.0)
    return Kind(np.column_stack([size, rng.gamma(2.0, 0.6, rows), errors, np.zeros(rows)]), contexts.tolist())


def flood(column: int, value: float, context: str, rows: int = 40) -> Kind:
    """Ordinary connections of one context, one of whose numbers is set."""
    found = ordinary(rows * 20, 99)
    table = found.rows[np.array(found.contexts) == context][:rows].copy()
    table[:, column] = value
    return Kind(table, [context] * len(table))


BASE = ordinary(4_000, 0)
LEARNT = FloodDetector.fit(BASE.rows, BASE.contexts)
HELD = ordinary(4_000, 1)
THRESHOLD = float(np.quantile(LEARNT.surprise(*HELD), 0.99))


def test_floods_of_kinds_never_seen_are_found() -> None:
    """From ordinary connections alone: a high count, and a constant that moves."""
    assert (LEARNT.surprise(*flood(COUNT, 9.0, "tcp/http")) > THRESHOLD).mean() > 0.9
    assert (LEARNT.surprise(*flood(FRAGMENTS, 0.7, "udp/dns")) > THRESHOLD).all()


def test_what_is_large_depends_on_the_context() -> None:
    """A size that is daily bread for one context is a surprise in another."""
    usual, odd = flood(SIZE, 6.0, "tcp/http"), flood(SIZE, 6.0, "icmp/echo")
    assert (LEARNT.surprise(*usual) > THRESHOLD).mean() < 0.1
    assert (LEARNT.surprise(*odd) > THRESHOLD).mean() > 0.9
    assert LEARNT.columns(*odd)[0].argmax() == SIZE


def test_false_alarms_are_as_many_as_the_threshold_says() -> None:
    """About 1 % of other ordinary connections are above the threshold of the held ones, or above the score 0.5."""
    judged = ordinary(8_000, 2)
    assert 0.004 < (LEARNT.surprise(*judged) > THRESHOLD).mean() < 0.02
    assert (LEARNT.score(*judged) >= 0.5).mean() < 0.02


def test_a_stranger_among_contexts_is_suspect_until_it_was_learnt() -> None:
    """Connections of a context never seen alarm; after a hundred that were learnt from, they do not."""
    new = ["tcp/gopher"] * 100
    assert (LEARNT.surprise(HELD.rows[:100], new) > THRESHOLD).all()
    wiser = FloodDetector.fit(np.concatenate([BASE.rows, HELD.rows[:100]]), [*BASE.contexts, *new])
    threshold = float(np.quantile(wiser.surprise(*HELD), 0.99))
    assert (wiser.surprise(HELD.rows[100:200], new) > threshold).mean() < 0.1


def test_known_floods_help_and_blind_to_no_others() -> None:
    """A faint flood is found once its like was taught, and one of another kind is still found."""
    faint = flood(COUNT, 3.4, "tcp/http", rows=200)
    faint.rows[:, ERRORS] = 1.5
    taught = FloodDetector.fit(BASE.rows, BASE.contexts, {"faint": Kind(faint.rows[:100], faint.contexts[:100])})
    threshold = float(np.quantile(taught.surprise(*HELD), 0.99))
    asked = Kind(faint.rows[100:], faint.contexts[100:])
    assert (taught.surprise(*asked) > threshold).mean() > (LEARNT.surprise(*asked) > THRESHOLD).mean()
    assert (taught.surprise(*flood(FRAGMENTS, 0.7, "udp/dns")) > threshold).all()
    assert tuple(taught.views(*asked)) == VIEWS
    assert tuple(LEARNT.views(*asked)) == VIEWS[:2]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 3), st.floats(0, 1e6), st.sampled_from([*CONTEXTS, "new"]))
def test_more_is_never_less_of_a_flood(column: int, more: float, context: str) -> None:
    """Raising one number never lowers the score, which stays in [0, 1)."""
    known = {"count": flood(COUNT, 9.0, "tcp/http")}
    detector = FloodDetector.fit(BASE.rows[:400], BASE.contexts[:400], known)
    raised = HELD.rows[:20].copy()
    raised[:, column] += more
    before, after = detector.score(HELD.rows[:20], [context] * 20), detector.score(raised, [context] * 20)
    assert (after >= before - 1e-9).all()
    assert ((after >= 0) & (after < 1)).all()


def test_each_connection_is_judged_by_itself() -> None:
    """The score of a row is the same alone and among others."""
    whole = LEARNT.score(HELD.rows[:50], HELD.contexts[:50])
    single = [LEARNT.score(HELD.rows[place : place + 1], [HELD.contexts[place]])[0] for place in range(50)]
    np.testing.assert_allclose(single, whole, rtol=1e-9)


def test_missing_numbers_say_nothing() -> None:
    """A connection of which nothing is known is no flood; gaps in what is learnt from are filled."""
    empty = np.full((3, 4), np.nan)
    assert (LEARNT.columns(empty, ["tcp/http"] * 3) == 0).all()
    assert (LEARNT.surprise(np.full((1, 4), np.inf), ["tcp/http"]) <= THRESHOLD).all()
    gaps = BASE.rows[:200].copy()
    gaps[::3, 1] = np.nan
    assert np.isfinite(FloodDetector.fit(gaps, BASE.contexts[:200]).score(*HELD)).all()


def test_one_column_and_absurd_numbers_stay_finite() -> None:
    """Any finite number gives a finite surprise, also with fewer columns than the view looks at."""
    lone = FloodDetector.fit(BASE.rows[:200, :1], ["all"] * 200)
    found = lone.surprise(np.array([[1e300], [-1e300], [1e12]]), ["all"] * 3)
    assert np.isfinite(found).all()
    assert found[0] >= found[2] > found[1]


def test_contexts_and_what_is_kept_of_them_are_bounded() -> None:
    """As many contexts as rows leave the most frequent ones, each in at most so many order statistics."""
    rows = ordinary(3_000, 3).rows
    words = np.array([f"c{place}" if place < 1_000 else "busy" for place in range(3_000)])
    kept = Conditional.fit(rows, words)
    assert len(kept.names) == KEPT
    assert "busy" in kept.names
    assert len(kept.table) == (KEPT - 1) + KEPT
    assert np.isfinite(kept.surprise(rows[:10], words[:10])).all()


def test_it_comes_back_from_its_arrays() -> None:
    """Restored detectors score the same, with known floods and without; two fits are equal."""
    known = {"count": flood(COUNT, 9.0, "tcp/http")}
    for detector in (LEARNT, FloodDetector.fit(BASE.rows, BASE.contexts, known)):
        again = FloodDetector.of_arrays(detector.arrays())
        assert np.array_equal(again.score(*HELD), detector.score(*HELD))
    twice = FloodDetector.fit(BASE.rows, BASE.contexts).arrays()
    assert all(np.array_equal(twice[name], kept) for name, kept in LEARNT.arrays().items())


def test_misfits_are_told() -> None:
    """Shapes and kept arrays that do not fit are named with the remedy."""
    with pytest.raises(ValueError, match="at least 50"):
        FloodDetector.fit(BASE.rows[:49], BASE.contexts[:49])
    with pytest.raises(ValueError, match=r"contexts \(n,\)"):
        LEARNT.score(HELD.rows[:3], ["tcp/http"])
    with pytest.raises(ValueError, match="4 were learnt"):
        LEARNT.score(HELD.rows[:1, :2], ["tcp/http"])
    with pytest.raises(ValueError, match="'tails'"):
        FloodDetector.of_arrays({name: kept for name, kept in LEARNT.arrays().items() if name != "tails"})
    with pytest.raises(ValueError, match="table must hold"):
        FloodDetector.of_arrays(LEARNT.arrays() | {"table": np.zeros((1, 4))})
    with pytest.raises(ValueError, match="must be above 0"):
        FloodDetector.of_arrays(LEARNT.arrays() | {"spread": np.zeros(4)})


@pytest.mark.slow
def test_an_unseen_kind_of_the_open_file_is_found() -> None:
    """The kind that classifiers of known floods miss, from the others: most of it is above the threshold."""
    data = folder()
    if data is None:
        pytest.skip("the open traffic data is not here")
    connections = bench.load(data / "nsl_kdd" / "train20.csv.gz")
    assert bench.left_out(connections, bench.with_known, "back")["recall"] >= 0.8
