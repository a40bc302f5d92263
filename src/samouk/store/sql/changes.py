"""What happened to stored batches: noted in the transaction in which it happens, read on from a mark."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from samouk.loop.records import Change, Fate
from samouk.store.sql.tables import changes


def note(connection: sa.Connection, fate: Fate, batches: Iterable[tuple[str, str, int]]) -> None:
    """Note what happened to batches, each by its learner, id and rows."""
    rows = [
        {"learner": learner, "batch_id": batch_id, "rows": number, "fate": fate.value}
        for learner, batch_id, number in batches
    ]
    if rows:
        connection.execute(sa.insert(changes), rows)


def since(connection: sa.Connection, learner: str, after: int) -> list[Change]:
    """What happened to the learner's batches since that change, in order."""
    wanted = sa.select(changes.c.sequence, changes.c.batch_id, changes.c.rows, changes.c.fate).where(
        changes.c.learner == learner, changes.c.sequence > after
    )
    found = connection.execute(wanted.order_by(changes.c.sequence))
    return [Change(sequence, batch_id, rows, Fate(fate)) for sequence, batch_id, rows, fate in found]
