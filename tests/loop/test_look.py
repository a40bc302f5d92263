"""What the last look saw: kept by the daily question, read by whoever watches."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from examples.will_it_rain import RAIN, Weather

from samouk.loop import look, watch
from samouk.loop.drift import Apart
from samouk.loop.latency import BOUNDS_S, Latencies
from samouk.loop.ports import Services
from samouk.loop.records import Order, RunEnd, TriggerKind
from samouk.loop.trigger import Alarm, Detector
from samouk.loop.turn import turn
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services

AT_ONCE = dataclasses.replace(RAIN, policy=dataclasses.replace(RAIN.policy, rollout=None))


@pytest.fixture
def services() -> Services:
    """A champion in service, two hours after its turn."""
    clock = SteppedClock()
    services = memory_services(clock)
    services.log.append([Weather(7).batch(0, number) for number in range(32)])
    assert turn(AT_ONCE, services, Order(TriggerKind.MANUAL, "a person asked")).end is RunEnd.RELEASED
    clock.step(dt.timedelta(hours=2))
    return services


def test_nothing_was_seen_before_the_first_look(services: Services) -> None:
    """A view for people is no look: it keeps nothing."""
    watch.view(RAIN, services)
    assert look.last(RAIN, services) is None


def test_a_look_keeps_how_far_each_field_is(services: Services) -> None:
    """Every field that a prediction is asked with, moved or not, with its limits."""
    services.log.append([Weather(7).batch(1, number) for number in range(16)])
    watch.due(RAIN, services)
    seen = look.last(RAIN, services)
    assert seen is not None
    assert (seen.at, seen.alarms) == (services.clock.now(), frozenset())
    assert {field.name for field in seen.fields} <= {spec.name for spec in RAIN.seen.fields}
    assert len(seen.fields) >= 2
    assert not any(field.moved for field in seen.fields)
    assert seen.labelled == watch.observe(RAIN, services).labelled > 0


def test_too_few_samples_say_nothing_of_fields(services: Services) -> None:
    """The look is kept all the same, and replaces the one before."""
    watch.due(RAIN, services)
    first = look.last(RAIN, services)
    watch.due(RAIN, services)
    assert first is not None
    assert (first.fields, first.labelled) == ((), 0)
    assert look.last(RAIN, services) == first


def test_what_it_keeps_comes_back(services: Services) -> None:
    """A field that moved, and who saw it; a distance that is no number is left out."""
    moved = Apart("humidity", 0.4, 0.3, 0.1, 0.1)
    state = watch.observe(RAIN, services)
    state = dataclasses.replace(state, alarms=(Alarm(Detector.ADWIN, "x"), Alarm(Detector.FEATURES, "y")))
    look.keep(RAIN, services, state, [moved, Apart("pressure", float("nan"), 0.1, 0.1, 0.1)])
    seen = look.last(RAIN, services)
    assert seen is not None
    assert (seen.fields, moved.moved) == ((moved,), True)
    assert seen.alarms == {Detector.ADWIN, Detector.FEATURES}


def test_latencies_stand_in_their_bins() -> None:
    """The upper end belongs to the bin, and what takes longer than all has its own."""
    latencies = Latencies()
    latencies.add(BOUNDS_S[0])
    latencies.add(BOUNDS_S[-1] * 2, rows=3)
    counts, total = latencies.read()
    assert (counts[0], counts[-1], sum(counts)) == (1, 3, 4)
    assert total == pytest.approx(BOUNDS_S[0] + 6 * BOUNDS_S[-1])
