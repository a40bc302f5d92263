"""To do something alone: who fell silent and was replaced is told so, also when the place is free again."""

from __future__ import annotations

import dataclasses
import datetime as dt
import time

import pytest

from samouk.loop.lease import holding, kept
from samouk.loop.ports import LeaseLost, Services, StoreUnavailable
from samouk.store.clock import SteppedClock
from samouk.store.memory import MemoryLeases, memory_services

PATIENCE_S = 20.0


@pytest.fixture
def services() -> Services:
    return memory_services(SteppedClock())


def slept(services: Services, seconds: float) -> None:
    assert isinstance(services.clock, SteppedClock)
    services.clock.step(dt.timedelta(seconds=seconds))


def until_lost(check: object) -> None:
    """Ask until it raises, or for far too long."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        check()  # type: ignore[operator]
        time.sleep(0.005)


def test_what_another_had_meanwhile_is_lost_for_good(services: Services) -> None:
    """Its work was done, and perhaps undone: who slept decides nothing on what was read before."""
    with holding(services, "harvest", 30) as renew:
        assert renew is not None
        slept(services, 40)
        renew()
        slept(services, 40)
        with holding(services, "harvest", 30) as quicker:
            assert quicker is not None
        with pytest.raises(LeaseLost, match="took over harvest"):
            renew()
    assert not services.leases.held("harvest")


def test_a_thread_renews_it_and_tells_when_it_is_lost(services: Services) -> None:
    """Between two questions the store may be away; another one who takes the place ends the work."""

    class Away(MemoryLeases):
        calls = 0

        def renew(self, name: str, holder: str, seconds: float) -> bool:
            self.calls += 1
            if self.calls == 1:
                raise StoreUnavailable("away")
            return MemoryLeases.renew(self, name, holder, seconds)

    leases = Away(services.clock)
    away = dataclasses.replace(services, leases=leases)
    with holding(away, "turn", 0.2) as renew:
        assert renew is not None
        with kept(renew, 0.2, "turn") as alive:
            while leases.calls < 3:
                time.sleep(0.005)
            slept(services, 1)
            assert leases.acquire("turn", "another", 60)
            leases.release("turn", "another")
            with pytest.raises(LeaseLost):
                until_lost(alive.check)
