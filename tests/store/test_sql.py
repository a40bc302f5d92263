"""What the SQL backends keep beyond what their ports promise."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.contracts.making import LEARNER, act, batch, version

from samouk.loop.ports import CorruptBlob
from samouk.loop.records import Stage
from samouk.store.blobs.local import LocalBlobs
from samouk.store.sql import DATABASE, Store


def change(home: Path, statement: str) -> None:
    """Change the database behind the store's back."""
    with closing(sqlite3.connect(home / DATABASE)) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    ("tampering", "broken"),
    [
        ("UPDATE audit SET reason = 'another' WHERE sequence = 3", 3),
        ("UPDATE audit SET at = '2020-01-01T00:00:00.000000+00:00' WHERE sequence = 1", 1),
        ("DELETE FROM audit WHERE sequence = 4", 5),
        ("DELETE FROM audit WHERE sequence = 1", 2),
        ("UPDATE audit SET previous = digest WHERE sequence = 2", 2),
    ],
)
def test_a_touched_chain_is_seen(store: Store, home: Path, tampering: str, broken: int) -> None:
    """Changing or removing any entry breaks the chain there."""
    for number in range(6):
        store.audit.append(act(number))
    change(home, tampering)
    assert store.audit.verify() == broken


def test_a_long_chain_is_verified_page_by_page(store: Store, home: Path) -> None:
    """A break behind the first page is found."""
    for number in range(12):
        store.audit.append(act(number))
    change(home, "UPDATE audit SET actor = 'nobody' WHERE sequence = 11")
    assert store.audit.verify() == 11


def test_the_history_of_stages_is_kept(store: Store, home: Path) -> None:
    """Who stood in production when can be told from ``stage_moves``."""
    for number in (1, 2):
        store.registry.add(version(number))
        store.registry.move(LEARNER, f"v1.{number}", Stage.PRODUCTION)
    with closing(sqlite3.connect(home / DATABASE)) as connection:
        moves = connection.execute("SELECT name, stage FROM stage_moves ORDER BY sequence").fetchall()
    assert moves == [
        *(("v1.1", "staging"), ("v1.1", "production")),
        *(("v1.2", "staging"), ("v1.1", "archived"), ("v1.2", "production")),
    ]


def test_the_database_itself_refuses_two_champions(store: Store, home: Path) -> None:
    """Not even a hand-written statement puts two versions into production."""
    store.registry.add(version(1, Stage.PRODUCTION))
    store.registry.add(version(2))
    with pytest.raises(sqlite3.IntegrityError):
        change(home, "UPDATE versions SET stage = 'production'")


def test_a_secret_is_not_kept(store: Store, home: Path) -> None:
    """No file of the home holds a key's secret."""
    _, secret = store.keys.create("phone")
    files = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    assert files
    assert not any(secret.encode() in data for data in files)


def test_a_lost_pack_is_an_error_and_not_an_empty_answer(store: Store, home: Path) -> None:
    """Training never silently goes on without data that the log names."""
    store.log.append([batch(1)])
    packs = LocalBlobs(home / "packs")
    packs.delete(next(packs.keys()))
    with pytest.raises(CorruptBlob, match="backup"):
        list(store.log.read(store.log.entries(LEARNER)))


def test_why_a_batch_was_quarantined_is_kept(store: Store, home: Path) -> None:
    """The reason stands beside the batch, and the first one stays."""
    store.log.append([batch(1)])
    for reason in ("labels fly about", "again"):
        store.log.quarantine([batch(1).batch_id], reason)
    with closing(sqlite3.connect(home / DATABASE)) as connection:
        assert connection.execute("SELECT reason FROM batches").fetchall() == [("labels fly about",)]


def test_many_ids_at_once(store: Store) -> None:
    """More ids than SQLite takes parameters are no limit."""
    batches = [batch(number, rows=1) for number in range(1_200)]
    assert len(store.log.append(batches)) == 1_200
    store.log.quarantine([one.batch_id for one in batches], "all of them")
    assert store.log.stats(LEARNER).quarantined_batches == 1_200
