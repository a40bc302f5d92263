"""Run the application until it is told to stop, on an address that was free, and say where.

How it stops: it says that it is not ready and asks its clients to connect anew, still answering, for
``drain_s`` seconds, in which whoever deals the requests finds another server; then it takes no new connection,
ends streams without an end, lets running requests come to theirs, and commits what they brought.
"""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import cast

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from samouk.server.protocol import BoundedProtocol

START_S = 20
"""Seconds that the application is given to start."""

GRACE_S = 10
"""Seconds that running requests are given to end."""

LEAVE_S = 8.0
"""Seconds that clients are given to leave by themselves; idle connections are closed after five anyhow."""

_LOOK_S = 0.02


class CannotListen(Exception):
    """The address cannot be had; the message names what to do."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one.

    Raises:
        CannotListen: the port is taken, needs more rights, or the host is not this machine's.
    """
    try:
        return socket.create_server((host, port), family=_family(host), backlog=512)
    except OSError as error:
        raise CannotListen(_words(error, host, port)) from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _words(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken by another program; stop it, or choose another with --port"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights than this user has; choose one above 1023 with --port"
    return f"cannot listen on {host}: {error.strerror or error}; choose another address with --host"


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of a certificate chain and of its private key. Raises CannotListen when they cannot be used together."""

    certificate: Path
    key: Path

    def __post_init__(self) -> None:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.certificate, self.key)
        except (OSError, ValueError) as error:  # an SSLError is an OSError
            raise CannotListen(f"{self.certificate} and {self.key} are no certificate and its key: {error}") from None


def config(app: ASGIApp, tls: Tls | None = None) -> uvicorn.Config:
    """uvicorn as this project runs it: quick, and silent about who asks."""
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        access_log=False,  # an access log would hold addresses
        log_config=None,  # its records go where all others go
        log_level="warning",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=str(tls.key) if tls else None,
    )


class Leaving:
    """An application that, from some moment on, asks the client of each answer to connect anew."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.begun or scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def last(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        await self._app(scope, receive, last)


class Server(uvicorn.Server):
    """uvicorn, which drains before it stops.

    Args:
        drain_s: seconds to say that it is not ready, and still answer.
        ready: called once it answers.

    Attributes:
        replaced: set when another process listens on the same socket already: nobody needs to find another server,
            and clients are only asked to connect anew.
    """

    def __init__(
        self, settled: uvicorn.Config, drain_s: float = 0.0, ready: Callable[[], object] | None = None
    ) -> None:
        self._app = settled.app
        settled.app = self._leaving = Leaving(cast(ASGIApp, settled.app))
        super().__init__(settled)
        self._drain_s = drain_s
        self._ready = ready
        self.replaced = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._ready is not None:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._leaving.begun = True
        self._tell("draining")
        if self._drain_s and not self.replaced:
            await self._wait(self._drain_s, lambda: False)
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()  # now, or connections would queue at a socket where nobody answers
        self._tell("closing")
        if self._drain_s or self.replaced:
            await self._wait(LEAVE_S, lambda: not self.server_state.connections)
        await super().shutdown(sockets)

    def _tell(self, what: str) -> None:
        if isinstance(self._app, FastAPI):
            event: Event | None = getattr(self._app.state, what, None)  # an application of somebody else's has none
            if event is not None:
                event.set()

    async def _wait(self, seconds: float, enough: Callable[[], bool]) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.force_exit and not enough():
            await asyncio.sleep(_LOOK_S)


@contextmanager
def background(app: ASGIApp, host: str, port: int) -> Iterator[str]:
    """Serve from a thread of this process until the block ends; gives the base URL. Raises CannotListen."""
    with listen(host, port) as listener:
        server = Server(config(app))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + START_S
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise CannotListen("the server did not start; its log above says why")
            time.sleep(0.005)
        try:
            yield url_of(listener)
        finally:
            server.should_exit = True
            thread.join()


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """Where it listens."""
    where, bound = listener.getsockname()[:2]
    shown = f"[{where}]" if ":" in where else where
    return f"{scheme}://{shown}:{bound}"


def serve(
    app: ASGIApp,
    listener: socket.socket,
    data: str,
    say: Callable[[str], None],
    tls: Tls | None = None,
    *,
    drain_s: float = 0.0,
) -> None:
    """Serve what comes to ``listener`` until SIGINT or SIGTERM; running requests end first.

    Args:
        data: where everything lies, in words.
    """
    say(f"Samouk listens on {url_of(listener, 'https' if tls else 'http')}")
    say(f"Data lies in {data}")
    run(Server(config(app, tls), drain_s), [listener])


def run(server: Server, listeners: Sequence[socket.socket]) -> None:
    """Serve until a signal: SIGINT, SIGTERM, or SIGHUP where another process has taken over already.

    Returns also after a signal that comes before uvicorn listens for it: uvicorn raises the signal again once it has
    shut down, which then changes nothing any more.
    """

    def stop(number: int, _: object) -> None:
        server.replaced = number == signal.SIGHUP
        server.should_exit = True

    held = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        server.run(sockets=list(listeners))
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
