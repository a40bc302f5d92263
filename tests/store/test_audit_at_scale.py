"""The audit's chain on both databases: whoever changes, removes, swaps, inserts or cuts off entries is found out."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.contracts.conftest import embedded_services, served_services
from tests.contracts.making import act, batch, batch_id, receipt
from tests.loop.test_erasure import house
from tests.store import processes

from samouk.loop.erasure import erase_receipts
from samouk.loop.ports import Services
from samouk.loop.records import Head
from samouk.store.blobs.local import LocalBlobs
from samouk.store.chain import GENESIS, digest_of
from samouk.store.clock import SystemClock
from samouk.store.sql.served import open_served
from samouk.store.sql.tables import audit


@pytest.fixture(params=["embedded", "postgres"])
def services(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    # Other tests write on the same server, and their transactions are waited for.
    monkeypatch.setattr("samouk.store.sql.postgres_files.PATIENCE_S", 120.0)
    if request.param == "embedded":
        made = embedded_services(tmp_path / "home")
    else:
        made = served_services(tmp_path / "home", request.getfixturevalue("postgres"))
    yield made
    made.close()


def run(services: Services, *statements: sa.Executable) -> None:
    with services.audit.database.write() as connection:  # type: ignore[attr-defined]
        for statement in statements:
            connection.execute(statement)


def at(sequence: int) -> sa.ColumnElement[bool]:
    return audit.c.sequence == sequence


def _inserted(services: Services) -> None:
    """An entry whose own digest is right, put between two others, which move up."""
    entries = services.audit.entries()
    made = act(99)
    row = {"actor": made.actor, "action": made.action, "subject": made.subject, "reason": made.reason, "at": made.at}
    previous = entries[4].digest
    for number in range(12, 5, -1):
        run(services, sa.update(audit).where(at(number)).values(sequence=number + 1))
    run(services, sa.insert(audit).values(**row, sequence=6, previous=previous, digest=digest_of(made, previous)))


def _rewritten(services: Services) -> None:
    """A changed entry with a digest that fits it: the next one tells."""
    entry = services.audit.entries()[5]
    changed = act(99)
    digest = digest_of(changed, entry.previous)
    run(services, sa.update(audit).where(at(6)).values(subject=changed.subject, reason=changed.reason, digest=digest))


TAMPERINGS: dict[str, tuple[Callable[[Services], None], int]] = {
    "changed reason": (lambda s: run(s, sa.update(audit).where(at(6)).values(reason="nothing")), 6),
    "changed actor": (lambda s: run(s, sa.update(audit).where(at(6)).values(actor="nobody")), 6),
    "changed digest": (lambda s: run(s, sa.update(audit).where(at(6)).values(digest="0" * 64)), 6),
    "rewritten": (_rewritten, 7),
    "removed": (lambda s: run(s, sa.delete(audit).where(at(6))), 7),
    "removed first": (lambda s: run(s, sa.delete(audit).where(at(1))), 2),
    "removed and closed up": (
        lambda s: run(s, sa.delete(audit).where(at(6)), *(_moved(number, number - 1) for number in range(7, 13))),
        6,
    ),
    "swapped": (lambda s: run(s, _moved(6, 100), _moved(7, 6), _moved(100, 7)), 6),
    "inserted": (_inserted, 7),
}


def _moved(here: int, there: int) -> sa.Update:
    return sa.update(audit).where(at(here)).values(sequence=there)


@pytest.mark.parametrize("how", TAMPERINGS)
def test_tampering_is_found_where_it_happened(services: Services, how: str) -> None:
    """The first entry that does not follow is told, whether all is looked at or what follows a kept head."""
    for number in range(3):
        services.audit.append(act(number))
    early = services.audit.head()
    for number in range(3, 12):
        services.audit.append(act(number))
    assert (services.audit.verify(), services.audit.verify(early), services.audit.verify(services.audit.head())) == (
        *(None, None, None),
    )
    tamper, first = TAMPERINGS[how]
    tamper(services)
    assert services.audit.verify() == first
    assert services.audit.verify(early) == (first if first > 3 else None)


def test_a_cut_off_end_is_found_by_a_kept_head_alone(services: Services) -> None:
    """The rest is a whole chain; only somebody who kept the end knows. So it is when all is gone."""
    for number in range(5):
        services.audit.append(act(number))
    head = services.audit.head()
    assert (head.sequence, head.digest) == (5, services.audit.entries()[-1].digest)
    run(services, sa.delete(audit).where(audit.c.sequence > 3))
    assert (services.audit.verify(), services.audit.verify(head)) == (None, 5)
    services.audit.append(act(7))
    services.audit.append(act(8))
    assert (services.audit.verify(), services.audit.verify(head)) == (None, 5)  # made anew, but not the same
    run(services, sa.delete(audit))
    assert (services.audit.head(), services.audit.verify(), services.audit.verify(head)) == (Head(0, GENESIS), None, 5)


def test_memory_does_not_grow_with_the_chain(services: Services) -> None:
    """A chain ten times as long is verified in the same memory."""
    peaks = []
    for number in (1_500, 6_000):
        last = services.audit.head()
        rows = []
        previous = last.digest
        for sequence in range(last.sequence + 1, number + 1):
            made = act(sequence)
            digest = digest_of(made, previous)
            names = ("actor", "action", "subject", "reason", "at")
            row = {name: getattr(made, name) for name in names}
            rows.append({**row, "sequence": sequence, "previous": previous, "digest": digest})
            previous = digest
        with services.audit.database.write() as connection:  # type: ignore[attr-defined]
            connection.execute(sa.insert(audit), rows)
        del rows
        services.audit.verify(Head(1, services.audit.entries(limit=1)[0].digest))
        tracemalloc.start()
        assert services.audit.verify() is None
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_processes_that_append_at_once_make_one_chain(postgres: str, tmp_path: Path) -> None:
    """Four at a time on one PostgreSQL: no entry is lost, none is doubled, and the chain is whole."""
    started = [processes.start(act_on_postgres, postgres, tmp_path, range(n * 100, n * 100 + 25)) for n in range(4)]
    for _, pipe in started:
        assert pipe.recv() == "ready"
    for _, pipe in started:
        pipe.send("go")
    for process, _ in started:
        process.join()
        assert process.exitcode == 0
    store = open_served(postgres, LocalBlobs(tmp_path / "packs"), LocalBlobs(tmp_path / "blobs"), SystemClock())
    entries = store.audit.entries()
    assert store.audit.verify() is None
    assert sorted(int(entry.act.subject.rpartition(".")[2]) for entry in entries) == sorted(
        n * 100 + m for n in range(4) for m in range(25)
    )
    store.close()


def act_on_postgres(pipe: object, url: str, home: Path, numbers: range) -> None:
    store = open_served(url, LocalBlobs(home / "packs"), LocalBlobs(home / "blobs"), SystemClock())
    pipe.send("ready")  # type: ignore[attr-defined]
    pipe.recv()  # type: ignore[attr-defined]
    for number in numbers:
        store.audit.append(act(number))
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_death_in_the_middle_of_many_erasures_is_mended_by_asking_again(
    services: Services, tmp_path: Path, request: pytest.FixtureRequest, seed: int
) -> None:
    """kill -9 at any moment: each batch is whole or gone, none is torn, and the second time all of them are gone."""
    for first in range(0, 240, 4):
        services.log.append([batch(number, rows=20) for number in range(first, first + 4)])
    wanted = [(batch_id(number), f"secret {number}") for number in range(0, 240, 3)]
    url = request.getfixturevalue("postgres") if "postgres" in request.node.name else ""
    process, pipe = processes.start(erase_slowly, url, tmp_path / "home", range(0, 240, 3))
    assert pipe.recv() == "ready"
    steps = random.Random(seed).randrange(1, 60)
    for _ in range(steps):
        if pipe.recv() == "done":
            break
        pipe.send("on")
    process.kill()
    process.join()
    left = {entry.batch_id for entry, columns in services.log.read(services.log.entries("toy.colour")) if columns}
    kept = {batch_id(number) for number in range(240)} - {name for name, _ in wanted}
    assert left >= kept
    proof = erase_receipts(house(services, ()), wanted, "operator")
    assert (proof.left, proof.pending, proof.removed["batches"]) == (0, (), len(left - kept))
    assert {entry.batch_id for entry in services.log.entries("toy.colour")} == kept
    stats = services.log.stats("toy.colour")
    assert (stats.total_batches, stats.total_samples) == (160, 3_200)


def erase_slowly(pipe: object, url: str, home: Path, numbers: range) -> None:
    """Erase many; tell of every pack that is read, written or deleted, and wait for a word."""

    class Watched(LocalBlobs):
        def put(self, data: bytes) -> str:
            return self._told(super().put(data))

        def delete(self, key: str) -> None:
            super().delete(key)
            self._told(key)

        def _told(self, key: str) -> str:
            pipe.send(key)  # type: ignore[attr-defined]
            pipe.recv()  # type: ignore[attr-defined]
            return key

    from samouk.store.sql import DATABASE
    from samouk.store.sql.log import SqlLog
    from samouk.store.sql.postgres import PostgresDatabase
    from samouk.store.sql.sqlite import SqliteDatabase

    database = PostgresDatabase(url) if url else SqliteDatabase(home / DATABASE)
    log = SqlLog(database, Watched(home / "packs"), SystemClock())
    pipe.send("ready")  # type: ignore[attr-defined]
    log.erase_many([(batch_id(number), receipt(number)) for number in numbers])
    pipe.send("done")  # type: ignore[attr-defined]
