"""What `samouk doctor` looks at: every part that the settings name, asked in earnest, and nothing of it changed."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samouk.loop.ports import CorruptBlob, NotFound, StoreUnavailable
from samouk.settings import PREFIX, SETTINGS, BadSetting, Settings

if TYPE_CHECKING:
    import sqlalchemy as sa

    from samouk.store.blobs.bucket import Manners

LITTLE_SPACE, NO_SPACE = 2_000_000_000, 200_000_000
"""Bytes free on the home's disk below which a person is warned, and below which it is a fault."""

SKEW_WARN_S, SKEW_FAIL_S = 2.0, 60.0
"""How far this machine's clock may be from the database's or the bucket's; a lease's slack is a minute."""

_CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
OLDEST_POSTGRES = 130_000
SLOW_S = 0.5
"""An answer that takes longer is worth a word."""


class State(StrEnum):
    """How a part is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen of one part.

    Attributes:
        part: ``database``, ``blobs`` and so on.
        words: what was seen; where it is not well, what to do.
    """

    part: str
    state: State
    words: str


Look = Callable[[Settings], Iterator[tuple[State, str]]]


def examine(settings: Settings, only: Sequence[str] = ()) -> Iterator[Finding]:
    """Look at each part in turn, or at those of ``only``; what cannot be reached is a finding, never an error.

    Raises:
        BadSetting: ``only`` names no part.
    """
    unknown = [part for part in only if part not in LOOKS]
    if unknown:
        raise BadSetting(f"--only {unknown[0]!r:.40}: there are {', '.join(LOOKS)}")
    for part in only or LOOKS:
        yield from _examined(part, LOOKS[part], settings)


def _examined(part: str, look: Look, settings: Settings) -> Iterator[Finding]:
    try:
        for state, words in look(settings):
            yield Finding(part, state, words)
    except (StoreUnavailable, CorruptBlob, NotFound, BadSetting, OSError) as error:
        yield Finding(part, State.FAIL, str(error))
    except ModuleNotFoundError as error:
        yield Finding(part, State.FAIL, f"needs {error.name}: pip install 'samouk[scale]'")


def _settings(settings: Settings) -> Iterator[tuple[State, str]]:
    yield State.OK, f"Python {sys.version.split()[0]}, home {settings.home}"
    yield from _unknown(os.environ)
    yield from _open_files(os.environ)


def _unknown(environment: Mapping[str, str]) -> Iterator[tuple[State, str]]:
    """Variables that look like ours and are not: a typing error leaves a default in force, silently."""
    known = {setting.variable for setting in SETTINGS} | _CLIENT
    for name in sorted(environment):
        if name.startswith(PREFIX) and name.removesuffix("_FILE") not in known:
            yield State.WARN, f"{name} is no setting; docs/reference/settings.md lists those that there are"


# Read by the client, by domains and by tests, not by ``settings.py``.
_ELSEWHERE = (
    *("API_KEY", "ROOT", "POLICY", "CACHE", "SHARED", "DATA_HOME", "CONFIG_HOME", "SCORING_SCHEMA"),
    *("TRAFFIC_CONFIG", "TEST_POSTGRES", "TEST_REDIS"),
)
_CLIENT = frozenset(f"{PREFIX}{name}" for name in _ELSEWHERE)


def _open_files(environment: Mapping[str, str]) -> Iterator[tuple[State, str]]:
    for name, value in sorted(environment.items()):
        path = Path(value)
        if name.startswith(PREFIX) and name.endswith("_FILE") and path.is_file() and path.stat().st_mode & stat.S_IROTH:
            yield State.WARN, f"{name}: everybody on this machine can read {value}; chmod o-r it"


def _home(settings: Settings) -> Iterator[tuple[State, str]]:
    home = settings.home
    if not home.exists():
        yield State.OK, f"{home} is not there yet; the first command makes it"
        return
    if not os.access(home, os.W_OK | os.X_OK):
        yield State.FAIL, f"{home} is not writable by this user: change its owner, or set SAMOUK_HOME elsewhere"
    if home.stat().st_mode & 0o077:
        yield State.WARN, f"other users can look into {home}: chmod 700 it"
    free = shutil.disk_usage(home).free
    words = f"{free / 1e9:.1f} GB free below {home}"
    if free < NO_SPACE:
        yield State.FAIL, f"{words}: free some space"
    elif free < LITTLE_SPACE:
        yield State.WARN, f"{words}: predictions and models need room"
    else:
        yield State.OK, words


def _database(settings: Settings) -> Iterator[tuple[State, str]]:
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

    database = SqliteDatabase(path)
    try:
        with database.read() as connection:
            yield _revision(current(connection), HEAD)
            yield State.OK, f"SQLite {connection.exec_driver_sql('SELECT sqlite_version()').scalar_one()} at {path}"
    finally:
        database.close()


def _revision(found: str | None, head: str) -> tuple[State, str]:
    if found == head:
        return State.OK, f"schema {head}"
    if found is None:
        return State.WARN, "has no tables yet: run `samouk migrate`"
    return State.WARN, f"schema {found}, and this samouk's is {head}: run `samouk migrate`, or upgrade samouk"


def _postgres(url: str) -> Iterator[tuple[State, str]]:
    from samouk.store.sql.migrations import HEAD, current
    from samouk.store.sql.postgres import PostgresDatabase

    database = PostgresDatabase(url)
    try:
        begun = time.monotonic()
        with database.read() as connection:
            took = time.monotonic() - begun
            yield _answer(database.place, took)
            yield _revision(current(connection), HEAD)
            yield from _server(connection)
    finally:
        database.close()


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


def _answer(place: str, seconds: float) -> tuple[State, str]:
    state = State.WARN if seconds > SLOW_S else State.OK
    return state, f"{place} answers in {seconds * 1000:.0f} ms"


def _blobs(settings: Settings) -> Iterator[tuple[State, str]]:
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
    yield _answer(settings.blobs_url.partition("?")[0] or str(settings.home / "blobs"), time.monotonic() - begun)
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


def _redis(settings: Settings) -> Iterator[tuple[State, str]]:
    if not settings.redis_url:
        yield State.OK, "none; this process queues and schedules by itself"
        return
    import redis

    from samouk.store.redis import connect, place

    where, server = place(settings.redis_url), connect(settings.redis_url, answer=3.0)
    try:
        begun = time.monotonic()
        server.ping()
        yield _answer(where, time.monotonic() - begun)
        memory: Any = server.info("memory")
        if memory.get("maxmemory_policy", "noeviction") != "noeviction":
            yield State.WARN, f"maxmemory-policy is {memory['maxmemory_policy']}: tasks may vanish; set noeviction"
    except redis.RedisError as error:
        yield State.FAIL, f"{where} does not answer ({type(error).__name__}): check that it runs and can be reached"
    finally:
        server.close()


def _keys(settings: Settings) -> Iterator[tuple[State, str]]:
    from samouk.assembly import Places
    from samouk.publish.keys import KeysError, newest_root

    folder = Places.of(settings).keys
    if not folder.is_dir() or not any(folder.iterdir()):
        yield State.WARN, f"no signing keys in {folder} yet: the first `samouk serve` or `samouk keys init` makes them"
        return
    try:
        root = newest_root(folder).signed
    except KeysError as error:
        yield State.FAIL, str(error)
        return
    yield State.OK, f"root {root.version} holds until {root.expires:%Y-%m-%d}"
    if any((folder / "root").glob("*")):
        yield State.WARN, f"root keys lie in {folder / 'root'}: move them off this machine"


LOOKS: Mapping[str, Look] = {
    "settings": _settings,
    "home": _home,
    "database": _database,
    "blobs": _blobs,
    "redis": _redis,
    "keys": _keys,
}
"""Part → how it is looked at."""
