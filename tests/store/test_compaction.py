"""Compaction loses, doubles and leaves nothing, whatever happens beside it or cuts it short."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contracts.making import LEARNER, batch, batch_id, receipt
from tests.contracts.test_log import same
from tests.store.rescan import found

from samouk.loop.records import Batch, Compaction
from samouk.store.blobs.local import LocalBlobs
from samouk.store.clock import SteppedClock
from samouk.store.sql.compaction import FEW, SMALL
from samouk.store.sql.database import Database
from samouk.store.sql.log import SqlLog
from samouk.store.sql.migrations import migrate
from samouk.store.sql.postgres import PostgresDatabase
from samouk.store.sql.sqlite import SqliteDatabase


class Killed(BaseException):
    """The process died here."""


class Watched(LocalBlobs):
    """Packs in a folder; something may happen when one was put, or is about to be deleted."""

    put_done: Callable[[], None] | None = None
    deleting: Callable[[], None] | None = None

    def put(self, data: bytes) -> str:
        key = super().put(data)
        work, self.put_done = self.put_done, None
        if work is not None:
            work()
        return key

    def delete(self, key: str) -> None:
        work, self.deleting = self.deleting, None
        if work is not None:
            work()
        super().delete(key)


@pytest.fixture(params=["embedded", "postgres"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlLog]:
    """A log over each database, with its packs in a folder."""
    database: Database = (
        SqliteDatabase(tmp_path / "test.sqlite3")
        if request.param == "embedded"
        else PostgresDatabase(request.getfixturevalue("emptied_postgres"))
    )
    migrate(database.lane("schema"))
    yield SqlLog(database.lane("log"), Watched(tmp_path / "packs"), SteppedClock())
    database.close()


def watched(log: SqlLog) -> Watched:
    assert isinstance(log.packs, Watched)
    return log.packs


def filled(log: SqlLog, numbers: range, learner: str = LEARNER) -> list[Batch]:
    """Batches in a pack each."""
    sent = [batch(number, learner, rows=20) for number in numbers]
    for one in sent:
        log.append([one])
    return sent


def packs(log: SqlLog) -> int:
    return len(list(log.packs.keys()))


def whole(log: SqlLog, sent: list[Batch], learner: str = LEARNER) -> bool:
    """Whether exactly these batches are in the log, in order, to the byte."""
    read = list(log.read(log.entries(learner)))
    ids = [entry.batch_id for entry, _ in read]
    return ids == [one.batch_id for one in sent] and all(
        same(got, put.columns) for (_, got), put in zip(read, sent, strict=True)
    )


def calling(work: Callable[..., object], *args: object) -> Callable[[], None]:
    def call() -> None:
        work(*args)

    return call


def nothing() -> None:
    """Nobody wants the work to end."""


def test_many_packs_become_one(log: SqlLog) -> None:
    """What is read stays, the old files go, and a second time finds nothing to do."""
    sent = filled(log, range(40))
    assert packs(log) == 40
    done = log.compact(nothing)
    assert (done.before, done.after) == (40, 1)
    assert packs(log) == 1
    assert whole(log, sent)
    assert log.compact(nothing) == Compaction()


def test_a_pack_is_of_one_learner_and_one_week(log: SqlLog) -> None:
    """So that what is too old leaves whole, and who reads one learner reads nothing of others."""
    assert isinstance(log.clock, SteppedClock)
    mixed = [[batch(2 * n, rows=20), batch(2 * n + 1, "toy.other", rows=20)] for n in range(10)]
    for pair in mixed:
        log.append(pair)
    later = log.clock.step(dt.timedelta(days=7)).date()
    young = filled(log, range(100, 110))
    log.compact(nothing)
    assert packs(log) == 3
    assert whole(log, [mine for mine, _ in mixed] + young)
    assert whole(log, [other for _, other in mixed], "toy.other")
    while log.expire(later, 1):
        pass
    assert whole(log, young)
    assert packs(log) == 1


def test_few_packs_and_large_ones_stay(log: SqlLog) -> None:
    """Nothing is written anew that would gain nothing."""
    few = filled(log, range(FEW - 1))
    assert log.compact(nothing) == Compaction()
    large = batch(50, rows=60_000)
    log.append([large])
    assert sum(path.stat().st_size for path in log.packs._folder.rglob("*") if path.is_file()) > SMALL  # type: ignore[attr-defined]
    more = filled(log, range(60, 70))
    assert log.compact(nothing).before == FEW - 1 + 10
    assert whole(log, [*few, large, *more])
    assert packs(log) == 2


def test_an_erasure_meanwhile_leaves_no_byte(log: SqlLog, tmp_path: Path) -> None:
    """A batch is erased after its frame was copied and before the copy counts: the copy goes."""
    sent = filled(log, range(12))
    watched(log).put_done = calling(log.erase, batch_id(5), receipt(5))
    assert log.compact(nothing) == Compaction()
    assert found(tmp_path, sent[5]) == []
    left = [one for one in sent if one.batch_id != batch_id(5)]
    assert whole(log, left)
    assert log.compact(nothing).before == 11
    assert whole(log, left)
    log.erase(batch_id(6), receipt(6))
    assert found(tmp_path, sent[6]) == []
    assert found(tmp_path, sent[7])


def test_what_arrives_meanwhile_stays(log: SqlLog) -> None:
    """Uploads go on beside it."""
    sent = filled(log, range(12))
    late = batch(20, rows=20)
    watched(log).put_done = calling(log.append, [late])
    assert log.compact(nothing).before == 12
    assert whole(log, [*sent, late])


def test_a_reader_under_way_follows(log: SqlLog) -> None:
    """Who reads while packs go is given every batch, once."""
    sent = filled(log, range(12))
    reading = log.read(log.entries(LEARNER))
    first = next(reading)[0]
    log.compact(nothing)
    assert [first.batch_id, *(entry.batch_id for entry, _ in reading)] == [one.batch_id for one in sent]


@pytest.mark.parametrize("when", ["put_done", "deleting"])
def test_a_death_in_between_loses_and_doubles_nothing(log: SqlLog, when: str) -> None:
    """After the new pack was written, or after the rows name it and before the old ones went."""
    sent = filled(log, range(12))

    def die() -> None:
        raise Killed

    setattr(watched(log), when, die)
    with pytest.raises(Killed):
        log.compact(nothing)
    assert whole(log, sent)
    log.bury()
    log.sweep(0.0)
    log.compact(nothing)
    assert whole(log, sent)
    assert packs(log) == 1


def test_it_ends_when_told_and_goes_on(log: SqlLog) -> None:
    """Whoever lost the lease ends it between two steps; what was done stays done."""
    assert isinstance(log.clock, SteppedClock)
    sent = filled(log, range(10))
    log.clock.step(dt.timedelta(days=7))
    sent += filled(log, range(10, 20))
    asked = 0

    def check() -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        log.compact(check)
    assert packs(log) == 11
    assert whole(log, sent)
    log.compact(nothing)
    assert packs(log) == 2
    assert whole(log, sent)


def test_two_at_once_are_no_harm(log: SqlLog) -> None:
    """The lease keeps them apart; where it fails, one of them does each piece."""
    sent = filled(log, range(12))
    watched(log).put_done = calling(log.compact, nothing)
    log.compact(nothing)
    assert whole(log, sent)
    assert packs(log) == 1


@pytest.mark.slow
def test_uploads_erasures_and_readers_beside_it(log: SqlLog, tmp_path: Path) -> None:
    """With all at work at once nothing is lost, doubled or left."""
    sent = filled(log, range(60))
    problems: list[BaseException] = []
    done = threading.Event()

    def working(work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - told below
                problems.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def upload() -> None:
        sent.extend(filled(log, range(100, 140)))

    def erase() -> None:
        for number in range(0, 60, 3):
            log.erase(batch_id(number), receipt(number))

    def read() -> None:
        while not done.is_set():
            for entry, columns in log.read(log.entries(LEARNER)):
                number = int(entry.batch_id[:8], 16)
                assert same(columns, batch(number, rows=20).columns)

    def compact() -> None:
        while not done.is_set():
            log.compact(nothing)

    beside = [working(read), working(compact)]
    for thread in (working(upload), working(erase)):
        thread.join()
    done.set()
    for thread in beside:
        thread.join()
    assert problems == []
    log.compact(nothing)
    gone = {batch_id(number) for number in range(0, 60, 3)}
    assert whole(log, [one for one in sent if one.batch_id not in gone])
    assert all(found(tmp_path, one) == [] for one in sent if one.batch_id in gone)


def test_one_batch_of_a_group_of_learners(log: SqlLog) -> None:
    """Rows of other learners in a pack that is put together stay theirs."""
    pairs = [[batch(2 * n, rows=20), replace(batch(2 * n + 1, rows=20), learner=f"toy.l{n % 3}")] for n in range(9)]
    for pair in pairs:
        log.append(pair)
    log.compact(nothing)
    assert whole(log, [mine for mine, _ in pairs])
    for n in range(3):
        assert whole(log, [other for number, (_, other) in enumerate(pairs) if number % 3 == n], f"toy.l{n}")
