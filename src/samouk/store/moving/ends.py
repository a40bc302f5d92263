"""One end of a journey: a store's database and places of blobs, opened bare, and held so that nothing else writes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from samouk.edge import disk
from samouk.loop.ports import StoreUnavailable
from samouk.store.blobs.kept import KeptBlobs
from samouk.store.blobs.local import explained, make_folder
from samouk.store.blobs.places import BadPlace, Places, places, plain_folder
from samouk.store.clock import SystemClock
from samouk.store.sql import DATABASE
from samouk.store.sql.database import Database
from samouk.store.sql.log import SqlLog
from samouk.store.sql.migrations import migrate
from samouk.store.sql.registry import SqlRegistry
from samouk.store.sql.sqlite import SqliteDatabase

LOOKS, LOOK_SECONDS = 10, 0.2
"""How often, and how far apart, it is looked whether others have left a database."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a store lies, as a person says it.

    Attributes:
        database: a folder, or ``postgresql://…``.
        blobs: as ``places`` reads it; empty for the folder's own.
    """

    database: str
    blobs: str = ""

    @property
    def served(self) -> bool:
        return self.database.startswith(("postgresql:", "postgres:"))

    @property
    def home(self) -> Path:
        """Raises BadPlace when it begins like a URL."""
        return plain_folder(self.database)

    def require(self) -> None:
        """Raises StoreUnavailable when it is a folder that holds no store."""
        if not self.served and not (self.home / DATABASE).is_file():
            raise StoreUnavailable(f"there is no store in {self.home}: name the folder that SAMOUK_HOME names")

    def complete(self) -> None:
        """Raises BadPlace when it is a database of which nobody said where its blobs lie."""
        if self.served and not self.blobs:
            raise BadPlace(
                "beside a database it must be said where the blobs lie: s3://bucket/prefix or file:///folder"
            )

    def kept(self) -> Places:
        """Raises BadPlace and StoreUnavailable."""
        self.complete()
        return places(self.blobs, Path() if self.served else self.home)


@dataclass(frozen=True, slots=True)
class End:
    """An opened end.

    Attributes:
        place: what a person may be told; no secrets.
    """

    place: str
    database: Database
    packs: KeptBlobs
    blobs: KeptBlobs

    def named(self) -> Named:
        """What the rows name: nothing else is of the store."""
        clock = SystemClock()
        log, registry = SqlLog(self.database, self.packs, clock), SqlRegistry(self.database, clock)
        return Named(frozenset(log.named()), frozenset(registry.named()))


@dataclass(frozen=True, slots=True)
class Named:
    """Keys that the rows of a store name."""

    packs: frozenset[str]
    blobs: frozenset[str]


@contextmanager
def opened(where: Where, *, make: bool = False) -> Iterator[End]:
    """The end, with its tables brought to the newest form.

    Args:
        make: begin an empty store where there is none.

    Raises:
        BadPlace: no place is named.
        StoreUnavailable: it cannot be opened, or there is none.
    """
    kept = where.kept()
    with opened_rows(where, make=make) as database:
        yield End(database.place, database, *kept)


@contextmanager
def opened_rows(where: Where, *, make: bool = False) -> Iterator[Database]:
    """The database alone."""
    if where.served:
        from samouk.store.sql.postgres import PostgresDatabase

        database: Database = PostgresDatabase(where.database)
    else:
        if make:
            _make(where.home)
        where.require()
        database = SqliteDatabase(where.home / DATABASE)
    try:
        migrate(database.lane("schema"))
        yield database
    finally:
        database.close()


@contextmanager
def at_rest(*ends: Where) -> Iterator[None]:
    """Hold the stores so that no samouk of this version opens one meanwhile. Raises StoreUnavailable if one has."""
    with ExitStack() as held:
        for where in ends:
            held.enter_context(_alone(where))
        yield


def _make(home: Path) -> None:
    make_folder(home)
    with explained(home):
        os.close(os.open(home / DATABASE, os.O_RDWR | os.O_CREAT, 0o600))


@contextmanager
def _alone(where: Where) -> Iterator[None]:
    if where.served:
        _refuse_company(where)
        yield
        return
    make_folder(where.home)
    with ExitStack() as held:
        with explained(where.home):
            # Whoever opens a home holds this lock shared, and waits for it.
            mine = held.enter_context(disk.alone(where.home / "open.lock"))
        if not mine:
            raise StoreUnavailable(f"{where.home} is open in another samouk: stop it, then try again")
        yield


def _refuse_company(where: Where) -> None:
    """Others that have the database open would write what is not copied any more."""
    from samouk.store.sql.postgres import PostgresDatabase

    database = PostgresDatabase(where.database)
    others = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND starts_with(application_name, 'samouk') AND pid <> pg_backend_pid()"
    )
    try:
        for _ in range(LOOKS):
            with database.read() as connection:
                if not connection.scalar(others):
                    return
            time.sleep(LOOK_SECONDS)  # the server may not know yet that one died
        raise StoreUnavailable(f"{database.place} is open in another samouk: stop every one, then try again")
    finally:
        database.close()
