"""What the triggers want to know, read from the store: the champion, what is new, and how it fares."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from samouk.loop import drift, look, outcome_drift, snapshot, thresholds, trigger
from samouk.loop.learner import Learner, TriggerPolicy, mean
from samouk.loop.live import Event, EventKind, Joined
from samouk.loop.performance import recent
from samouk.loop.ports import Services
from samouk.loop.records import (
    Artifact,
    BatchEntry,
    BatchState,
    Examples,
    Fate,
    Order,
    Run,
    Side,
    Stage,
    TriggerKind,
    Version,
)

FRESH_BATCHES = 50
"""Newest batches that the quality and drift triggers look at: a bounded daily cost."""

RUNS = 100
"""Newest runs from which thresholds learn and in which the last firing of a trigger is looked up."""

EVENTS = 1_000
"""Newest events among which a drift that was told already is looked for."""

LEASE_SECONDS = 30.0
_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Champion:
    """The version in service with its bytes at hand."""

    version: Version
    artifact: Artifact


@dataclass(frozen=True, slots=True)
class Fresh:
    """What no finished run has learnt from, and the labelled rows of the newest of it."""

    rows: int
    examples: Examples
    read: int

    @property
    def labelled(self) -> int:
        """Rows with a label: counted in the newest batches, the same share taken of those before."""
        return round(self.rows * self.examples.rows / self.read) if self.read else 0


@dataclass(frozen=True, slots=True)
class TriggerView:
    """One trigger for people.

    Attributes:
        name: what is looked at: a metric, or what the trigger counts.
        value: of it now; None when it is not known yet.
        threshold: at which the trigger fires.
        share: how far it has come, 1 and above when it fires.
        fired: when a run was last taken for this reason.
        note: more, in words.
    """

    kind: TriggerKind
    name: str
    value: float | None
    threshold: float
    share: float
    fired: dt.datetime | None
    note: str = ""


def champion_of(learner: Learner, services: Services, version: Version | None = None) -> Champion | None:
    """The version in service, with its artifact; ``version`` where that was read just now."""
    version = version or services.registry.production(learner.name)
    if version is None:
        return None
    return Champion(version, Artifact(services.blobs.get(version.artifact_key), version.metadata))


def untainted(learner: Learner, services: Services) -> Champion | None:
    """The newest version that was in service and was fitted on nothing that was erased since."""
    for version in services.registry.versions(learner.name):
        if version.stage is Stage.ARCHIVED and not version.tainted:
            return Champion(version, Artifact(services.blobs.get(version.artifact_key), version.metadata))
    return None


def unseen(learner: Learner, services: Services) -> list[BatchEntry]:
    """Live batches that no finished run has learnt from: a run that failed or was killed has seen nothing."""
    entries = services.log.entries(learner.name, _seen(learner, services))
    return [entry for entry in entries if entry.state is BatchState.LIVE and snapshot.usable(learner, entry)]


def _seen(learner: Learner, services: Services) -> int:
    """Place in the log up to which a finished run has learnt from all that is of the present schema."""
    last = services.runs.last_finished(learner.name)
    previous = services.registry.snapshot(last.snapshot) if last and last.snapshot else None
    return previous.through if previous and previous.schema_version == learner.schema.version else 0


def taint_erased(learner: Learner, services: Services) -> None:
    """Mark the versions behind every erasure: a process may have died between the erasure and the mark.

    The words of errors go too, of every run that may have read what was erased.
    """
    cursor = f"tainted:{learner.name}"
    changes = services.log.changes(learner.name, services.journal.cursor(cursor))
    erased = [change.batch_id for change in changes if change.fate is Fate.ERASED]
    if erased:
        services.registry.taint(learner.name, *erased)
    if changes:
        services.journal.advance(cursor, changes[-1].sequence)
    newest = services.log.last_erasure(learner.name)
    if newest is None:
        return
    hushed, day = f"hushed:{learner.name}", newest.toordinal()
    # Once all of them; from then on those that ended since, which are among the newest.
    done = services.journal.cursor(hushed) >= day
    for run in services.runs.runs(learner.name, RUNS if done else _ALL):
        if run.error != run.failure and run.started.date() <= newest:
            services.runs.save(replace(run, error=run.failure))
    if not done:
        services.journal.advance(hushed, day)


def due(learner: Learner, services: Services) -> Order | None:
    """The daily question: is it time to learn?

    Thresholds learn from what came of earlier alarms first, and drift that is seen is told, once. What was seen is
    kept: ``look.last`` gives it.
    """
    taint_erased(learner, services)
    fresh = _fresh(learner, services)
    _adapt(learner, services, fresh)
    state, fields = _observe(learner, services, fresh)
    look.keep(learner, services, state, fields)
    _tell_drift(learner, services, state)
    return trigger.decide(in_force(learner, services), learner.metrics, state, learner.outcomes)


def observe(learner: Learner, services: Services) -> trigger.State:
    """What the triggers want to know; bounded by ``FRESH_BATCHES`` and ``performance.RECENT``."""
    return _observe(learner, services, _fresh(learner, services))[0]


def in_force(learner: Learner, services: Services) -> TriggerPolicy:
    """The learner's trigger policy with its thresholds as they are now."""
    return thresholds.current(learner.policy.triggers, services.rollouts.thresholds(learner.name))


def _fresh(learner: Learner, services: Services) -> Fresh:
    after = _seen(learner, services)
    arrived = services.log.arrived(learner.name, learner.schema.version, after, FRESH_BATCHES)
    examples, read = _labelled(learner, services, arrived.newest)
    return Fresh(arrived.rows, examples, read)


def _labelled(learner: Learner, services: Services, newest: Sequence[BatchEntry]) -> tuple[Examples, int]:
    """The labelled rows of these batches, and how many rows were read for them."""
    parts = [snapshot.label(learner, columns, n) for n, (_, columns) in enumerate(services.log.read(newest))]
    return snapshot.join(learner, parts), sum(entry.rows for entry in newest)


def _observe(learner: Learner, services: Services, fresh: Fresh) -> tuple[trigger.State, list[drift.Apart]]:
    """The state, and how far each field is from the champion's reference."""
    last = services.runs.last_finished(learner.name)
    champion = champion_of(learner, services)
    since = last.started if last else None
    joined = _of_champion(learner, services, champion)
    policy = in_force(learner, services)
    fields = _apart(learner, policy, champion, fresh.examples)
    state = trigger.State(
        now=services.clock.now(),
        last_turn=since,
        last_kind=last.order.kind if last else None,
        new_samples=fresh.rows,
        labelled=fresh.labelled,
        erased=champion is not None and champion.version.tainted,
        quality=_quality(learner, champion, fresh.examples),
        live=outcome_drift.live(joined, since),
        alarms=(
            *_moved(fields),
            *outcome_drift.alarms(learner, services, policy, joined, since),
        ),
        blind=not (learner.outcomes and learner.served),
    )
    return state, fields


def _of_champion(learner: Learner, services: Services, champion: Champion | None) -> list[Joined]:
    if champion is None or not learner.outcomes:
        return []
    return [one for one in recent(learner, services) if one.exposure.version == champion.version.name]


def _quality(learner: Learner, champion: Champion | None, examples: Examples) -> dict[str, float]:
    """The champion's metrics on fresh labelled rows."""
    trusted = snapshot.trusted(examples)
    if champion is None or trusted.rows < trigger.QUALITY_MINIMUM:
        return {}
    scores = learner.score(champion.artifact, trusted)
    return {name: mean(values) for name, values in scores.items() if not np.isnan(values).all()}


def _apart(learner: Learner, policy: TriggerPolicy, champion: Champion | None, examples: Examples) -> list[drift.Apart]:
    """How far each field is from the champion's reference, the farthest first; none for too few rows.

    The reference is of labelled rows, so it is compared with labelled rows. What is told afterwards is
    no feature: the outcome detectors look at it.
    """
    base = drift.recall(learner.seen, champion.version.metadata.get("reference", {})) if champion else None
    if base is None or examples.rows < trigger.DRIFT_MINIMUM:
        return []
    own = learner.policy.triggers.distance
    return drift.apart(base, base.sketch.empty().update(examples.columns), own, policy.distance / own)


def _moved(fields: Sequence[drift.Apart]) -> list[trigger.Alarm]:
    """The alarm over fields that left the champion's reference, when there are enough of them."""
    found = [field for field in fields if field.moved]
    if not found or len(found) < min(trigger.FIELDS, len(fields)):
        return []
    return [trigger.Alarm(trigger.Detector.FEATURES, "moved: " + ", ".join(str(field) for field in found[:3]))]


def _adapt(learner: Learner, services: Services, fresh: Fresh) -> None:
    """Let the thresholds learn; one process at a time, so that no change is made twice."""
    name, holder = f"thresholds:{learner.name}", uuid.uuid4().hex
    if not services.leases.acquire(name, holder, LEASE_SECONDS):
        return
    try:
        changes = thresholds.adapt(
            learner.name,
            learner.policy.triggers,
            services.rollouts.thresholds(learner.name),
            services.runs.runs(learner.name, RUNS),
            _noise(learner, services, fresh),
            services.clock.now(),
        )
        if changes:
            services.rollouts.note(changes)
    finally:
        services.leases.release(name, holder)


def _noise(learner: Learner, services: Services, fresh: Fresh) -> tuple[thresholds.Noise, thresholds.Noise] | None:
    """Noise of the labels that the champion learnt from, and of the fresh ones."""
    fields = [spec.name for spec in learner.seen.fields]
    new = thresholds.noise(fresh.examples, fields)
    champion = services.registry.production(learner.name)
    if new is None or champion is None or champion.snapshot is None:
        return None
    entries = list(services.registry.members(champion.snapshot, Side.TRAIN, newest=FRESH_BATCHES))
    old = thresholds.noise(_labelled(learner, services, entries)[0], fields)
    return (old, new) if old else None


def _tell_drift(learner: Learner, services: Services, state: trigger.State) -> None:
    """Say once of a drift that it was seen: again only after the next turn, or of another champion."""
    alarms = trigger.agreed(state)
    name, holder = f"drift:{learner.name}", uuid.uuid4().hex
    if not alarms or not services.leases.acquire(name, holder, LEASE_SECONDS):
        return
    try:
        last, champion = services.runs.last_finished(learner.name), services.registry.production(learner.name)
        seen = {"since": last.run_id if last else "", "version": champion.name if champion else ""}
        after = max(services.rollouts.last_event() - EVENTS, 0)
        told = (one for one in services.rollouts.events(after, EVENTS) if one.learner == learner.name)
        if any(one.kind is EventKind.DRIFT_SEEN and seen.items() <= one.body.items() for one in told):
            return
        body = {**seen, "evidence": trigger.in_words(alarms)}
        services.rollouts.say([Event(EventKind.DRIFT_SEEN, learner.name, state.now, body)])
    finally:
        services.leases.release(name, holder)


def view(learner: Learner, services: Services) -> list[TriggerView]:
    """Each trigger as it stands: its value, its threshold, how far it has come, and when it last fired."""
    state, policy = observe(learner, services), in_force(learner, services)
    runs = services.runs.runs(learner.name, RUNS)
    days, period = _days(state), policy.period / dt.timedelta(days=1)
    alarms, needed = len(state.alarms), 1 if state.blind else 2
    share = 1.0 if trigger.agreed(state) else min(alarms / needed, 1.0) / 2
    limit = f"a field moves beyond {policy.distance:.2f}"
    return [
        _line(runs, TriggerKind.TIME, "days since the last turn", days, period, (days or 0.0) / period),
        _line(runs, TriggerKind.VOLUME, "new samples", state.labelled, policy.volume, state.labelled / policy.volume),
        *_floors(learner, state, runs),
        _line(runs, TriggerKind.DRIFT, "alarms", alarms, needed, share, trigger.in_words(state.alarms) or limit),
        _line(runs, TriggerKind.ERASURE, "erased samples behind the champion", state.erased, 1, float(state.erased)),
        _line(runs, TriggerKind.MANUAL, "a person's word", None, 1, 0.0),
    ]


def _floors(learner: Learner, state: trigger.State, runs: Sequence[Run]) -> list[TriggerView]:
    lines = []
    for metric in learner.metrics:
        value = state.quality.get(metric.name)
        if metric.floor is not None:
            share = _nearness(value, metric.floor, metric.direction == "up")
            lines.append(_line(runs, TriggerKind.QUALITY, metric.name, value, metric.floor, share, "on fresh samples"))
    for spec in learner.outcomes:
        live = state.live.get(spec.name)
        if spec.floor is not None:
            value = live.mean if live and live.count >= trigger.QUALITY_MINIMUM else None
            share = _nearness(value, spec.floor, True)
            lines.append(_line(runs, TriggerKind.QUALITY, spec.name, value, spec.floor, share, "on live outcomes"))
    return lines


def _nearness(value: float | None, floor: float, up: bool) -> float:
    """How near a value is to its floor: 1 where it stands on it, more beyond."""
    if value is None:
        return 0.0
    over, under = (floor, value) if up else (value, floor)
    return over / under if under > 0 else 1.0


def _days(state: trigger.State) -> float | None:
    return None if state.last_turn is None else (state.now - state.last_turn) / dt.timedelta(days=1)


def _line(
    runs: Sequence[Run],
    kind: TriggerKind,
    name: str,
    value: float | None,
    threshold: float,
    share: float,
    note: str = "",
) -> TriggerView:
    fired = next((run.started for run in runs if run.order.kind is kind), None)
    return TriggerView(kind, name, None if value is None else float(value), float(threshold), share, fired, note)
