"""The store past one machine: PostgreSQL and blobs that every process reaches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random, SystemRandom
from typing import TYPE_CHECKING

from samouk.loop.ports import Clock
from samouk.store.blobs.kept import KeptBlobs
from samouk.store.clock import SystemClock
from samouk.store.sql.log import SqlLog
from samouk.store.sql.migrations import migrate
from samouk.store.sql.owned import make_identity
from samouk.store.sql.postgres import PostgresDatabase
from samouk.store.sql.registry import SqlRegistry
from samouk.store.sql.store import Store, over, owned
from samouk.store.sql.views import make_views

if TYPE_CHECKING:
    from samouk.loop.learner import View


def open_served(
    url: str,
    packs: KeptBlobs,
    blobs: KeptBlobs,
    clock: Clock,
    chance: Random | None = None,
    views: Sequence[View] | None = None,
    home: Path | None = None,
) -> Store:
    """Open the store in a PostgreSQL database, making or migrating its tables.

    Any number of processes on any number of machines may have it open. Orphans of crashes are left to
    ``samouk maintain``: who opens cannot know that it is alone.

    Args:
        url: ``postgresql://user:password@host:port/name``.
        packs: where the samples of batches lie.
        blobs: where models and states lie.
        chance: makes the secret of a fresh journal; the system's own unless told.
        home: what this machine keeps beside the database: predictions on their way, published files.
        views: all shelves that are to be tables of their own in the database; None leaves those that it has.

    Raises:
        StoreUnavailable: no answer, no rights, or made by a newer samouk; the message names the remedy.
        ValueError: a view cannot be made.
    """
    database = PostgresDatabase(url)
    packs, blobs = owned(database.lane(""), packs, blobs)
    log = SqlLog(database.lane("log"), packs, clock)
    try:
        migrate(database.lane("schema"))
        if views is not None:
            make_views(database.lane("schema"), views)
        log.bury()
        make_identity(database.lane(""))
    except BaseException:
        database.close()
        raise
    registry = SqlRegistry(database.lane("registry"), clock)
    places = {"packs": packs, "blobs": blobs}
    # Machines disagree about the time, the database has one; a clock that is stepped holds for everything.
    agreed = database if isinstance(clock, SystemClock) else clock
    return over(database, log, registry, blobs, clock, agreed, chance or SystemRandom(), database.close, home, places)
