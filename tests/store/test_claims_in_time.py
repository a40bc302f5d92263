"""Who waited for the database looks at the clock afterwards: what was free before may be another's by then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.contracts.waiting import until

from samouk.loop.live import EventKind, Webhook
from samouk.loop.task import Kind, Task
from samouk.store.clock import SteppedClock
from samouk.store.sql.database import Database
from samouk.store.sql.leases import SqlLeases
from samouk.store.sql.migrations import migrate
from samouk.store.sql.postgres import PostgresDatabase
from samouk.store.sql.sqlite import SqliteDatabase
from samouk.store.sql.tasks import SqlTasks
from samouk.store.sql.webhooks import SqlWebhooks

AGES = 5_000.0
"""Seconds: longer than any claim lasts."""


class Crowded:
    """A database at whose door each caller waits; meanwhile others do something."""

    def __init__(self, database: Database, meanwhile: Callable[[], object]) -> None:
        self._database, self._meanwhile = database, meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        self._meanwhile()
        with self._database.write() as connection:
            yield connection


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture(params=["embedded", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty store's database."""
    made: Database
    if request.param == "embedded":
        made = SqliteDatabase(tmp_path / "samouk.db")
        migrate(made)
    else:
        made = PostgresDatabase(request.getfixturevalue("emptied_postgres")).lane("")
    yield made
    made.close()


def crowded(database: Database, clock: SteppedClock, others: Callable[[], object]) -> Any:
    """Time passes at its door, and then others act."""

    def meanwhile() -> None:
        clock.step(dt.timedelta(seconds=AGES))
        others()

    return Crowded(database, meanwhile)


def test_a_lease_that_another_took_meanwhile_is_his(database: Database, clock: SteppedClock) -> None:
    """It ends far ahead of the moment at which the waiting began; that makes it no mistaken one."""
    others = SqlLeases(database, clock)
    late = SqlLeases(crowded(database, clock, lambda: others.acquire("turn:toy", "another", 60)), clock)
    assert not late.acquire("turn:toy", "late", 60)
    assert others.acquire("turn:toy", "another", 60)


def test_a_lease_lasts_from_when_it_was_got(database: Database, clock: SteppedClock) -> None:
    """However long its taker waited."""
    late = SqlLeases(crowded(database, clock, lambda: None), clock)
    assert late.acquire("turn:toy", "late", 60)
    assert late.held("turn:toy")


def task(clock: SteppedClock) -> Task:
    return Task("task", Kind.LEARN, "toy.half", clock.now(), clock.now())


def test_a_task_that_another_claimed_meanwhile_is_his(database: Database, clock: SteppedClock) -> None:
    """The claim of a living worker is not taken for one that a wrong clock made."""
    others = SqlTasks(database, clock)
    others.put(task(clock))
    late = SqlTasks(crowded(database, clock, lambda: others.claim("task", "another", 3_600)), clock)
    assert late.claim("task", "late", 60) is None
    assert others.finish("task", "another")


def test_a_claim_lasts_from_when_it_was_got(database: Database, clock: SteppedClock) -> None:
    """Of tasks and when it is renewed."""
    others = SqlTasks(database, clock)
    others.put(task(clock))
    late = SqlTasks(crowded(database, clock, lambda: None), clock)
    assert late.claim("task", "late", 60) is not None
    assert others.claim("task", "another", 60) is None
    assert late.renew("task", "late", 60)
    assert others.claim("task", "another", 60) is None


def hook(clock: SteppedClock) -> Webhook:
    return Webhook("hook", "https://example.org/", "secret", None, (EventKind.PROMOTED,), clock.now())


def test_a_webhook_that_another_claimed_meanwhile_is_his(database: Database, clock: SteppedClock) -> None:
    """So that no event is delivered by two."""
    others = SqlWebhooks(database, clock)
    others.add(hook(clock))
    late = SqlWebhooks(crowded(database, clock, lambda: others.claim("hook", "another", 3_600)), clock)
    assert late.claim("hook", "late", 60) is None


def test_a_webhooks_claim_lasts_from_when_it_was_got(database: Database, clock: SteppedClock) -> None:
    """And from when it was kept up."""
    others = SqlWebhooks(database, clock)
    others.add(hook(clock))
    late = SqlWebhooks(crowded(database, clock, lambda: None), clock)
    assert late.claim("hook", "late", 60) is not None
    assert others.claim("hook", "another", 60) is None
    assert late.update(hook(clock), "late", 60)
    assert others.claim("hook", "another", 60) is None


def test_the_lock_of_all_leases_is_waited_for_first(emptied_postgres: str, clock: SteppedClock) -> None:
    """Time passes while another holds it."""
    database = PostgresDatabase(emptied_postgres).lane("leases")
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    leases = SqlLeases(database, clock)
    with ThreadPoolExecutor(1) as pool:
        with database.write():
            got = pool.submit(leases.acquire, "turn:toy", "late", 60)

            def stands() -> bool:
                with database.read() as connection:
                    return bool(connection.exec_driver_sql(waiting).scalar())

            until(stands)
            clock.step(dt.timedelta(seconds=60))
        assert got.result(60)
    assert leases.held("turn:toy")
    database.close()
