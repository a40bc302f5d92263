"""Connections that end: floods of them are one alert, quiet hours none, and everything is bounded."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from samouk.domains.traffic.detect.budget import Budget
from samouk.domains.traffic.detect.connections import CALL, FLOOD, LEAST, MOST, QUEUE, VISITORS, ConnectionWatch
from samouk.domains.traffic.detect.detector import AnomalyDetector
from samouk.domains.traffic.ears.baselines import Baselines
from samouk.domains.traffic.ears.extractor import FeatureExtractor
from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.limiter import Limits
from samouk.domains.traffic.middleware import TrafficMiddleware
from samouk.domains.traffic.records import Severity
from samouk.domains.traffic.world import TrafficWorld

START = 1_700_000_000.0


class Site:
    """A watch, its detector, and visitors."""

    def __init__(self) -> None:
        self.now = START
        self.extractor = FeatureExtractor(clock=self.clock)
        self.detector = AnomalyDetector(self.extractor, Baselines(), budget=Budget(1_000), clock=self.clock)
        self.watch = ConnectionWatch(self.detector, self.clock)
        self.random = random.Random(3)

    def clock(self) -> float:
        return self.now

    def seconds(self, number: int, flooder: str = "", storm: int = 0) -> None:
        """About twelve ordinary visitors connect each second; the flooder so often beside them, without a word."""
        for _ in range(number):
            self.now += 1.0
            for _ in range(12):
                self.end(f"visitor {self.random.randrange(400)}", self.random.lognormvariate(2, 1), 20, 9_000)
            for _ in range(storm):
                self.end(flooder, 0.01, 0, 0)
            self.watch.tick(self.now)

    def end(self, name: str, duration_s: float, messages: int, size: float) -> None:
        said = int(messages * self.random.lognormvariate(0, 0.5))
        self.watch.ended(
            name,
            "websocket",
            self.random.choice(("rooms", "lobby")),
            duration_s=duration_s,
            messages=said,
            size=size * self.random.lognormvariate(0, 0.5),
            errors=int(self.random.random() < 0.02),
        )


def test_connections_without_a_message_are_one_alert_in_words() -> None:
    """Eight a second that say nothing: nobody counts them as messages, and the watch alerts within a minute."""
    site = Site()
    site.seconds(600)
    assert site.detector.recent() == []
    begun = site.now
    site.seconds(60, "mallory", 8)
    (alert,) = site.detector.recent()
    assert (alert.user_id, alert.kind) == ("mallory", FLOOD)
    assert alert.at - begun < 60
    assert Severity.MEDIUM.rank <= alert.severity.rank < Severity.CRITICAL.rank
    assert "connections within a minute that are rare on this server: by " in alert.reasons[0]
    assert alert.windows > 5


def test_a_confirmed_flood_is_a_known_kind_and_the_same_again_is_found() -> None:
    """What an operator confirmed is learnt as a kind at the next hour; the same again is found again."""
    site = Site()
    site.seconds(600)
    site.seconds(60, "mallory", 8)
    (alert,) = site.detector.recent()
    site.detector.confirm(alert.alert_id)
    site.now += 3_600
    site.seconds(2)
    assert site.watch.counts["learnt"] == 2
    site.seconds(60, "trent", 8)
    again = next(one for one in site.detector.recent() if one.user_id == "trent")
    assert again.score >= 0.5


@pytest.mark.slow
def test_a_quiet_hour_of_the_simulated_server_raise_none() -> None:
    """An hour and more of 40 users who send every message as a request of its own: not one alert."""
    site, world = Site(), TrafficWorld(11)
    rng = np.random.default_rng(1)
    for stream in world.minutes(66, start=14 * 60):
        kinds = world.kinds[stream.user]
        durations = np.exp(rng.normal(-3, 0.6, len(kinds)) + (kinds == 2))
        paths = (kinds + (rng.random(len(kinds)) < 0.3)) % 5
        for place, at in enumerate(stream.at.tolist()):
            if int(at) != int(site.now):
                site.watch.tick(at)
            site.now = at
            site.watch.ended(
                world.names[stream.user[place]],
                "http",
                f"path{paths[place]}",
                duration_s=float(durations[place]),
                messages=1,
                size=float(stream.size[place]),
                errors=int(stream.error[place]),
            )
    assert site.watch.counts["ended"] > 25_000
    assert site.watch.counts["learnt"] >= 2
    assert site.detector.recent() == []


def test_everything_is_bounded_and_what_is_skipped_is_counted() -> None:
    """A flood between two ticks, and more visitors than fit: neither grows without end."""
    site = Site()
    for number in range(QUEUE + 500):
        site.end(f"visitor {number}", 1.0, 5, 100)
    assert site.watch.counts["skipped"] == 500
    for part in range(VISITORS // QUEUE + 2):
        site.watch.tick(site.now)
        for number in range(QUEUE):
            site.end(f"{part} {number}", 1.0, 5, 100)
    assert len(site.watch._visitors) <= VISITORS
    assert len(site.watch._quiet) <= MOST


def test_before_enough_is_known_nothing_is_alarming() -> None:
    """A server that has just started knows no normal connection yet."""
    site = Site()
    for _ in range(LEAST - 1):
        site.end("mallory", 0.0, 0, 0)
    site.watch.tick(site.now)
    assert site.watch.counts["learnt"] == 0
    assert site.detector.recent() == []
    assert CALL < LEAST


def test_a_forgotten_visitor_is_gone_from_it() -> None:
    """Also from what still waits to be looked at."""
    site = Site()
    site.seconds(60)
    site.end("eve", 1.0, 5, 100)
    site.watch.tick(site.now)
    site.end("eve", 1.0, 5, 100)
    site.watch.forget("eve")
    assert "eve" not in site.watch._visitors
    assert all(waiting.user_id != "eve" for waiting in site.watch._queue)


async def _request(app: Callable[..., Any], path: str) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"hello"}

    async def send(message: Any) -> None:
        return None

    await app(
        {"type": "http", "method": "GET", "path": path, "headers": [], "client": ("198.51.100.7", 1)}, receive, send
    )


async def _storm(app: Callable[..., Any]) -> None:
    messages: list[dict[str, Any]] = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        return None

    await app({"type": "websocket", "path": "/rooms/1", "headers": [], "client": ("198.51.100.8", 1)}, receive, send)


async def _app(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 100})
    else:
        await send({"type": "websocket.accept"})
        await receive()


def test_the_middleware_tells_of_every_connection_that_ends_and_the_guard_alerts() -> None:
    """Requests and connections reach the watch through a real guard, whose tick finds the storm."""
    now = [START]
    guard = Guard(clock=lambda: now[0], limits=Limits(low=10_000, high=20_000))
    gate = TrafficMiddleware(_app, guard, user=lambda scope: scope.get("user_id"))

    async def honest(number: int) -> None:
        await _request(lambda scope, *rest: gate({**scope, "user_id": f"u{number % 150}"}, *rest), f"/page/{number}")

    for second in range(120):
        now[0] += 1
        for place in range(8):
            asyncio.run(honest(second * 8 + place))
        guard.tick(now[0])
    assert guard.connections.counts["ended"] == 960
    assert guard.connections.counts["learnt"] == 1
    for _ in range(60):
        now[0] += 0.2
        asyncio.run(_storm(gate))
    guard.tick(now[0])
    assert [alert.kind for alert in guard.detector.recent()] == [FLOOD]
    assert guard.limiter.counts["failed_ended"] == 0
