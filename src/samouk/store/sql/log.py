"""The log: a row a batch, its columns in a pack among the blobs; what is erased leaves both."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from samouk.loop.columns import Columns
from samouk.loop.ports import Clock, CommitUnknown, CorruptBlob, NotFound, StoreUnavailable
from samouk.loop.records import (
    Arrived,
    Batch,
    BatchEntry,
    BatchState,
    Change,
    Compaction,
    Erasure,
    Fate,
    LogStats,
    Shard,
    Stored,
)
from samouk.store.blobs.codec import Pack, decode, encode, pack
from samouk.store.blobs.kept import KeptBlobs
from samouk.store.sql import changes
from samouk.store.sql.compaction import Compactor
from samouk.store.sql.database import Ask, Database
from samouk.store.sql.erasing import Eraser, erasure_of
from samouk.store.sql.retention import Expiry
from samouk.store.sql.tables import batches as batch_table
from samouk.store.sql.tables import counters, doomed_packs, erasures

ORPHAN_SECONDS = 3600.0
"""A pack or a model without a row is younger than this only while its commit is under way."""

_ENTRY = (
    batch_table.c.sequence,
    batch_table.c.batch_id,
    batch_table.c.learner,
    batch_table.c.schema_version,
    batch_table.c.split_group,
    batch_table.c.rows,
    batch_table.c.day,
    batch_table.c.state,
)
_PLACE = 'SELECT pack, "offset", length FROM batches WHERE batch_id = ?'
_IDS: sa.BindParameter[str] = sa.bindparam("ids", expanding=True)
_KNOWN = sa.union_all(
    sa.select(batch_table.c.batch_id, sa.literal(Stored.DUPLICATE.value)).where(batch_table.c.batch_id.in_(_IDS)),
    sa.select(erasures.c.batch_id, sa.literal(Stored.ERASED.value)).where(erasures.c.batch_id.in_(_IDS)),
)
_NEW_COUNTER = insert(counters)
_COUNT = _NEW_COUNTER.on_conflict_do_update(
    index_elements=["learner"],
    set_={name: counters.c[name] + _NEW_COUNTER.excluded[name] for name in ("batches", "samples", "quarantined")},
)
_LAST_UPLOAD = (
    sa.update(counters).where(counters.c.learner == sa.bindparam("whose")).values(last_upload=sa.bindparam("day"))
)
_CHUNK = 400  # bound parameters in one statement; every SQLite takes 999, and ``_KNOWN`` names each twice


@dataclass(frozen=True, slots=True)
class SqlLog:
    """Rows in the database, packs in a folder.

    A pack is on the disk before the rows that name it are committed, and goes only after the rows
    that name another are: a crash leaves at most a pack that nobody names, which ``sweep`` removes.
    """

    database: Database
    packs: KeptBlobs
    clock: Clock

    def append(self, batches: Sequence[Batch]) -> list[Stored]:
        firsts: dict[str, Batch] = {}
        for batch in batches:
            firsts.setdefault(batch.batch_id, batch)
        with self.database.read() as connection:
            known = _known(connection, list(firsts))
        frames = {batch.batch_id: encode(batch.columns) for batch in _others(firsts, known)}
        # Another writer may bring one of these between our look and our lock: its frame must stand in no pack of
        # ours, else erasing it would leave a copy. What is known only grows, so this ends.
        while fresh := _others(firsts, known):
            known |= (raced := self._store(fresh, pack(frames[batch.batch_id] for batch in fresh)))
            if not raced:
                break
        return _outcomes(batches, known)

    def _store(self, fresh: Sequence[Batch], packed: Pack) -> dict[str, Stored]:
        """Store all of these; none, and what is known of some, when another writer was quicker with any."""
        # Put before the lock is taken: whoever waits for it would wait for the disk, or for a far object store, too.
        key = self.packs.put(packed.data)
        try:
            with self.database.write() as connection:
                raced = _known(connection, [batch.batch_id for batch in fresh])
                if not raced:
                    self._enter(connection, fresh, key, packed)
        except CommitUnknown:
            raise  # rows that name the pack may stand by now, or soon; if none do, the sweep finds it
        except StoreUnavailable:
            # So that clients who try again do not fill the disk with it.
            self.packs.delete(key)
            raise
        if raced:
            self.packs.delete(key)
        return raced

    def _enter(self, connection: sa.Connection, fresh: Sequence[Batch], key: str, packed: Pack) -> None:
        day = self.clock.now().date()
        rows = [
            {**_row(batch), "day": day, "pack": key, "offset": offset, "length": length}
            for batch, (offset, length) in zip(fresh, packed.places, strict=True)
        ]
        connection.execute(sa.insert(batch_table), rows)
        for learner in {batch.learner for batch in fresh}:
            mine = [batch.rows for batch in fresh if batch.learner == learner]
            _count(connection, learner, batches=len(mine), samples=sum(mine))
            connection.execute(_LAST_UPLOAD, {"whose": learner, "day": day})

    def entries(self, learner: str, after: int = 0) -> list[BatchEntry]:
        wanted = sa.select(*_ENTRY).where(batch_table.c.learner == learner, batch_table.c.sequence > after)
        with self.database.read() as connection:
            return [_entry(row) for row in connection.execute(wanted.order_by(batch_table.c.sequence))]

    def arrived(self, learner: str, schema_version: int, after: int, newest: int) -> Arrived:
        mine = (
            batch_table.c.learner == learner,
            batch_table.c.sequence > after,
            batch_table.c.schema_version == schema_version,
            batch_table.c.state == BatchState.LIVE.value,
        )
        count = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(batch_table.c.rows), 0)).where(*mine)
        last = sa.select(*_ENTRY).where(*mine).order_by(batch_table.c.sequence.desc()).limit(newest)
        with self.database.read() as connection:
            number, rows = connection.execute(count).one()
            entries = [_entry(row) for row in connection.execute(last)]
        return Arrived(number, int(rows), entries[::-1])

    def changes(self, learner: str, after: int = 0) -> list[Change]:
        with self.database.read() as connection:
            return changes.since(connection, learner, after)

    def read(self, entries: Sequence[BatchEntry]) -> Iterator[tuple[BatchEntry, Columns]]:
        key, data = "", memoryview(b"")
        with self.database.follow() as ask:
            for entry in entries:
                # Asked anew for each: an erasure may move or take it while the caller is at work.
                place = ask(_PLACE, entry.batch_id)
                if place is not None and place[0] != key:
                    place, data = self._open(ask, entry.batch_id, place)
                if place is not None:
                    key, offset, length = place
                    yield entry, decode(data[offset : offset + length])

    def _open(self, ask: Ask, batch_id: str, place: Any) -> tuple[Any, memoryview]:
        """The batch's pack, followed to where an erasure of a neighbour may have moved it."""
        while place is not None:
            try:
                return place, memoryview(self.packs.get(place[0]))
            except NotFound:
                moved = ask(_PLACE, batch_id)
                if moved == place:
                    raise CorruptBlob(f"pack {place[0]} of batch {batch_id} is gone; restore a backup") from None
                place = moved
        return None, memoryview(b"")

    def shards(self, entries: Sequence[BatchEntry]) -> list[Shard]:
        table, found = batch_table.c, dict[str, Any]()
        with self.database.read() as connection:
            for chunk in _chunks([entry.batch_id for entry in entries]):
                asked = sa.select(table.batch_id, table.pack, table.offset, table.length, table.rows)
                found |= {row[0]: row for row in connection.execute(asked.where(table.batch_id.in_(chunk)))}
        return [Shard(*found[entry.batch_id]) for entry in entries if entry.batch_id in found]

    def quarantine(self, batch_ids: Sequence[str], reason: str) -> None:
        change = {"state": BatchState.QUARANTINED.value, "reason": reason}
        with self.database.write() as connection:
            for chunk in _chunks(list(batch_ids)):
                live = batch_table.c.batch_id.in_(chunk) & (batch_table.c.state == BatchState.LIVE.value)
                held = sa.select(batch_table.c.learner, batch_table.c.batch_id, batch_table.c.rows).where(live)
                found = [(learner, batch_id, rows) for learner, batch_id, rows in connection.execute(held)]
                for learner, number in Counter(learner for learner, *_ in found).items():
                    _count(connection, learner, quarantined=number)
                changes.note(connection, Fate.QUARANTINED, found)
                connection.execute(sa.update(batch_table).where(live).values(change))

    def erase(self, batch_id: str, receipt_hash: str) -> Erasure:
        return self.erase_many([(batch_id, receipt_hash)])[0]

    def erase_many(self, wanted: Sequence[tuple[str, str]]) -> list[Erasure]:
        erased = Eraser(self.database, self.packs, self.clock).erase(wanted)
        self.bury()
        return erased

    def of_receipts(self, receipt_hashes: Sequence[str]) -> list[tuple[BatchEntry | Erasure, str]]:
        stored: list[Any] = []
        erased: list[Any] = []
        with self.database.read() as connection:
            for chunk in _chunks(list(receipt_hashes)):
                wanted = sa.select(*_ENTRY, batch_table.c.receipt_hash).where(batch_table.c.receipt_hash.in_(chunk))
                stored += connection.execute(wanted).all()
                erased += connection.execute(sa.select(erasures).where(erasures.c.receipt_hash.in_(chunk))).all()
        stored.sort(key=lambda row: row.sequence)
        gone = ((erasure_of(row), row.receipt_hash) for row in erased)
        return [*((_entry(row[:-1]), row.receipt_hash) for row in stored), *gone]

    def bury(self) -> None:
        """Delete the packs that erasures replaced, and every trace in the database's own files.

        Traces that a reader still needs stay until the next call, the close or the next opening.
        """
        with self.database.read() as connection:
            doomed = list(connection.scalars(sa.select(doomed_packs.c.pack)))
        for key in doomed:
            self.packs.delete(key)
        if doomed:
            with self.database.write() as connection:
                for chunk in _chunks(doomed):
                    connection.execute(sa.delete(doomed_packs).where(doomed_packs.c.pack.in_(chunk)))
        if doomed or self.database.traces:
            self.database.scrub()

    def sweep(self, seconds: float = ORPHAN_SECONDS) -> list[str]:
        """Delete packs that no row names and that are at least so old; returns their keys."""
        return self.packs.sweep(self.named, seconds)

    def named(self) -> set[str]:
        """Keys of the packs that hold batches."""
        with self.database.read() as connection:
            return set(connection.scalars(sa.select(batch_table.c.pack).distinct()))

    def erasures(self, learner: str) -> list[Erasure]:
        with self.database.read() as connection:
            return [erasure_of(row) for row in connection.execute(_erased(learner).order_by(erasures.c.sequence))]

    def last_erasure(self, learner: str) -> dt.date | None:
        newest = _erased(learner).with_only_columns(erasures.c.day).order_by(erasures.c.sequence.desc())
        with self.database.read() as connection:
            return connection.scalar(newest.limit(1))

    def expire(self, before: dt.date, limit: int) -> list[Erasure]:
        expired = Expiry(self.database, self.clock).expire(before, limit)
        self.bury()
        return expired

    def compact(self, check: Callable[[], None]) -> Compaction:
        return Compactor(self.database, self.packs, self.bury).compact(check)

    def stats(self, learner: str) -> LogStats:
        with self.database.read() as connection:
            row = connection.execute(sa.select(counters).where(counters.c.learner == learner)).first()
        return LogStats(row.batches, row.samples, row.quarantined, row.last_upload) if row else LogStats(0, 0, 0, None)


def _chunks(batch_ids: list[str]) -> Iterator[list[str]]:
    return (batch_ids[start : start + _CHUNK] for start in range(0, len(batch_ids), _CHUNK))


def _known(connection: sa.Connection, batch_ids: list[str]) -> dict[str, Stored]:
    known: dict[str, Stored] = {}
    for chunk in _chunks(batch_ids):
        for batch_id, state in connection.execute(_KNOWN, {"ids": chunk}):
            known[batch_id] = Stored(state)
    return known


def _others(batches: dict[str, Batch], known: dict[str, Stored]) -> list[Batch]:
    return [batch for batch_id, batch in batches.items() if batch_id not in known]


def _outcomes(given: Sequence[Batch], known: dict[str, Stored]) -> list[Stored]:
    """What became of each: a second copy of a new batch is a duplicate of the first."""
    seen = dict(known)
    out: list[Stored] = []
    for batch in given:
        out.append(seen.get(batch.batch_id, Stored.STORED))
        seen.setdefault(batch.batch_id, Stored.DUPLICATE)
    return out


def _row(batch: Batch) -> dict[str, Any]:
    return {
        "batch_id": batch.batch_id,
        "learner": batch.learner,
        "schema_version": batch.schema_version,
        "split_group": batch.group,
        "rows": batch.rows,
        "state": BatchState.LIVE.value,
        "receipt_hash": batch.receipt_hash,
    }


def _count(connection: sa.Connection, learner: str, batches: int = 0, samples: int = 0, quarantined: int = 0) -> None:
    """Add to the learner's counters, which start at nothing."""
    by = {"batches": batches, "samples": samples, "quarantined": quarantined}
    connection.execute(_COUNT, {"learner": learner, **by})


def _erased(learner: str) -> sa.Select[Any]:
    return sa.select(erasures).where(erasures.c.learner == learner, erasures.c.fate == Fate.ERASED.value)


def _entry(row: Any) -> BatchEntry:
    sequence, batch_id, learner, schema_version, group, rows, day, state = row
    return BatchEntry(sequence, batch_id, learner, schema_version, group, rows, day, BatchState(state))
