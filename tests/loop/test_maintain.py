"""Maintenance: what is too old leaves, what is needed stays, and it is done alone and once a day."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from examples.will_it_rain import RAIN
from tests.contracts.live import ROLLOUT, outcome, rollout
from tests.contracts.live import exposure as shown
from tests.contracts.making import batch, batch_id, digest_of, receipt, snapshot, version

from samouk.loop import maintain, watch
from samouk.loop.learner import OutcomeSpec
from samouk.loop.live import Exposure
from samouk.loop.maintain import Keep
from samouk.loop.ports import LeaseLost, Services
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services

LEARNER = dataclasses.replace(RAIN, name="toy.colour", outcomes=(OutcomeSpec("sold", window=dt.timedelta(hours=1)),))
WINDOWS = {"sold": dt.timedelta(hours=1)}
FOR_EVER = Keep()


@pytest.fixture
def services() -> Services:
    return memory_services()


def stepped(services: Services, days: float) -> None:
    assert isinstance(services.clock, SteppedClock)
    services.clock.step(dt.timedelta(days=days))


def exposed(services: Services, *exposures: Exposure) -> None:
    services.journal.expose(exposures)


def test_for_ever_is_the_default(services: Services) -> None:
    """Nothing leaves that nobody wants to leave."""
    services.log.append([batch(1)])
    exposed(services, shown(1))
    stepped(services, 5_000)
    done = maintain.maintain(services, [LEARNER], FOR_EVER)
    assert (done.batches, done.exposures) == (0, 0)
    assert len(services.log.entries("toy.colour")) == 1
    assert services.journal.exposure(shown(1).event_id) is not None


def test_samples_leave_by_whole_weeks(services: Services) -> None:
    """A batch of a week's beginning stays as long as one of its end; the audit says what left."""
    services.log.append([batch(1)])
    stepped(services, 6)
    services.log.append([batch(2)])
    stepped(services, 8)
    assert maintain.maintain(services, [LEARNER], Keep(samples=8)).batches == 0
    stepped(services, 1)
    done = maintain.maintain(services, [LEARNER], Keep(samples=8))
    assert (done.batches, done.samples) == (2, 10)
    (act,) = services.audit.entries()
    assert (act.act.action, act.act.subject) == ("expire", "toy.colour/samples")
    assert "2 batches with 10 samples arrived before 2026-01-12" in act.act.reason


def test_what_expired_taints_nobody_and_an_erasure_afterwards_does(services: Services) -> None:
    """The version that learnt from it stays, until somebody with the receipt asks for it to be forgotten."""
    services.log.append([batch(0)])
    snapshot(services, 1, [0], [])
    services.registry.add(version(1, snapshot=digest_of(1)))
    stepped(services, 30)
    maintain.maintain(services, [LEARNER], Keep(samples=7))
    watch.taint_erased(LEARNER, services)
    assert not services.registry.version("toy.colour", "v1.1").tainted
    services.log.erase(batch_id(0), receipt(0))
    watch.taint_erased(LEARNER, services)
    assert services.registry.version("toy.colour", "v1.1").tainted


def test_exposures_leave_when_nobody_needs_them(services: Services) -> None:
    """Young ones, those of a running rollout and those whose outcome nobody learnt from yet stay."""
    services.rollouts.save(rollout())
    exposed(services, shown(1), shown(2), shown(3, rollout=ROLLOUT), shown(4))
    services.journal.tell("toy.colour", [outcome(1)], WINDOWS)
    services.journal.advance("harvested:toy.colour", services.journal.joined("toy.colour")[-1].sequence)
    services.journal.tell("toy.colour", [outcome(2)], WINDOWS)
    stepped(services, 10)
    exposed(services, shown(5, at=services.clock.now()))
    done = maintain.maintain(services, [LEARNER], Keep(exposures=7))
    assert (done.exposures, done.outcomes) == (2, 1)
    left = [number for number in range(1, 6) if services.journal.exposure(shown(number).event_id)]
    assert left == [2, 3, 5]
    (act,) = services.audit.entries()
    assert (act.act.subject, act.act.reason) == ("toy.colour/exposures", "2 exposures with 1 outcomes are kept 7 days")


def test_a_window_is_waited_for(services: Services) -> None:
    """However short things are kept, an outcome can come as long as it counts."""
    slow = dataclasses.replace(LEARNER, outcomes=(OutcomeSpec("sold", window=dt.timedelta(days=30)),))
    exposed(services, shown(1))
    stepped(services, 20)
    assert maintain.maintain(services, [slow], Keep(exposures=7)).exposures == 0
    stepped(services, 11)
    assert maintain.maintain(services, [slow], Keep(exposures=7)).exposures == 1


def test_one_at_a_time(services: Services) -> None:
    """Who finds another at it is told so."""
    services.leases.acquire(maintain.LEASE, "another", 60.0)
    with pytest.raises(LeaseLost):
        maintain.maintain(services, [LEARNER], FOR_EVER)
    services.leases.release(maintain.LEASE, "another")
    maintain.maintain(services, [LEARNER], FOR_EVER)
    assert not services.leases.held(maintain.LEASE)


def test_who_lost_it_meanwhile_ends(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another took over, did all of it and gave the lease back: the first one changes nothing more."""
    monkeypatch.setattr(maintain, "LEASE_SECONDS", 0.0)

    class Slow:
        def sweep(self) -> int:
            assert services.leases.acquire(maintain.LEASE, "another", 60.0)
            services.leases.release(maintain.LEASE, "another")
            return 0

    with pytest.raises(LeaseLost):
        maintain.maintain(dataclasses.replace(services, upkeep=Slow()), [LEARNER], FOR_EVER)  # type: ignore[arg-type]
    assert not services.journal.cursor(maintain.DONE)


def test_once_a_day(services: Services) -> None:
    """A fresh store waits a day, and so does one that was just maintained."""
    assert not maintain.due(services)
    stepped(services, 0.9)
    assert not maintain.due(services)
    stepped(services, 0.2)
    assert maintain.due(services)
    maintain.maintain(services, [LEARNER], FOR_EVER)
    assert not maintain.due(services)
