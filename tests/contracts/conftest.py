"""The backends over which every contract runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from samouk.loop.ports import Bell, Cache, Clock, Services
from samouk.loop.train import LocalTrainer
from samouk.store.bell.local import LocalBell
from samouk.store.blobs.local import LocalBlobs
from samouk.store.cache.memory import MemoryCache
from samouk.store.clock import SteppedClock
from samouk.store.memory import MemoryPublisher, memory_services
from samouk.store.sql import Store, open_store
from samouk.store.sql.served import open_served


def services_over(store: Store, clock: Clock) -> Services:
    """A store's ports, with a publisher in memory."""
    kept = {spec.name: getattr(store, spec.name) for spec in dataclasses.fields(store)}
    return Services(
        clock=clock,
        publisher=MemoryPublisher(),
        trainer=LocalTrainer(),
        cache=MemoryCache(),
        bell=LocalBell(),
        **kept,
    )


def embedded_services(home: Path) -> Services:
    """The embedded store under a clock that is stepped."""
    clock = SteppedClock()
    return services_over(open_store(home, clock), clock)


def served_services(home: Path, url: str) -> Services:
    """The store on PostgreSQL, with blobs in folders, under a clock that is stepped."""
    clock = SteppedClock()
    return services_over(open_served(url, LocalBlobs(home / "packs"), LocalBlobs(home / "blobs"), clock), clock)


@pytest.fixture(params=["memory", "embedded", "postgres"])
def services(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Services]:
    """Every port, over each backend in turn."""
    if request.param == "memory":
        made = memory_services()
    elif request.param == "embedded":
        made = embedded_services(tmp_path / "home")
    else:
        made = served_services(tmp_path, request.getfixturevalue("postgres"))
    yield made
    made.close()


@pytest.fixture(params=["memory"])
def cache() -> Iterator[Cache]:
    """A cache of each kind."""
    made = MemoryCache()
    yield made
    made.close()


@pytest.fixture(params=["local"])
def bell() -> Iterator[Bell]:
    """A bell of each kind."""
    made = LocalBell()
    yield made
    made.close()
