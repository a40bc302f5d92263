"""What a key of one learner reaches of a person: that learner, not what its domain keeps for all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from examples.will_it_rain import DOMAIN, RAIN
from tests.loop.serving_world import add
from tests.server import toy
from tests.server.house import running

from samouk.loop.learner import Subjects
from samouk.loop.ports import Role, Services
from samouk.server import create_app
from samouk.store.memory import memory_services

PATH = f"/v1/learners/{RAIN.name}/units/Alice"


@pytest.mark.parametrize(
    ("learners", "reaches"),
    [((), True), (("weather.*",), True), ((RAIN.name,), False), ((RAIN.name, "weather.snow"), False)],
)
def test_documents_of_a_domain(learners: tuple[str, ...], reaches: bool) -> None:
    """Read and forgotten by who may ask about the whole domain alone."""
    kept = {"Alice"}

    def held(_: Services, name: str) -> Iterator[Mapping[str, Any]]:
        yield from ({"document": one} for one in kept if one == name)

    def forget(_: Services, name: str) -> int:
        found = name in kept
        kept.discard(name)
        return int(found)

    services = memory_services()
    add(services, [1.0, 0.0, 0.0])
    domains = {"weather": replace(DOMAIN, subjects=Subjects(held, forget)), "toy": toy.DOMAIN}
    secret = services.keys.create("some", Role.OPERATOR, learners)[1]
    with running(create_app(services, domains), services) as house:
        told = house.get(PATH, Authorization=f"Bearer {secret}")
        lines = [json.loads(line) for line in told.body.splitlines()]
        assert (told.status, [line["document"] for line in lines]) == (200, ["Alice"] if reaches else [])
        gone = house.ask("DELETE", PATH, Authorization=f"Bearer {secret}")
        assert (gone.status, gone.json["documents"]) == (200, int(reaches))
    assert kept == (set() if reaches else {"Alice"})
