"""The ramp: who begins it, what ends it, what a person may say, and what a kill between two writes leaves."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.loop.killing import Killed, mortal
from tests.loop.people import BAD, GOOD, POOR, QUICK, People, embedded, enter_model, learner

from samouk.loop import ramp
from samouk.loop.learner import Learner, Policy
from samouk.loop.live import EventKind, Rollout, RolloutState
from samouk.loop.outcome import harvest
from samouk.loop.ports import Outdated, Services
from samouk.loop.ramp import RolloutRefused
from samouk.loop.records import Order, RunEnd, Stage, TriggerKind, Version
from samouk.loop.rollout import Action
from samouk.loop.rollout_policy import RolloutPolicy
from samouk.loop.settle import LEASE_SECONDS, settle
from samouk.loop.turn import turn
from samouk.store.clock import SteppedClock
from samouk.store.memory import MemoryPublisher, memory_services

HALF_A_DAY = dt.timedelta(hours=12)
RAIN = learner()


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture(params=["memory", "embedded"])
def services(request: pytest.FixtureRequest, tmp_path: Path, clock: SteppedClock) -> Iterator[Services]:
    made = memory_services(clock) if request.param == "memory" else embedded(tmp_path / "home", clock)
    yield made
    made.close()


def staged(services: Services, weights: tuple[float, ...] = GOOD, learner: Learner = RAIN) -> Rollout:
    """A rollout of a model against a poor champion."""
    if services.registry.production(learner.name) is None:
        enter_model(services, POOR, released=True)
    return ramp.stage(learner, services, enter_model(services, weights), "a test", "passed the gate")


def stages(services: Services) -> dict[str, Stage]:
    return {version.name: version.stage for version in services.registry.versions(RAIN.name)}


def production(services: Services) -> Version:
    version = services.registry.production(RAIN.name)
    assert version is not None
    return version


def actions(services: Services) -> list[str]:
    return [move.action for rollout in services.rollouts.rollouts(RAIN.name) for move in rollout.history]


def test_a_version_that_is_staged_is_on_trial(services: Services) -> None:
    """It is a canary with the first share of the traffic; the move, the act and the event say so."""
    rollout = staged(services)
    assert (rollout.champion, rollout.challengers, rollout.step) == ("v1.0", {"v1.1": 0.1}, 0)
    assert stages(services) == {"v1.0": Stage.PRODUCTION, "v1.1": Stage.CANARY}
    (event,) = services.rollouts.events()
    assert (event.kind, event.body["challengers"]) == (EventKind.VERSION_STAGED, {"v1.1": 0.1})
    assert services.audit.entries()[-1].act.action == "stage"


class Offering(MemoryPublisher):
    """Remembers every offer."""

    def __init__(self) -> None:
        super().__init__()
        self.offers: list[tuple[str, float]] = []

    def offer(self, version: Version, data: bytes, rollout: str, share: float) -> None:
        self.offers.append((version.name, share))
        super().offer(version, data, rollout, share)


def test_clients_of_the_edge_are_offered_each_share_once(clock: SteppedClock) -> None:
    """The publisher learns of the challenger, then of its larger share."""
    publisher = Offering()
    services = memory_services(clock, publisher=publisher)
    staged(services)
    settle(services, RAIN.name)
    ramp.advance(RAIN, services, "a person", "hurry")
    settle(services, RAIN.name)
    assert publisher.offers == [("v1.1", 0.1), ("v1.1", 0.5)]


@pytest.mark.parametrize(
    ("prepare", "field", "word"),
    [
        (lambda services: staged(services), "rollout", "not over"),
        (lambda services: services.registry.move(RAIN.name, "v1.1", Stage.ARCHIVED), "version", "is archived"),
        (lambda services: enter_model(services, GOOD, released=True), "version", "older than v1.2"),
    ],
)
def test_what_cannot_be_staged_is_refused(
    services: Services, prepare: Callable[[Services], object], field: str, word: str
) -> None:
    """One rollout at a time, and only of a version that waits and is newer than the champion."""
    enter_model(services, POOR, released=True)
    version = enter_model(services, GOOD)
    prepare(services)
    with pytest.raises(RolloutRefused, match=word) as refused:
        ramp.stage(RAIN, services, services.registry.version(RAIN.name, version.name), "a test", "")
    assert refused.value.field == field
    assert refused.value.remedy


def test_a_learner_without_outcomes_or_champion_has_no_rollout(services: Services) -> None:
    """The refusal says what is missing."""
    version = enter_model(services, GOOD)
    with pytest.raises(RolloutRefused, match="no version in service"):
        ramp.stage(RAIN, services, version, "a test", "")
    with pytest.raises(RolloutRefused, match="give it outcomes"):
        ramp.stage(learner(outcomes=()), services, version, "a test", "")


def test_the_next_that_waits_is_taken_up_and_older_ones_are_set_aside(services: Services) -> None:
    """While a rollout runs versions wait; at its end the newest one goes on, against the new champion."""
    staged(services)
    enter_model(services, (1.4, 1.4, 0.0))
    enter_model(services, (1.3, 1.3, 0.0))
    assert ramp.take_up(RAIN, services) is None
    ramp.promote(RAIN, services, "a person", "good enough")
    assert ramp.look(RAIN, services) is None
    assert stages(services) == {
        "v1.0": Stage.ARCHIVED,
        "v1.1": Stage.PRODUCTION,
        "v1.2": Stage.ARCHIVED,
        "v1.3": Stage.CANARY,
    }
    rollout = services.rollouts.active(RAIN.name)
    assert rollout is not None
    assert (rollout.champion, rollout.challengers) == ("v1.1", {"v1.3": 0.1})
    assert "superseded by v1.3" in [entry.act.reason for entry in services.audit.entries()]


def test_after_a_rollback_the_next_goes_on_under_a_higher_number(services: Services) -> None:
    """The champion's bytes came back above the waiting version, which was judged against these very bytes."""
    staged(services, BAD)
    waiting = enter_model(services, GOOD)
    ramp.roll_back(RAIN, services, "a person", "complaints")
    ramp.look(RAIN, services)
    assert stages(services)["v1.2"] is Stage.ARCHIVED
    assert (production(services).name, stages(services)["v1.4"]) == ("v1.3", Stage.CANARY)
    assert services.registry.version(RAIN.name, "v1.4").artifact_digest == waiting.artifact_digest


def test_harm_takes_the_challenger_back_before_its_time_is_over(services: Services, clock: SteppedClock) -> None:
    """People who are advised badly are enough, and the old bytes return above the challenger's number."""
    enter_model(services, GOOD, released=True)
    staged(services, BAD)
    people = People(RAIN, services)
    people.live(1_500)
    judgement = ramp.look(RAIN, services)
    assert judgement is not None
    assert judgement.action is Action.ROLL_BACK
    assert stages(services) == {"v1.0": Stage.ARCHIVED, "v1.1": Stage.ROLLED_BACK, "v1.2": Stage.PRODUCTION}
    assert services.publisher.published(RAIN.name) == "v1.2"


def test_a_guarded_outcome_alone_takes_it_back(services: Services, clock: SteppedClock) -> None:
    """Complaints count once their window has closed, and no better primary outcome makes up for them."""
    enter_model(services, POOR, released=True)
    staged(services, GOOD)
    people = People(RAIN, services)
    opinion = people.world.opinion
    people.world.opinion = (  # type: ignore[method-assign]
        lambda rng, chance, rained: {
            **opinion(rng, chance, rained),
            "complaints": 3.0 if abs(chance - 0.5) > 0.49 else 0.0,
        }
    )
    people.live(1_500)
    clock.step(dt.timedelta(days=1, minutes=1))
    people.live(200)
    judgement = ramp.tend(RAIN, services)
    assert judgement is not None
    assert judgement.action is Action.ROLL_BACK
    assert "complaints fell" in judgement.reason


def test_nothing_proven_in_time_leaves_the_champion(services: Services, clock: SteppedClock) -> None:
    """The challenger is archived, and clients that had it are led on by number."""
    impatient = learner(policy=Policy(rollout=dataclasses.replace(QUICK, patience=dt.timedelta(days=1))))
    staged(services, (1.5, 0.1001, 0.0), impatient)
    people = People(impatient, services)
    people.world.opinion = lambda rng, chance, rained: {"content": 1.0}  # type: ignore[method-assign]
    for _ in range(3):
        clock.step(HALF_A_DAY)
        people.live(300)
        judgement = ramp.look(impatient, services)
    assert judgement is None or judgement.action is Action.END
    assert stages(services) == {"v1.0": Stage.ARCHIVED, "v1.1": Stage.ARCHIVED, "v1.2": Stage.PRODUCTION}


def test_a_rollout_keeps_the_policy_that_it_began_under(services: Services, clock: SteppedClock) -> None:
    """What an operator edits meanwhile holds for the next one: a looser alpha, or a shorter patience, ends nothing."""
    strict = dataclasses.replace(QUICK, alpha_harm=1e-5, alpha_guard=1e-5)
    staged(services, BAD, learner(policy=Policy(rollout=strict)))
    loose = dataclasses.replace(QUICK, alpha_harm=0.08, goal="no_worse", tolerance=1.0, steps=(0.2, 1.0))
    edited = learner(policy=Policy(rollout=dataclasses.replace(loose, patience=dt.timedelta(minutes=1))))
    clock.step(dt.timedelta(hours=1))
    rollout = services.rollouts.active(RAIN.name)
    assert rollout is not None
    assert ramp.facts_of(edited, services, rollout).policy == rollout.policy == strict
    judgement = ramp.look(edited, services)
    assert judgement is not None
    assert judgement.action is Action.HOLD


def test_with_human_approval_the_proven_version_waits(services: Services, clock: SteppedClock) -> None:
    """Approval comes last: proof first, then a person's word, and nothing before."""
    careful = learner(policy=Policy(rollout=QUICK, approval="human"))
    staged(services, GOOD, careful)
    people = People(careful, services)
    with pytest.raises(RolloutRefused, match="nothing waits"):
        ramp.approve(careful, services, "a person", "")
    for _ in range(8):
        clock.step(HALF_A_DAY)
        people.live(600)
        ramp.look(careful, services)
    rollout = services.rollouts.active(RAIN.name)
    assert rollout is not None
    assert rollout.state is RolloutState.WAITING
    assert actions(services) == ["stage", "advance", "wait"]
    assert production(services).name == "v1.0"
    ramp.approve(careful, services, "a person", "I have looked at it")
    assert production(services).name == services.publisher.published(RAIN.name) == "v1.1"
    assert services.audit.entries()[-1].act.reason == "I have looked at it"


def test_a_paused_rollout_shows_the_champion_to_all_until_it_goes_on(services: Services) -> None:
    """Nobody is on trial while nobody watches; what makes no sense in a state is refused."""
    staged(services)
    people = People(RAIN, services)
    ramp.pause(RAIN, services, "a person", "on holiday")
    assert {services.journal.exposure(one).version for one in people.live(50)} == {"v1.0"}  # type: ignore[union-attr]
    for word in (ramp.pause, ramp.advance):
        with pytest.raises(RolloutRefused, match="it is paused"):
            word(RAIN, services, "a person", "")
    ramp.resume(RAIN, services, "a person", "back")
    with pytest.raises(RolloutRefused, match="it is running"):
        ramp.resume(RAIN, services, "a person", "")
    shown = {services.journal.exposure(one).version for one in people.live(200)}  # type: ignore[union-attr]
    assert shown == {"v1.0", "v1.1"}
    assert actions(services) == ["stage", "pause", "resume"]


def test_a_person_cannot_advance_into_the_release(services: Services) -> None:
    """The last step has no control: it is a promotion, and is called so."""
    staged(services)
    assert ramp.advance(RAIN, services, "a person", "hurry").challengers == {"v1.1": 0.5}
    with pytest.raises(RolloutRefused, match="promote it"):
        ramp.advance(RAIN, services, "a person", "hurry")


@pytest.mark.parametrize("word", [ramp.advance, ramp.pause, ramp.resume, ramp.promote, ramp.approve, ramp.roll_back])
def test_words_without_a_rollout_are_refused(services: Services, word: Callable[..., object]) -> None:
    """There is nothing to speak of, with a first version and without one."""
    with pytest.raises(RolloutRefused):
        word(RAIN, services, "a person", "")
    enter_model(services, GOOD, released=True)
    with pytest.raises(RolloutRefused):
        word(RAIN, services, "a person", "")


def test_a_promoted_version_is_rolled_back_by_a_person(services: Services) -> None:
    """The version before it returns as a new one; once more there is nothing left to go back to."""
    staged(services)
    ramp.promote(RAIN, services, "a person", "good")
    rollout = ramp.roll_back(RAIN, services, "a person", "people rang up")
    assert rollout.state is RolloutState.ROLLED_BACK
    assert stages(services) == {"v1.0": Stage.ARCHIVED, "v1.1": Stage.ROLLED_BACK, "v1.2": Stage.PRODUCTION}
    assert production(services).changelog == ("Back to v1.0: people rang up",)
    with pytest.raises(RolloutRefused, match="may come back"):
        ramp.roll_back(RAIN, services, "a person", "again")


def test_what_was_released_without_a_ramp_is_rolled_back_too(services: Services) -> None:
    """Its record is made then."""
    enter_model(services, POOR, released=True)
    enter_model(services, GOOD, released=True)
    ramp.roll_back(learner(policy=Policy()), services, "a person", "people rang up")
    assert stages(services) == {"v1.0": Stage.ARCHIVED, "v1.1": Stage.ROLLED_BACK, "v1.2": Stage.PRODUCTION}


def test_a_person_approves_a_version_in_staging(services: Services) -> None:
    """A first one is released, and a later one goes on trial."""
    enter_model(services, POOR)
    assert ramp.approve(RAIN, services, "a person", "let it begin").state is RolloutState.PROMOTED
    assert production(services).name == services.publisher.published(RAIN.name) == "v1.0"
    enter_model(services, GOOD)
    assert ramp.approve(RAIN, services, "a person", "let it try").state is RolloutState.RUNNING


def test_several_versions_share_the_traffic_of_a_bandit(services: Services, clock: SteppedClock) -> None:
    """All that wait are challengers, the worst is given less, and the best is promoted."""
    bandit = learner(policy=Policy(rollout=dataclasses.replace(QUICK, mode="bandit")))
    enter_model(services, POOR, released=True)
    for weights in (BAD, GOOD):
        enter_model(services, weights)
    rollout = ramp.take_up(bandit, services)
    assert rollout is not None
    assert rollout.challengers == {"v1.1": 1 / 3, "v1.2": 1 / 3}
    people = People(bandit, services)
    for _ in range(8):
        clock.step(HALF_A_DAY)
        people.live(600)
        ramp.look(bandit, services)
    assert stages(services) == {"v1.0": Stage.ARCHIVED, "v1.1": Stage.ARCHIVED, "v1.2": Stage.PRODUCTION}


def test_a_shadow_is_shown_to_nobody_and_needs_no_new_number(services: Services, clock: SteppedClock) -> None:
    """It is compared on the same exposures; when it ends, clients have nothing to be led on from."""
    shadow = learner(policy=Policy(rollout=dataclasses.replace(QUICK, mode="shadow")))
    staged(services, GOOD, shadow)
    people = People(shadow, services)
    shown = [services.journal.exposure(one) for one in people.live(100)]
    assert {one.version for one in shown if one} == {"v1.0"}
    assert all(one.shadows.keys() == {"v1.1"} for one in shown if one)
    assert ramp.facts_of(shadow, services, services.rollouts.rollouts(RAIN.name)[0]).shadows["v1.1"].n == 100
    ramp.roll_back(shadow, services, "a person", "enough")
    assert stages(services) == {"v1.0": Stage.PRODUCTION, "v1.1": Stage.ROLLED_BACK}


@pytest.mark.parametrize("gone", ["v1.0", "v1.1"])
def test_an_erasure_behind_either_side_ends_the_rollout(services: Services, gone: str) -> None:
    """With the reason in words; a champion that must go is not published again."""
    enter_model(services, POOR, released=True, batch="v1.0")
    ramp.stage(RAIN, services, enter_model(services, GOOD, batch="v1.1"), "a test", "passed the gate")
    waits = enter_model(services, (1.3, 1.3, 0.0)).name
    services.registry.taint(RAIN.name, gone)
    judgement = ramp.look(RAIN, services)
    assert judgement is not None
    assert (judgement.action, judgement.reason.startswith(f"samples behind {gone}")) == (Action.END, True)
    assert stages(services)["v1.1"] is Stage.ARCHIVED
    assert (production(services).name == "v1.0") == (gone == "v1.0")
    assert (stages(services)[waits] is Stage.STAGING) == (gone == "v1.0")


def test_an_erasures_successor_is_released_at_once(services: Services, clock: SteppedClock) -> None:
    """No ramp for whoever replaces a champion that must go: the rollout that ran is ended."""
    people = People(RAIN, services)
    enter_model(services, POOR, released=True)
    people.live(1_000)
    harvest(RAIN, services)
    staged(services, (1.4, 1.4, 0.0))
    run = turn(RAIN, services, Order(TriggerKind.ERASURE, "somebody asked"))
    assert run.end is RunEnd.RELEASED
    assert services.rollouts.active(RAIN.name) is None
    assert production(services).name == run.version == services.publisher.published(RAIN.name)
    assert production(services).number == max(one.number for one in services.registry.versions(RAIN.name))


def test_a_policy_without_rollouts_ends_the_one_that_runs(services: Services) -> None:
    """What an operator switched off does not go on."""
    staged(services)
    judgement = ramp.look(learner(policy=Policy()), services)
    assert judgement is not None
    assert judgement.action is Action.END


def test_a_champion_that_was_replaced_ends_the_rollout(services: Services) -> None:
    """What is compared must be what is in service."""
    staged(services)
    enter_model(services, (1.2, 1.2, 0.0), released=True)
    judgement = ramp.look(RAIN, services)
    assert judgement is not None
    assert judgement.reason == "v1.0 is in service no more, v1.2 is"
    assert stages(services) == {"v1.0": Stage.ARCHIVED, "v1.1": Stage.ARCHIVED, "v1.2": Stage.PRODUCTION}


def test_of_two_deciders_one_carries_it_out(services: Services, clock: SteppedClock) -> None:
    """The second one finds it done, once or twice, and gives up quietly."""
    staged(services, BAD)
    People(RAIN, services).live(2_000)

    class Beaten:
        """Rollouts in which somebody else is always quicker."""

        def __getattr__(self, name: str) -> Any:
            return getattr(services.rollouts, name)

        def save(self, rollout: Rollout, events: object = ()) -> Rollout:
            raise Outdated("somebody else was quicker")

    judgement = ramp.look(RAIN, dataclasses.replace(services, rollouts=Beaten()))
    assert judgement is not None
    assert judgement.action is Action.HOLD
    with pytest.raises(RolloutRefused, match="somebody else"):
        ramp.pause(RAIN, dataclasses.replace(services, rollouts=Beaten()), "a person", "wait")
    first = ramp.look(RAIN, services)
    assert first is not None
    assert first.action is Action.ROLL_BACK
    assert ramp.look(RAIN, services) is None


def test_servers_that_decide_at_the_same_moment_take_it_back_once(tmp_path: Path, clock: SteppedClock) -> None:
    """Four of them look at one store at once: one move, one new version, and nobody fails."""
    servers = [embedded(tmp_path / "home", clock) for _ in range(4)]
    enter_model(servers[0], GOOD, released=True)
    staged(servers[0], BAD)
    People(RAIN, servers[0]).live(1_500)
    start = threading.Barrier(len(servers))

    def decide(services: Services) -> None:
        start.wait()
        for _ in range(3):
            ramp.look(RAIN, services)

    with ThreadPoolExecutor(len(servers)) as pool:
        list(pool.map(decide, servers))
    assert actions(servers[0]) == ["stage", "roll_back"]
    assert stages(servers[0]) == {"v1.0": Stage.ARCHIVED, "v1.1": Stage.ROLLED_BACK, "v1.2": Stage.PRODUCTION}
    for services in servers:
        services.close()


WORDS: dict[str, Callable[[Learner, Services], object]] = {
    "stage": lambda toy, services: ramp.take_up(toy, services),
    "promote": lambda toy, services: ramp.promote(toy, services, "a person", "good"),
    "roll back": lambda toy, services: ramp.roll_back(toy, services, "a person", "bad"),
    "roll back what is in service": lambda toy, services: ramp.roll_back(toy, services, "a person", "bad"),
    "end": lambda toy, services: ramp.interrupt(toy, services, "enough"),
}


def prepared(clock: SteppedClock, word: str) -> Services:
    services = memory_services(clock)
    enter_model(services, POOR, released=True)
    enter_model(services, GOOD)
    if word != "stage":
        ramp.take_up(RAIN, services)
    if word == "roll back what is in service":
        ramp.promote(RAIN, services, "a person", "good")
    return services


def state_of(services: Services) -> object:
    """What must be the same in the end, however often a process was killed."""
    acts = {(entry.act.action, entry.act.subject, entry.act.reason) for entry in services.audit.entries()}
    acts = {act for act in acts if act[0] in actions(services)}
    kinds = [event.kind for event in services.rollouts.events()]
    published = services.publisher.published(RAIN.name)
    return stages(services), actions(services), kinds, published, acts


@pytest.mark.parametrize("word", WORDS)
def test_a_kill_between_any_two_writes_is_mended_by_the_next_look(word: str) -> None:
    """After each possible kill the decision either was not made, or all of its consequences are drawn."""
    clock = SteppedClock()
    whole = prepared(clock, word)
    before = state_of(whole)
    WORDS[word](RAIN, whole)
    after, kills = state_of(whole), 0
    for writes in range(1, 40):
        services = prepared(clock, word)
        try:
            WORDS[word](RAIN, mortal(services, writes))
        except Killed:
            kills += 1
        else:
            break
        clock.step(dt.timedelta(seconds=LEASE_SECONDS))
        assert settle(services, RAIN.name)
        made = state_of(services)
        assert made in (before, after), f"killed after {writes} writes"
        assert production(services).name == services.publisher.published(RAIN.name)
        if made == before:
            WORDS[word](RAIN, services)
            assert state_of(services) == after
    assert kills >= 3


def test_a_winner_that_was_not_released_before_something_newer_was_stays_out(clock: SteppedClock) -> None:
    """A process died on the way, and a person released a newer version before anybody looked."""
    services = prepared(clock, "promote")
    with pytest.raises(Killed):
        ramp.promote(RAIN, mortal(services, 1), "a person", "good")
    clock.step(dt.timedelta(seconds=LEASE_SECONDS))
    enter_model(services, (1.2, 1.2, 0.0), released=True)
    settle(services, RAIN.name)
    assert stages(services) == {"v1.0": Stage.ARCHIVED, "v1.1": Stage.ARCHIVED, "v1.2": Stage.PRODUCTION}


def test_while_one_process_settles_another_leaves_it_to_it(clock: SteppedClock) -> None:
    """And says so; once nothing is left to do, nobody is asked."""
    services = prepared(clock, "promote")
    with pytest.raises(Killed):
        ramp.promote(RAIN, mortal(services, 2), "a person", "good")
    assert not settle(services, RAIN.name)
    clock.step(dt.timedelta(seconds=LEASE_SECONDS))
    assert settle(services, RAIN.name)
    assert services.leases.acquire(f"rollout:{RAIN.name}", "somebody else", 30)
    assert settle(services, RAIN.name)


def test_a_rollout_that_begins_after_the_clock_was_set_back_is_the_newest(
    services: Services, clock: SteppedClock
) -> None:
    """Rollouts are told apart by when they started."""
    staged(services)
    ramp.roll_back(RAIN, services, "a person", "bad")
    clock.step(-dt.timedelta(days=30))
    again = staged(services, (1.1, 1.1, 0.0))
    assert services.rollouts.rollouts(RAIN.name)[0].rollout_id == again.rollout_id


def test_a_default_policy_is_sound() -> None:
    """Every step but the last leaves room for a control of the same size."""
    assert all(share <= 0.5 for share in RolloutPolicy().steps[:-1])
