"""Upkeep of a store in SQL: orphans among its blobs, and the database's own statistics and free pages."""

from __future__ import annotations

from dataclasses import dataclass

from samouk.store.blobs.kept import KeptBlobs
from samouk.store.sql.database import Database
from samouk.store.sql.log import SqlLog
from samouk.store.sql.registry import SqlRegistry


@dataclass(frozen=True, slots=True)
class SqlUpkeep:
    """Over the log, the registry and the blobs of one store."""

    database: Database
    log: SqlLog
    registry: SqlRegistry
    blobs: KeptBlobs

    def sweep(self) -> int:
        self.log.bury()
        return len(self.log.sweep()) + len(self.registry.sweep(self.blobs))

    def tidy(self) -> None:
        self.database.tidy()
