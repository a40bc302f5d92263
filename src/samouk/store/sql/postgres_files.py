"""What PostgreSQL keeps in its own files of rows that are gone: how it is overwritten, and how it is looked at."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

PATIENCE_S = 20.0
"""How long a rewriting waits for transactions that may still see what was deleted."""

LOCK_S = 5
"""How long a rewriting waits for those who use a table just now."""

LOOK_S = 0.05
CHUNK = 4 * 1024 * 1024

WRITE_AHEAD = "write-ahead log of the database"
"""What was written of late, kept until the server uses the place again."""

_NEXT = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
# VACUUM keeps a deleted row while any of these may still see it. Writers of other databases count too: they bound
# what the snapshot of VACUUM itself takes for over.
_OLDER = """
SELECT 'a transaction of ' || coalesce(nullif(application_name, ''), 'some program') || ', open since '
    || coalesce(to_char(xact_start, 'YYYY-MM-DD HH24:MI:SS'), 'long ago') FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND (age(backend_xid) > age(CAST(%(short)s AS xid))
    OR datname = current_database() AND age(backend_xmin) > age(CAST(%(short)s AS xid)))
UNION ALL SELECT 'the prepared transaction ' || gid FROM pg_prepared_xacts
WHERE age(transaction) > age(CAST(%(short)s AS xid))
UNION ALL SELECT 'the replication slot ' || slot_name FROM pg_replication_slots
WHERE age(xmin) > age(CAST(%(short)s AS xid))
UNION ALL SELECT 'a transaction of another user'
WHERE pg_snapshot_xmin(pg_current_snapshot())::text::bigint < %(next)s
"""
_MAY_READ = """
SELECT has_function_privilege('pg_read_binary_file(text, bigint, bigint, boolean)', 'execute')
    AND has_function_privilege('pg_ls_dir(text)', 'execute') AND pg_has_role('pg_read_server_files', 'member')
    AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
"""
_OURS = """
SELECT 'base/' || oid || '/' || name FROM pg_database, pg_ls_dir('base/' || oid) AS name
WHERE datname = current_database() ORDER BY 1
"""
_WRITE_AHEAD = "SELECT 'pg_wal/' || name FROM pg_ls_waldir() ORDER BY modification DESC"
_READ = "SELECT pg_read_binary_file(%s, %s, %s, true)"


def rewrite(connection: psycopg.Connection[Any], tables: Sequence[str], largest: int | None) -> dict[str, str]:
    """Write tables into new files, with nothing but what lives, and drop the old; what could not be, and why.

    VACUUM alone frees the place of a deleted row and leaves its bytes there until others need it: that is all that is
    done to tables of more than ``largest`` bytes.
    """
    sizes = {table: _size(connection, table) for table in tables}
    waiting = {table: _later(size, largest) for table, size in sizes.items() if largest is not None and size > largest}
    wanted = [table for table in tables if table not in waiting]
    if wanted and (reason := _patience(connection)):
        waiting.update(dict.fromkeys(wanted, reason))
        wanted = []
    connection.execute("SET statement_timeout = 0")
    # Who waits for the whole table lets all wait who come after.
    connection.execute(f"SET lock_timeout = '{LOCK_S}s'".encode())
    try:
        for table in tables:
            if reason := _vacuumed(connection, table, full=table in wanted):
                waiting.setdefault(table, reason)
    finally:
        connection.execute("RESET statement_timeout")
        connection.execute("RESET lock_timeout")
    return waiting


def _vacuumed(connection: psycopg.Connection[Any], table: str, *, full: bool) -> str | None:
    import psycopg

    words = "VACUUM (FULL) {}" if full else "VACUUM {}"
    try:
        connection.execute(psycopg.sql.SQL(words).format(psycopg.sql.Identifier(table)))
    except psycopg.errors.LockNotAvailable:
        return "it was in use all the time"
    except psycopg.errors.DiskFull:
        return "the database's disk has no room for a second copy of it"
    return None


def _size(connection: psycopg.Connection[Any], table: str) -> int:
    (size,) = connection.execute("SELECT pg_total_relation_size(CAST(%s AS regclass))", (table,)).fetchone() or (0,)
    return int(size)


def _later(size: int, largest: int) -> str:
    if not largest:
        return "`samouk maintain`, which writes tables anew, takes them out"
    return (
        f"it has {size / 1e6:,.0f} MB, too many to be written anew while others use it: "
        "`samouk maintain --once --rewrite` does it, when they can wait"
    )


def _patience(connection: psycopg.Connection[Any]) -> str | None:
    """Wait until nobody can see what was deleted before now; who still can when it has taken too long."""
    ((horizon,),) = connection.execute(_NEXT).fetchall()
    end = time.monotonic() + PATIENCE_S
    while True:
        row = connection.execute(_OLDER, {"next": horizon, "short": str(horizon % 2**32)}).fetchone()
        if row is None:
            return None
        if time.monotonic() > end:
            return f"{row[0]} may still see it"
        time.sleep(LOOK_S)


def rows(connection: psycopg.Connection[Any], table: str) -> Iterator[bytes]:
    """Every living row as text, whatever compression it lies under."""
    import psycopg

    named = psycopg.sql.SQL("COPY {} TO STDOUT").format(psycopg.sql.Identifier(table))
    with connection.cursor() as cursor, cursor.copy(named) as copy:
        for row in copy:
            yield bytes(row)


def files(connection: psycopg.Connection[Any]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Every file of the database, then its write-ahead log; nothing for a user who is no superuser."""
    (may,) = connection.execute(_MAY_READ).fetchone() or (False,)
    if not may:
        return
    connection.execute("CHECKPOINT")  # else the files would lag behind the memory of the server
    for place, names in (("files of the database", _OURS), (WRITE_AHEAD, _WRITE_AHEAD)):
        for (name,) in connection.execute(names).fetchall():
            yield place, _chunks(connection, name)


def _chunks(connection: psycopg.Connection[Any], name: str) -> Iterator[bytes]:
    at = 0
    while True:
        (data,) = connection.execute(_READ, (name, at, CHUNK)).fetchone() or (None,)
        if not data:  # gone meanwhile, or at its end
            return
        yield data
        at += len(data)
        if len(data) < CHUNK:
            return


def beyond(connection: psycopg.Connection[Any]) -> list[str]:
    """Where the server keeps copies that nobody can look at by a statement."""
    (may,) = connection.execute(_MAY_READ).fetchone() or (False,)
    return [
        *([] if may else ["files of the database, which only a superuser may read: its rows were looked at"]),
        "the write-ahead log, until the server uses its files again; its archive and replicas by their own retention",
        "blocks of the disk that the file system has set free and not yet used again",
    ]
