"""Bounded HTTP reading: no redirects, no endless answers, no answer that drips for ever.

Standard library only. A socket timeout alone does not stop a server that sends a byte now and then;
so each request also has a deadline, at which its socket is shut.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import IO, Any

from samouk.edge.transport import silence

Watch = Callable[[socket.socket], None]

CHUNK = 65_536
TIMEOUT_S = 10.0
"""Longest silence of a server."""

PATIENCE = 3
"""A small file may take so many timeouts in all."""


class NetworkFault(Exception):
    """No answer, or one that broke off; the message says what happened."""


class NobodyThere(NetworkFault):
    """The machine answered that nothing listens at that port."""


class TooSlow(NetworkFault):
    """The deadline passed."""


class BrokenOff(NetworkFault):
    """The connection ended before the announced length."""


class WrongLength(Exception):
    """More bytes came than is allowed, or fewer than were signed."""


class HttpStatus(Exception):
    """The server answered with an error.

    Attributes:
        status: 400 to 599, or a 3xx that would lead elsewhere.
    """

    def __init__(self, status: int, url: str) -> None:
        super().__init__(f"{url} answered {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole small answer: 200 with its body, or 304 without."""

    status: int
    body: bytes
    etag: str | None


@dataclass(slots=True)
class Reading:
    """An answer that is being read."""

    status: int
    headers: Mapping[str, str]
    _response: http.client.HTTPResponse | urllib.error.HTTPError
    _expired: threading.Event

    @property
    def length(self) -> int | None:
        """Announced length of the body, if any."""
        text = self.headers.get("content-length", "")
        return int(text) if re.fullmatch(r"\d{1,15}", text) else None

    def chunks(self) -> Iterator[bytes]:
        """The body as it comes. Raises NetworkFault when it breaks off or the deadline passes."""
        received = 0
        while True:
            try:
                chunk = self._response.read1(CHUNK)
            except (OSError, http.client.HTTPException) as error:
                raise self._fault(error) from error
            if not chunk:
                break
            received += len(chunk)
            yield chunk
        if self._expired.is_set():
            raise TooSlow("the answer took longer than its deadline")
        if self.length is not None and received < self.length:
            raise BrokenOff(f"the connection ended after {received} of {self.length} bytes")

    def _fault(self, error: Exception) -> NetworkFault:
        if self._expired.is_set() or isinstance(error, TimeoutError):
            return TooSlow("the server sent nothing for too long")
        return BrokenOff(f"the connection broke: {error!r:.200}")


@contextmanager
def reading(
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    timeout_s: float = TIMEOUT_S,
    deadline_s: float | None = None,
) -> Iterator[Reading]:
    """GET ``url`` (http or https) and read the answer within the block.

    Args:
        timeout_s: longest silence.
        deadline_s: longest time in all; by default ``PATIENCE`` timeouts.

    Raises:
        HttpStatus: an answer other than 200, 206 or 304.
        NetworkFault: no answer.
    """
    sockets: list[socket.socket] = []
    expired = threading.Event()

    def watch(opened: socket.socket) -> None:
        sockets.append(opened)
        if expired.is_set():
            raise TimeoutError("connecting took longer than the deadline")

    def expire() -> None:
        expired.set()
        for opened in sockets:
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)

    request = urllib.request.Request(url, headers={"User-Agent": user_agent(), **(headers or {})})  # noqa: S310
    watchdog = threading.Timer(timeout_s * PATIENCE if deadline_s is None else deadline_s, expire)
    watchdog.daemon = True
    watchdog.start()
    try:
        with _answer(request, watch, timeout_s, expired) as response:
            received = {name.lower(): value for name, value in response.headers.items()}
            yield Reading(response.status or 0, received, response, expired)
    finally:
        watchdog.cancel()


def get(url: str, headers: Mapping[str, str] | None = None, *, limit: int, timeout_s: float = TIMEOUT_S) -> Answer:
    """GET a small file of at most ``limit`` bytes. Raises HttpStatus, NetworkFault or WrongLength."""
    with reading(url, headers, timeout_s=timeout_s) as answer:
        body = bytearray()
        for chunk in answer.chunks() if answer.status != 304 else ():
            body += chunk
            if len(body) > limit:
                raise WrongLength(f"{url}: more than the {limit} bytes that such a file may have")
        return Answer(answer.status, bytes(body), answer.headers.get("etag"))


def append(answer: Reading, file: IO[bytes], limit: int) -> Iterator[int]:
    """Write the body behind what ``file`` holds; yields the size so far. Raises WrongLength beyond ``limit`` bytes."""
    size = file.tell()
    for chunk in answer.chunks():
        size += len(chunk)
        if size > limit:
            raise WrongLength(f"more than the {limit} bytes that were signed")
        file.write(chunk)
        yield size


def user_agent() -> str:
    """The same for all clients of one version: nothing in it tells machines apart."""
    return f"samouk/{version('samouk')}"


@contextmanager
def _answer(
    request: urllib.request.Request, watch: Watch, timeout_s: float, expired: threading.Event
) -> Iterator[http.client.HTTPResponse | urllib.error.HTTPError]:
    try:
        response = _opener(watch).open(request, timeout=timeout_s)
    except urllib.error.HTTPError as error:
        with error:
            if error.code != 304:
                raise HttpStatus(error.code, request.full_url) from error
            yield error
        return
    except (OSError, http.client.HTTPException, ValueError) as error:
        if expired.is_set() or isinstance(getattr(error, "reason", error), TimeoutError):
            raise TooSlow("it did not answer in time") from error
        nobody = isinstance(getattr(error, "reason", error), ConnectionRefusedError)
        raise (NobodyThere if nobody else NetworkFault)(silence(error)) from error
    with response:
        yield response


def _opener(watch: Watch) -> urllib.request.OpenerDirector:
    """An opener for http and https only that shows its sockets to ``watch`` and follows no redirect."""

    class WatchedHTTP(http.client.HTTPConnection):
        def connect(self) -> None:
            super().connect()
            watch(self.sock)

    class WatchedHTTPS(http.client.HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            watch(self.sock)

    class PlainHandler(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> Any:
            return self.do_open(WatchedHTTP, req)

    class SecureHandler(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> Any:
            return self.do_open(WatchedHTTPS, req, context=ssl.create_default_context())

    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        PlainHandler(),
        SecureHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener
