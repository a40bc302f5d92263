"""Batches, versions and snapshots to put into a store."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import numpy as np

from samouk.edge.wire import receipt_hash
from samouk.loop.columns import Column
from samouk.loop.ports import Services
from samouk.loop.records import (
    Act,
    Batch,
    BatchEntry,
    Growth,
    Order,
    Run,
    Side,
    Snapshot,
    Stage,
    TriggerKind,
    Version,
)
from samouk.store.clock import MONDAY

MOMENT = dt.datetime(2026, 1, 5, 12, 30, tzinfo=dt.UTC)
LEARNER = "toy.colour"


def batch_id(number: int) -> str:
    """The id of a batch, of the form that clients send."""
    return f"{number:08x}-0000-4000-8000-000000000000"


def receipt(number: int) -> str:
    """The receipt of batch ``number``, hashed as it is sent."""
    return receipt_hash(f"secret {number}")


def columns(rows: int, seed: int) -> dict[str, Column]:
    """One column of every dtype that a schema may have."""
    rng = np.random.default_rng(seed)
    return {
        "identifier": np.frombuffer(rng.bytes(16 * rows), "V16"),
        "flag": rng.integers(-1, 2, rows).astype(np.int8),
        "integer": rng.integers(0, 100_000, rows).astype(np.int32),
        "number": np.where(rng.random(rows) < 0.1, np.nan, rng.random(rows)).astype(np.float32),
        "category": rng.integers(-1, 36, rows).astype(np.int16),
        "week": np.full(rows, 20_000, np.int32),
    }


def batch(number: int, learner: str = LEARNER, rows: int = 5) -> Batch:
    """Batch ``number``; the same each time."""
    return Batch(batch_id(number), learner, 1, number % 16, receipt(number), columns(rows, number))


def digest_of(number: int) -> str:
    """The digest of snapshot ``number``."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def entry(number: int) -> BatchEntry:
    """What the log says of batch ``number`` when 0 and all up to it were stored in order, and nothing else."""
    return BatchEntry(number + 1, batch_id(number), LEARNER, 1, number % 16, 5, MONDAY.date())


def snapshot(
    services: Services, number: int, train: list[int], holdout: list[int], quarantined: list[int] | None = None
) -> Snapshot:
    """Keep a snapshot of batches by their numbers, which has nothing to do with the one before."""
    sides = {Side.TRAIN: train, Side.HOLDOUT: holdout, Side.QUARANTINED: quarantined or []}
    joined = sorted(
        ((side, entry(n)) for side, numbers in sides.items() for n in numbers), key=lambda one: one[1].sequence
    )
    held = len(quarantined or [])
    frozen = Snapshot(
        digest_of(number), LEARNER, 1, 5 * (len(train) + len(holdout)), len(train), len(holdout), held, 100_000, 0, b""
    )
    previous = services.registry.latest_snapshot(LEARNER)
    growth = Growth(frozen, previous.digest if previous else None, joined, afresh=True)
    return services.registry.add_snapshot(growth)


def alone(services: Services, learner: str, schema_version: int, batch_id: str, digest: str) -> Snapshot:
    """Keep a snapshot that teaches by one batch and has nothing to do with the one before."""
    only = BatchEntry(1, batch_id, learner, schema_version, 1, 1, MONDAY.date())
    frozen = Snapshot(digest, learner, schema_version, 1, 1, 0, 0, 1, 0, b"")
    previous = services.registry.latest_snapshot(learner)
    growth = Growth(frozen, previous.digest if previous else None, [(Side.TRAIN, only)], afresh=True)
    return services.registry.add_snapshot(growth)


def members(services: Services, digest: str | None) -> dict[str, list[str]]:
    """Ids of the members of a snapshot that are still there, by side."""
    registry = services.registry
    return {str(side): [one.batch_id for one in registry.members(digest or "", side)] for side in Side}


def version(number: int, stage: Stage = Stage.STAGING, **more: Any) -> Version:
    """Version ``v1.<number>``."""
    digest = hashlib.sha256(bytes([number])).hexdigest()
    return Version(LEARNER, f"v1.{number}", number, stage, digest, digest, 7, MOMENT, **more)


def run(number: int, **more: Any) -> Run:
    """A run that started ``number`` hours after the others."""
    order = Order(TriggerKind.VOLUME, "1,000 new samples")
    return Run(f"run-{number}", LEARNER, order, MOMENT + dt.timedelta(hours=number), **more)


def act(number: int) -> Act:
    """What someone did."""
    return Act("tester", "release", f"{LEARNER}/v1.{number}", "because it is better – «лучше»", MOMENT)
