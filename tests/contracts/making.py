"""Batches, versions and snapshots to put into a store."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import numpy as np

from samouk.edge.wire import receipt_hash
from samouk.loop.columns import Column
from samouk.loop.records import Act, Batch, Order, Run, Snapshot, Stage, TriggerKind, Version

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


def snapshot(number: int, train: list[int], holdout: list[int], quarantined: list[int] | None = None) -> Snapshot:
    """A snapshot of batches by their numbers."""
    taught, held, kept_out = (tuple(map(batch_id, side)) for side in (train, holdout, quarantined or []))
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    return Snapshot(digest, LEARNER, 1, taught, held, kept_out, rows=5 * (len(train) + len(holdout)))


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
