"""The middleware in front of an application: what it hears of each request and connection, and whom it turns away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from samouk.domains.traffic.detect.alerts import document_of
from samouk.domains.traffic.features import Features
from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.keeping import FolderKeeping
from samouk.domains.traffic.limiter import Limits
from samouk.domains.traffic.middleware import App, Message, TrafficMiddleware

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


def test_every_message_of_a_connection_is_heard() -> None:
    """Its size in bytes, its channel, the session; the echo is what it was without the middleware."""
    guard = Guard()
    gate = TrafficMiddleware(echo, guard=guard, user=by_name)
    sent = run(
        gate, scope("websocket"), socket(text("abc"), text("ä" * 5), {"type": "websocket.receive", "bytes": b"xy"})
    )
    bare = run(
        echo, scope("websocket"), socket(text("abc"), text("ä" * 5), {"type": "websocket.receive", "bytes": b"xy"})
    )
    assert sent.sent == bare.sent
    features = heard(guard)
    assert (features.messages_per_minute, features.avg_message_size) == (3.0, 5.0)
    assert (features.error_rate, features.rate_limit_violations, features.addresses) == (0.0, 0.0, 1.0)
    assert guard.extractor.users() == ["anna"]
    assert features.connection_duration == 0.0  # closed


@pytest.mark.parametrize("code", [1002, 1007, 1009, 1011])
def test_a_connection_that_breaks_makes_its_last_message_an_error(code: int) -> None:
    """By whichever side it was closed so."""
    guard = Guard()
    gate = TrafficMiddleware(echo, guard=guard, user=by_name)
    run(gate, scope("websocket"), socket(text("a"), text("b"), code=code))
    assert heard(guard).messages_per_minute == 3.0  # the first two, and the end
    assert heard(guard).error_rate == pytest.approx(1 / 3)
    run(gate, scope("websocket"), socket(text("bad")))
    assert heard(guard).error_rate == pytest.approx(2 / 4)


@pytest.mark.parametrize("code", [1000, 1001, 1005, 1006, 4000])
def test_going_away_is_no_error(code: int) -> None:
    """Nor is a line that is lost."""
    guard = Guard()
    run(TrafficMiddleware(echo, guard=guard, user=by_name), scope("websocket"), socket(text("a"), code=code))
    assert heard(guard).error_rate == 0.0


def test_errors_of_the_application_are_counted_and_raised_on() -> None:
    """In a connection, in a request, and when an application refuses a connection."""
    guard = Guard()
    gate = TrafficMiddleware(echo, guard=guard, user=by_name)
    with pytest.raises(KeyError, match="worse"):
        run(gate, scope("websocket"), socket(text("worse")))
    assert heard(guard)[:3] == (1.0, 5.0, 1.0)

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        run(TrafficMiddleware(broken, guard=guard, user=lambda _: "boris"), scope("http"), request(b""))
    assert heard(guard, "boris")[:3] == (1.0, 0.0, 1.0)

    async def closed(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.close", "code": 1000})

    run(TrafficMiddleware(closed, guard=guard, user=lambda _: "clara"), scope("websocket"), socket())
    assert heard(guard, "clara").error_rate == 1.0


def test_a_request_that_its_client_gives_up_is_no_error() -> None:
    """Cancelled, it is heard, and the cancellation goes on."""
    guard = Guard()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(TrafficMiddleware(slow, guard=guard, user=by_name), scope("http"), request(b""))
    assert heard(guard)[:3] == (1.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("status", "error", "limited"),
    [
        (200, 0.0, 0.0),
        (304, 0.0, 0.0),
        (404, 0.0, 0.0),
        (401, 1.0, 0.0),
        (500, 1.0, 0.0),
        (503, 1.0, 0.0),
        (429, 0.0, 1.0),
    ],
)
def test_a_request_is_heard_with_its_status(status: int, error: float, limited: float) -> None:
    """As a log of it would be read."""
    guard = Guard()
    run(TrafficMiddleware(answer(status), guard=guard, user=by_name), scope("http"), request(b"12", b"345"))
    features = heard(guard)
    assert (features.messages_per_minute, features.error_rate, features.rate_limit_violations) == (1.0, error, limited)
    assert features.channels_count == 1.0


@pytest.mark.parametrize(
    ("headers", "given", "method", "size"),
    [
        ([], [], "POST", 5 + 4),
        ([(b"content-length", b"700")], [(b"Content-Length", b"9000")], "POST", 9_700),
        ([(b"content-length", b"much")], [(b"content-length", b"9" * 5_000)], "POST", 5 + 4),
        ([], [(b"content-length", b"9000")], "HEAD", 5),
    ],
)
def test_the_size_of_a_request_is_told_by_headers_or_seen(
    headers: list[tuple[bytes, bytes]], given: list[tuple[bytes, bytes]], method: str, size: float
) -> None:
    """Both ways together; what is no length is passed over."""
    guard = Guard()
    gate = TrafficMiddleware(answer(200, b"body", given), guard=guard, user=by_name)
    run(gate, scope("http", headers=headers, method=method), request(b"12", b"345"))
    assert heard(guard).avg_message_size == size


def test_a_request_over_the_limit_is_told_when_to_come_again() -> None:
    """429 with Retry-After and a problem; the application is not asked."""
    guard = Guard(limits=NARROW)
    gate = TrafficMiddleware(answer(200), guard=guard, user=by_name)
    answers = [run(gate, scope("http"), request(b"")).sent for _ in range(5)]
    assert [sent[0]["status"] for sent in answers] == [200, 200, 200, 429, 429]
    start, body = answers[-1]
    headers = dict(start["headers"])
    assert headers[b"retry-after"] == b"1"
    assert headers[b"content-type"] == b"application/problem+json"
    assert int(headers[b"content-length"]) == len(body["body"])
    assert b'"detail": "more than 60 messages a minute; try again in 1 s"' in body["body"]
    assert heard(guard).rate_limit_violations == 2.0
    assert guard.limiter.counts["turned_away"] == 2


def test_messages_over_the_limit_are_dropped() -> None:
    """The connection stays, and so do those that are within it."""
    guard = Guard(limits=NARROW)
    gate = TrafficMiddleware(echo, guard=guard, user=by_name)
    peer = run(gate, scope("websocket"), socket(*[text(str(number)) for number in range(9)]))
    assert [message["text"] for message in peer.sent if message["type"] == "websocket.send"] == ["0", "1"]
    assert peer.codes() == []
    assert guard.limiter.counts["dropped"] == heard(guard).rate_limit_violations == 7
    assert heard(guard).messages_per_minute == 9


def test_or_their_connection_is_closed() -> None:
    """With 1008, after which the application hears of the end, and whatever it still sends goes nowhere."""
    guard = Guard(limits=NARROW)
    late: list[Message] = []

    async def chatty(scope: Any, receive: Any, send: Any) -> None:
        await echo(scope, receive, send)
        late.append(await receive())
        await send({"type": "websocket.send", "text": "are you there?"})

    gate = TrafficMiddleware(chatty, guard=guard, user=by_name, over="close")
    peer = run(gate, scope("websocket"), socket(*[text(str(number)) for number in range(9)]))
    assert peer.codes() == [1008]
    assert peer.sent[-1]["type"] == "websocket.close"
    assert late == [{"type": "websocket.disconnect", "code": 1008, "reason": ""}]
    assert guard.limiter.counts["closed"] == 1
    assert heard(guard).error_rate == 0.0


def test_who_is_over_the_limit_opens_no_connection() -> None:
    """It is closed before it is accepted, which servers answer with 403."""
    guard = Guard(limits=NARROW)
    gate = TrafficMiddleware(echo, guard=guard, user=by_name)
    for _ in range(3):
        run(gate, scope("websocket"), socket())
    assert run(gate, scope("websocket"), socket()).codes() == [1008]
    assert guard.limiter.counts["turned_away"] == 1
    assert heard(guard).rate_limit_violations == 1.0


class Broken(Guard):
    """A guard in which everything fails, and says an address while it does."""

    def track(self, *args: Any, **more: Any) -> Any:
        raise RuntimeError(CANARY)

    connected = disconnected = track


def broken(fail: str) -> Broken:
    guard = Broken(limits=Limits(fail=fail))
    guard.limiter.allow = guard.track  # type: ignore[method-assign]
    return guard


def test_a_guard_that_fails_open_lets_everything_through(caplog: pytest.LogCaptureFixture) -> None:
    """The host hears nothing of it; it is counted, and said once, without what the error says."""
    guard = broken("open")
    with caplog.at_level(logging.DEBUG):
        peer = run(TrafficMiddleware(echo, guard=guard), scope("websocket"), socket(text("a"), text("b")))
        assert run(TrafficMiddleware(answer(200), guard=guard), scope("http"), request(b"")).sent[0]["status"] == 200
    assert [message["type"] for message in peer.sent] == ["websocket.accept", "websocket.send", "websocket.send"]
    counts = guard.limiter.counts
    assert (counts["failed_open"], counts["failed_limit"], counts["failed_track"]) == (4, 4, 3)
    assert (counts["failed_connect"], counts["failed_disconnect"]) == (1, 1)
    assert len([record for record in caplog.records if "limit failed with RuntimeError" in record.message]) == 1
    assert CANARY not in caplog.text


def test_a_guard_that_fails_closed_lets_nothing_through() -> None:
    """503 for a request, 1008 for a connection, 1013 for one that was open; nobody is blamed for it."""
    guard = broken("closed")
    sent = run(TrafficMiddleware(answer(200), guard=guard), scope("http"), request(b"")).sent
    assert (sent[0]["status"], dict(sent[0]["headers"])[b"retry-after"]) == (503, b"1")
    assert run(TrafficMiddleware(echo, guard=guard), scope("websocket"), socket()).codes() == [1008]
    assert guard.limiter.counts["failed_closed"] == 2
    later = Guard(limits=Limits(fail="closed"))
    gate = TrafficMiddleware(echo, guard=later, user=by_name, over="close")

    async def breaks(scope: Any, receive: Any, send: Any) -> None:
        later.limiter.allow = guard.track  # type: ignore[method-assign]
        await echo(scope, receive, send)

    gate.app = breaks
    assert run(gate, scope("websocket"), socket(text("a"))).codes() == [1013]
    assert heard(later).rate_limit_violations == 0.0


def test_who_a_user_is() -> None:
    """Whom the application names, else whom it authenticated, else a pseudonym of the address."""

    def name(user: Any = None, told: Any = None, address: str = CANARY) -> str:
        guard = Guard()
        gate = TrafficMiddleware(answer(200), guard=guard, user=told)
        gate._key = b"k" * 32
        run(gate, scope("http", address=address, **({"user": user} if user else {})), request(b""))
        (found,) = guard.extractor.users()
        return found

    class NoIdentity:
        is_authenticated = True
        display_name = "shown"

        @property
        def identity(self) -> str:
            raise NotImplementedError

    assert name(told=lambda scope: scope["path"]) == "/chat/room"
    assert name(SimpleNamespace(is_authenticated=True, identity=7)) == "7"
    assert name(NoIdentity()) == "shown"
    stranger = name()
    assert stranger.startswith("ip-")
    assert (
        stranger
        == name(SimpleNamespace(is_authenticated=False))
        == name(told=lambda _: "")
        == name(told=lambda _: 1 / 0)
    )
    assert stranger != name(address="198.51.100.78")
    assert name(address="2001:db8::1") == name(address="2001:db8::2:1") != name(address="2001:db8:0:1::1")
    assert name(address="::ffff:192.0.2.1") != name(address="::ffff:192.0.2.2")
    assert name(address="a:b") != name(address="a:c")
    assert len(name(told=lambda _: "x" * 1_000)) <= 256
    assert name(told=lambda _: "x" * 1_000) != name(told=lambda _: "x" * 1_001)


def test_a_scope_that_tells_nothing_is_somebody() -> None:
    """No client, no headers, no path: a server may leave them out."""
    guard = Guard()
    run(TrafficMiddleware(answer(200), guard=guard), {"type": "http"}, request(b""))
    assert len(guard.extractor) == 1


def test_the_address_is_kept_and_said_nowhere(tmp_path: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Not in files, alerts, status, metrics or logs, after a flood that fills all of them."""
    from prometheus_client import CollectorRegistry, generate_latest

    from samouk.domains.traffic.meters import meters

    guard = Guard(tmp_path, limits=NARROW)
    gate = TrafficMiddleware(echo, guard=guard)
    with caplog.at_level(logging.DEBUG):
        run(gate, scope("websocket"), socket(*[text("x" * 50)] * 300))
        run(TrafficMiddleware(answer(500), guard=guard), scope("http"), request(b""))
        guard.tick()
        guard.close()
    alerts = guard.detector.recent()
    assert alerts

    class Collector:
        def collect(self) -> Any:
            return meters(guard)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector())
    said = [
        caplog.text,
        str(guard.status()),
        str([document_of(alert) for alert in alerts]),
        str(guard.extractor.users()),
    ]
    said += [generate_latest(registry).decode(), str(vars(gate)), str(list(guard.limiter._accounts))]
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert FolderKeeping(tmp_path).alerts()
    assert all(CANARY not in words for words in said)
    assert CANARY.encode() not in kept


def test_a_guard_of_its_own_lives_as_long_as_the_application() -> None:
    """Started with it, closed with it; one that was given is neither."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(2):
            await send({"type": (await receive())["type"] + ".complete"})

    alive = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    gate = TrafficMiddleware(app)
    peer = run(gate, {"type": "lifespan"}, Peer(alive))
    assert [message["type"] for message in peer.sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert gate.guard._thread is not None
    assert not gate.guard._thread.is_alive()
    given = Guard()
    run(TrafficMiddleware(app, guard=given), {"type": "lifespan"}, Peer(alive))
    assert given._thread is None
    given.close()


def test_it_starts_with_the_first_request_where_there_is_no_lifespan() -> None:
    """An application that knows no lifespan, or is never told of one, is guarded all the same."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            raise NotImplementedError
        await answer(200)(scope, receive, send)

    gate = TrafficMiddleware(app)
    with pytest.raises(NotImplementedError):
        run(gate, {"type": "lifespan"}, Peer([]))
    run(gate, scope("http"), request(b""))
    assert gate.guard._thread is not None
    assert gate.guard._thread.is_alive()
    assert len(gate.guard.extractor) == 1
    gate.guard.close()


def test_what_is_over_can_be_dropped_or_closed_only() -> None:
    """Refused by name when the application starts."""
    with pytest.raises(ValueError, match="over: must be one of drop, close"):
        TrafficMiddleware(echo, guard=Guard(), over="shout")


def test_a_message_whose_answer_takes_long_is_heard_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A subscription that asks for nothing more does not hide the message that began it."""
    guard = Guard()
    now = [0.0]
    monkeypatch.setattr("samouk.domains.traffic.middleware.time.monotonic", lambda: now[0])
    seen = []

    async def stream(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        for _ in range(3):
            seen.append(guard.extractor.features("anna"))
            now[0] += 0.8
            await send({"type": "websocket.send", "text": "news"})

    run(TrafficMiddleware(stream, guard=guard, user=by_name), scope("websocket"), socket(text("subscribe")))
    assert [features and features.messages_per_minute for features in seen] == [0.0, 0.0, 1.0]
    assert heard(guard)[:3] == (1.0, 9.0, 0.0)


def test_one_line_in_an_application_of_starlette() -> None:
    """``add_middleware`` with nothing else; requests are answered and heard."""
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def hello(_: Any) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app = Starlette(routes=[Route("/hello", hello)])
    app.add_middleware(TrafficMiddleware)
    peer = run(app, scope("http", "/hello", method="GET", query_string=b""), request(b""))
    assert peer.sent[-1]["body"] == b"hello"
    found = app.middleware_stack
    while not isinstance(found, TrafficMiddleware):
        found = found.app  # type: ignore[union-attr]
    assert found.guard.extractor.counts["events"] == 1
    found.guard.close()
