"""Messages that another process tells of: one by one and many at once come to the same."""

from __future__ import annotations

import random

import numpy as np
import pytest

from samouk.domains.traffic.ears.extractor import FeatureExtractor
from samouk.domains.traffic.forms import Activity
from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.hearing import MANY, hear
from samouk.edge.wire import WireError

NOW = 1_700_000_000.0 // 60 * 60 + 50


def told(number: int, seed: int = 0) -> list[Activity]:
    """Messages of the last half minute, in order, of thirty users who tell names, numbers or nothing of channels."""
    rng = random.Random(seed)
    channels: list[tuple[str, ...] | int] = [("chat",), ("chat", "news"), 7, 0, ()]
    times = sorted(NOW - 30 * rng.random() for _ in range(number))
    return [
        Activity(
            f"user{rng.randrange(30)}",
            rng.randrange(5_000),
            rng.choice(channels),
            rng.choice([None, f"10.0.0.{rng.randrange(9)}"]),
            rng.random() < 0.1,
            rng.random() < 0.1,
            at,
        )
        for at in times
    ]


def ears() -> FeatureExtractor:
    return FeatureExtractor(clock=lambda: NOW)


def test_many_at_once_are_heard_as_one_by_one() -> None:
    """Windows with channels, addresses, errors and refusals are the same, and so are the users who are due."""
    events, many, single = told(5 * MANY), ears(), ears()
    due = hear(many, events, NOW)
    one_by_one = [hear(single, [event], NOW) for event in events]
    assert set(due) == {user for found in one_by_one for user in found}
    assert len(due) == len(set(due))
    for user in [*many.users(), ""]:
        a, b = many.features(user, NOW), single.features(user, NOW)
        assert a is not None
        assert b is not None
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)
    assert many.features("user1", NOW) != many.features("user2", NOW)
    assert many.counts == single.counts


@pytest.mark.parametrize("number", [5, 2 * MANY])
def test_what_left_the_window_moves_no_clock(number: int) -> None:
    """Old messages are not heard, however many come in a row; nobody else's window is touched."""
    guard = Guard(clock=lambda: NOW)
    for _ in range(20):
        guard.track("alice", 50)
    old = [event._replace(at=NOW - 600) for event in told(number)]
    assert guard.track_many(old) == (0, [])
    window = guard.extractor.features("alice", NOW)
    assert window is not None
    assert window.messages_per_minute == 20
    assert guard.extractor.counts == {"events": 20}
    new = [event._replace(at=None) for event in told(number)]
    assert guard.track_many([*old, *new]).heard == number


def test_a_flood_that_is_told_in_one_batch_is_an_alert() -> None:
    """Looked at once, when all of it was heard."""
    guard = Guard(clock=lambda: NOW)
    heard, alerts = guard.track_many([event._replace(user_id="mallory") for event in told(3 * MANY)])
    assert (heard, [alert.user_id for alert in alerts]) == (3 * MANY, ["mallory"])


def test_details_fit_the_users() -> None:
    """A list of another length is refused by its name."""
    one = np.ones(2)
    with pytest.raises(WireError, match="ip_address"):
        ears().track_batch(["a", "b"], one, one, None, None, None, ["10.0.0.1"])
    with pytest.raises(WireError, match="channels"):
        ears().track_batch(["a", "b"], one, one, None, None, [("x",)])
