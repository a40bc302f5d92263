"""The middleware in front of an application: what it hears of each request and connection, and who that is."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from tests.domains.traffic.asgi import (
    CANARY,
    NARROW,
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

from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.middleware import TrafficMiddleware


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


@pytest.mark.parametrize("told", [b"700", b"999999999999999", b"much", b"9" * 5_000])
@pytest.mark.parametrize(("method", "size"), [("POST", 5 + 4), ("HEAD", 5)])
def test_the_size_of_a_request_is_what_was_seen_of_it(told: bytes, method: str, size: float) -> None:
    """Whatever length its headers tell: one lie of a petabyte would move what is normal for the whole server."""
    guard = Guard()
    gate = TrafficMiddleware(answer(200, b"body", [(b"content-length", told)]), guard=guard, user=by_name)
    run(gate, scope("http", headers=[(b"content-length", told)], method=method), request(b"12", b"345"))
    assert heard(guard).avg_message_size == size
    assert guard.extractor.server_features().avg_message_size == size


@pytest.mark.parametrize(("headers", "size"), [([(b"Content-Length", b"9000")], 9_000), ([], 0)])
def test_a_file_that_the_server_sends_by_itself_counts_as_the_application_tells(
    headers: list[tuple[bytes, bytes]], size: float
) -> None:
    """Its bytes do not pass."""
    guard = Guard()

    async def file(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.pathsend", "path": "/srv/film"})

    run(TrafficMiddleware(file, guard=guard, user=by_name), scope("http"), request(b""))
    assert heard(guard).avg_message_size == size


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


def test_a_scope_that_tells_nothing_is_nobody_who_is_not_limited(caplog: pytest.LogCaptureFixture) -> None:
    """No client, no headers, no path: a server may leave them out, and all its visitors would share one limit."""
    guard = Guard(limits=NARROW)
    gate = TrafficMiddleware(answer(200), guard=guard)
    for client in (None, ("", 0)) * 5:
        assert run(gate, {"type": "http", "client": client}, request(b"")).sent[0]["status"] == 200
    talk = run(TrafficMiddleware(echo, guard=guard), {"type": "websocket"}, socket(*[text("a")] * 9))
    assert len([message for message in talk.sent if message["type"] == "websocket.send"]) == 9
    assert (len(guard.extractor), guard.extractor.counts["events"], len(guard.limiter)) == (0, 0, 0)
    assert guard.limiter.counts["without_address"] == 11
    assert len([record for record in caplog.records if "--proxy-headers" in record.message]) == 1


def test_who_has_a_name_needs_no_address() -> None:
    """And is limited as ever."""
    guard = Guard(limits=NARROW)
    gate = TrafficMiddleware(answer(200), guard=guard, user=by_name)
    answers = [run(gate, {"type": "http"}, request(b"")).sent[0]["status"] for _ in range(5)]
    assert answers == [200, 200, 200, 429, 429]
    assert heard(guard).addresses == 0.0


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
