"""A real attack on a real server: seconds until each abuser is alerted, false alarms an hour, honest clients limited.

A Starlette application with ``TrafficMiddleware`` runs on uvicorn on loopback; 200 honest clients of five kinds and
five abusers of four kinds (two floods, a burst of errors, messages of megabytes, a clockwork scraper who hammers on
when it is limited) are WebSocket clients of their own. Two of the abusers are accounts with an honest past. What is
normal was learnt before from an hour of the same users, simulated; in what follows the honest ones send what the
simulator says, at its pace. False alarms an hour are also counted over simulated hours without any attack.

Run: ``python -m benchmarks.attack [--seconds 90] [--runs 3] [--quiet-hours 6]``
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from samouk.domains.traffic.features import SERVER
from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.middleware import TrafficMiddleware
from samouk.domains.traffic.records import Alert
from samouk.domains.traffic.world import FIRST, MINUTE, TrafficWorld

RESULTS = Path(__file__).parent / "results" / "attack.json"
HONEST = 200
BUDGET = 10.0
AFTERNOON = 14 * 60
"""Minute of the world's first day at which what is learnt begins."""

ADDRESS = "127.0.0.1"
MEGABYTES = 3 << 19
ANSWER_S = 15.0
"""A message that has no answer by then was dropped."""


class Abuser(NamedTuple):
    """``name`` empty: an honest user's account, taken over. Sends ``words`` every ``pause_s``, whatever is answered."""

    kind: str
    name: str
    words: str
    pause_s: float


ABUSERS = (
    Abuser("flood", "mallory", "x" * 60, 1 / 30),
    Abuser("flood", "", "x" * 200, 1 / 15),
    Abuser("errors", "trent", "?", 1 / 4),
    Abuser("huge", "", "x" * MEGABYTES, 1.0),
    Abuser("hammering", "clockwork", "x" * 90, 1 / 10),
)


@dataclass(slots=True)
class Outcome:
    """What one run showed.

    Attributes:
        seconds_to_alert: abuser → from its first message to the first alert that names it; None without one.
        kinds: of those alerts; where there is none, what the budget held back.
        limited: honest messages that were not answered, and connections of honest clients that were refused.
        false_alarms: alerts that name honest users.
    """

    seconds: float
    seconds_to_alert: dict[str, float | None]
    kinds: dict[str, list[str]]
    sent: int
    limited: int
    false_alarms: list[tuple[str, str]]
    counts: dict[str, int] = field(default_factory=dict)


class Peer:
    """A client that connects again when it is closed, and reads what comes."""

    def __init__(self, port: int, name: str) -> None:
        self.name = name
        self._url = f"ws://{ADDRESS}:{port}/room/{name}"
        self.sent = self.limited = 0
        self.first_at = 0.0

    async def say(self, connection: Any, words: str) -> None:
        self.first_at = self.first_at or time.time()
        self.sent += 1
        await connection.send(words)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Any]:
        from websockets.asyncio.client import connect

        async with connect(self._url, compression=None, max_size=None) as connection:
            yield connection


async def room(socket: Any) -> None:
    """The application: answers each message with its length, and closes on what it cannot read."""
    from starlette.websockets import WebSocketDisconnect

    await socket.accept()
    with suppress(WebSocketDisconnect):
        while True:
            words = await socket.receive_text()
            if words.startswith("?"):
                await socket.close(1003)
                return
            await socket.send_text(str(len(words)))


@contextmanager
def serving(guard: Guard) -> Iterator[int]:
    """The application on a free port, in a thread of its own."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.routing import WebSocketRoute

    app = Starlette(routes=[WebSocketRoute("/room/{name}", room)])
    app.add_middleware(TrafficMiddleware, guard=guard, user=lambda scope: scope["path"].rpartition("/")[2])
    config = uvicorn.Config(app, log_level="error", access_log=False, ws="websockets-sansio", lifespan="off")
    config.load()
    import_module("websockets.asyncio.client")  # here: two threads that import parts of it at once wait for each other
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind((ADDRESS, 0))
        listening.listen(1_024)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(30)


def learn(guard: Guard, world: TrafficWorld, minutes: int, until: float, start: int = AFTERNOON) -> None:
    """Hear simulated minutes that end at ``until``, and look at everybody at the end of each, as a guard does."""
    shift = until - (FIRST + MINUTE * (start + minutes))
    for number, stream in enumerate(world.minutes(minutes, start=start), 1):
        at = stream.at + shift
        if number == 1:
            for name in world.names:
                guard.extractor.connected(name, ADDRESS, float(at[0]))
        names = [world.names[user] for user in stream.user.tolist()]
        ones = np.ones(len(names), np.int64)
        guard.extractor.track_batch(names, at, stream.size, stream.error, stream.limited, ones)
        end = until - MINUTE * (minutes - number)
        for name in world.names:
            guard.detector.analyze_active(name, end)
        guard.detector.analyze_server(end)


async def honest(peer: Peer, events: list[tuple[float, int, bool]], begun: float) -> None:
    """Send each message when it is time, and wait for its answer; one that fails is followed by a new connection."""
    from websockets.exceptions import ConnectionClosed, InvalidHandshake

    left = list(reversed(events))
    while left:
        try:
            async with peer.connected() as connection:
                while left:
                    at, size, fails = left.pop()
                    await asyncio.sleep(max(begun + at - time.time(), 0.0))
                    await peer.say(connection, ("?" if fails else "x") * size)
                    async with asyncio.timeout(ANSWER_S):
                        await connection.recv()
        except ConnectionClosed as closed:
            peer.limited += closed.rcvd is None or closed.rcvd.code != 1003
        except (TimeoutError, InvalidHandshake):
            peer.limited += 1


async def abuse(peer: Peer, abuser: Abuser, until: float) -> None:
    """Go on, whatever is answered: dropped, closed or turned away."""
    from websockets.exceptions import ConnectionClosed, InvalidHandshake

    due = time.time()
    while time.time() < until:
        try:
            async with peer.connected() as connection:
                reading = asyncio.create_task(_drain(connection))
                while time.time() < until and not reading.done():
                    await peer.say(connection, abuser.words)
                    due = max(due + abuser.pause_s, time.time())
                    await asyncio.sleep(due - time.time())
                reading.cancel()
        except (ConnectionClosed, InvalidHandshake):
            await asyncio.sleep(abuser.pause_s)


async def _drain(connection: Any) -> None:
    from websockets.exceptions import ConnectionClosed

    with suppress(ConnectionClosed):
        async for _ in connection:
            pass


async def _clients(world: TrafficWorld, minutes: int, port: int, seconds: float) -> tuple[list[Peer], list[Peer]]:
    """All of them at once, the honest ones first; users after the ``HONEST`` first are the accounts taken over."""
    begun = time.time() + 1.0
    sends: dict[int, list[tuple[float, int, bool]]] = {user: [] for user in range(HONEST)}
    start = AFTERNOON + minutes
    stream = world.stream(int(seconds // MINUTE) + 1, start=start)
    offsets = stream.at - (FIRST + MINUTE * start)
    for user, at, size, fails in zip(stream.user.tolist(), offsets.tolist(), stream.size, stream.error, strict=True):
        if user < HONEST and at < seconds - 1.0:
            sends[user].append((at, int(size), bool(fails)))
    good = [Peer(port, world.names[user]) for user in range(HONEST)]
    accounts = iter(world.names[HONEST:])
    bad = [Peer(port, abuser.name or next(accounts)) for abuser in ABUSERS]
    async with asyncio.TaskGroup() as group:
        for user, peer in enumerate(good):
            group.create_task(honest(peer, sends[user], begun))
        for number, (peer, abuser) in enumerate(zip(bad, ABUSERS, strict=True)):
            group.create_task(_later(1.0 + 0.4 * number, abuse(peer, abuser, begun + seconds)))
    return good, bad


async def _later(seconds: float, work: Any) -> None:
    await asyncio.sleep(seconds)
    await work


def attack(seconds: float, seed: int = 0, warm_minutes: int = 60) -> Outcome:
    """One run: what is normal is learnt, the server starts, everybody comes."""
    world = TrafficWorld(seed, users=HONEST + sum(not abuser.name for abuser in ABUSERS))
    guard = Guard(budget_per_hour=BUDGET)
    learn(guard, world, warm_minutes, time.time())
    before = {alert.alert_id for alert in guard.detector.recent()}
    with guard, serving(guard) as port:
        good, bad = asyncio.run(_clients(world, warm_minutes, port, seconds))
    alerts = [alert for alert in reversed(guard.detector.recent(2_000)) if alert.alert_id not in before]
    return _outcome(guard, alerts, good, bad, seconds)


def _outcome(guard: Guard, alerts: list[Alert], good: list[Peer], bad: list[Peer], seconds: float) -> Outcome:
    named: dict[str, list[Alert]] = {}
    for alert in alerts:
        named.setdefault(alert.user_id, []).append(alert)
    delays: dict[str, float | None] = {}
    kinds: dict[str, list[str]] = {}
    for number, (peer, abuser) in enumerate(zip(bad, ABUSERS, strict=True), 1):
        key = f"{number} {abuser.kind} ({'stranger' if abuser.name else 'taken over'})"
        mine = named.pop(peer.name, [])
        delays[key] = round(mine[0].at - peer.first_at, 2) if mine else None
        held = [one for one in guard.detector.budget.recent if one.user_id == peer.name and one.at >= peer.first_at]
        kinds[key] = [f"{alert.kind} {alert.severity}" for alert in mine]
        kinds[key] += [f"(held back: {one.kind} {one.severity} {one.score:.2f})" for one in held if not mine]
    named.pop(SERVER, None)  # the server is under attack: that it is told of the whole is no false alarm
    return Outcome(
        seconds=seconds,
        seconds_to_alert=delays,
        kinds=kinds,
        sent=sum(peer.sent for peer in good),
        limited=sum(peer.limited for peer in good),
        false_alarms=[(alert.kind, str(alert.severity)) for mine in named.values() for alert in mine],
        counts={
            "messages_of_abusers": sum(peer.sent for peer in bad),
            "refused": guard.limiter.counts["limited"],
            "held_back": guard.detector.budget.held_back,
            "failures": sum(count for name, count in guard.limiter.counts.items() if name.startswith("failed_")),
        },
    )


def quiet(hours: int, seed: int) -> dict[str, float]:
    """False alarms an hour where nobody does harm, after an hour of learning; all simulated."""
    world = TrafficWorld(seed, users=HONEST)
    now = time.time()
    guard = Guard(budget_per_hour=BUDGET, clock=lambda: now)
    learn(guard, world, 60, now - 3_600.0 * hours)
    before, held = len(guard.detector.book), guard.detector.budget.held_back
    learn(guard, world, 60 * hours, now, start=AFTERNOON + 60)
    alarms = len(guard.detector.book) - before
    return {
        "hours": hours,
        "false_alarms_per_hour": alarms / hours,
        "held_back_per_hour": (guard.detector.budget.held_back - held) / hours,
        "first_hour": before,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quiet-hours", type=int, default=6)
    asked = parser.parse_args()
    runs = [attack(asked.seconds, seed) for seed in range(asked.runs)]
    for run in runs:
        for abuser, delay in run.seconds_to_alert.items():
            print(
                f"{abuser:<28}{'no alert' if delay is None else f'{delay:.2f} s':>10}  {', '.join(run.kinds[abuser])}"
            )
        print(f"honest: {run.sent} messages, limited {run.limited}, false alarms {run.false_alarms}; {run.counts}\n")
    still = [quiet(asked.quiet_hours, seed) for seed in range(100, 102)] if asked.quiet_hours else []
    hours = sum(run.seconds for run in runs) / 3_600
    found = {
        "honest": HONEST,
        "abusers": [abuser.kind for abuser in ABUSERS],
        "budget_per_hour": BUDGET,
        "runs": [asdict(run) for run in runs],
        "false_alarms_per_hour_under_attack": sum(len(run.false_alarms) for run in runs) / hours,
        "honest_limited": sum(run.limited for run in runs),
        "simulated_quiet": still,
    }
    rate = found["false_alarms_per_hour_under_attack"]
    print(f"false alarms an hour under attack: {rate:.1f}, simulated quiet: {still}")
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
