"""Freeze what was seen: entries of the log → an immutable dataset version, and its rows when they are needed."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from samouk.loop import multiset
from samouk.loop.columns import Column, Columns, concatenate, dtype_of, rows_in, take
from samouk.loop.learner import Learner
from samouk.loop.ports import Log, Registry, Scratch
from samouk.loop.records import (
    BatchEntry,
    BatchState,
    Change,
    Examples,
    Fate,
    Growth,
    Labels,
    Side,
    Snapshot,
    known,
)
from samouk.loop.scratch import IN_MEMORY

_COLUMNS = "columns."
"""Before a field's name, so that no field is taken for a label."""


def freeze(learner: Learner, log: Log, registry: Registry) -> Snapshot:
    """Decide which batches are learnt from and which are kept to judge by, and keep that as a snapshot.

    It goes on from the learner's last one and looks only at what came and changed since.

    Raises:
        Outdated: another process kept a snapshot meanwhile.
    """
    return registry.add_snapshot(_next(learner, log, registry))


def proposed(learner: Learner, log: Log, registry: Registry) -> tuple[list[BatchEntry], list[BatchEntry]]:
    """What ``freeze`` would teach by and judge by now, in order of arrival; nothing is kept."""
    growth = _next(learner, log, registry)
    gone = {*growth.left, *growth.quarantined}
    sides: dict[Side, list[BatchEntry]] = {side: [] for side in Side}
    if growth.previous and not growth.afresh:
        for side in (Side.TRAIN, Side.HOLDOUT):
            stay = (entry for entry in registry.members(growth.previous, side) if entry.batch_id not in gone)
            sides[side].extend(stay)
    for side, entry in growth.joined:
        sides[side].append(entry)
    return sides[Side.TRAIN], sides[Side.HOLDOUT]


def _next(learner: Learner, log: Log, registry: Registry) -> Growth:
    previous = registry.latest_snapshot(learner.name)
    # Changes first: what changes before the entries are read is seen in them, and found without effect next time.
    changes = log.changes(learner.name, previous.changed if previous else 0)
    goes_on = previous is not None and previous.schema_version == learner.schema.version
    entries = log.entries(learner.name, previous.through if previous and goes_on else 0)
    stood = registry.sides(learner.name, [change.batch_id for change in changes]) if goes_on else {}
    return grow(learner, previous, entries, changes, stood)


def grow(
    learner: Learner,
    previous: Snapshot | None,
    entries: Sequence[BatchEntry],
    changes: Sequence[Change],
    stood: Mapping[str, Side],
) -> Growth:
    """The next snapshot, from what came and changed since the one before.

    The split goes by the batch's group, which is the same for all contributors of one application: no application
    stands on both sides. Where a batch was put it stays, also when the policy's groups change.

    Args:
        entries: that came after ``previous.through``; all of them when that is of another schema.
        changes: that came after ``previous.changed``.
        stood: on which side of ``previous`` changed batches stood; others were no members.
    """
    base = previous if previous and previous.schema_version == learner.schema.version else None
    joined = [(_side(learner, entry), entry) for entry in entries if usable(learner, entry)]
    lost = {change.batch_id: change.rows for change in changes if change.batch_id in stood}
    gone = {change.batch_id for change in changes if change.fate is not Fate.QUARANTINED and change.batch_id in stood}
    held_back = [name for name in lost if name not in gone and stood[name] is not Side.QUARANTINED]
    numbers = Counter({side: getattr(base, side) if base else 0 for side in Side})
    numbers.update(side for side, _ in joined)
    numbers.subtract(stood[name] for name in (*gone, *held_back))
    numbers[Side.QUARANTINED] += len(held_back)
    rows = (base.rows if base else 0) + sum(entry.rows for side, entry in joined if side is not Side.QUARANTINED)
    rows -= sum(lost[name] for name in (*gone, *held_back) if stood[name] is not Side.QUARANTINED)
    content = multiset.changed(
        base.content if base else multiset.NOTHING,
        [
            *(_member(side, entry.batch_id) for side, entry in joined),
            *(_member(Side.QUARANTINED, n) for n in held_back),
        ],
        [_member(stood[name], name) for name in (*gone, *held_back)],
    )
    snapshot = Snapshot(
        digest=_digest(learner, numbers, content),
        learner=learner.name,
        schema_version=learner.schema.version,
        rows=rows,
        train=numbers[Side.TRAIN],
        holdout=numbers[Side.HOLDOUT],
        quarantined=numbers[Side.QUARANTINED],
        through=max((entry.sequence for entry in entries), default=base.through if base else 0),
        changed=max((change.sequence for change in changes), default=previous.changed if previous else 0),
        content=content,
    )
    before = previous.digest if previous else None
    return Growth(snapshot, before, joined, held_back, sorted(gone), afresh=base is None)


def usable(learner: Learner, entry: BatchEntry) -> bool:
    """Whether the batch is of the learner's present schema; older ones stay in the log and are learnt from no more."""
    return entry.learner == learner.name and entry.schema_version == learner.schema.version


def _side(learner: Learner, entry: BatchEntry) -> Side:
    if entry.state is BatchState.QUARANTINED:
        return Side.QUARANTINED
    return Side.HOLDOUT if entry.group in learner.policy.holdout_groups else Side.TRAIN


def _member(side: Side, batch_id: str) -> str:
    return f"{side}\0{batch_id}"


def _digest(learner: Learner, numbers: Mapping[Side, int], content: bytes) -> str:
    members = {"numbers": {str(side): numbers[side] for side in Side}, "sum": hashlib.sha256(content).hexdigest()}
    named = {"learner": learner.name, "schema": learner.schema.version, **members}
    return hashlib.sha256(json.dumps(named, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def load(
    learner: Learner,
    log: Log,
    entries: Sequence[BatchEntry],
    *,
    scratch: Scratch = IN_MEMORY,
    judged: bool = False,
) -> Examples:
    """The labelled rows of these batches; rows whose label abstains are left out as they stream by.

    Args:
        scratch: where the rows are put; arrays from it may be read-only.
        judged: leave out labels that are too weak to judge a model on, too.
    """
    parts = (label(learner, columns, number) for number, (_, columns) in enumerate(log.read(entries)))
    kept = map(trusted, parts) if judged else parts
    return gather(learner, kept, sum(entry.rows for entry in entries), scratch)


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
