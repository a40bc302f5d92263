"""Which tables may still hold bytes of what was deleted, noted in the transaction that deletes."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from samouk.store.sql.tables import stains

NOTE = "INSERT INTO stains (name, times) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET times = stains.times + 1"
"""``stain`` for a bare ``Writer``."""


def stain(connection: sa.Connection, *tables: str) -> None:
    """Note that rows of these tables are deleted now."""
    for name in tables:
        new = insert(stains).values(name=name, times=1)
        more = new.on_conflict_do_update(index_elements=["name"], set_={"times": stains.c.times + 1})
        connection.execute(more)


def stained(connection: sa.Connection) -> dict[str, int]:
    """Name of each such table, and how often it was noted."""
    return {row.name: row.times for row in connection.execute(sa.select(stains).order_by(stains.c.name))}


def cleaned(connection: sa.Connection, name: str, times: int) -> None:
    """Take the note away, unless more was deleted meanwhile."""
    connection.execute(sa.delete(stains).where(stains.c.name == name, stains.c.times == times))
