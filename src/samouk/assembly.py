"""From settings to services: the only file that names a backend."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from samouk.loop.gate import GateBroken
from samouk.loop.learner import Context, Learner
from samouk.loop.ports import Clock, CorruptBlob, Services, StoreUnavailable
from samouk.loop.records import Order, Run
from samouk.loop.train import LocalTrainer
from samouk.loop.turn import begin, turn
from samouk.loop.watch import due
from samouk.publish.keys import KeysError, KeysExist, NewKeys, check_lineage, init_keys, rotate_keys
from samouk.publish.publisher import BrokenRepository, TufPublisher
from samouk.publish.release import RefusedRelease
from samouk.settings import BadSetting, Settings
from samouk.store.clock import SteppedClock, SystemClock
from samouk.store.sql import open_store

if TYPE_CHECKING:
    from fastapi import FastAPI

    from samouk.loop.learner import Domain
    from samouk.server.scheduler import Rounds


__all__ = ["REFUSALS", "Demo", "application", "demo", "ensure_signing_keys", "has_signing_keys", "make_signing_keys"]
__all__ += ["opened", "rotate_signing_keys", "rounds"]

REFUSALS = (StoreUnavailable, CorruptBlob, GateBroken, KeysError, BrokenRepository, RefusedRelease)
"""What an operator can mend; each names the remedy."""

DEMO_MARKER = ".samouk-demo"
"""File by which a demo knows the folder that an earlier one made."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie under ``SAMOUK_HOME``."""

    home: Path

    @property
    def keys(self) -> Path:
        return self.home / "keys"

    @property
    def published(self) -> Path:
        return self.home / "published"


@contextmanager
def opened(settings: Settings, clock: Clock | None = None) -> Iterator[Services]:
    """Every port over the embedded default, closed at the end.

    Raises:
        StoreUnavailable: the home cannot be opened or written; the message names the remedy.
    """
    places = Places(settings.home)
    clock = clock or SystemClock()
    store = open_store(settings.home, clock)
    services = Services(
        clock=clock,
        blobs=store.blobs,
        log=store.log,
        registry=store.registry,
        runs=store.runs,
        leases=store.leases,
        audit=store.audit,
        keys=store.keys,
        publisher=TufPublisher(places.published, places.keys),
        trainer=LocalTrainer(),
        close=store.close,
    )
    try:
        yield services
    finally:
        services.close()


def application(settings: Settings, services: Services, domains: dict[str, Domain]) -> FastAPI:
    """The HTTP application over the services, with the status page at its root."""
    from samouk import dashboard
    from samouk.server.app import create_app
    from samouk.server.options import MEGABYTE, Options, Page

    html = dashboard.html()
    page = Page(html, dashboard.policy(html))
    options = Options(
        publish_dir=Places(settings.home).published,
        page=page,
        max_body=int(settings.max_body_mb * MEGABYTE),
        max_inflated=int(settings.max_inflated_mb * MEGABYTE),
        max_uploads=settings.max_uploads,
        group=settings.group,
    )
    return create_app(services, domains, options)


def make_signing_keys(settings: Settings, root_keys: int = 3, threshold: int = 2) -> NewKeys:
    """Keys that sign releases.

    Raises:
        KeysExist: there are some already.
        KeysMissing: there are none, but models that others signed are published: clients trust only those keys.
    """
    places = Places(settings.home)
    if not has_signing_keys(settings):
        check_lineage(places.keys, places.published / "metadata")
    return init_keys(places.keys, root_keys, threshold)


def ensure_signing_keys(settings: Settings) -> NewKeys | None:
    """Make keys on a fresh home; None when there are some, also when another process made them just now.

    Raises:
        KeysMissing: the keys of what is published are gone.
    """
    if has_signing_keys(settings):
        return None
    try:
        return make_signing_keys(settings)
    except KeysExist:
        return None


def has_signing_keys(settings: Settings) -> bool:
    """Whether the keys folder holds anything."""
    keys = Places(settings.home).keys
    return keys.is_dir() and any(keys.iterdir())


def rotate_signing_keys(settings: Settings) -> None:
    """New online keys, signed by the root keys, which must be there for it."""
    rotate_keys(Places(settings.home).keys)


def rounds(settings: Settings, services: Services, learners: Sequence[str]) -> Rounds:
    """What the scheduler does: sign anew, then ask each learner, in a process of its own, whether it is time."""
    from samouk.server.scheduler import Rounds

    environment = {**os.environ, "SAMOUK_HOME": str(settings.home), "OMP_WAIT_POLICY": "passive"}
    commands = {name: [sys.executable, "-m", "samouk.cli", "turn", name, "--if-due"] for name in learners}
    return Rounds(services.publisher.refresh, commands, environment)


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
        self._clock.step(dt.timedelta(days=7))

    def begin(self, learner: Learner) -> None:
        begin(learner, self._services)

    def due(self, learner: Learner) -> Order | None:
        return due(learner, self._services)

    def turn(self, learner: Learner, order: Order) -> Run:
        return turn(learner, self._services, order, Context(threads=max(1, (os.cpu_count() or 1) - 1)))

    def say(self, text: str = "") -> None:
        click.echo(text)


@contextmanager
def demo(settings: Settings, domains: dict[str, Domain], weeks: int) -> Iterator[Demo]:
    """A fresh home, keys of both kinds, and a server that thinks it is so many weeks ago.

    Raises:
        BadSetting: the home holds what no demo made.
    """
    from samouk.server.serve import background

    _begin_afresh(settings.home)
    make_signing_keys(settings)
    clock = SteppedClock(dt.datetime.now(dt.UTC) - dt.timedelta(weeks=weeks))
    with opened(settings, clock) as services:
        _, secret = services.keys.create("demo")
        with background(application(settings, services, domains), settings.host, settings.port) as url:
            yield Demo(settings, services, clock, url, secret)


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
