"""What an erasure leaves behind: nothing."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contracts.making import LEARNER, batch, batch_id, receipt, version
from tests.store.rescan import found

from samouk.loop.ports import StoreUnavailable
from samouk.store.blobs.local import LocalBlobs
from samouk.store.clock import SteppedClock
from samouk.store.sql import DATABASE, Store, open_store
from samouk.store.sql.log import SqlLog
from samouk.store.sql.sqlite import SqliteDatabase


class StuckBlobs(LocalBlobs):
    """A folder in which nothing can be deleted just now."""

    def delete(self, key: str) -> None:
        raise StoreUnavailable("the folder is read-only just now")


def test_no_byte_of_the_batch_is_left(store: Store, home: Path) -> None:
    """A re-scan of every file finds the batch before its erasure, not after it, and its neighbours always."""
    store.log.append([batch(number, rows=500) for number in range(3)])
    assert found(home, batch(1, rows=500))
    store.log.erase(batch_id(1), receipt(1))
    assert found(home, batch(1, rows=500)) == []
    assert found(home, batch(0, rows=500))


def test_erasing_empties_the_write_ahead_log(store: Store, home: Path) -> None:
    """Old pages do not stay in SQLite's own files: neither the pack's name nor the row."""
    store.log.append([batch(1)])
    (pack,) = (path.name for path in (home / "packs").glob("??/*"))
    store.log.erase(batch_id(1), receipt(1))
    assert (home / f"{DATABASE}-wal").stat().st_size == 0
    assert pack.encode() not in (home / DATABASE).read_bytes()
    assert list((home / "packs").glob("??/*")) == []


def test_an_erasure_that_was_cut_short_ends_at_the_next_start(home: Path) -> None:
    """Once it is committed, the bytes go at the next start at the latest."""
    store = open_store(home, SteppedClock())
    store.log.append([batch(number) for number in range(3)])
    stuck = SqlLog(SqliteDatabase(home / DATABASE), StuckBlobs(home / "packs"), SteppedClock())
    with pytest.raises(StoreUnavailable):
        stuck.erase(batch_id(1), receipt(1))
    stuck.database.close()
    assert found(home, batch(1))
    open_store(home, SteppedClock()).close()
    assert found(home, batch(1)) == []
    assert [entry.batch_id for entry, _ in store.log.read(store.log.entries(LEARNER))] == [batch_id(0), batch_id(2)]
    store.close()


def test_asking_again_ends_an_erasure_that_was_cut_short(store: Store, home: Path) -> None:
    """A second ``erase`` deletes what the first could not."""
    store.log.append([batch(1)])
    stuck = SqlLog(SqliteDatabase(home / DATABASE), StuckBlobs(home / "packs"), SteppedClock())
    with pytest.raises(StoreUnavailable):
        stuck.erase(batch_id(1), receipt(1))
    stuck.database.close()
    store.log.erase(batch_id(1), receipt(1))
    assert found(home, batch(1)) == []


def test_a_pack_that_nobody_names_is_swept(home: Path) -> None:
    """What a writer left that died before its commit goes at the next start, with its unfinished files."""
    open_store(home, SteppedClock()).close()
    packs = LocalBlobs(home / "packs")
    key = packs.put(b"orphan")
    (home / "packs" / key[:2] / f"{key}.0.unfinished").write_bytes(b"orph")
    open_store(home, SteppedClock()).close()
    assert list((home / "packs").glob("??/*")) == []


def test_a_model_that_no_version_names_is_swept(home: Path) -> None:
    """A run that was killed between its model and its version leaves nothing; models of versions stay."""
    store = open_store(home, SteppedClock())
    kept = store.blobs.put(b"model of a version")
    store.registry.add(replace(version(1), artifact_key=kept))
    store.blobs.put(b"orphan")
    store.close()
    store = open_store(home, SteppedClock())
    assert list(store.blobs.keys()) == [kept]
    store.close()


def test_a_young_model_is_left_while_others_are_at_work(store: Store, home: Path) -> None:
    """While another process has the home open, a model may wait for its version."""
    key = store.blobs.put(b"to be entered")
    open_store(home, SteppedClock()).close()
    assert list(store.blobs.keys()) == [key]


def test_traces_that_a_reader_needed_go_later(store: Store, home: Path) -> None:
    """While a reader is open the write-ahead log cannot be emptied; the next opening empties it."""
    store.log.append([batch(1)])
    (pack,) = (path.name for path in (home / "packs").glob("??/*"))
    reader = sqlite3.connect(home / DATABASE, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM batches").fetchall()
    store.log.erase(batch_id(1), receipt(1))
    log = home / f"{DATABASE}-wal"
    assert pack.encode() in log.read_bytes()
    reader.close()
    open_store(home, SteppedClock()).close()
    assert log.stat().st_size == 0


def test_traces_that_a_reader_needed_go_with_the_next_erasure(store: Store, home: Path) -> None:
    """The next call tries again, also when it has nothing else to bury."""
    store.log.append([batch(1)])
    reader = sqlite3.connect(home / DATABASE, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM batches").fetchall()
    store.log.erase(batch_id(1), receipt(1))
    reader.close()
    store.log.erase(batch_id(1), receipt(1))
    assert (home / f"{DATABASE}-wal").stat().st_size == 0


def test_reading_batches_holds_no_log(store: Store, home: Path) -> None:
    """A reader between two batches does not keep an erasure from emptying the write-ahead log."""
    store.log.append([batch(1), batch(2)])
    reading = store.log.read(store.log.entries(LEARNER))
    next(reading)
    store.log.erase(batch_id(2), receipt(2))
    assert (home / f"{DATABASE}-wal").stat().st_size == 0
    assert list(reading) == []


def test_a_young_pack_is_left_while_others_are_at_work(store: Store, home: Path) -> None:
    """While another process has the home open, a pack may belong to a commit that is under way."""
    key = LocalBlobs(home / "packs").put(b"to be committed")
    open_store(home, SteppedClock()).close()
    assert key in set(LocalBlobs(home / "packs").keys())


def test_a_commit_that_failed_leaves_no_pack(home: Path) -> None:
    """Clients that try again while the disk is full do not fill it with what was refused."""
    open_store(home, SteppedClock()).close()
    log = SqlLog(SqliteDatabase(home / DATABASE), LocalBlobs(home / "packs"), SteppedClock())
    with log.database.write() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
    with pytest.raises(StoreUnavailable, match="free some space"):
        log.append([batch(number, rows=1) for number in range(2_000)])
    assert list(log.packs.keys()) == []
    assert log.entries(LEARNER) == []
    log.database.close()


def test_the_database_keeps_nothing_about_who_sent(store: Store, home: Path) -> None:
    """Of a batch there is the day it came, and no finer time and no address."""
    store.log.append([batch(1)])
    database = SqliteDatabase(home / DATABASE)
    with database.read() as connection:
        row = connection.exec_driver_sql("SELECT * FROM batches").mappings().one()
    database.close()
    assert row["day"] == "2026-01-05"
    assert set(row) == {
        *("sequence", "batch_id", "learner", "schema_version", "split_group", "rows", "day"),
        *("state", "reason", "receipt_hash", "pack", "offset", "length"),
    }


class Expiring(LocalBlobs):
    """A folder during whose first reading something expires."""

    def expiring(self, expire: Callable[[], object]) -> Expiring:
        self.once = [expire]
        return self

    def get(self, key: str) -> bytes:
        data = super().get(key)
        if self.once:
            self.once.pop()()
        return data


def test_what_expires_while_it_is_erased_counts_as_erased(home: Path) -> None:
    """Else a backup that is restored would bring it back: nobody would know that its erasure was asked for."""
    clock = SteppedClock()
    store = open_store(home, clock)
    store.log.append([batch(number) for number in range(3)])
    tomorrow = clock.now().date() + dt.timedelta(days=1)
    packs = Expiring(home / "packs").expiring(lambda: store.log.expire(tomorrow, 10))
    slow = SqlLog(SqliteDatabase(home / DATABASE), packs, clock)
    slow.erase(batch_id(1), receipt(1))
    assert [erasure.batch_id for erasure in store.log.erasures(LEARNER)] == [batch_id(1)]
    slow.database.close()
    store.close()
