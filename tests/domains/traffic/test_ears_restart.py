"""What the ears hold over a restart when users come and go while it is saved, and what they do not."""

from __future__ import annotations

import threading

import numpy as np

from samouk.domains.traffic.ears.extractor import AT_ONCE, FeatureExtractor
from samouk.domains.traffic.ears.state import State, joined

T0 = 1_700_000_000.0


def state() -> State:
    """Tables for four users."""
    return State(4, 60.0, 60, 86_400.0)


def saved_while(move: str) -> State:
    """Two users saved one by one; in between one of them left, and ``move`` was heard."""
    tables = state()
    for name in ("ann", "bob"):
        tables.settle(name, T0)
    pieces = [tables.copied(0, 2)]
    tables.leave(1)
    tables.leave(2)
    tables.settle(move, T0)
    pieces += [tables.copied(2, 3), tables.copied(3, 4)]
    again = state()
    again.load(tables.facts(), joined(pieces, tables.facts()))
    return again


def test_who_moves_while_others_are_saved_is_known_once() -> None:
    """The last place counts, and the first is given away again."""
    again = saved_while("ann")
    assert len(again.people) == 1
    assert again.people.place_of("ann") == 2
    assert [again.settle(name, T0) for name in ("cid", "dan", "eve")] == [(1, False), (3, False), (4, False)]
    assert again.people.room == 0


def test_who_comes_while_others_are_saved_is_known_too() -> None:
    """Whoever was copied before leaving is still there."""
    again = saved_while("cid")
    assert {again.people.place_of("ann"), again.people.place_of("cid")} == {1, 2}
    assert again.people.place_of("bob") is None


def test_a_salt_that_goes_while_users_are_saved_takes_their_hashes_along() -> None:
    """Hashes under two salts would count one address twice."""
    tables = state()
    for name in ("ann", "bob"):
        tables.settle(name, T0)
        tables.addresses.add(len(tables.people), "192.0.2.1", T0)
    pieces = [tables.copied(0, 2)]
    tables.addresses.add(2, "192.0.2.2", T0 + 90_000.0)
    pieces.append(tables.copied(2, 3))
    again = state()
    again.load(tables.facts(), joined(pieces, tables.facts()))
    assert [again.addresses.number(place) for place in (1, 2)] == [0, 1]


def test_messages_are_heard_while_the_ears_are_saved() -> None:
    """No save waits for all of them, and each state that comes of it can be restored."""
    extractor = FeatureExtractor(max_users=2 * AT_ONCE)
    names = [f"user-{number}" for number in range(3 * AT_ONCE)]
    extractor.track_batch(names[: 2 * AT_ONCE], np.full(2 * AT_ONCE, T0), np.ones(2 * AT_ONCE))
    done = threading.Event()

    def speak() -> None:
        while not done.is_set():
            for name in names:
                extractor.track_user_activity(name, 5.0, at=T0)

    thread = threading.Thread(target=speak)
    thread.start()
    states = [extractor.save() for _ in range(3)]
    done.set()
    thread.join()
    for one in states:
        again = FeatureExtractor(max_users=2 * AT_ONCE)
        again.load(one)
        for name in names:
            again.track_user_activity(name, at=T0)
        assert len(again) == 2 * AT_ONCE


def test_no_connection_outlives_the_process() -> None:
    """Its socket is gone: after a day of silence a session begins with the next message, not with that socket."""
    first = FeatureExtractor()
    first.connected("ann", "192.0.2.1", at=T0)
    first.track_user_activity("ann", at=T0)
    second = FeatureExtractor()
    second.load(first.save())
    second.track_user_activity("ann", at=T0 + 90_000.0)
    found = second.features("ann", T0 + 90_010.0)
    assert found is not None
    assert found.connection_duration == 10.0
    second.connected("ann", at=T0 + 90_020.0)
    second.disconnected("ann", at=T0 + 90_030.0)
    found = second.features("ann", T0 + 90_040.0)
    assert found is not None
    assert found.connection_duration == 0.0


def test_counts_begin_anew_with_the_process() -> None:
    """As Prometheus expects of counters, whatever the state has heard before."""
    first = FeatureExtractor()
    for _ in range(7):
        first.track_user_activity("ann", -1.0, at=T0)
    second = FeatureExtractor()
    second.track_user_activity("bob", at=T0)
    second.load(first.save())
    assert second.counts == {"events": 1}
    second.track_user_activity("ann", at=T0)
    assert second.counts == {"events": 2}
