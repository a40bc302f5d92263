"""The backends over which every contract runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.own_redis import own_redis

from samouk.loop.ports import Bell, Cache, Clock, Services
from samouk.loop.train import LocalTrainer
from samouk.store.bell.local import LocalBell
from samouk.store.bell.postgres import PostgresBell
from samouk.store.bell.redis import RedisBell
from samouk.store.blobs.local import LocalBlobs
from samouk.store.cache.memory import MemoryCache
from samouk.store.cache.redis import RedisCache
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
        made = served_services(tmp_path, request.getfixturevalue("emptied_postgres"))
    yield made
    made.close()


@pytest.fixture(params=["memory", "redis"])
def cache(request: pytest.FixtureRequest) -> Iterator[Cache]:
    """A cache of each kind."""
    made: Cache = MemoryCache() if request.param == "memory" else RedisCache(request.getfixturevalue("redis_url"))
    yield made
    made.close()


@pytest.fixture(params=["local", "redis", "postgres"])
def bell(request: pytest.FixtureRequest) -> Iterator[Bell]:
    """A bell of each kind."""
    made = make_bell(request)
    yield made
    made.close()


@pytest.fixture(params=["redis", "postgres"])
def bells(request: pytest.FixtureRequest) -> Iterator[tuple[Bell, Bell]]:
    """Two bells as two processes would have them, of each kind that is heard elsewhere."""
    near, far = make_bell(request), make_bell(request)
    yield near, far
    near.close()
    far.close()


def make_bell(request: pytest.FixtureRequest) -> Bell:
    """The bell that a fixture's parameter names."""
    if request.param == "redis":
        return RedisBell(request.getfixturevalue("redis_url"))
    if request.param == "postgres":
        return PostgresBell(request.getfixturevalue("postgres"))
    return LocalBell()


@pytest.fixture
def redis_url() -> Iterator[str]:
    """A Redis of the test's own."""
    with own_redis() as server:
        yield server.url
