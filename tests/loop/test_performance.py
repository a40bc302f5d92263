"""Performance by version and day: estimates without outcomes, outcomes under way, and the history of deployments."""

import dataclasses
import datetime as dt
import math

import numpy as np
import pytest
from examples.will_it_rain import RAIN
from numpy.typing import NDArray
from tests.loop.live_world import show

from samouk.loop import performance as performing
from samouk.loop.estimate import calibrate, estimate, expected_calibration_error, fall
from samouk.loop.live import Move, Rollout, RolloutState
from samouk.loop.performance import deployments, performance, recent
from samouk.loop.ports import Services
from samouk.loop.records import Act
from samouk.loop.survival import arrival
from samouk.store.clock import MONDAY, SteppedClock
from samouk.store.memory import memory_services

Numbers = NDArray[np.float64]


def world(
    seed: int, rows: int, shift: float = 0.0, sharp: float = 1.0, flipped: bool = False
) -> tuple[Numbers, Numbers]:
    """Scores and outcomes of a logistic world; ``sharp`` above 1 is a model too sure of itself."""
    rng = np.random.default_rng(seed)
    seen = rng.normal([shift, 0, 0], 1, (rows, 3))
    odds = seen @ [1.0, -0.8, 0.5]
    truth = rng.random(rows) < 1 / (1 + np.exp(odds if flipped else -odds))
    return 1 / (1 + np.exp(-sharp * odds)), truth.astype(float)


def accuracy(scores: Numbers, outcomes: Numbers) -> float:
    return float(np.mean((scores >= 0.5) == (outcomes >= 0.5)))


def test_the_estimate_is_within_a_hundredth_with_true_probabilities() -> None:
    """Accuracy and mean outcome after the inputs moved by a standard deviation, from scores alone."""
    calibration = calibrate(*world(0, 50_000))
    scores, outcomes = world(1, 50_000, shift=1.0)
    assert calibration is not None
    found = estimate(calibration, scores)
    assert found.accuracy == pytest.approx(accuracy(scores, outcomes), abs=0.01)
    assert found.outcome == pytest.approx(outcomes.mean(), abs=0.01)
    assert found.calibrated
    assert found.margin < 0.02


def test_a_model_too_sure_of_itself_is_seen_through() -> None:
    """The raw estimate is wrong by more than a tenth; on calibrated scores it is within a hundredth."""
    calibration = calibrate(*world(2, 50_000, sharp=3.0))
    scores, outcomes = world(3, 50_000, shift=1.0, sharp=3.0)
    truth = accuracy(scores, outcomes)
    assert abs(float(np.maximum(scores, 1 - scores).mean()) - truth) > 0.1
    assert calibration is not None
    assert estimate(calibration, scores).accuracy == pytest.approx(truth, abs=0.01)


def test_the_interval_holds_the_truth_and_widens_with_fewer_pairs() -> None:
    """In at least 90 of 100 worlds each; the bare number without its margin would fail."""
    for pairs in (1_000, 5_000):
        held = 0
        for seed in range(100):
            calibration = calibrate(*world(seed, pairs, sharp=2.0))
            scores, outcomes = world(1_000 + seed, 5_000, shift=0.7, sharp=2.0)
            assert calibration is not None
            held += abs(estimate(calibration, scores).outcome - outcomes.mean()) <= estimate(calibration, scores).margin
        assert held >= 90
    few, many = (calibrate(*world(5, pairs)) for pairs in (600, 20_000))
    assert few is not None
    assert many is not None
    scores, _ = world(6, 5_000)
    assert estimate(few, scores).margin > 3 * estimate(many, scores).margin


def test_what_cannot_be_trusted_is_flagged() -> None:
    """Too few pairs, scores that changed their meaning on the way, and scores never seen before."""
    scores, _ = world(8, 5_000)
    few = calibrate(*world(7, 200))
    before, after = world(7, 5_000), world(9, 5_000, flipped=True)
    turned = calibrate(np.concatenate([before[0], after[0]]), np.concatenate([before[1], after[1]]))
    narrow = calibrate(*(column[:3_000] for column in _below_half(world(10, 20_000))))
    for calibration in (few, turned, narrow):
        assert calibration is not None
        found = estimate(calibration, scores)
        assert not found.calibrated
        assert found.margin > 0.05


def _below_half(pairs: tuple[Numbers, Numbers]) -> tuple[Numbers, Numbers]:
    low = pairs[0] < 0.5
    return pairs[0][low], pairs[1][low]


def test_a_score_of_something_else_has_a_mean_outcome_and_no_accuracy() -> None:
    """Content at both ends of the chance of rain: the mean is estimated all the same."""
    rng = np.random.default_rng(0)
    scores = rng.random(20_000)
    content = (rng.random(20_000) < 0.5 + np.abs(scores - 0.5)).astype(float)
    calibration = calibrate(scores, content)
    sure = rng.choice([0.02, 0.97], 5_000)
    assert calibration is not None
    found = estimate(calibration, sure)
    assert found.accuracy is None
    assert found.outcome == pytest.approx(0.975, abs=0.03)


def test_the_fall_of_the_estimate_is_seen() -> None:
    """Inputs that moved to where the model knows less; none where nothing moved."""
    calibration = calibrate(*world(0, 20_000, sharp=2.0))
    before, same = world(1, 5_000, sharp=2.0)[0], world(2, 5_000, sharp=2.0)[0]
    assert calibration is not None
    lost, error = fall(calibration, before, before * 0.2 + 0.4)
    assert lost > 0.05 > 3 * error
    lost, error = fall(calibration, before, same)
    assert abs(lost) < 4 * error


def test_calibration_error_tells_hope_from_truth() -> None:
    """Nought for a true probability, large for one too sure."""
    assert expected_calibration_error(*world(0, 50_000)) < 0.01
    assert expected_calibration_error(*world(0, 50_000, sharp=4.0)) > 0.08


def test_outcomes_under_way_are_counted_by_survival() -> None:
    """Exponential delays of a day, 40 % never: after one day 63 % of what ever comes has come, whoever is young."""
    rng = np.random.default_rng(0)
    ages, delays = rng.uniform(0, 10, 20_000) * 86_400, rng.exponential(86_400, 20_000)
    delays[rng.random(20_000) < 0.4] = math.inf
    curve = arrival([(min(age, delay), bool(delay <= age)) for age, delay in zip(ages, delays, strict=True)])
    assert curve is not None
    assert float(curve.by(86_400.0)) == pytest.approx(1 - math.exp(-1), abs=0.02)
    assert curve.share[-1] == pytest.approx(0.6, abs=0.02)
    # Without the censored ones, as if who has no outcome yet had never been asked, the curve would be too hasty.
    naive = float(np.mean(delays[delays <= ages] <= 86_400))
    assert naive > 1 - math.exp(-1) + 0.02
    assert float(curve.by(0.0)) == 0
    assert float(curve.by(1e9)) == 1


def test_kaplan_and_meier_by_hand() -> None:
    """Five exposures: outcomes at 1 and 3, still waiting at 2, 3 and 4."""
    curve = arrival([(1, True), (2, False), (3, True), (3, False), (4, False)])
    assert curve is not None
    assert curve.share.tolist() == pytest.approx([0.2, 1 - 0.8 * 2 / 3])
    assert arrival([(1, False), (2, False)]) is None


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def services(clock: SteppedClock) -> Services:
    return memory_services(clock)


def test_each_version_and_day_has_its_row(services: Services, clock: SteppedClock) -> None:
    """Figures, calibration, estimate and arrival of two versions over two days."""
    rng = np.random.default_rng(0)
    for day, version in enumerate(("v1.0", "v1.1")):
        scores = rng.random(1_500)
        told = [float(rng.random() < score) if number % 3 else None for number, score in enumerate(scores)]
        show(services, version, scores, told, MONDAY + dt.timedelta(days=day, hours=2), minutes=60)
    clock.step(dt.timedelta(days=1, hours=12))
    rows = [row for row in performance(RAIN, services, MONDAY.date()) if row.figures.metric == "content"]
    assert [(row.figures.version, row.figures.day) for row in rows] == [
        ("v1.0", MONDAY.date()),
        ("v1.1", MONDAY.date() + dt.timedelta(days=1)),
    ]
    for row in rows:
        assert (row.figures.exposures, row.figures.outcomes) == (1_500, 1_000)
        assert row.positive_rate == pytest.approx(0.5, abs=0.06)
        assert row.calibration_gap == pytest.approx(0, abs=0.05)
        assert row.ece is not None
        assert row.ece < 0.08
        assert row.estimate is not None
        assert row.estimate.rows == 500
        assert row.estimate.outcome == pytest.approx(0.5, abs=row.estimate.margin)
        assert row.estimate.accuracy == pytest.approx(0.75, abs=row.estimate.margin)
        assert row.arrived == pytest.approx(1, abs=0.1)
        assert row.expected == pytest.approx(1_000, rel=0.1)


def test_a_young_day_expects_more_outcomes(services: Services, clock: SteppedClock) -> None:
    """Outcomes take six hours on average: at noon a part of the day's is there, and the row says of how many."""
    rng = np.random.default_rng(1)
    noon = MONDAY + dt.timedelta(hours=60)
    for day, count in enumerate((480, 480, 240)):
        begin, minutes = MONDAY + dt.timedelta(days=day), rng.exponential(360, count)
        show(services, "v1.0", rng.random(count), [1.0] * count, begin, minutes=minutes, every=180, until=noon)
    clock.step(dt.timedelta(hours=60))
    *_, old, young = (row for row in performance(RAIN, services, MONDAY.date()) if row.figures.metric == "content")
    assert old.arrived == pytest.approx(0.98, abs=0.03)
    assert young.figures.outcomes < 160
    assert young.arrived == pytest.approx(1 - 0.5 * (1 - math.exp(-2)), abs=0.05)
    assert young.expected == pytest.approx(240, rel=0.1)


def test_only_the_newest_outcomes_are_read_again(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cursor moves on, never back, and a second look sees the same."""
    monkeypatch.setattr(performing, "RECENT", 100)
    show(services, "v1.0", np.full(250, 0.5), [1.0] * 250, MONDAY)
    first = recent(RAIN, services)
    assert len(first) == 100
    assert services.journal.cursor(f"recent:{RAIN.name}") == first[0].sequence - 1
    assert recent(RAIN, services) == first
    show(services, "v1.0", np.full(30, 0.5), [0.0] * 30, MONDAY + dt.timedelta(hours=1))
    assert [one.sequence for one in recent(RAIN, services)[:70]] == [one.sequence for one in first[30:]]


def test_every_deployment_has_its_reason_once(services: Services) -> None:
    """Moves of rollouts and acts of the audit in one history, what stands in both told once, others' left out."""
    moves = (
        Move(MONDAY, "samouk", "stage", "it passed the gate", 0, 0.1),
        Move(MONDAY + dt.timedelta(days=2), "samouk", "roll_back", "harm is shown", 1, 0.5),
    )
    ramp = Rollout(
        "r1", RAIN.name, "v1.0", {"v1.1": 0.1}, "ab", (0.1, 1.0), 0, RolloutState.RUNNING, "5eed", MONDAY, MONDAY
    )
    services.rollouts.save(dataclasses.replace(ramp, history=moves))
    acts = [
        Act("samouk", "register", f"{RAIN.name}/v1.1", "fitted", MONDAY - dt.timedelta(hours=1)),
        Act("ana", "release", f"{RAIN.name}/v1.2", "v1.0 again", MONDAY + dt.timedelta(days=3)),
        Act("samouk", "stage", f"{RAIN.name}/v1.1", "it passed the gate", MONDAY),
        Act("samouk", "release", "other.learner/v9.9", "not ours", MONDAY),
        Act("samouk", "turn", f"{RAIN.name}/run", "no deployment", MONDAY),
        Act("samouk", "withhold", f"{RAIN.name}/v1.2", "too large", MONDAY + dt.timedelta(days=4)),
        Act("samouk", "archive", f"{RAIN.name}/v1.2", "superseded", MONDAY + dt.timedelta(days=5)),
    ]
    for act in acts:
        services.audit.append(act)
    told = [(one.action, one.actor, one.reason) for one in deployments(RAIN, services)]
    assert told == [
        ("register", "samouk", "fitted"),
        ("stage", "samouk", "it passed the gate"),
        ("roll_back", "samouk", "harm is shown"),
        ("release", "ana", "v1.0 again"),
        ("withhold", "samouk", "too large"),
        ("archive", "samouk", "superseded"),
    ]


def test_the_oldest_deployment_is_still_told(services: Services) -> None:
    """More rollouts than a page of them, and more acts of others than a page of the audit, hide none."""
    for number in range(150):
        at = MONDAY + dt.timedelta(hours=number)
        move = Move(at, "samouk", "roll_back", f"harm {number}", 1, 0.5)
        over = Rollout(
            *(f"r{number}", RAIN.name, "v1.0", {"v1.1": 0.1}, "ab", (0.1, 1.0), 0),
            *(RolloutState.ROLLED_BACK, "5eed", at, at),
            history=(move,),
        )
        services.rollouts.save(over)
    for number in range(1_100):
        services.audit.append(Act("samouk", "release", f"other.learner/v1.{number}", "not ours", MONDAY))
    services.audit.append(Act("ana", "release", f"{RAIN.name}/v1.2", "last", MONDAY + dt.timedelta(days=30)))
    told = deployments(RAIN, services)
    assert [one.reason for one in told] == [*(f"harm {number}" for number in range(150)), "last"]
