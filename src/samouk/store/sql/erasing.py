"""The erasure of batches: their rows go, and each pack that held one is written anew, once, without them."""

from __future__ import annotations

import hmac
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from samouk.loop.ports import Clock, CommitUnknown, CorruptBlob, NotFound, StoreUnavailable, WrongReceipt
from samouk.loop.records import BatchState, Erasure, Fate
from samouk.store.blobs.codec import pack
from samouk.store.blobs.kept import KeptBlobs
from samouk.store.sql import changes
from samouk.store.sql.database import Database, chunks
from samouk.store.sql.tables import batches, counters, doomed_packs, erasures
from samouk.store.sql.traces import stain

PACKS = 32
"""Packs that one transaction replaces: writers wait for no more than that."""

_CHUNK = 400  # bound parameters in one statement; every SQLite takes 999
_PLACE = (batches.c.sequence, batches.c.batch_id, batches.c.pack, batches.c.offset, batches.c.length)
_Row = tuple[int, str, str, int, int]


@dataclass(frozen=True, slots=True)
class _Rewritten:
    """A pack as it was read, and as it is to be: no key when nothing of it stays."""

    rows: tuple[_Row, ...]
    key: str = ""
    moved: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Eraser:
    """Over the same database and packs as the log.

    Packs are read and written before the lock is taken, so that uploads wait for rows alone; where a neighbour was
    erased or moved meanwhile, that pack is done again.
    """

    database: Database
    packs: KeptBlobs
    clock: Clock

    def erase(self, wanted: Sequence[tuple[str, str]]) -> list[Erasure]:
        """Raises NotFound or WrongReceipt before anything is changed."""
        left = self._checked(dict(wanted))
        while left:
            left -= self._some(left)
        # At the end: of what stood there at first some may have expired meanwhile.
        self._claim([batch_id for batch_id, _ in wanted])
        with self.database.read() as connection:
            done = {row.batch_id: row for row in _rows(connection, erasures, [batch_id for batch_id, _ in wanted])}
        return [erasure_of(done[batch_id]) for batch_id, _ in wanted]

    def _checked(self, wanted: Mapping[str, str]) -> set[str]:
        """Ids that are still to be erased."""
        with self.database.read() as connection:
            stored = {row.batch_id: row.receipt_hash for row in _rows(connection, batches, list(wanted))}
            erased = {row.batch_id: row.receipt_hash for row in _rows(connection, erasures, list(wanted))}
        for batch_id, given in wanted.items():
            kept = stored.get(batch_id) or erased.get(batch_id)
            if kept is None:
                raise NotFound(f"no batch {batch_id} was ever stored")
            if not hmac.compare_digest(kept, given):
                raise WrongReceipt(f"the receipt does not belong to batch {batch_id}")
        return set(stored)

    def _claim(self, batch_ids: Sequence[str]) -> None:
        """Of what had expired before: it is an erasure from now on, since somebody asked for it."""
        with self.database.read() as connection:
            names = [row.batch_id for row in _rows(connection, erasures, batch_ids) if row.fate == Fate.EXPIRED]
        if not names:
            return
        now = {"fate": Fate.ERASED.value, "day": self.clock.now().date()}
        with self.database.write() as connection:
            expired = [row for row in _rows(connection, erasures, names) if row.fate == Fate.EXPIRED]
            for row in expired:
                connection.execute(sa.update(erasures).where(erasures.c.batch_id == row.batch_id).values(now))
            changes.note(connection, Fate.ERASED, ((row.learner, row.batch_id, row.rows) for row in expired))

    def _some(self, wanted: set[str]) -> set[str]:
        """Erase what lies in the next packs; the ids that are gone, also when another was quicker."""
        with self.database.read() as connection:
            held = {row.batch_id: row.pack for row in _rows(connection, batches, sorted(wanted))}
        keys = sorted(set(held.values()))[:PACKS]
        plans = {key: plan for key in keys if (plan := self._planned(key, wanted)) is not None}
        done: set[str] = set()
        try:
            with self.database.write() as connection:
                for key, plan in plans.items():
                    if _of_pack(connection, key) == plan.rows:
                        done |= self._apply(connection, key, plan, wanted)
        except CommitUnknown:
            raise  # rows may name the new packs by now; if none do, the sweep finds them
        except StoreUnavailable:
            self._withdraw(plan.key for plan in plans.values())
            raise
        self._withdraw(plan.key for plan in plans.values() if done.isdisjoint(row[1] for row in plan.rows))
        return done | (wanted - held.keys())

    def _withdraw(self, keys: Iterable[str]) -> None:
        """Packs that no row will ever name."""
        for key in keys:
            if key:
                self.packs.delete(key)

    def _planned(self, key: str, wanted: set[str]) -> _Rewritten | None:
        """The pack without what is wanted; None when it was replaced meanwhile."""
        with self.database.read() as connection:
            rows = _of_pack(connection, key)
        kept = [row for row in rows if row[1] not in wanted]
        if not kept or len(kept) == len(rows):
            return _Rewritten(rows) if rows and not kept else None
        try:
            data = self.packs.get(key)
        except NotFound:
            with self.database.read() as connection:
                if _of_pack(connection, key) == rows:
                    raise CorruptBlob(f"pack {key} of batch {kept[0][1]} is gone; restore a backup") from None
            return None
        packed = pack(data[offset : offset + length] for *_, offset, length in kept)
        new = self.packs.put(packed.data)
        moved = (
            {"which": row[0], "new_pack": new, "new_offset": offset, "new_length": length}
            for row, (offset, length) in zip(kept, packed.places, strict=True)
        )
        return _Rewritten(rows, new, tuple(moved))

    def _apply(self, connection: sa.Connection, key: str, plan: _Rewritten, wanted: set[str]) -> set[str]:
        gone = [batch_id for _, batch_id, *_ in plan.rows if batch_id in wanted]
        connection.execute(insert(doomed_packs).values(pack=key).on_conflict_do_nothing())
        rows = _rows(connection, batches, gone)
        self._note(connection, rows)
        for ids in chunks(gone, _CHUNK):
            connection.execute(sa.delete(batches).where(batches.c.batch_id.in_(ids)))
        _discount(connection, rows)
        if plan.moved:
            connection.execute(_MOVE, list(plan.moved))
        stain(connection, "batches")
        return set(gone)

    def _note(self, connection: sa.Connection, rows: Sequence[Any]) -> None:
        """What stays of each: enough to refuse a late copy."""
        day = self.clock.now().date()
        names = ("batch_id", "learner", "rows", "receipt_hash")
        kept = [{**{name: getattr(row, name) for name in names}, "day": day} for row in rows]
        connection.execute(sa.insert(erasures), kept)
        changes.note(connection, Fate.ERASED, ((row.learner, row.batch_id, row.rows) for row in rows))


_MOVE = (
    sa.update(batches)
    .where(batches.c.sequence == sa.bindparam("which"))
    .values(pack=sa.bindparam("new_pack"), offset=sa.bindparam("new_offset"), length=sa.bindparam("new_length"))
)


def _discount(connection: sa.Connection, rows: Sequence[Any]) -> None:
    """Take rows that are gone out of their learners' counters."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        held = row.state == BatchState.QUARANTINED
        counts[row.learner].update(batches=1, samples=row.rows, quarantined=int(held))
    for learner, by in counts.items():
        less = {name: counters.c[name] - number for name, number in by.items()}
        newest = sa.select(batches.c.day).where(batches.c.learner == learner).order_by(batches.c.sequence.desc())
        change = sa.update(counters).where(counters.c.learner == learner)
        connection.execute(change.values(**less, last_upload=newest.limit(1).scalar_subquery()))


def _of_pack(connection: sa.Connection, key: str) -> tuple[_Row, ...]:
    wanted = sa.select(*_PLACE).where(batches.c.pack == key).order_by(batches.c.offset)
    return tuple(tuple(row) for row in connection.execute(wanted))


def _rows(connection: sa.Connection, table: sa.Table, batch_ids: Sequence[str]) -> list[Any]:
    found: list[Any] = []
    for ids in chunks(batch_ids, _CHUNK):
        found += connection.execute(sa.select(table).where(table.c.batch_id.in_(ids))).all()
    return found


def erasure_of(row: Any) -> Erasure:
    """The record of a row of ``erasures``."""
    return Erasure(row.batch_id, row.learner, row.rows, row.day)
