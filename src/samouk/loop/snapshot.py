"""Freeze what was seen: entries of the log → an immutable dataset version, and its rows when they are needed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from samouk.loop.columns import Column, Columns, concatenate, dtype_of, rows_in, take
from samouk.loop.learner import Learner
from samouk.loop.ports import Log, Scratch
from samouk.loop.records import BatchEntry, BatchState, Examples, Labels, Snapshot, known
from samouk.loop.scratch import IN_MEMORY

_COLUMNS = "columns."
"""Before a field's name, so that no field is taken for a label."""


def freeze(learner: Learner, entries: Sequence[BatchEntry], previous: Snapshot | None) -> Snapshot:
    """Decide which batches are learnt from and which are kept to judge by.

    The split goes by the batch's group, which is the same for all contributors of one application:
    no application stands on both sides. The holdout is append-only: what was held out stays so
    (unless it was erased or quarantined), even when the policy's groups change.
    """
    live = [entry for entry in entries if usable(learner, entry) and entry.state is BatchState.LIVE]
    quarantined = [entry for entry in entries if entry.state is BatchState.QUARANTINED]
    once_held = set(previous.holdout) if previous else set()
    once_taught = set(previous.train) if previous else set()
    holdout = [
        entry
        for entry in live
        if entry.batch_id in once_held
        or (entry.group in learner.policy.holdout_groups and entry.batch_id not in once_taught)
    ]
    held = {entry.batch_id for entry in holdout}
    return _snapshot(
        learner,
        train=[entry.batch_id for entry in live if entry.batch_id not in held],
        holdout=[entry.batch_id for entry in holdout],
        quarantined=[entry.batch_id for entry in quarantined],
        rows=sum(entry.rows for entry in live),
    )


def usable(learner: Learner, entry: BatchEntry) -> bool:
    """Whether the batch is of the learner's present schema; older ones stay in the log and are learnt from no more."""
    return entry.learner == learner.name and entry.schema_version == learner.schema.version


def _snapshot(learner: Learner, train: list[str], holdout: list[str], quarantined: list[str], rows: int) -> Snapshot:
    # Sorted: the same batches give the same digest, in whatever order they arrived.
    sides = {"train": sorted(train), "holdout": sorted(holdout), "quarantined": sorted(quarantined)}
    content = {"learner": learner.name, "schema": learner.schema.version, **sides}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    return Snapshot(
        digest=digest,
        learner=learner.name,
        schema_version=learner.schema.version,
        train=tuple(sides["train"]),
        holdout=tuple(sides["holdout"]),
        quarantined=tuple(sides["quarantined"]),
        rows=rows,
    )


def load(
    learner: Learner,
    log: Log,
    entries: Sequence[BatchEntry],
    batch_ids: Collection[str],
    *,
    scratch: Scratch = IN_MEMORY,
    judged: bool = False,
) -> Examples:
    """The labelled rows of the named batches; rows whose label abstains are left out as they stream by.

    Args:
        scratch: where the rows are put; arrays from it may be read-only.
        judged: leave out labels that are too weak to judge a model on, too.
    """
    wanted = set(batch_ids)
    chosen = [entry for entry in entries if entry.batch_id in wanted]
    parts = (label(learner, columns, number) for number, (_, columns) in enumerate(log.read(chosen)))
    kept = map(trusted, parts) if judged else parts
    return gather(learner, kept, sum(entry.rows for entry in chosen), scratch)


def gather(learner: Learner, parts: Iterable[Examples], rows: int, scratch: Scratch = IN_MEMORY) -> Examples:
    """Many examples as one, in order, of at most so many rows; each part is let go before the next is asked for."""
    dtypes = {_COLUMNS + spec.name: dtype_of(spec) for spec in learner.schema.fields}
    own: dict[str, type[np.generic]] = {
        "label": _value_type(learner),
        "confidence": np.float32,
        "trusted": np.bool_,
        "group": np.int32,
    }
    room = scratch.room({**dtypes, **{name: np.dtype(kind) for name, kind in own.items()}}, rows)
    for part in parts:
        room.add(_arrays(part))
    found = room.arrays()
    labels = Labels(found["label"], found["confidence"], found["trusted"])
    columns = {spec.name: found[_COLUMNS + spec.name] for spec in learner.schema.fields}
    return Examples(columns, labels, found["group"])


def _value_type(learner: Learner) -> type[np.generic]:
    return np.int16 if learner.classes else np.float32


def _arrays(examples: Examples) -> dict[str, Column]:
    labels = examples.labels
    own = {"label": labels.values, "confidence": labels.confidence, "trusted": labels.trusted, "group": examples.groups}
    return {**{_COLUMNS + name: column for name, column in examples.columns.items()}, **own}


def label(learner: Learner, columns: Columns, group: int) -> Examples:
    """One batch with its automatic labels, without the rows that have none."""
    labels = learner.label(columns)
    kept = np.flatnonzero(known(labels.values))
    chosen = Labels(labels.values[kept], labels.confidence[kept], labels.trusted[kept])
    return Examples(take(columns, kept), chosen, np.full(len(kept), group, np.int32))


def join(learner: Learner, parts: Sequence[Examples]) -> Examples:
    """Many examples as one, in order."""
    if not parts:
        nothing = np.empty(0, np.float32)
        labels = Labels(nothing.astype(_value_type(learner)), nothing, nothing.astype(bool))
        return Examples(concatenate(learner.schema, []), labels, nothing.astype(np.int32))
    return Examples(
        concatenate(learner.schema, [part.columns for part in parts]),
        Labels(
            np.concatenate([part.labels.values for part in parts]),
            np.concatenate([part.labels.confidence for part in parts]),
            np.concatenate([part.labels.trusted for part in parts]),
        ),
        np.concatenate([part.groups for part in parts]),
    )


def trusted(examples: Examples) -> Examples:
    """Only the rows whose labels are good enough to judge a model on."""
    kept = np.flatnonzero(examples.labels.trusted)
    labels = examples.labels
    chosen = Labels(labels.values[kept], labels.confidence[kept], labels.trusted[kept])
    columns = take(examples.columns, kept) if rows_in(examples.columns) else examples.columns
    return Examples(columns, chosen, examples.groups[kept])
