"""The middleware in front of an application: whom it turns away, how it fails, and what it keeps secret."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from tests.domains.traffic.asgi import (
    CANARY,
    NARROW,
    Peer,
    answer,
    by_name,
    echo,
    heard,
    request,
    run,
    scope,
    socket,
    text,
)

from samouk.domains.traffic.detect.alerts import document_of
from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.keeping import FolderKeeping
from samouk.domains.traffic.limiter import Limits
from samouk.domains.traffic.middleware import Message, TrafficMiddleware


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
