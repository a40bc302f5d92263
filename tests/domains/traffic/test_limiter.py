"""Limits that follow what is normal: within their bounds, slowly up, at once down, and never at an attacker's will."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samouk.domains.traffic.detect.detector import AnomalyDetector
from samouk.domains.traffic.ears.baselines import Baselines
from samouk.domains.traffic.ears.extractor import FeatureExtractor
from samouk.domains.traffic.features import Features
from samouk.domains.traffic.limiter import DAY_S, LOOK_S, RESPITE_S, Limits, RateLimiter
from samouk.edge.wire import WireError

START = 1_700_000_000.0
NARROW = Limits(low=10, high=100, factor=2, burst=5)


def learnt(rates: dict[str, float], windows: int = 200) -> Baselines:
    """What is normal after so many quiet minutes of these users."""
    baselines = Baselines()
    for minute in range(windows):
        for user, rate in rates.items():
            baselines.learn(user, Features(messages_per_minute=rate), START - 60.0 * (windows - minute), harm=0.0)
    return baselines


def limiter(limits: Limits = NARROW, baselines: Baselines | None = None, **settings: int) -> RateLimiter:
    return RateLimiter(limits, baselines, lambda: START, **settings)


def passed(gate: RateLimiter, user: str, times: list[float]) -> int:
    return sum(gate.allow(user, at).allowed for at in times)


def test_the_bucket_by_hand() -> None:
    """Five at once, then one every six seconds at ten a minute; a refusal says how long to wait."""
    gate = limiter()
    assert passed(gate, "anna", [START] * 8) == 5
    refused = gate.allow("anna", START)
    assert (refused.allowed, refused.limit_per_minute) == (False, 10.0)
    assert refused.retry_after_s == pytest.approx(6.0)
    assert not gate.allow("anna", START + 5.9).allowed
    assert gate.allow("anna", START + 6.0).allowed
    assert passed(gate, "anna", [START + 1_000.0] * 8) == 5
    assert gate.counts == {"allowed": 11, "limited": 8}


def test_one_user_is_not_limited_for_another() -> None:
    """Each has a bucket."""
    gate = limiter()
    assert passed(gate, "anna", [START] * 100) == 5
    assert passed(gate, "boris", [START] * 5) == 5


def test_a_dear_message_costs_more_and_never_more_than_a_full_bucket() -> None:
    """So that it can pass at all; a cost that is none counts as 1 and is counted."""
    gate = limiter()
    assert gate.allow("anna", START, cost=1e9).allowed
    assert not gate.allow("anna", START).allowed
    assert gate.allow("boris", START, cost=0.0).allowed
    for cost in (math.nan, -3.0):
        gate.allow("boris", START, cost=cost)
    assert gate.counts["refused_cost"] == 2
    assert passed(gate, "boris", [START] * 9) == 3


def test_the_limit_follows_what_is_normal_for_each_within_the_bounds() -> None:
    """Twice the normal, from 10 to 100; strangers get the lowest, whatever is normal for others."""
    gate = limiter(baselines=learnt({"quiet": 1.0, "busy": 30.0, "mad": 500.0}))
    assert gate.limit("quiet") == 10.0
    assert gate.limit("busy") == pytest.approx(60.0, rel=0.1)
    assert gate.limit("mad") == 100.0
    assert gate.limit("a stranger") == 10.0
    assert gate.allow("busy", START).limit_per_minute == gate.limit("busy")


def test_a_limit_grows_no_faster_than_it_may_and_comes_to_its_end() -> None:
    """From 10 it takes three days and more of doubling to get to 100, however fast the normal grows."""
    baselines = learnt({"anna": 1.0})
    gate = limiter(baselines=baselines)
    gate.allow("anna", START)
    baselines.load(learnt({"anna": 1_000.0}).save())
    found = []
    for hour in range(1, 24 * 5):
        gate.allow("anna", START + 3_600.0 * hour)
        found.append(gate.limit("anna"))
    assert found[22] == pytest.approx(10.0 * 2.0 ** (23 / 24))
    assert found[-1] == 100.0
    assert found == sorted(found)


def test_a_limit_falls_as_slowly_as_it_grows() -> None:
    """A quiet night does not take away what was learnt by day."""
    baselines = learnt({"anna": 40.0})
    gate = limiter(baselines=baselines)
    before = gate.allow("anna", START).limit_per_minute
    baselines.load(learnt({"anna": 1.0}).save())
    assert gate.allow("anna", START + DAY_S / 2).limit_per_minute == pytest.approx(before / math.sqrt(2), rel=1e-3)


def test_who_is_over_the_limit_does_not_see_it_grow() -> None:
    """Nor for five minutes after."""
    gate = limiter(baselines=learnt({"anna": 1.0}))
    gate.allow("anna", START)
    raised = learnt({"anna": 1_000.0})
    gate._baselines = raised
    for second in range(3_600):
        gate.allow("anna", START + second / 10.0)
    assert gate.counts["limited"] > 0
    assert gate.limit("anna") == 10.0
    gate.allow("anna", START + 360.0 + RESPITE_S - 1.0)
    assert gate.limit("anna") == 10.0
    gate.allow("anna", START + 360.0 + RESPITE_S + LOOK_S)
    assert gate.limit("anna") > 10.0


def test_a_confirmed_alert_takes_the_limit_at_once_and_it_recovers() -> None:
    """To a quarter of the lowest, and from there by no more than doubling a day."""
    gate = limiter(baselines=learnt({"anna": 40.0}))
    assert gate.allow("anna", START).limit_per_minute > 60.0
    gate.penalize("anna", START)
    refused = gate.allow("anna", START + 1.0)
    assert (refused.allowed, refused.limit_per_minute) == (False, 2.5)
    days = [gate.allow("anna", START + DAY_S * day).limit_per_minute for day in range(1, 8)]
    assert days[:2] == [pytest.approx(5.0), pytest.approx(10.0)]
    assert days[-1] == pytest.approx(80.0, rel=0.1)
    gate.penalize("nobody yet", START)
    assert gate.limit("nobody yet") == 2.5


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.floats(0.0, 20_000.0), st.integers(1, 30), st.floats(0.0, 1.0)), min_size=1, max_size=60
    ),
    growth=st.floats(1.0, 4.0),
)
def test_no_traffic_of_ones_own_raises_the_limit_faster_than_it_may(
    steps: list[tuple[float, int, float]], growth: float
) -> None:
    """Whatever is sent, and however much of it the baseline believes: growth and both bounds hold."""
    limits = Limits(low=20, high=200, factor=3, burst=10, growth=growth)
    baselines = Baselines()
    gate = RateLimiter(limits, baselines, lambda: START)
    at = START
    first = gate.allow("mallory", at).limit_per_minute
    for pause, messages, harm in steps:
        at += pause
        for _ in range(messages):
            found = gate.allow("mallory", at).limit_per_minute
            assert 20.0 <= found <= 200.0
            assert found <= first * growth ** ((at - START) / DAY_S) * (1 + 1e-9)
        baselines.learn("mallory", Features(messages_per_minute=60.0 * messages), at, harm=harm)


@settings(max_examples=60, deadline=None)
@given(gaps=st.lists(st.floats(0.0, 30.0), min_size=1, max_size=300), rate=st.floats(1.0, 500.0))
def test_no_more_passes_than_the_bucket_holds(gaps: list[float], rate: float) -> None:
    """In any span of time: the burst and what the limit gives, whatever the order of messages."""
    gate = limiter(Limits(low=rate, high=rate, burst=7))
    at, times = START, []
    for gap in gaps:
        at += gap
        if gate.allow("anna", at).allowed:
            times.append(at)
    for first, begun in enumerate(times):
        for last in range(first, len(times)):
            assert last - first + 1 <= 7 + (times[last] - begun) * rate / 60.0 + 1e-3


@pytest.mark.slow
def test_a_slow_ramp_ends_at_the_bound() -> None:
    """Boiling the frog: 3 % more every hour for two weeks, in front of the whole detector, ends at ``high``."""
    now = [START]
    extractor, baselines = FeatureExtractor(clock=lambda: now[0]), Baselines()
    detector = AnomalyDetector(extractor, baselines, clock=lambda: now[0])
    gate = RateLimiter(Limits(low=20, high=150, factor=3, burst=20, growth=1.5), baselines, lambda: now[0])
    rate, most = 5.0, 0.0
    for hour in range(24 * 14):
        for minute in range(3):
            begun = START + 3_600.0 * hour + 60.0 * minute
            for number in range(int(rate)):
                now[0] = begun + number * 60.0 / rate
                told = gate.allow("mallory")
                extractor.track_user_activity("mallory", 100, rate_limited=not told.allowed, at=now[0])
                assert told.limit_per_minute <= min(150.0, 20.0 * 1.5 ** ((now[0] - START) / DAY_S) * (1 + 1e-9))
                most = max(most, told.limit_per_minute)
            detector.analyze_user_activity("mallory", begun + 60.0)
        rate = min(rate * 1.03, 600.0)
    assert most <= 150.0
    assert gate.counts["limited"] > 0


def test_a_flood_teaches_its_own_limit_nothing() -> None:
    """An hour of 600 messages a minute leaves the limit, and what follows from the normal, where they were."""
    now = [START]
    baselines = learnt({"mallory": 10.0, "anna": 12.0, "boris": 9.0})
    extractor = FeatureExtractor(clock=lambda: now[0])
    detector = AnomalyDetector(extractor, baselines, clock=lambda: now[0])
    gate = RateLimiter(Limits(low=20, high=1_000), baselines, lambda: now[0])
    before = gate.limit("mallory")
    for second in range(3_600):
        now[0] = START + second
        for _ in range(10):
            told = gate.allow("mallory")
            extractor.track_user_activity("mallory", 100, rate_limited=not told.allowed, at=now[0])
        if second % 10 == 9:
            detector.analyze_user_activity("mallory")
    assert gate.limit("mallory") <= before * 1.05
    assert 3 * baselines.normal("mallory").messages_per_minute <= before * 1.1


def test_many_names_are_held_to_the_bound_of_memory_and_counted() -> None:
    """A hundred thousand strangers push each other out, not the regular who keeps coming."""
    gate = limiter(max_users=100)
    for number in range(10_000):
        gate.allow(f"stranger {number}", START + number)
        if number % 50 == 0:
            gate.allow("regular", START + number)
    assert len(gate) == 100
    assert gate.counts["evicted"] == 10_001 - 100
    assert passed(gate, "regular", [START + 10_000.0] * 9) == 5


def test_a_crowd_of_new_names_forgives_no_penalty_and_takes_no_limit() -> None:
    """Who was pushed out comes back to the limit that was left or earned, not to what is normal now."""
    baselines = learnt({"anna": 40.0, "mallory": 40.0, "carol": 1.0})
    gate = limiter(baselines=baselines, max_users=100)
    gate.allow("mallory", START)
    gate.penalize("mallory", START)
    gate.allow("anna", START)
    gate.allow("carol", START)
    grown = gate.allow("carol", START + DAY_S).limit_per_minute
    gate._baselines = learnt({"anna": 1.0, "carol": 50.0})
    earned = gate.allow("anna", START + 1.0).limit_per_minute
    for number in range(1_000):
        gate.allow(f"stranger {number}", START + 2.0)
    assert (gate.limit("mallory"), gate.limit("anna"), gate.limit("carol")) == (2.5, earned, grown)
    again = limiter(baselines=baselines, max_users=100)
    again.load(gate.save())
    for one in (gate, again):
        refused = one.allow("mallory", START + 3.0)
        assert (refused.allowed, refused.limit_per_minute) == (False, 2.5)
    assert gate.forget("anna") == 1
    assert len(gate._kept) + len(gate._penalties) <= 100


def test_more_penalties_than_there_is_room_for_are_bounded() -> None:
    """The oldest goes, after all that are none."""
    gate = limiter(baselines=learnt({"anna": 40.0}), max_users=10)
    gate.allow("anna", START)
    gate._baselines = None
    for number in range(40):
        gate.penalize(f"bot {number}", START)
    assert len(gate._penalties) == 10
    assert not gate._kept
    assert (gate.limit("bot 0"), gate.limit("bot 25"), gate.limit("bot 39")) == (10.0, 2.5, 2.5)


def test_a_crowd_that_agrees_raises_no_strangers_limit() -> None:
    """Fifty names that send as much as no rule forbids for hours: who is new still opens at the lowest."""
    sybils = learnt({f"sybil {number}": 95.0 for number in range(50)})
    gate = RateLimiter(Limits(), sybils, lambda: START)
    assert gate.allow("honest", START).limit_per_minute == 120.0
    assert gate.allow("honest", START + DAY_S).limit_per_minute == 120.0


def test_a_clock_that_jumps_gives_nothing_away_and_locks_nobody_out() -> None:
    """Back a year: the bucket goes on from there. Ahead a year: one full bucket, one day of growth."""
    gate = limiter(baselines=learnt({"anna": 30.0}))
    gate._baselines = learnt({"anna": 1.0})
    gate.allow("anna", START)
    assert passed(gate, "anna", [START - 365 * DAY_S] * 9) == 4
    assert gate.counts["clock_jumps"] == 1
    assert passed(gate, "anna", [START - 365 * DAY_S + 60.0] * 9) == 5
    gate._baselines = learnt({"anna": 1_000.0})
    before = gate.limit("anna")
    assert passed(gate, "anna", [START + 365 * DAY_S] * 9) == 5
    assert gate.limit("anna") <= 2.0 * before
    for at in (math.nan, math.inf, -math.inf):
        gate.allow("boris", at)
    assert gate.counts["refused_time"] == 3


def test_seconds_that_are_told_twice_fill_no_bucket() -> None:
    """Threads whose clocks differ by a second do not double a limit."""
    gate = limiter()
    passed(gate, "anna", [START] * 5)
    times = [START + step / 10.0 - (step % 2) for step in range(1, 600)]
    assert passed(gate, "anna", times) <= 10


def test_limits_survive_a_restart_as_hashes() -> None:
    """Neither a penalty nor what was earned is lost; a lower bound that has changed holds at once."""
    baselines = learnt({"anna": 40.0, "mallory": 40.0})
    gate = limiter(baselines=baselines)
    earned = gate.allow("anna", START).limit_per_minute
    gate.penalize("mallory", START)
    kept = gate.save()
    assert b"mallory" not in kept
    again = limiter()
    again.load(kept)
    assert (again.limit("anna"), again.limit("mallory")) == (earned, 2.5)
    assert again.allow("anna", START).limit_per_minute == earned
    third = limiter()
    third.load(again.save())
    assert (third.limit("anna"), third.limit("mallory")) == (earned, 2.5)
    moved = limiter(Limits(low=90, high=95, factor=2, burst=5))
    moved.load(kept)
    assert (moved.limit("anna"), moved.limit("mallory")) == (90.0, 22.5)


@pytest.mark.parametrize("data", [b"", b"?", Baselines().save()])
def test_bytes_that_are_no_limits_are_refused(data: bytes) -> None:
    """And leave what there was."""
    gate = limiter()
    gate.penalize("mallory", START)
    with pytest.raises(ValueError, match=r"state"):
        gate.load(data)
    assert gate.limit("mallory") == 2.5


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("low", 0.0),
        ("low", -1.0),
        ("low", math.nan),
        ("low", math.inf),
        ("low", True),
        ("high", 119.0),
        ("high", math.nan),
        ("high", "many"),
        ("factor", 0.5),
        ("factor", math.nan),
        ("burst", 0.0),
        ("burst", math.inf),
        ("growth", 0.9),
        ("penalty", 0.0),
        ("penalty", 1.5),
        ("fail", "ajar"),
    ],
)
def test_limits_that_cannot_be_are_refused_by_name(field: str, value: object) -> None:
    """The message tells which, and what would be right."""
    with pytest.raises(WireError, match=f"limits.{field}") as told:
        Limits(**{field: value})  # type: ignore[arg-type]
    assert told.value.field == f"limits.{field}"
    with pytest.raises(WireError, match="max_users"):
        limiter(max_users=0)
