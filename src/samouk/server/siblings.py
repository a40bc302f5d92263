"""The processes of one crew, and how one asks another: over a socket in a folder that only their user may enter.

What a domain keeps in the memory of one process (``Desk.at_one``) is answered by process 0 alone: the others
pass such requests on to it. Every process can tell what all of them measured.
"""

from __future__ import annotations

import http.client
import os
import secrets
import socket
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from samouk.loop.ports import StoreUnavailable
from samouk.server.access import Gate
from samouk.server.body import read
from samouk.server.problems import BUSY, INTERNAL, Problem, of_error

KEEPER = 0
"""The process that keeps what only one may."""

MOST_PASSING = 24
"""Requests on their way to a sibling at once, at most: each holds its body, and a thread."""

PATIENCE_S = 10.0
_OWN = frozenset({"connection", "content-length", "transfer-encoding", "keep-alive", "expect", "host"})
"""Headers that belong to one connection."""

_AWAY = "the process that keeps this begins again just now; try again in a moment"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sibling said."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Ear:
    """Where one process hears its siblings."""

    socket: socket.socket
    draft: Path
    place: Path

    def take_place(self) -> None:
        """From now on siblings ask here. To be called once there is an answer: until then the process before gives it,
        and goes on giving it when this one fails."""
        os.replace(self.draft, self.place)  # noqa: PTH105 - the same on sockets, and said to replace


@dataclass(frozen=True, slots=True)
class Siblings:
    """One process among ``size``, which are told apart by their ``number``.

    Attributes:
        tls: whether they speak https, between themselves too: one server listens on all its sockets alike.
    """

    folder: Path
    number: int
    size: int
    tls: bool = False

    def listen(self) -> Ear:
        """A socket for the siblings, which find it once it took the place of that of the process before."""
        draft = self.folder / f"{secrets.token_hex(4)}"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(draft))
        listener.listen(128)
        return Ear(listener, draft, self._place(self.number))

    @property
    def others(self) -> list[int]:
        """Numbers of all but this one."""
        return [number for number in range(self.size) if number != self.number]

    def ask(
        self, number: int, method: str, target: str, headers: Iterable[tuple[str, str]] = (), body: bytes = b""
    ) -> Answer:
        """Send one request to a sibling; blocks. Raises OSError when it does not answer."""
        line = _Line(self._place(number), self.tls)
        try:
            line.request(method, target, body, {name: value for name, value in headers if name.lower() not in _OWN})
            response = line.getresponse()
            return Answer(response.status, response.getheaders(), response.read())
        except http.client.HTTPException as error:
            raise OSError(f"process {number} broke off: {type(error).__name__}") from error
        finally:
            line.close()

    def _place(self, number: int) -> Path:
        return self.folder / f"{number}.sock"


class _Line(http.client.HTTPConnection):
    def __init__(self, place: Path, tls: bool) -> None:
        super().__init__("sibling", timeout=PATIENCE_S)
        self._place = place
        self._tls = tls

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE_S)
        self.sock.connect(str(self._place))
        if self._tls:
            # Who is at the other end is told by the folder, which nobody else may enter.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.sock = context.wrap_socket(self.sock)


class PassOn:
    """Hands requests below some paths to the process that keeps what they are about.

    Args:
        gate: admits requests here, where their sender's address is seen, and before their body is read.
    """

    def __init__(self, app: ASGIApp, siblings: Siblings, below: Sequence[str], gate: Gate) -> None:
        self._app = app
        self._siblings = siblings
        self._below = tuple(below)
        self._gate = gate
        self._passing = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kept = scope["type"] == "http" and scope["path"].startswith(self._below)
        if not kept or self._siblings.number == KEEPER:
            await self._app(scope, receive, send)
            return
        try:
            access = await self._gate.admit(scope)
        except (Problem, StoreUnavailable) as error:
            await (of_error(error) or INTERNAL).response()(scope, _nothing, send)
            return
        if access is None:  # no such address: that can be said here
            await self._app(scope, receive, send)
        elif self._passing >= MOST_PASSING:
            await BUSY.response()(scope, _nothing, send)
        else:
            self._passing += 1
            try:
                await self._pass(scope, receive, send, access.most)
            finally:
                self._passing -= 1

    async def _pass(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        try:
            body = await read(Request(scope, receive), most)
        except Problem as refusal:
            await refusal.response()(scope, _nothing, send)
        except ClientDisconnect:
            return
        else:
            await self._answer(scope, body, send)

    async def _answer(self, scope: Scope, body: bytes, send: Send) -> None:
        query = scope["query_string"].decode("latin-1")
        target = scope.get("raw_path", scope["path"].encode()).decode("latin-1").partition("?")[0]
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        asked = (KEEPER, scope["method"], f"{target}?{query}" if query else target, headers, body)
        try:
            answer = await run_in_threadpool(self._siblings.ask, *asked)
        except OSError:
            away = Problem(503, _AWAY, headers={"Retry-After": "1"})
            await away.response()(scope, _nothing, send)
            return
        told = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
        kept = [(name, value) for name, value in told if name.decode() not in _OWN]
        length = (b"content-length", b"%d" % len(answer.body))
        await send({"type": "http.response.start", "status": answer.status, "headers": [*kept, length]})
        await send({"type": "http.response.body", "body": answer.body})


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
