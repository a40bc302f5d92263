"""What the triggers want to know, read from the store: the champion, what is new, and how it fares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from samouk.loop import snapshot, trigger
from samouk.loop.learner import Learner, mean
from samouk.loop.ports import Services
from samouk.loop.records import Artifact, BatchEntry, BatchState, Order, Stage, Version

FRESH_BATCHES = 50
"""Newest batches that the quality and drift triggers look at: a bounded daily cost."""


@dataclass(frozen=True, slots=True)
class Champion:
    """The version in service with its bytes at hand."""

    version: Version
    artifact: Artifact


def champion_of(learner: Learner, services: Services) -> Champion | None:
    """The version in service, with its artifact."""
    version = services.registry.production(learner.name)
    if version is None:
        return None
    return Champion(version, Artifact(services.blobs.get(version.artifact_key), version.metadata))


def untainted(learner: Learner, services: Services) -> Champion | None:
    """The newest version that was in service and was fitted on nothing that was erased since."""
    for version in services.registry.versions(learner.name):
        if version.stage is Stage.ARCHIVED and not version.tainted:
            return Champion(version, Artifact(services.blobs.get(version.artifact_key), version.metadata))
    return None


def unseen(learner: Learner, services: Services, entries: Sequence[BatchEntry]) -> list[BatchEntry]:
    """Live batches that no finished run has learnt from: a run that failed or was killed has seen nothing."""
    last = services.runs.last_finished(learner.name)
    previous = services.registry.snapshot(last.snapshot) if last and last.snapshot else None
    seen = {*previous.train, *previous.holdout, *previous.quarantined} if previous else set()
    return [
        entry
        for entry in entries
        if entry.batch_id not in seen and entry.state is BatchState.LIVE and snapshot.usable(learner, entry)
    ]


def taint_erased(learner: Learner, services: Services) -> None:
    """Mark the versions behind every erasure: a process may have died between the erasure and the mark."""
    for erasure in services.log.erasures(learner.name):
        services.registry.taint(learner.name, erasure.batch_id)


def observe(learner: Learner, services: Services) -> trigger.State:
    """What the triggers want to know, from the store; bounded by ``FRESH_BATCHES``."""
    entries = services.log.entries(learner.name)
    fresh = unseen(learner, services, entries)
    last = services.runs.last_finished(learner.name)
    champion = champion_of(learner, services)
    quality, moved = _health(learner, services, champion, fresh[-FRESH_BATCHES:])
    return trigger.State(
        now=services.clock.now(),
        last_turn=last.started if last else None,
        last_kind=last.order.kind if last else None,
        new_samples=sum(entry.rows for entry in fresh),
        erased=champion is not None and champion.version.tainted,
        quality=quality,
        moved=moved,
    )


def _health(
    learner: Learner, services: Services, champion: Champion | None, fresh: Sequence[BatchEntry]
) -> tuple[dict[str, float], dict[str, float]]:
    """The champion's metrics on fresh labelled rows, and the fields that left its reference."""
    if champion is None or not fresh:
        return {}, {}
    read = [columns for _, columns in services.log.read(fresh)]
    parts = [snapshot.label(learner, columns, number) for number, columns in enumerate(read)]
    examples = snapshot.trusted(snapshot.join(learner, parts))
    quality: dict[str, float] = {}
    if examples.rows >= trigger.QUALITY_MINIMUM:
        scores = learner.score(champion.artifact, examples)
        quality = {name: mean(values) for name, values in scores.items() if not np.isnan(values).all()}
    reference = champion.version.metadata.get("reference")
    if not reference or sum(entry.rows for entry in fresh) < trigger.DRIFT_MINIMUM:
        return quality, {}
    # The reference is of labelled rows, so it is compared with labelled rows.
    everything = snapshot.join(learner, parts)
    recent = trigger.histogram(learner.schema, everything.columns)
    return quality, trigger.moved(reference, recent)


def due(learner: Learner, services: Services) -> Order | None:
    """The daily question: is it time to learn?"""
    taint_erased(learner, services)
    return trigger.decide(learner.policy.triggers, learner.metrics, observe(learner, services))
