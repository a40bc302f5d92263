"""What clients have is never above what is in service for long, and nothing is taken back behind somebody's back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from examples.side_of_a_line import TOY, artifact
from tests.contracts.making import alone
from tests.loop.killing import Killed, mortal
from tests.loop.test_turn import BY_HAND, send
from tests.publish.world import World

from samouk.loop.ports import Outdated, Services
from samouk.loop.records import RunEnd, Stage, Version
from samouk.loop.registry import enter
from samouk.loop.release import reconcile, register_next, release, take_back
from samouk.loop.turn import begin, turn
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services

MINUTE = dt.timedelta(minutes=1)


def enter_line(services: Services, slope: float, batch: str = "") -> Version:
    """A version in staging, fitted on that batch, if any."""
    made = artifact([1.0, slope, 0.0])
    key, snapshot = services.blobs.put(made.data), alone(services, TOY.name, 1, batch, batch) if batch else None
    version = enter(TOY, [], made, key, services.clock.now(), champion=None, snapshot=snapshot)
    return register_next(services, version, "a test", "planted")


def ahead(services: Services, batch: str = "") -> Version:
    """What is in service while clients have a higher number, as a release over a newer version once left it."""
    champion = release(services, enter_line(services, -0.2, batch), "a test", "planted")
    newer = enter_line(services, 0.9)
    services.publisher.publish(newer, services.blobs.get(newer.artifact_key))
    services.registry.move(TOY.name, newer.name, Stage.ARCHIVED)
    return champion


def test_a_learner_whose_clients_are_ahead_is_healed(tmp_path: Path) -> None:
    """What is in service goes to them under a number above theirs, and turns are taken again."""
    services = memory_services(SteppedClock(), publisher=World(tmp_path).publisher())
    champion = ahead(services)
    begin(TOY, services)
    healed = services.registry.production(TOY.name)
    assert healed is not None
    assert (healed.name, healed.artifact_digest) == ("v1.2", champion.artifact_digest)
    assert services.publisher.published(TOY.name) == "v1.2"
    assert not reconcile(services, TOY.name)
    reasons = [entry.act.reason for entry in services.audit.entries(actions=["release"])]
    assert reasons[-1] == "clients have v1.1 and never go back in number"
    send(services)
    assert turn(TOY, services, BY_HAND).end is RunEnd.RELEASED
    assert services.publisher.published(TOY.name) == "v1.3"


@pytest.mark.parametrize("writes", range(1, 7))
def test_killed_while_it_heals_it_enters_one_version(writes: int) -> None:
    """The next one goes on with what the dead one entered."""
    clock = SteppedClock()
    services = memory_services(clock)
    ahead(services)
    with pytest.raises(Killed):
        reconcile(mortal(services, writes), TOY.name)
    clock.step(MINUTE)
    reconcile(services, TOY.name)
    assert [one.name for one in services.registry.versions(TOY.name)] == ["v1.2", "v1.1", "v1.0"]
    assert services.publisher.published(TOY.name) == "v1.2"


def test_bytes_that_must_go_are_not_released_above_what_clients_have() -> None:
    """Their successor comes by itself, with a number above all."""
    services = memory_services(SteppedClock())
    ahead(services, "a batch")
    services.registry.taint(TOY.name, "a batch")
    assert not reconcile(services, TOY.name)
    assert services.publisher.published(TOY.name) == "v1.1"
    assert len(services.registry.versions(TOY.name)) == 2


def test_nothing_is_taken_back_in_place_of_another() -> None:
    """Somebody put another version in service since it was looked: nothing is entered."""
    services = memory_services(SteppedClock())
    old = release(services, enter_line(services, -0.2), "a test", "planted")
    release(services, enter_line(services, 0.9), "a person", "better")
    with pytest.raises(Outdated, match=r"v1\.1 is in production by now, not v1\.0"):
        take_back(services, old, "samouk", "samples were erased", instead_of="v1.0")
    assert len(services.registry.versions(TOY.name)) == 2
