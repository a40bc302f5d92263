"""The end of what is kept for a time: whole packs whose batches are all too old leave, oldest first."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from samouk.loop.ports import Clock
from samouk.loop.records import BatchState, Erasure, Fate
from samouk.store.sql import changes
from samouk.store.sql.database import Database, chunks
from samouk.store.sql.tables import batches, counters, doomed_packs, erasures
from samouk.store.sql.traces import stain

_CHUNK = 400  # bound parameters in one statement; every SQLite takes 999
_COLUMNS = (
    batches.c.sequence,
    batches.c.batch_id,
    batches.c.learner,
    batches.c.rows,
    batches.c.day,
    batches.c.state,
    batches.c.receipt_hash,
    batches.c.pack,
)


@dataclass(frozen=True, slots=True)
class Expiry:
    """Over the same database as the log. Packs are of one week, so that none has to be written anew."""

    database: Database
    clock: Clock

    def expire(self, before: dt.date, limit: int) -> list[Erasure]:
        """Take the next packs of which nothing arrived on that day or later; see ``Log.expire``."""
        with self.database.write() as connection:
            old = _oldest(connection, before, limit)
            if old:
                self._remove(connection, old)
        day = self.clock.now().date()
        return [Erasure(row.batch_id, row.learner, row.rows, day) for row in old]

    def _remove(self, connection: sa.Connection, old: Sequence[Any]) -> None:
        day = self.clock.now().date()
        names = ("batch_id", "learner", "rows", "receipt_hash")
        kept = [{**{name: getattr(row, name) for name in names}, "day": day, "fate": Fate.EXPIRED.value} for row in old]
        connection.execute(sa.insert(erasures), kept)
        changes.note(connection, Fate.EXPIRED, ((row.learner, row.batch_id, row.rows) for row in old))
        for pack in sorted({row.pack for row in old}):
            connection.execute(insert(doomed_packs).values(pack=pack).on_conflict_do_nothing())
        for sequences in chunks([row.sequence for row in old], _CHUNK):
            connection.execute(sa.delete(batches).where(batches.c.sequence.in_(sequences)))
        mine: dict[str, list[Any]] = defaultdict(list)
        for row in old:
            mine[row.learner].append(row)
        for learner, rows in mine.items():
            _discount(connection, learner, rows)
        stain(connection, "batches")


def _oldest(connection: sa.Connection, before: dt.date, limit: int) -> list[Any]:
    """Rows of whole packs. Rows come in the order of arrival, so that the first of them tell whether any is too old."""
    first = sa.select(*_COLUMNS).order_by(batches.c.sequence).limit(max(limit, 1))
    packs = sorted({row.pack for row in connection.execute(first) if row.day < before})
    found: list[Any] = []
    for keys in chunks(packs, _CHUNK):
        young = sa.select(batches.c.pack).where(batches.c.pack.in_(keys), batches.c.day >= before)
        whole = sa.select(*_COLUMNS).where(batches.c.pack.in_(keys), batches.c.pack.not_in(young))
        found += connection.execute(whole.order_by(batches.c.sequence)).all()
    return found


def _discount(connection: sa.Connection, learner: str, rows: Sequence[Any]) -> None:
    held = sum(row.state == BatchState.QUARANTINED for row in rows)
    less = {
        "batches": counters.c.batches - len(rows),
        "samples": counters.c.samples - sum(row.rows for row in rows),
        "quarantined": counters.c.quarantined - held,
    }
    last = sa.select(batches.c.day).where(batches.c.learner == learner).order_by(batches.c.sequence.desc()).limit(1)
    mine = sa.update(counters).where(counters.c.learner == learner)
    connection.execute(mine.values(**less, last_upload=last.scalar_subquery()))
