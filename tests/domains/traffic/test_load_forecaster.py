"""What is true of forecasts of the load: causal, honest about gaps, bounded, and no worse than repeating what was."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from samouk.domains.traffic.load.forecaster import PATIENCE, SILENT, Forecast, LoadForecaster
from samouk.domains.traffic.load.history import History
from samouk.domains.traffic.load.lookups import look, offsets

DAY = 144
"""Steps of ten minutes."""

STEP = 600
BEGIN = 1_767_571_200.0
ASKED = (10, 60, 360, 2_880)


def seasonal(days: int, seed: int = 1, size: float = 300.0) -> NDArray[np.float64]:
    """Counts a step with a day in them and Poisson noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(days * DAY)
    return rng.poisson(size * (1.0 + 0.6 * np.sin(2 * np.pi * time / DAY))).astype(np.float64)


def fed(counts: NDArray[np.float64], step_s: int = STEP, begin: float = BEGIN) -> LoadForecaster:
    forecaster = LoadForecaster(step_s=step_s)
    for number, count in enumerate(counts.tolist()):
        forecaster.update(begin + number * step_s, None if math.isnan(count) else count)
    return forecaster


def one_step(counts: NDArray[np.float64], score_from: int, minutes: int = 10) -> tuple[list[Forecast], list[float]]:
    """Forecasts of every count from a place on, and these counts."""
    forecaster, said, came = LoadForecaster(step_s=STEP), [], []
    ahead = minutes * 60 // STEP
    for number, count in enumerate(counts.tolist()):
        forecaster.update(BEGIN + number * STEP, count)
        if score_from <= number + ahead < len(counts):
            said += forecaster.forecast([minutes])
            came.append(float(counts[number + ahead]))
    return said, came


def test_nothing_is_known_before_the_first_count() -> None:
    """Before any count a forecast is 0, between 0 and anything, and says that it repeats the last value."""
    assert LoadForecaster().forecast([1]) == [Forecast(1, 0.0, 0.0, math.inf, "last value")]
    assert LoadForecaster().outlook([1, 20_000]) == [0.0, 0.0]


def test_one_count_is_repeated() -> None:
    """After one count it is what is expected, at every distance."""
    forecaster = LoadForecaster()
    forecaster.update(BEGIN, 30)
    for told in forecaster.forecast([1, 60, 2_880]):
        assert told.low <= told.rate <= told.high
    assert forecaster.forecast([1])[0].rate == pytest.approx(30)


def test_a_season_is_learnt() -> None:
    """On a noisy day wave it is nearer to the truth than the last value, and than the same time yesterday."""
    counts = seasonal(8)
    said, came = one_step(counts, 6 * DAY, minutes=60)
    rates = np.array([told.rate for told in said]) * 10
    truth = np.array(came)
    last, yesterday = counts[6 * DAY - 6 : -6], counts[5 * DAY : -DAY]
    ours = np.abs(rates - truth).mean()
    assert ours < 0.9 * np.abs(yesterday - truth).mean()
    assert ours < 0.7 * np.abs(last - truth).mean()


@pytest.mark.slow
def test_intervals_hold_what_they_promise() -> None:
    """Nine in ten counts lie within the interval of nine in ten, give or take three points."""
    said, came = one_step(seasonal(14, seed=3), 6 * DAY)
    held = [told.low * 10 <= count <= told.high * 10 for told, count in zip(said, came, strict=True)]
    assert 0.87 <= np.mean(held) <= 0.93


def test_a_random_walk_is_repeated_and_it_says_so() -> None:
    """Where nothing beats the last value it is no more than two in a hundred worse, and often says that it repeats."""
    rng = np.random.default_rng(5)
    counts = np.round(np.exp(8 + np.cumsum(rng.normal(0, 0.05, 1_500)))).astype(np.float64)
    said, came = one_step(counts, 700)
    rates = np.array([told.rate for told in said]) * 10
    ours, naive = np.abs(rates - came).mean(), np.abs(counts[699:-1] - came).mean()
    assert ours <= 1.02 * naive
    assert any(told.method == "last value" for told in said)


@pytest.mark.slow
def test_a_repeated_week_is_named() -> None:
    """Where every week is the one before, the last week is what is said, by name."""
    rng = np.random.default_rng(7)
    week = np.round(np.exp(rng.normal(5, 1, 7 * DAY)))
    told = fed(np.tile(week, 4)).forecast([60])[0]
    assert told.rate * 10 == pytest.approx(week[5], rel=1e-6)
    assert told.method == "last week"


@pytest.mark.parametrize("horizon", [1, 6, 200])
def test_no_lookup_reaches_past_its_origin(horizon: int) -> None:
    """What is looked up for an origin stays what it was, whatever comes after the origin."""
    origins = np.array([900, 1_000])
    found = []
    for later in (1.0, 1e6):
        history = History(STEP)
        for slot, count in enumerate(np.where(np.arange(1_300) <= 1_000, seasonal(10)[:1_300], later).tolist()):
            history.push(slot, count)
        found.append(look(history, origins[1:], offsets(STEP, (horizon,))))
    assert np.allclose(found[0], found[1], equal_nan=True)
    assert np.isfinite(found[0]).any()


def test_a_restart_changes_nothing() -> None:
    """One that was saved and loaded in the middle goes on bit for bit as the other."""
    counts = seasonal(5)
    one = fed(counts[:400])
    two = LoadForecaster(step_s=STEP)
    two.load(one.save())
    for forecaster in (one, two):
        for number, count in enumerate(counts[400:].tolist(), 400):
            forecaster.update(BEGIN + number * STEP, count)
    assert one.forecast(ASKED) == two.forecast(ASKED)
    assert one.save() == two.save()


def test_a_foreign_state_is_refused() -> None:
    """Bytes that are no state, and the state of another step, are refused and change nothing."""
    forecaster = fed(seasonal(2))
    before = forecaster.save()
    for data in (b"", b"no state", LoadForecaster(step_s=60).save()):
        with pytest.raises(ValueError, match="state"):
            forecaster.load(data)
    assert forecaster.save() == before


def test_an_outage_teaches_nothing() -> None:
    """A day of zeros amid a busy series is silence: said so while it lasts, and forgotten when it ends."""
    counts = seasonal(7)
    broken = counts.copy()
    broken[5 * DAY : 6 * DAY] = 0.0
    during = fed(broken[: 5 * DAY + 60])
    assert during.forecast([60])[0].method == SILENT
    assert during.forecast([60])[0].rate == 0.0
    after = fed(broken).forecast([360])[0].rate
    assert after == pytest.approx(30 * (1 + 0.6 * np.sin(2 * np.pi * 35 / DAY)), rel=0.25)


def test_true_zeros_are_load() -> None:
    """Zeros of a sparse series are counts, not an outage."""
    counts = np.random.default_rng(2).poisson(0.3, 600).astype(np.float64)
    told = fed(counts).forecast([10, 60])
    assert all(one.method != SILENT for one in told)
    assert told[1].rate * 10 < 1.5


def test_a_gap_is_no_zero_and_keeps_the_time_of_day() -> None:
    """Counts that are missing, or a process that was away, shift no season."""
    counts = seasonal(8)
    gap = counts.copy()
    gap[6 * DAY + 10 : 6 * DAY + 77] = np.nan
    for forecaster in (fed(gap), _with_a_hole(counts, 6 * DAY + 10, 6 * DAY + 77)):
        rates = [one.rate for one in forecaster.forecast([240, 480])]
        truth = [30 * (1 + 0.6 * np.sin(2 * np.pi * place / DAY)) for place in (23, 47)]
        assert rates == pytest.approx(truth, rel=0.25)


def _with_a_hole(counts: NDArray[np.float64], low: int, high: int) -> LoadForecaster:
    forecaster = LoadForecaster(step_s=STEP)
    for number, count in enumerate(counts.tolist()):
        if not low <= number < high:
            forecaster.update(BEGIN + number * STEP, count)
    return forecaster


def test_late_and_repeated_times_are_passed_over() -> None:
    """A time that was told already changes nothing and is counted."""
    forecaster = fed(seasonal(2))
    before = forecaster.forecast([10])
    forecaster.update(BEGIN, 10**6)
    forecaster.update(BEGIN + (2 * DAY - 1) * STEP, 10**6)
    assert forecaster.forecast([10]) == before
    assert forecaster.counts["late"] == forecaster.counts["repeated"] == 1


@pytest.mark.parametrize("leap", [400 * 86_400.0, -90 * 86_400.0])
def test_a_clock_that_leaps_is_believed_when_it_stays(leap: float) -> None:
    """One odd time is doubted; a clock that stays where it leapt to is followed, and forecasts go on."""
    counts = seasonal(3)
    forecaster = fed(counts)
    end = BEGIN + len(counts) * STEP
    forecaster.update(end + leap, 5.0)
    assert forecaster.counts["clock_jumps"] == 0
    for number in range(PATIENCE + 5):
        forecaster.update(end + leap + (number + 1) * STEP, 300.0)
    assert forecaster.counts["clock_jumps"] == 1
    assert forecaster.forecast([10])[0].rate == pytest.approx(30, rel=0.5)


@pytest.mark.parametrize(
    ("at", "count"),
    [(math.nan, 1.0), (math.inf, 1.0), (-5.0, 1.0), (BEGIN, -1.0), (BEGIN, math.nan), (BEGIN, math.inf), (BEGIN, 1e13)],
)
def test_what_is_no_count_is_refused_and_counted(at: float, count: float) -> None:
    """Times and counts that cannot be are counted by reason, and nothing is raised."""
    forecaster = LoadForecaster()
    forecaster.update(at, count)
    assert sum(forecaster.counts.values()) == 1
    assert forecaster.counts["updates"] == 0


@pytest.mark.parametrize(("minutes", "coverage"), [([0], 0.9), ([2_881], 0.9), ([1], 0.0), ([1], 1.0)])
def test_what_cannot_be_forecast_is_refused(minutes: list[int], coverage: float) -> None:
    """Horizons beyond two days, and coverages that are no share, are refused with what would be right."""
    with pytest.raises(ValueError, match="must lie between"):
        LoadForecaster().forecast(minutes, coverage)


def test_a_step_must_divide_a_day() -> None:
    """Seasons go by whole steps, so a step that does not divide a day is refused."""
    with pytest.raises(ValueError, match="divide a day"):
        LoadForecaster(step_s=7)


def test_memory_is_bounded() -> None:
    """However long it runs, its state is no larger."""
    forecaster = LoadForecaster(step_s=43_200)
    forecaster.update(BEGIN, 5)
    before = len(forecaster.save())
    for number in range(1, 300):
        forecaster.update(BEGIN + number * 43_200, 5 + number % 2)
    assert len(forecaster.save()) <= before + 200


def test_minutes_reach_two_days() -> None:
    """From counts a minute every distance up to 48 hours is answered, each with bounds around it."""
    rng = np.random.default_rng(4)
    told = fed(rng.poisson(40, 1_500).astype(np.float64), step_s=60).forecast([1, 7, 45, 60, 61, 300, 2_880])
    assert all(one.low <= one.rate <= one.high for one in told)
    assert [one.rate for one in told] == pytest.approx([40] * 7, rel=0.35)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(0, 10**12)), min_size=1, max_size=60))
def test_whatever_comes_forecasts_are_finite(counts: list[int | None]) -> None:
    """No run of counts, however wild, gives anything but finite rates within their bounds."""
    forecaster = LoadForecaster(step_s=3_600)
    for number, count in enumerate(counts):
        forecaster.update(BEGIN + number * 3_600, count)
    for told in forecaster.forecast([60, 600, 2_880], 0.8):
        assert math.isfinite(told.rate)
        assert 0 <= told.low <= told.rate <= told.high


@pytest.mark.slow
def test_the_outlook_is_the_same_time_of_past_weeks() -> None:
    """Ten days ahead the shape of the days is still there."""
    told = fed(seasonal(20)).outlook([10 * 1_440 + 10 * 36, 10 * 1_440 + 10 * 108])
    assert told == pytest.approx([30 * 1.6, 30 * 0.4], rel=0.15)
    with pytest.raises(ValueError, match="must lie between"):
        LoadForecaster().outlook([0])
