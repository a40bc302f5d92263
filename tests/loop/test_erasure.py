"""Erasure with proof, on every backend: what is planted anywhere is told, then gone, and nobody else loses a byte."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
from examples.will_it_rain import DOMAIN, RAIN
from tests.contracts.conftest import embedded_services, served_services
from tests.contracts.making import LEARNER, batch, batch_id
from tests.contracts.waiting import until
from tests.loop.test_forgetting import CANARY, SECRET, show
from tests.store.rescan import texts

from samouk.domains.traffic.keeping import ALERTS_SHELF
from samouk.domains.traffic.subjects import forget, held
from samouk.edge.wire import receipt_hash
from samouk.loop.erasure import SHELF, BadProof, House, erase_receipts, erase_subject, proof_of, verify
from samouk.loop.exposure import new_event_id, pseudonym
from samouk.loop.held import of_batch, of_subject
from samouk.loop.learner import Domain, Subjects
from samouk.loop.lease import holding
from samouk.loop.live import Checkpoint, Exposure, Heard, Variant
from samouk.loop.outcome import Told, harvest, place, receipt_of, tell
from samouk.loop.ports import Document, LeaseLost, NotFound, Services, StoreUnavailable, WrongReceipt
from samouk.loop.records import BatchEntry, Shard, Stored
from samouk.store.memory import memory_services

READ = "SELECT pg_read_binary_file(%s, 0, 1000000000, true)"
Everything = Callable[[], Iterator[bytes]]
CANARY_STATE = b"learnt from the canary, which is a long sentence"
ROOM = replace(DOMAIN, name="traffic", learners=(), subjects=Subjects(held, forget))
"""Keeps alerts that name a user."""


@pytest.fixture(params=["memory", "embedded", "postgres"])
def services(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    # Other tests write on the same server, and their transactions are waited for.
    monkeypatch.setattr("samouk.store.sql.postgres_files.PATIENCE_S", 120.0)
    if request.param == "memory":
        made = memory_services()
    elif request.param == "embedded":
        made = embedded_services(tmp_path / "home")
    else:
        made = served_services(tmp_path / "home", request.getfixturevalue("postgres"))
    yield made
    made.close()


@pytest.fixture
def everything(request: pytest.FixtureRequest, services: Services, tmp_path: Path) -> Everything:
    """Reads every byte that the store keeps, by another way than its own search."""

    def read() -> Iterator[bytes]:
        if "memory" in request.node.callspec.params.values():
            yield json.dumps([d.body for d in services.documents.shelf(ALERTS_SHELF)]).encode()
            yield from (services.blobs.get(key) for key in services.blobs.keys())  # noqa: SIM118 - no dictionary
            return
        for path in sorted((tmp_path / "home").rglob("*")):
            if path.is_file():
                yield from texts(path.read_bytes())
        if "postgres" in request.node.callspec.params.values():
            yield from files_of(request.getfixturevalue("postgres"))

    return read


def files_of(url: str) -> Iterator[bytes]:
    """Every file of a PostgreSQL database, as it lies on the disk of its server."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        ((oid,),) = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchall()
        for (name,) in connection.execute("SELECT pg_ls_dir(%s)", (f"base/{oid}",)).fetchall():
            (row,) = connection.execute(READ, (f"base/{oid}/{name}",)).fetchall()
            yield row[0] or b""


def stands(needle: bytes, pieces: Iterable[bytes]) -> bool:
    return any(needle in piece for piece in pieces)


def house(services: Services, domains: Sequence[Domain] = (ROOM,)) -> House:
    return House(services, domains, rewrite=None)


def plant(services: Services) -> list[str]:
    """A trace of the canary wherever there is room for one, and beside each one of Bob's."""
    mine = show(services, SECRET, CANARY, group=5)
    show(services, "Bob", group=5)
    assert harvest(RAIN, services) == 6
    more = show(services, SECRET, CANARY, n=2, group=5)
    state = services.blobs.put(CANARY_STATE)
    services.journal.checkpoint(Checkpoint(RAIN.name, "v1.0", 10**6, state))
    for user in (SECRET, "Bob"):
        services.documents.save(Document(ALERTS_SHELF, f"alert of {len(user)}", {"user_id": user, "score": 0.9}))
    return mine + more


def test_all_that_is_held_is_told_and_then_gone(services: Services, everything: Everything) -> None:
    """Exposures, outcomes, rows in batches, states, documents: each in the export, and no byte after the erasure."""
    mine = plant(services)
    who = pseudonym(services.journal.secret(), RAIN.name, SECRET)
    told = list(of_subject(services, [RAIN], [ROOM], SECRET))
    kinds = [line["kind"] for line in told]
    numbers = {kind: kinds.count(kind) for kind in kinds}
    assert numbers == {"exposure": 5, "outcome": 5, "batch": 1, "sample": 3, "document": 1}
    assert {line["event_id"] for line in told if line["kind"] == "exposure"} == set(mine)
    assert {line["pressure"] for line in told if line["kind"] == "sample"} == {CANARY}
    assert json.loads(json.dumps(told)) == told
    needles = [who.encode(), SECRET.encode(), CANARY_STATE, *(one.encode() for one in mine)]
    proof = erase_subject(house(services), [RAIN], SECRET, "operator")
    assert (proof.complete, proof.left, proof.pending, len(proof.marks)) == (True, 0, (), 7)
    assert proof.removed == {"exposures": 5, "outcomes": 5, "batches": 1, "documents": 1}
    assert [needle for needle in needles if stands(needle, everything())] == []
    assert list(of_subject(services, [RAIN], [ROOM], SECRET)) == []
    rest = [line["kind"] for line in of_subject(services, [RAIN], [ROOM], "Bob")]
    bobs = {"exposure": 3, "outcome": 3, "batch": 1, "sample": 3, "document": 1}
    assert {kind: rest.count(kind) for kind in rest} == bobs


def test_the_search_finds_what_is_still_there(services: Services) -> None:
    """A proof that is checked while the canary stands in any one place says so: the search is no formality."""
    proof = erase_subject(house(services), [RAIN], SECRET, "operator")
    assert proof.complete
    show(services, SECRET, CANARY)
    again = verify(services, proof)
    assert (again.complete, again.left > 0) == (False, True)
    services.audit.append(services.audit.entries()[-1].act)
    erased = erase_subject(house(services), [RAIN], SECRET, "operator")
    assert [one for one in erased.looked if one.found and not one.passing] == []
    assert (erased.complete, erased.pending, verify(services, proof).left) == (True, (), 0)


def test_batches_go_by_their_receipts_all_or_none(services: Services, everything: Everything) -> None:
    """One wrong receipt, or one unknown batch, and nothing is erased; else all of them, and no neighbour."""
    services.log.append([batch(number, rows=50) for number in range(12)])
    services.log.append([batch(number, rows=50) for number in range(12, 20)])
    wanted = [(batch_id(number), f"secret {number}") for number in (1, 2, 5, 12, 19)]
    with pytest.raises(WrongReceipt):
        erase_receipts(house(services), [*wanted, (batch_id(7), "secret 8")], "operator")
    with pytest.raises(NotFound):
        erase_receipts(house(services), [*wanted, (batch_id(77), "secret 77")], "operator")
    assert services.log.stats(LEARNER).total_batches == 20
    gone = [batch(number, rows=50).columns["identifier"] for number in (1, 2, 5, 12, 19)]
    proof = erase_receipts(house(services), wanted, "operator")
    assert (proof.complete, proof.removed["batches"], proof.removed["samples"]) == (True, 5, 250)
    assert len(proof.marks) == 20
    found = [column for column in gone if stands(column[3].tobytes(), everything())]
    assert found == []
    kept = {entry.batch_id: columns for entry, columns in services.log.read(services.log.entries(LEARNER))}
    assert set(kept) == {batch_id(number) for number in range(20)} - {one for one, _ in wanted}
    for number in (0, 3, 13, 18):
        same = batch(number, rows=50).columns
        assert all((kept[batch_id(number)][name].tobytes() == same[name].tobytes()) for name in same)
    stats = services.log.stats(LEARNER)
    assert (stats.total_batches, stats.total_samples) == (15, 750)
    again = erase_receipts(house(services), wanted, "operator")
    assert (again.complete, again.sought, again.removed["batches"]) == (False, False, 0)
    assert [a.act.action for a in services.audit.entries()].count("erase") == 5


class Dying:
    """Remains before whose clearing the process is killed."""

    def clear(self, largest: int | None = 0) -> list[str]:
        raise KeyboardInterrupt


def test_a_batch_without_identifiers_is_proven_by_its_pack(services: Services) -> None:
    """Also after a death before the proof; the pack that comes back is found, and nothing is proven twice."""
    if not hasattr(services.log, "packs"):
        pytest.skip("memory keeps no packs")
    show(services, SECRET, CANARY, group=5)
    assert harvest(RAIN, services) == 3
    (entry,) = services.log.entries(RAIN.name)
    (shard,) = services.log.shards([entry])
    pack = services.log.packs.get(shard.pack)
    wanted = [(entry.batch_id, receipt_of(services, entry.batch_id))]
    with pytest.raises(WrongReceipt):
        erase_receipts(house(services), [(entry.batch_id, "another")], "operator")
    with pytest.raises(KeyboardInterrupt):
        erase_receipts(house(replace(services, remains=Dying())), wanted, "operator")  # type: ignore[arg-type]
    proof = erase_receipts(house(services), wanted, "operator")
    assert (proof.complete, proof.packs, proof.removed["batches"]) == (True, (shard.pack,), 1)
    again = erase_receipts(house(services), wanted, "operator")
    assert (again.complete, again.left, again.removed["batches"]) == (False, 0, 0)
    assert verify(services, proof).complete
    services.log.packs.put(pack)
    found = verify(services, proof)
    assert (found.complete, found.left) == (False, 1)
    assert proof_of(json.loads(json.dumps(found.plain())), services).packs == proof.packs
    assert services.documents.shelf(SHELF) == []


class Waited:
    """Leases that say when somebody did not get one."""

    def __init__(self, leases: Any) -> None:
        self.leases, self.refused = leases, threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.leases, name)

    def acquire(self, name: str, holder: str, seconds: float) -> bool:
        got = bool(self.leases.acquire(name, holder, seconds))
        if not got:
            self.refused.set()
        return got


def test_a_batch_goes_by_its_receipt_after_whoever_moves_its_rows(services: Services) -> None:
    """Somebody is being forgotten: until that is done the others' rows may be on their way into a new batch."""
    show(services, SECRET, CANARY, group=5)
    assert harvest(RAIN, services) == 3
    (entry,) = services.log.entries(RAIN.name)
    wanted = [(entry.batch_id, receipt_of(services, entry.batch_id))]
    leases = Waited(services.leases)
    with ThreadPoolExecutor(1) as pool:
        with holding(services, place(RAIN.name), 60) as renew:
            assert renew is not None
            asked = pool.submit(erase_receipts, house(replace(services, leases=leases)), wanted, "operator")
            assert leases.refused.wait(60)
            assert services.log.entries(RAIN.name) == [entry]
        assert asked.result(60).removed["batches"] == 1
    assert services.log.entries(RAIN.name) == []


def test_a_late_copy_of_an_erased_batch_is_refused(services: Services) -> None:
    """Whoever brings it: alone, among others, twice at once."""
    services.log.append([batch(1)])
    services.log.erase_many([(batch_id(1), receipt_hash("secret 1"))])
    assert services.log.append([batch(1), batch(2), batch(1)]) == [Stored.ERASED, Stored.STORED, Stored.ERASED]
    assert services.log.append([batch(1)]) == [Stored.ERASED]


def test_what_was_shown_before_and_arrives_late_is_refused(services: Services) -> None:
    """A server that was away brings what it showed to a forgotten unit: nothing of it is kept; what is new is."""
    secret, now = services.journal.secret(), services.clock.now()
    who = pseudonym(secret, RAIN.name, SECRET)
    early = Exposure(new_event_id(secret, now), RAIN.name, "v1.0", Variant.CHAMPION, who, 5, now, 0.9, 1.0, {})
    services.clock.step(dt.timedelta(seconds=1))  # type: ignore[attr-defined]
    erase_subject(house(services), [RAIN], SECRET, "operator")
    other = replace(early, event_id=new_event_id(secret, now), unit="f" * 32)
    assert services.journal.expose([early, other]) == 1
    assert services.journal.exposure(early.event_id) is None
    later = replace(early, event_id=new_event_id(secret, now), at=services.clock.now())
    assert services.journal.expose([later]) == 1
    told = [Told(early.event_id, "content", 1.0)]
    assert tell(RAIN, services, told) == [Heard.PARKED]


def test_a_batch_is_told_to_whoever_has_its_receipt(services: Services) -> None:
    """Every row by the schema's names; of a schema that is no longer known, what is stored."""
    show(services, SECRET, CANARY, group=5)
    harvest(RAIN, services)
    (entry,) = services.log.entries(RAIN.name)
    lines = list(of_batch(services, RAIN, entry.batch_id, receipt_of(services, entry.batch_id)))
    assert [line["kind"] for line in lines] == ["batch", *["sample"] * 3]
    assert {line["pressure"] for line in lines[1:]} == {CANARY}
    services.log.append([batch(1), batch(2)])
    older = replace(RAIN, name=LEARNER, schema=replace(RAIN.schema, version=RAIN.schema.version + 1))
    rows = list(of_batch(services, older, batch_id(1), "secret 1"))[1:]
    assert [row["identifier"] for row in rows] == [one.hex() for one in batch(1).columns["identifier"].tolist()]
    assert [row["category"] for row in rows] == batch(1).columns["category"].tolist()
    with pytest.raises(WrongReceipt):
        of_batch(services, older, batch_id(2), "secret 1")
    services.log.erase(batch_id(1), receipt_hash("secret 1"))
    with pytest.raises(NotFound, match="was erased"):
        of_batch(services, older, batch_id(1), "secret 1")


def test_a_proof_is_noted_and_cannot_be_changed(services: Services) -> None:
    """The audit has its digest, and none of what was erased; a proof with another figure is refused."""
    show(services, SECRET, CANARY)
    proof = erase_subject(house(services), [RAIN], SECRET, "operator")
    document = json.loads(json.dumps(proof.plain()))
    assert proof_of(document, services).plain() == proof.plain()
    (act,) = [entry.act for entry in services.audit.entries() if entry.act.action == "prove erasure"]
    assert proof.digest in act.reason
    who = pseudonym(services.journal.secret(), RAIN.name, SECRET)
    assert not any(word in f"{act} {document}" for word in (SECRET, who))
    changed: list[object] = [{**document, "removed": {"exposures": 0}}, {**document, "looked": []}, {}, [], {"kind": 1}]
    for broken in changed:
        with pytest.raises(BadProof):
            proof_of(broken, services)


def test_a_proof_shows_no_piece_of_a_name(services: Services) -> None:
    """Not four letters of it, as text or as hexadecimal digits; and no mark can be tried by guessing."""
    name = "qzxvkj.wqhyzv@kqxzw.vyq"  # no piece stands in any word of a proof
    show(services, name, CANARY)
    document = erase_subject(house(services), [RAIN], name, "operator").plain()
    text = json.dumps(document)
    for at in range(len(name) - 3):
        assert name[at : at + 4] not in text
        assert name[at : at + 4].encode().hex() not in text
    with pytest.raises(BadProof, match="another store"):
        proof_of(document, memory_services(chance=Random(9)))


class Down:
    """Blobs whose place does not answer when something is to be deleted, read or written."""

    def __init__(self, blobs: object, at: str) -> None:
        self._blobs, self._at = blobs, at

    def __getattr__(self, name: str) -> object:
        if name == self._at:
            raise StoreUnavailable("the bucket does not answer: try again later")
        return getattr(self._blobs, name)


@pytest.mark.parametrize("at", ["get", "put", "delete"])
def test_blobs_that_are_away_leave_nothing_half(services: Services, at: str) -> None:
    """The erasure is refused with clear words; every batch is whole or gone; asking again ends it."""
    if not hasattr(services.log, "packs"):
        pytest.skip("memory keeps no packs")
    services.log.append([batch(number, rows=50) for number in range(6)])
    services.log.append([batch(number, rows=50) for number in range(6, 9)])
    away = replace(services.log, packs=Down(services.log.packs, at))  # type: ignore[type-var]
    wanted = [(batch_id(number), f"secret {number}") for number in (1, 4, 6, 7, 8)]
    with pytest.raises(StoreUnavailable, match="bucket"):
        erase_receipts(house(replace(services, log=away)), wanted, "operator")
    left = {entry.batch_id for entry, _ in services.log.read(services.log.entries(LEARNER))}
    assert left >= {batch_id(number) for number in (0, 2, 3, 5)}
    assert services.log.append([batch(1, rows=50)])[0] in (Stored.DUPLICATE, Stored.ERASED)
    proof = erase_receipts(house(services), wanted, "operator")
    assert proof.complete
    assert services.log.stats(LEARNER).total_batches == 4


class Overtaken:
    """A log whose process is stopped while it looks for packs, for so long that another takes its leases."""

    def __init__(self, services: Services) -> None:
        self.log, self.leases = services.log, Taken(services.leases)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)

    def shards(self, entries: Sequence[BatchEntry]) -> list[Shard]:
        self.leases.lost = True
        until(lambda: all(thread.name != place(LEARNER) for thread in threading.enumerate()))
        return self.log.shards(entries)


class Taken:
    """Leases of which, once ``lost``, none is renewed."""

    def __init__(self, leases: Any) -> None:
        self.leases, self.lost = leases, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.leases, name)

    def renew(self, name: str, holder: str, seconds: float) -> bool:
        return not self.lost and bool(self.leases.renew(name, holder, seconds))


def test_who_was_overtaken_while_he_read_erases_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else may be moving rows of the batch by now."""
    monkeypatch.setattr("samouk.loop.erasure.LEASE_SECONDS", 0.3)
    services = memory_services()
    services.log.append([batch(1)])
    log = Overtaken(services)
    with pytest.raises(LeaseLost):
        erase_receipts(house(replace(services, log=log, leases=log.leases)), [(batch_id(1), "secret 1")], "operator")
    assert [entry.batch_id for entry in services.log.entries(LEARNER)] == [batch_id(1)]
