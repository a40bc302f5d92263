"""What the traffic middleware adds to a WebSocket echo and to a small HTTP answer on a real server under load.

Three servers (uvicorn, one process each, Starlette's routing): one with ``TrafficMiddleware``, one without, and one
more without, whose difference from the second is what the machine adds by itself. 20 users with a connection to each
send to the three in turn, half a second each, many times over in one run, one after the other as fast as answers come,
with one, two or four messages on their way at any moment: with many, a round trip tells the sum of everybody's work.
CPU time a message stands beside. The guard hears, limits, analyses and ticks as always, under the rules that it comes
with; only its limits are set so that nothing is refused. 20 users who send hundreds of messages a second are floods,
each looked at once a second; so the same is measured with a crowd, 5,000 users whose requests come in turn, of whom
nothing is at hand in the processor's caches and every tenth request calls for a look.

Run: ``python -m benchmarks.middleware [--blocks 16] [--realtime]``; with ``--realtime`` (root) client and servers go
before all else on the machine, on a core each, without which a round trip on a busy one tells how long they queue.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results" / "middleware.json"
CONNECTIONS = 20
CROWD = 5_000
AT_ONCE = (1, 2, 4)
"""Messages on their way at any moment, all connections together; each is measured."""

BLOCK_S = 0.5
MESSAGE = "x" * 120
KINDS = ("bare", "guarded", "control")
READY_S = 60.0

Blocks = list[list[float]]


def serve(kind: str, port: int) -> None:
    """One server, until it is stopped."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route, WebSocketRoute
    from starlette.websockets import WebSocket, WebSocketDisconnect

    from samouk.domains.traffic.guard import Guard
    from samouk.domains.traffic.limiter import Limits
    from samouk.domains.traffic.middleware import TrafficMiddleware

    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                await socket.send_text(await socket.receive_text())
        except WebSocketDisconnect:
            return

    async def hello(_: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app = Starlette(routes=[WebSocketRoute("/echo/{user}", echo), Route("/hello/{user}", hello)])
    if os.sched_getscheduler(0) == os.SCHED_FIFO:
        os.sched_setaffinity(0, {0})
    if kind == "guarded":
        guard = Guard(limits=Limits(low=1e6, high=1e6, burst=1e6)).start()
        app.add_middleware(TrafficMiddleware, guard=guard, user=lambda scope: scope["path"])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False, ws="websockets-sansio")


class Server:
    """A server in a process of its own."""

    def __init__(self, kind: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "benchmarks.middleware", "--serve", kind, "--port", str(self.port)]
        self.process = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"})
        self._wait()

    def cpu_s(self) -> float:
        """Of all its threads, to the nanosecond."""
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(path.read_text().split()[0]) for path in threads) / 1e9

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)

    def _wait(self) -> None:
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise TimeoutError("the server does not listen")


Ask = Callable[[], Awaitable[Any]]


async def drive(asks: dict[str, list[Ask]], begun: float, blocks: int) -> dict[str, Blocks]:
    """Round trips in seconds, one after the other over all connections: a block with one server, then with the next."""
    times: dict[str, Blocks] = {kind: [] for kind in asks}
    for block in range(blocks * len(KINDS)):
        kind = KINDS[block % len(KINDS)]
        until = begun + (block + 1) * BLOCK_S
        times[kind].append([])
        for ask in cycle(asks[kind]):
            sent = time.perf_counter()
            if sent >= until:
                break
            await ask()
            times[kind][-1].append(time.perf_counter() - sent)
    return times


async def websocket(stack: AsyncExitStack, port: int, user: int) -> Ask:
    from websockets.asyncio.client import connect

    peer = await stack.enter_async_context(connect(f"ws://127.0.0.1:{port}/echo/{user}", compression=None))

    async def ask() -> None:
        await peer.send(MESSAGE)
        await peer.recv()

    return ask


async def http(stack: AsyncExitStack, port: int, user: int) -> Ask:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    stack.callback(writer.close)
    request = f"GET /hello/{user} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()

    async def ask() -> None:
        writer.write(request)
        await answered(reader)

    return ask


async def answered(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    await reader.readexactly(5)


async def crowd(stack: AsyncExitStack, port: int, user: int) -> Ask:
    """A request of another user each time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    stack.callback(writer.close)
    users = cycle(range(user, CROWD, CONNECTIONS))

    async def ask() -> None:
        writer.write(f"GET /hello/{next(users)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        await answered(reader)

    return ask


PROTOCOLS = {"websocket": websocket, "http": http, "crowd": crowd}


async def load(protocol: str, ports: dict[str, int], blocks: int, at_once: int) -> list[dict[str, Blocks]]:
    """So many drivers, each with its share of the connections."""
    async with AsyncExitStack() as stack:
        make = PROTOCOLS[protocol]
        asks = {kind: [await make(stack, port, user) for user in range(CONNECTIONS)] for kind, port in ports.items()}
        begun = time.perf_counter()
        shares = [{kind: mine[share::at_once] for kind, mine in asks.items()} for share in range(at_once)]
        drivers = [drive(share, begun, blocks) for share in shares]
        return await asyncio.gather(*drivers)


def measure(protocol: str, servers: dict[str, Server], blocks: int, at_once: int) -> dict[str, Any]:
    ports = {kind: server.port for kind, server in servers.items()}
    asyncio.run(load(protocol, ports, 1, at_once))  # not measured: imports, first connections
    before = {kind: server.cpu_s() for kind, server in servers.items()}
    found = asyncio.run(load(protocol, ports, blocks, at_once))
    times = {
        kind: [np.concatenate(parts) * 1e6 for parts in zip(*(driver[kind] for driver in found), strict=True)]
        for kind in KINDS
    }
    table: dict[str, Any] = {}
    for kind in KINDS:
        everything = np.concatenate(times[kind])
        quantiles = dict(zip(("p50_us", "p90_us", "p99_us"), np.quantile(everything, [0.5, 0.9, 0.99]), strict=True))
        spent = (servers[kind].cpu_s() - before[kind]) / len(everything)
        table[kind] = {"messages": len(everything), **quantiles, "cpu_us_per_message": spent * 1e6}
    for name, kind in (("added", "guarded"), ("added by nothing", "control")):
        table[name] = {key: table[kind][key] - table["bare"][key] for key in table["bare"] if key != "messages"}
        of_blocks = [np.median(one) - np.median(other) for one, other in zip(times[kind], times["bare"], strict=True)]
        table[name]["p50_us_of_blocks"] = [round(float(each), 1) for each in of_blocks]
        table[name]["p50_us_median_of_blocks"] = float(np.median(of_blocks))
    return table


def shown(name: str, table: dict[str, Any]) -> str:
    rows = [f"{name:<18}{'p50 us':>10}{'p90 us':>10}{'p99 us':>10}{'CPU us':>10}"]
    for kind in (*KINDS, "added", "added by nothing"):
        one = table[kind]
        figures = (one["p50_us"], one["p90_us"], one["p99_us"], one["cpu_us_per_message"])
        rows.append(f"{kind:<18}" + "".join(f"{figure:>10.1f}" for figure in figures))
    pairs = (f"{table[name]['p50_us_median_of_blocks']:.1f} us {name}" for name in ("added", "added by nothing"))
    rows.append(f"median of the differences of blocks' p50: {', '.join(pairs)}")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=16)
    parser.add_argument("--realtime", action="store_true")
    parser.add_argument("--serve", choices=KINDS)
    parser.add_argument("--port", type=int, default=0)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve, asked.port)
        return
    if asked.realtime:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        *_, mine = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {mine})
    servers: dict[str, Server] = {}
    found: dict[str, Any] = {
        "connections": CONNECTIONS,
        "block_s": BLOCK_S,
        "blocks": asked.blocks,
        "realtime": asked.realtime,
    }
    try:
        for kind in KINDS:
            servers[kind] = Server(kind)
        for protocol in PROTOCOLS:
            for at_once in AT_ONCE:
                name = f"{protocol}, {at_once}"
                found[name] = measure(protocol, servers, asked.blocks, at_once)
                print(shown(name, found[name]))
    finally:
        for server in servers.values():
            server.close()
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
