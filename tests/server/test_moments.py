"""Moments that are shown are told to the second: the rest says more of a machine than of what it did."""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import get_args, get_type_hints

import pytest
from tests.server import toy
from tests.server.conftest import release
from tests.server.house import House, running

from samouk import server
from samouk.cli.ends import print_json
from samouk.loop.live import Event, EventKind
from samouk.loop.records import Order, Run, RunEnd, TriggerKind
from samouk.server import create_app
from samouk.server.views import Moment
from samouk.server.webhooks import body_of
from samouk.store.clock import MONDAY, SteppedClock
from samouk.store.memory import memory_services

MOMENT = re.compile(rb"T\d\d:\d\d:\d\d")
FRACTION = re.compile(rb"T\d\d:\d\d:\d\d\.\d")


def test_no_figure_tells_fractions_of_a_second() -> None:
    clock = SteppedClock(MONDAY + dt.timedelta(microseconds=123_456))
    services = memory_services(clock)
    release(services, "v1.0", 1)
    now = clock.now()
    order = Order(TriggerKind.MANUAL, "a person asked")
    services.runs.save(Run("a" * 32, "toy.half", order, now, ended=now, end=RunEnd.EMPTY))
    with running(create_app(services, {"toy": toy.DOMAIN}), services) as house:
        assert house.call("POST", "/v1/keys", {"label": "a", "expires_days": 9}).status == 201
        assert house.call("POST", "/v1/webhooks", {"url": "https://example.org/hook"}).status == 201
        told = 0
        for path in sorted(asked(house)):
            answer = house.get(path, Authorization=f"Bearer {house.key}")
            assert not FRACTION.search(answer.body), (path, answer.body)
            told += bool(MOMENT.search(answer.body))
        assert told >= 6  # keys, webhooks, versions, runs, performance, deployments


def asked(house: House) -> Iterator[str]:
    """Every path that answers JSON by GET, about the learner and the version that there are."""
    for path, methods in house.get("/openapi.json").json["paths"].items():
        filled = path.replace("{name}", "toy.half").replace("{version}", "v1.0")
        if "{" not in filled and "application/json" in str(methods.get("get", {}).get("responses")):
            yield filled


def test_no_view_tells_moments_otherwise() -> None:
    """Also those that no test asks for: a view says ``Moment``."""
    classes = [thing for _, file in modules() for thing in vars(file).values() if isinstance(thing, type)]
    own = {one for one in classes if dataclasses.is_dataclass(one) and one.__name__.endswith(("View", "Row"))}
    assert len(own) > 20
    for view in own:
        for name, kind in get_type_hints(view, include_extras=True).items():
            assert kind == Moment or dt.datetime not in (kind, *get_args(kind)), (view, name)


def modules() -> Iterator[tuple[str, ModuleType]]:
    for found in pkgutil.walk_packages(server.__path__, "samouk.server."):
        if found.name.startswith(("samouk.server.routes.", "samouk.server.views")):
            yield found.name, importlib.import_module(found.name)


def test_an_event_tells_whole_seconds() -> None:
    """To receivers of webhooks and to those who listen."""
    at = MONDAY + dt.timedelta(microseconds=123_456)
    assert not FRACTION.search(body_of(Event(EventKind.PAUSED, "toy.half", at, {})))


def test_commands_tell_whole_seconds_too(capsys: pytest.CaptureFixture[str]) -> None:
    """But where a digest is over the moment: who checks it elsewhere needs every digit."""
    at = MONDAY + dt.timedelta(microseconds=123_456)
    print_json({"started": at})
    assert json.loads(capsys.readouterr().out) == {"started": str(MONDAY)}
    print_json({"started": at}, exact=True)
    assert json.loads(capsys.readouterr().out) == {"started": str(at)}
