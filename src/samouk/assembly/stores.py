"""From settings to every port: database, blobs, cache, bell and what publishes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from random import Random, SystemRandom
from typing import TYPE_CHECKING

from samouk.assembly.clusters import trainer_of
from samouk.assembly.places import Places
from samouk.loop.ports import Bell, Cache, Clock, Publisher, Services
from samouk.publish.publisher import TufPublisher
from samouk.publish.shared import SharedPublisher, Shelves
from samouk.settings import BadSetting, Settings
from samouk.store.bell.local import LocalBell
from samouk.store.bell.ringing import RingingRollouts
from samouk.store.cache.memory import MemoryCache
from samouk.store.clock import SystemClock
from samouk.store.scratch import FileScratch
from samouk.store.sql import Store, open_store

if TYPE_CHECKING:
    from samouk.loop.learner import Domain, View
    from samouk.store.sql.database import Database


_SPANNED = ("blobs", "log", "registry", "journal", "rollouts", "documents", "publisher", "trainer")
"""Ports whose calls are seen in traces."""


@contextmanager
def opened(
    settings: Settings,
    clock: Clock | None = None,
    chance: Random | None = None,
    domains: Iterable[Domain] | None = None,
) -> Iterator[Services]:
    """Every port over the backends that the settings name, the embedded ones by default; closed at the end.

    Args:
        chance: deals the units of rollouts; the system's own unless a demo is to play the same every time.
        domains: all that there are; the views that they want are in the database from then on, and no others of
            domains. None leaves the views as they are.

    Raises:
        StoreUnavailable: the home cannot be opened or written; the message names the remedy.
        ValueError: a domain wants a view that cannot be.
    """
    with _traces(settings):
        services = _services(settings, clock or SystemClock(), chance or SystemRandom(), domains)
        try:
            yield _traced(services) if settings.otlp_url else services
        finally:
            services.close()


def _traces(settings: Settings) -> AbstractContextManager[None]:
    """Sends this process's spans as long as it is open, where a collector is named. Raises BadSetting."""
    if not settings.otlp_url:
        return nullcontext()
    from samouk.server import tracing

    try:
        return tracing.exporting(settings.otlp_url)
    except ModuleNotFoundError as error:
        raise BadSetting(f"SAMOUK_OTLP_URL needs {error.name}: pip install 'samouk[telemetry]'") from None


def _traced(services: Services) -> Services:
    from samouk.server.tracing import traced

    return dataclasses.replace(services, **{name: traced(getattr(services, name), name) for name in _SPANNED})


def _services(settings: Settings, clock: Clock, chance: Random, domains: Iterable[Domain] | None) -> Services:
    """Raises StoreUnavailable and ValueError as ``opened`` does."""
    store = _store(settings, clock, chance, None if domains is None else _views(domains))
    cache, bell = _cache(settings), _bell(settings)

    def close() -> None:
        bell.close()
        cache.close()
        store.close()

    return Services(
        clock=clock,
        blobs=store.blobs,
        log=store.log,
        registry=store.registry,
        runs=store.runs,
        leases=store.leases,
        audit=store.audit,
        keys=store.keys,
        journal=store.journal,
        rollouts=RingingRollouts(store.rollouts, bell),
        webhooks=store.webhooks,
        tasks=store.tasks,
        documents=store.documents,
        upkeep=store.upkeep,
        remains=store.remains,
        publisher=_publisher(settings, Shelves(store.documents, store.blobs, store.leases, bell)),
        trainer=trainer_of(settings, store.log),
        cache=cache,
        bell=bell,
        close=close,
        chance=chance,
        scratch=FileScratch(settings.home / "scratch", settings.train_memory_mb * 1_000_000),
    )


def _store(settings: Settings, clock: Clock, chance: Random, views: Sequence[View] | None) -> Store:
    """The backends that the settings name: a file or PostgreSQL, folders or a bucket. Raises BadSetting."""
    from samouk.store.blobs.places import BadPlace, places

    try:
        if not settings.database_url:
            return open_store(settings.home, clock, chance, views, settings.blobs_url)
        from samouk.store.sql.served import open_served

        kept = places(settings.blobs_url, settings.home)
        return open_served(settings.database_url, *kept, clock, chance, views, settings.home)
    except BadPlace as error:
        raise BadSetting(f"SAMOUK_BLOBS_URL: {error}") from None


def migrate(settings: Settings, *, check: bool = False) -> tuple[str | None, str]:
    """Bring the database's tables to what this samouk needs; where they stood, and what it needs.

    Args:
        check: look only.

    Raises:
        StoreUnavailable: the database cannot be used, or was made by a newer samouk.
    """
    from samouk.store.sql import DATABASE, migrations

    if check and not settings.database_url and not (settings.home / DATABASE).exists():
        return None, migrations.HEAD
    with closing(_database(settings)) as database:
        found = migrations.standing(database) if check else migrations.migrate(database.lane("schema"))
    return found, migrations.HEAD


def lies_in(settings: Settings) -> str:
    """Where everything lies, in words and without secrets."""
    home = f"{settings.home} (SAMOUK_HOME)"
    if not settings.database_url and not settings.blobs_url:
        return home
    rows = home
    if settings.database_url:
        with closing(_database(settings)) as database:
            rows = f"{database.place} (SAMOUK_DATABASE_URL)"
    blobs = f"{settings.blobs_url.partition('?')[0]} (SAMOUK_BLOBS_URL)" if settings.blobs_url else home
    return f"{rows}, its blobs in {blobs}"


def _database(settings: Settings) -> Database:
    if settings.database_url:
        from samouk.store.sql.postgres import PostgresDatabase

        return PostgresDatabase(settings.database_url)
    from samouk.store.blobs.local import make_folder
    from samouk.store.sql import DATABASE
    from samouk.store.sql.sqlite import SqliteDatabase

    make_folder(settings.home)
    return SqliteDatabase(settings.home / DATABASE)


def _publisher(settings: Settings, shelves: Shelves) -> Publisher:
    """A folder of this machine, or of all that share the database."""
    places = Places.of(settings)
    if not settings.database_url:
        return TufPublisher(places.published, places.keys)
    return SharedPublisher(places.published, places.keys, shelves)


def shared_publisher(settings: Settings, services: Services) -> SharedPublisher | None:
    """What brings the published files to this machine, where many share them."""
    if not settings.database_url:
        return None
    places = Places.of(settings)
    shelves = Shelves(services.documents, services.blobs, services.leases, services.bell)
    return SharedPublisher(places.published, places.keys, shelves)


def _cache(settings: Settings) -> Cache:
    if not settings.redis_url:
        return MemoryCache()
    from samouk.store.cache.redis import RedisCache

    return RedisCache(settings.redis_url)


def _bell(settings: Settings) -> Bell:
    """Redis where there is one, else the database that all servers share, else this process alone."""
    if settings.redis_url:
        from samouk.store.bell.redis import RedisBell

        return RedisBell(settings.redis_url)
    if settings.database_url:
        from samouk.store.bell.postgres import PostgresBell

        return PostgresBell(settings.database_url)
    return LocalBell()


def _views(domains: Iterable[Domain]) -> list[View]:
    """Tables that the domains want, each over a shelf of the domain's own. Raises ValueError."""
    wanted = [(domain, view) for domain in domains for view in domain.views]
    for domain, view in wanted:
        if not view.shelf.startswith(f"{domain.name}."):
            raise ValueError(f"domain {domain.name}: view {view.name} reads {view.shelf}, which is not of that domain")
    return [view for _, view in wanted]
