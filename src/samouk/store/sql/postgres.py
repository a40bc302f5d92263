"""PostgreSQL: pools of connections, a lock a lane, COPY for bulk, and what its errors mean to a person."""

from __future__ import annotations

import datetime as dt
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

from samouk.loop.ports import CommitUnknown, StoreUnavailable
from samouk.store.sql import postgres_files
from samouk.store.sql.database import Ask, Question, listed
from samouk.store.sql.jsons import encoded

if TYPE_CHECKING:
    import psycopg

LOCK_SECONDS = 30
"""How long a writer waits for another's transaction."""

STATEMENT_SECONDS = 120
"""How long one statement may take; a whole snapshot's entries take some seconds at ten million rows."""

CONNECT_SECONDS = 5
POOL = 4
"""Connections of each of three kinds that stay open; as many again are opened while they are needed."""

BULK = 64
"""From so many rows on COPY is quicker than single inserts in a pipeline."""

_LOCKS = 0x5A40_0000
"""Our advisory locks begin here, so that other programs in the database are not in the way."""

_GROWING = ("batches", "changes", "erasures", "memberships", "exposures", "outcomes", "audit", "events", "runs")
"""Tables that grow with use, from which whole weeks may leave at once."""

_OPTIONS = (
    f"-c lock_timeout={LOCK_SECONDS}s -c statement_timeout={STATEMENT_SECONDS}s "
    f"-c idle_in_transaction_session_timeout={STATEMENT_SECONDS}s -c timezone=UTC"
)

# What PostgreSQL says in other words than ``Writer``; a colon doubled is a cast.
_DIFFERENCES = (
    (re.compile(r"json_each\(\?\) j\b"), "json_array_elements_text(?::json) WITH ORDINALITY AS j(value, key)"),
    (re.compile(r"\bp95\(([^()]+)\)"), r"percentile_disc(0.95) WITHIN GROUP (ORDER BY \1)"),
    (re.compile(r"(?<!:):([a-z_]+)"), r"%(\1)s"),
    (re.compile(r"\?"), "%s"),
)

_FULL, _READ_ONLY, _BUSY, _DENIED, _CROWDED, _DAMAGED = (
    ("53100",),
    ("25006",),
    ("55P03", "57014", "40001", "40P01", "25P03"),
    ("28000", "28P01"),
    ("53300",),
    ("XX001", "XX002"),
)
_REMEDIES = {
    **dict.fromkeys(_FULL, "{place} has no space left: free some on its disk, then try again"),
    "53200": "{place} has no memory left: give its machine more, or lower work_mem",
    **dict.fromkeys(_READ_ONLY, "{place} is read-only: name the primary server in SAMOUK_DATABASE_URL"),
    **dict.fromkeys(_BUSY, "{place} was too busy for {seconds} s: try again, and look at what holds its locks"),
    **dict.fromkeys(_DENIED, "{place} refuses this user: check the name and the password in SAMOUK_DATABASE_URL"),
    "42501": "{place}: {why}; its user must own the tables, or may make none yet: see docs/guides/postgresql.md",
    "3F000": "{place}: {why}; its user must own a schema, or may make none: see docs/guides/postgresql.md",
    "3D000": "{place}: there is no such database; make it with createdb, or mend its name in SAMOUK_DATABASE_URL",
    **dict.fromkeys(_CROWDED, "{place} has no connection left: raise max_connections, or run fewer processes"),
    "2BP01": "{place}: {why}; drop what was built on it by hand, then try again",
    **dict.fromkeys(_DAMAGED, "{place} is damaged: restore it from a backup"),
}
_GONE = "{place} does not answer: check that it runs and can be reached; nothing that was acknowledged is lost"

# A server that refuses a connection tells no code, only words.
_REFUSALS = (
    ("password authentication failed", "28P01"),
    ("no password supplied", "28P01"),
    ("pg_hba.conf", "28000"),
    (r'role ".*" does not exist', "28000"),
    (r'database ".*" does not exist', "3D000"),
    ("permission denied for database", "42501"),
    ("too many clients", "53300"),
    ("too many connections", "53300"),
    ("remaining connection slots", "53300"),
)

_UNKNOWN = "{place} went away while it stored something: send it again, what is there already is not stored twice"


@lru_cache(maxsize=512)
def _words(statement: str) -> str:
    for there, here in _DIFFERENCES:
        statement = there.sub(here, statement)
    return statement


@dataclass(frozen=True, slots=True)
class _Writer:
    """``Writer`` over a cursor."""

    cursor: psycopg.Cursor[Any]

    def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        return self.cursor.execute(_words(statement).encode(), values).fetchall()

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        return self.cursor.execute(_words(statement).encode(), values).rowcount

    def repeat(self, statement: str, rows: Sequence[Sequence[Any]]) -> int:
        if not rows:
            return 0
        self.cursor.executemany(_words(statement).encode(), rows)
        return self.cursor.rowcount

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], key: str) -> int:
        names, known = listed(columns), f"ON CONFLICT ({key}) DO NOTHING"
        if len(rows) < BULK:
            places = ", ".join("?" * len(columns))
            return self.repeat(f"INSERT INTO {table} ({names}) VALUES ({places}) {known}", rows)  # noqa: S608
        # A table of this session's own, emptied by each commit: making one a transaction would fill the catalogue.
        fresh, shape = f"incoming_{table}", f"SELECT {names} FROM {table} WITH NO DATA"  # noqa: S608
        self.cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {fresh} ON COMMIT DELETE ROWS AS {shape}".encode())
        with self.cursor.copy(f"COPY {fresh} ({names}) FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row(row)
        # In the order in which they came: sequences are given as rows are inserted.
        order = f"SELECT {names} FROM {fresh} ORDER BY ctid"  # noqa: S608
        return self.cursor.execute(f"INSERT INTO {table} ({names}) {order} {known}".encode()).rowcount


class PostgresDatabase:
    """Many readers, and one writer at a time in each lane, over all processes on all machines.

    Readers see one state (repeatable read). A writer takes its lane's advisory lock before its first look, and
    gives it back with its commit, so that what it reads still holds when it writes. A connection that died takes
    its locks with it.

    Args:
        url: ``postgresql://user:password@host:port/name``, with libpq's options behind a question mark.
    """

    traces = True

    def __init__(self, url: str) -> None:
        _require_driver()
        try:
            parts: sa.URL | None = sa.make_url(url).set(drivername="postgresql+psycopg")
        except (sa.exc.ArgumentError, ValueError):
            parts = None
        # With an @ in the host a piece of the password would be told as where it lies.
        if parts is None or "@" in (parts.host or ""):
            raise StoreUnavailable(
                "SAMOUK_DATABASE_URL is no address: write postgresql://user:password@host:port/name, "
                "and %40 for an @ within a password"
            )
        self.place = f"PostgreSQL at {parts.host or 'localhost'}:{parts.port or 5432}/{parts.database or ''}"
        self._readers = _engine(parts, "REPEATABLE READ")
        self._writers = _engine(parts, "READ COMMITTED")
        self._followers = _engine(parts, "AUTOCOMMIT")
        self._lane: int | None = _lock_of("house")

    def lane(self, name: str) -> PostgresDatabase:
        lane = object.__new__(PostgresDatabase)
        lane.__dict__.update(self.__dict__, _lane=_lock_of(name) if name else None)
        return lane

    def question(self, connection: sa.Connection) -> Question:
        return lambda statement, values: connection.exec_driver_sql(_words(statement), values)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that sees one unchanging state. Raises StoreUnavailable."""
        with self._explained(), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def follow(self) -> Iterator[Ask]:
        """Single questions, each answered by the newest commit."""
        with self._explained(), _returned(self._followers) as connection, connection.cursor() as cursor:

            def ask(question: str, value: str) -> Any:
                return cursor.execute(_words(question).encode(), (value,)).fetchone()

            yield ask

    def now(self) -> dt.datetime:
        """The present moment by the database's clock, which is the same for every machine. Raises StoreUnavailable."""
        with self._explained(), _returned(self._followers) as connection:
            (moment,) = cast("tuple[dt.datetime]", connection.execute("SELECT clock_timestamp()").fetchone())
        return moment.astimezone(dt.UTC)

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction in this lane. Raises StoreUnavailable."""
        with self._explained(), self._writers.connect() as connection:
            if self._lane is not None:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (self._lane,))
            yield connection
            with self._committing():
                connection.commit()

    @contextmanager
    def alter(self) -> Iterator[sa.Connection]:
        """``write`` without limits of time, but for the locks of tables: all who need one would wait behind us."""
        with self._explained(), self._writers.connect() as connection:
            connection.exec_driver_sql(
                "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; "
                "SET LOCAL idle_in_transaction_session_timeout = 0"
            )
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (self._lane,))
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
            yield connection
            with self._committing():
                connection.commit()

    @contextmanager
    def transact(self) -> Iterator[_Writer]:
        """``write`` on the bare driver."""
        with self._explained(), _returned(self._writers) as connection, connection.cursor() as cursor:
            if self._lane is not None:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", (self._lane,))
            yield _Writer(cursor)
            with self._committing():
                connection.commit()

    def scrub(self) -> bool:
        """Deleted rows stay in their tables' files until ``rewrite``, which is too dear for every erasure."""
        return False

    def tidy(self) -> None:
        with self._explained(), _returned(self._followers) as connection:
            connection.execute("SET statement_timeout = 0")
            try:
                for table in _GROWING:
                    connection.execute(f"VACUUM (ANALYZE) {table}".encode())
            finally:
                connection.execute("RESET statement_timeout")

    def rewrite(self, tables: Sequence[str], largest: int | None) -> dict[str, str]:
        with self._explained(), _returned(self._followers) as connection:
            return postgres_files.rewrite(connection, tables, largest)

    def rows(self, table: str) -> Iterator[bytes]:
        with self._explained(), _returned(self._followers) as connection:
            yield from postgres_files.rows(connection, table)

    def files(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        with self._explained(), _returned(self._followers) as connection:
            yield from postgres_files.files(connection)

    def beyond(self) -> list[str]:
        with self._explained(), _returned(self._followers) as connection:
            return postgres_files.beyond(connection)

    def close(self) -> None:
        for engine in (self._readers, self._writers, self._followers):
            engine.dispose()

    @contextmanager
    def _committing(self) -> Iterator[None]:
        """A server that refuses a commit says so; one that goes away in the middle of it may have done it."""
        import psycopg

        try:
            yield
        except (sa.exc.DBAPIError, psycopg.Error) as error:
            if _remedy(error) != _GONE:
                raise
            raise CommitUnknown(_UNKNOWN.format(place=self.place)) from error

    @contextmanager
    def _explained(self) -> Iterator[None]:
        import psycopg

        try:
            yield
        except (sa.exc.DBAPIError, sa.exc.TimeoutError, psycopg.Error) as error:
            words = _remedy(error)
            if words is None:
                raise
            said = words.format(place=self.place, seconds=LOCK_SECONDS, why=_detail(error))
            raise StoreUnavailable(said) from error


def _remedy(error: Exception) -> str | None:
    """What a person may do about it; None for what is a fault of ours."""
    import psycopg

    if isinstance(error, sa.exc.TimeoutError):  # every connection of ours was in use
        return _REMEDIES["55P03"]
    cause = getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None) or ""
    if state in _REMEDIES:
        return _REMEDIES[state]
    refusal = next((code for words, code in _REFUSALS if re.search(words, str(cause))), None) if not state else None
    if refusal is not None:
        return _REMEDIES[refusal]
    # Without a state the server never answered, or the connection broke; 08 and 57P are its own words for that.
    gone = isinstance(cause, psycopg.OperationalError) and not state
    return _GONE if gone or state.startswith(("08", "57P", "58")) else None


def _detail(error: Exception) -> str:
    """What the server adds to its refusal, in one line; only for words that ask for it, since it may name values."""
    diagnosis = getattr(getattr(error, "orig", None) or error, "diag", None)
    told = diagnosis and (diagnosis.message_detail or diagnosis.message_primary)
    return "; ".join((told or str(error)).splitlines())


@contextmanager
def _returned(engine: sa.Engine) -> Iterator[psycopg.Connection[Any]]:
    """A bare connection, given back to its pool with nothing left undone; a broken one is thrown away."""
    connection = engine.raw_connection()
    driver = cast("psycopg.Connection[Any]", connection.driver_connection)
    try:
        yield driver
    finally:
        if driver.closed:
            connection.invalidate()
        connection.close()


def _require_driver() -> None:
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise StoreUnavailable(f"PostgreSQL needs its driver ({error}): pip install 'samouk[scale]'") from None


def _engine(url: sa.URL, isolation: str) -> sa.Engine:
    return sa.create_engine(
        url,
        isolation_level=cast(Any, isolation),
        pool_size=POOL,
        max_overflow=POOL,
        pool_timeout=LOCK_SECONDS,
        pool_pre_ping=True,  # after the database was away, the first caller gets a living connection
        pool_recycle=1_800,
        json_serializer=encoded,
        hide_parameters=True,  # an error's words end in logs, where nothing stands that was sent
        connect_args=_arguments(url),
    )


def _arguments(url: sa.URL) -> dict[str, Any]:
    given = url.query.get("options")
    options = f"{_OPTIONS} {given}" if isinstance(given, str) else _OPTIONS
    alive = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000}
    return {"connect_timeout": CONNECT_SECONDS, "application_name": "samouk", **alive, "options": options}


def _lock_of(name: str) -> int:
    return _LOCKS << 32 | zlib.crc32(name.encode())
