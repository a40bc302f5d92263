"""A key that travels with applications uploads, predicts and tells; what changes the platform wants another."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from tests.server.house import House, running

from samouk.domains import discover
from samouk.server import create_app
from samouk.store.memory import memory_services

CHANGES = {"post", "put", "patch", "delete"}
APPLICATIONS = {
    ("post", "/v1/learners/{name}/samples"),
    ("post", "/v1/learners/{name}/tallies"),
    ("post", "/v1/learners/{name}/predict"),
    ("post", "/v1/learners/{name}/outcomes"),
    ("post", "/v1/ml/samples"),
    ("post", "/v1/ml/feedback"),
    ("post", "/personalizer/v1.0/rank"),
    ("post", "/personalizer/v1.0/events/{eventId}/reward"),
    ("post", "/personalizer/v1.0/events/{eventId}/activate"),
    ("post", "/ml/models/predict"),
}
BY_RECEIPT = {("delete", "/v1/learners/{name}/samples/{batch_id}"), ("delete", "/v1/ml/samples/{batch_id}")}
"""The secret of who sent a batch is the authority to erase it."""

NAMES = {
    "name": "screens.element",
    "word": "promote",
    "hook_id": "hook",
    "eventId": "event",
    "batch_id": "0b6ad1c5-0f0a-4f52-9a10-7b6f1c9a2b11",
    "unit": "agent 7",
    "alert_id": "0" * 32,
    "user_id": "mallory",
    "model_name": "anomaly",
}
BODIES = {
    "/v1/learners/{name}/runs": {"reason": "r"},
    "/v1/learners/{name}/rollout/{word}": {"reason": "r"},
    "/v1/webhooks": {"url": "https://example.org/hook"},
}


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """A server over every domain, and the key of an application."""
    services = memory_services()
    with running(create_app(services, discover()), services) as whole:
        yield dataclasses.replace(whole, key=services.keys.create("app")[1])


def test_what_applications_may_do(house: House) -> None:
    """Of all routes that change something an application's key is let through to the listed ones, and to no other."""
    paths = house.get("/openapi.json").json["paths"]
    changing = {(method, path) for path, found in paths.items() for method in found.keys() & CHANGES}
    assert changing >= APPLICATIONS | BY_RECEIPT
    status = {}
    for method, path in changing - BY_RECEIPT:
        body = json.dumps(BODIES.get(path, {})).encode()
        where = quote(path.format(**NAMES))
        assert house.request(method.upper(), where, body, {"Content_Type": "application/json"}).status == 401, path
        status[method, path] = house.call(method.upper(), where, BODIES.get(path, {}))
    assert {route for route, answer in status.items() if answer.status != 403} == APPLICATIONS
    assert all(b"--may operate" in answer.body for answer in status.values() if answer.status == 403)
    assert all(answer.status not in (401, 500) for answer in status.values())


def test_what_leaves_the_house(house: House) -> None:
    """The export, and who is told of events, are not for applications; figures are for everybody."""
    for path in ("/v1/learners/screens.element/export", "/v1/webhooks"):
        assert house.call("GET", path).status == 403
    assert house.get("/v1/learners/screens.element/versions").status == 200
