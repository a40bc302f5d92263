"""Baselines: what is learnt from quiet windows, what an attacker cannot teach, and a restart in the middle."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samouk.domains.traffic.ears.baselines import Baselines
from samouk.domains.traffic.features import FEATURES, LARGEST, SERVER, Features

T0 = 1_700_000_000.0
MINUTE, DAY = 60.0, 86_400.0
RATE = FEATURES.index("messages_per_minute")


def quiet(rng: np.random.Generator, rate: float = 20.0, size: float = 200.0) -> Features:
    """A usual window around a rate and a size."""
    return Features(
        messages_per_minute=float(rng.poisson(rate)),
        avg_message_size=size * float(rng.lognormal(0, 0.1)),
        error_rate=float(rng.binomial(50, 0.02)) / 50,
        connection_duration=1_000.0,
        channels_count=3.0,
        size_spread=50.0 * float(rng.lognormal(0, 0.1)),
        burst=float(rng.poisson(rate / 8)),
        regularity=float(rng.uniform(0.4, 0.6)),
        addresses=1.0,
    )


def taught(users: int, minutes: int, seed: int = 0, **settings: int) -> Baselines:
    """Baselines of users with rates from 5 to 80, a window a minute each."""
    rng = np.random.default_rng(seed)
    baselines = Baselines(**settings)
    rates = np.geomspace(5, 80, users)
    for minute in range(minutes):
        for user, rate in enumerate(rates):
            baselines.learn(f"user-{user}", quiet(rng, rate), T0 + minute * MINUTE, harm=0.05)
    return baselines


def rate_of(baselines: Baselines, user: str) -> float:
    """The learnt rate of messages."""
    return baselines.normal(user).messages_per_minute


def z_of(baselines: Baselines, user: str, rate: float, at: float = T0) -> float:
    """Deviation of a rate."""
    return float(
        baselines.deviation(user, quiet(np.random.default_rng(0))._replace(messages_per_minute=rate), at)[0][RATE]
    )


def test_each_user_has_an_own_normal() -> None:
    """The slow one's hundred a minute is far out, the fast one's is not."""
    baselines = taught(9, 120)
    assert rate_of(baselines, "user-0") == pytest.approx(5, rel=0.25)
    assert rate_of(baselines, "user-8") == pytest.approx(80, rel=0.1)
    assert z_of(baselines, "user-0", 100.0) > 5
    assert abs(z_of(baselines, "user-8", 85.0)) < 2
    assert z_of(baselines, "user-8", 5.0) < -5


def test_z_of_quiet_windows_is_of_size_one() -> None:
    """Neither swollen nor collapsed: the deviation is robustly standardised."""
    baselines, rng = taught(9, 300), np.random.default_rng(9)
    z = np.array([baselines.deviation("user-4", quiet(rng, 20.0), T0)[0] for _ in range(300)])
    spread = np.abs(z[:, [RATE, 1, 6, 7]]).mean(axis=0) * math.sqrt(math.pi / 2)
    assert ((spread > 0.5) & (spread < 1.5)).all()


def test_a_stranger_is_compared_with_everybody() -> None:
    """And with nobody while nothing is known."""
    assert not np.any(Baselines().deviation("ann", quiet(np.random.default_rng(0)), T0)[0])
    assert Baselines().normal("ann") == Features()
    baselines = taught(9, 120)
    deviation, seen = baselines.deviation("stranger", quiet(np.random.default_rng(0)), T0)
    assert seen == 0
    assert np.abs(deviation).max() < 3
    assert 5 < rate_of(baselines, "stranger") < 80
    assert z_of(baselines, "stranger", 3_000.0) > 3


def test_evidence_draws_a_user_away_from_the_crowd() -> None:
    """Step by step from the pooled to the own normal."""
    baselines, rng = taught(9, 120), np.random.default_rng(4)
    rates = [rate_of(baselines, "new")]
    for minute in range(120):
        baselines.learn("new", quiet(rng, 150.0), T0 + minute * MINUTE, harm=0.1)
        rates.append(rate_of(baselines, "new"))
    assert rates[0] < rates[10] < rates[120]
    assert rates[120] == pytest.approx(150, rel=0.2)


def test_windows_that_overlap_count_by_the_time_between_them() -> None:
    """A thousand looks in a minute are one window of evidence."""
    baselines, rng = Baselines(), np.random.default_rng(0)
    for look in range(1_000):
        baselines.learn("ann", quiet(rng), T0 + look * 0.06, harm=0.0)
    assert baselines.deviation("ann", quiet(rng), T0)[1] <= 2


def test_a_flooder_does_not_teach_its_own_baseline() -> None:
    """A day of a flood that is seen as harm leaves the level where it was."""
    baselines, rng = taught(9, 120), np.random.default_rng(1)
    before = rate_of(baselines, "user-3")
    for minute in range(1_440):
        baselines.learn("user-3", quiet(rng, 3_000.0), T0 + (120 + minute) * MINUTE, harm=0.95)
    assert rate_of(baselines, "user-3") == before
    for minute in range(60):
        baselines.learn("user-3", quiet(rng, 3_000.0), T0 + (1_560 + minute) * MINUTE, harm=0.6)
    assert rate_of(baselines, "user-3") < 2 * before
    assert z_of(baselines, "user-3", 3_000.0) > 10


@pytest.mark.parametrize(("harm", "factor"), [(0.1, 10.0), (0.1, 0.1), (0.4, 5.0)])
def test_a_lasting_shift_is_followed_within_a_day(harm: float, factor: float) -> None:
    """Level and spread: a day later the new level is normal and the old one is not."""
    baselines, rng = taught(9, 600), np.random.default_rng(2)
    new = 40.0 * factor
    for minute in range(1_440):
        baselines.learn("user-6", quiet(rng, new), T0 + (600 + minute) * MINUTE, harm=harm)
    assert rate_of(baselines, "user-6") == pytest.approx(new, rel=0.25)
    assert abs(z_of(baselines, "user-6", new)) < 1
    assert abs(z_of(baselines, "user-6", 40.0)) > 2.5


def test_the_shift_is_followed_also_by_one_who_is_seen_once_an_hour() -> None:
    """Elapsed time counts, not the number of windows."""
    baselines, rng = taught(9, 600), np.random.default_rng(2)
    for hour in range(24):
        baselines.learn("user-6", quiet(rng, 200.0), T0 + (600 + 60 * hour) * MINUTE, harm=0.1)
    assert rate_of(baselines, "user-6") == pytest.approx(200.0, rel=0.3)


def test_one_wild_window_moves_little() -> None:
    """Updates are clipped, whatever the harm says."""
    baselines = taught(9, 300)
    before = rate_of(baselines, "user-4")
    baselines.learn("user-4", quiet(np.random.default_rng(0))._replace(messages_per_minute=1e9), T0 + DAY, harm=0.0)
    assert rate_of(baselines, "user-4") == pytest.approx(before, rel=0.35)
    assert rate_of(baselines, "user-3") == pytest.approx(rate_of(taught(9, 300), "user-3"), rel=0.01)


@pytest.mark.slow
def test_nobody_poisons_the_others() -> None:
    """One of 1,000 users sends 90 % of the messages and is looked at most; the others stay within 5 %."""
    clean, poisoned = Baselines(), Baselines()
    rng = np.random.default_rng(0)
    rates = rng.lognormal(3, 0.5, 1_000)
    for minute in range(10):
        at = T0 + minute * MINUTE
        for user, rate in enumerate(rates):
            window = quiet(rng, rate)
            for baselines in (clean, poisoned):
                baselines.learn(f"user-{user}", window, at, harm=0.05)
        flood = quiet(rng, float(9 * rates.sum()))
        for look in range(300):
            poisoned.learn("flooder", flood, at + look * 0.2, harm=0.0)
    window, end = quiet(rng, 30.0), T0 + 10 * MINUTE
    for name in ["stranger", *(f"user-{number}" for number in range(0, 1_000, 50))]:
        assert poisoned.normal(name) == pytest.approx(clean.normal(name), rel=0.05)
        one, two = poisoned.deviation(name, window, end)[0], clean.deviation(name, window, end)[0]
        assert one == pytest.approx(two, rel=0.05, abs=0.05)


def test_a_crowd_of_new_names_teaches_nobody() -> None:
    """Five thousand names with one window each leave the pooled baseline where it was."""
    baselines, rng = taught(9, 60, max_users=20_000), np.random.default_rng(3)
    before = baselines.normal("stranger")
    for number in range(5_000):
        baselines.learn(f"once-{number}", quiet(rng, 5_000.0), T0 + 61 * MINUTE, harm=0.0)
    assert baselines.normal("stranger") == before


def test_the_server_is_no_user() -> None:
    """Its baseline is its own, and teaches no user what is normal."""
    baselines, rng = taught(9, 60), np.random.default_rng(3)
    before = rate_of(baselines, "stranger")
    for minute in range(200):
        baselines.learn(SERVER, quiet(rng, 5_000.0), T0 + minute * MINUTE, harm=0.0)
    assert rate_of(baselines, "stranger") == before
    assert rate_of(baselines, SERVER) == pytest.approx(5_000, rel=0.1)
    assert z_of(baselines, SERVER, 300.0) < -5


def test_a_silent_window_tells_nothing_of_sizes_and_errors() -> None:
    """Missing is not zero: only counts are learnt and compared."""
    baselines, rng = taught(9, 120), np.random.default_rng(3)
    before = baselines.normal("user-4")
    for minute in range(200):
        baselines.learn("user-4", Features(connection_duration=1_000.0), T0 + (120 + minute) * MINUTE, harm=0.0)
    after = baselines.normal("user-4")
    assert after[1:3] == pytest.approx(before[1:3], rel=1e-3)
    assert after.messages_per_minute < before.messages_per_minute / 2
    deviation, _ = baselines.deviation("user-2", Features(), T0)
    assert deviation[FEATURES.index("avg_message_size")] == deviation[FEATURES.index("regularity")] == 0.0
    assert deviation[RATE] < 0
    assert baselines.deviation("user-2", quiet(rng), T0)[1] > 100


def test_a_flat_series_has_a_spread_all_the_same() -> None:
    """The floor keeps z finite and tame where nothing ever moved."""
    baselines = Baselines()
    flat = Features(messages_per_minute=10.0, avg_message_size=100.0, channels_count=3.0)
    for minute in range(500):
        baselines.learn("ann", flat, T0 + minute * MINUTE, harm=0.0)
    assert not np.abs(baselines.deviation("ann", flat, T0)[0]).max() > 0.01
    assert 1 < z_of(baselines, "ann", 12.0) < 3


@pytest.mark.parametrize("jump", [-10 * DAY, 300 * DAY])
def test_a_clock_that_jumps_stops_no_learning(jump: float) -> None:
    """Back or forward, the next windows teach as before."""
    baselines, rng = taught(9, 120), np.random.default_rng(3)
    for minute in range(1_440):
        baselines.learn("user-4", quiet(rng, 60.0), T0 + jump + minute * MINUTE, harm=0.1)
    assert rate_of(baselines, "user-4") == pytest.approx(60, rel=0.15)


@pytest.mark.parametrize("harm", [math.nan, 1.0, 2.0, math.inf])
def test_harm_that_is_full_or_none_at_all_teaches_nothing(harm: float) -> None:
    """Nor does a window that is not finite, or without a time."""
    baselines = Baselines()
    baselines.learn("ann", Features(messages_per_minute=5.0), T0, harm=harm)
    baselines.learn("ann", Features(messages_per_minute=math.nan), T0, harm=0.0)
    baselines.learn("ann", Features(messages_per_minute=5.0), math.nan, harm=0.0)
    assert len(baselines) == 0


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(st.floats(0, LARGEST), min_size=len(FEATURES), max_size=len(FEATURES)),
            st.floats(-1e9, 4e9),
            st.floats(0, 1),
        ),
        max_size=30,
    )
)
def test_whatever_comes_normal_and_deviation_stay_finite(windows: list[tuple[list[float], float, float]]) -> None:
    """Any windows at any times, as long as they are features."""
    baselines = Baselines()
    for values, at, harm in windows:
        features = Features(*values)._replace(error_rate=values[2] / LARGEST, regularity=values[8] / LARGEST)
        baselines.learn("ann", features, at, harm=harm)
        assert np.isfinite(baselines.deviation("ann", features, at)[0]).all()
        normal = baselines.normal("ann")
        assert all(0 <= value <= LARGEST * 1.01 for value in normal)
        assert normal.error_rate <= 1


def test_the_least_lately_taught_leaves_first() -> None:
    """And is a stranger again, who is compared with what everybody taught."""
    baselines, rng = Baselines(max_users=3), np.random.default_rng(0)
    for minute in range(20):
        for user in ("a", "b", "c"):
            baselines.learn(user, quiet(rng), T0 + minute * MINUTE, harm=0.0)
    baselines.learn("a", quiet(rng), T0 + 20 * MINUTE, harm=0.0)
    baselines.learn("d", quiet(rng), T0 + 20 * MINUTE, harm=0.0)
    assert (len(baselines), baselines.evicted) == (3, 1)
    assert baselines.deviation("a", quiet(rng), T0)[1] == 21
    assert baselines.deviation("b", quiet(rng), T0)[1] == 0
    assert rate_of(baselines, "b") == pytest.approx(20, rel=0.3)


def test_a_crowd_of_newcomers_costs_nobody_his_normal() -> None:
    """Ten times as many names as there are places drive out one another."""
    baselines, rng = taught(9, 60, max_users=20), np.random.default_rng(0)
    for number in range(200):
        baselines.learn(f"once-{number}", quiet(rng), T0 + 61 * MINUTE, harm=0.0)
    assert (len(baselines), baselines.evicted) == (20, 189)
    assert all(baselines.deviation(f"user-{number}", quiet(rng), T0)[1] > 50 for number in range(9))


def test_a_restart_in_the_middle_goes_on_bit_by_bit() -> None:
    """What is saved later is the same to the last byte."""
    first, rng = taught(20, 30, max_users=15), np.random.default_rng(8)
    second = Baselines(max_users=15)
    second.load(first.save())
    for minute in range(40):
        for user in range(20):
            window = quiet(rng, 10.0 + user)
            at = T0 + (30 + minute) * MINUTE
            for baselines in (first, second):
                baselines.learn(f"user-{user}", window, at, harm=0.3)
            one, two = (baselines.deviation(f"user-{user}", window, at)[0] for baselines in (first, second))
            assert np.array_equal(one, two)
    assert first.save() == second.save()


def test_a_state_holds_no_user_id() -> None:
    """Hashes under a key stand for them."""
    baselines = Baselines()
    baselines.learn("ann@example.org", quiet(np.random.default_rng(0)), T0, harm=0.0)
    assert b"example.org" not in baselines.save()


def test_bytes_that_are_no_state_are_refused() -> None:
    """And states of more users than there is room for."""
    with pytest.raises(ValueError, match="no saved state"):
        Baselines().load(b"nothing")
    empty = Baselines()
    empty.load(Baselines().save())
    assert len(empty) == 0
    with pytest.raises(ValueError, match="max_users"):
        Baselines(max_users=2).load(taught(9, 1).save())
