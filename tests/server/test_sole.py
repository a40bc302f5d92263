"""One of all processes that share the store does what must be done once."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

import pytest
from tests.contracts.waiting import until

from samouk.loop.ports import Leases, StoreUnavailable
from samouk.server.scheduler import Sole
from samouk.store.clock import SystemClock
from samouk.store.memory import MemoryLeases

HOUR = 3_600.0


@dataclass
class Failing:
    """Leases of a store that may be away."""

    kept: Leases
    away: threading.Event = field(default_factory=threading.Event)

    def acquire(self, name: str, holder: str, seconds: float) -> bool:
        self._look()
        return self.kept.acquire(name, holder, seconds)

    def renew(self, name: str, holder: str, seconds: float) -> bool:
        self._look()
        return self.kept.renew(name, holder, seconds)

    def release(self, name: str, holder: str) -> None:
        self._look()
        self.kept.release(name, holder)

    def held(self, name: str) -> bool:
        return self.kept.held(name)

    def _look(self) -> None:
        if self.away.is_set():
            raise StoreUnavailable("away")


def test_one_of_two_works_and_the_other_takes_over() -> None:
    """At once when the first stops."""
    leases, did = MemoryLeases(SystemClock()), Counter[str]()

    def sole(name: str) -> Sole:
        return Sole(leases, "scheduler", {"count": (lambda: did.update([name]), HOUR)}, seconds=0.6)

    with sole("first") as first:
        until(lambda: did["first"] == 1)
        with sole("second") as second:
            assert [first.mine, second.mine] == [True, False]
            first.__exit__()
            until(lambda: did["second"] == 1)
            assert second.mine
    assert did == {"first": 1, "second": 1}
    assert not leases.held("scheduler")


def test_each_job_has_its_time() -> None:
    """A slow one keeps no other, and one that fails is called again."""
    done, go = Counter[str](), threading.Event()

    def slow() -> None:
        done["slow"] += 1
        go.wait(30)

    def fail() -> None:
        done["fail"] += 1
        raise RuntimeError("planted")

    jobs = {"slow": (slow, HOUR), "fail": (fail, 0.01), "quick": (lambda: done.update(["quick"]), 0.01)}
    with Sole(MemoryLeases(SystemClock()), "scheduler", jobs, seconds=0.6) as sole:
        until(lambda: done["fail"] > 3 and done["quick"] > 3)
        go.set()
    assert done["slow"] == 1
    assert sole.failures == done["fail"]


def test_a_store_that_is_away_stops_the_work_until_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody knows who is the one meanwhile; afterwards it goes on."""
    leases, did = Failing(MemoryLeases(SystemClock())), Counter[str]()
    with Sole(leases, "scheduler", {"count": (lambda: did.update("x"), 0.01)}, seconds=0.3) as sole:
        until(lambda: did["x"] > 1)
        leases.away.set()
        until(lambda: not sole.mine)
        leases.away.clear()
        before = did["x"] + 1
        until(lambda: did["x"] > before)
        assert sole.mine
    assert "keeping the lease of the scheduler failed" in caplog.text
