"""Applications, peers and messages of ASGI without a server, to stand behind and before the middleware."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from samouk.domains.traffic.features import Features
from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.limiter import Limits
from samouk.domains.traffic.middleware import App, Message

CANARY = "198.51.100.77"
"""An address of nobody (RFC 5737) that must be found nowhere."""

NARROW = Limits(low=60, high=60, burst=3)


class Peer:
    """One side of a connection: what it sends, and what it was sent."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self.messages = list(messages)
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        return self.messages.pop(0)

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    def codes(self) -> list[int]:
        return [message["code"] for message in self.sent if message["type"] == "websocket.close"]


def scope(kind: str, path: str = "/chat/room", address: str = CANARY, **more: Any) -> dict[str, Any]:
    return {"type": kind, "path": path, "client": (address, 4711), "headers": [], "method": "POST", **more}


def socket(*messages: Message, code: int = 1000) -> Peer:
    return Peer([{"type": "websocket.connect"}, *messages, {"type": "websocket.disconnect", "code": code}])


def text(words: str) -> Message:
    return {"type": "websocket.receive", "text": words}


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Says back what it hears; closes on ``bad``, fails on ``worse``."""
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "bad":
            await send({"type": "websocket.close", "code": 1003})
            return
        if message.get("text") == "worse":
            raise KeyError("worse")
        await send({"type": "websocket.send", "text": message.get("text", "")})


def answer(status: int, body: bytes = b"", headers: Iterable[tuple[bytes, bytes]] = ()) -> App:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": body})

    return app


def by_name(scope: Any) -> str:
    return "anna"


def run(app: Callable[..., Awaitable[None]], scope: dict[str, Any], peer: Peer) -> Peer:
    asyncio.run(app(scope, peer.receive, peer.send))  # type: ignore[arg-type]
    return peer


def heard(guard: Guard, user: str = "anna") -> Features:
    features = guard.extractor.features(user)
    assert features is not None
    return features


def request(*bodies: bytes) -> Peer:
    last = len(bodies) - 1
    return Peer({"type": "http.request", "body": body, "more_body": at < last} for at, body in enumerate(bodies))
