"""How requests reach a server: one small protocol, and its default over the standard library.

No address, body or header is ever logged. The ``User-Agent`` is the same for every client on earth.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from samouk.edge.errors import Unreachable

USER_AGENT = "samouk"
TIMEOUT_S = 15.0
MAX_ANSWER = 64 * 1024
"""Bytes of an answer that are read, at most."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; ``body`` is sent as it is, with the headers given."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What came back. Names of headers are in lower case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Transport(Protocol):
    """Whatever can carry a request to a server."""

    def send(self, request: Request) -> Response:
        """Send once and wait for the answer, whatever its status. Raises Unreachable when none came."""


class HttpTransport:
    """urllib, without redirects: samples and keys go where the user said and nowhere else."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._opener = urllib.request.build_opener(_StayHere)
        self._opener.addheaders = [("User-Agent", USER_AGENT)]

    def send(self, request: Request) -> Response:
        """Send once. Only http and https addresses are opened. Raises Unreachable."""
        if not request.url.startswith(("http://", "https://")):
            raise Unreachable("the address of the server must begin with http:// or https://")
        prepared = urllib.request.Request(  # noqa: S310 - the scheme was checked above
            request.url, data=request.body, headers=dict(request.headers), method=request.method
        )
        try:
            with self._opener.open(prepared, timeout=self._timeout_s) as answer:
                return _response(answer.status, answer)
        except urllib.error.HTTPError as answer:
            with answer:
                return _response(answer.code, answer)
        except (OSError, http.client.HTTPException, ValueError) as problem:
            raise Unreachable(silence(problem)) from None


def silence(problem: Exception) -> str:
    """Why no answer came, in words for the user; the address stands beside them wherever they are shown."""
    cause = getattr(problem, "reason", problem)
    if isinstance(cause, ConnectionRefusedError):
        return "nothing answers there (is the server running?)"
    if isinstance(cause, socket.gaierror):
        return "no machine of that name can be found (is this one online?)"
    if isinstance(cause, TimeoutError):
        return "it did not answer in time"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "its certificate cannot be verified"
    return f"no answer came ({type(cause).__name__})"


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows nothing; a redirect is an answer like any other."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _response(status: int, answer: Any) -> Response:
    try:
        body = answer.read(MAX_ANSWER)
    except (OSError, http.client.HTTPException):
        body = b""  # the status came through: that decides
    return Response(status, body, {name.lower(): value for name, value in answer.headers.items()})
