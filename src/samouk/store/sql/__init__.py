"""The embedded store: one SQLite database under one home, with two folders of blobs or a bucket beside it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random, SystemRandom
from typing import TYPE_CHECKING

from samouk.edge import disk
from samouk.loop.ports import Clock
from samouk.store.blobs.local import close_to_others, explained, make_folder
from samouk.store.blobs.places import places
from samouk.store.sql.log import ORPHAN_SECONDS, SqlLog
from samouk.store.sql.migrations import migrate
from samouk.store.sql.owned import OwnedBlobs, make_identity
from samouk.store.sql.registry import SqlRegistry
from samouk.store.sql.sqlite import SqliteDatabase
from samouk.store.sql.store import Store, over, owned
from samouk.store.sql.views import make_views

if TYPE_CHECKING:
    from samouk.loop.learner import View

__all__ = ["DATABASE", "Store", "open_store"]

DATABASE = "samouk.sqlite3"
_OURS = frozenset({"packs", "blobs", "keys", "published", "clients", "exposures", "open.lock", "start.lock"})
"""What samouk puts into a home, beside the database and what begins with a dot."""


def open_store(
    home: Path,
    clock: Clock,
    chance: Random | None = None,
    views: Sequence[View] | None = None,
    blobs_url: str = "",
) -> Store:
    """Open the store under ``home``, making or migrating it, and repair what a crash left behind.

    Several processes may have one home open at once.

    Args:
        chance: makes the secret of a fresh journal; the system's own unless told.
        views: all shelves that are to be tables of their own in the database; None leaves those that it has.
        blobs_url: where blobs lie, as ``places`` reads it. Outside the home the orphans of crashes are left to
            ``samouk maintain``: nobody can tell here who else is at work there.

    Raises:
        BadPlace: ``blobs_url`` names no place.
        StoreUnavailable: no permission, no space, made by a newer samouk, or its folders of blobs belong to a store
            with another database; the message names the remedy.
        ValueError: a view cannot be made.
    """
    make_folder(home)
    _close_to_others(home)
    packs, blobs = places(blobs_url, home)
    database = SqliteDatabase(home / DATABASE)
    registry = SqlRegistry(database, clock)
    packs, blobs = owned(database, packs, blobs)
    log = SqlLog(database, packs, clock)
    # A bucket is asked before it is changed: it may be away while nobody needs it.
    required = () if blobs_url.startswith("s3:") else (packs, blobs)
    presence = _enter(home, database, log, registry, None if blobs_url else blobs, views, required)

    def close() -> None:
        database.close()
        os.close(presence)

    return over(database, log, registry, blobs, clock, clock, chance or SystemRandom(), close, home, {})


def _close_to_others(home: Path) -> None:
    """Other users of the machine have no business in the home, also when an older samouk made it."""
    # Made here, so that SQLite does not make it for everybody; its own files take over the database's mode.
    os.close(_open(home / DATABASE))
    with explained(home):
        for path in home.glob(f"{DATABASE}*"):
            close_to_others(path)
        # A folder that holds foreign things may have to stay open for others.
        if all(path.name in _OURS or path.name.startswith((".", DATABASE)) for path in home.iterdir()):
            close_to_others(home)


def _enter(
    home: Path,
    database: SqliteDatabase,
    log: SqlLog,
    registry: SqlRegistry,
    blobs: OwnedBlobs | None,
    views: Sequence[View] | None,
    required: Sequence[OwnedBlobs],
) -> int:
    """Start one process at a time; returns the descriptor whose lock tells others that we are here.

    Args:
        blobs: what is swept, with the log's packs; None sweeps neither, where the home's locks say nothing.
        required: places that must be the database's own.
    """
    with ExitStack() as held:
        with explained(home):
            held.enter_context(disk.exclusive(home / "start.lock"))
        presence = _open(home / "open.lock")
        try:
            # A process that died, or a reader that was open, may have left traces of an erasure in the log.
            database.traces = database.has_log()
            migrate(database)
            if views is not None:
                make_views(database, views)
            log.bury()
            make_identity(database)
            for place in required:
                place.require()
            # Who is alone knows that no commit is under way: every orphan is a dead one's.
            age = 0.0 if disk.try_lock(presence) else ORPHAN_SECONDS
            if blobs is not None:
                log.sweep(age)
                registry.sweep(blobs, age)
            fcntl.flock(presence, fcntl.LOCK_SH)
        except BaseException:
            database.close()
            os.close(presence)
            raise
    return presence


def _open(path: Path) -> int:
    with explained(path):
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
