"""What every Journal backend promises of keeping and joining."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math

import pytest
from tests.contracts.live import METRIC, ROLLOUT, WINDOWS, after, event_id, exposure, outcome
from tests.contracts.making import LEARNER

from samouk.loop.live import Checkpoint, Forgotten, Heard, Outcome
from samouk.loop.ports import Journal, Outdated, Services, forgotten_cursor
from samouk.store.clock import SteppedClock

HOUR = 3_600.0


@pytest.fixture
def journal(services: Services) -> Journal:
    """The journal of each backend in turn."""
    return services.journal


def step(services: Services, seconds: float) -> None:
    """Let time pass."""
    assert isinstance(services.clock, SteppedClock)
    services.clock.step(dt.timedelta(seconds=seconds))


def tell(journal: Journal, *outcomes: Outcome) -> list[Heard]:
    """Tell outcomes with the usual windows."""
    return journal.tell(LEARNER, outcomes, WINDOWS)


def harvested(journal: Journal) -> None:
    """Events 1 and 3 of one unit, 2 of another; all but 3 in a batch, an assumption of 1 in an earlier one."""
    journal.expose([exposure(n, unit=f"{n % 2:016x}") for n in (1, 2, 3)])
    tell(journal, outcome(1, assumed=True))
    journal.mark("early", [one.sequence for one in journal.joined(LEARNER)])
    tell(journal, outcome(1, 0.5), outcome(2))
    journal.mark("first", [one.sequence for one in journal.joined(LEARNER)])
    tell(journal, outcome(3), outcome(1, metric="kept"))


class TestExposures:
    """What was shown."""

    def test_the_secret_stays_the_same(self, journal: Journal) -> None:
        """32 bytes, once and for all."""
        secret = journal.secret()
        assert len(secret) == 32
        assert journal.secret() == secret

    def test_an_exposure_comes_back_as_it_was(self, journal: Journal) -> None:
        """Every field is kept, the types of the row's values too."""
        full = exposure(
            1,
            at=after(1) + dt.timedelta(microseconds=7),
            rollout="ramp-1",
            step=2,
            shadows={"v1.3": 0.1},
            failed=True,
            propensity=0.1,
        )
        assert journal.expose([full]) == 1
        found = journal.exposure(full.event_id)
        assert found == full
        assert {name: type(value) for name, value in found.row.items()} == {
            name: type(value) for name, value in full.row.items()
        }

    def test_no_score_stays_no_score(self, journal: Journal) -> None:
        """NaN comes back as NaN, in shadows too."""
        journal.expose([exposure(1, score=math.nan, shadows={"v1.3": math.nan, "v1.4": 0.5})])
        found = journal.exposure(event_id(1))
        assert found is not None
        assert math.isnan(found.score)
        assert math.isnan(found.shadows["v1.3"])
        assert found.shadows["v1.4"] == 0.5

    def test_a_known_exposure_changes_nothing(self, journal: Journal) -> None:
        """Only new ones count, also when one comes twice in one call."""
        assert journal.expose([]) == 0
        assert journal.expose([exposure(1), exposure(1, score=0.9)]) == 1
        assert journal.expose([exposure(1, score=0.8), exposure(2)]) == 1
        assert journal.exposure(event_id(1)) == exposure(1)

    def test_an_unknown_exposure_is_none(self, journal: Journal) -> None:
        """Nothing is made up."""
        assert journal.exposure(event_id(9)) is None
        assert journal.outcomes(LEARNER, event_id(9)) == []


class TestOutcomes:
    """How it turned out."""

    def test_an_outcome_is_joined_with_its_exposure(self, journal: Journal) -> None:
        """What was told comes back with what was shown."""
        journal.expose([exposure(1), exposure(2)])
        assert tell(journal, outcome(2, 0.75), outcome(1)) == [Heard.JOINED, Heard.JOINED]
        joined = journal.joined(LEARNER)
        assert [(one.exposure, one.outcome, one.late) for one in joined] == [
            (exposure(2), outcome(2, 0.75), False),
            (exposure(1), outcome(1), False),
        ]
        assert 0 < joined[0].sequence < joined[1].sequence
        assert journal.outcomes(LEARNER, event_id(2)) == [outcome(2, 0.75)]

    def test_telling_nothing_is_nothing(self, journal: Journal) -> None:
        """No outcomes, no answers."""
        assert tell(journal) == []

    @pytest.mark.parametrize("exposed_first", [True, False])
    def test_what_comes_after_its_window_is_late(self, journal: Journal, exposed_first: bool) -> None:
        """The window is measured from the exposure to when it happened; its last moment is in time."""
        shown = [exposure(1), exposure(2)]
        told = [outcome(1, seconds=HOUR), outcome(2, seconds=HOUR + 1e-6)]
        if exposed_first:
            journal.expose(shown)
            assert tell(journal, *told) == [Heard.JOINED, Heard.LATE]
        else:
            assert tell(journal, *told) == [Heard.PARKED, Heard.PARKED]
            journal.expose(shown)
        assert {one.exposure.event_id: one.late for one in journal.joined(LEARNER)} == {
            event_id(1): False,
            event_id(2): True,
        }

    def test_each_metric_has_its_window(self, journal: Journal) -> None:
        """Two metrics of one event are two outcomes."""
        journal.expose([exposure(1)])
        told = [outcome(1, seconds=2 * HOUR), outcome(1, 0.5, seconds=2 * HOUR, metric="kept")]
        assert tell(journal, *told) == [Heard.LATE, Heard.JOINED]
        assert journal.outcomes(LEARNER, event_id(1)) == told

    def test_an_unknown_metric_keeps_nothing(self, journal: Journal) -> None:
        """All or none."""
        journal.expose([exposure(1)])
        with pytest.raises(KeyError):
            tell(journal, outcome(1), outcome(1, metric="unknown"))
        assert journal.outcomes(LEARNER, event_id(1)) == []

    def test_an_early_outcome_waits_for_its_exposure(self, journal: Journal) -> None:
        """What is parked is nowhere else, and is joined when the exposure comes."""
        journal.expose([exposure(1)])
        assert tell(journal, outcome(2), outcome(1), outcome(2, 0.5, metric="kept")) == [
            Heard.PARKED,
            Heard.JOINED,
            Heard.PARKED,
        ]
        assert [one.exposure.event_id for one in journal.joined(LEARNER)] == [event_id(1)]
        assert sorted(one.metric for one in journal.outcomes(LEARNER, event_id(2))) == ["kept", METRIC]
        last = journal.joined(LEARNER)[-1].sequence
        journal.expose([exposure(3), exposure(2)])
        assert {one.outcome.metric for one in journal.joined(LEARNER, after=last)} == {METRIC, "kept"}
        assert sorted(one.metric for one in journal.outcomes(LEARNER, event_id(2))) == ["kept", METRIC]

    def test_what_is_told_of_the_wrong_learner_is_never_joined(self, journal: Journal) -> None:
        """It waits for an event of that learner, whether the other's came before or after, and hinders nobody."""
        journal.expose([exposure(1)])
        assert journal.tell("toy.other", [outcome(1, 0.0), outcome(2, 0.0)], WINDOWS) == [Heard.PARKED] * 2
        assert tell(journal, outcome(1), outcome(2)) == [Heard.JOINED, Heard.PARKED]
        assert journal.outcomes(LEARNER, event_id(2)) == [outcome(2)]
        journal.expose([exposure(2)])
        assert [one.outcome for one in journal.joined(LEARNER)] == [outcome(1), outcome(2)]
        assert journal.joined("toy.other") == []
        assert [len(journal.outcomes(LEARNER, event_id(n))) for n in (1, 2)] == [1, 1]

    def test_what_waits_too_long_goes(self, services: Services) -> None:
        """By when it was told, not by when it happened; a learner's own, and what was joined stays."""
        journal = services.journal
        tell(journal, outcome(1))
        step(services, 100)
        tell(journal, outcome(2))
        tell(journal, outcome(1))
        journal.tell("toy.other", [outcome(3)], WINDOWS)
        assert journal.expire(LEARNER, after(0)) == 0
        assert journal.expire(LEARNER, after(100)) == 1
        journal.expose([exposure(1), exposure(2)])
        assert [one.outcome for one in journal.joined(LEARNER)] == [outcome(2)]
        assert journal.expire(LEARNER, after(101)) == 0
        assert journal.expire("toy.other", after(101)) == 1

    @pytest.mark.parametrize("exposed", [True, False])
    def test_the_first_outcome_stands(self, journal: Journal, exposed: bool) -> None:
        """The same again is a duplicate, another is a contradiction, and neither changes anything."""
        journal.expose([exposure(1)] if exposed else [])
        first = tell(journal, outcome(1, 0.5), outcome(1, 0.5 + 1e-10), outcome(1, 0.6))
        assert first == [Heard.JOINED if exposed else Heard.PARKED, Heard.DUPLICATE, Heard.CONTRADICTION]
        before = journal.joined(LEARNER)
        assert tell(journal, outcome(1, 0.5), outcome(1, 0.4)) == [Heard.DUPLICATE, Heard.CONTRADICTION]
        assert journal.outcomes(LEARNER, event_id(1)) == [outcome(1, 0.5)]
        assert journal.joined(LEARNER) == before
        journal.expose([exposure(1)])
        assert [one.outcome for one in journal.joined(LEARNER)] == [outcome(1, 0.5)]

    @pytest.mark.parametrize("value", [0.0, 1.0])
    def test_what_is_told_replaces_what_was_assumed(self, journal: Journal, value: float) -> None:
        """What happened within the window is in time whenever it is told, and comes under a new sequence."""
        journal.expose([exposure(1), exposure(2)])
        assert tell(journal, outcome(1, 0.0, HOUR, assumed=True), outcome(2)) == [Heard.JOINED, Heard.JOINED]
        before = journal.joined(LEARNER)
        assert tell(journal, outcome(1, value, HOUR)) == [Heard.JOINED]
        (new,) = journal.joined(LEARNER, after=before[-1].sequence)
        assert (new.outcome, new.late) == (outcome(1, value, HOUR), False)
        assert journal.joined(LEARNER) == [before[1], new]
        assert tell(journal, outcome(1, value), outcome(1, 0.4)) == [Heard.DUPLICATE, Heard.CONTRADICTION]

    def test_within_one_call_too(self, journal: Journal) -> None:
        """An assumption and what replaces it may come together, in time or late."""
        journal.expose([exposure(1), exposure(2)])
        late = outcome(1, seconds=HOUR + 1)
        told = tell(journal, outcome(1, 0.0, assumed=True), late, outcome(2, 0.0, assumed=True), outcome(2))
        assert told == [Heard.JOINED, Heard.LATE, Heard.JOINED, Heard.JOINED]
        joined = [(one.outcome, one.late) for one in journal.joined(LEARNER)]
        assert joined == [(late, True), (outcome(2), False)]

    def test_what_is_assumed_replaces_nothing(self, journal: Journal) -> None:
        """Who told something is believed."""
        journal.expose([exposure(1)])
        tell(journal, outcome(1))
        told = tell(journal, outcome(1, 1.0, assumed=True), outcome(1, 0.0, assumed=True))
        assert told == [Heard.DUPLICATE, Heard.CONTRADICTION]
        assert journal.outcomes(LEARNER, event_id(1)) == [outcome(1)]

    def test_what_is_assumed_is_never_late(self, journal: Journal) -> None:
        """An assumption is made when the window has closed, and counts as that window's outcome."""
        journal.expose([exposure(1)])
        assert tell(journal, outcome(1, 0.0, 2 * HOUR, assumed=True)) == [Heard.JOINED]

    def test_parked_assumptions_give_way_too(self, journal: Journal) -> None:
        """What is told takes the place of an assumption that waits, and is judged by the window."""
        assert tell(journal, outcome(1, 0.0, assumed=True), outcome(1)) == [Heard.PARKED, Heard.PARKED]
        journal.expose([exposure(1)])
        assert [(one.outcome, one.late) for one in journal.joined(LEARNER)] == [(outcome(1), False)]

    def test_joined_outcomes_come_page_by_page(self, journal: Journal) -> None:
        """Of one learner, from a sequence on, in order."""
        journal.expose([exposure(n, learner="toy.other" if n == 3 else LEARNER) for n in range(1, 7)])
        journal.tell("toy.other", [outcome(3)], WINDOWS)
        tell(journal, *(outcome(n) for n in (5, 1, 6, 2)))
        first = journal.joined(LEARNER, limit=2)
        rest = journal.joined(LEARNER, after=first[-1].sequence)
        assert [one.exposure.event_id for one in first + rest] == [event_id(n) for n in (5, 1, 6, 2)]
        assert len(journal.joined("toy.other")) == 1

    def test_many_at_once(self, journal: Journal) -> None:
        """More events in one call than SQLite takes parameters."""
        assert tell(journal, *(outcome(n) for n in range(0, 1_500, 2))) == [Heard.PARKED] * 750
        assert journal.expose([exposure(n) for n in range(1_500)]) == 1_500
        assert len(journal.joined(LEARNER)) == 750
        heard = tell(journal, *(outcome(n) for n in range(1_500)))
        assert heard == [Heard.DUPLICATE, Heard.JOINED] * 750


class TestForgetting:
    """Whom nobody may remember."""

    def test_a_batch_knows_what_it_is_made_of(self, journal: Journal) -> None:
        """The first note stands, unless it is replaced by name; a unit's batches are found through what was assumed."""
        harvested(journal)
        sequences = [one.sequence for one in journal.joined(LEARNER)]
        journal.mark("second", sequences)
        assert [one.outcome for one in journal.of_batch("first")] == [outcome(1, 0.5), outcome(2)]
        assert journal.batches_of(LEARNER, f"{1:016x}") == ["early", "first", "second"]
        assert journal.batches_of("toy.other", f"{1:016x}") == []
        journal.mark("third", sequences[:2], instead_of="first")
        assert journal.of_batch("first") == []
        assert journal.batches_of(LEARNER, f"{0:016x}") == ["third"]

    def test_what_is_retired_leaves_its_origins(self, journal: Journal) -> None:
        """Exposures go oldest first with what was told of them; whose batches they were made into is still known."""
        harvested(journal)
        kept = journal.joined(LEARNER)
        whose = f"{1:016x}"
        made_into = journal.batches_of(LEARNER, whose)
        last = max(one.sequence for one in kept)
        first = journal.retire(LEARNER, after(1_000), last, None, 1)
        assert first.exposures == 1
        assert journal.exposure(event_id(1)) is None
        assert journal.exposure(event_id(2)) is not None
        while journal.retire(LEARNER, after(1_000), last, None, 1).exposures:
            pass
        assert journal.joined(LEARNER) == []
        assert journal.batches_of(LEARNER, whose) == made_into
        journal.unlink(made_into[:1])
        assert journal.batches_of(LEARNER, whose) == made_into[1:]
        journal.forget(LEARNER, whose)
        assert journal.batches_of(LEARNER, whose) == []

    def test_what_is_needed_is_not_retired(self, journal: Journal) -> None:
        """Neither what is young, nor of a running rollout, nor what nobody learnt from, nor another learner's."""
        journal.expose([exposure(1), exposure(2), exposure(3, rollout=ROLLOUT), exposure(4, learner="toy.other")])
        journal.expose([exposure(50)])
        journal.tell(LEARNER, [outcome(1)], WINDOWS)
        read = journal.joined(LEARNER)[-1].sequence
        journal.tell(LEARNER, [outcome(2)], WINDOWS)
        assert journal.retire(LEARNER, after(40), read, ROLLOUT, 100) == Forgotten(1, 1)
        left = [number for number in (1, 2, 3, 4, 50) if journal.exposure(event_id(number))]
        assert left == [2, 3, 4, 50]
        assert journal.retire(LEARNER, after(40), read, None, 100) == Forgotten(1, 0)

    def test_nothing_of_a_forgotten_unit_is_left(self, journal: Journal) -> None:
        """Its exposures and outcomes go, whoever else was there stays, and a second time finds nothing."""
        harvested(journal)
        assert journal.forget("toy.other", f"{1:016x}") == Forgotten(0, 0)
        assert journal.forget(LEARNER, f"{1:016x}") == Forgotten(2, 4)
        assert [journal.exposure(event_id(n)) for n in (1, 2, 3)] == [None, exposure(2, unit=f"{0:016x}"), None]
        assert [one.outcome for one in journal.joined(LEARNER)] == [outcome(2)]
        assert journal.batches_of(LEARNER, f"{1:016x}") == []
        assert journal.forget(LEARNER, f"{1:016x}") == Forgotten(0, 0)
        assert tell(journal, outcome(1)) == [Heard.PARKED]

    def test_nothing_that_a_batch_is_made_of_is_left(self, journal: Journal) -> None:
        """All that was shown and told where one outcome is in the batch, be it an assumption that was replaced."""
        harvested(journal)
        assert journal.forget_batch("toy.other", "early") == Forgotten(0, 0)
        assert journal.forget_batch(LEARNER, "early") == Forgotten(1, 3)
        assert [one.outcome for one in journal.joined(LEARNER)] == [outcome(2), outcome(3)]
        assert journal.forget_batch(LEARNER, "first") == Forgotten(1, 1)

    def test_what_was_learnt_is_learnt_again_without(self, journal: Journal) -> None:
        """Checkpoints that had read it go, with bytes that nobody names any more, and readers are told."""
        harvested(journal)
        of_unit, last = journal.joined(LEARNER)[1].sequence, journal.joined(LEARNER)[-1].sequence
        states = {"before": (of_unit - 1, "a"), "after": (last, "b"), "twin": (of_unit, "c")}
        for version, (sequence, key) in states.items():
            journal.checkpoint(Checkpoint(LEARNER, version, sequence, key))
        journal.checkpoint(Checkpoint("toy.other", "twin", last, "c"))
        assert journal.forget(LEARNER, f"{0:016x}").states == ("b",)
        kept = [journal.last_checkpoint(LEARNER, version) is not None for version in states]
        assert kept == [True, False, False]
        assert journal.cursor(forgotten_cursor(LEARNER)) == 1
        journal.forget(LEARNER, f"{0:016x}")
        assert journal.cursor(forgotten_cursor(LEARNER)) == 1

    def test_a_state_that_learnt_from_what_was_forgotten_is_not_kept(self, journal: Journal) -> None:
        """Whoever began before the forgetting is told; who began after it, or does not say, is not."""
        harvested(journal)
        early = Checkpoint(LEARNER, "v1.1", journal.joined(LEARNER)[-1].sequence, "a")
        assert journal.checkpoint(early, forgotten=0) is None
        journal.forget(LEARNER, f"{0:016x}")
        with pytest.raises(Outdated):
            journal.checkpoint(early, forgotten=0)
        assert journal.last_checkpoint(LEARNER, "v1.1") is None
        journal.checkpoint(early, forgotten=1)
        assert journal.last_checkpoint(LEARNER, "v1.1") == early

    def test_a_unit_whose_batches_are_not_all_seen_is_not_forgotten(self, journal: Journal) -> None:
        """Else a batch that was noted meanwhile would keep its rows, and nobody could tell any more."""
        harvested(journal)
        batches = journal.batches_of(LEARNER, f"{0:016x}")
        before = journal.joined(LEARNER)
        assert batches
        with pytest.raises(Outdated):
            journal.forget(LEARNER, f"{0:016x}", batches[1:])
        assert journal.joined(LEARNER) == before
        assert journal.forget(LEARNER, f"{0:016x}", batches).exposures

    def test_a_settled_place_is_not_given_again(self, journal: Journal) -> None:
        """What comes after the newest was forgotten is still found by who had settled it."""
        harvested(journal)
        journal.forget(LEARNER, f"{0:016x}")
        place = journal.settled(LEARNER, METRIC)
        journal.forget(LEARNER, f"{1:016x}")
        assert journal.settled(LEARNER, METRIC, place) <= place
        journal.expose([exposure(7), exposure(8)])
        assert journal.silent(LEARNER, METRIC, after(9), after=place) == [event_id(7), event_id(8)]
        tell(journal, outcome(7))
        assert journal.settled(LEARNER, METRIC, place) == place + 1


class TestSilence:
    """Who was not heard of."""

    def test_silent_events_come_oldest_first(self, journal: Journal) -> None:
        """Unfailed, exposed before the moment, without an outcome of that metric."""
        journal.expose([exposure(n, failed=n == 4) for n in (6, 2, 1, 3, 4, 5)])
        journal.expose([exposure(0, learner="toy.other")])
        tell(journal, outcome(2), outcome(1, metric="kept"))
        assert journal.silent(LEARNER, METRIC, after(6)) == [event_id(n) for n in (1, 3, 5)]
        assert journal.silent(LEARNER, METRIC, after(6), limit=2) == [event_id(n) for n in (1, 3)]

    def test_nothing_silent_is_left_behind(self, journal: Journal) -> None:
        """A reader moves past what failed or was heard of, and to nothing before that; who arrives late is found."""
        assert journal.settled(LEARNER, METRIC) == 0
        journal.expose([exposure(n, failed=n == 2) for n in (1, 2, 3)])
        journal.expose([exposure(4, learner="toy.other"), exposure(5)])
        tell(journal, outcome(3), outcome(5, metric="kept"))
        assert journal.settled(LEARNER, METRIC) == 0
        tell(journal, outcome(1))
        place = journal.settled(LEARNER, METRIC)
        assert place >= 3
        assert journal.silent(LEARNER, METRIC, after(9), after=place) == [event_id(5)]
        journal.expose([exposure(0)])
        assert journal.silent(LEARNER, METRIC, after(9), after=place) == [event_id(0), event_id(5)]
        assert journal.settled(LEARNER, METRIC, place) == place
        tell(journal, outcome(0, assumed=True), outcome(5))
        tell(journal, outcome(0))
        end = journal.settled(LEARNER, METRIC, place)
        assert end == journal.settled(LEARNER, METRIC) > place
        journal.expose([exposure(6)])
        assert journal.settled(LEARNER, METRIC, end) == end
        assert journal.silent(LEARNER, METRIC, after(9), after=end) == [event_id(6)]

    def test_scores_without_an_outcome_come_newest_first(self, journal: Journal) -> None:
        """Since that moment, with a score."""
        journal.expose([exposure(n, score=math.nan if n == 4 else n / 10) for n in (6, 2, 1, 3, 4, 5)])
        journal.expose([exposure(9, learner="toy.other")])
        tell(journal, outcome(5), outcome(3, metric="kept"))
        newest = [("v1.1", after(n), n / 10) for n in (6, 3, 2)]
        assert journal.unheard(LEARNER, METRIC, after(2)) == newest
        assert journal.unheard(LEARNER, METRIC, after(2), limit=1) == newest[:1]


class TestReaders:
    """How far who reads has come."""

    def test_the_last_checkpoint_is_kept(self, journal: Journal) -> None:
        """One a version, the newest."""
        assert journal.last_checkpoint(LEARNER, "v1.1") is None
        first = Checkpoint(LEARNER, "v1.1", 10, "a" * 64)
        newer = dataclasses.replace(first, sequence=20, blob_key="b" * 64)
        other = dataclasses.replace(first, version="v1.2")
        for state in (first, other, newer):
            journal.checkpoint(state)
        assert journal.last_checkpoint(LEARNER, "v1.1") == newer
        assert journal.last_checkpoint(LEARNER, "v1.2") == other
        assert journal.last_checkpoint("toy.other", "v1.1") is None

    def test_bytes_that_another_checkpoint_names_stay(self, journal: Journal) -> None:
        """A key is given back once nobody names it any more, by whichever version it was named."""
        first = Checkpoint(LEARNER, "v1.1", 10, "a" * 64)
        again = dataclasses.replace(first, version="v1.3")
        assert journal.checkpoint(first) is None
        assert journal.checkpoint(again) is None
        assert journal.checkpoint(again) is None
        assert journal.checkpoint(dataclasses.replace(first, sequence=20, blob_key="b" * 64)) is None
        assert journal.last_checkpoint(LEARNER, "v1.3") == again
        assert journal.checkpoint(dataclasses.replace(again, sequence=20, blob_key="b" * 64)) == "a" * 64

    def test_a_cursor_never_moves_back(self, journal: Journal) -> None:
        """Each name begins at 0 and only goes on."""
        assert journal.cursor("harvest") == 0
        for sequence in (5, 3):
            journal.advance("harvest", sequence)
            assert journal.cursor("harvest") == 5
        journal.advance("harvest", 6)
        assert journal.cursor("harvest") == 6
        assert journal.cursor("other") == 0
