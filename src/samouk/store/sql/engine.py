"""One SQLite database: how it is opened, read and written, and what its errors mean to a person."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import sqlalchemy as sa

from samouk.loop.ports import StoreUnavailable

BUSY_SECONDS = 30
"""How long a writer waits for another process's transaction."""

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a commit survives a power cut
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",  # what is deleted is overwritten
)
_REMEDIES = {
    sqlite3.SQLITE_FULL: "no space left for {path}: free some space on its disk, then try again",
    sqlite3.SQLITE_IOERR: "{path} cannot be read or written: check the disk and its free space",
    sqlite3.SQLITE_READONLY: "{path} is not writable by this user: change its owner, or set SAMOUK_HOME elsewhere",
    sqlite3.SQLITE_CANTOPEN: "{path} cannot be opened: check the owner and the free space of its folder",
    sqlite3.SQLITE_BUSY: "{path} was held by another process for "
    + str(BUSY_SECONDS)
    + " s: let it end, then try again",
    sqlite3.SQLITE_CORRUPT: "{path} is damaged: restore it from a backup",
    sqlite3.SQLITE_NOTADB: "{path} is no SQLite database: move it away, or restore it from a backup",
}

Ask = Callable[[str, str], Any]
"""A statement and its one parameter → the first row, or None."""


class Database:
    """Many readers and one writer at a time, in this process and over all processes.

    Readers see the last commit and wait for nobody. A writer takes SQLite's write lock when it
    begins, so that what it reads still holds when it writes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._readers = _engine(path, "BEGIN")
        self._writer = _engine(path, "BEGIN IMMEDIATE", pool_size=1, max_overflow=0)
        self._writing = Lock()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that sees one unchanging state. Raises StoreUnavailable."""
        with self._explained(), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def follow(self) -> Iterator[Ask]:
        """Single questions, each answered by the newest commit; a tenth of the cost of ``read`` each."""
        with self._explained():
            connection = self._readers.raw_connection()
            try:
                cursor = connection.cursor()
                yield lambda question, value: cursor.execute(question, (value,)).fetchone()
            finally:
                connection.close()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction: committed and durable when the block ends, undone when it raises. Raises StoreUnavailable."""
        with self._explained(), self._writing, self._writer.begin() as connection:
            yield connection

    def scrub(self) -> None:
        """Copy the write-ahead log into the database and empty it, so that it keeps nothing that was deleted."""
        with self._explained(), self._writing:
            connection = self._writer.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                connection.close()

    def close(self) -> None:
        """Let go of every connection; the last one to close folds the write-ahead log in."""
        self._readers.dispose()
        self._writer.dispose()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sa.exc.DatabaseError, sqlite3.Error) as error:
            # The low byte is the primary code; SQLite's extended codes refine it.
            code = getattr(getattr(error, "orig", error), "sqlite_errorcode", 0) & 0xFF
            if code not in _REMEDIES:
                raise
            raise StoreUnavailable(_REMEDIES[code].format(path=self.path)) from error


def _engine(path: Path, begin: str, **pool: int) -> sa.Engine:
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_SECONDS},
        pool_reset_on_return="rollback",
        **pool,
    )
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _beginner(begin))
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin transactions late and on its own terms; they are begun by ``_beginner``.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(pragma).close()


def _beginner(statement: str) -> Callable[[sa.Connection], None]:
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(statement)

    return begin
