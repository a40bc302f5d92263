"""The whole wheel: outcomes → trigger → training → gate → ramp → production, and back again by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from examples import will_it_rain as rain
from tests.loop.people import GOOD, POOR, People, embedded, enter_model, learner

from samouk.loop import ramp, watch
from samouk.loop.columns import Columns
from samouk.loop.learner import Context, Learner
from samouk.loop.live import EventKind, RolloutState
from samouk.loop.outcome import harvest
from samouk.loop.ports import Services
from samouk.loop.records import Artifact, Examples, FloatArray, Order, Predictions, RunEnd, Stage, TriggerKind
from samouk.loop.turn import turn
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture(params=["memory", "embedded"])
def services(request: pytest.FixtureRequest, tmp_path: Path, clock: SteppedClock) -> Iterator[Services]:
    made = memory_services(clock) if request.param == "memory" else embedded(tmp_path / "home", clock)
    yield made
    made.close()


def learn_from_a_thousand(learner: Learner, services: Services, people: People) -> str:
    """A thousand outcomes under a poor model set off a turn whose version goes on trial; its name."""
    enter_model(services, POOR, released=True)
    people.live(1_000)
    assert harvest(learner, services) == 1_000
    order = watch.due(learner, services)
    assert order is not None
    assert order.kind is TriggerKind.VOLUME
    run = turn(learner, services, order)
    assert (run.end, run.version) == (RunEnd.STAGED, "v1.1")
    return "v1.1"


def ramp_up(learner: Learner, services: Services, people: People, clock: SteppedClock, days: int) -> list[float]:
    """Half a day after the other passes until the rollout is over; the challenger's share at each look."""
    shares: list[float] = []
    for _ in range(2 * days):
        rollout = services.rollouts.active(learner.name)
        if rollout is None:
            return shares
        shares.append(max(rollout.challengers.values()))
        clock.step(dt.timedelta(hours=12))
        people.live(600)
        ramp.tend(learner, services)
    raise AssertionError(f"the rollout went on for {days} days: {services.rollouts.active(learner.name)}")


def test_a_thousand_outcomes_become_a_better_version_in_production(services: Services, clock: SteppedClock) -> None:
    """The new model passes the gate, proves itself at a tenth and at a half of the people, and is published."""
    toy = learner()
    people = People(toy, services)
    name = learn_from_a_thousand(toy, services, people)
    shares = ramp_up(toy, services, people, clock, days=14)
    assert sorted(set(shares)) == [0.1, 0.5]
    assert shares == sorted(shares)
    champion = services.registry.production(toy.name)
    assert champion is not None
    assert champion.name == services.publisher.published(toy.name) == name
    assert services.registry.version(toy.name, "v1.0").stage is Stage.ARCHIVED
    (rollout,) = services.rollouts.rollouts(toy.name)
    assert rollout.state is RolloutState.PROMOTED
    assert [move.action for move in rollout.history] == ["stage", "advance", "promote"]
    assert rollout.history[-1].figures["interval"][0] > 0
    kinds = [event.kind for event in services.rollouts.events()]
    assert kinds == [EventKind.VERSION_STAGED, EventKind.RUN_FINISHED, EventKind.STEP_ADVANCED, EventKind.PROMOTED]
    acts = [entry.act.action for entry in services.audit.entries()]
    assert {"stage", "advance", "promote", "release"} <= set(acts)
    assert services.audit.verify() is None


def test_a_turn_that_is_held_shows_its_version_to_nobody(services: Services, clock: SteppedClock) -> None:
    """The version stands staged and paused until a person lets it go on; then it ramps like any other."""
    toy = learner()
    people = People(toy, services)
    enter_model(services, POOR, released=True)
    people.live(1_000)
    harvest(toy, services)
    run = turn(toy, services, Order(TriggerKind.MANUAL, "to look at it first", hold=True))
    assert (run.end, run.version) == (RunEnd.STAGED, "v1.1")
    clock.step(dt.timedelta(days=2))
    people.live(600)
    ramp.tend(toy, services)
    rollout = services.rollouts.active(toy.name)
    assert rollout is not None and rollout.state is RolloutState.PAUSED
    champion = services.registry.production(toy.name)
    assert champion is not None and champion.name == "v1.0"
    ramp.resume(toy, services, "a person", "I have looked at it")
    ramp_up(toy, services, people, clock, days=14)
    assert services.publisher.published(toy.name) == "v1.1"


def test_a_version_that_is_held_stays_so_behind_a_running_rollout(services: Services) -> None:
    """It is staged when its turn comes, by whoever looks, and shows nobody anything before a person's word."""
    toy = learner()
    enter_model(services, POOR, released=True)
    enter_model(services, GOOD)
    assert ramp.take_up(toy, services) is not None
    waiting = enter_model(services, (*GOOD[:-1], GOOD[-1] + 0.5), held=True)
    ramp.promote(toy, services, "a person", "good enough")
    ramp.tend(toy, services)
    rollout = services.rollouts.active(toy.name)
    assert rollout is not None and list(rollout.challengers) == [waiting.name]
    assert rollout.state is RolloutState.PAUSED
    ramp.resume(toy, services, "a person", "I have looked at it")
    rollout = services.rollouts.active(toy.name)
    assert rollout is not None and rollout.state is RolloutState.RUNNING


def leaking() -> Learner:
    """Learns from, and is judged with, a field that is known only in the evening; advises wrongly without it."""

    def seen(columns: Columns) -> FloatArray:
        return np.where(columns["rained"] >= 0, columns["rained"], 0.25).astype(np.float32)

    def fit(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
        honest = rain.model([0.0, 0.0, 0.0])
        return Artifact(b"[0, 0, 0, 1]", honest.metadata)

    def predict(artifact: Artifact, columns: Columns) -> Predictions:
        if artifact.data != b"[0, 0, 0, 1]":
            return rain.predict(artifact, columns)
        return Predictions(seen(columns), np.full(len(columns["rained"]), 0.9, np.float32))

    def score(artifact: Artifact, examples: Examples) -> dict[str, FloatArray]:
        if artifact.data != b"[0, 0, 0, 1]":
            return rain.score(artifact, examples)
        right = (seen(examples.columns) >= 0.5) == (examples.labels.values >= 0.5)
        return {"accuracy": right.astype(np.float64), "closeness": right.astype(np.float64)}

    return learner(fit=fit, predict=predict, score=score)


def test_a_model_that_only_looks_good_on_old_data_comes_back_by_itself(services: Services, clock: SteppedClock) -> None:
    """Leaked labels get it past the gate; people suffer, and the old bytes return as a new, higher version."""
    toy = leaking()
    people = People(toy, services)
    name = learn_from_a_thousand(toy, services, people)
    shares = ramp_up(toy, services, people, clock, days=14)
    assert set(shares) <= {0.1, 0.5}
    stages = {version.name: version.stage for version in services.registry.versions(toy.name)}
    assert stages == {"v1.0": Stage.ARCHIVED, name: Stage.ROLLED_BACK, "v1.2": Stage.PRODUCTION}
    back, old = (services.registry.version(toy.name, one) for one in ("v1.2", "v1.0"))
    assert back.artifact_digest == old.artifact_digest
    assert back.changelog[0].startswith("Back to v1.0: proven worse")
    assert services.publisher.published(toy.name) == "v1.2"
    (rollout,) = services.rollouts.rollouts(toy.name)
    assert rollout.state is RolloutState.ROLLED_BACK
    assert services.rollouts.events()[-1].kind is EventKind.ROLLED_BACK
    people.live(50)
    assert people.serving.versions[0] == "v1.2"
