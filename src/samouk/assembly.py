"""From settings to services: the only file that names a backend."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random, SystemRandom
from typing import TYPE_CHECKING

import click

from samouk.loop.gate import GateBroken
from samouk.loop.learner import Context, Learner
from samouk.loop.lease import alone
from samouk.loop.ports import (
    Bell,
    Cache,
    Clock,
    CorruptBlob,
    FitFailed,
    Log,
    Publisher,
    Role,
    Services,
    StoreUnavailable,
    Trainer,
)
from samouk.loop.ramp import tend
from samouk.loop.records import Order, Run
from samouk.loop.rollout import Action
from samouk.loop.task import Kind, Task
from samouk.loop.train import LocalTrainer
from samouk.loop.turn import begin, turn
from samouk.loop.watch import due
from samouk.publish.keys import KeysError, KeysExist, NewKeys, check_lineage, init_keys, rotate_keys
from samouk.publish.publisher import BrokenRepository, TufPublisher
from samouk.publish.release import RefusedRelease
from samouk.publish.shared import SharedPublisher, Shelves
from samouk.settings import BadSetting, Settings, load, origins_of, roles_of
from samouk.store.bell.local import LocalBell
from samouk.store.bell.ringing import RingingRollouts
from samouk.store.cache.memory import MemoryCache
from samouk.store.clock import SteppedClock, SystemClock
from samouk.store.scratch import FileScratch
from samouk.store.sql import Store, open_store

if TYPE_CHECKING:
    from celery import Celery
    from fastapi import FastAPI

    from samouk.loop.learner import Domain, View
    from samouk.server.errand import Errand
    from samouk.server.oidc import Provider
    from samouk.server.options import Options
    from samouk.server.scheduler import Looks, Rounds, Sole
    from samouk.server.siblings import Siblings
    from samouk.server.turns import Learning
    from samouk.store.queue.celery import CeleryQueue
    from samouk.store.sql.database import Database
    from samouk.trainers.engine import Engine
    from samouk.trainers.work import Bench


__all__ = ["REFUSALS", "Demo", "application", "demo", "ensure_signing_keys", "has_signing_keys", "make_signing_keys"]
__all__ += ["at_home", "bench", "celery_app", "engine", "environment", "lies_in", "looks", "migrate", "opened"]
__all__ += ["rotate_signing_keys", "rounds", "scheduler", "send_again", "turns", "upkeep", "work"]

REFUSALS = (StoreUnavailable, CorruptBlob, GateBroken, KeysError, BrokenRepository, RefusedRelease, FitFailed)
"""What an operator can mend; each names the remedy."""

_SPANNED = ("blobs", "log", "registry", "journal", "rollouts", "documents", "publisher", "trainer")
"""Ports whose calls are seen in traces."""

_SAMOUK = (sys.executable, "-m", "samouk.cli")

LOOK_SECONDS = 120.0
"""A server that fell silent for so long while it looked at a learner is taken to be dead."""

REMIND_SECONDS = 5.0
"""Between two looks for tasks that no worker was told of."""

_ELSEWHERE = ("database_url", "blobs_url", "redis_url", "keys_dir", "trainer", "otlp_url")
"""Settings that lead out of the home."""

DEMO_SEED = 7
"""Of what deals a demo's units; its people are made up, so nobody is told apart by a key that is no secret."""

DEMO_MARKER = ".samouk-demo"
"""File by which a demo knows the folder that an earlier one made."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie under ``SAMOUK_HOME``, and the keys wherever ``SAMOUK_KEYS_DIR`` says."""

    home: Path
    keys: Path

    @classmethod
    def of(cls, settings: Settings) -> Places:
        return cls(settings.home, Path(settings.keys_dir).expanduser() if settings.keys_dir else settings.home / "keys")

    @property
    def exposures(self) -> Path:
        return self.home / "exposures"

    @property
    def published(self) -> Path:
        return self.home / "published"


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
        trainer=_trainer(settings, store.log),
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


def _shared(settings: Settings, services: Services) -> SharedPublisher | None:
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


def _trainer(settings: Settings, log: Log) -> Trainer:
    """This process, or the cluster that the settings name. Raises BadSetting."""
    if not settings.trainer:
        return LocalTrainer()
    from samouk.trainers.cluster import ClusterTrainer
    from samouk.trainers.engine import BadAddress, address_of

    try:
        address_of(settings.trainer)
    except BadAddress as error:
        raise BadSetting(f"SAMOUK_TRAINER: {error}") from None
    return ClusterTrainer(settings.trainer, log.shards, partial(bench, settings.home, settings.blobs_url))


def bench(home: Path, blobs_url: str) -> Bench:
    """What a cluster's worker finds where it runs, by its own settings first, then in the driver's places.

    Raises:
        FitFailed: neither shows it any packs.
    """
    from samouk.store import shards
    from samouk.store.blobs.places import places
    from samouk.trainers.work import Bench

    own = load(os.environ)
    home = home if home.is_dir() else own.home
    url = own.blobs_url or blobs_url
    if not url and not (home / "packs").is_dir():
        raise FitFailed(f"a worker sees no packs in {home}: set SAMOUK_BLOBS_URL for it, or share the folder with it")
    packs = places(url, home).packs
    return Bench(partial(shards.read, packs), FileScratch(home / "scratch", own.train_memory_mb * 1_000_000))


def engine(url: str) -> Engine:
    """A connection to the cluster that a URL names. Raises BadSetting and FitFailed."""
    from samouk.trainers.engine import BadAddress, connected

    try:
        return connected(url)
    except BadAddress as error:
        raise BadSetting(str(error)) from None


def _views(domains: Iterable[Domain]) -> list[View]:
    """Tables that the domains want, each over a shelf of the domain's own. Raises ValueError."""
    wanted = [(domain, view) for domain in domains for view in domain.views]
    for domain, view in wanted:
        if not view.shelf.startswith(f"{domain.name}."):
            raise ValueError(f"domain {domain.name}: view {view.name} reads {view.shelf}, which is not of that domain")
    return [view for _, view in wanted]


def application(
    settings: Settings, services: Services, domains: dict[str, Domain], siblings: Siblings | None = None
) -> FastAPI:
    """The HTTP application over the services, with the status page at its root.

    Args:
        siblings: the other processes on the same port; None when this one is alone.

    Raises:
        KeysMissing, KeysForeign: many machines share what is published, and this one has not the keys that signed it.
    """
    from samouk import dashboard
    from samouk.server.app import create_app
    from samouk.server.options import MEGABYTE, Options, Page

    shared, queue = _shared(settings, services), _queue(settings)
    html = dashboard.html()
    page = Page(html, dashboard.policy(html))
    options = Options(
        publish_dir=Places.of(settings).published,
        look=shared.look if shared else None,
        siblings=siblings,
        page=page,
        max_body=int(settings.max_body_mb * MEGABYTE),
        max_inflated=int(settings.max_inflated_mb * MEGABYTE),
        max_uploads=settings.max_uploads,
        max_tallies=settings.max_tallies,
        group=settings.group,
        webhooks_private=bool(settings.webhooks_private),
        exposures_dir=Places.of(settings).exposures,
        turns=turns(settings, services, queue),
        missing=partial(_missing, queue),
        max_model=settings.max_model_mb * MEGABYTE,
    )
    if shared is not None:
        shared.join()
    app = create_app(services, domains, _guarded(settings, options, services))
    if settings.otlp_url:
        app.span_requests()
    return app


def _guarded(settings: Settings, options: Options, services: Services) -> Options:
    """The options with who gets in, and how often. Raises BadSetting."""
    from samouk.server.oidc import Persons

    public = settings.figures_role == "public"
    return dataclasses.replace(
        options,
        figures_role=None if public else Role(settings.figures_role),
        people=Persons(_provider(settings), services.journal.secret()) if settings.oidc_issuer else None,
        issuer=settings.oidc_issuer,
        rate_key=settings.rate_key,
        rate_anonymous=settings.rate_anonymous,
        rate_failures=settings.rate_failures,
        trusted_proxies=settings.trusted_proxies,
        shared_limits=bool(settings.redis_url),
        cors_origins=origins_of(settings),
        tls=bool(settings.tls),
    )


def _provider(settings: Settings) -> Provider:
    """Raises BadSetting."""
    from samouk.server.oidc import Provider, is_secure

    if not is_secure(settings.oidc_issuer):
        raise BadSetting("SAMOUK_OIDC_ISSUER must begin with https://: who changes its keys on the way gets in")
    if not settings.oidc_audience:
        raise BadSetting("SAMOUK_OIDC_AUDIENCE must say what tokens call this server, or others' tokens would open it")
    roles = {group: Role(role) for group, role in roles_of(settings).items()}
    return Provider(settings.oidc_issuer, settings.oidc_audience, settings.oidc_roles_claim, roles)


def _queue(settings: Settings) -> CeleryQueue | None:
    """What tells workers of tasks; None where this house has none. Raises StoreUnavailable."""
    if not settings.redis_url:
        return None
    from samouk.store.queue.celery import CeleryQueue

    return CeleryQueue(settings.redis_url)


def _missing(queue: CeleryQueue | None) -> list[str]:
    """What is out of order and can be done without for a while, with what that means."""
    if queue is None or queue.answers():
        return []
    return [f"{queue.place}: turns wait, limits hold for each server alone, and events arrive later"]


def turns(settings: Settings, services: Services, queue: CeleryQueue | None) -> Learning:
    """Has the turns taken that people ask for over HTTP: by workers, or each in a process beside this one."""
    from samouk.server.queued import QueuedTurns
    from samouk.server.turns import Commands, Turns

    def learn(learner: str, reason: str, hold: bool) -> list[str]:
        return [*_SAMOUK, "turn", learner, "--reason", reason, *(["--hold"] if hold else [])]

    def adopt(learner: str, metrics: str, reason: str) -> list[str]:
        return [*_SAMOUK, "adopt", learner, "-", "--metrics", metrics, "--reason", reason, "--json"]

    inline = Turns(Commands(learn, adopt), environment(settings))
    return QueuedTurns(services, queue, inline) if queue else inline


def make_signing_keys(settings: Settings, root_keys: int = 3, threshold: int = 2) -> NewKeys:
    """Keys that sign releases.

    Raises:
        KeysExist: there are some already.
        KeysMissing: there are none, but models that others signed are published: clients trust only those keys.
    """
    places = Places.of(settings)
    if not has_signing_keys(settings):
        if settings.database_url:
            return _found(settings, root_keys, threshold)
        check_lineage(places.keys, places.published / "metadata")
    return init_keys(places.keys, root_keys, threshold)


def _found(settings: Settings, root_keys: int, threshold: int) -> NewKeys:
    """Make the keys of a fresh database, once over all machines that begin on it together."""
    places, made = Places.of(settings), list[NewKeys]()
    with opened(settings) as services:
        shared = _shared(settings, services)
        if shared is not None:
            shared.found(lambda: made.append(init_keys(places.keys, root_keys, threshold)))
            shared.join()
    if not made:
        raise KeysExist(f"{places.keys}: another process has made the keys just now")
    return made[0]


def ensure_signing_keys(settings: Settings) -> NewKeys | None:
    """Make keys on a fresh home; None when there are some, also when another process made them just now.

    Raises:
        KeysMissing: the keys of what is published are gone, or on another machine.
    """
    if has_signing_keys(settings):
        return None
    try:
        return make_signing_keys(settings)
    except KeysExist:
        return None


def has_signing_keys(settings: Settings) -> bool:
    """Whether the keys folder holds anything."""
    keys = Places.of(settings).keys
    return keys.is_dir() and any(keys.iterdir())


def rotate_signing_keys(settings: Settings) -> None:
    """New online keys, signed by the root keys, which must be there for it."""
    rotate_keys(Places.of(settings).keys)


def rounds(settings: Settings, services: Services, learners: Sequence[str]) -> Rounds:
    """What the scheduler does: sign anew, then ask each learner, in a process of its own, whether it is time."""
    from samouk.server.scheduler import Rounds

    commands = {name: [*_SAMOUK, "turn", name, "--if-due"] for name in learners}
    return Rounds(services.publisher.refresh, commands, environment(settings))


def scheduler(settings: Settings, services: Services, learners: Sequence[str]) -> Sole:
    """Asks the workers of each learner whether it is time, and reminds them of what waits.

    Any number may run: one of them works. Raises BadSetting without a queue.
    """
    from samouk.server.queued import QueuedRounds, Reminder
    from samouk.server.scheduler import Sole

    queue, seconds = _needed_queue(settings), settings.check_minutes * 60
    rounds = QueuedRounds(services, queue, services.publisher.refresh, learners, seconds)
    jobs: dict[str, tuple[Callable[[], object], float]] = {
        "a round of the loop": (rounds, seconds),
        "reminding the workers": (Reminder(services, queue), REMIND_SECONDS),
    }
    return Sole(services.leases, "scheduler", jobs)


def work(settings: Settings, services: Services, concurrency: int) -> int:
    """Be a worker until a signal ends it; its exit code. Raises BadSetting without a queue."""
    from samouk.server.performing import Performer
    from samouk.store.queue import celery

    _needed_queue(settings).close()
    performer = Performer(services, _command, environment(settings))
    return celery.work(settings.redis_url, performer, concurrency, performer.close)


def celery_app(settings: Settings) -> Celery:
    """The queue as Celery's own tools want it. Raises BadSetting without one."""
    from samouk.store.queue.celery import app_of

    _needed_queue(settings).close()
    return app_of(settings.redis_url)


def send_again(settings: Settings, task: Task) -> None:
    """Tell the workers of a task that was put back; where nobody can be told, the scheduler does it later."""
    queue = _queue(settings)
    if queue is not None:
        queue.send(task.task_id)
        queue.close()


def _needed_queue(settings: Settings) -> CeleryQueue:
    queue = _queue(settings)
    if queue is None:
        raise BadSetting("SAMOUK_REDIS_URL names no Redis: workers need one; without it `samouk serve` learns itself")
    return queue


def _command(task: Task) -> list[str]:
    """What a worker runs for a task."""
    why = ["--if-due"] if task.kind is Kind.DUE else ["--reason", str(task.body["reason"])]
    hold = ["--hold"] if task.body.get("hold") else []
    return [*_SAMOUK, "turn", task.learner, *why, *hold, "--task", task.task_id]


def upkeep(settings: Settings, services: Services) -> Errand:
    """Maintains the store, in a process of its own, when the last time is a day ago."""
    from samouk.loop.maintain import due as wanted
    from samouk.server.errand import Errand

    command = [*_SAMOUK, "maintain", "--if-due"]
    return Errand("the maintenance", command, environment(settings), partial(wanted, services))


def environment(settings: Settings) -> dict[str, str]:
    """Of a child, which is to find what these settings name, also where our own environment names something else."""
    ours = load(os.environ)
    # What is the same stays as it is: a secret that a file holds stays in its file.
    told = {f"SAMOUK_{name.upper()}": getattr(settings, name) for name in _ELSEWHERE if _differ(name, ours, settings)}
    kept = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in told}
    return {**kept, **told, "SAMOUK_HOME": str(settings.home), "OMP_WAIT_POLICY": "passive"}


def _differ(name: str, one: Settings, other: Settings) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def looks(services: Services, learners: Sequence[Learner], app: FastAPI) -> Looks:
    """What is done between two rounds, in this process: outcomes and rollouts of learners that have them.

    Args:
        app: its domains may have work of their own at each look.
    """
    from samouk.server.scheduler import Looks

    own = {learner.name: partial(_look, learner, services) for learner in learners if learner.outcomes}
    return Looks({**own, **app.state.looks})


def _look(learner: Learner, services: Services) -> None:
    """Tend the learner, unless another server is at it."""
    with alone(services, f"look:{learner.name}", LOOK_SECONDS) as mine:
        if mine:
            tend(learner, services)


class Demo:
    """A server in a thread of this process, whose clock is stepped by the domain that plays on it."""

    def __init__(self, settings: Settings, services: Services, clock: SteppedClock, url: str, api_key: str) -> None:
        self.url = url
        self.api_key = api_key
        self.folder = settings.home / "clients"
        self._services = services
        self._clock = clock

    def now(self) -> dt.datetime:
        return self._clock.now()

    def next_week(self) -> None:
        self.step(dt.timedelta(days=7))

    def step(self, by: dt.timedelta) -> None:
        self._clock.step(by)

    def begin(self, learner: Learner) -> None:
        begin(learner, self._services)

    def due(self, learner: Learner) -> Order | None:
        return due(learner, self._services)

    def turn(self, learner: Learner, order: Order) -> Run:
        return turn(learner, self._services, order, Context(threads=max(1, (os.cpu_count() or 1) - 1)))

    def tend(self, learner: Learner) -> str | None:
        judgement = tend(learner, self._services)
        if judgement is None or judgement.action is Action.HOLD:
            return None
        return f"{judgement.action}: {judgement.reason}"

    def say(self, text: str = "") -> None:
        click.echo(text)


@contextmanager
def demo(settings: Settings, domains: dict[str, Domain], weeks: int, seed: int = DEMO_SEED) -> Iterator[Demo]:
    """A fresh home, keys of both kinds, and a server that thinks it is so many weeks ago, whatever else is set.

    Args:
        seed: one seed deals the same people to the same versions, so that a demo plays the same every time.

    Raises:
        BadSetting: the home holds what no demo made.
    """
    from samouk.server.serve import background

    settings = at_home(settings)
    _begin_afresh(settings.home)
    make_signing_keys(settings)
    clock = SteppedClock(dt.datetime.now(dt.UTC) - dt.timedelta(weeks=weeks))
    with opened(settings, clock, Random(seed), domains.values()) as services:  # noqa: S311 - a play, told the same every time
        _, secret = services.keys.create("demo", Role.OPERATOR)
        unbounded = dataclasses.replace(settings, rate_key=0, rate_anonymous=0)
        with background(application(unbounded, services, domains), settings.host, settings.port) as url:
            yield Demo(settings, services, clock, url, secret)


def at_home(settings: Settings) -> Settings:
    """The same with everything below the home: a play touches no database, bucket or key that is anyone's."""
    return dataclasses.replace(
        settings, database_url="", blobs_url="", redis_url="", keys_dir="", trainer="", otlp_url=""
    )


def _begin_afresh(home: Path) -> None:
    """Empty the folder of an earlier demo, which its marker tells, and mark it; nothing else is ever deleted."""
    marker = home / DEMO_MARKER
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = [path for path in home.iterdir() if path != marker]
    if found and not marker.is_file():
        raise BadSetting(f"{home} is not empty and no demo made it: move it away, or choose another folder with --home")
    marker.touch()
    for path in found:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
