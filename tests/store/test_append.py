"""What an append leaves among the packs: when another writer is quicker, and when the database goes away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.contracts.making import LEARNER, batch, batch_id, receipt
from tests.proxy import Cut, between
from tests.store.rescan import found

from samouk.loop.ports import CommitUnknown, NotFound, StoreUnavailable
from samouk.loop.records import Stored
from samouk.store.blobs.local import LocalBlobs
from samouk.store.clock import SteppedClock
from samouk.store.sql.database import Database
from samouk.store.sql.log import SqlLog
from samouk.store.sql.migrations import migrate
from samouk.store.sql.postgres import PostgresDatabase
from samouk.store.sql.sqlite import SqliteDatabase


class Interrupted(LocalBlobs):
    """Packs in a folder; something happens between the first one's writing and what the writer does next."""

    meanwhile: Callable[[], None] | None = None

    def put(self, data: bytes) -> str:
        key = super().put(data)
        work, self.meanwhile = self.meanwhile, None
        if work is not None:
            work()
        return key


@pytest.fixture(params=["embedded", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with all tables."""
    made: Database
    if request.param == "embedded":
        made = SqliteDatabase(tmp_path / "samouk.sqlite3")
    else:
        made = PostgresDatabase(request.getfixturevalue("emptied_postgres"))
    migrate(made)
    yield made
    made.close()


def named(log: SqlLog) -> dict[str, int]:
    """Pack → how many bytes of it rows name."""
    with log.database.read() as connection:
        rows = connection.execute(sa.text("SELECT pack, SUM(length) FROM batches GROUP BY pack"))
        return {pack: int(length) for pack, length in rows}


def sizes(packs: LocalBlobs) -> dict[str, int]:
    """Pack → how many bytes of frames it has."""
    return {key: len(packs.get(key)) - 16 for key in packs.keys()}  # noqa: SIM118 - no mapping


def test_what_another_writer_brought_meanwhile_stands_in_no_pack_of_ours(database: Database, tmp_path: Path) -> None:
    """Between our look and our lock a batch arrives, and another is erased: ours has neither."""
    packs = Interrupted(tmp_path / "packs")
    log = SqlLog(database.lane("log"), packs, SteppedClock())

    def others() -> None:
        quicker = SqlLog(database.lane("log"), LocalBlobs(tmp_path / "packs"), SteppedClock())
        quicker.append([batch(2), batch(3)])
        quicker.erase(batch_id(3), receipt(3))

    packs.meanwhile = others
    told = log.append([batch(number) for number in range(5)])
    assert told == [Stored.STORED, Stored.STORED, Stored.DUPLICATE, Stored.ERASED, Stored.STORED]
    assert sizes(packs) == named(log)
    assert found(tmp_path / "packs", batch(3)) == []
    log.erase(batch_id(2), receipt(2))
    assert found(tmp_path / "packs", batch(2)) == []
    assert [len(got["flag"]) for _, got in log.read(log.entries(LEARNER))] == [5, 5, 5]


def test_everything_was_brought_meanwhile(database: Database, tmp_path: Path) -> None:
    """Then there is nothing to store, and our pack goes."""
    packs = Interrupted(tmp_path / "packs")
    log = SqlLog(database.lane("log"), packs, SteppedClock())

    def others() -> None:
        assert log.append([batch(1)]) == [Stored.STORED]

    packs.meanwhile = others
    assert log.append([batch(1)]) == [Stored.DUPLICATE]
    assert sizes(packs) == named(log)
    assert log.stats(LEARNER).total_batches == 1


def test_writers_of_the_same_batches_leave_no_byte_twice(database: Database, tmp_path: Path) -> None:
    """Four at once, each with the same forty batches in groups of their own."""
    packs = LocalBlobs(tmp_path / "packs")
    log = SqlLog(database.lane("log"), packs, SteppedClock())

    def work(size: int) -> None:
        for first in range(0, 40, size):
            log.append([batch(number) for number in range(first, min(first + size, 40))])

    threads = [threading.Thread(target=work, args=(size,)) for size in (1, 3, 7, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.stats(LEARNER).total_batches == 40
    assert sizes(packs) == named(log)


def cut_off(postgres: str, where: Cut, word: bytes, packs: LocalBlobs) -> StoreUnavailable:
    """How an append ends whose connection breaks at this word."""
    with between(postgres) as (proxy, url):
        database = PostgresDatabase(url)
        log = SqlLog(database.lane("log"), packs, SteppedClock())
        log.append([batch(0)])
        proxy.cut(word, where)
        with pytest.raises(StoreUnavailable) as caught:
            log.append([batch(1), batch(2)])
        assert proxy.cuts == 1
        assert log.append([batch(3)]) == [Stored.STORED]  # by a fresh connection, without any help
        database.close()
    return caught.value


def test_a_commit_whose_answer_is_lost_keeps_its_pack(postgres: str, tmp_path: Path) -> None:
    """The rows are there, so the pack must be; sending it again settles it."""
    packs = LocalBlobs(tmp_path / "packs")
    error = cut_off(postgres, Cut.AFTER, b"COMMIT\0", packs)
    assert isinstance(error, CommitUnknown)
    assert "send it again" in str(error)
    database = PostgresDatabase(postgres)
    log = SqlLog(database.lane("log"), packs, SteppedClock())
    assert len(list(log.read(log.entries(LEARNER)))) == 4
    assert log.append([batch(1), batch(2)]) == [Stored.DUPLICATE] * 2
    assert sizes(packs) == named(log)
    database.close()


def test_a_commit_that_never_arrived_leaves_a_pack_for_the_sweep(postgres: str, tmp_path: Path) -> None:
    """Nobody can tell it from one that did: it stays until it is old enough to be an orphan."""
    packs = LocalBlobs(tmp_path / "packs")
    assert isinstance(cut_off(postgres, Cut.BEFORE, b"COMMIT\0", packs), CommitUnknown)
    database = PostgresDatabase(postgres)
    log = SqlLog(database.lane("log"), packs, SteppedClock())
    assert log.append([batch(1), batch(2)]) == [Stored.STORED] * 2
    assert len(sizes(packs)) == len(named(log)) + 1
    assert log.sweep() == []
    assert len(log.sweep(0)) == 1
    assert sizes(packs) == named(log)
    database.close()


def test_what_broke_before_the_commit_leaves_nothing(postgres: str, tmp_path: Path) -> None:
    """Then it is certain that nothing was stored, and the pack goes at once."""
    packs = LocalBlobs(tmp_path / "packs")
    error = cut_off(postgres, Cut.BEFORE, b"INSERT INTO batches", packs)
    assert not isinstance(error, CommitUnknown)
    database = PostgresDatabase(postgres)
    log = SqlLog(database.lane("log"), packs, SteppedClock())
    assert len(log.entries(LEARNER)) == 2
    assert sizes(packs) == named(log)
    with pytest.raises(NotFound):
        log.erase(batch_id(1), receipt(1))
    database.close()
