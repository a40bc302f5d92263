"""Snapshots as rows, and as intervals: a batch has one row for as long as it stands on one side."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from samouk.loop.ports import NotFound, Outdated
from samouk.loop.records import BatchEntry, BatchState, Growth, Side, Snapshot
from samouk.store.sql.database import Database, Writer, chunks
from samouk.store.sql.tables import batches, forgotten, memberships, snapshots

USED = (Side.TRAIN, Side.HOLDOUT)
"""Sides whose batches a version learned from or was judged on."""

_PAGE = 5_000
_CHUNK = 400  # bound parameters in one statement; every SQLite takes 999
_FIELDS = tuple(field.name for field in dataclasses.fields(Snapshot))
_KEEP = f"""
INSERT INTO snapshots ({", ".join(f'"{name}"' for name in _FIELDS)})
VALUES ({", ".join("?" * len(_FIELDS))}) RETURNING sequence"""  # noqa: S608 - made of constants
_LAST = "SELECT sequence, digest FROM snapshots WHERE learner = ? ORDER BY sequence DESC LIMIT 1"
_LOOKED = "UPDATE snapshots SET through = ?, changed = ? WHERE sequence = ?"
_END_ALL = "UPDATE memberships SET until = ? WHERE learner = ? AND until IS NULL"
_END = "UPDATE memberships SET until = ? WHERE batch_id = ? AND learner = ? AND until IS NULL AND since < ?"
_HOLD = """
INSERT INTO memberships (learner, side, place, since, batch_id)
SELECT learner, 'quarantined', place, CAST(? AS BIGINT), batch_id FROM memberships
WHERE batch_id = ? AND learner = ? AND until IS NULL AND side <> 'quarantined'"""


@dataclass(frozen=True, slots=True)
class Snapshots:
    """What the registry keeps of snapshots."""

    database: Database

    def add(self, growth: Growth) -> Snapshot:
        """See ``Registry.add_snapshot``; it costs what is new in it."""
        snapshot = growth.snapshot
        with self.database.transact() as writer:
            last = next(iter(writer.fetch(_LAST, (snapshot.learner,))), None)
            if (last[1] if last else None) != growth.previous:
                raise Outdated(f"another process kept a snapshot of {snapshot.learner} meanwhile; take the turn again")
            if last and last[1] == snapshot.digest:
                writer.run(_LOOKED, (snapshot.through, snapshot.changed, last[0]))
            else:
                _enter(writer, growth)
        return snapshot

    def one(self, digest: str) -> Snapshot:
        """Raises NotFound."""
        with self.database.read() as connection:
            return _snapshot(_find(connection, digest))

    def latest(self, learner: str) -> Snapshot | None:
        """The one that was kept last."""
        mine = sa.select(snapshots).where(snapshots.c.learner == learner)
        with self.database.read() as connection:
            row = connection.execute(mine.order_by(snapshots.c.sequence.desc()).limit(1)).first()
        return _snapshot(row) if row else None

    def members(self, digest: str, side: Side, newest: int | None) -> Iterator[BatchEntry]:
        """See ``Registry.members``; read in pages, between which nothing that it tells can change but by erasure."""
        with self.database.read() as connection:
            wanted = _members(_find(connection, digest), side)
            if newest is not None:
                last = connection.execute(wanted.order_by(memberships.c.place.desc()).limit(newest)).all()
                return iter([_entry(row, side) for row in reversed(last)])
        return self._streamed(wanted, side)

    def _streamed(self, wanted: sa.Select[Any], side: Side) -> Iterator[BatchEntry]:
        after = None
        while True:
            page = wanted if after is None else wanted.where(memberships.c.place > after)
            with self.database.read() as connection:
                rows = connection.execute(page.order_by(memberships.c.place).limit(_PAGE)).all()
            yield from (_entry(row, side) for row in rows)
            if len(rows) < _PAGE:
                return
            after = rows[-1].sequence

    def sides(self, learner: str, batch_ids: Sequence[str]) -> dict[str, Side]:
        """See ``Registry.sides``."""
        columns = sa.select(memberships.c.batch_id, memberships.c.side)
        stand = columns.where(memberships.c.learner == learner, memberships.c.until.is_(None))
        found: dict[str, Side] = {}
        with self.database.read() as connection:
            for ids in chunks(batch_ids, _CHUNK):
                for batch_id, side in connection.execute(stand.where(memberships.c.batch_id.in_(ids))):
                    found[batch_id] = Side(side)
        return found


def fitted_on(learner: str, batch_ids: Sequence[str]) -> sa.Select[Any]:
    """Digests of the snapshots that taught or judged by one of the batches."""
    held = sa.select(snapshots.c.digest).join(memberships, _stands())
    used = held.where(memberships.c.batch_id.in_(batch_ids), memberships.c.side.in_(USED))
    return used.where(snapshots.c.learner == learner).distinct()


def lost_of(learner: str, digest: str | None) -> sa.Select[Any]:
    """Batches that a snapshot taught or judged by and that are forgotten by now."""
    return (
        sa.select(forgotten.c.batch_id)
        .join(memberships, memberships.c.batch_id == forgotten.c.batch_id)
        .join(snapshots, _stands())
        .where(forgotten.c.learner == learner, snapshots.c.digest == digest, memberships.c.side.in_(USED))
    )


def _stands() -> sa.ColumnElement[bool]:
    """Whether a membership holds in a snapshot."""
    ended = memberships.c.until.is_(None) | (memberships.c.until > snapshots.c.sequence)
    return (memberships.c.learner == snapshots.c.learner) & (memberships.c.since <= snapshots.c.sequence) & ended


def _enter(writer: Writer, growth: Growth) -> None:
    learner = growth.snapshot.learner
    values = [getattr(growth.snapshot, name) for name in _FIELDS]
    ((number,),) = writer.fetch(_KEEP, values)
    if growth.afresh:
        writer.run(_END_ALL, (number, learner))
    if growth.quarantined:
        writer.repeat(_HOLD, [(number, batch_id, learner) for batch_id in growth.quarantined])
    ended = [*growth.left, *growth.quarantined]
    if ended:
        writer.repeat(_END, [(number, batch_id, learner, number) for batch_id in ended])
    rows = [(learner, side.value, entry.sequence, number, entry.batch_id) for side, entry in growth.joined]
    if rows:
        columns = ("learner", "side", "place", "since", "batch_id")
        writer.insert("memberships", columns, rows, key="learner, side, place, since")


def _find(connection: sa.Connection, digest: str) -> Any:
    """The newest with this digest: of several the members are the same."""
    wanted = sa.select(snapshots).where(snapshots.c.digest == digest).order_by(snapshots.c.sequence.desc())
    row = connection.execute(wanted.limit(1)).first()
    if row is None:
        raise NotFound(f"no snapshot {digest}")
    return row


def _members(snapshot: Any, side: Side) -> sa.Select[Any]:
    gone = sa.select(forgotten.c.batch_id).where(
        forgotten.c.learner == snapshot.learner, forgotten.c.batch_id == memberships.c.batch_id
    )
    there = (batches.c.sequence == memberships.c.place) & (batches.c.batch_id == memberships.c.batch_id)
    columns = (batches.c.sequence, batches.c.batch_id, batches.c.learner, batches.c.schema_version)
    return (
        sa.select(*columns, batches.c.split_group, batches.c.rows, batches.c.day)
        .join(memberships, there)
        .where(
            memberships.c.learner == snapshot.learner,
            memberships.c.side == side.value,
            memberships.c.place <= snapshot.through,
            memberships.c.since <= snapshot.sequence,
            memberships.c.until.is_(None) | (memberships.c.until > snapshot.sequence),
            ~gone.exists(),
        )
    )


def _snapshot(row: Any) -> Snapshot:
    return Snapshot(**{**{name: getattr(row, name) for name in _FIELDS}, "content": bytes(row.content)})


def _entry(row: Any, side: Side) -> BatchEntry:
    """As it stood in the snapshot, whatever was done with it since."""
    state = BatchState.QUARANTINED if side is Side.QUARANTINED else BatchState.LIVE
    sequence, batch_id, learner, schema_version, group, rows, day = row
    return BatchEntry(sequence, batch_id, learner, schema_version, group, rows, day, state)
