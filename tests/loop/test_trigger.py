"""The triggers: which state is a reason to learn, and which is not."""

import datetime as dt

import numpy as np
import pytest

from samouk.edge.wire import Field, Schema
from samouk.loop.learner import Metric, TriggerPolicy
from samouk.loop.records import TriggerKind
from samouk.loop.trigger import State, decide, distance, histogram, moved

NOW = dt.datetime(2026, 11, 16, tzinfo=dt.UTC)
POLICY = TriggerPolicy()
METRICS = (Metric("accuracy", floor=0.8),)
WEEK_AGO = NOW - dt.timedelta(days=7)


def kind(state: State) -> TriggerKind | None:
    order = decide(POLICY, METRICS, state)
    return order.kind if order else None


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State(NOW), None),
        (State(NOW, new_samples=999), None),
        (State(NOW, new_samples=1_000), TriggerKind.VOLUME),
        (State(NOW, last_turn=WEEK_AGO), None),
        (State(NOW, last_turn=WEEK_AGO, new_samples=1), TriggerKind.TIME),
        (State(NOW, last_turn=NOW - dt.timedelta(minutes=59), new_samples=5_000), None),
        (State(NOW, new_samples=300, quality={"accuracy": 0.79}), TriggerKind.QUALITY),
        (State(NOW, new_samples=300, quality={"accuracy": 0.81}), None),
        (State(NOW, new_samples=600, moved={"x": 0.3}), None),
        (State(NOW, new_samples=600, moved={"x": 0.3, "y": 0.2}), TriggerKind.DRIFT),
        (State(NOW, erased=True), TriggerKind.ERASURE),
        (State(NOW, last_turn=NOW, last_kind=TriggerKind.TIME, erased=True), TriggerKind.ERASURE),
        (State(NOW, last_turn=NOW, last_kind=TriggerKind.ERASURE, erased=True), None),
    ],
)
def test_each_state_has_its_order(state: State, expected: TriggerKind | None) -> None:
    """Volume, time, quality, drift and erasure fire where the policy says, and cool down."""
    assert kind(state) is expected


def test_a_person_whose_data_are_erased_comes_first() -> None:
    """Erasure outranks every other reason."""
    assert kind(State(NOW, new_samples=9_999, erased=True, quality={"accuracy": 0.1})) is TriggerKind.ERASURE


def test_distance_is_nought_for_equals_and_one_for_strangers() -> None:
    """Jensen-Shannon distance, base 2."""
    p, q = np.array([0.5, 0.5, 0, 0]), np.array([0, 0, 0.5, 0.5])
    assert distance(p, p) == 0
    assert distance(p, q) == pytest.approx(1)


@pytest.mark.parametrize("n", [1_000, 10_000, 100_000])
def test_drift_does_not_grow_with_the_number_of_rows(n: int) -> None:
    """Two samples of one distribution are near each other at every size: no false alarm."""
    schema = Schema("t", 1, (Field("flag", "flag", optional=True), Field("size", "integer", 0, 100)))
    rng = np.random.default_rng(n)
    flags, sizes = rng.integers(-1, 2, (2, n)).astype(np.int8), rng.integers(0, 101, (2, n)).astype(np.int32)
    one, two = ({"flag": flags[side], "size": sizes[side]} for side in (0, 1))
    assert moved(histogram(schema, one), histogram(schema, two)) == {}


def test_a_planted_shift_is_seen_by_name() -> None:
    """A field that moved is named with its distance; one that did not is not."""
    schema = Schema("t", 1, (Field("a", "number", 0, 1), Field("b", "number", 0, 1)))
    rng = np.random.default_rng(0)
    still = rng.random(2_000).astype(np.float32)
    before = histogram(schema, {"a": still, "b": still})
    after = histogram(schema, {"a": still, "b": still * 0.4})
    assert list(moved(before, after)) == ["b"]
