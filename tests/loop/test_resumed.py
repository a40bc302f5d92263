"""A run that was begun before, by its name: whatever killed its process, it comes to one end and one version."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import pytest
from examples.side_of_a_line import TOY, ToyWorld, artifact
from tests.contracts.conftest import embedded_services, served_services
from tests.loop.killing import Killed, mortal
from tests.loop.test_turn import BY_HAND, learner_with, send
from tests.publish.world import World

from samouk.loop import watch
from samouk.loop.ending import RUN
from samouk.loop.live import EventKind
from samouk.loop.ports import Services
from samouk.loop.ramp import RolloutRefused, approve, roll_back
from samouk.loop.records import Order, RunEnd, Stage, TriggerKind
from samouk.loop.turn import begin, turn
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services

NAME = "4f" * 16
WRITES = 18
"""More than a turn of the example makes after its first champion, so that one of them is never killed."""
ENTERED = 3
"""Writes of an erasure's turn after which its version is entered."""


@pytest.mark.parametrize("writes", range(1, WRITES))
def test_killed_after_any_write_it_comes_to_one_end(writes: int) -> None:
    """The second attempt ends what the first entered, or enters what it did not."""
    clock = SteppedClock()
    services = memory_services(clock)
    send(services)
    try:
        turn(TOY, mortal(services, writes), BY_HAND, run_id=NAME)
    except Killed:
        clock.step(dt.timedelta(minutes=5))
    before = [one.name for one in services.registry.versions(TOY.name) if one.card.get(RUN) == NAME]
    ended = turn(TOY, services, BY_HAND, run_id=NAME)
    entered = [one.name for one in services.registry.versions(TOY.name) if one.card.get(RUN) == NAME]
    assert entered == [ended.version]
    assert before in ([], entered)
    assert [run.end for run in services.runs.runs(TOY.name) if run.run_id == NAME] == [RunEnd.RELEASED]
    champion = services.registry.production(TOY.name)
    assert champion is not None
    assert champion.name == ended.version
    assert services.publisher.published(TOY.name) == ended.version


def test_a_run_of_another_name_is_its_own() -> None:
    """Who asks again on purpose gets a run of his own, which the gate judges against the first."""
    services = memory_services(SteppedClock())
    send(services)
    first = turn(TOY, services, BY_HAND, run_id=NAME)
    second = turn(TOY, services, BY_HAND)
    assert first.end is RunEnd.RELEASED
    assert second.run_id != NAME
    assert len(services.runs.runs(TOY.name)) == 2


@pytest.mark.parametrize("again", [0, 1, 2, 3])
@pytest.mark.parametrize("writes", range(1, WRITES))
def test_killed_after_any_write_all_is_told_once(writes: int, again: int) -> None:
    """The next beginning notes and tells what is missing, be it killed as well, and nothing twice.

    A run that released a version is none that failed.
    """
    clock = SteppedClock()
    services = memory_services(clock)
    send(services)
    try:
        turn(TOY, mortal(services, writes), BY_HAND)
    except Killed:
        clock.step(dt.timedelta(minutes=5))
    else:
        assert writes > 10
    try:
        begin(TOY, mortal(services, again))
    except Killed:
        clock.step(dt.timedelta(minutes=5))
    begin(TOY, services)
    begin(TOY, services)
    acts = [entry.act.action for entry in services.audit.entries()]
    events = [event.kind for event in services.rollouts.events()]
    champion = services.registry.production(TOY.name)
    ends = [run.end for run in services.runs.runs(TOY.name)]
    assert all(run.told for run in services.runs.runs(TOY.name))
    assert acts.count("turn") == events.count(EventKind.RUN_FINISHED) == len(ends)
    assert ends == [] or (ends == [RunEnd.RELEASED]) == (champion is not None)
    assert acts.count("release") == events.count(EventKind.PROMOTED) == (champion is not None)
    if champion is not None:
        assert services.runs.runs(TOY.name)[0].version == champion.name
        assert services.publisher.published(TOY.name) == champion.name


def test_a_release_that_was_noted_by_an_older_samouk_is_not_noted_again() -> None:
    """Which kept no cursor."""
    services = memory_services(SteppedClock())
    send(services)
    turn(TOY, services, BY_HAND)
    begin(TOY, dataclasses.replace(services, journal=memory_services(SteppedClock()).journal))
    acts = [entry.act.action for entry in services.audit.entries()]
    assert acts.count("release") == 1


def test_a_run_that_ended_with_a_version_that_waits_is_staged() -> None:
    """Its process died right after it had entered what a person is to look at."""
    for writes in range(1, WRITES):
        clock = SteppedClock()
        services = memory_services(clock)
        send(services)
        try:
            turn(TOY, mortal(services, writes), Order(TriggerKind.MANUAL, "to look at it first", hold=True))
        except Killed:
            clock.step(dt.timedelta(minutes=5))
        begin(TOY, services)
        versions = services.registry.versions(TOY.name)
        ends = [run.end for run in services.runs.runs(TOY.name)]
        assert ends in ([], [RunEnd.STAGED if versions else RunEnd.FAILED])
        assert services.registry.production(TOY.name) is None


@pytest.fixture(params=["embedded", "postgres"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Services:
    """A store that outlives its processes."""
    if request.param == "embedded":
        made = embedded_services(tmp_path)
    else:
        made = served_services(tmp_path, request.getfixturevalue("emptied_postgres"))
    request.addfinalizer(made.close)
    return made


@pytest.mark.parametrize("writes", [2, 5])
def test_what_was_to_be_held_is_held_by_the_second_attempt(kept: Services, writes: int) -> None:
    """It knows the wish from the run on record alone, and nobody sees the version before a person's word."""
    send(kept)
    with pytest.raises(Killed):
        turn(TOY, mortal(kept, writes), Order(TriggerKind.MANUAL, "to look at it first", hold=True), run_id=NAME)
    assert isinstance(kept.clock, SteppedClock)
    kept.clock.step(dt.timedelta(minutes=5))
    (begun,) = kept.runs.runs(TOY.name)
    ended = turn(TOY, kept, begun.order, run_id=NAME)
    assert ended.end is RunEnd.STAGED
    assert kept.registry.version(TOY.name, ended.version or "").stage is Stage.STAGING
    assert kept.publisher.published(TOY.name) is None


SHIPPED = learner_with(first=lambda: artifact([1.0, -0.2, 0.0]))


def erased_and_killed(services: Services, writes: int) -> Order:
    """A turn that makes up for an erasure, killed after so many writes."""
    batch_ids = send(services)
    turn(SHIPPED, services, BY_HAND)
    services.log.erase(batch_ids[0], ToyWorld(7).batch(0, 0).receipt_hash)
    order = watch.due(SHIPPED, services)
    assert order is not None
    assert order.kind is TriggerKind.ERASURE
    with pytest.raises(Killed):
        turn(SHIPPED, mortal(services, writes), order, run_id=NAME)
    assert isinstance(services.clock, SteppedClock)
    services.clock.step(dt.timedelta(minutes=5))
    return order


def versions_of(services: Services) -> dict[str, Stage]:
    return {one.name: one.stage for one in services.registry.versions(TOY.name)}


@pytest.mark.parametrize("writes", range(1, 5))
def test_an_erasures_successor_does_not_overrule_a_person(tmp_path: Path, writes: int) -> None:
    """Who brought an untainted version back while the process was dead is heard, by the registry and by clients."""
    services = memory_services(SteppedClock(), publisher=World(tmp_path).publisher())
    order = erased_and_killed(services, writes)
    entered = "v1.2" in versions_of(services)
    assert entered == (writes >= ENTERED)
    roll_back(SHIPPED, services, "a person", "samples behind it were erased")
    back = services.registry.production(TOY.name)
    assert back is not None
    assert not back.tainted
    run = turn(SHIPPED, services, order, run_id=NAME)
    if entered:
        assert (run.end, run.version, back.name) == (RunEnd.STAGED, "v1.2", "v1.3")
        assert services.registry.production(TOY.name) == back
        assert services.publisher.published(TOY.name) == "v1.3"
        assert "v1.2 is older than v1.3 and cannot be approved any more" in run.notes[-1]
        with pytest.raises(RolloutRefused, match=r"newer than v1\.3"):
            approve(SHIPPED, services, "a person", "looked at")
    assert turn(SHIPPED, services, BY_HAND).end is not RunEnd.FAILED
    champion = services.registry.production(TOY.name)
    assert champion is not None
    assert services.publisher.published(TOY.name) == champion.name


def test_an_erasures_successor_is_released_where_nobody_spoke(tmp_path: Path) -> None:
    """The champion still must go: the second attempt puts in its place what the first entered."""
    services = memory_services(SteppedClock(), publisher=World(tmp_path).publisher())
    order = erased_and_killed(services, ENTERED)
    run = turn(SHIPPED, services, order, run_id=NAME)
    assert (run.end, run.version) == (RunEnd.RELEASED, "v1.2")
    assert services.publisher.published(TOY.name) == "v1.2"
