"""What PostgreSQL may refuse at a bad moment, told in words that say what to do, and what is left: nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from tests.contracts.making import LEARNER, batch
from tests.own_postgres import own_postgres

from samouk.loop.ports import StoreUnavailable
from samouk.loop.records import Stored
from samouk.store.blobs.local import LocalBlobs
from samouk.store.clock import SteppedClock
from samouk.store.sql.log import SqlLog
from samouk.store.sql.migrations import migrate
from samouk.store.sql.postgres import PostgresDatabase


@pytest.fixture
def log(postgres: str, tmp_path: Path) -> Iterator[SqlLog]:
    """A log of the test's own."""
    database = PostgresDatabase(postgres)
    yield SqlLog(database.lane("log"), LocalBlobs(tmp_path / "packs"), SteppedClock())
    database.close()


def refuse(url: str, code: str) -> None:
    """Let every insertion into the log fail with this code."""
    with psycopg.connect(url) as connection:
        raising = f"BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = '{code}'; END"
        connection.execute(f"CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $${raising}$$".encode())
        connection.execute("CREATE TRIGGER fail BEFORE INSERT ON batches FOR EACH ROW EXECUTE FUNCTION fail()")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("53100", "no space left"),
        ("53200", "no memory left"),
        ("53300", "max_connections"),
        ("25006", "primary"),
        ("55P03", "too busy"),
        ("57014", "too busy"),
        ("40P01", "too busy"),
        ("57P01", "does not answer"),
        ("58030", "does not answer"),
        ("XX001", "backup"),
    ],
)
def test_a_refusal_is_told_in_words_and_leaves_nothing(postgres: str, log: SqlLog, code: str, words: str) -> None:
    """No row and no pack; once the cause is gone the same batch is stored."""
    refuse(postgres, code)
    with pytest.raises(StoreUnavailable, match=words):
        log.append([batch(1)])
    assert (log.entries(LEARNER), list(log.packs.keys())) == ([], [])
    with psycopg.connect(postgres) as connection:
        connection.execute("DROP FUNCTION fail() CASCADE")
    assert log.append([batch(1)]) == [Stored.STORED]


def test_a_fault_of_ours_is_not_blamed_on_the_database(postgres: str, log: SqlLog) -> None:
    """What no operator can mend stays an error of the server."""
    refuse(postgres, "22012")
    with pytest.raises(sa.exc.DataError):
        log.append([batch(1)])


def test_a_held_lane_stops_writers_for_a_while_and_readers_never(postgres: str, log: SqlLog) -> None:
    """The writer is told what to look for; it goes on once the other is done."""
    with log.database.write() as connection:
        assert log.entries(LEARNER) == []
        impatient = PostgresDatabase(f"{postgres}?options=-c%20lock_timeout%3D50")
        late = SqlLog(impatient.lane("log"), log.packs, log.clock)
        with pytest.raises(StoreUnavailable, match="too busy"):
            late.append([batch(1)])
        other = SqlLog(impatient.lane("other"), log.packs, log.clock)
        assert other.append([batch(2)]) == [Stored.STORED]  # another lane waits for nobody
        connection.exec_driver_sql("SELECT 1")
    assert late.append([batch(1)]) == [Stored.STORED]
    impatient.close()


def test_whoever_idles_in_a_transaction_is_thrown_out(postgres: str, log: SqlLog) -> None:
    """A process that hangs between two statements gives its lane back; its own writing is undone."""
    hanging = PostgresDatabase(f"{postgres}?options=-c%20idle_in_transaction_session_timeout%3D50")
    with pytest.raises(StoreUnavailable), hanging.lane("log").write() as connection:
        connection.exec_driver_sql("DELETE FROM counters")
        assert log.append([batch(1)]) == [Stored.STORED]  # waits until the other is thrown out
        connection.exec_driver_sql("SELECT 1")
    assert log.stats(LEARNER).total_batches == 1
    hanging.close()


def test_a_killed_session_gives_its_lane_back(postgres: str, log: SqlLog) -> None:
    """Nobody has to take anything away by hand."""
    holding, ended = threading.Event(), threading.Event()

    def hold() -> None:
        with pytest.raises(StoreUnavailable), log.database.write() as connection:
            holding.set()
            ended.wait(60)
            connection.exec_driver_sql("SELECT 1")

    thread = threading.Thread(target=hold)
    thread.start()
    assert holding.wait(60)
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    assert log.append([batch(1)]) == [Stored.STORED]
    ended.set()
    thread.join()
    assert log.append([batch(1)]) == [Stored.DUPLICATE]


def test_a_server_without_connections_left_says_so(tmp_path: Path) -> None:
    """It is told apart from one that is away, and recovers by itself."""
    with own_postgres() as server:
        server.stop()
        server.start("-c", "max_connections=5", "-c", "superuser_reserved_connections=0")
        database = PostgresDatabase(server.url)
        others = [psycopg.connect(server.url) for _ in range(5)]
        with pytest.raises(StoreUnavailable, match="max_connections"):
            migrate(database.lane("schema"))
        for other in others:
            other.close()
        assert migrate(database.lane("schema")) is None
        database.close()
