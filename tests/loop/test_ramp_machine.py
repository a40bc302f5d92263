"""The ramp under everything that may happen to it, in any order: its state is never torn."""

from __future__ import annotations

import dataclasses
import datetime as dt

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.loop.killing import Killed, mortal
from tests.loop.people import BAD, GOOD, POOR, QUICK, People, enter_model, learner

from samouk.loop import ramp
from samouk.loop.learner import Learner, Policy
from samouk.loop.live import Move, Rollout, RolloutState
from samouk.loop.ports import Outdated, Services
from samouk.loop.ramp import RolloutRefused
from samouk.loop.records import Stage, Version
from samouk.loop.release import take_back
from samouk.loop.settle import LEASE_SECONDS, settle
from samouk.loop.watch import untainted
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services

HURRIED = dataclasses.replace(QUICK, minimum=30, patience=dt.timedelta(days=5))
LEARNERS = {
    "ab": learner(policy=Policy(rollout=HURRIED)),
    "shadow": learner(policy=Policy(rollout=dataclasses.replace(HURRIED, mode="shadow"), approval="human")),
    "bandit": learner(policy=Policy(rollout=dataclasses.replace(HURRIED, mode="bandit"))),
}
WORDS = (
    ramp.advance,
    ramp.pause,
    ramp.resume,
    ramp.promote,
    ramp.roll_back,
    ramp.approve,
    ramp.tend,
    ramp.look,
    ramp.look,
)
NAME = LEARNERS["ab"].name


class Stale:
    """The rollouts as another process changed them just after they were read."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def __getattr__(self, name: str) -> object:
        return getattr(self.services.rollouts, name)

    def save(self, rollout: Rollout, events: object = ()) -> Rollout:
        raise Outdated("somebody else was quicker")


class Ramp(RuleBasedStateMachine):
    """One learner, one store, some processes, and a clock that nobody can trust."""

    @initialize(mode=st.sampled_from(sorted(LEARNERS)), seed=st.integers(0, 5))
    def begin(self, mode: str, seed: int) -> None:
        self.learner: Learner = LEARNERS[mode]
        self.clock = SteppedClock()
        self.services = memory_services(self.clock)
        self.count, self.published = 0, 0
        self.histories: dict[str, tuple[Move, ...]] = {}
        self.rolled_back: set[str] = set()
        self.people = People(self.learner, self.services, seed)
        self._enter(POOR, released=True)
        self.published = 1

    def _enter(self, weights: tuple[float, ...], released: bool = False) -> None:
        self.count += 1
        slightly = (weights[0] + self.count / 1_000, *weights[1:])
        enter_model(self.services, slightly, released=released, batch=f"batch {self.count}")

    def _say(self, word: int, services: Services) -> None:
        """One word; its refusals are documented, and nothing else may come out of it."""
        said = WORDS[word]
        try:
            if said is ramp.look or said is ramp.tend:
                said(self.learner, services)
            else:
                said(self.learner, services, "a person", "because")  # type: ignore[call-arg]
        except RolloutRefused as refused:
            assert refused.field in ("rollout", "version", "learner")
            assert refused.remedy

    @rule(weights=st.sampled_from([GOOD, BAD, POOR]))
    def enter(self, weights: tuple[float, ...]) -> None:
        self._enter(weights)

    @rule()
    def stage(self) -> None:
        ramp.take_up(self.learner, self.services)

    @rule(word=st.integers(0, len(WORDS) - 1))
    def say(self, word: int) -> None:
        self._say(word, self.services)

    @rule(word=st.integers(0, len(WORDS) - 1))
    def say_too_late(self, word: int) -> None:
        self._say(word, dataclasses.replace(self.services, rollouts=Stale(self.services)))  # type: ignore[arg-type]

    @rule(word=st.integers(0, len(WORDS) - 1), writes=st.integers(1, 12))
    def say_and_be_killed(self, word: int, writes: int) -> None:
        try:
            self._say(word, mortal(self.services, writes))
        except Killed:
            self.clock.step(dt.timedelta(seconds=LEASE_SECONDS + 60))

    @rule(n=st.integers(1, 250))
    def live(self, n: int) -> None:
        self.people.live(n)

    @rule(hours=st.integers(1, 60))
    def wait(self, hours: int) -> None:
        self.clock.step(dt.timedelta(hours=hours))

    @rule(hours=st.integers(-200, -1))
    def set_the_clock_back(self, hours: int) -> None:
        self.clock.step(dt.timedelta(hours=hours))

    @rule(number=st.integers(1, 4))
    def erase(self, number: int) -> None:
        """Samples behind one of the newest versions."""
        self.services.registry.taint(NAME, f"batch {self.count + 1 - number}")

    @precondition(lambda self: self._champion().tainted)
    @rule()
    def succeed(self) -> None:
        """What the turn does after an erasure: an untainted version returns, or a new one is released."""
        ramp.interrupt(self.learner, self.services, "samples were erased")
        old = untainted(self.learner, self.services)
        if old is not None:
            take_back(self.services, old.version, "a test", "samples were erased")
        else:
            self._enter(GOOD, released=True)

    def _champion(self) -> Version:
        champion = self.services.registry.production(NAME)
        assert champion is not None
        return champion

    @invariant()
    def one_champion_and_one_rollout_at_most(self) -> None:
        stages = [version.stage for version in self.services.registry.versions(NAME)]
        assert stages.count(Stage.PRODUCTION) == 1
        running = [one for one in self.services.rollouts.rollouts(NAME, 1_000) if not one.state.over]
        assert len(running) <= 1
        assert running == [one for one in [self.services.rollouts.active(NAME)] if one]

    @invariant()
    def after_mending_clients_find_what_is_in_service_and_never_go_back(self) -> None:
        assert settle(self.services, NAME)
        champion = self._champion()
        assert self.services.publisher.published(NAME) == champion.name
        assert champion.number >= self.published
        self.published = champion.number

    @invariant()
    def nobody_is_on_trial_outside_of_a_rollout(self) -> None:
        settle(self.services, NAME)
        active = self.services.rollouts.active(NAME)
        canaries = {one.name for one in self.services.registry.versions(NAME) if one.stage is Stage.CANARY}
        assert canaries == (set(active.challengers) & canaries if active else set())

    @invariant()
    def what_was_rolled_back_stays_so(self) -> None:
        now = {one.name for one in self.services.registry.versions(NAME) if one.stage is Stage.ROLLED_BACK}
        assert self.rolled_back <= now
        self.rolled_back = now
        assert self._champion().name not in now

    @invariant()
    def clients_that_had_a_challenger_are_led_on(self) -> None:
        settle(self.services, NAME)
        for rollout in self.services.rollouts.rollouts(NAME, 1_000):
            if rollout.state in (RolloutState.ROLLED_BACK, RolloutState.ENDED) and rollout.mode != "shadow":
                shown = [self.services.registry.version(NAME, name).number for name in rollout.challengers]
                assert (
                    self._champion().number > max(shown) or self._champion().tainted or self._released_by_hand(rollout)
                )

    def _released_by_hand(self, rollout: Rollout) -> bool:
        return self._champion().name in rollout.challengers and rollout.state is RolloutState.ENDED

    @invariant()
    def history_only_grows(self) -> None:
        rollouts = self.services.rollouts.rollouts(NAME, 1_000)
        assert {one.rollout_id for one in rollouts} >= set(self.histories)
        for rollout in rollouts:
            before = self.histories.get(rollout.rollout_id, ())
            assert rollout.history[: len(before)] == before
            self.histories[rollout.rollout_id] = rollout.history

    @invariant()
    def every_move_is_an_act_and_the_chain_holds(self) -> None:
        moves = sum(len(history) for history in self.histories.values())
        acts = [entry.act for entry in self.services.audit.entries(limit=100_000)]
        reasons = {(move.action, move.reason) for history in self.histories.values() for move in history}
        assert sum((act.action, act.reason) in reasons for act in acts) >= moves
        assert self.services.audit.verify() is None


Ramp.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestRamp = Ramp.TestCase
