"""One SQLite database: how it is opened, read and written, and what its errors mean to a person."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, cast

import sqlalchemy as sa

from samouk.loop.ports import StoreUnavailable
from samouk.store.sql.database import Ask, Question, listed
from samouk.store.sql.jsons import encoded

BUSY_SECONDS = 30
"""How long a writer waits for another process's transaction."""

SCRUB_MS = 500
"""How long the emptying of the write-ahead log waits for readers; the next one tries again."""

TIDY_PAGES = 25_000
"""Pages of 4 kB that one tidying gives back, at most: writers wait for it."""

_PRAGMAS = (
    "PRAGMA auto_vacuum=INCREMENTAL",  # of a database without tables; no other one changes by it
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


@dataclass(frozen=True, slots=True)
class _Writer:
    """``Writer`` over a cursor: SQLite's own words are the shared ones."""

    cursor: sqlite3.Cursor

    def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        return self.cursor.execute(statement, values).fetchall()

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        return self.cursor.execute(statement, values).rowcount

    def repeat(self, statement: str, rows: Sequence[Sequence[Any]]) -> int:
        return self.cursor.executemany(statement, rows).rowcount

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], key: str) -> int:
        places = ", ".join("?" * len(columns))
        known = f"ON CONFLICT ({key}) DO NOTHING"
        return self.repeat(f"INSERT INTO {table} ({listed(columns)}) VALUES ({places}) {known}", rows)  # noqa: S608


class SqliteDatabase:
    """Many readers and one writer at a time, in this process and over all processes: all lanes are one.

    Readers see the last commit and wait for nobody. A writer takes SQLite's write lock when it
    begins, so that what it reads still holds when it writes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = str(path)
        self._readers = _engine(path, "BEGIN")
        self._writer = _engine(path, "BEGIN IMMEDIATE", pool_size=1, max_overflow=0)
        self._writing = Lock()
        self.traces = False

    def lane(self, name: str) -> SqliteDatabase:
        return self

    def question(self, connection: sa.Connection) -> Question:
        return connection.exec_driver_sql

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

                def ask(question: str, value: str) -> Any:
                    # Read to the end: a statement left open would hold the write-ahead log.
                    rows = cursor.execute(question, (value,)).fetchall()
                    return rows[0] if rows else None

                yield ask
            finally:
                connection.close()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction: committed and durable when the block ends, undone when it raises. Raises StoreUnavailable."""
        with self._explained(), self._writing, self._writer.begin() as connection:
            yield connection

    def alter(self) -> AbstractContextManager[sa.Connection]:
        return self.write()

    @contextmanager
    def transact(self) -> Iterator[_Writer]:
        """``write`` on the bare driver, for what is written many times a second; a fifth of the cost."""
        with self._explained(), self._writing:
            connection = self._writer.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute("BEGIN IMMEDIATE")
                yield _Writer(cast(sqlite3.Cursor, cursor))
                cursor.execute("COMMIT")
            finally:
                connection.close()  # the pool undoes what was not committed

    def scrub(self) -> bool:
        """Copy the write-ahead log into the database and empty it, so that it keeps nothing that was deleted.

        Returns:
            False when a reader of any process still needed the log; ``traces`` is True until a later call succeeds.
        """
        self.traces = True
        with self._explained(), self._writing:
            connection = self._writer.raw_connection()
            try:
                connection.cursor().execute(f"PRAGMA busy_timeout={SCRUB_MS}")
                busy, *_ = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0]
            finally:
                connection.cursor().execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
                connection.close()
        self.traces = bool(busy)
        return not self.traces

    def rewrite(self, tables: Sequence[str], largest: int | None) -> dict[str, str]:
        """What is deleted is overwritten at once; only the write-ahead log may lag behind."""
        return {} if self.scrub() else dict.fromkeys(tables, f"a reader still needs the write-ahead log of {self.path}")

    def rows(self, table: str) -> Iterator[bytes]:
        with self.read() as connection:
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}"):  # noqa: S608 - a table of ours
                yield b"\t".join(value if isinstance(value, bytes) else str(value).encode() for value in row) + b"\n"

    def files(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        return iter(())  # they lie in the home, with all else

    def beyond(self) -> list[str]:
        return ["blocks of the disk that the file system has set free and not yet used again"]

    def tidy(self) -> None:
        with self._explained(), self._writing:
            connection = self._writer.raw_connection()
            try:
                # Nothing is given back by a database that an older samouk made: only VACUUM, which takes it whole for
                # itself, would change that.
                connection.cursor().execute(f"PRAGMA incremental_vacuum({TIDY_PAGES})").fetchall()
                connection.cursor().execute("PRAGMA optimize").fetchall()
            finally:
                connection.close()

    def has_log(self) -> bool:
        """Whether the write-ahead log holds anything, be it of a process that died before it could scrub."""
        try:
            return self.path.with_name(f"{self.path.name}-wal").stat().st_size > 0
        except FileNotFoundError:
            return False

    def close(self) -> None:
        """Let go of every connection; the last one to close folds the write-ahead log in."""
        self._readers.dispose()
        if self.traces:
            with suppress(StoreUnavailable):  # the next opening tries again
                self.scrub()
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
        json_serializer=encoded,
        hide_parameters=True,  # an error's words end in logs, where nothing stands that was sent
        **pool,
    )
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _beginner(begin))
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin transactions late and on its own terms; they are begun by ``_beginner``.
    connection.isolation_level = None
    connection.create_aggregate("p95", 1, cast(Any, _Percentile95))  # its stub knows whole numbers only
    for pragma in _PRAGMAS:
        connection.execute(pragma).close()


class _Percentile95:
    """SQL's ``p95(x)``: the smallest value that at least 95 % do not exceed; a third of a window function's cost."""

    def __init__(self) -> None:
        self._values = array("d")

    def step(self, value: float) -> None:
        self._values.append(value)

    def finalize(self) -> float | None:
        rank = (95 * len(self._values) + 99) // 100
        return sorted(self._values)[rank - 1] if rank else None


def _beginner(statement: str) -> Callable[[sa.Connection], None]:
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(statement)

    return begin
