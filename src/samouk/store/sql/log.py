"""The log: a row a batch, its columns in a pack among the blobs; what is erased leaves both."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from samouk.loop.columns import Columns
from samouk.loop.ports import Clock, CorruptBlob, NotFound, StoreUnavailable, WrongReceipt
from samouk.loop.records import Batch, BatchEntry, BatchState, Erasure, LogStats, Stored
from samouk.store.blobs.codec import Pack, decode, encode, pack
from samouk.store.blobs.kept import KeptBlobs
from samouk.store.sql.database import Ask, Database
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
        # Encoded before the write lock is taken; a duplicate's frame is thrown away.
        frames = {batch_id: encode(batch.columns) for batch_id, batch in firsts.items()}
        key = ""
        try:
            with self.database.write() as connection:
                known = _known(connection, list(firsts))
                fresh = [batch for batch in firsts.values() if batch.batch_id not in known]
                packed = pack(frames[batch.batch_id] for batch in fresh)
                if fresh:
                    key = self.packs.put(packed.data)
                    self._enter(connection, fresh, key, packed)
        except StoreUnavailable:
            if key:
                self._withdraw(key)
            raise
        return _outcomes(batches, known)

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

    def _withdraw(self, key: str) -> None:
        """Delete the pack of a commit that failed, so that clients who try again do not fill the disk with it."""
        with self.database.read() as connection:
            named = connection.execute(
                sa.select(batch_table.c.sequence).where(batch_table.c.pack == key).limit(1)
            ).first()
        if named is None:
            self.packs.delete(key)

    def entries(self, learner: str, after: int = 0) -> list[BatchEntry]:
        wanted = sa.select(*_ENTRY).where(batch_table.c.learner == learner, batch_table.c.sequence > after)
        with self.database.read() as connection:
            return [
                BatchEntry(*row[:-1], state=BatchState(row.state))
                for row in connection.execute(wanted.order_by(batch_table.c.sequence))
            ]

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

    def quarantine(self, batch_ids: Sequence[str], reason: str) -> None:
        change = {"state": BatchState.QUARANTINED.value, "reason": reason}
        with self.database.write() as connection:
            for chunk in _chunks(list(batch_ids)):
                live = batch_table.c.batch_id.in_(chunk) & (batch_table.c.state == BatchState.LIVE.value)
                held = sa.select(batch_table.c.learner, sa.func.count()).where(live).group_by(batch_table.c.learner)
                for learner, number in connection.execute(held).all():
                    _count(connection, learner, quarantined=number)
                connection.execute(sa.update(batch_table).where(live).values(change))

    def erase(self, batch_id: str, receipt_hash: str) -> Erasure:
        with self.database.write() as connection:
            erasure = _erased(connection, batch_id, receipt_hash) or self._erase(connection, batch_id, receipt_hash)
        self.bury()
        return erasure

    def _erase(self, connection: sa.Connection, batch_id: str, receipt_hash: str) -> Erasure:
        row = connection.execute(sa.select(batch_table).where(batch_table.c.batch_id == batch_id)).first()
        if row is None:
            raise NotFound(f"no batch {batch_id} was ever stored")
        _check_receipt(batch_id, row.receipt_hash, receipt_hash)
        self._repack(connection, row)
        connection.execute(sa.delete(batch_table).where(batch_table.c.batch_id == batch_id))
        erasure = Erasure(batch_id, row.learner, row.rows, self.clock.now().date())
        kept = {"batch_id": batch_id, "learner": row.learner, "rows": row.rows, "day": erasure.day}
        connection.execute(sa.insert(erasures).values(**kept, receipt_hash=row.receipt_hash))
        held = int(row.state == BatchState.QUARANTINED)
        _count(connection, row.learner, batches=-1, samples=-row.rows, quarantined=-held)
        _recall_last_upload(connection, row.learner)
        return erasure

    def _repack(self, connection: sa.Connection, gone: Any) -> None:
        """Write the pack anew without the batch, point its neighbours there and doom the old one."""
        neighbours = (batch_table.c.pack == gone.pack) & (batch_table.c.batch_id != gone.batch_id)
        kept = connection.execute(sa.select(batch_table).where(neighbours).order_by(batch_table.c.offset)).all()
        connection.execute(insert(doomed_packs).values(pack=gone.pack).on_conflict_do_nothing())
        if not kept:
            return
        data = self.packs.get(gone.pack)
        packed = pack(data[row.offset : row.offset + row.length] for row in kept)
        key = self.packs.put(packed.data)
        for row, (offset, length) in zip(kept, packed.places, strict=True):
            moved = {"pack": key, "offset": offset, "length": length}
            connection.execute(sa.update(batch_table).where(batch_table.c.sequence == row.sequence).values(moved))

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
                connection.execute(sa.delete(doomed_packs).where(doomed_packs.c.pack.in_(doomed)))
        if doomed or self.database.traces:
            self.database.scrub()

    def sweep(self, seconds: float = ORPHAN_SECONDS) -> list[str]:
        """Delete packs that no row names and that are at least so old; returns their keys."""
        return self.packs.sweep(self._named, seconds)

    def _named(self) -> set[str]:
        with self.database.read() as connection:
            return set(connection.scalars(sa.select(batch_table.c.pack).distinct()))

    def erasures(self, learner: str) -> list[Erasure]:
        mine = sa.select(erasures).where(erasures.c.learner == learner).order_by(erasures.c.sequence)
        with self.database.read() as connection:
            return [_erasure(row) for row in connection.execute(mine)]

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


def _recall_last_upload(connection: sa.Connection, learner: str) -> None:
    last = (
        sa.select(batch_table.c.day)
        .where(batch_table.c.learner == learner)
        .order_by(batch_table.c.sequence.desc())
        .limit(1)
    )
    change = sa.update(counters).where(counters.c.learner == learner)
    connection.execute(change.values(last_upload=last.scalar_subquery()))


def _erased(connection: sa.Connection, batch_id: str, receipt_hash: str) -> Erasure | None:
    row = connection.execute(sa.select(erasures).where(erasures.c.batch_id == batch_id)).first()
    if row is None:
        return None
    _check_receipt(batch_id, row.receipt_hash, receipt_hash)
    return _erasure(row)


def _erasure(row: Any) -> Erasure:
    return Erasure(row.batch_id, row.learner, row.rows, row.day)


def _check_receipt(batch_id: str, kept: str, given: str) -> None:
    if not hmac.compare_digest(kept, given):
        raise WrongReceipt(f"the receipt does not belong to batch {batch_id}")
