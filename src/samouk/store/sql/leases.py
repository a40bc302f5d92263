"""Leases as rows: taken by one conditional statement, so that two processes cannot both have one."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from samouk.loop.ports import SLACK_SECONDS, Clock
from samouk.store.sql.database import Database
from samouk.store.sql.tables import leases


@dataclass(frozen=True, slots=True)
class SqlLeases:
    """Who holds what until when, in seconds since 1970 by the clock."""

    database: Database
    clock: Clock

    def acquire(self, name: str, holder: str, seconds: float) -> bool:
        with self.database.write() as connection:
            now = self._now()
            taken = insert(leases).values(name=name, holder=holder, expires=now + seconds, seconds=seconds)
            taken = taken.on_conflict_do_update(
                index_elements=[leases.c.name],
                set_={column: taken.excluded[column] for column in ("holder", "expires", "seconds")},
                where=(leases.c.holder == holder) | ~_in_force(now),
            )
            return connection.scalar(taken.returning(leases.c.name)) is not None

    def renew(self, name: str, holder: str, seconds: float) -> bool:
        with self.database.write() as connection:
            mine = sa.update(leases).where(leases.c.name == name, leases.c.holder == holder)
            kept = mine.values(expires=self._now() + seconds, seconds=seconds)
            return connection.scalar(kept.returning(leases.c.name)) is not None

    def release(self, name: str, holder: str) -> None:
        with self.database.write() as connection:
            connection.execute(sa.delete(leases).where(leases.c.name == name, leases.c.holder == holder))

    def held(self, name: str) -> bool:
        with self.database.read() as connection:
            wanted = sa.select(leases.c.name).where(leases.c.name == name, _in_force(self._now()))
            return connection.scalar(wanted) is not None

    def _now(self) -> float:
        """To be asked once the lock is ours: who slept before it would take a living lease, or one that ended."""
        return self.clock.now().timestamp()


def _in_force(now: float) -> sa.ColumnElement[bool]:
    ahead = leases.c.expires - now
    return (ahead > 0) & (ahead <= leases.c.seconds + SLACK_SECONDS)
