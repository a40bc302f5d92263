"""Kills clients with -9 at random moments while they collect and upload, and counts what was lost or doubled.

Two processes share one cache and send over loopback HTTP to a server that now and then answers 500 or
loses its answer after storing. Every sample carries a number of its own; a client writes a number down
only after the call that collected it has returned. At the end one client empties the cache.

Run: ``python -m benchmarks.client_kill --kills 200``
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from samouk.edge import SelfLearningCollector, wire
from samouk.edge.errors import Unreachable
from samouk.edge.observer import Observation
from samouk.edge.spool import Limits
from samouk.edge.testing import MemoryServer
from samouk.edge.transport import Request, Response
from samouk.edge.wire import Field, Row, Schema

SCHEMA = Schema(
    "bench.number",
    1,
    (
        Field("sample_id", "identifier"),
        Field("number", "integer", 0, 2**31 - 1),
        Field("platform", "category", values=("android", "ios")),
        Field("timestamp", "week"),
    ),
)
CLIENTS = 2
ROWS = 20
LIMITS = Limits(batch_size=90)
"""No multiple of ROWS, so that calls straddle batches."""

RESULTS = Path(__file__).parent / "results" / "client_kill.json"
STRIDE = 100_000
"""Numbers that one client may use up before it is killed."""


class NumberObserver:
    """Sees the numbers that it is given."""

    learner = "bench.number"
    schema = SCHEMA
    feature_version = 1
    label_field = "platform"

    def observe(self, source: object, platform: str) -> Observation:
        assert isinstance(source, range)
        week = wire.week_of(dt.datetime.now(dt.UTC))
        rows: list[Row] = [
            {"sample_id": str(uuid.uuid4()), "number": number, "platform": platform, "timestamp": week}
            for number in source
        ]
        return Observation(tuple(rows), tuple(map(str, source)), f"org.app{source.start % 3}")

    def correct(self, element: Mapping[str, Any], actual: str, platform: str) -> Observation:
        raise NotImplementedError("numbers are never wrong")

    def features(self, samples: Any) -> Any:
        raise NotImplementedError("numbers are not predicted")

    def bundled_model(self) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of the samples; ``acknowledged`` are those whose call had returned before the kill."""

    kills: int
    acknowledged: int
    stored: int
    lost: int
    doubled: int
    batches: int
    sent_again: int
    torn: int
    seconds: float


class FlakyServer:
    """A server in memory behind HTTP that fails one time in ten, half of those after storing."""

    def __init__(self, seed: int) -> None:
        self.memory = MemoryServer(SCHEMA)
        self.reliable = False
        self.again = 0
        self._random = random.Random(seed)
        self._mutex = threading.Lock()

    def answer(self, request: Request) -> Response:
        with self._mutex:
            chance = 1.0 if self.reliable else self._random.random()
            if chance < 0.05:
                return Response(500, b"", {"retry-after": "0"})
            response = self.memory.send(request)
            self.again += response.status == 200
        if chance < 0.1:
            raise Unreachable("lost on purpose")
        return response


@contextmanager
def serving(server: FlakyServer) -> Iterator[str]:
    """The server's address on a free loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                answer = server.answer(Request("POST", self.path, dict(self.headers), body))
            except Unreachable:
                self.close_connection = True
                return
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A client that is killed breaks its connection: expected here."""

    http = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_address[1]}"
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def collector(cache: Path, endpoint: str) -> SelfLearningCollector:
    return SelfLearningCollector(
        True, endpoint, cache_dir=cache, environ={"HOME": str(cache)}, observer=NumberObserver(), limits=LIMITS
    )


def client(cache: Path, endpoint: str, first: int) -> None:
    """Collect for ever, writing down each acknowledged range in one write."""
    mine = collector(cache, endpoint)
    for start in range(first, first + STRIDE, ROWS):
        if mine.collect_from_hierarchy(range(start, start + ROWS)) != ROWS:
            os.write(1, f"error {mine.stats().last_error}\n".encode())
            return
        os.write(1, f"{start}\n".encode())
        mine._contribution._wake()
        time.sleep(0.001)


def kill_one(cache: Path, endpoint: str, first: int, moment: float) -> list[int]:
    """Let a client live for ``moment`` seconds, one in four from its very start and the others from their
    first sample on; the numbers that it acknowledged."""
    arguments = [sys.executable, __file__, "--child", str(cache), endpoint, str(first)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environ) as process:
        assert process.stdout is not None
        lines = [] if first // STRIDE % 4 == 0 else [process.stdout.readline()]
        time.sleep(moment)
        process.kill()
        lines += process.stdout.readlines()
    starts = [int(line) for line in lines if line.endswith(b"\n")]
    return [number for start in starts for number in range(start, start + ROWS)]


def run(kills: int, cache: Path, seed: int = 0, longest_s: float = 0.25) -> Result:
    """Kill so many clients, two at a time, then empty the cache and count."""
    began, chance = time.monotonic(), random.Random(seed)
    server, acknowledged, mutex = FlakyServer(seed), list[int](), threading.Lock()

    def lives(numbers: list[tuple[int, float]], endpoint: str) -> None:
        for number, moment in numbers:
            seen = kill_one(cache, endpoint, number * STRIDE, moment)
            with mutex:
                acknowledged.extend(seen)

    plan = [(number, chance.uniform(0.0, longest_s)) for number in range(kills)]
    with serving(server) as endpoint:
        threads = [threading.Thread(target=lives, args=(plan[lane::CLIENTS], endpoint)) for lane in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        server.reliable = True
        with collector(cache, endpoint) as last:
            done = last.flush()
            stats = last.stats()
    if done.problem or stats.pending or stats.dropped or stats.rejected:
        raise RuntimeError(f"the cache could not be emptied: {done}, {stats}")
    counts = Counter(int(str(row["number"])) for row in server.memory.rows())
    return Result(
        kills=kills,
        acknowledged=len(acknowledged),
        stored=counts.total(),
        lost=sum(number not in counts for number in acknowledged),
        doubled=sum(count > 1 for count in counts.values()),
        batches=len(server.memory.batches),
        sent_again=server.again,
        torn=stats.torn,
        seconds=round(time.monotonic() - began, 1),
    )


def main() -> None:
    if sys.argv[1:2] == ["--child"]:
        cache, endpoint, first = sys.argv[2:]
        client(Path(cache), endpoint, int(first))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = run(given.kills, Path(folder) / "ml_cache", given.seed)
    RESULTS.write_text(json.dumps(asdict(result), indent=2) + "\n")
    print(
        f"{result.kills} kill -9 of clients in {result.seconds:.0f} s: "
        f"{result.acknowledged:,} samples acknowledged, {result.lost} lost, {result.doubled} doubled\n"
        f"{result.stored:,} stored in {result.batches:,} batches; {result.sent_again} batches were sent twice "
        f"and stored once, {result.torn} torn lines passed over"
    )
    sys.exit(1 if result.lost or result.doubled else 0)


if __name__ == "__main__":
    main()
