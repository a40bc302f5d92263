"""The extractor: jumping clocks, crowds that make room for each other, and a restart in the middle."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tests.domains.traffic.streams import T0, heard, of, singly, stream

from samouk.domains.traffic.ears.extractor import FeatureExtractor
from samouk.domains.traffic.features import SERVER, Features


def test_out_of_order_within_the_window_is_heard_where_it_belongs() -> None:
    """And what is older than the window is not."""
    extractor = heard(100, 1.0)
    extractor.track_user_activity("ann", 100.0, at=T0 + 60)
    assert of(extractor, "ann", T0 + 99).messages_per_minute == 61
    extractor.track_user_activity("ann", 100.0, at=T0 + 10)
    assert of(extractor, "ann", T0 + 99).messages_per_minute == 61
    assert extractor.counts == {"events": 101, "out_of_order": 1, "dropped_late": 1}


@pytest.mark.parametrize("jump", [86_400.0, -86_400.0, 365 * 86_400.0, -365 * 86_400.0])
@pytest.mark.parametrize("batched", [False, True])
def test_windows_follow_a_clock_that_jumps(jump: float, batched: bool) -> None:
    """Forward at once, back after a few messages; neither freezes a window nor fills it."""
    extractor = heard(60, 1.0)
    later = T0 + 60 + jump
    times = later + np.arange(60.0)
    if batched:
        extractor.track_batch(["ann"] * 60, times, np.ones(60))
    else:
        for at in times.tolist():
            extractor.track_user_activity("ann", 1.0, at=at)
    assert 56 <= of(extractor, "ann", later + 59).messages_per_minute <= 60
    assert of(extractor, "ann", later + 59).regularity == pytest.approx(1.0, abs=1e-6)
    assert of(extractor, "ann", later + 59).connection_duration < 400 * 86_400.0
    assert extractor.counts["clock_jumps"] == 1


def test_a_batch_heals_those_who_were_heard_before_the_clock_went_back() -> None:
    """One user shows that it did; another, whose last message lies ahead now, has a rhythm and a session again."""
    extractor = FeatureExtractor()
    for second in range(10):
        extractor.track_user_activity("bob", at=T0 + second)
    for second in range(10):
        extractor.track_user_activity("ann", at=T0 - 7_200 + second)
    extractor.track_batch(["bob"] * 30, T0 - 7_190 + np.arange(30.0), np.ones(30))
    features = of(extractor, "bob", T0 - 7_161)
    assert (features.messages_per_minute, features.connection_duration) == (30, 29)
    assert features.regularity == pytest.approx(1.0, abs=1e-6)


def test_one_wrong_time_costs_a_few_messages_only() -> None:
    """A single message from next year is taken back by those that follow."""
    extractor = heard(60, 1.0)
    extractor.track_user_activity("bob", 1.0, at=T0 + 365 * 86_400)
    for number in range(60):
        extractor.track_user_activity("ann", 1.0, at=T0 + 60 + number)
    assert of(extractor, "ann", T0 + 119).messages_per_minute >= 56
    assert extractor.counts["dropped_late"] == 4


def test_stragglers_among_others_do_not_put_the_clock_back() -> None:
    """Only late messages in a row do."""
    extractor = FeatureExtractor()
    for number in range(100):
        extractor.track_user_activity("ann", 1.0, at=T0 + number / 100)
        extractor.track_user_activity("bob", 1.0, at=T0 - 500)
    assert extractor.counts == {"events": 100, "dropped_late": 100}


def test_the_own_clock_is_followed_back_at_once() -> None:
    """Without a told time there are no stragglers."""
    now = [T0]
    extractor = FeatureExtractor(clock=lambda: now[0])
    extractor.track_user_activity("ann")
    now[0] = T0 - 7_200.0
    for _ in range(3):
        extractor.track_user_activity("ann")
    assert extractor.counts == {"events": 4, "clock_jumps": 1}
    features = extractor.features("ann")
    assert features is not None
    assert (features.messages_per_minute, features.connection_duration) == (3, 0)


def test_told_times_are_carried_on_by_the_clock() -> None:
    """A log of 1995 has its own now, and it goes on."""
    now = [T0]
    extractor = FeatureExtractor(clock=lambda: now[0])
    extractor.track_user_activity("ann", at=8e8)
    now[0] += 30.0
    features = extractor.features("ann")
    assert features is not None
    assert (features.messages_per_minute, features.connection_duration) == (1, 30)


def test_a_crowd_that_speaks_once_drives_out_itself() -> None:
    """Users at work stay known while ten times as many names as there is room for pass by."""
    extractor = FeatureExtractor(max_users=200)
    for number in range(20_000):
        extractor.track_user_activity(f"once-{number}", at=T0 + number / 400)
        extractor.track_user_activity(f"worker-{number % 50}", at=T0 + number / 400)
    assert len(extractor) == 200
    assert {f"worker-{number}" for number in range(50)} <= set(extractor.users())
    assert extractor.counts["evicted_users"] == 20_050 - 200
    assert of(extractor, "worker-7", T0 + 50).messages_per_minute == 400


def test_a_place_is_clean_when_it_is_given_again() -> None:
    """Windows, channels, addresses and sessions of those who went stay with nobody."""
    extractor = FeatureExtractor(max_users=1)
    for _ in range(20):
        extractor.track_user_activity("ann", 9.0, ("a", "b"), "10.0.0.1", error=True, at=T0)
    extractor.track_user_activity("bob", 5.0, at=T0 + 1)
    assert extractor.features("ann", T0 + 1) is None
    assert of(extractor, "bob", T0 + 1) == Features(messages_per_minute=1, avg_message_size=5, burst=1)
    assert extractor.server_features(T0 + 1).channels_count == 0


def test_batches_make_room_too() -> None:
    """More new names in one batch than there are places."""
    extractor = FeatureExtractor(max_users=100)
    names = [f"user-{number}" for number in range(1_000)]
    extractor.track_batch(names, np.full(1_000, T0), np.ones(1_000))
    assert len(extractor) == 100
    assert extractor.counts == {"events": 1_000, "evicted_users": 900}


def test_cleanup_drops_who_was_not_heard_for_so_long() -> None:
    """And gives their places to others."""
    now = [T0]
    extractor = FeatureExtractor(max_users=10, clock=lambda: now[0])
    for name in ("ann", "bob"):
        extractor.track_user_activity(name)
    now[0] += 20 * 3_600.0
    extractor.track_user_activity("bob")
    now[0] += 5 * 3_600.0
    assert extractor.cleanup_old_sessions(max_age_hours=24) == 1
    assert extractor.users() == ["bob"]
    assert extractor.counts["dropped_users"] == 1
    for number in range(9):
        extractor.track_user_activity(f"new-{number}")
    assert len(extractor) == 10


def test_recent_gives_the_newest_first() -> None:
    """As many as were asked for."""
    extractor = FeatureExtractor()
    for number in range(5):
        extractor.note("ann", T0 + number, Features())
    assert [seen.at - T0 for seen in extractor.recent(3)] == [4, 3, 2]
    assert extractor.recent(0) == []


def test_a_restart_in_the_middle_goes_on_bit_by_bit() -> None:
    """Features and due users are those of one that never stopped; what is counted is since the start."""
    names, columns = stream(5, 4_000, 60, 100.0)
    whole, first = FeatureExtractor(max_users=50), FeatureExtractor(max_users=50)
    half = {name: column[:2_000] for name, column in columns.items()}
    rest = {name: column[2_000:] for name, column in columns.items()}
    for extractor in (whole, first):
        singly(extractor, names[:2_000], half)
    first.connected("user-1", "10.0.0.1", at=float(columns["at"][2_000]))
    whole.load(first.save())
    second = FeatureExtractor(max_users=50)
    second.load(first.save())
    half_way = Counter(first.counts)
    assert second.counts == {"events": 0}
    assert second.users() == []
    assert len(second) == len(first)
    assert singly(second, names[2_000:], rest) == singly(first, names[2_000:], rest)
    end = float(columns["at"][-1])
    for name in [*first.users(), SERVER]:
        assert second.features(name, end) == first.features(name, end)
    later = {reason: number - half_way[reason] for reason, number in first.counts.items()}
    assert second.counts == {reason: number for reason, number in later.items() if number}


def test_those_who_slept_through_a_restart_make_room_like_others() -> None:
    """They can be asked for by name, cleaned up, and evicted; nobody is known twice."""
    first = FeatureExtractor(max_users=3)
    for name in ("ann", "bob", "cid"):
        first.track_user_activity(name, 5.0, at=T0)
    second = FeatureExtractor(max_users=3, clock=lambda: T0)
    second.load(first.save())
    assert of(second, "bob", T0).messages_per_minute == 1
    assert second.users() == ["bob"]
    second.track_batch(["ann"], np.array([T0 + 1]), np.ones(1))
    assert len(second) == 3
    for number in range(5):
        second.track_user_activity(f"new-{number}", at=T0 + 2)
    assert len(second) == 3
    assert second.features("cid", T0) is None
    assert second.cleanup_old_sessions(max_age_hours=-1) == 3
    assert len(second) == 0


def test_nothing_at_all_can_be_saved_and_restored() -> None:
    """The state of one who heard nothing."""
    extractor = FeatureExtractor()
    extractor.load(FeatureExtractor().save())
    assert len(extractor) == 0
    extractor.track_user_activity("ann", at=T0)
    assert extractor.server_features(T0) == Features(messages_per_minute=1, burst=1)


def test_threads_may_speak_and_ask_at_the_same_time() -> None:
    """No message is lost while users come, go and are asked for."""
    extractor = FeatureExtractor(max_users=20)

    def speak(thread: int) -> None:
        for number in range(1_500):
            extractor.track_user_activity(f"user-{(number * 7 + thread) % 60}", 5.0, ("a",), "10.0.0.1", at=T0)
            extractor.features(f"user-{number % 60}", T0)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(speak, range(4))) == [None] * 4
    assert extractor.counts["events"] == 6_000
    assert extractor.server_features(T0).messages_per_minute == 6_000
    assert len(extractor) == 20


def test_a_state_holds_no_more_than_is_in_the_windows() -> None:
    """A crowd that spoke once is kept in a fraction of its tables."""
    extractor = FeatureExtractor()
    names = [f"user-{number}" for number in range(5_000)]
    extractor.track_batch(names, np.full(5_000, T0), np.ones(5_000))
    assert len(extractor.save()) < 5_000 * 300


def test_a_state_holds_no_user_id() -> None:
    """Keyed hashes stand for them."""
    extractor = FeatureExtractor()
    extractor.track_user_activity("ann.with.a.long.name@example.org", at=T0)
    assert b"example.org" not in extractor.save()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no state at all"])
def test_bytes_that_are_no_state_are_refused(data: bytes) -> None:
    """With what to do about it, and what was there stays."""
    extractor = heard(5, 1.0)
    with pytest.raises(ValueError, match="no saved state"):
        extractor.load(data)
    assert of(extractor, "ann", T0 + 4).messages_per_minute == 5


def test_a_state_of_other_windows_or_more_users_is_refused() -> None:
    """Naming the setting."""
    data = heard(5, 1.0).save()
    with pytest.raises(ValueError, match="window_s"):
        FeatureExtractor(window_s=10.0).load(data)
    many = FeatureExtractor(max_users=3)
    for number in range(3):
        many.track_user_activity(f"user-{number}", at=T0)
    with pytest.raises(ValueError, match="max_users"):
        FeatureExtractor(max_users=2).load(many.save())
