"""The stores: database, blobs and Redis, each asked in earnest."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from samouk.diagnosis.finding import State, answered
from samouk.settings import Settings

if TYPE_CHECKING:
    import sqlalchemy as sa

    from samouk.store.blobs.bucket import Manners

SKEW_WARN_S, SKEW_FAIL_S = 2.0, 60.0
"""How far this machine's clock may be from the database's or the bucket's; a lease's slack is a minute."""

_CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
OLDEST_POSTGRES = 130_000


def database(settings: Settings) -> Iterator[tuple[State, str]]:
    """Its schema, and of a server its manners, its clock and its room."""
    from samouk.store.sql import DATABASE
    from samouk.store.sql.migrations import HEAD, current

    if settings.database_url:
        yield from _postgres(settings.database_url)
        return
    path = settings.home / DATABASE
    if not path.exists():
        yield State.OK, f"{path} is not there yet; the first command makes it"
        return
    from samouk.store.sql.sqlite import SqliteDatabase

    opened = SqliteDatabase(path)
    try:
        with opened.read() as connection:
            yield _revision(current(connection), HEAD)
            yield State.OK, f"SQLite {connection.exec_driver_sql('SELECT sqlite_version()').scalar_one()} at {path}"
    finally:
        opened.close()


def _revision(found: str | None, head: str) -> tuple[State, str]:
    if found == head:
        return State.OK, f"schema {head}"
    if found is None:
        return State.WARN, "has no tables yet: run `samouk migrate`"
    return State.WARN, f"schema {found}, and this samouk's is {head}: run `samouk migrate`, or upgrade samouk"


def _postgres(url: str) -> Iterator[tuple[State, str]]:
    from samouk.store.sql.migrations import HEAD, current
    from samouk.store.sql.postgres import PostgresDatabase

    opened = PostgresDatabase(url)
    try:
        begun = time.monotonic()
        with opened.read() as connection:
            took = time.monotonic() - begun
            yield answered(opened.place, took)
            yield _revision(current(connection), HEAD)
            yield from _server(connection)
    finally:
        opened.close()


def _server(connection: sa.Connection) -> Iterator[tuple[State, str]]:
    """Version, durability, clock, room for connections, and whether it may be written to."""

    def asked(question: str) -> Any:
        return connection.exec_driver_sql(question).scalar_one()

    def shown(name: str) -> Any:
        return asked(f"SHOW {name}")

    number = int(shown("server_version_num"))
    if number < OLDEST_POSTGRES:
        yield State.FAIL, f"PostgreSQL {shown('server_version')} is too old: 13 or newer is needed"
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if shown(name) == "off":
            yield State.FAIL, f"{name} is off: what was acknowledged may be lost in a power cut; switch it on"
    if asked("SELECT pg_is_in_recovery()"):
        yield State.FAIL, "this server is a standby: name the primary in SAMOUK_DATABASE_URL"
    theirs = float(connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one())
    yield from _skew(theirs - time.time())
    most, used = int(shown("max_connections")), int(asked(_CONNECTIONS))
    state = State.WARN if used > 0.8 * most else State.OK
    yield state, f"{used} of {most} connections are open"


def _skew(seconds: float) -> Iterator[tuple[State, str]]:
    if abs(seconds) > SKEW_WARN_S:
        state = State.FAIL if abs(seconds) > SKEW_FAIL_S else State.WARN
        yield state, f"its clock and this machine's differ by {abs(seconds):.0f} s: let both follow NTP"


def blobs(settings: Settings) -> Iterator[tuple[State, str]]:
    """A blob is put, read and deleted again."""
    from samouk.store.blobs.places import BadPlace, bucket_of, places

    if not settings.blobs_url and not settings.home.exists():
        yield State.OK, "the first command makes the folders"
        return
    try:
        found = places(settings.blobs_url, settings.home).blobs
    except BadPlace as error:
        yield State.FAIL, str(error)
        return
    if settings.blobs_url.startswith("s3:"):
        yield from _manners(bucket_of(settings.blobs_url).manners())
    data = os.urandom(64)
    begun = time.monotonic()
    key = found.put(data)
    try:
        if found.get(key) != data:
            yield State.FAIL, "what was put there came back as something else"
    finally:
        found.delete(key)
    yield answered(settings.blobs_url.partition("?")[0] or str(settings.home / "blobs"), time.monotonic() - begun)
    if settings.database_url and not settings.blobs_url:
        yield State.WARN, "models and samples lie on this machine alone: set SAMOUK_BLOBS_URL before there is a second"


def _manners(found: Manners) -> Iterator[tuple[State, str]]:
    if found.versioned:
        yield (
            State.WARN,
            "it keeps old versions: without versions=expire in the URL and a lifecycle rule that removes them, "
            "nothing is stored there",
        )
    if not found.conditional:
        yield State.WARN, "it creates what is there already: run one backup to it at a time"
    yield from _skew(found.ahead)


def redis(settings: Settings) -> Iterator[tuple[State, str]]:
    """Whether it answers, and keeps what it is given."""
    if not settings.redis_url:
        yield State.OK, "none; this process queues and schedules by itself"
        return
    from redis import RedisError

    from samouk.store.redis import connect, place

    where, server = place(settings.redis_url), connect(settings.redis_url, answer=3.0)
    try:
        begun = time.monotonic()
        server.ping()
        yield answered(where, time.monotonic() - begun)
        memory: Any = server.info("memory")
        if memory.get("maxmemory_policy", "noeviction") != "noeviction":
            yield State.WARN, f"maxmemory-policy is {memory['maxmemory_policy']}: tasks may vanish; set noeviction"
    except RedisError as error:
        yield State.FAIL, f"{where} does not answer ({type(error).__name__}): check that it runs and can be reached"
    finally:
        server.close()
