"""Samples a second over HTTP, durable before the answer, beside the naive way in the same run.

A server process, and a client that sends distinct batches of 1,000 simulated screen elements over 8
connections. Ours: columns in gzip, group commits into the embedded store. Naive: a JSON list of row
objects, a pydantic model a row, SQLAlchemy's executemany with one SQL row a sample, a commit a
request. Both SQLite in WAL mode with synchronous=FULL. CPU milliseconds (user and system, of the
server process with all its threads) are the figure to trust; wall time holds the disk and the client.
Each way runs three times, and the run that took least CPU is shown: neighbours only ever add.

Run: ``python -m benchmarks.ingest``
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from samouk.domains.screens.schema import SCHEMA
from samouk.domains.screens.world import ScreenWorld
from samouk.edge import wire
from samouk.loop.columns import concatenate, take, to_lists
from samouk.loop.learner import Domain, Learner, Metric, Policy

ROWS = 1_000
CONNECTIONS = 8
RESULTS = Path(__file__).parent / "results" / "ingest.json"
TICKS = os.sysconf("SC_CLK_TCK")
SQL_TYPES = {"flag": sa.Boolean, "integer": sa.Integer, "number": sa.Float}
PLAIN_TYPES: dict[str, Any] = {"flag": bool, "integer": int, "number": float}


def _not_asked(*_: Any) -> Any:
    raise NotImplementedError("taking batches asks a learner for its name and schema only")


LEARNER = Learner(
    SCHEMA.name, SCHEMA, (), (Metric("f1"),), Policy(), _not_asked, _not_asked, _not_asked, _not_asked, _not_asked
)


def serve_ours(home: Path) -> None:
    """The product over its embedded store."""
    from samouk.assembly import application, opened
    from samouk.server.serve import listen, serve
    from samouk.settings import load

    settings = load({}, home=home, port=0, rate_key=0)
    with opened(settings) as services:
        print(services.keys.create("benchmark")[1], flush=True)
        domain = Domain("bench", "Benchmark", (LEARNER,), Path(__file__).parent)
        with listen("127.0.0.1", 0) as listener:
            serve(application(settings, services, {"bench": domain}), listener, str(home), _say)


def serve_naive(home: Path) -> None:
    """What one writes first: a model a row, a SQL row a sample, a commit a request."""
    from fastapi import FastAPI
    from pydantic import BaseModel, create_model

    from samouk.server.serve import listen, serve

    fields: dict[str, Any] = {
        spec.name: (PLAIN_TYPES.get(spec.kind, str) | None if spec.optional else PLAIN_TYPES.get(spec.kind, str), ...)
        for spec in SCHEMA.fields
    }
    row: type[BaseModel] = create_model("Row", **fields)
    engine = sa.create_engine(f"sqlite:///{home / 'naive.sqlite3'}")
    sa.event.listen(engine, "connect", _full_sync)
    samples = sa.Table(
        "samples",
        sa.MetaData(),
        *(
            sa.Column(spec.name, SQL_TYPES.get(spec.kind, sa.String), primary_key=not n)
            for n, spec in enumerate(SCHEMA.fields)
        ),
    )
    samples.metadata.create_all(engine)
    app = FastAPI()

    def post_samples(rows: list[row]) -> dict[str, int]:  # type: ignore[valid-type]
        with engine.begin() as connection:
            connection.execute(samples.insert(), [one.model_dump() for one in rows])  # type: ignore[attr-defined]
        return {"samples": len(rows)}

    post_samples.__annotations__["rows"] = list[row]  # type: ignore[valid-type]
    app.post("/samples", status_code=201)(post_samples)
    print("none", flush=True)
    with listen("127.0.0.1", 0) as listener:
        serve(app, listener, str(home), _say)


def _full_sync(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _say(text: str) -> None:
    print(text, flush=True)


def encoded(count: int) -> tuple[list[bytes], list[bytes]]:
    """So many distinct batches as each of the two ways sends them."""
    ours: list[bytes] = []
    naive: list[bytes] = []
    rows: Sequence[Any] = [batch.columns for batch in ScreenWorld(1).batches(0, 30)]
    pool = concatenate(SCHEMA, rows)
    total = len(pool["sample_id"])
    for number in range(count):
        first = number * 377 % (total - ROWS)
        lists = to_lists(SCHEMA, take(pool, slice(first, first + ROWS)))
        lists["sample_id"] = [str(uuid.uuid4()) for _ in range(ROWS)]
        upload = wire.Upload(str(uuid.uuid4()), SCHEMA.name, SCHEMA.version, 1, wire.receipt_hash("r"), lists)
        ours.append(wire.compress(wire.encode(upload)))
        if number < count // 10:
            names = list(lists)
            naive.append(
                json.dumps([dict(zip(names, row, strict=True)) for row in zip(*lists.values(), strict=True)]).encode()
            )
    return ours, naive


class Sender:
    """Sends bodies over several connections at once and notes how long each answer took."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self.port, self.path, self.headers = port, path, headers
        self.seconds: list[float] = []

    def send(self, bodies: Sequence[bytes]) -> float:
        """Wall seconds until all are answered 201."""
        threads = [threading.Thread(target=self._some, args=(bodies[n::CONNECTIONS],)) for n in range(CONNECTIONS)]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - began

    def _some(self, bodies: Sequence[bytes]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        for body in bodies:
            began = time.perf_counter()
            connection.request("POST", self.path, body, self.headers)
            response = connection.getresponse()
            answer = response.read()
            if response.status != 201:
                raise SystemExit(f"the server answered {response.status}: {answer[:500]!r}")
            self.seconds.append(time.perf_counter() - began)
        connection.close()


def best(times: int, way: str, bodies: Sequence[bytes], path: str, headers: dict[str, str]) -> dict[str, float]:
    """The run that took least CPU, of so many: whatever else runs on the machine only ever adds."""
    return min((measure(way, bodies, path, headers) for _ in range(times)), key=lambda run: run["cpu_ms_a_batch"])


def measure(way: str, bodies: Sequence[bytes], path: str, headers: dict[str, str]) -> dict[str, float]:
    """Start the server of one way, warm it up, send everything, stop it."""
    with tempfile.TemporaryDirectory(prefix="ingest-") as home:
        command = [sys.executable, "-m", "benchmarks.ingest", "--serve", way, "--home", home]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            key, where = process.stdout.readline().strip(), process.stdout.readline().strip()
            port = int(where.rpartition(":")[2])
            warm = len(bodies) // 10
            headers = {**headers, "Authorization": f"Bearer {key}"}
            Sender(port, path, headers).send(bodies[:warm])
            sender = Sender(port, path, headers)
            before = cpu_seconds(process.pid)
            wall = sender.send(bodies[warm:])
            cpu = cpu_seconds(process.pid) - before
        finally:
            process.terminate()
            process.wait(30)
    return _figures(len(bodies) - warm, wall, cpu, sender.seconds, statistics.mean(map(len, bodies)))


def _figures(count: int, wall: float, cpu: float, seconds: Sequence[float], size: float) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return {
        "batches": count,
        "samples_a_second": round(count * ROWS / wall),
        "cpu_ms_a_batch": round(cpu / count * 1000, 2),
        "p50_ms": round(cuts[49] * 1000, 1),
        "p99_ms": round(cuts[98] * 1000, 1),
        "kilobytes_a_batch": round(size / 1000, 1),
    }


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its threads, from /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def main() -> None:
    """Print a table and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=600)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--serve", choices=["ours", "naive"])
    parser.add_argument("--home", type=Path)
    given = parser.parse_args()
    if given.serve:
        {"ours": serve_ours, "naive": serve_naive}[given.serve](given.home)
        return
    ours, naive = encoded(given.batches)
    gzip_headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    path = f"/v1/learners/{SCHEMA.name}/samples"
    results = {
        "ours": best(given.repeat, "ours", ours, path, gzip_headers),
        "naive": best(given.repeat, "naive", naive, "/samples", {"Content-Type": "application/json"}),
    }
    print(f"{'':24}{'ours':>12}{'naive':>12}")
    for name in results["ours"]:
        print(f"{name:24}{results['ours'][name]:>12,}{results['naive'][name]:>12,}")
    machine = {"python": platform.python_version(), "cores": os.cpu_count()}
    shape = {"rows": ROWS, "columns": len(SCHEMA.fields), "connections": CONNECTIONS}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**machine, **shape, **results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
