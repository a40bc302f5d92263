"""The extractor: features against counting by hand, batches, bad input, channels and sessions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.domains.traffic.streams import T0, heard, of, singly, stream

from samouk.domains.traffic.ears.extractor import LONGEST_NAME, FeatureExtractor
from samouk.domains.traffic.features import LARGEST, SERVER, Features
from samouk.edge.wire import WireError


def test_the_features_of_a_minute_are_what_was_sent() -> None:
    """Two messages a second for two minutes, in two channels, a quarter failing, every tenth over the limit."""
    extractor = FeatureExtractor(max_users=5)
    for number in range(240):
        extractor.track_user_activity(
            "ann",
            100.0 if number % 2 else 300.0,
            ["news", "chat"],
            "10.0.0.1",
            error=number % 4 == 0,
            rate_limited=number % 10 == 0,
            at=T0 + number / 2,
        )
    features = of(extractor, "ann", T0 + 119.5)
    assert features.messages_per_minute == 120
    assert features.avg_message_size == pytest.approx(200)
    assert features.size_spread == pytest.approx(100)
    assert features.error_rate == 0.25
    assert features.rate_limit_violations == 12
    assert features.connection_duration == 119.5
    assert features.channels_count == 2
    assert features.burst == 10
    assert features.regularity == pytest.approx(1.0, abs=1e-6)
    assert features.addresses == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 300), min_size=1, max_size=60), st.floats(0, 60))
def test_the_window_is_exact_to_a_second(times: list[float], later: float) -> None:
    """What is younger than 59 s counts, what is older than 60 s does not."""
    extractor = FeatureExtractor(max_users=2)
    for time in sorted(times):
        extractor.track_user_activity("ann", 1.0, at=T0 + time)
    at = T0 + max(times) + later
    ages = [at - (T0 + time) for time in times]
    number = of(extractor, "ann", at).messages_per_minute
    assert sum(age < 59.0 for age in ages) <= number <= sum(age <= 60.0 for age in ages)


def test_every_tenth_message_is_due() -> None:
    """Of each user by itself."""
    extractor = FeatureExtractor(every=10)
    due = [extractor.track_user_activity(name, at=T0) for _ in range(25) for name in ("ann", "bob")]
    assert [place for place, is_due in enumerate(due) if is_due] == [18, 19, 38, 39]


def test_a_batch_is_the_same_as_its_messages() -> None:
    """Features of every user and of the server, who is due, and what is counted."""
    names, columns = stream(1, 6_000, 40, 150.0)
    one, many = FeatureExtractor(max_users=100), FeatureExtractor(max_users=100)
    due = singly(one, names, columns)
    due_many: list[str] = []
    for start in range(0, len(names), 700):
        part = slice(start, start + 700)
        due_many += many.track_batch(names[part], **{name: column[part] for name, column in columns.items()})
    end = float(columns["at"][-1])
    for name in [*one.users(), SERVER]:
        assert of(many, name, end) == pytest.approx(of(one, name, end), rel=1e-4)
    assert set(due_many) == set(due)
    assert many.counts == one.counts
    assert sorted(many.users()) == sorted(one.users())


def test_a_batch_longer_than_the_window_ends_in_the_same_window() -> None:
    """An hour of a log in one call."""
    names, columns = stream(2, 3_000, 5, 3_600.0)
    one, many = FeatureExtractor(), FeatureExtractor()
    singly(one, names, columns)
    many.track_batch(names, **columns)
    end = float(columns["at"][-1])
    for name in [*one.users(), SERVER]:
        assert of(many, name, end) == pytest.approx(of(one, name, end), rel=1e-4)


def test_a_batch_that_is_out_of_order_is_put_in_order() -> None:
    """The same messages in any order within the window make the same features."""
    names, columns = stream(3, 500, 5, 30.0)
    order = np.random.default_rng(0).permutation(500)
    one, many = FeatureExtractor(), FeatureExtractor()
    one.track_batch(names, **columns)
    many.track_batch([names[row] for row in order], **{name: column[order] for name, column in columns.items()})
    end = float(columns["at"][-1])
    for name in one.users():
        expected, got = of(one, name, end), of(many, name, end)
        assert got._replace(channels_count=0, connection_duration=0) == pytest.approx(
            expected._replace(channels_count=0, connection_duration=0), rel=1e-4
        )
    assert many.counts["out_of_order"] > 0


def test_the_server_s_features_are_of_all_users_together() -> None:
    """Messages add up, and so do the channels that each is in."""
    extractor = FeatureExtractor()
    for number in range(30):
        extractor.track_user_activity(f"user-{number % 3}", 50.0, 4, f"10.0.0.{number % 3}", at=T0 + number)
    features = extractor.server_features(T0 + 29)
    assert (features.messages_per_minute, features.avg_message_size) == (30, 50)
    assert (features.channels_count, features.addresses, features.connection_duration) == (12, 3, 29)


def test_a_stranger_has_no_features() -> None:
    """None, and nobody is made known by asking."""
    extractor = heard(3, 1.0)
    assert extractor.features("bob", T0) is None
    assert extractor.features("", T0) == extractor.server_features(T0)
    assert len(extractor) == 1


def test_a_window_empties_when_nothing_comes() -> None:
    """A silent minute later all counts are 0, and the session goes on."""
    features = of(heard(30, 1.0), "ann", T0 + 29 + 61)
    assert features == Features(connection_duration=90.0)


@pytest.mark.parametrize("user", ["", None, 7, 1.5, b"ann", ["ann"], {}, "x" * (LONGEST_NAME + 1)])
def test_what_is_no_user_id_is_refused_and_counted(user: Any) -> None:
    """In single calls, in batches, and in connections."""
    extractor = FeatureExtractor()
    assert extractor.track_user_activity(user, 1.0, at=T0) is False
    extractor.track_batch([user, "ann"], np.array([T0, T0]), np.ones(2))
    extractor.connected(user, at=T0)
    extractor.disconnected(user, at=T0)
    assert extractor.counts == {"events": 1, "refused_user": 3}
    assert extractor.features(user, T0) is None or user == ""


@pytest.mark.parametrize(
    ("size", "reason", "mean"),
    [
        (math.nan, "refused_size", 0.0),
        (math.inf, "refused_size", 0.0),
        (-1.0, "refused_size", 0.0),
        (None, "refused_size", 0.0),
        ("12", "refused_size", 0.0),
        (10**400, "refused_size", 0.0),
        (1e13, "clipped_size", LARGEST),
        (10**9, "", 1e9),
        (np.float32(8), "", 8.0),
        (True, "", 1.0),
    ],
)
def test_a_message_counts_whatever_its_size_is(size: Any, reason: str, mean: float) -> None:
    """An attacker who gets the size wrong is heard all the same."""
    extractor = FeatureExtractor()
    extractor.track_user_activity("ann", size, at=T0)
    assert extractor.counts == {"events": 1} | ({reason: 1} if reason else {})
    assert of(extractor, "ann", T0).avg_message_size == pytest.approx(mean)


def test_bad_sizes_and_times_of_a_batch_are_counted_too() -> None:
    """And the rest of the batch is heard."""
    extractor = FeatureExtractor()
    sizes = np.array([math.nan, -5.0, 1e15, math.inf, 7.0, 7.0, 7.0])
    at = np.array([T0, T0, T0, T0, T0, math.nan, T0 * 1_000])
    extractor.track_batch(["ann"] * 7, at, sizes)
    assert extractor.counts == {"events": 5, "refused_size": 3, "clipped_size": 1, "refused_time": 2}
    assert np.isfinite(of(extractor, "ann", T0)).all()


def test_a_column_of_another_length_is_refused() -> None:
    """Loudly, for that is the caller's mistake and not a client's."""
    with pytest.raises(WireError, match="message_size"):
        FeatureExtractor().track_batch(["ann"], np.array([T0]), np.ones(2))


def test_an_empty_batch_is_nothing() -> None:
    """Not even a beginning."""
    extractor = FeatureExtractor()
    assert extractor.track_batch([], np.empty(0), np.empty(0)) == []
    assert extractor.counts == {"events": 0}


@pytest.mark.parametrize("at", [math.nan, math.inf, -1.0, -0.5, T0 * 1_000, "now", [1]])
def test_what_is_no_time_is_refused(at: Any) -> None:
    """Milliseconds among them."""
    extractor = FeatureExtractor()
    extractor.track_user_activity("ann", 1.0, at=at)
    assert extractor.counts == {"events": 0, "refused_time": 1}


@pytest.mark.parametrize(("channels", "number"), [(-1, 0), (3.5, 0), (object(), 0), ([None], 0), (3, 3), ("news", 1)])
def test_channels_are_names_or_a_number(channels: Any, number: int) -> None:
    """Anything else is passed over."""
    extractor = FeatureExtractor()
    extractor.track_user_activity("ann", 1.0, channels, at=T0)
    assert of(extractor, "ann", T0).channels_count == number
    assert extractor.counts.get("refused_channels", 0) == (0 if number else 1)


def test_channels_that_come_one_a_message_add_up() -> None:
    """A scanner that visits forty paths is seen to, and after two windows of one path it is in one again."""
    extractor = FeatureExtractor()
    for number in range(40):
        extractor.track_user_activity("ann", 1.0, (f"path-{number}",), at=T0 + number / 10)
    assert 34 <= of(extractor, "ann", T0 + 4).channels_count <= 40
    for second in range(5, 130):
        extractor.track_user_activity("ann", 1.0, ("path-0",), at=T0 + second)
    assert of(extractor, "ann", T0 + 129).channels_count == 1


def test_the_same_channels_told_twice_are_no_more() -> None:
    """Names are compared, also within one message."""
    extractor = FeatureExtractor()
    for _ in range(3):
        extractor.track_user_activity("ann", 1.0, ["a", "b", "a"], at=T0)
    assert of(extractor, "ann", T0).channels_count == 2


def test_sessions_begin_with_a_connection_and_end_with_the_last() -> None:
    """Or begin with the first message where nobody connects."""
    extractor = FeatureExtractor()
    extractor.connected("ann", at=T0)
    extractor.connected("ann", at=T0 + 10)
    extractor.track_user_activity("ann", at=T0 + 20)
    assert of(extractor, "ann", T0 + 20).connection_duration == 20
    extractor.disconnected("ann", at=T0 + 30)
    assert of(extractor, "ann", T0 + 40).connection_duration == 40
    extractor.disconnected("ann", at=T0 + 50)
    assert of(extractor, "ann", T0 + 60).connection_duration == 0
    extractor.track_user_activity("ann", at=T0 + 70)
    assert of(extractor, "ann", T0 + 75).connection_duration == 5
    extractor.disconnected("ann", at=T0 + 80)
    assert of(extractor, "ann", T0 + 80).connection_duration == 10


def test_a_long_silence_ends_the_session_of_one_who_never_connected() -> None:
    """In batches as in single calls."""
    for batched in (False, True):
        extractor = heard(10, 1.0)
        if batched:
            extractor.track_batch(["ann"], np.array([T0 + 3_000]), np.ones(1))
        else:
            extractor.track_user_activity("ann", at=T0 + 3_000)
        assert of(extractor, "ann", T0 + 3_010).connection_duration == 10


def test_a_clock_is_told_from_people() -> None:
    """Regularity near 1 for equal gaps, about 0.5 for random ones, 0 for fewer than three messages."""
    rng = np.random.default_rng(0)
    extractor = FeatureExtractor()
    for at in np.cumsum(rng.exponential(0.2, 600)).tolist():
        extractor.track_user_activity("person", at=T0 + at)
    for number in range(240):
        extractor.track_user_activity("robot", at=T0 + 60 + number / 4)
    extractor.track_user_activity("guest", at=T0 + 119)
    extractor.track_user_activity("guest", at=T0 + 120)
    end = T0 + 120
    assert of(extractor, "robot", end).regularity > 0.99
    assert 0.35 < of(extractor, "person", end).regularity < 0.65
    assert of(extractor, "guest", end).regularity == 0.0


@pytest.mark.parametrize("setting", ["window_s", "buffer_size", "max_users", "every", "salt_hours"])
@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf])
def test_settings_are_above_zero(setting: str, value: float) -> None:
    """And the error names the one that is not."""
    with pytest.raises(WireError, match=setting):
        FeatureExtractor(**{setting: value})  # type: ignore[arg-type]  # wrong on purpose


def test_a_small_buffer_has_longer_slots() -> None:
    """A buffer of 11 places keeps a minute in ten slots of six seconds."""
    extractor = heard(300, 1.0, buffer_size=11)
    assert 54 <= of(extractor, "ann", T0 + 299).messages_per_minute <= 60
    assert of(extractor, "ann", T0 + 299).burst == 6
