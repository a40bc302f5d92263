"""Erasures that a death cut short, and those that come by the wrong way."""

from __future__ import annotations

import dataclasses
import threading
import uuid
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from tests.contracts.making import alone
from tests.contracts.waiting import until
from tests.server import toy
from tests.server.conftest import release

from samouk.edge.wire import receipt_hash
from samouk.loop.columns import from_rows
from samouk.loop.lease import holding
from samouk.loop.outcome import place
from samouk.loop.ports import NotFound, Services, WrongReceipt
from samouk.loop.records import Act, AuditEntry, Batch, Head, Version
from samouk.server.erasure import erase, mend
from samouk.server.problems import Problem
from samouk.store.memory import memory_services


@pytest.fixture
def services() -> Services:
    return memory_services()


def store(services: Services) -> str:
    """One stored batch that a version in service was fitted on."""
    batch_id = str(uuid.uuid4())
    rows = [dict(zip(toy.columns(), values, strict=True)) for values in zip(*toy.columns().values(), strict=True)]
    columns = from_rows(toy.SCHEMA, rows)
    services.log.append([Batch(batch_id, "toy.half", 2, 1, receipt_hash("secret"), columns)])
    alone(services, "toy.half", 2, batch_id, "digest")
    version = release(services, "v1.0", 1)
    services.registry.add(dataclasses.replace(version, name="v1.1", number=2, snapshot="digest"))
    return batch_id


def acts(services: Services) -> list[tuple[str, str]]:
    return [(entry.act.action, entry.act.subject) for entry in services.audit.entries()]


def version(services: Services) -> Version:
    return services.registry.version("toy.half", "v1.1")


def test_asking_again_finishes_what_a_death_cut_short(services: Services) -> None:
    """After a death right behind the log's erasure the next request marks and notes it, and one more adds nothing."""
    batch_id = store(services)
    services.log.erase(batch_id, receipt_hash("secret"))
    assert erase(services, "toy.half", batch_id, "secret").tainted_versions == ["v1.1"]
    erase(services, "toy.half", batch_id, "secret")
    assert acts(services) == [("erase", f"toy.half/{batch_id}")]


def test_the_next_start_finishes_what_a_death_cut_short(services: Services) -> None:
    """Without anybody asking, the versions are marked and the audit gets its row, once."""
    batch_id = store(services)
    services.log.erase(batch_id, receipt_hash("secret"))
    assert (mend(services, "toy.half"), mend(services, "toy.half")) == (1, 0)
    assert version(services).tainted
    assert acts(services) == [("erase", f"toy.half/{batch_id}")]


class DyingAudit:
    """An audit whose process dies before it can write."""

    def entries(
        self, after: int = 0, limit: int = 1000, *, prefix: str = "", actions: Collection[str] = ()
    ) -> list[AuditEntry]:
        return []

    def append(self, act: object) -> AuditEntry:
        raise KeyboardInterrupt

    def head(self) -> Head:
        raise KeyboardInterrupt

    def verify(self, since: Head | None = None) -> int | None:
        return None


def test_the_audit_comes_last(services: Services) -> None:
    """Its row says that all is done: a death before it leaves the batch erased and the versions marked."""
    batch_id = store(services)
    dying = dataclasses.replace(services, audit=DyingAudit())
    with pytest.raises(KeyboardInterrupt):
        erase(dying, "toy.half", batch_id, "secret")
    assert services.log.entries("toy.half") == []
    assert version(services).tainted
    assert mend(services, "toy.half") == 1


class Told:
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


class Interrupted:
    """An audit whose process is stopped between its look and its first row."""

    def __init__(self, audit: Any, meanwhile: Callable[[], object]) -> None:
        self.audit, self.meanwhile = audit, [meanwhile]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.audit, name)

    def append(self, act: Act) -> Any:
        if self.meanwhile:
            self.meanwhile.pop()()
        return self.audit.append(act)


def test_two_servers_note_an_erasure_once(services: Services) -> None:
    """One starts and mends it while its sender asks the other for it again."""
    batch_id = store(services)
    services.log.erase(batch_id, receipt_hash("secret"))
    leases = Told(services.leases)
    other = dataclasses.replace(services, leases=leases)
    with ThreadPoolExecutor(1) as pool:
        asked: list[Future[Any]] = []

        def meanwhile() -> None:
            asked.append(pool.submit(erase, other, "toy.half", batch_id, "secret"))
            until(lambda: leases.refused.is_set() or asked[0].done())

        mend(dataclasses.replace(services, audit=Interrupted(services.audit, meanwhile)), "toy.half")
        assert asked[0].result(60).tainted_versions == ["v1.1"]
    assert acts(services) == [("erase", f"toy.half/{batch_id}")]


def test_a_wrong_receipt_marks_nothing(services: Services) -> None:
    """Nobody takes a batch out of the snapshots without its receipt."""
    batch_id = store(services)
    with pytest.raises(WrongReceipt):
        erase(services, "toy.half", batch_id, "guessed")
    assert not version(services).tainted


def test_who_has_no_receipt_waits_for_nobody(services: Services) -> None:
    """Nor does a harvest wait for him: he is refused while another holds the learner."""
    batch_id = store(services)
    with holding(services, place("toy.half"), 60) as renew:
        assert renew is not None
        with pytest.raises(WrongReceipt):
            erase(services, "toy.half", batch_id, "guessed")
        with pytest.raises(NotFound):
            erase(services, "toy.half", str(uuid.uuid4()), "guessed")


def test_another_learner_is_not_found(services: Services) -> None:
    """The batch of one learner cannot be erased under the path of another, before and after its erasure."""
    batch_id = store(services)
    with pytest.raises(NotFound, match=r"toy\.other never had"):
        erase(services, "toy.other", batch_id, "secret")
    assert len(services.log.entries("toy.half")) == 1
    erase(services, "toy.half", batch_id, "secret")
    with pytest.raises(NotFound):
        erase(services, "toy.other", batch_id, "secret")
    assert acts(services) == [("erase", f"toy.half/{batch_id}")]


def test_a_batch_goes_by_its_receipt_after_whoever_moves_its_rows(services: Services) -> None:
    """Somebody is being forgotten: until that is done the others' rows may be on their way into a new batch."""
    batch_id = store(services)
    leases = Told(services.leases)
    other = dataclasses.replace(services, leases=leases)
    with ThreadPoolExecutor(1) as pool:
        with holding(services, place("toy.half"), 60) as renew:
            assert renew is not None
            asked = pool.submit(erase, other, "toy.half", batch_id, "secret")
            assert leases.refused.wait(60)
            assert len(services.log.entries("toy.half")) == 1
        assert asked.result(60).tainted_versions == ["v1.1"]
    assert services.log.entries("toy.half") == []


def test_whoever_moves_rows_for_too_long_lets_the_sender_ask_again(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is erased, and the answer says when to come back."""
    monkeypatch.setattr("samouk.loop.erasure.LEASE_SECONDS", 0.01)
    batch_id = store(services)
    with holding(services, place("toy.half"), 60) as renew:
        assert renew is not None
        with pytest.raises(Problem) as refused:
            erase(services, "toy.half", batch_id, "secret")
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "5"})
    assert len(services.log.entries("toy.half")) == 1
    assert acts(services) == []
