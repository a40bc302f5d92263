"""A running server over the learner of the smallest example, with versions in service."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from examples.will_it_rain import DOMAIN, RAIN
from tests.loop.serving_world import add
from tests.server import toy
from tests.server.house import Answer, House, running

from samouk.loop.learner import Learner
from samouk.loop.ports import Clock, Services
from samouk.server import Options, create_app
from samouk.store.memory import memory_services

PREDICT = f"/v1/learners/{RAIN.name}/predict"
OUTCOMES = f"/v1/learners/{RAIN.name}/outcomes"
ROW = {"pressure": 990.0, "humidity": 0.9}


@contextmanager
def weather_house(folder: Path | None, *, clock: Clock | None = None, learner: Learner = RAIN) -> Iterator[House]:
    """One version in service, exposures in the folder."""
    services = memory_services(clock)
    add(services, [1.0, 0.0, 0.0])
    domains = {"weather": replace(DOMAIN, learners=(learner,)), "toy": toy.DOMAIN}
    with running(create_app(services, domains, Options(exposures_dir=folder)), services) as house:
        yield house


def post(house: House, path: str, document: Any) -> Answer:
    """A JSON document, plain."""
    headers = {"Authorization": f"Bearer {house.key}", "Content_Type": "application/json"}
    return house.request("POST", path, json.dumps(document).encode(), headers)


def ask(house: House, unit: str = "u", **features: Any) -> Any:
    """The answer to one question."""
    answer = post(house, PREDICT, {"unit": unit, "features": {**ROW, **features}})
    assert answer.status == 200, answer.body
    return answer.json


def journal_has(services: Services, event_id: str) -> bool:
    return services.journal.exposure(event_id) is not None


def within(seconds: float, what: Any) -> bool:
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True
