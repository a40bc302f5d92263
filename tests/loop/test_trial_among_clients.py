"""What clients find while a rollout runs: the share of its step, nothing while it is paused, and what is too large."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from tests.loop.killing import Killed, mortal
from tests.loop.people import GOOD, POOR, QUICK, embedded, enter_model, learner
from tests.publish.world import World

from samouk.loop import ramp
from samouk.loop.learner import Learner, Policy
from samouk.loop.live import Rollout
from samouk.loop.ports import Services
from samouk.loop.records import Artifact, Stage, Version
from samouk.loop.registry import enter
from samouk.loop.release import reconcile, register_next, release
from samouk.loop.settle import LEASE_SECONDS, settle
from samouk.publish.publisher import TufPublisher
from samouk.publish.release import MAX_MODEL_BYTES
from samouk.store.clock import SteppedClock
from samouk.store.memory import MemoryPublisher, memory_services

RAIN = learner()
HUMAN = dataclasses.replace(RAIN, policy=Policy(rollout=QUICK, approval="human"))


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture(params=["memory", "embedded"])
def services(request: pytest.FixtureRequest, tmp_path: Path, clock: SteppedClock) -> Iterator[Services]:
    made = memory_services(clock) if request.param == "memory" else embedded(tmp_path / "home", clock)
    yield made
    made.close()


def offered(services: Services) -> tuple[str, float] | None:
    """Version and share that some clients find."""
    found = cast(MemoryPublisher, services.publisher).offered.get(RAIN.name)
    return (found[0].name, found[2]) if found else None


def staged(services: Services, learner: Learner = RAIN) -> Rollout:
    if services.registry.production(learner.name) is None:
        enter_model(services, POOR, released=True)
    return ramp.stage(learner, services, enter_model(services, GOOD), "a test", "passed the gate")


def test_clients_find_the_share_of_the_step(services: Services) -> None:
    """A tenth, then one half; paused nobody, resumed one half again; and never more than the rollout says."""
    staged(services)
    assert offered(services) == ("v1.1", 0.1)
    ramp.advance(RAIN, services, "a person", "calm")
    assert offered(services) == ("v1.1", 0.5)
    ramp.pause(RAIN, services, "a person", "wait")
    assert offered(services) is None
    ramp.resume(RAIN, services, "a person", "go on")
    assert offered(services) == ("v1.1", 0.5)


@pytest.mark.parametrize("word", [ramp.promote, ramp.roll_back])
def test_a_trial_ends_with_its_rollout(services: Services, word: Callable[..., Rollout]) -> None:
    """Either way clients find a number that is no lower than what was tried, and no trial."""
    staged(services)
    word(RAIN, services, "a person", "enough")
    champion = services.registry.production(RAIN.name)
    assert champion is not None
    assert champion.number >= 2
    assert offered(services) is None
    assert services.publisher.published(RAIN.name) == champion.name


def test_a_trial_whose_champion_must_go_is_withdrawn_too(services: Services) -> None:
    """Of erased samples no bytes are released again, so that the end itself takes the offer away."""
    enter_model(services, POOR, released=True, batch="b1")
    staged(services)
    services.registry.taint(RAIN.name, "b1")
    ramp.look(RAIN, services)
    assert services.rollouts.active(RAIN.name) is None
    assert offered(services) is None


@pytest.mark.parametrize("mode", ["shadow", "bandit"])
def test_clients_take_part_in_ramps_alone(services: Services, mode: str) -> None:
    """What nobody sees, and what moves people between versions, is offered to no client."""
    policy = Policy(rollout=dataclasses.replace(QUICK, mode=mode))  # type: ignore[arg-type]
    staged(services, dataclasses.replace(RAIN, policy=policy))
    assert offered(services) is None


@pytest.mark.parametrize("word", ["stage", "advance", "pause", "resume", "roll_back"])
def test_a_kill_between_two_writes_is_mended(clock: SteppedClock, word: str) -> None:
    """Whatever was done when the process died, after the next settling clients find what the rollout says."""
    kills = 0
    for writes in range(1, 30):
        services = memory_services(clock)
        enter_model(services, POOR, released=True)
        version = enter_model(services, GOOD)
        if word != "stage":
            ramp.stage(RAIN, services, version, "a test", "passed the gate")
        if word == "resume":
            ramp.pause(RAIN, services, "a person", "wait")
        try:
            _say(word, mortal(services, writes), version)
        except Killed:
            kills += 1
        else:
            break
        clock.step(dt.timedelta(seconds=LEASE_SECONDS))
        assert settle(services, RAIN.name)
        assert offered(services) == _due(services.rollouts.rollouts(RAIN.name)), f"killed after {writes} writes"
    assert kills >= 3


def _say(word: str, services: Services, version: Version) -> None:
    if word == "stage":
        ramp.stage(RAIN, services, version, "a test", "passed the gate")
    else:
        getattr(ramp, word)(RAIN, services, "a person", "so")


def _due(rollouts: list[Rollout]) -> tuple[str, float] | None:
    if not rollouts or rollouts[0].state.over or str(rollouts[0].state) == "paused":
        return None
    ((name, share),) = rollouts[0].challengers.items()
    return name, share


@pytest.fixture
def published(tmp_path: Path, clock: SteppedClock) -> Services:
    """Signed files as clients get them."""
    return memory_services(clock, publisher=World(tmp_path / "operator").publisher())


def enter_heavy(services: Services, weights: tuple[float, ...], *, released: bool = False) -> Version:
    """A model that is a byte larger than clients take: JSON with so many blanks behind it."""
    light = enter_model(services, weights)
    services.registry.move(RAIN.name, light.name, Stage.ARCHIVED)
    data = services.blobs.get(light.artifact_key).ljust(MAX_MODEL_BYTES + 1)
    champion = services.registry.production(RAIN.name)
    artifact, key = Artifact(data, dict(light.metadata)), services.blobs.put(data)
    version = enter(RAIN, [], artifact, key, services.clock.now(), champion=champion, snapshot=None)
    version = register_next(services, version, "a test", "planted")
    return release(services, version, "a test", "planted") if released else version


def withheld(services: Services) -> list[str]:
    acts = [entry.act for entry in services.audit.entries() if entry.act.action == "withhold"]
    return [f"{act.subject.partition('/')[2]}: {act.reason}" for act in acts]


def test_a_challenger_that_clients_refuse_ramps_on_the_platform(published: Services) -> None:
    """The audit says once that clients do not get it; it goes up the steps, is promoted, and clients keep the old."""
    enter_model(published, POOR, released=True)
    heavy = enter_heavy(published, GOOD)
    ramp.stage(RAIN, published, heavy, "a test", "passed the gate")
    ramp.advance(RAIN, published, "a person", "calm")
    (act,) = withheld(published)
    assert act.startswith(f"{heavy.name}: not handed to clients")
    assert "clients take at most 10,000,000" in act
    ramp.promote(RAIN, published, "a person", "good")
    champion = published.registry.production(RAIN.name)
    assert champion is not None
    assert champion.name == heavy.name
    assert published.publisher.published(RAIN.name) == "v1.0"
    assert settle(published, RAIN.name)
    assert not reconcile(published, RAIN.name)
    assert len(withheld(published)) == 1


def test_what_cannot_come_back_from_clients_is_not_offered_to_them(published: Services) -> None:
    """Where clients have not got the champion, a challenger that they would take is tried on the platform alone."""
    heavy = enter_heavy(published, POOR, released=True)
    assert published.publisher.published(RAIN.name) is None
    rollout = ramp.stage(RAIN, published, enter_model(published, GOOD), "a test", "passed the gate")
    assert rollout.champion == heavy.name
    assert cast(TufPublisher, published.publisher).expiries() == {}
    ramp.promote(RAIN, published, "a person", "good")
    champion = published.registry.production(RAIN.name)
    assert champion is not None
    assert published.publisher.published(RAIN.name) == champion.name
