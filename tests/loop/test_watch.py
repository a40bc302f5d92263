"""The daily look: what it reads from the store, what it says once, and what it shows of each trigger."""

import dataclasses
import datetime as dt
import itertools
from typing import Any

import numpy as np
import pytest
from examples.side_of_a_line import TOY, ToyWorld
from examples.will_it_rain import RAIN, Weather
from tests.loop.live_world import show

from samouk.loop import watch
from samouk.loop.columns import Columns
from samouk.loop.learner import Learner
from samouk.loop.live import EventKind, Threshold
from samouk.loop.ports import Services
from samouk.loop.records import Batch, Order, Run, RunEnd, TriggerKind
from samouk.loop.trigger import Detector
from samouk.loop.turn import turn
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services

BY_HAND = Order(TriggerKind.MANUAL, "a person asked")
AT_ONCE = dataclasses.replace(RAIN, policy=dataclasses.replace(RAIN.policy, rollout=None))


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def services(clock: SteppedClock) -> Services:
    """A champion in service, two hours after its turn, and a few samples that are new."""
    services = memory_services(clock)
    services.log.append([Weather(7).batch(0, number) for number in range(32)])
    assert turn(AT_ONCE, services, BY_HAND).end is RunEnd.RELEASED
    clock.step(dt.timedelta(hours=2))
    services.log.append([Weather(7).batch(1, 0)])
    return services


def live(services: Services, clock: SteppedClock, *parts: tuple[int, float], seed: int = 0) -> None:
    """Outcomes of the champion from now on, so many with such a mean."""
    rng = np.random.default_rng(seed)
    told = list(itertools.chain(*((rng.random(count) < share).astype(float).tolist() for count, share in parts)))
    champion = services.registry.production(RAIN.name)
    assert champion is not None
    show(services, champion.name, rng.random(len(told)), told, clock.now())
    clock.step(dt.timedelta(days=2))


def drifts(services: Services) -> list[str]:
    events = services.rollouts.events()
    return [event.body["evidence"] for event in events if event.kind is EventKind.DRIFT_SEEN]


def test_outcomes_that_fall_are_drift_seen_by_two_detectors(services: Services, clock: SteppedClock) -> None:
    """ADWIN and HDDM-A agree on the champion's live outcomes, and the order says what they saw."""
    live(services, clock, (1_500, 0.9), (800, 0.6))
    order = watch.due(AT_ONCE, services)
    assert order is not None
    assert order.kind is TriggerKind.DRIFT
    assert order.reason.startswith("ADWIN on outcomes: mean 0.9")
    assert "HDDM-A on outcomes: mean 0.9" in order.reason


def test_outcomes_that_stay_are_no_drift(services: Services, clock: SteppedClock) -> None:
    """The null world beside it: the same number of outcomes, no alarm and no event."""
    live(services, clock, (2_300, 0.9))
    assert watch.observe(AT_ONCE, services).alarms == ()
    assert watch.due(AT_ONCE, services) is None
    assert drifts(services) == []


def test_outcomes_of_another_version_are_not_the_champions(services: Services, clock: SteppedClock) -> None:
    """A challenger that does badly is the rollout's business."""
    show(services, "v9.9", np.full(2_000, 0.5), [1.0] * 1_000 + [0.0] * 1_000, clock.now())
    clock.step(dt.timedelta(days=2))
    state = watch.observe(AT_ONCE, services)
    assert (state.alarms, state.live) == ((), {})


def test_drift_is_told_once_until_the_next_turn(services: Services, clock: SteppedClock) -> None:
    """Each look orders, one look tells; after a turn what was seen before it is no drift any more."""
    live(services, clock, (1_500, 0.9), (800, 0.6))
    orders = [watch.due(AT_ONCE, services) for _ in range(3)]
    assert all(order and order.kind is TriggerKind.DRIFT for order in orders)
    assert len(drifts(services)) == 1
    turn(AT_ONCE, services, BY_HAND)
    clock.step(dt.timedelta(hours=2))
    services.log.append([Weather(7).batch(2, 0)])
    assert watch.observe(AT_ONCE, services).alarms == ()
    assert watch.due(AT_ONCE, services) is None
    live(services, clock, (1_200, 0.2))
    assert watch.due(AT_ONCE, services) is not None
    assert len(drifts(services)) == 2


def test_live_outcomes_under_their_floor_are_a_reason(services: Services, clock: SteppedClock) -> None:
    """The floor of an outcome is held against what happened since the last turn."""
    live(services, clock, (300, 0.3))
    order = watch.due(AT_ONCE, services)
    assert order is not None
    assert order.kind is TriggerKind.QUALITY
    assert "live outcomes, its floor is 0.400" in order.reason


def moved_toy(services: Services, clock: SteppedClock, by: float) -> Learner:
    """A learner without outcomes whose champion saw other points than the newest ones."""
    services.log.append([ToyWorld(7).batch(0, number) for number in range(32)])
    turn(TOY, services, BY_HAND)
    clock.step(dt.timedelta(hours=2))
    for number in range(16):
        batch = ToyWorld(7).batch(1, number)
        columns = {**batch.columns, **{name: batch.columns[name] * np.float32(by) for name in ("x", "y")}}
        services.log.append([dataclasses.replace(batch, columns=columns)])
    return TOY


def test_without_outcomes_two_fields_by_two_distances_are_drift(clock: SteppedClock) -> None:
    """JS and KS beyond their limits on two fields; the same look at unmoved points sees none."""
    still, services = memory_services(clock), memory_services(clock)
    assert watch.observe(moved_toy(still, clock, 1.0), still).alarms == ()
    state = watch.observe(moved_toy(services, clock, 0.4), services)
    assert [alarm.detector for alarm in state.alarms] == [Detector.FEATURES]
    assert "x by JS" in state.alarms[0].evidence
    assert "y by JS" in state.alarms[0].evidence
    order = watch.due(TOY, services)
    assert order is not None
    assert order.kind in (TriggerKind.DRIFT, TriggerKind.QUALITY)


def test_a_raised_threshold_is_in_force(clock: SteppedClock) -> None:
    """What was noted holds for the next look, of fields and of the volume."""
    services = memory_services(clock)
    moved_toy(services, clock, 0.6)
    assert watch.observe(TOY, services).alarms
    now = clock.now()
    services.rollouts.note(
        [
            Threshold(TOY.name, TriggerKind.DRIFT, "distance", 0.1, 0.4, "false alarms", now),
            Threshold(TOY.name, TriggerKind.VOLUME, "volume", 1_000, 3_000, "noise", now),
        ]
    )
    assert watch.observe(TOY, services).alarms == ()
    assert watch.in_force(TOY, services).volume == 3_000


def test_lying_labels_raise_the_volume_and_the_change_is_on_record(clock: SteppedClock) -> None:
    """Days that look the same come back with one word in three reversed; as honest ones they change nothing."""
    services = memory_services(clock)
    services.log.append([few_looks(0, number) for number in range(32)])
    assert turn(AT_ONCE, services, BY_HAND).end is RunEnd.RELEASED
    clock.step(dt.timedelta(hours=2))
    services.log.append([few_looks(1, number) for number in range(10)])
    watch.due(AT_ONCE, services)
    assert services.rollouts.thresholds(RAIN.name) == []
    services.log.append([few_looks(2, number, lies=0.33) for number in range(50)])
    watch.due(AT_ONCE, services)
    watch.due(AT_ONCE, services)
    (change,) = services.rollouts.thresholds(RAIN.name)
    assert (change.kind, change.before) == (TriggerKind.VOLUME, 1_000)
    assert change.after > 3_000


def few_looks(week: int, number: int, lies: float = 0.0) -> Batch:
    """A batch in which all days look like one of twenty."""
    batch = Weather(7).batch(week, number)
    rng = np.random.default_rng([week, number])
    look = rng.integers(0, 20, batch.rows)
    rained = (look < 10) ^ (rng.random(batch.rows) < lies)
    columns: Columns = {
        "pressure": (980 + 2 * look).astype(np.float32),
        "humidity": np.full(batch.rows, 0.5, np.float32),
        "rained": rained.astype(np.int8),
    }
    return dataclasses.replace(batch, columns=columns)


def test_each_trigger_shows_how_far_it_has_come(services: Services, clock: SteppedClock) -> None:
    """Value, threshold, share and last firing of every kind, also while nothing fires."""
    live(services, clock, (300, 0.8))
    lines = {(line.kind, line.name): line for line in watch.view(AT_ONCE, services)}
    assert {kind for kind, _ in lines} == set(TriggerKind)
    days = lines[TriggerKind.TIME, "days since the last turn"]
    assert days.value == pytest.approx(2 + 2 / 24)
    assert days.threshold == 7
    assert days.share == pytest.approx(days.value / 7 if days.value else 0)
    volume = lines[TriggerKind.VOLUME, "new samples"]
    assert (volume.value, volume.threshold, volume.share) == (60, 1_000, 0.06)
    content = lines[TriggerKind.QUALITY, "content"]
    assert content.value == pytest.approx(0.8, abs=0.08)
    assert content.share == pytest.approx(0.4 / (content.value or 1))
    assert lines[TriggerKind.MANUAL, "a person's word"].fired is not None
    assert lines[TriggerKind.DRIFT, "alarms"].fired is None
    assert lines[TriggerKind.DRIFT, "alarms"].share == 0


class Counted:
    """Runs of which it is noted how many are asked for."""

    def __init__(self, runs: Any) -> None:
        self.kept, self.asked = runs, [0]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.kept, name)

    def runs(self, learner: str, limit: int = 100) -> list[Run]:
        self.asked.append(limit)
        return list(self.kept.runs(learner, limit))


def test_what_runs_quoted_goes_with_an_erasure_and_is_looked_for_once(services: Services, clock: SteppedClock) -> None:
    """However many runs there are: later looks read the newest alone, and find one that failed since."""
    batch = ToyWorld(8).batch(0, 0)
    services.log.append([batch])
    quoting = Run("", TOY.name, Order(TriggerKind.TIME, "so"), clock.now(), clock.now(), RunEnd.FAILED)
    quoting = dataclasses.replace(quoting, error="ValueError: what somebody wrote")
    for number in range(300):
        services.runs.save(dataclasses.replace(quoting, run_id=f"{number}"))
    services.log.erase(batch.batch_id, batch.receipt_hash)
    runs = Counted(services.runs)
    counting = dataclasses.replace(services, runs=runs)
    watch.taint_erased(TOY, counting)
    assert {run.error for run in services.runs.runs(TOY.name, 1_000)} == {"ValueError"}
    runs.asked.clear()
    services.runs.save(dataclasses.replace(quoting, run_id="under way"))
    watch.taint_erased(TOY, counting)
    assert max(runs.asked) <= watch.RUNS
    assert {run.error for run in services.runs.runs(TOY.name, 1_000)} == {"ValueError"}
    clock.step(dt.timedelta(days=1))
    services.runs.save(dataclasses.replace(quoting, run_id="later", started=clock.now()))
    watch.taint_erased(TOY, counting)
    assert services.runs.runs(TOY.name, 1)[0].error == quoting.error
    another = ToyWorld(8).batch(0, 1)
    services.log.append([another])
    services.log.erase(another.batch_id, another.receipt_hash)
    watch.taint_erased(TOY, counting)
    assert services.runs.runs(TOY.name, 1)[0].error == "ValueError"
