"""What one process of several keeps is asked through the others: they admit, count and bound before they pass on."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from tests.server import toy
from tests.server.house import House, running

from samouk.loop.ports import Role, Services
from samouk.server import Options, body, create_app
from samouk.server.desk import Desk
from samouk.server.serve import Server, config
from samouk.server.siblings import Siblings
from samouk.store.memory import memory_services

MOST = 1_000


def _routes(desk: Desk) -> APIRouter:
    router = APIRouter()
    desk.at_one("/kept/")

    @router.post("/kept/tell")
    @desk.allow(Role.OPERATOR, "", most=MOST)
    async def tell(request: Request) -> JSONResponse:
        return JSONResponse({"size": len(await body.read(request, MOST))})

    return router


DOMAINS = {"toy": replace(toy.DOMAIN, routes=_routes)}


def _options(folder: Path, number: int) -> Options:
    return Options(siblings=Siblings(folder, number, 2), rate_key=3, rate_failures=2, trusted_proxies=1)


@pytest.fixture
def second(tmp_path: Path) -> Iterator[House]:
    """The second of two processes; the first, which keeps, is not there."""
    services = memory_services()
    with running(create_app(services, DOMAINS, _options(tmp_path, 1)), services) as house:
        yield house


@contextmanager
def _keeper(folder: Path, services: Services) -> Iterator[None]:
    siblings = _options(folder, 0).siblings
    assert siblings is not None
    ear = siblings.listen()
    with ear.socket:
        server = Server(config(create_app(services, DOMAINS, _options(folder, 0))))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [ear.socket]}, daemon=True)
        thread.start()
        until = time.monotonic() + 60
        while not server.started and time.monotonic() < until:
            time.sleep(0.005)
        ear.take_place()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join(60)


def _tell(house: House, data: bytes = b"{}", **headers: str) -> Any:
    return house.request("POST", "/kept/tell", data, {"Authorization": f"Bearer {house.key}", **headers})


def test_refused_before_the_body(second: House) -> None:
    """Who has no key is answered while none of the body was sent, and the keeper is not asked."""
    connection = http.client.HTTPConnection("127.0.0.1", second.port, timeout=60)
    connection.putrequest("POST", "/kept/tell")
    connection.putheader("Content-Length", "8000000")
    connection.endheaders()
    assert connection.getresponse().status == 401
    connection.close()


def test_wrong_keys_are_counted(second: House) -> None:
    """Guessing keys is as bounded as anywhere."""
    answers = [_tell(second, Authorization=f"Bearer smk_0000000{n}_x").status for n in range(4)]
    assert answers == [401, 401, 429, 429]


def test_bounds(second: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body has the route's own limit, few are held at once, and what there is not is said here."""
    assert _tell(second, b"x" * (MOST + 1)).status == 413
    assert "begins again" in _tell(second).json["detail"]
    monkeypatch.setattr("samouk.server.siblings.MOST_PASSING", 0)
    assert "too many" in _tell(second).json["detail"]
    assert second.get("/kept/nothing").status == 404
    assert second.get("/kept/tell").status == 405


def test_counted_once(second: House, tmp_path: Path) -> None:
    """The keeper answers, and does not count again what was counted here."""
    with _keeper(tmp_path, second.services):
        first = _options(tmp_path, 0).siblings
        assert first is not None
        key = [("Authorization", f"Bearer {second.key}"), ("X-Forwarded-For", "203.0.113.5")]
        assert [first.ask(0, "POST", "/kept/tell", key, b"{}").status for _ in range(5)] == [200] * 5
        assert _tell(second, b"12345").json == {"size": 5}
        assert [_tell(second).status for _ in range(3)] == [200, 200, 429]
