"""The description lists every route, and a machine that tries them all finds no fault."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.routing import Route
from tests.server import toy
from tests.server.house import House, running

from samouk.domains import discover
from samouk.loop.ports import Services
from samouk.server import Options, create_app
from samouk.server.options import Page
from samouk.store.memory import memory_services

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def test_lists_every_route() -> None:
    """Whatever the application answers to is described."""
    app = create_app(memory_services(), {"toy": toy.DOMAIN})
    described = set(app.openapi()["paths"])
    paths = {route.path.replace("{path:path}", "{path}") for route in app.routes if isinstance(route, Route)}
    assert paths - {"/openapi.json"} <= described
    for path in ("/v1/learners", "/v1/learners/{name}/samples", "/v1/tuf/targets/{path}", "/health/ready", "/"):
        assert path in described


def test_says_what_health_answers() -> None:
    """The statuses of a store that fails, and what a version's samples are, stand as they are."""
    document = create_app(memory_services(), {"toy": toy.DOMAIN}).openapi()
    assert "507 when full" in document["paths"]["/health/ready"]["get"]["summary"]
    assert "fitted and judged on, both sides" in document["components"]["schemas"]["PerformanceRow"]["description"]


@pytest.fixture(scope="module")
def tried(services: Services, published: Path) -> Iterator[House]:
    """A server over the toy, with a version of it in service, and over every domain that is installed."""
    options = Options(published, page=Page(b"<p>page</p>", "default-src 'none'"))
    with running(create_app(services, {"toy": toy.DOMAIN, **discover()}, options), services) as house:
        yield house


def test_problems_everywhere(tried: House) -> None:
    """Every operation says that its errors are problems."""
    for operations in tried.get("/openapi.json").json["paths"].values():
        for operation in operations.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_no_fault_found(tried: House) -> None:
    """Hundreds of made-up requests, good and bad, meet no 5xx and nothing that the description does not say."""
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{tried.port}/openapi.json")
    found: list[Any] = list(schema.get_all_operations())
    operations = [result.ok() for result in found]
    for operation in operations:
        _attack(operation, schemathesis.GenerationMode.POSITIVE, tried.key)
        # Where any string will do there is nothing to get wrong.
        with suppress(Unsatisfiable):
            _attack(operation, schemathesis.GenerationMode.NEGATIVE, tried.key)
    assert len(operations) == sum(len(methods) for methods in tried.get("/openapi.json").json["paths"].values())


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_nobody_is_let_in(tried: House) -> None:
    """Without a key, or with one that is none, the same requests meet a refusal wherever a role is needed."""
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{tried.port}/openapi.json")
    found: list[Any] = list(schema.get_all_operations())
    asked = 0
    for operation in (result.ok() for result in found):
        needed = operation.definition.raw["x-samouk-role"]
        for key in (None, "smk_00000000_guessed"):
            with suppress(Unsatisfiable):
                asked += _attack(
                    operation, schemathesis.GenerationMode.POSITIVE, key, None if needed == "public" else 401
                )
    assert asked > 10 * len(found)


def _attack(operation: Any, mode: schemathesis.GenerationMode, key: str | None, expected: int | None = None) -> int:
    """Try one operation with requests that fit its description, or with some that do not; how many there were.

    Args:
        expected: the one status that may be answered; None leaves it to the description.
    """
    asked = 0

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    def attack(case: Any) -> None:
        nonlocal asked
        asked += 1
        if case.path == "/v1/events":
            case.query = {**(case.query or {}), "follow": "false"}  # else each answer lasts as long as we listen
        answer = case.call(headers={"Authorization": f"Bearer {key}"} if key else {})
        # What is no HTTP at all is answered by the HTTP parser, before this application.
        if answer.content != b"Invalid HTTP request received.":
            case.validate_response(answer, checks=CHECKS)
            elsewhere = "no such address" in answer.text  # made-up paths need not be those of a route
            assert elsewhere or expected in (None, answer.status_code), answer.text

    attack()
    return asked
