"""The audit's hash chain as rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from samouk.loop.records import Act, AuditEntry, Head
from samouk.store.chain import first_break, head_of, link
from samouk.store.sql.database import Database
from samouk.store.sql.tables import audit

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class SqlAudit:
    """An append-only table; each append reads the chain's end inside its own transaction."""

    database: Database

    def append(self, act: Act) -> AuditEntry:
        with self.database.write() as connection:
            last = connection.execute(sa.select(audit).order_by(audit.c.sequence.desc()).limit(1)).first()
            entry = link(act, _entry(last) if last else None)
            connection.execute(sa.insert(audit).values(_row(entry)))
        return entry

    def entries(
        self, after: int = 0, limit: int = 1000, *, prefix: str = "", actions: Collection[str] = ()
    ) -> list[AuditEntry]:
        wanted = sa.select(audit).where(audit.c.sequence > after).order_by(audit.c.sequence).limit(limit)
        if prefix:
            # SQLite's LIKE takes capital and small letters for the same.
            wanted = wanted.where(sa.func.substr(audit.c.subject, 1, len(prefix)) == prefix)
        if actions:
            wanted = wanted.where(audit.c.action.in_(actions))
        with self.database.read() as connection:
            return [_entry(row) for row in connection.execute(wanted)]

    def head(self) -> Head:
        with self.database.read() as connection:
            last = connection.execute(sa.select(audit).order_by(audit.c.sequence.desc()).limit(1)).first()
        return head_of(_entry(last) if last else None)

    def verify(self, since: Head | None = None) -> int | None:
        return first_break(self._chain(max(since.sequence - 1, 0) if since else 0), since)

    def _chain(self, after: int) -> Iterator[AuditEntry]:
        page = self.entries(after, limit=_PAGE)
        while page:
            yield from page
            page = self.entries(after=page[-1].sequence, limit=_PAGE)


def _row(entry: AuditEntry) -> dict[str, Any]:
    act = entry.act
    return {
        "sequence": entry.sequence,
        "actor": act.actor,
        "action": act.action,
        "subject": act.subject,
        "reason": act.reason,
        "at": act.at,
        "previous": entry.previous,
        "digest": entry.digest,
    }


def _entry(row: Any) -> AuditEntry:
    act = Act(row.actor, row.action, row.subject, row.reason, row.at)
    return AuditEntry(row.sequence, act, row.previous, row.digest)
