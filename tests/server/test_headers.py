"""What every answer tells browsers, and which pages elsewhere may use the API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.server import toy
from tests.server.house import House, running

from samouk.server import Options, create_app
from samouk.server.options import Page
from samouk.store.memory import memory_services

ORIGIN = "https://app.example.org"


@pytest.fixture(scope="module")
def open_house() -> Iterator[House]:
    """A server that is reached by https through a proxy, and that pages of one origin may use."""
    services = memory_services()
    page = Page(b"<p>page</p>", "default-src 'self'")
    options = Options(page=page, cors_origins=(ORIGIN,), tls=True)
    with running(create_app(services, {"toy": toy.DOMAIN}, options), services) as whole:
        yield whole


PATHS = [
    "/",
    "/health/live",
    "/metrics",
    "/openapi.json",
    "/v1/keys",
    "/v1/learners",
    "/v1/learners/nobody",
    "/v1/events?follow=false",
    "/v1/learners/toy.half/predict",
    "/no/such/address",
]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_shielded(house: House, path: str) -> None:
    """Good ones, refusals and addresses that are none, on the short way and on the long one."""
    for method in ("GET", "POST"):
        headers = house.ask(method, path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "default-src" in headers["content-security-policy"]
        assert headers["cache-control"] in ("no-store", "no-cache")
        assert "strict-transport-security" not in headers
        assert "access-control-allow-origin" not in headers
        assert "server" not in headers


def test_the_page_runs_its_own_alone(house: House) -> None:
    """It says what it runs, and cannot be framed, listened to or followed."""
    headers = house.get("/").headers
    assert headers["content-security-policy"] == "default-src 'none'"
    assert (headers["x-frame-options"], headers["referrer-policy"]) == ("DENY", "no-referrer")
    assert "camera=()" in headers["permissions-policy"]


def test_https_alone_is_said_where_it_holds(open_house: House) -> None:
    """Behind a proxy that speaks https, browsers are told to come no other way."""
    for path in PATHS:
        assert open_house.get(path).headers["strict-transport-security"] == "max-age=31536000"


def test_no_other_origin_may_use_the_api(house: House, open_house: House) -> None:
    """None by default; else the exact one, never all, and never with cookies."""
    for origin in (ORIGIN, "https://evil.example", "null"):
        assert "access-control-allow-origin" not in house.get("/v1/learners", Origin=origin).headers
    good = open_house.get("/v1/learners", Origin=ORIGIN).headers
    assert good["access-control-allow-origin"] == ORIGIN
    for origin in (
        "https://evil.example",
        f"{ORIGIN}.evil.example",
        f"{ORIGIN}:8443",
        "http://app.example.org",
        "null",
    ):
        assert "access-control-allow-origin" not in open_house.get("/v1/learners", Origin=origin).headers
    assert "access-control-allow-credentials" not in good


def test_a_browser_may_ask_first(open_house: House) -> None:
    """A preflight from the good origin is answered, on the short way too; from another it is refused."""
    asked = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization"}
    for path in ("/v1/learners/toy.half/samples", "/v1/keys"):
        good = open_house.request("OPTIONS", path, None, {**asked, "Origin": ORIGIN})
        assert (good.status, good.headers["access-control-allow-origin"]) == (200, ORIGIN)
        bad = open_house.request("OPTIONS", path, None, {**asked, "Origin": "https://evil.example"})
        assert bad.status == 400 and "access-control-allow-origin" not in bad.headers
