"""What is true of the detector of one series, and of the scorer that compares it with others."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from benchmarks import monitoring, nab
from hypothesis import given, settings
from hypothesis import strategies as st

from samouk.domains.traffic.detect.series import ALARM_FROM, SeriesDetector
from samouk.families.packing import pack, unpack

Row = tuple[float | None, float | None]
DAY = 86_400
MINUTES = 1_440


def daily(days: int, *, every: int = 300, seed: int = 0, noise: float = 1.0) -> list[tuple[float, float]]:
    """A working day of 100 from 9 to 18 h over a night of 20, with noise."""
    rng = np.random.default_rng(seed)
    at = np.arange(0, days * DAY, every)
    busy = (at % DAY >= 9 * 3_600) & (at % DAY < 18 * 3_600)
    return list(zip(at.tolist(), (np.where(busy, 100.0, 20.0) + rng.normal(0, noise, len(at))).tolist(), strict=True))


def run(rows: Sequence[Row], detector: SeriesDetector | None = None) -> list[tuple[float, float, str]]:
    """Score, alarm and reason of every row."""
    detector = detector or SeriesDetector()
    return [(detector.update(at, value), detector.alarm, detector.reason) for at, value in rows]


values = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.floats(-10, 10))
times = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.floats(0, 3e5))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(times, values), max_size=30), st.lists(st.tuples(times, values), max_size=30), st.integers(0))
def test_no_score_knows_what_comes_later(rows: list[Row], other: list[Row], cut: int) -> None:
    """Cutting off or changing the later rows changes no earlier score, whatever the rows are."""
    known = daily(1)[-60:]
    cut = cut % (len(rows) + 1)
    whole = run([*known, *rows])
    assert run([*known, *rows[:cut], *other])[: len(known) + cut] == whole[: len(known) + cut]
    assert all(0 <= score < 1 and 0 <= alarm < 1 for score, alarm, _ in whole)


@pytest.mark.parametrize("cut", [0, 1, 40, 700])
def test_a_restart_in_the_middle_changes_no_bit(cut: int) -> None:
    """A detector that loads another's state goes on exactly as that one would, whatever it had seen itself."""
    rows: list[Row] = [*daily(3)]
    rows[650] = (rows[650][0], None)
    whole = run(rows)
    first, second = SeriesDetector(), SeriesDetector()
    run(rows[:cut], first)
    run(rows[:300], second)
    second.load(first.save())
    assert (second.score, second.alarm, second.reason) == (first.score, first.alarm, first.reason)
    assert run(rows[cut:], second) == whole[cut:]
    assert second.save() == run_state(rows)


def run_state(rows: Sequence[Row]) -> bytes:
    detector = SeriesDetector()
    run(rows, detector)
    return detector.save()


def test_bytes_that_are_no_state_are_refused_and_change_nothing() -> None:
    """Foreign, cut and damaged bytes raise ValueError, and the detector stays what it was."""
    detector = SeriesDetector()
    run(daily(1), detector)
    kept = detector.save()
    facts, arrays = unpack(kept, "samouk.traffic.series/1")
    missing = {name: array for name, array in arrays.items() if name != "level/"}
    for data in (
        b"",
        b"nothing",
        kept[: len(kept) // 2],
        pack({"kind": "another"}, {}),
        pack(facts, missing),
        pack(facts, arrays | {"rarity/counts": np.zeros(3)}),
        pack(facts, arrays | {"habit/peaks": np.zeros((2, 2))}),
    ):
        with pytest.raises(ValueError, match="state"):
            detector.load(data)
    assert detector.save() == kept


def test_a_missing_value_scores_nothing_and_teaches_nothing() -> None:
    """Rows without a value are passed over: those with one score as if the others had never been."""
    rows = daily(3)
    holes: list[Row] = []
    for place, row in enumerate(rows):
        holes += [row, (row[0] + 1, (None, math.nan, math.inf)[place % 3])]
    found = run(holes)
    assert found[::2] == run(rows)
    assert set(found[1::2]) == {(0.0, 0.0, "")}


def test_a_gap_is_not_a_zero_and_keeps_the_time_of_day() -> None:
    """After six hours without rows the profile stands where the clock stands, not where the rows do."""
    rows = daily(8)
    gap = [row for row in rows if not 7 * DAY + 7 * 3_600 <= row[0] < 7 * DAY + 13 * 3_600]
    first = next(place for place, row in enumerate(gap) if row[0] >= 7 * DAY + 13 * 3_600)
    assert max(alarm for _, alarm, _ in run(gap)[first:]) < ALARM_FROM


@pytest.mark.parametrize("level", [0.0, 45.0, -3e12])
def test_a_flat_series_is_quiet_until_it_moves(level: float) -> None:
    """A spread of nothing raises no alarm, and the first value that differs raises the largest."""
    rows = [(300.0 * place, level) for place in range(1_000)]
    found = run([*rows, (300_000.0, level + 1.0)])
    assert {row[:2] for row in found[:-1]} == {(0.0, 0.0)}
    assert found[-1][1] > ALARM_FROM


def test_larger_is_always_more() -> None:
    """Neither score nor alarm saturates: of two spikes the larger has the larger number."""
    known = SeriesDetector()
    run(daily(3), known)
    kept, found = known.save(), []
    for power in range(2, 7):
        detector = SeriesDetector()
        detector.load(kept)
        found.append(run([(3.0 * DAY, 10.0**power)], detector)[0][:2])
    assert found == sorted(found)
    assert len({score for score, _ in found}) == len({alarm for _, alarm in found}) == len(found)


def test_values_beyond_all_measure_stay_finite() -> None:
    """The largest and smallest numbers of double precision leave every later score in range."""
    rows: list[Row] = [*daily(1)]
    for place, value in ((50, 1.7e308), (100, -1.7e308), (150, 5e-324), (200, 1e-300)):
        rows[place] = (rows[place][0], value)
    assert all(0 <= score < 1 and 0 <= alarm < 1 for score, alarm, _ in run(rows))


def test_clocks_that_go_back_or_stand_still_do_no_harm() -> None:
    """An hour told twice, as at the end of summer time, and repeated times raise no alarm."""
    rows = daily(10)
    start = next(place for place, row in enumerate(rows) if row[0] >= 8 * DAY + 2 * 3_600)
    again = [*rows[:start], *rows[start - 12 :]]
    still = [(at - at % 900, value) for at, value in rows]
    for odd in (again, still):
        assert max(alarm for _, alarm, _ in run(odd)[7 * MINUTES // 5 :]) < ALARM_FROM


def test_a_day_that_stays_empty_is_found_by_its_time() -> None:
    """A working day at the night's level is an ordinary value at the wrong time: alarm, and the reason says so."""
    rows = daily(12)
    silent = [(at, value - 80 if 10 * DAY + 9 * 3_600 <= at < 10 * DAY + 18 * 3_600 else value) for at, value in rows]
    found = run(silent)
    first = next(place for place, row in enumerate(rows) if row[0] >= 10 * DAY + 9 * 3_600)
    assert max(alarm for _, alarm, _ in found[first - 288 : first]) < ALARM_FROM
    assert max(alarm for _, alarm, _ in found[first : first + 12]) > ALARM_FROM
    assert found[first][2].endswith("below what is usual at this time of day")


def test_a_spike_is_told_in_words() -> None:
    """The reason names how far the value is and from what."""
    steady = [(60.0 * place, 50.0 + place % 3) for place in range(600)]
    *_, last = run([*steady, (36_000.0, 500.0)])
    assert "times" in last[2]
    assert last[0] > 0.9


def test_a_lasting_shift_becomes_the_normal_within_a_day() -> None:
    """A step raises one alarm at once; a day of minutes later the new level scores as the old one did."""
    rng = np.random.default_rng(1)
    rows = [(60.0 * place, float(rng.normal(10 if place < 7 * MINUTES else 20))) for place in range(9 * MINUTES)]
    found = run(rows)
    score = np.array([row[0] for row in found])
    alarms = np.array([row[1] for row in found])
    step = 7 * MINUTES
    usual = float(np.mean(score[step - MINUTES : step]))
    assert alarms[step : step + 3].max() > ALARM_FROM
    assert score[step : step + 30].mean() > usual + 0.2
    assert score[step + MINUTES :].mean() < usual + 0.05
    assert np.count_nonzero(alarms[step + 5 :] >= ALARM_FROM) <= 2


@pytest.mark.parametrize("seed", range(3))
def test_noise_alone_raises_at_most_one_alarm_a_day(seed: int) -> None:
    """In a world where nothing happens, a week of minutes has no more alarms than days, the first day apart."""
    rng = np.random.default_rng(seed)
    found = run([(60.0 * place, float(rng.poisson(50 + 30 * math.sin(place / 229)))) for place in range(8 * MINUTES)])
    assert sum(alarm >= ALARM_FROM for _, alarm, _ in found[MINUTES:]) <= 7


def test_memory_does_not_grow_with_the_stream() -> None:
    """Ten times the rows leave a state of nearly the same size."""
    rng = np.random.default_rng(0)
    detector, sizes = SeriesDetector(), []
    for place in range(15_000):
        detector.update(60.0 * place, float(rng.normal()) - place)
        if place in {1_499, 14_999}:
            sizes.append(len(detector.save()))
    assert sizes[1] < sizes[0] + 20_000


def test_the_scorer_rewards_a_window_by_its_first_row() -> None:
    """First row 1, last row nearly 0, only the earliest counts, and a missed window costs."""
    rows, windows = 1_000, [(400, 499)]
    profile = nab.PROFILES["standard"]
    for row, worth in ((400, 1.0), (450, 0.8598), (499, 0.0253)):
        scores = np.zeros(rows)
        scores[[row, 499]] = 0.9
        got = nab.gain([nab.steps(scores, windows)], profile, 0.5)
        assert got - profile.missed == pytest.approx(worth, abs=1e-4)
    assert nab.gain([nab.steps(np.zeros(rows), windows)], profile, 0.5) == 0


def test_the_scorer_charges_false_alarms_by_their_distance() -> None:
    """Full price before the first window and long after one, nearly none right behind it, none in the probation."""
    rows, windows = 2_000, [(400, 499)]
    profile = nab.PROFILES["reward_low_FP"]
    for row, share in ((100, 0.0), (299, 0.0), (300, -1.0), (399, -1.0), (500, -0.0252), (598, -0.9866), (900, -1.0)):
        scores = np.zeros(rows)
        scores[row] = 0.9
        got = nab.gain([nab.steps(scores, windows)], profile, 0.5)
        assert got == pytest.approx(0.22 * share, abs=1e-4)


def test_the_scorer_finds_the_best_threshold_and_may_stay_silent() -> None:
    """Equal scores enter together; with nothing to win the threshold is out of reach."""
    profile = nab.PROFILES["standard"]
    scores = np.zeros(1_000)
    scores[[200, 450, 600]] = 0.3, 0.8, 0.6
    threshold, total = nab.best([nab.steps(scores, [(400, 499)])], profile)
    assert threshold == 0.8
    assert nab.normalised(total, 1, profile) == pytest.approx(92.98, abs=0.01)
    scores[[200, 600, 700]] = 0.8
    together = nab.best([nab.steps(scores, [(400, 499)])], profile)[1]
    assert together == pytest.approx(total - 0.11 * 3 + 0.11 * (1 - 0.98), abs=0.02)
    assert nab.best([nab.steps(scores, [])], profile) == (1.1, 0.0)


def test_windows_and_false_alarms_are_counted_a_day() -> None:
    """What lies in a window finds it once, what lies outside is false, and the probation does not count."""
    scores = np.zeros(1_000)
    scores[[100, 450, 460, 600, 700]] = 0.9
    one = nab.Series("group/one.csv", [86.4 * row for row in range(1_000)], [0.0] * 1_000, ((400, 499), (800, 850)))
    told = nab.alarms([one], [scores], 0.5)
    assert (told["windows_found"], told["false_alarms"]) == (1, 2)
    assert told["false_alarms_a_day"] == pytest.approx(2 / 0.849, rel=1e-3)


def test_the_honest_threshold_comes_from_the_other_domains() -> None:
    """Where the domains need different thresholds, the oracle's F1 is out of reach."""
    marked = np.arange(100) % 10 == 0
    one = monitoring.Series("a/x", range(100), [0.0] * 100, marked)
    two = monitoring.Series("b/x", range(100), [0.0] * 100, marked)
    scores = np.where(marked, 0.8, 0.4)
    assert monitoring.honest_f1([one, two], [scores, scores]) == 1.0
    assert monitoring.honest_f1([one, two], [scores, scores / 4]) < 0.2


def test_average_precision_and_area_agree_with_sums_by_hand() -> None:
    """Ties enter together and count half."""
    marked = np.array([True, False, True, False, False])
    scores = np.array([0.9, 0.8, 0.7, 0.7, 0.1])
    assert monitoring.average_precision(scores, marked) == pytest.approx(0.5 + 0.5 * 2 / 4)
    assert monitoring.area(scores, marked) == pytest.approx((3 + 1.5) / 6)
    assert monitoring.best_f1(scores, marked) == pytest.approx(2 / 3)


def test_a_file_of_the_benchmark_scores_alike_in_one_run_and_in_two() -> None:
    """The whole open set costs silence 74 windows; one file run with a restart gives the alarms of one run."""
    root = nab.folder()
    if root is None:
        pytest.skip("the files of NAB are not here")
    series = nab.load(root)
    windows = sum(len(one.windows) for one in series)
    assert (len(series), windows) == (42, 74)
    assert [nab.silence(windows, profile) for profile in nab.PROFILES.values()] == [-74, -74, -148]
    one = next(one for one in series if one.name.endswith("speed_7578.csv"))
    whole = nab.run(one)
    half = len(one.values) // 2
    first, second = SeriesDetector(), SeriesDetector()
    run(list(zip(one.at[:half], one.values[:half], strict=True)), first)
    second.load(first.save())
    later = [row[1] for row in run(list(zip(one.at[half:], one.values[half:], strict=True)), second)]
    assert later == whole[half:].tolist()
    profile = nab.PROFILES["standard"]
    assert nab.normalised(nab.gain([nab.steps(whole, one.windows)], profile, ALARM_FROM), 4, profile) > 60
