"""Every port that keeps something, over one database and two places of blobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from samouk.loop.ports import (
    Audit,
    Blobs,
    Clock,
    Documents,
    Journal,
    Keys,
    Leases,
    Log,
    Registry,
    Remains,
    Rollouts,
    Runs,
    Tasks,
    Upkeep,
    Webhooks,
)
from samouk.store.blobs.kept import KeptBlobs
from samouk.store.clock import SystemClock
from samouk.store.sql.audit import SqlAudit
from samouk.store.sql.database import Database
from samouk.store.sql.documents import SqlDocuments
from samouk.store.sql.journal import SqlJournal
from samouk.store.sql.keys import SqlKeys
from samouk.store.sql.leases import SqlLeases
from samouk.store.sql.log import SqlLog
from samouk.store.sql.owned import OwnedBlobs
from samouk.store.sql.registry import SqlRegistry
from samouk.store.sql.remains import SqlRemains
from samouk.store.sql.rollouts import SqlRollouts
from samouk.store.sql.runs import SqlRuns
from samouk.store.sql.tasks import SqlTasks
from samouk.store.sql.upkeep import SqlUpkeep
from samouk.store.sql.webhooks import SqlWebhooks


@dataclass(frozen=True, slots=True)
class Store:
    """What an opened store gives."""

    log: Log
    registry: Registry
    runs: Runs
    leases: Leases
    audit: Audit
    keys: Keys
    journal: Journal
    rollouts: Rollouts
    webhooks: Webhooks
    tasks: Tasks
    documents: Documents
    remains: Remains
    upkeep: Upkeep
    blobs: Blobs
    close: Callable[[], None]


def owned(database: Database, packs: KeptBlobs, blobs: KeptBlobs) -> tuple[OwnedBlobs, OwnedBlobs]:
    """The places, guarded so that nothing changes them while they are another store's."""

    def known() -> bool:
        clock = SystemClock()
        return bool(SqlLog(database, packs, clock).named() or SqlRegistry(database, clock).named())

    return OwnedBlobs(packs, database, known), OwnedBlobs(blobs, database, known)


def over(
    database: Database,
    log: SqlLog,
    registry: SqlRegistry,
    blobs: KeptBlobs,
    clock: Clock,
    agreed: Clock,
    chance: Random,
    close: Callable[[], None],
    folder: Path | None,
    places: Mapping[str, KeptBlobs],
) -> Store:
    """The ports, each in a lane of its own: the order of one never waits for another's.

    Args:
        agreed: by which all processes hold leases and claim work, however wrong their machines' clocks are.
        chance: makes the secret of a fresh journal.
        folder: of all that is kept on this machine.
        places: blobs that lie elsewhere, by what they are called.
    """
    return Store(
        log=log,
        registry=registry,
        runs=SqlRuns(database.lane("runs")),
        leases=SqlLeases(database.lane("leases"), agreed),
        audit=SqlAudit(database.lane("audit")),
        keys=SqlKeys(database.lane("keys"), clock),
        journal=SqlJournal(database.lane("journal"), clock, chance),
        rollouts=SqlRollouts(database.lane("rollouts")),
        webhooks=SqlWebhooks(database.lane(""), agreed),
        tasks=SqlTasks(database.lane(""), agreed),
        documents=SqlDocuments(database.lane("documents")),
        remains=SqlRemains(database.lane("remains"), log.bury, places, folder),
        upkeep=SqlUpkeep(database.lane("upkeep"), log, registry, blobs),
        blobs=blobs,
        close=close,
    )
