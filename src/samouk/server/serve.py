"""Run the application until it is told to stop, on an address that was free, and say where."""

from __future__ import annotations

import errno
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from samouk.server.protocol import BoundedProtocol

START_S = 20
"""Seconds that the application is given to start."""

GRACE_S = 10
"""Seconds that running requests are given to end."""


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


class Server(uvicorn.Server):
    """uvicorn, which tells answers without an end that the server stops before it waits for them."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app = self.config.app
        if isinstance(app, FastAPI):
            app.state.closing.set()
        await super().shutdown(sockets)


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
            yield _url(listener)
        finally:
            server.should_exit = True
            thread.join()


def _url(listener: socket.socket, scheme: str = "http") -> str:
    where, bound = listener.getsockname()[:2]
    shown = f"[{where}]" if ":" in where else where
    return f"{scheme}://{shown}:{bound}"


def serve(
    app: ASGIApp, listener: socket.socket, home: Path, say: Callable[[str], None], tls: Tls | None = None
) -> None:
    """Serve what comes to ``listener`` until SIGINT or SIGTERM; running requests end first."""
    say(f"Samouk listens on {_url(listener, 'https' if tls else 'http')}")
    say(f"Data lies in {home} (SAMOUK_HOME)")
    server = Server(config(app, tls))
    with _returning(server):
        server.run(sockets=[listener])


@contextmanager
def _returning(server: Server) -> Iterator[None]:
    """Let ``serve`` return after a signal, also one that comes before uvicorn listens for it.

    uvicorn raises the signal again once it has shut down, which then changes nothing any more.
    """

    def stop(*_: object) -> None:
        server.should_exit = True

    held = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
