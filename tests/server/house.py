"""A real server on a free loopback port, in a thread of the test, and the plainest client for it."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp

from samouk.loop.ports import Role, Services
from samouk.server.serve import Server, config, listen


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class House:
    """A running server."""

    port: int
    services: Services
    key: str

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """One request; header names are written with underscores."""
        return self.request(method, path, body, headers)

    def request(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, None, headers)

    def call(self, method: str, path: str, document: object = None) -> Answer:
        """A JSON request with the good key."""
        headers = {"Authorization": f"Bearer {self.key}", "Content_Type": "application/json"}
        return self.request(method, path, None if document is None else json.dumps(document).encode(), headers)

    def send(self, body: bytes, path: str = "/v1/learners/toy.half/samples", **headers: str) -> Answer:
        """Upload a gzip body with the good key, unless the headers say otherwise."""
        defaults: dict[str, str] = {
            "Authorization": f"Bearer {self.key}",
            "Content_Encoding": "gzip",
            "Content_Type": "application/json",
        }
        defaults.update(headers)
        return self.request("POST", path, body, defaults)


@contextmanager
def running(app: ASGIApp, services: Services) -> Iterator[House]:
    """Serve the application as the product does, until the block ends."""
    with listen("127.0.0.1", 0) as listener:
        server = Server(config(app))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 60
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.005)
        try:
            yield House(listener.getsockname()[1], services, services.keys.create("tests", Role.ADMIN)[1])
        finally:
            server.should_exit = True
            thread.join(60)
        assert not thread.is_alive()
