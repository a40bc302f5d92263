"""Watches and limits every request and WebSocket connection of an ASGI application, in one line of its code."""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import math
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple, TypeVar

from samouk.domains.traffic.ears.access_log import HARMLESS
from samouk.domains.traffic.ears.addresses import new_key, pseudonym
from samouk.domains.traffic.ears.extractor import LONGEST_NAME
from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.limiter import Decision
from samouk.domains.traffic.refusals import NOT_NOW, POLICY, http_refusal, shut

log = logging.getLogger("samouk.traffic")

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
T = TypeVar("T")

OVER = ("drop", "close")
ERROR_CODES = frozenset({1002, 1003, 1007, 1008, 1009, 1010, 1011, 1014})
"""Close codes that tell of a failure on either side (RFC 6455, 7.4.1); 1001 and 1006 are people who go away."""

CHANNEL_S = 30.0
"""Seconds after which the channel of a connection is told again: names last for a minute, and cost as much as hearing
half a message."""

PATIENCE_S = 1.0
"""A message whose answer takes longer than this is heard before it is known whether it failed."""

HOW = "take addresses from the proxy's headers (uvicorn --proxy-headers) or name users"
FAILED = Decision(False, 0.0, 1.0)
"""What is decided when the guard fails and is to fail closed."""


class Visitor(NamedTuple):
    """Who sends, to which channel, and from where; the address goes to the ears, which forget it."""

    name: str
    channels: tuple[str, ...]
    address: str | None


class TrafficMiddleware:
    """``app.add_middleware(TrafficMiddleware)``: nothing else is needed.

    A user is who ``user`` says, else who the application authenticated (``scope["user"]``, so add this before the
    middleware that authenticates), else a pseudonym of the address, of the network of 64 bits for IPv6, under a key
    that no disk sees and that dies with the process. Behind a proxy the server must be told to take the address from
    its headers (``uvicorn --proxy-headers``); whoever has neither name nor address is neither heard nor limited, which
    is counted (``without_address``) and said once.

    A request that is over the limit is answered 429 with Retry-After; a WebSocket message is dropped, or its
    connection closed with 1008. What the guard does wrong is caught here, counted, and never reaches the host. The
    application's own errors are counted and raised on.

    Args:
        guard: one that you start and close; without it one is made that lives in memory as long as the application.
        user: the user's name of a scope; empty for nobody in particular.
        over: ``drop`` or ``close``, for WebSocket messages over the limit.
    """

    def __init__(
        self,
        app: App,
        guard: Guard | None = None,
        user: Callable[[Scope], str | None] | None = None,
        over: str = "drop",
    ) -> None:
        if over not in OVER:
            raise ValueError(f"over: must be one of {', '.join(OVER)}, not {over!r:.40}")
        self.app = app
        self.guard = Guard() if guard is None else guard
        self.over = over
        self._own = guard is None
        self._user = user
        self._key = new_key()
        self._begun = False
        self._counts = self.guard.limiter.counts
        self._fails_open = self.guard.limiter.limits.fail == "open"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._begun and self._own:
            self._begun = True
            self.attempt("start", self.guard.start)
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "websocket":
                await self._websocket(scope, receive, send)
            case "lifespan" if self._own:
                await self._live(scope, receive, send)
            case _:
                await self.app(scope, receive, send)

    def decide(self, name: str) -> Decision | None:
        """None lets the message through; nobody in particular is never limited, as all others would be with it."""
        if not name:
            return None
        try:  # as in ``attempt``; this is on the way of every message, where a call is a tenth of what there is to do
            decision = self.guard.limiter.allow(name)
        except Exception as error:  # noqa: BLE001 - the border to the host, as below; counted
            self._trouble("limit", error)
        else:
            return None if decision[0] else decision
        self._counts["failed_open" if self._fails_open else "failed_closed"] += 1
        return None if self._fails_open else FAILED

    def hear(self, visitor: Visitor, size: float, *, error: bool = False, limited: bool = False) -> None:
        """Tell the guard of a message."""
        name, channels, address = visitor
        if not name:
            return
        try:  # as in ``attempt`` and ``decide``
            self.guard.track(name, size, channels, address, error=error, rate_limited=limited)
        except Exception as failure:  # noqa: BLE001 - the border to the host, as below; counted
            self._trouble("track", failure)

    def ended(self, visitor: Visitor, kind: str, began: float, messages: int, size: float, failed: bool) -> None:
        """Tell the guard of a connection, or a request with its answer, that ended; ``began`` by a monotonic clock."""
        if visitor.name:
            segment = visitor.channels[0] if visitor.channels else ""
            self.attempt(
                "ended",
                self.guard.connections.ended,
                visitor.name,
                kind,
                segment,
                duration_s=time.monotonic() - began,
                messages=messages,
                size=size,
                errors=int(failed),
            )

    def count(self, what: str) -> None:
        """What was done with a message over the limit."""
        self._counts[what] += 1

    def attempt(self, step: str, work: Callable[..., T], *args: Any, **more: Any) -> T | None:
        """What the guard gives, None when it fails; nothing of what the error says is kept, it may hold an address."""
        try:
            return work(*args, **more)
        except Exception as error:  # noqa: BLE001 - the border to the host, whom no fault of the guard may reach; counted
            self._trouble(step, error)
            return None

    def _trouble(self, step: str, error: Exception) -> None:
        self._counts[f"failed_{step}"] += 1
        if self._counts[f"failed_{step}"] == 1:  # said once, not at every message
            log.error("traffic middleware: %s failed with %s", step, type(error).__name__, extra={"step": step})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        visitor = self._visitor(scope)
        refused = self.decide(visitor.name)
        if refused is not None:
            self.count("turned_away")
            self.hear(visitor, 0, limited=refused is not FAILED)
            for message in http_refusal(refused):
                await send(message)
            return
        began, exchange = time.monotonic(), _Exchange(scope, receive, send)
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except Exception:
            exchange.status = 500
            raise
        finally:
            status = exchange.status
            self.hear(visitor, exchange.size, error=_failed(status), limited=status == 429)
            self.ended(visitor, "http", began, 1, exchange.size, _failed(status))

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        visitor = self._visitor(scope)
        refused = self.decide(visitor.name)
        if refused is not None:
            self.count("turned_away")
            self.hear(visitor, 0, limited=refused is not FAILED)
            await receive()
            await send(shut(POLICY))  # 403; an answer with words, where servers know it, makes some log an error each
            return
        if visitor.name:
            self.attempt("connect", self.guard.connected, visitor.name, visitor.address)
        began, socket = time.monotonic(), _Socket(self, visitor._replace(address=None), receive, send)
        try:
            await self.app(scope, socket.receive, socket.send)
        except Exception:
            socket.failed = True
            raise
        finally:
            socket.end()
            if visitor.name:
                self.attempt("disconnect", self.guard.disconnected, visitor.name)
            self.ended(visitor, "websocket", began, socket.messages, socket.size, socket.failed)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close the guard of one's own when the application ends; one that knows no lifespan goes on without that."""
        ending = False

        async def watched() -> Message:
            nonlocal ending
            message = await receive()
            ending = message["type"] == "lifespan.shutdown"
            return message

        try:
            await self.app(scope, watched, send)
        finally:
            if ending:
                self.attempt("close", self.guard.close)

    def _visitor(self, scope: Scope) -> Visitor:
        client = scope.get("client")
        address = str(client[0]) if client else None
        named = self.attempt("user", self._user or _authenticated, scope)
        name = named if isinstance(named, str) and named else self._stranger(address)
        if len(name) > LONGEST_NAME:
            name = "long-" + hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        segment = str(scope.get("path", "")).lstrip("/").partition("/")[0]
        return Visitor(name, (segment,) if segment else (), address)

    def _stranger(self, address: str | None) -> str:
        """``ip-`` and 16 digits. One who has a network of IPv6 has 2^64 addresses of it, and is one.

        Without an address it is nobody: all such visitors as one user would share one limit, and look like a flood.
        """
        if not address:
            if not self._counts["without_address"]:  # said once, not at every request
                log.warning(
                    "traffic middleware: a visitor without address or name is neither heard nor limited; %s", HOW
                )
            self._counts["without_address"] += 1
            return ""
        if ":" in address:
            try:
                network = ipaddress.IPv6Address(address)
            except ValueError:
                network = None
            if network is not None and network.ipv4_mapped is None:
                address = network.packed[:8].hex()
        return f"ip-{pseudonym(self._key, address).hex()[:16]}"


class _Exchange:
    """One request and its answer: status, and bytes as they pass. What a client tells of a length moves nothing."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.status = 0
        self.size = 0
        self._receive, self._send = receive, send
        self._bodiless = scope.get("method") == "HEAD"
        self._headers: Any = ()

    async def receive(self) -> Message:
        message = await self._receive()
        self.size += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        match message["type"]:
            case "http.response.body" if not self._bodiless:
                self.size += len(message.get("body", b""))
            case "http.response.start":
                self.status = message.get("status", 0)
                self._headers = message.get("headers")
            case "http.response.pathsend" if not self._bodiless:  # the server reads the file: its size is only told
                self.size += _length(self._headers)
        await self._send(message)


class _Socket:
    """One WebSocket connection.

    A message is heard when the application asks for the next one, so that it is known whether it failed; what hearing
    costs is then not on the way of its answer.
    """

    def __init__(self, gate: TrafficMiddleware, visitor: Visitor, receive: Receive, send: Send) -> None:
        self.failed = False
        self.messages = self.size = 0
        self._gate, self._visitor = gate, visitor
        self._unnamed = visitor._replace(channels=())
        self._receive, self._send = receive, send
        self._pending: int | None = None
        self._pending_at = self._channel_at = -math.inf
        self._accepted = self._shut = False

    async def receive(self) -> Message:
        self._settle()
        while not self._shut:
            message = await self._receive()
            if message["type"] != "websocket.receive":
                if message["type"] == "websocket.disconnect":
                    self.failed |= message.get("code", 1005) in ERROR_CODES
                return message
            size = _size(message)
            self.messages += 1
            self.size += size
            refused = self._gate.decide(self._visitor.name)
            if refused is None:
                self._pending, self._pending_at = size, time.monotonic()
                return message
            await self._over(size, refused)
        return {"type": "websocket.disconnect", "code": POLICY, "reason": ""}

    async def send(self, message: Message) -> None:
        if self._shut:  # the application cannot know yet
            return
        match message["type"]:
            case "websocket.accept":
                self._accepted = True
            case "websocket.close":
                self.failed |= not self._accepted or message.get("code", 1000) in ERROR_CODES
            case "websocket.http.response.start":
                self.failed |= _failed(message.get("status", 0))
        await self._send(message)
        if self._pending is not None and time.monotonic() - self._pending_at > PATIENCE_S:
            self._settle()

    def end(self) -> None:
        """Hear the last message, or that the connection itself failed."""
        if self.failed:
            self._gate.hear(self._visitor, self._pending or 0, error=True)
        else:
            self._settle()

    def _settle(self) -> None:
        if self._pending is not None:
            named = self._pending_at - self._channel_at >= CHANNEL_S
            if named:
                self._channel_at = self._pending_at
            self._gate.hear(self._visitor if named else self._unnamed, self._pending)
            self._pending = None

    async def _over(self, size: int, refused: Decision) -> None:
        self._gate.hear(self._visitor, size, limited=refused is not FAILED)
        if self._gate.over == "drop":
            self._gate.count("dropped")
            return
        self._gate.count("closed")
        self._shut = True
        await self._send(shut(NOT_NOW if refused is FAILED else POLICY))


def _authenticated(scope: Scope) -> str | None:
    """By the convention of Starlette: ``is_authenticated``, and ``identity`` or ``display_name``."""
    user = scope.get("user")
    if user is None or not getattr(user, "is_authenticated", False):
        return None
    try:
        return str(user.identity)
    except (NotImplementedError, AttributeError):
        return str(user.display_name)


def _failed(status: int) -> bool:
    """As for access logs, so that a server's log teaches what its requests would have."""
    return 400 <= status < 600 and status not in HARMLESS


def _length(headers: Any) -> int:
    """Bytes that the application says to answer with; 0 where it does not."""
    for name, value in headers or ():
        if name.lower() == b"content-length" and value.isdigit() and len(value) < 16:
            return int(value)
    return 0


def _size(message: Message) -> int:
    """Bytes; ASCII is known to be a byte a character without looking."""
    data = message.get("bytes")
    if data is not None:
        return len(data)
    text = message.get("text") or ""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
