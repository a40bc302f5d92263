"""The triggers: which state is a reason to learn, and which is not."""

import datetime as dt

import pytest

from samouk.loop.learner import Metric, OutcomeSpec, TriggerPolicy
from samouk.loop.records import TriggerKind
from samouk.loop.trigger import Alarm, Detector, Live, State, agreed, decide

NOW = dt.datetime(2026, 11, 16, tzinfo=dt.UTC)
POLICY = TriggerPolicy()
METRICS = (Metric("accuracy", floor=0.8), Metric("error", direction="down", floor=0.3))
OUTCOMES = (OutcomeSpec("bought", floor=0.1), OutcomeSpec("stayed"))
WEEK_AGO = NOW - dt.timedelta(days=7)
YEAR_AHEAD = NOW + dt.timedelta(days=365)
"""Of a turn before the clock was set back."""

ADWIN, HDDM, FIELDS, ESTIMATE = (Alarm(detector, f"seen by {detector}") for detector in Detector)


def kind(state: State) -> TriggerKind | None:
    order = decide(POLICY, METRICS, state, OUTCOMES)
    return order.kind if order else None


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State(NOW), None),
        (State(NOW, new_samples=999, labelled=999), None),
        (State(NOW, new_samples=5_000, labelled=999), None),
        (State(NOW, new_samples=1_000, labelled=1_000), TriggerKind.VOLUME),
        (State(NOW, last_turn=WEEK_AGO), None),
        (State(NOW, last_turn=WEEK_AGO, new_samples=1), TriggerKind.TIME),
        (State(NOW, last_turn=NOW - dt.timedelta(minutes=59), new_samples=5_000, labelled=5_000), None),
        (State(NOW, last_turn=NOW, new_samples=5_000, labelled=5_000), None),
        (State(NOW, last_turn=YEAR_AHEAD, new_samples=1_000, labelled=1_000), TriggerKind.VOLUME),
        (State(NOW, last_turn=YEAR_AHEAD, new_samples=1), TriggerKind.TIME),
        (State(NOW, last_turn=YEAR_AHEAD), None),
        (State(NOW, last_turn=YEAR_AHEAD, last_kind=TriggerKind.ERASURE, erased=True), TriggerKind.ERASURE),
        (State(NOW, new_samples=300, quality={"accuracy": 0.79}), TriggerKind.QUALITY),
        (State(NOW, new_samples=300, quality={"accuracy": 0.81}), None),
        (State(NOW, new_samples=300, quality={"error": 0.31}), TriggerKind.QUALITY),
        (State(NOW, new_samples=300, quality={"error": 0.29}), None),
        (State(NOW, new_samples=1, live={"bought": Live(200, 0.09)}), TriggerKind.QUALITY),
        (State(NOW, new_samples=1, live={"bought": Live(199, 0.09)}), None),
        (State(NOW, new_samples=1, live={"bought": Live(200, 0.11)}), None),
        (State(NOW, new_samples=1, live={"stayed": Live(200, 0.0)}), None),
        (State(NOW, new_samples=1, alarms=(ADWIN, HDDM), blind=False), TriggerKind.DRIFT),
        (State(NOW, new_samples=0, alarms=(ADWIN, HDDM), blind=False), None),
        (State(NOW, erased=True), TriggerKind.ERASURE),
        (State(NOW, last_turn=NOW, last_kind=TriggerKind.TIME, erased=True), TriggerKind.ERASURE),
        (State(NOW, last_turn=NOW, last_kind=TriggerKind.ERASURE, erased=True), None),
    ],
)
def test_each_state_has_its_order(state: State, expected: TriggerKind | None) -> None:
    """Volume, time, quality, drift and erasure fire where the policy says, and cool down."""
    assert kind(state) is expected


@pytest.mark.parametrize(
    ("alarms", "blind", "drift"),
    [
        ((), False, False),
        ((ADWIN,), False, False),
        ((FIELDS,), False, False),
        ((ESTIMATE,), False, False),
        ((ADWIN, HDDM), False, True),
        ((HDDM, FIELDS), False, True),
        ((FIELDS, ESTIMATE), False, True),
        ((ADWIN, ESTIMATE), False, True),
        ((FIELDS,), True, True),
        ((), True, False),
    ],
)
def test_two_detectors_agree_or_one_and_the_estimate(alarms: tuple[Alarm, ...], blind: bool, drift: bool) -> None:
    """One detector alone is no drift, save for the fields of a learner that has no outcomes."""
    assert bool(agreed(State(NOW, alarms=alarms, blind=blind))) is drift


def test_an_order_carries_its_evidence() -> None:
    """What each detector saw, and by how much a floor was missed, stands in the reason."""
    drift = decide(POLICY, METRICS, State(NOW, new_samples=1, alarms=(ADWIN, FIELDS), blind=False))
    assert drift is not None
    assert (
        drift.reason == "ADWIN on outcomes: seen by ADWIN on outcomes; JS and KS on fields: seen by JS and KS on fields"
    )
    floor = decide(POLICY, METRICS, State(NOW, new_samples=1, live={"bought": Live(250, 0.05)}), OUTCOMES)
    assert floor is not None
    assert floor.reason == "bought is 0.050 over 250 live outcomes, its floor is 0.100"


def test_a_turn_ahead_of_the_clock_is_told_of() -> None:
    """A clock that was set back is a reason in its own words, not a negative number of days."""
    order = decide(POLICY, METRICS, State(NOW, last_turn=YEAR_AHEAD, new_samples=7))
    assert order is not None
    assert order.reason == "the last turn is dated ahead of the clock, 7 new samples"


def test_a_person_whose_data_are_erased_comes_first() -> None:
    """Erasure outranks every other reason."""
    state = State(NOW, new_samples=9_999, labelled=9_999, erased=True, quality={"accuracy": 0.1}, alarms=(ADWIN, HDDM))
    assert kind(state) is TriggerKind.ERASURE
