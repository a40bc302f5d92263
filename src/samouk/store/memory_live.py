"""Exposures, outcomes, rollouts and webhooks in memory; gone when the process ends."""

from __future__ import annotations

import datetime as dt
import json
import math
import secrets
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from statistics import fmean, variance
from threading import RLock
from typing import Any

from samouk.loop.live import (
    FIRST,
    ArmStats,
    Checkpoint,
    DayFigures,
    Event,
    Exposure,
    Forgotten,
    Heard,
    Joined,
    Outcome,
    Rollout,
    Share,
    Threshold,
    Variant,
    Webhook,
)
from samouk.loop.ports import Clock, NotFound, Outdated, forgotten_cursor
from samouk.store.hearing import compared, is_late, who_hash

_Place = tuple[int, Variant, str]
"""An arm in a step: step, variant, version."""


_Key = tuple[str, str]
"""An event and a metric."""


@dataclass(frozen=True, slots=True)
class _Parked:
    outcome: Outcome
    told: dt.datetime
    window: dt.timedelta


@dataclass(slots=True)
class MemoryJournal:
    """Exposures by their id, and by id and metric their outcomes, joined or parked."""

    clock: Clock
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    _exposures: dict[str, Exposure] = field(default_factory=dict)
    _places: dict[str, int] = field(default_factory=dict)
    _joined: dict[_Key, Joined] = field(default_factory=dict)
    _superseded: dict[_Key, Joined] = field(default_factory=dict)
    _parked: dict[tuple[str, str, str], _Parked] = field(default_factory=dict)
    _batches: dict[int, str] = field(default_factory=dict)
    _origins: set[tuple[str, str, str]] = field(default_factory=set)
    _checkpoints: dict[tuple[str, str], Checkpoint] = field(default_factory=dict)
    _cursors: dict[str, int] = field(default_factory=dict)
    _refused: dict[tuple[str, str], dt.datetime] = field(default_factory=dict)
    _sequence: int = 0
    _arrived: int = 0
    _lock: RLock = field(default_factory=RLock)

    def secret(self) -> bytes:
        return self._secret

    def expose(self, exposures: Sequence[Exposure]) -> int:
        with self._lock:
            return sum(self._expose(exposure) for exposure in exposures)

    def _expose(self, exposure: Exposure) -> bool:
        if exposure.event_id in self._exposures:
            return False
        refused = self._refused.get((exposure.learner, who_hash(exposure.unit)))
        if refused is not None and exposure.at < refused:
            return False
        self._exposures[exposure.event_id] = replace(exposure, row=dict(exposure.row), shadows=dict(exposure.shadows))
        self._arrived += 1
        self._places[exposure.event_id] = self._arrived
        for key in [key for key in self._parked if key[0] == exposure.event_id]:
            parked = self._parked.pop(key)
            if key[2] == exposure.learner:  # who told it of another learner meant another event
                self._join(parked.outcome, is_late(parked.outcome, exposure.at, parked.window))
        return True

    def _join(self, outcome: Outcome, late: bool) -> Heard:
        self._sequence += 1
        joined = Joined(self._sequence, self._exposures[outcome.event_id], outcome, late)
        key = (outcome.event_id, outcome.metric)
        before = self._joined.pop(key, None)  # so that the dictionary keeps the order of the sequences
        if before is not None:
            # Without the place in comparisons it counts nowhere, as what came late.
            self._superseded[key] = replace(before, late=not late)
        self._joined[key] = joined
        return Heard.LATE if late else Heard.JOINED

    def tell(self, learner: str, outcomes: Sequence[Outcome], windows: Mapping[str, dt.timedelta]) -> list[Heard]:
        spans = [windows[outcome.metric] for outcome in outcomes]  # all or none: a missing one is seen first
        with self._lock:
            return [self._tell(learner, outcome, span) for outcome, span in zip(outcomes, spans, strict=True)]

    def _tell(self, learner: str, outcome: Outcome, window: dt.timedelta) -> Heard:
        key = (outcome.event_id, outcome.metric)
        exposure = self._exposures.get(outcome.event_id)
        if exposure is None or exposure.learner != learner:
            parked = self._parked.get((*key, learner))
            heard = compared(parked.outcome, outcome) if parked else None
            if heard is None:
                self._parked[*key, learner] = _Parked(outcome, self.clock.now(), window)
            return heard or Heard.PARKED
        before = self._joined.get(key)
        heard = compared(before.outcome, outcome) if before else None
        return heard or self._join(outcome, is_late(outcome, exposure.at, window))

    def exposure(self, event_id: str) -> Exposure | None:
        return self._exposures.get(event_id)

    def outcomes(self, learner: str, event_id: str) -> list[Outcome]:
        with self._lock:
            joined = [held for key, held in self._joined.items() if key[0] == event_id]
            parked = [held.outcome for key, held in self._parked.items() if (key[0], key[2]) == (event_id, learner)]
        return [held.outcome for held in joined if held.exposure.learner == learner] + parked

    def expire(self, learner: str, before: dt.datetime) -> int:
        with self._lock:
            early = [key for key, held in self._parked.items() if key[2] == learner and held.told < before]
            for key in early:
                del self._parked[key]
        return len(early)

    def newest(self, learner: str) -> dt.datetime | None:
        with self._lock:
            return max((shown.at for shown in self._exposures.values() if shown.learner == learner), default=None)

    def silent(
        self, learner: str, metric: str, before: dt.datetime, limit: int = 10_000, *, after: int = 0
    ) -> list[str]:
        with self._lock:
            quiet = [shown for _, shown in self._quiet(learner, metric, after) if shown.at < before]
        return [shown.event_id for shown in sorted(quiet, key=lambda shown: shown.at)[:limit]]

    def settled(self, learner: str, metric: str, after: int = 0) -> int:
        with self._lock:
            first = next(self._quiet(learner, metric, after), None)
            return first[0] - 1 if first else max(after, self._arrived)

    def _quiet(self, learner: str, metric: str, after: int) -> Iterator[tuple[int, Exposure]]:
        """Unfailed exposures without an outcome, by their place; exposures are kept in the order of arrival."""
        # At most ``after`` exposures came up to that place, and those that are left of them come first.
        gone = self._arrived - len(self._exposures)
        for shown in islice(self._exposures.values(), max(0, after - gone), None):
            place = self._places[shown.event_id]
            mine = place > after and shown.learner == learner and not shown.failed
            if mine and (shown.event_id, metric) not in self._joined:
                yield place, shown

    def unheard(
        self, learner: str, metric: str, since: dt.datetime, limit: int = 10_000
    ) -> list[tuple[str, dt.datetime, float]]:
        with self._lock:
            quiet = [
                (shown.version, shown.at, shown.score)
                for shown in reversed(self._of(learner))
                if shown.at >= since and not math.isnan(shown.score) and (shown.event_id, metric) not in self._joined
            ]
        return quiet[:limit]

    def _of(self, learner: str) -> list[Exposure]:
        mine = (shown for shown in self._exposures.values() if shown.learner == learner)
        return sorted(mine, key=lambda shown: shown.at)

    def scored(self, learner: str, metric: str, limit: int = 10_000) -> list[tuple[str, dt.datetime, float, float]]:
        with self._lock:
            held = [
                (one.exposure.version, one.exposure.at, one.exposure.score, one.outcome.value)
                for (_, name), one in self._joined.items()
                if (one.exposure.learner, name) == (learner, metric) and not math.isnan(one.exposure.score)
            ]
        return held[-limit:]

    def joined(self, learner: str, after: int = 0, limit: int = 10_000) -> list[Joined]:
        with self._lock:
            held = list(self._joined.values())
        return [one for one in held if one.exposure.learner == learner and one.sequence > after][:limit]

    def mark(self, batch_id: str, sequences: Sequence[int], *, instead_of: str | None = None) -> None:
        with self._lock:
            for sequence in sequences:
                if self._batches.get(sequence) == instead_of:
                    self._batches[sequence] = batch_id

    def of_batch(self, batch_id: str) -> list[Joined]:
        with self._lock:
            return [held for held in self._joined.values() if self._batches.get(held.sequence) == batch_id]

    def batches_of(self, learner: str, unit: str) -> list[str]:
        with self._lock:
            mine = [held for held in self._ever() if (held.exposure.learner, held.exposure.unit) == (learner, unit)]
            retired = {batch_id for name, who, batch_id in self._origins if (name, who) == (learner, unit)}
            return sorted(retired | {self._batches[held.sequence] for held in mine if held.sequence in self._batches})

    def retire(self, learner: str, before: dt.datetime, read: int, rollout: str | None, limit: int) -> Forgotten:
        with self._lock:
            unread = {held.exposure.event_id for held in self._ever() if held.sequence > read}
            old = [
                shown
                for shown in self._of(learner)
                if shown.at < before and shown.event_id not in unread and (rollout is None or shown.rollout != rollout)
            ]
            return self._remove({shown.event_id for shown in old[:limit]})

    def _remove(self, events: set[str]) -> Forgotten:
        """Take exposures and their outcomes away; whose batches these were made into is kept."""
        gone = [held for held in self._ever() if held.exposure.event_id in events]
        for held in gone:
            if held.sequence in self._batches:
                origin = (held.exposure.learner, held.exposure.unit, self._batches.pop(held.sequence))
                self._origins.add(origin)
        for event_id in events:
            del self._exposures[event_id], self._places[event_id]
        for kept in (self._joined, self._superseded):
            for key in [key for key in kept if key[0] in events]:
                del kept[key]
        return Forgotten(len(events), len(gone))

    def unlink(self, batch_ids: Sequence[str]) -> None:
        with self._lock:
            self._origins = {origin for origin in self._origins if origin[2] not in batch_ids}

    def forget(self, learner: str, unit: str, seen: Collection[str] | None = None) -> Forgotten:
        with self._lock:
            if seen is not None and not set(seen).issuperset(self.batches_of(learner, unit)):
                raise Outdated("outcomes of the unit were made into another batch meanwhile: take it along")
            self._origins = {origin for origin in self._origins if origin[:2] != (learner, unit)}
            mine = (shown for shown in self._exposures.values() if (shown.learner, shown.unit) == (learner, unit))
            return self._forget(learner, {shown.event_id for shown in mine})

    def forget_batch(self, learner: str, *batch_ids: str) -> Forgotten:
        with self._lock:
            held = [held.exposure for held in self._ever() if self._batches.get(held.sequence) in batch_ids]
            return self._forget(learner, {shown.event_id for shown in held if shown.learner == learner})

    def shown_to(self, learner: str, unit: str) -> Iterator[tuple[Exposure, list[Outcome]]]:
        with self._lock:
            seen = [shown for shown in self._exposures.values() if (shown.learner, shown.unit) == (learner, unit)]
        yield from ((shown, self.outcomes(learner, shown.event_id)) for shown in seen)

    def refuse(self, learner: str, unit: str, until: dt.datetime) -> None:
        with self._lock:
            self._refused[learner, who_hash(unit)] = until

    def _ever(self) -> list[Joined]:
        return [*self._joined.values(), *self._superseded.values()]

    def _forget(self, learner: str, events: set[str]) -> Forgotten:
        gone = [held.sequence for held in self._ever() if held.exposure.event_id in events]
        for event_id in events:
            del self._exposures[event_id], self._places[event_id]
        for kept in (self._joined, self._superseded):
            for key in [key for key in kept if key[0] in events]:
                del kept[key]
        for sequence in gone:
            self._batches.pop(sequence, None)
        return Forgotten(len(events), len(gone), self._unlearn(learner, min(gone)) if gone else ())

    def _unlearn(self, learner: str, first: int) -> tuple[str, ...]:
        name = forgotten_cursor(learner)
        self._cursors[name] = self.cursor(name) + 1
        learnt = [key for key, state in self._checkpoints.items() if key[0] == learner and state.sequence >= first]
        states = {self._checkpoints.pop(key).blob_key for key in learnt}
        return tuple(states - {state.blob_key for state in self._checkpoints.values()})

    def arms(
        self,
        rollout: str,
        metric: str,
        *,
        slow_ms: float,
        exposed_before: dt.datetime | None = None,
        closed_before: dt.datetime | None = None,
    ) -> list[ArmStats]:
        with self._lock:
            compared = self._compared(rollout)
            homes, arms = _homes(compared), defaultdict(list)
            units: dict[_Place, dict[str, list[Exposure]]] = defaultdict(lambda: defaultdict(list))
            for shown in compared:
                place = _place(shown)
                arms[place].append(shown)
                home, *others = homes[shown.unit]
                if not others and home[1:] == place[1:]:
                    units[home][shown.unit].append(shown)
            found = []
            for place, shown_there in sorted(arms.items(), key=lambda arm: arm[0]):
                counted = [shown for shown in shown_there if homes[shown.unit] == {place}]
                values = self._values(counted, metric, exposed_before)
                arm = _arm(place, shown_there, list(units[place].values()), values, slow_ms)
                due, heard = self._heard(counted, metric, exposed_before, closed_before)
                found.append(replace(arm, due=due, heard=heard))
            return found

    def _heard(
        self, shown: Sequence[Exposure], metric: str, before: dt.datetime | None, closed: dt.datetime | None
    ) -> tuple[int, int]:
        """Units that should have an outcome, and those of them that have one."""
        due = [one for one in shown if not one.failed and (closed is None or one.at < closed)]
        told = (held for one in due if before is None or one.at < before for held in self._told((one.event_id, metric)))
        heard = {held.exposure.unit for held in told if not held.late}
        return len({one.unit for one in due}), len(heard)

    def _compared(self, rollout: str) -> list[Exposure]:
        mine = (shown for shown in self._exposures.values() if shown.rollout == rollout)
        return [shown for shown in mine if shown.variant is not Variant.CHAMPION]

    def _values(self, shown: Sequence[Exposure], metric: str, before: dt.datetime | None) -> list[float]:
        """The mean outcome of each unit, in order of its first outcome."""
        told = [
            held for one in shown if before is None or one.at < before for held in self._told((one.event_id, metric))
        ]
        units: dict[str, list[float]] = defaultdict(list)
        for held in sorted(told, key=lambda held: held.sequence):
            if not held.late:
                units[held.exposure.unit].append(held.outcome.value)
        return [fmean(values) for values in units.values()]

    def _told(self, key: _Key) -> list[Joined]:
        """What was told or assumed; one of them at most is not late, and that one counts in comparisons."""
        return [kept[key] for kept in (self._superseded, self._joined) if key in kept]

    def crossed(self, rollout: str) -> int:
        with self._lock:
            return len(_crossed(self._compared(rollout)))

    def shadows(self, rollout: str, metric: str) -> Iterator[tuple[str, float, Mapping[str, float], float]]:
        with self._lock:
            held = [one for one in self._ever() if one.exposure.rollout == rollout]
        for one in sorted(held, key=lambda one: one.sequence):
            counts = one.outcome.metric == metric and not one.late
            if counts and one.exposure.shadows and not math.isnan(one.exposure.score):
                yield one.exposure.unit, one.exposure.score, one.exposure.shadows, one.outcome.value

    def days(self, learner: str, metric: str, since: dt.date, window: dt.timedelta) -> list[DayFigures]:
        opened = self.clock.now() - window
        first: dict[str, dt.datetime] = {}
        days: dict[tuple[dt.date, str], list[Exposure]] = defaultdict(list)
        with self._lock:
            for shown in self._of(learner):
                day = shown.at.astimezone(dt.UTC).date()
                if day >= since:
                    first.setdefault(shown.version, shown.at)
                    days[day, shown.version].append(shown)
            order = sorted(days, key=lambda key: (key[0], first[key[1]], key[1]))
            return [self._day(key, days[key], metric, opened) for key in order]

    def _day(self, key: tuple[dt.date, str], shown: list[Exposure], metric: str, opened: dt.datetime) -> DayFigures:
        told = [self._joined[one.event_id, metric] for one in shown if (one.event_id, metric) in self._joined]
        scores = [one.score for one in shown if not math.isnan(one.score)]
        pairs = [(one.exposure.score, one.outcome.value) for one in told if not math.isnan(one.exposure.score)]
        took = sorted(one.latency_ms for one in shown)
        return DayFigures(
            version=key[1],
            day=key[0],
            metric=metric,
            exposures=len(shown),
            failures=sum(one.failed for one in shown),
            outcomes=len(told),
            late=sum(one.late for one in told),
            assumed=sum(one.outcome.assumed for one in told),
            open=sum(one.at >= opened and (one.event_id, metric) not in self._joined for one in shown),
            positives=sum(one.outcome.value >= 0.5 for one in told),
            mean_score=_mean(scores),
            mean_outcome=_mean([one.outcome.value for one in told]),
            score_of_known=_mean([score for score, _ in pairs]),
            brier=_mean([(score - value) ** 2 for score, value in pairs]),
            sureness=_mean([max(score, 1 - score) for score in scores]),
            latency_ms=_mean(took),
            latency_p95_ms=took[(95 * len(took) + 99) // 100 - 1],
        )

    def delays(self, learner: str, metric: str, since: dt.datetime) -> list[tuple[float, bool]]:
        now = self.clock.now()
        with self._lock:
            return [self._delay(shown, metric, now) for shown in self._of(learner) if shown.at >= since]

    def _delay(self, shown: Exposure, metric: str, now: dt.datetime) -> tuple[float, bool]:
        held = self._joined.get((shown.event_id, metric))
        came = held is not None and not held.outcome.assumed
        until = held.outcome.at if held is not None and came else now
        return max(0.0, (until - shown.at).total_seconds()), came

    def checkpoint(self, state: Checkpoint, *, forgotten: int | None = None) -> str | None:
        with self._lock:
            if forgotten is not None and self.cursor(forgotten_cursor(state.learner)) != forgotten:
                raise Outdated(f"outcomes of {state.learner} were forgotten since: learn again without")
            before = self._checkpoints.get((state.learner, state.version))
            self._checkpoints[state.learner, state.version] = state
            named = {kept.blob_key for kept in self._checkpoints.values()}
        return before.blob_key if before and before.blob_key not in named else None

    def last_checkpoint(self, learner: str, version: str) -> Checkpoint | None:
        return self._checkpoints.get((learner, version))

    def cursor(self, name: str) -> int:
        return self._cursors.get(name, 0)

    def advance(self, name: str, sequence: int) -> None:
        with self._lock:
            self._cursors[name] = max(self.cursor(name), sequence)


@dataclass(slots=True)
class MemoryRollouts:
    """Rollouts by their id, events and thresholds in order."""

    _rollouts: dict[str, Rollout] = field(default_factory=dict)
    _events: list[Event] = field(default_factory=list)
    _thresholds: list[Threshold] = field(default_factory=list)
    _lock: RLock = field(default_factory=RLock)

    def save(self, rollout: Rollout, events: Sequence[Event] = ()) -> Rollout:
        with self._lock:
            kept = self._rollouts.get(rollout.rollout_id)
            if rollout.revision != (kept.revision if kept else 0):
                raise Outdated(f"rollout {rollout.rollout_id} was changed by somebody else: read it again")
            other = self.active(rollout.learner)
            if not rollout.state.over and other is not None and other.rollout_id != rollout.rollout_id:
                raise Outdated(f"{rollout.learner} has a rollout already, {other.rollout_id}: end it first")
            saved = _plain_rollout(replace(rollout, revision=rollout.revision + 1))
            self._rollouts[rollout.rollout_id] = saved
            self.say(events)
        return saved

    def active(self, learner: str) -> Rollout | None:
        return next((one for one in self.rollouts(learner, len(self._rollouts)) if not one.state.over), None)

    def rollouts(self, learner: str, limit: int = 100) -> list[Rollout]:
        with self._lock:
            mine = [one for one in reversed(self._rollouts.values()) if one.learner == learner]
        return sorted(mine, key=lambda one: one.started, reverse=True)[:limit]

    def say(self, events: Sequence[Event]) -> None:
        with self._lock:
            for event in events:
                self._events.append(replace(event, body=_through_json(event.body), sequence=len(self._events) + 1))

    def events(self, after: int = 0, limit: int = 1000) -> list[Event]:
        return self._events[after : after + limit]

    def last_event(self) -> int:
        return len(self._events)

    def note(self, thresholds: Sequence[Threshold]) -> None:
        self._thresholds.extend(thresholds)

    def thresholds(self, learner: str) -> list[Threshold]:
        return [threshold for threshold in self._thresholds if threshold.learner == learner]


@dataclass(slots=True)
class MemoryWebhooks:
    """Hooks by their id, and who delivers to them until when."""

    _clock: Clock
    _hooks: dict[str, Webhook] = field(default_factory=dict)
    _held: dict[str, tuple[str, dt.datetime]] = field(default_factory=dict)

    def add(self, hook: Webhook) -> None:
        self._hooks[hook.hook_id] = hook

    def claim(self, hook_id: str, holder: str, seconds: float) -> Webhook | None:
        now = self._clock.now()
        name, until = self._held.get(hook_id, (holder, now))
        if hook_id not in self._hooks or (name != holder and until > now):
            return None
        self._held[hook_id] = (holder, now + dt.timedelta(seconds=seconds))
        return self._hooks[hook_id]

    def update(self, hook: Webhook, holder: str, seconds: float) -> bool:
        if hook.hook_id not in self._hooks or self._held.get(hook.hook_id, ("",))[0] != holder:
            return False
        self._hooks[hook.hook_id] = hook
        return self.claim(hook.hook_id, holder, seconds) is not None

    def free(self, hook_id: str, holder: str) -> None:
        if self._held.get(hook_id, ("",))[0] == holder:
            del self._held[hook_id]

    def hooks(self) -> list[Webhook]:
        return list(self._hooks.values())

    def remove(self, hook_id: str) -> None:
        if self._hooks.pop(hook_id, None) is None:
            raise NotFound(f"no webhook {hook_id}")


def _crossed(shown: Sequence[Exposure]) -> set[str]:
    arms: dict[str, set[tuple[Variant, str]]] = defaultdict(set)
    for one in shown:
        arms[one.unit].add((one.variant, one.version))
    return {unit for unit, seen in arms.items() if len(seen) > 1}


def _place(shown: Exposure) -> _Place:
    return shown.step, shown.variant, shown.version


def _homes(shown: Sequence[Exposure]) -> dict[str, set[_Place]]:
    """Unit → the arms that had it in its first step; one, unless it crossed."""
    homes: dict[str, set[_Place]] = defaultdict(set)
    for one in sorted(shown, key=lambda one: one.step):
        if all(step == one.step for step, _, _ in homes[one.unit]):
            homes[one.unit].add(_place(one))
    return homes


def _arm(
    place: _Place,
    shown: Sequence[Exposure],
    units: Sequence[Sequence[Exposure]],
    values: Sequence[float],
    slow_ms: float,
) -> ArmStats:
    step, variant, version = place
    mean, spread = _spread(values)
    return ArmStats(
        step=step,
        variant=variant,
        version=version,
        exposures=len(shown),
        units=len(units),
        failed=Share(*_spread([fmean(one.failed for one in unit) for unit in units])),
        slow=Share(*_spread([fmean(one.latency_ms > slow_ms for one in unit) for unit in units])),
        measured=len(values),
        mean=mean,
        variance=spread,
        first=tuple(values[:FIRST]),
        newest=max(one.at for one in shown),
    )


def _spread(values: Sequence[float]) -> tuple[float, float]:
    """Mean and variance, 0 where undefined."""
    return fmean(values) if values else 0.0, variance(values) if len(values) > 1 else 0.0


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _through_json(value: Mapping[str, Any]) -> dict[str, Any]:
    """As it comes back from any store."""
    return dict(json.loads(json.dumps(dict(value))))


def _plain_rollout(rollout: Rollout) -> Rollout:
    history = tuple(replace(move, figures=_through_json(move.figures)) for move in rollout.history)
    return replace(rollout, challengers=dict(rollout.challengers), history=history)
