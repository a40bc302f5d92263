"""What every Rollouts backend promises."""

from __future__ import annotations

import dataclasses
import math

import pytest
from tests.contracts.live import after, event, rollout
from tests.contracts.making import LEARNER

from samouk.loop.live import EventKind, Move, RolloutState, Threshold
from samouk.loop.ports import Outdated, Rollouts, Services
from samouk.loop.records import TriggerKind

OVER = [state for state in RolloutState if state.over]


@pytest.fixture
def rollouts(services: Services) -> Rollouts:
    """The rollouts of each backend in turn."""
    return services.rollouts


class TestRollouts:
    """Ramps and their history."""

    def test_a_rollout_comes_back_as_it_was(self, rollouts: Rollouts) -> None:
        """Every field is kept; its revision counts up with each save."""
        saved = rollouts.save(rollout())
        assert saved == dataclasses.replace(rollout(), revision=1)
        assert rollouts.active(LEARNER) == saved
        paused = dataclasses.replace(saved, state=RolloutState.PAUSED, step=1, reason="look at it", seed="x")
        assert rollouts.save(paused).revision == 2
        assert rollouts.rollouts(LEARNER) == [dataclasses.replace(paused, revision=2)]

    @pytest.mark.parametrize("none", [math.nan, math.inf, -math.inf])
    def test_figures_that_are_no_numbers_do_no_harm(self, rollouts: Rollouts, none: float) -> None:
        """A step on which nothing was seen is kept with the rest of the history, and so is what is told of it."""
        moved = Move(after(1), "samouk", "hold", "nobody came", 0, 0.1, {"mean": none, "units": 7})
        told = dataclasses.replace(event(1), body={"mean": none, "units": 7})
        saved = rollouts.save(dataclasses.replace(rollout(), history=(moved,)), [told])
        found = rollouts.active(LEARNER)
        assert found is not None
        assert found.revision == saved.revision
        assert found.history[0].figures["units"] == rollouts.events()[0].body["units"] == 7

    def test_who_read_an_older_one_is_refused(self, rollouts: Rollouts) -> None:
        """Of two who read one revision the second must read again, and nothing of it is kept."""
        saved = rollouts.save(rollout())
        newer = rollouts.save(dataclasses.replace(saved, reason="first"))
        for old in (saved, rollout(), dataclasses.replace(newer, revision=7)):
            with pytest.raises(Outdated, match="read it again"):
                rollouts.save(dataclasses.replace(old, reason="second"), [event(1)])
        assert rollouts.active(LEARNER) == newer
        assert rollouts.last_event() == 0

    def test_an_unknown_rollout_begins_at_revision_0(self, rollouts: Rollouts) -> None:
        """One that is not there cannot have been read."""
        with pytest.raises(Outdated):
            rollouts.save(rollout(revision=1))
        assert rollouts.rollouts(LEARNER) == []

    @pytest.mark.parametrize("state", [state for state in RolloutState if not state.over])
    def test_one_rollout_a_learner(self, rollouts: Rollouts, state: RolloutState) -> None:
        """While one is not over no other begins, except for another learner."""
        first = rollouts.save(rollout(1, state=state))
        with pytest.raises(Outdated, match="ramp-1"):
            rollouts.save(rollout(2), [event(1)])
        rollouts.save(rollout(3, learner="toy.other"))
        rollouts.save(rollout(4, state=RolloutState.ENDED))
        assert rollouts.active(LEARNER) == first
        assert rollouts.last_event() == 0

    @pytest.mark.parametrize("state", OVER)
    def test_what_is_over_makes_room(self, rollouts: Rollouts, state: RolloutState) -> None:
        """After an end another may begin, and the first cannot go on beside it."""
        over = rollouts.save(dataclasses.replace(rollouts.save(rollout(1)), state=state))
        assert rollouts.active(LEARNER) is None
        second = rollouts.save(rollout(2))
        assert rollouts.active(LEARNER) == second
        with pytest.raises(Outdated, match="ramp-2"):
            rollouts.save(dataclasses.replace(over, state=RolloutState.RUNNING))

    def test_newest_first_and_no_more_than_asked(self, rollouts: Rollouts) -> None:
        """By when they began; of two that began at once the later saved is newer."""
        for number in (3, 1, 2):
            rollouts.save(rollout(number, state=RolloutState.ENDED))
        rollouts.save(rollout(9, started=after(2), state=RolloutState.ENDED))
        assert [one.rollout_id for one in rollouts.rollouts(LEARNER, limit=3)] == ["ramp-3", "ramp-9", "ramp-2"]


class TestEvents:
    """What is told to listeners."""

    def test_events_come_with_their_rollout(self, rollouts: Rollouts) -> None:
        """In one commit, in order, with sequences that count up."""
        rollouts.say([])
        assert (rollouts.events(), rollouts.last_event()) == ([], 0)
        rollouts.save(rollout(), [event(1), event(2, EventKind.STEP_ADVANCED)])
        rollouts.say([event(3, EventKind.DRIFT_SEEN)])
        told = rollouts.events()
        assert [dataclasses.replace(one, sequence=0) for one in told] == [
            event(1),
            event(2, EventKind.STEP_ADVANCED),
            event(3, EventKind.DRIFT_SEEN),
        ]
        assert 0 < told[0].sequence < told[1].sequence < told[2].sequence == rollouts.last_event()

    def test_events_come_page_by_page(self, rollouts: Rollouts) -> None:
        """From a sequence on, up to the limit."""
        rollouts.say([event(number) for number in range(5)])
        first = rollouts.events(limit=2)
        assert first + rollouts.events(after=first[-1].sequence) == rollouts.events()
        assert rollouts.events(after=rollouts.last_event()) == []


class TestThresholds:
    """How triggers became stricter or milder."""

    def test_every_change_is_kept(self, rollouts: Rollouts) -> None:
        """Oldest first, of one learner."""
        changes = [
            Threshold(LEARNER, TriggerKind.DRIFT, "adwin", 0.5 - n / 10, 0.4 - n / 10, f"change {n}", after(n))
            for n in range(3)
        ]
        rollouts.note([])
        rollouts.note(changes[:1])
        rollouts.note([dataclasses.replace(changes[1], learner="toy.other")])
        rollouts.note(changes[1:])
        assert rollouts.thresholds(LEARNER) == changes
