"""Many small packs become few: the frames of one learner and week lie together, and are read with one look."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from samouk.loop.ports import CommitUnknown, NotFound, StoreUnavailable
from samouk.loop.records import Compaction
from samouk.store.blobs.codec import pack
from samouk.store.blobs.kept import KeptBlobs
from samouk.store.sql.database import Database, chunks
from samouk.store.sql.tables import batches, doomed_packs

PACK_BYTES = 2 << 20
"""Of a pack that is made. An erasure writes the packs of its batches anew, so that larger ones make it dearer."""

SMALL = PACK_BYTES // 4
"""Packs below are put together; what came of that is put together again at most until it is so large."""

FEW = 4
"""Fewer small packs of a week are left as they are: a pack of two is no gain."""

_WINDOW = 20_000
"""Rows that are looked through at once, whose packs may be put together."""

_CHUNK = 400  # bound parameters in one statement; every SQLite takes 999
_Row = tuple[int, str, str, int, int]
"""Sequence, learner, pack, offset and length."""


@dataclass(frozen=True, slots=True)
class Compactor:
    """Over the same database and packs as the log.

    Packs are read and written before the lock is taken. In one transaction their rows are then pointed to the new
    ones, and the old ones doomed, unless a row went or moved meanwhile: an erasure of a batch whose frame was just
    copied. Then the copy goes, and the next call tries again. A reader who finds a pack gone asks where its batch is
    now. A death leaves packs that no row names, which the sweep removes, or doomed ones, which are buried.

    Args:
        bury: deletes the files of doomed packs.
    """

    database: Database
    packs: KeptBlobs
    bury: Callable[[], None]

    def compact(self, check: Callable[[], None]) -> Compaction:
        """See ``Log.compact``; begins at the oldest batch, so that what an earlier call did is passed by."""
        total, after = Compaction(), 0
        while True:
            check()
            windows = self._window(after)
            if windows is None:
                return total
            last, small = windows
            for group in _groups(small):
                check()
                done = self._merge(group)
                total = Compaction(total.before + done.before, total.after + done.after, total.size + done.size)
            after = last

    def _window(self, after: int) -> tuple[int, list[Any]] | None:
        """The last sequence of the next rows, and their small packs by week and learner; None behind the last."""
        rows = (
            sa.select(batches.c.sequence, batches.c.learner, batches.c.day, batches.c.pack, batches.c.length)
            .where(batches.c.sequence > after)
            .order_by(batches.c.sequence)
            .limit(_WINDOW)
            .subquery()
        )
        found = sa.select(
            rows.c.pack,
            sa.func.min(rows.c.day).label("day"),
            sa.func.min(rows.c.learner).label("learner"),
            sa.func.max(rows.c.learner).label("other"),
            sa.func.sum(rows.c.length).label("size"),
            sa.func.max(rows.c.sequence).label("last"),
        ).group_by(rows.c.pack)
        with self.database.read() as connection:
            packs = connection.execute(found).all()
        if not packs:
            return None
        return max(row.last for row in packs), [row for row in packs if row.size < SMALL]

    def _merge(self, keys: Sequence[str]) -> Compaction:
        """Put the batches of these packs into one pack a learner; nothing when one of them changed meanwhile."""
        with self.database.read() as connection:
            rows = _of_packs(connection, keys)
        try:
            data = {key: memoryview(self.packs.get(key)) for key in {row[2] for row in rows}}
        except NotFound:  # an erasure or another compaction replaced it
            return Compaction()
        if len(data) < FEW or sum(row[4] for row in rows) > 2 * PACK_BYTES:
            return Compaction()  # the window saw a part of a large one only
        moves: list[dict[str, Any]] = []
        new: list[str] = []
        for _, mine in groupby(sorted(rows, key=lambda row: (row[1], row[0])), key=lambda row: row[1]):
            frames = list(mine)
            packed = pack(bytes(data[key][offset : offset + length]) for _, _, key, offset, length in frames)
            new.append(self.packs.put(packed.data))
            moves += (
                {"which": row[0], "new_pack": new[-1], "new_offset": offset, "new_length": length}
                for row, (offset, length) in zip(frames, packed.places, strict=True)
            )
        if not self._point(keys, rows, moves, new):
            return Compaction()
        self.bury()
        return Compaction(len(data), len(new), sum(row[4] for row in rows))

    def _point(
        self, keys: Sequence[str], rows: Sequence[_Row], moves: Sequence[dict[str, Any]], new: Iterable[str]
    ) -> bool:
        """Let the rows name the new packs, and doom the old ones, if all is still as it was read."""
        same = False
        try:
            with self.database.write() as connection:
                same = _of_packs(connection, keys) == rows
                if same:
                    connection.execute(_MOVE, list(moves))
                    doomed = [{"pack": key} for key in sorted({row[2] for row in rows})]
                    connection.execute(insert(doomed_packs).on_conflict_do_nothing(), doomed)
        except CommitUnknown:
            raise  # rows may name the new packs by now; if none do, the sweep finds them
        except StoreUnavailable:
            self._withdraw(new)
            raise
        if not same:
            self._withdraw(new)
        return same

    def _withdraw(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.packs.delete(key)


_MOVE = (
    sa.update(batches)
    .where(batches.c.sequence == sa.bindparam("which"))
    .values(pack=sa.bindparam("new_pack"), offset=sa.bindparam("new_offset"), length=sa.bindparam("new_length"))
)


def _groups(small: Sequence[Any]) -> Iterator[list[str]]:
    """Keys of packs to be put together: of one week and learner, or of one week and several, a pack's fill each."""
    waiting: dict[tuple[dt.date, str], list[Any]] = defaultdict(list)
    for row in sorted(small, key=lambda row: row.last):
        week = row.day - dt.timedelta(days=row.day.weekday())
        group = waiting[week, row.learner if row.learner == row.other else ""]
        group.append(row)
        if sum(one.size for one in group) >= PACK_BYTES:
            yield [one.pack for one in group]
            group.clear()
    yield from ([one.pack for one in group] for group in waiting.values() if len(group) >= FEW)


def _of_packs(connection: sa.Connection, keys: Sequence[str]) -> list[_Row]:
    columns = (batches.c.sequence, batches.c.learner, batches.c.pack, batches.c.offset, batches.c.length)
    found: list[_Row] = []
    for some in chunks(keys, _CHUNK):
        rows = connection.execute(sa.select(*columns).where(batches.c.pack.in_(some)))
        found += [(row.sequence, row.learner, row.pack, row.offset, row.length) for row in rows]
    return sorted(found)
