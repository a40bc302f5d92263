"""A demo: a server on a home of its own, whose clock is stepped."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import click

from samouk.assembly.serving import application
from samouk.assembly.signing import make_signing_keys
from samouk.assembly.stores import opened
from samouk.loop.learner import Context, Learner
from samouk.loop.ports import Role, Services
from samouk.loop.ramp import tend
from samouk.loop.records import Order, Run
from samouk.loop.rollout import Action
from samouk.loop.turn import begin, turn
from samouk.loop.watch import due
from samouk.settings import BadSetting, Settings
from samouk.store.clock import SteppedClock

if TYPE_CHECKING:
    from samouk.loop.learner import Domain


DEMO_SEED = 7
"""Of what deals a demo's units; its people are made up, so nobody is told apart by a key that is no secret."""


DEMO_MARKER = ".samouk-demo"
"""File by which a demo knows the folder that an earlier one made."""


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
