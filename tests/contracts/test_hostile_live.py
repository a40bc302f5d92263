"""The contracts of exposures, rollouts and webhooks see what they are for: each backend here breaks one promise."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from inspect import signature
from typing import Any

import pytest
from tests.contracts import test_documents, test_figures, test_journal, test_rollouts, test_tasks, test_webhooks

from samouk.loop.live import (
    ArmStats,
    DayFigures,
    Event,
    Exposure,
    Forgotten,
    Heard,
    Joined,
    Outcome,
    Rollout,
    RolloutState,
    Webhook,
)
from samouk.loop.ports import Document, Outdated
from samouk.loop.task import Task, TaskState
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services
from samouk.store.memory_documents import MemoryDocuments
from samouk.store.memory_live import MemoryJournal, MemoryRollouts, MemoryWebhooks
from samouk.store.memory_tasks import MemoryTasks


class OverwritingJournal(MemoryJournal):
    """Takes the newest of two exposures with one id."""

    def expose(self, exposures: Sequence[Exposure]) -> int:
        for exposure in exposures:
            self._exposures.pop(exposure.event_id, None)
        return MemoryJournal.expose(self, exposures)


class ImpatientJournal(MemoryJournal):
    """Forgets outcomes that come before their exposure."""

    def tell(self, learner: str, outcomes: Sequence[Outcome], windows: Mapping[str, dt.timedelta]) -> list[Heard]:
        heard = MemoryJournal.tell(self, learner, outcomes, windows)
        self._parked.clear()
        return heard


class ForgivingJournal(MemoryJournal):
    """Knows no late outcomes."""

    def tell(self, learner: str, outcomes: Sequence[Outcome], windows: Mapping[str, dt.timedelta]) -> list[Heard]:
        return MemoryJournal.tell(self, learner, outcomes, dict.fromkeys(windows, dt.timedelta(days=999)))


class FickleJournal(MemoryJournal):
    """Believes who spoke last."""

    def tell(self, learner: str, outcomes: Sequence[Outcome], windows: Mapping[str, dt.timedelta]) -> list[Heard]:
        heard = MemoryJournal.tell(self, learner, outcomes, windows)
        for outcome in outcomes:
            key = (outcome.event_id, outcome.metric)
            if key in self._joined:
                self._joined[key] = dataclasses.replace(self._joined[key], outcome=outcome)
        return heard


class SurvivorsJournal(MemoryJournal):
    """Lets an assumption go with the late word that follows it, and the unit with it."""

    def tell(self, learner: str, outcomes: Sequence[Outcome], windows: Mapping[str, dt.timedelta]) -> list[Heard]:
        heard = MemoryJournal.tell(self, learner, outcomes, windows)
        self._superseded.clear()
        return heard


class MixingJournal(MemoryJournal):
    """Takes every outcome for the learner whose event it names."""

    def tell(self, learner: str, outcomes: Sequence[Outcome], windows: Mapping[str, dt.timedelta]) -> list[Heard]:
        return [
            heard
            for outcome in outcomes
            for owner in [self._exposures.get(outcome.event_id)]
            for heard in MemoryJournal.tell(self, owner.learner if owner else learner, [outcome], windows)
        ]


class RememberingJournal(MemoryJournal):
    """Keeps what it learnt from whom it forgot."""

    def forget(self, learner: str, unit: str, seen: Collection[str] | None = None) -> Forgotten:
        kept = dict(self._checkpoints)
        gone = MemoryJournal.forget(self, learner, unit, seen)
        self._checkpoints = kept
        return gone


class RelabellingJournal(MemoryJournal):
    """Believes the last note of what became of an outcome."""

    def mark(self, batch_id: str, sequences: Sequence[int], *, instead_of: str | None = None) -> None:
        self._batches.update(dict.fromkeys(sequences, batch_id))


class PunctualJournal(MemoryJournal):
    """Leaves out what was told too late to compare."""

    def joined(self, learner: str, after: int = 0, limit: int = 10_000) -> list[Joined]:
        return [one for one in MemoryJournal.joined(self, learner, after, limit) if not one.late]


class ReturningJournal(MemoryJournal):
    """Counts a unit in each step in which it was."""

    def arms(
        self,
        rollout: str,
        metric: str,
        *,
        slow_ms: float,
        exposed_before: dt.datetime | None = None,
        closed_before: dt.datetime | None = None,
    ) -> list[ArmStats]:
        kept = dict(self._exposures)
        self._exposures = {
            event_id: dataclasses.replace(shown, unit=f"{shown.unit} {shown.step}") for event_id, shown in kept.items()
        }
        try:
            return MemoryJournal.arms(
                self, rollout, metric, slow_ms=slow_ms, exposed_before=exposed_before, closed_before=closed_before
            )
        finally:
            self._exposures = kept


class CrossedJournal(MemoryJournal):
    """Counts units that crossed, in each arm."""

    def arms(
        self,
        rollout: str,
        metric: str,
        *,
        slow_ms: float,
        exposed_before: dt.datetime | None = None,
        closed_before: dt.datetime | None = None,
    ) -> list[ArmStats]:
        kept = dict(self._exposures)
        self._exposures = {
            event_id: dataclasses.replace(shown, unit=f"{shown.unit} {shown.variant} {shown.version}")
            for event_id, shown in kept.items()
        }
        try:
            return MemoryJournal.arms(
                self, rollout, metric, slow_ms=slow_ms, exposed_before=exposed_before, closed_before=closed_before
            )
        finally:
            self._exposures = kept


class GreedyJournal(MemoryJournal):
    """Counts the outcomes of young exposures too."""

    def arms(
        self,
        rollout: str,
        metric: str,
        *,
        slow_ms: float,
        exposed_before: dt.datetime | None = None,
        closed_before: dt.datetime | None = None,
    ) -> list[ArmStats]:
        return MemoryJournal.arms(self, rollout, metric, slow_ms=slow_ms, closed_before=closed_before)


class HidingJournal(MemoryJournal):
    """Takes every window for closed."""

    def days(self, learner: str, metric: str, since: dt.date, window: dt.timedelta) -> list[DayFigures]:
        return [dataclasses.replace(day, open=0) for day in MemoryJournal.days(self, learner, metric, since, window)]


class HopefulJournal(MemoryJournal):
    """Waits for nobody: leaves out who has not been heard of."""

    def delays(self, learner: str, metric: str, since: dt.datetime) -> list[tuple[float, bool]]:
        return [delay for delay in MemoryJournal.delays(self, learner, metric, since) if delay[1]]


class LateJournal(MemoryJournal):
    """Compares shadows by late outcomes too."""

    def shadows(self, rollout: str, metric: str) -> Iterator[tuple[str, float, Mapping[str, float], float]]:
        for one in self._joined.values():
            if one.exposure.shadows:
                yield one.exposure.unit, one.exposure.score, one.exposure.shadows, one.outcome.value


class HastyJournal(MemoryJournal):
    """Takes what has come for settled once anything later is."""

    def settled(self, learner: str, metric: str, after: int = 0) -> int:
        heard = [key[0] for key in self._joined if key[1] == metric]
        return max([place for place, event_id in enumerate(self._exposures, 1) if event_id in heard], default=after)


class RewindingJournal(MemoryJournal):
    """Lets a reader fall back."""

    def advance(self, name: str, sequence: int) -> None:
        self._cursors[name] = sequence


class TrustingRollouts(MemoryRollouts):
    """Takes whatever revision comes."""

    def save(self, rollout: Rollout, events: Sequence[Event] = ()) -> Rollout:
        kept = self._rollouts.get(rollout.rollout_id)
        revision = kept.revision if kept else 0
        return MemoryRollouts.save(self, dataclasses.replace(rollout, revision=revision), events)


class HastyRollouts(MemoryRollouts):
    """Tells of what it then refuses."""

    def save(self, rollout: Rollout, events: Sequence[Event] = ()) -> Rollout:
        self.say(events)
        return MemoryRollouts.save(self, rollout)


class CrowdedRollouts(MemoryRollouts):
    """Lets a learner have several ramps at once."""

    def active(self, learner: str) -> Rollout | None:
        return None


class OldestFirst(MemoryRollouts):
    """Tells the history from its beginning."""

    def rollouts(self, learner: str, limit: int = 100) -> list[Rollout]:
        return MemoryRollouts.rollouts(self, learner, limit)[::-1]


class RevivingWebhooks(MemoryWebhooks):
    """Brings a removed hook back with the next update."""

    def update(self, hook: Webhook, holder: str, seconds: float) -> bool:
        self._hooks[hook.hook_id] = hook
        return True


class SharedWebhooks(MemoryWebhooks):
    """Lets two servers at one hook."""

    def claim(self, hook_id: str, holder: str, seconds: float) -> Webhook | None:
        self._held.pop(hook_id, None)
        return super().claim(hook_id, holder, seconds)


class EagerTasks(MemoryTasks):
    """Gives a task to whoever asks."""

    def claim(self, task_id: str, holder: str, seconds: float) -> Task | None:
        self._held.pop(task_id, None)
        if task_id in self._tasks:
            self._tasks[task_id] = dataclasses.replace(self._tasks[task_id], state=TaskState.WAITING)
        return super().claim(task_id, holder, seconds)


class ForgettingTasks(MemoryTasks):
    """Does not know what was done."""

    def finish(self, task_id: str, holder: str) -> bool:
        return self._tasks.pop(task_id, None) is not None


class TrustingDocuments(MemoryDocuments):
    """Lets whoever saves last win."""

    def save(self, document: Document) -> Document:
        kept = self.get(document.shelf, document.key)
        return MemoryDocuments.save(self, dataclasses.replace(document, revision=kept.revision if kept else 0))


class SharingDocuments(MemoryDocuments):
    """Hands out what it keeps."""

    def get(self, shelf: str, key: str) -> Document | None:
        return self._held.get((shelf, key))


class StandingDocuments(MemoryDocuments):
    """Leaves a document in its place when it is saved again."""

    def save(self, document: Document) -> Document:
        places = list(self._held)
        saved = MemoryDocuments.save(self, document)
        self._held = {place: self._held[place] for place in dict.fromkeys([*places, *self._held])}
        return saved


class CarelessDocuments(MemoryDocuments):
    """Trims every shelf."""

    def trim(self, shelf: str, keep: int) -> int:
        return sum(MemoryDocuments.trim(self, name, keep) for name in {name for name, _ in self._held})


Promise = Callable[..., None]
_OUTCOMES, _ARMS, _DAYS = test_journal.TestOutcomes, test_figures.TestArms, test_figures.TestDays
_FORGETTING = test_journal.TestForgetting
HOSTILE: list[tuple[Promise, str, Callable[[SteppedClock], object]]] = [
    (test_journal.TestExposures.test_a_known_exposure_changes_nothing, "journal", OverwritingJournal),
    (_OUTCOMES.test_an_early_outcome_waits_for_its_exposure, "journal", ImpatientJournal),
    (_OUTCOMES.test_each_metric_has_its_window, "journal", ForgivingJournal),
    (_OUTCOMES.test_what_is_assumed_replaces_nothing, "journal", FickleJournal),
    (_OUTCOMES.test_within_one_call_too, "journal", PunctualJournal),
    (_ARMS.test_a_unit_counts_in_its_first_step_alone, "journal", ReturningJournal),
    (_ARMS.test_who_crosses_counts_where_it_was_first, "journal", CrossedJournal),
    (_ARMS.test_young_exposures_are_shown_and_not_measured, "journal", GreedyJournal),
    (_ARMS.test_what_was_told_late_counts_nowhere, "journal", ForgivingJournal),
    (_ARMS.test_a_late_word_takes_no_unit_out_of_a_comparison, "journal", SurvivorsJournal),
    (_OUTCOMES.test_what_is_told_of_the_wrong_learner_is_never_joined, "journal", MixingJournal),
    (_FORGETTING.test_what_was_learnt_is_learnt_again_without, "journal", RememberingJournal),
    (_FORGETTING.test_a_batch_knows_what_it_is_made_of, "journal", RelabellingJournal),
    (_ARMS.test_shadows_come_beside_what_was_shown, "journal", LateJournal),
    (test_journal.TestSilence.test_nothing_silent_is_left_behind, "journal", HastyJournal),
    (_DAYS.test_a_day_in_full, "journal", HidingJournal),
    (_DAYS.test_delays_tell_who_still_waits, "journal", HopefulJournal),
    (test_journal.TestReaders.test_a_cursor_never_moves_back, "journal", RewindingJournal),
    (
        test_rollouts.TestRollouts.test_who_read_an_older_one_is_refused,
        "rollouts",
        lambda clock: TrustingRollouts(),
    ),
    (test_rollouts.TestRollouts.test_who_read_an_older_one_is_refused, "rollouts", lambda clock: HastyRollouts()),
    (test_rollouts.TestRollouts.test_newest_first_and_no_more_than_asked, "rollouts", lambda clock: OldestFirst()),
    (
        test_documents.TestDocuments.test_who_read_an_older_one_is_refused,
        "documents",
        lambda clock: TrustingDocuments(),
    ),
    (test_documents.TestDocuments.test_what_the_caller_keeps_is_its_own, "documents", lambda clock: SharingDocuments()),
    (test_documents.TestShelves.test_the_newest_was_saved_last, "documents", lambda clock: StandingDocuments()),
    (test_documents.TestShelves.test_trimming_spares_other_shelves, "documents", lambda clock: CarelessDocuments()),
    (test_webhooks.TestWebhooks.test_an_update_replaces_what_is_there, "webhooks", RevivingWebhooks),
    (test_webhooks.TestWebhooks.test_one_server_is_at_a_hook, "webhooks", SharedWebhooks),
    (test_tasks.TestTasks.test_one_worker_has_a_task, "tasks", EagerTasks),
    (test_tasks.TestTasks.test_a_task_put_twice_is_one, "tasks", ForgettingTasks),
]


def keep(promise: Promise, port: str, backend: object, clock: SteppedClock) -> None:
    """Hold the backend to the promise; a promise asks for one port or for all services."""
    services = dataclasses.replace(memory_services(clock), **{port: backend})  # type: ignore[arg-type]
    asked: dict[str, Any] = {"services": services, port: backend}
    names = list(signature(promise).parameters)[1:]
    promise(None, **{name: asked[name] for name in names})


@pytest.mark.parametrize(("promise", "port", "make"), HOSTILE)
def test_a_broken_promise_is_seen(promise: Promise, port: str, make: Callable[[SteppedClock], object]) -> None:
    """The contract passes an honest backend and fails the one that breaks this promise."""
    clock = SteppedClock()
    keep(promise, port, getattr(memory_services(clock), port), clock)
    clock = SteppedClock()
    with pytest.raises((AssertionError, pytest.fail.Exception, Outdated)):
        keep(promise, port, make(clock), clock)


def test_a_second_rollout_is_seen() -> None:
    """The contract fails a backend that lets a learner have two ramps."""
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        test_rollouts.TestRollouts().test_one_rollout_a_learner(CrowdedRollouts(), RolloutState.RUNNING)
