"""Every table from one database to another, in one transaction, with a digest of either side."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from samouk.loop.ports import CorruptBlob, StoreUnavailable
from samouk.store.sql.database import Database, listed
from samouk.store.sql.owned import IDENTITY
from samouk.store.sql.tables import metadata, secrets

PAGE = 5_000
"""Rows held at a time."""

_ALL = listed(table.name for table in metadata.sorted_tables)

Told = Callable[[str], None]
"""Hears how far it is, in words."""


@dataclass(frozen=True, slots=True)
class TableDigest:
    """What a table holds.

    Attributes:
        digest: the sum of the sha256 of every row, so that the order in which a database hands them out is nothing.
    """

    table: str
    rows: int
    digest: str


@contextmanager
def steady(database: Database, *, held: bool = False) -> Iterator[sa.Connection]:
    """One state of all rows, for as long as it is looked at.

    Args:
        held: nobody writes meanwhile; a database that is one file is held by its folder's lock instead.

    Raises:
        StoreUnavailable: somebody has been writing all the time, or it cannot be read.
    """
    with database.read() as connection:
        _take_time(connection)
        if held:
            _lock(connection, "SHARE")  # before the first look, which fixes the state that is seen
        yield connection


def copy_rows(reading: sa.Connection, target: Database, told: Told) -> list[TableDigest]:
    """Copy all tables; the target has all of it, and the highest numbers ever given, or nothing.

    A target that holds just these rows is left as it is.

    Args:
        reading: as ``steady`` gives it.

    Raises:
        StoreUnavailable: the target holds other rows; or one of them cannot be read or written.
        CorruptBlob: the target tells other rows than it was given.
    """
    if not is_empty(target):
        return _compare(reading, target, told)
    with target.write() as writing:
        _take_time(writing)
        _lock(writing, "SHARE ROW EXCLUSIVE")
        if _filled(writing):
            raise StoreUnavailable(f"{target.place} was filled by another meanwhile: name an empty one")
        copied = [_copy(reading, writing, table, told) for table in metadata.sorted_tables]
        for table in metadata.sorted_tables:
            _give_no_lower(writing, table, _highest(reading, table))
        found = digests(writing)
        if found != copied:
            raise CorruptBlob(f"{target.place} does not tell the rows that it was given: {_unlike(copied, found)}")
        if writing.dialect.name != "sqlite":  # else the first plans would be made as if every table were empty still
            writing.exec_driver_sql(f"ANALYZE {_ALL}")
    return copied


def digests(connection: sa.Connection) -> list[TableDigest]:
    """What each table holds."""
    return [_digest(table.name, _pages(connection, table)) for table in metadata.sorted_tables]


def whole_digest(tables: Sequence[TableDigest]) -> str:
    """One digest for all tables."""
    return hashlib.sha256(json.dumps([[one.table, one.rows, one.digest] for one in tables]).encode()).hexdigest()


def is_empty(database: Database) -> bool:
    """Whether no table holds a row."""
    with database.read() as connection:
        return not _filled(connection)


def _filled(connection: sa.Connection) -> bool:
    wanted = (_of_all(sa.select(sa.literal(1)).select_from(table), table).limit(1) for table in metadata.sorted_tables)
    return any(connection.execute(one).first() for one in wanted)


def _compare(reading: sa.Connection, target: Database, told: Told) -> list[TableDigest]:
    told("the target holds rows already: comparing them")
    ours = digests(reading)
    with steady(target) as connection:
        theirs = digests(connection)
    if ours != theirs:
        raise StoreUnavailable(
            f"{target.place} holds other rows already ({_unlike(ours, theirs)}): name an empty one; nothing was changed"
        )
    return ours


def _take_time(connection: sa.Connection) -> None:
    """While one side is looked at, the other waits: minutes, with many rows."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")


def _lock(connection: sa.Connection, mode: str) -> None:
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"LOCK TABLE {_ALL} IN {mode} MODE")


def _unlike(ours: Sequence[TableDigest], theirs: Sequence[TableDigest]) -> str:
    pairs = zip(ours, theirs, strict=True)
    return ", ".join(f"{one.table}: {one.rows} rows here, {other.rows} there" for one, other in pairs if one != other)


def _copy(reading: sa.Connection, writing: sa.Connection, table: sa.Table, told: Told) -> TableDigest:
    insert = sa.insert(table)

    def passed() -> Iterator[Sequence[sa.Row[Any]]]:
        done = 0
        for page in _pages(reading, table):
            writing.execute(insert, [row._asdict() for row in page])
            done += len(page)
            told(f"{table.name}: {done} rows")
            yield page

    return _digest(table.name, passed())


def _pages(connection: sa.Connection, table: sa.Table) -> Iterator[Sequence[sa.Row[Any]]]:
    # Told with the statement: told to the connection, it would hold for all that follows.
    streamed = {"stream_results": True, "max_row_buffer": PAGE}
    wanted = _of_all(sa.select(table), table).order_by(*table.primary_key.columns)
    rows = connection.execute(wanted, execution_options=streamed)
    return rows.partitions(PAGE)


def _of_all(asked: sa.Select[Any], table: sa.Table) -> sa.Select[Any]:
    """All rows but the one that tells a store from its copies: each has its own place of blobs."""
    return asked.where(secrets.c.name != IDENTITY) if table is secrets else asked


def _digest(name: str, pages: Iterator[Sequence[sa.Row[Any]]]) -> TableDigest:
    total, count = 0, 0
    for page in pages:
        count += len(page)
        for row in page:
            text = json.dumps(tuple(row), default=_plain, sort_keys=True, separators=(",", ":"))
            total += int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    return TableDigest(name, count, f"{total % 2**256:064x}")


def _plain(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"a row holds {type(value)}, of which no digest can be made")


def _highest(connection: sa.Connection, table: sa.Table) -> int:
    """The highest number that the table ever gave, also to rows that are gone."""
    column = table.autoincrement_column
    if column is None:
        return 0
    given: int | None
    if connection.dialect.name == "sqlite":
        given = connection.scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
    else:
        name = _sequence(connection, table, column)
        given = connection.scalar(sa.text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {name}"))  # noqa: S608 - named by the database
    return max(given or 0, connection.scalar(sa.select(sa.func.max(column))) or 0)


def _give_no_lower(connection: sa.Connection, table: sa.Table, highest: int) -> None:
    column = table.autoincrement_column
    if column is None or not highest:
        return
    if connection.dialect.name != "sqlite":
        name = _sequence(connection, table, column)
        connection.execute(sa.text("SELECT setval(:name, :highest)"), {"name": name, "highest": highest})
    elif table.dialect_options["sqlite"]["autoincrement"]:
        values = {"name": table.name, "highest": highest}
        connection.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
        connection.execute(sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :highest)"), values)


def _sequence(connection: sa.Connection, table: sa.Table, column: sa.Column[Any]) -> str:
    asked = sa.select(sa.func.pg_get_serial_sequence(table.name, column.name))
    return str(connection.scalar(asked))
