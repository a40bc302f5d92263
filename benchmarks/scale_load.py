"""Sustained load on PostgreSQL: batches of a thousand samples as fast as they are taken, with 1, 2 and 4 workers.

First the capacity: every connection sends the next batch as soon as the last one is answered. Then predictions, one
at a time, while batches come at 80 % of that capacity. The samples are those of one domain's own simulator, encoded and
compressed beforehand, each with a fresh id; the generator writes bytes to sockets and reads status lines.

CPU is that of all processes of the server and of PostgreSQL's that work for this database; memory is theirs too,
looked at each second, with its slope over the second half. A run replaces the lines of its numbers of workers.

Run: ``python -m benchmarks.scale_load --seconds 600 --workers 1 2 4``
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from benchmarks.kills import REPOSITORY
from benchmarks.scale_kill import database
from samouk import assembly
from samouk.domains import discover
from samouk.edge.wire import Upload, encode, receipt_hash
from samouk.loop.columns import to_lists
from samouk.loop.learner import Learner
from samouk.settings import load

LEARNER, PREDICTED = "scoring.calling", "scoring.calling"
ROWS = 1_000
BODIES = 64
"""Different batches; each is sent again and again under another id."""

CONNECTIONS = 16
SHARE = 0.8
PREDICT_PAUSE_S = 0.01
RESULTS = Path(__file__).parent / "results" / "scale_load.json"
_ID = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Line:
    """What one number of workers did.

    Attributes:
        samples_per_second: of batches that were answered 201.
        cpu_ms_a_batch: of the server's processes, and of PostgreSQL's.
        rss_mb: of the server's processes, in the middle and at the end.
        slope_mb_a_minute: of their memory, over the second half.
    """

    workers: int
    seconds: float
    batches: int
    refused: int
    samples_per_second: float
    p50_ms: float
    p99_ms: float
    server_cpu_ms_a_batch: float
    postgres_cpu_ms_a_batch: float
    generator_cpu_share: float
    rss_mb: tuple[float, float]
    slope_mb_a_minute: float
    predict_load: float
    predictions: int
    predict_p50_ms: float
    predict_p99_ms: float
    failed: int


@dataclass(slots=True)
class Tally:
    """What came back."""

    waits: list[float] = field(default_factory=list)
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Body:
    """A batch in gzip but for its id: the parts before and after it are compressed once."""

    head: bytes
    tail: bytes
    head_crc: int
    plain_tail: bytes
    size: int

    @classmethod
    def of(cls, text: bytes) -> Body:
        head, tail = text.split(_ID.encode())
        first, second = (zlib.compressobj(6, zlib.DEFLATED, -15) for _ in range(2))
        return cls(
            first.compress(head) + first.flush(zlib.Z_FULL_FLUSH),
            second.compress(tail) + second.flush(),
            zlib.crc32(head),
            tail,
            len(text),
        )

    def under(self, batch_id: str) -> bytes:
        """One gzip member, with the id as a block that is stored as it is."""
        name = batch_id.encode()
        stored = struct.pack("<BHH", 0, len(name), 0xFFFF - len(name)) + name
        crc = zlib.crc32(self.plain_tail, zlib.crc32(name, self.head_crc))
        start = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
        return b"".join((start, self.head, stored, self.tail, struct.pack("<II", crc, self.size)))


def bodies() -> list[Body]:
    """Batches of the learner's own simulator."""
    learner = _learner(LEARNER)
    found: list[Body] = []
    parts: list[dict[str, list[Any]]] = []
    for batch in learner.world(7, False).batches(0, 100_000):
        parts.append(to_lists(learner.schema, batch.columns))
        if sum(len(next(iter(part.values()))) for part in parts) < ROWS:
            continue
        columns = {name: [value for part in parts for value in part[name]][:ROWS] for name in parts[0]}
        upload = Upload(_ID, LEARNER, learner.schema.version, len(found) % 16, receipt_hash("r"), columns)
        found.append(Body.of(encode(upload)))
        parts = []
        if len(found) == BODIES:
            return found
    raise SystemExit(f"the simulator gave {len(found)} batches of {ROWS} samples only")


def _learner(name: str) -> Learner:
    return next(one for domain in discover().values() for one in domain.learners if one.name == name)


def request(path: str, key: str, body: bytes, encoding: str = "gzip") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n"
    return f"{head}content-encoding: {encoding}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


async def answer(reader: asyncio.StreamReader) -> int:
    """Status of one answer; its body is read and thrown away."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
    return int(head[9:12])


async def upload(
    port: int, key: str, ready: list[Body], until: float, tally: Tally, rate: float | None, seed: int
) -> None:
    """Send batches one after the other; ``rate`` a second on this connection, or as fast as they are answered.

    At a rate they come as from clients that know nothing of each other: after gaps of an exponential length.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    path, sent, due = f"/v1/learners/{LEARNER}/samples", 0, time.perf_counter()
    chance = Random(seed)
    while (now := time.perf_counter()) < until:
        if rate is not None:
            due += chance.expovariate(rate)
            await asyncio.sleep(max(0.0, due - now))
        body = ready[sent % len(ready)].under(str(uuid.uuid4()))
        asked = time.perf_counter()
        writer.write(request(path, key, body))
        status = await answer(reader)
        sent += 1
        if status == 201:
            tally.waits.append(time.perf_counter() - asked)
        else:
            tally.refused += 1
            await asyncio.sleep(0.05)
    writer.close()


async def predict(port: int, key: str, rows: list[dict[str, object]], until: float, tally: Tally) -> None:
    """Ask for one prediction after the other, with a little pause."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    asked_for = 0
    while time.perf_counter() < until:
        document = {"unit": f"u{asked_for % 5_000}", "features": rows[asked_for % len(rows)]}
        asked, asked_for = time.perf_counter(), asked_for + 1
        writer.write(
            request(f"/v1/learners/{PREDICTED}/predict", key, json.dumps(document).encode(), encoding="identity")
        )
        if await answer(reader) == 200:
            tally.waits.append(time.perf_counter() - asked)
        else:
            tally.refused += 1
        await asyncio.sleep(PREDICT_PAUSE_S)
    writer.close()


@contextmanager
def serving(home: Path, url: str, workers: int) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`samouk serve` and its port."""
    environment = {**os.environ, "SAMOUK_HOME": str(home), "SAMOUK_DATABASE_URL": url, "SAMOUK_RATE_KEY": "0"}
    command = [sys.executable, "-m", "samouk.cli", "serve", "--port", "0", "--no-schedule", "--workers", str(workers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY, env=environment) as process:
        assert process.stdout is not None
        said = ""
        while "listens on" not in said:
            said = process.stdout.readline()
            if not said:
                raise SystemExit("the server did not start; its words above say why")
        try:
            yield process, int(said.split("http://127.0.0.1:")[1].split()[0])
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def family(pid: int) -> list[int]:
    """The process and all that it began."""
    found, children = [pid], dict[int, list[int]]()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            children.setdefault(int(path.read_text().rpartition(")")[2].split()[1]), []).append(int(path.parent.name))
        except OSError:
            continue
    for one in found:
        found += children.get(one, [])
    return found


def cpu_s(pids: list[int]) -> float:
    """User and system seconds of processes, and of what they waited for."""
    total = 0.0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
    return total


def rss_mb(pids: list[int]) -> float:
    """Memory of processes; what forked ones share is counted once in proportion."""
    total = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += int(text.partition("Pss:")[2].split()[0])
    return total / 1000


def backends(url: str) -> list[int]:
    """PostgreSQL's processes that work for this database, and those that work for all: its writers."""
    name = url.rpartition("/")[2]
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if words.startswith("postgres:") and (f" {name} " in words or "walwriter" in words or "checkpointer" in words):
            found.append(int(path.parent.name))
    return found


async def watched(pid: int, until: float, seen: list[tuple[float, float]]) -> None:
    """Look at the memory each second."""
    while time.perf_counter() < until:
        seen.append((time.perf_counter(), rss_mb(family(pid))))
        await asyncio.sleep(1)


async def phase(
    pid: int, port: int, key: str, ready: list[Body], seconds: float, rate: float | None, rows: list[dict[str, object]]
) -> tuple[Tally, Tally, list[tuple[float, float]]]:
    """So many seconds of batches, at a rate or at full speed, and of predictions where there are rows to ask."""
    until = time.perf_counter() + seconds
    taken, asked, seen = Tally(), Tally(), list[tuple[float, float]]()
    each = None if rate is None else rate / CONNECTIONS
    tasks = [upload(port, key, ready[n::CONNECTIONS], until, taken, each, n) for n in range(CONNECTIONS)]
    tasks += [predict(port, key, rows, until, asked)] if rows else []
    await asyncio.gather(*tasks, watched(pid, until, seen))
    return taken, asked, seen


def measure(workers: int, seconds: float, ready: list[Body], rows: list[dict[str, object]]) -> Line:
    """One line of the curve, on a database of its own."""
    with tempfile.TemporaryDirectory(prefix="scale-load-") as name, database("postgres") as url:
        home = Path(name)
        settings = load({}, home=home, database_url=url)
        assembly.ensure_signing_keys(settings)
        with assembly.opened(settings) as services:
            key = services.keys.create("benchmark")[1]
        with serving(home, url, workers) as (process, port):
            asyncio.run(phase(process.pid, port, key, ready, min(5.0, seconds / 4), None, []))
            mine, theirs = family(process.pid), backends(url)
            before = cpu_s(mine), cpu_s(theirs), time.process_time()
            taken, _, seen = asyncio.run(phase(process.pid, port, key, ready, seconds, None, []))
            after = cpu_s(mine), cpu_s(backends(url)), time.process_time()
            speed = len(taken.waits) / seconds
            again, asked, _ = asyncio.run(phase(process.pid, port, key, ready, seconds / 2, SHARE * speed, rows))
    waits, done = np.array(taken.waits) * 1000, max(len(taken.waits), 1)
    half = seen[len(seen) // 2 :]
    slope = float(np.polyfit([at for at, _ in half], [mb for _, mb in half], 1)[0] * 60) if len(half) > 2 else 0.0
    answers = np.array(asked.waits or [float("nan")]) * 1000
    return Line(
        workers=workers,
        seconds=seconds,
        batches=len(taken.waits),
        refused=taken.refused,
        samples_per_second=round(speed * ROWS),
        p50_ms=round(float(np.percentile(waits, 50)), 1),
        p99_ms=round(float(np.percentile(waits, 99)), 1),
        server_cpu_ms_a_batch=round((after[0] - before[0]) * 1000 / done, 2),
        postgres_cpu_ms_a_batch=round((after[1] - before[1]) * 1000 / done, 2),
        generator_cpu_share=round((after[2] - before[2]) / seconds, 2),
        rss_mb=(round(half[0][1], 1), round(half[-1][1], 1)),
        slope_mb_a_minute=round(slope, 2),
        predict_load=round(len(again.waits) / (seconds / 2) * ROWS),
        predictions=len(asked.waits),
        predict_p50_ms=round(float(np.percentile(answers, 50)), 2),
        predict_p99_ms=round(float(np.percentile(answers, 99)), 2),
        failed=asked.refused + again.refused,
    )


def questions() -> list[dict[str, object]]:
    """Rows that predictions are asked for."""
    learner = _learner(PREDICTED)
    batch = next(iter(learner.world(8, False).batches(0, 5)))
    seen = {field.name for field in learner.seen.fields} - {"sample_id", "timestamp"}
    plain = {name: values for name, values in to_lists(learner.schema, batch.columns).items() if name in seen}
    return [dict(zip(plain, values, strict=True)) for values in zip(*plain.values(), strict=True)][:200]


def main() -> None:
    """Print the curve and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    given = parser.parse_args()
    ready, rows, lines = bodies(), questions(), list[Line]()
    for workers in given.workers:
        lines.append(measure(workers, given.seconds, ready, rows))
        for name, value in asdict(lines[-1]).items():
            print(f"{name:26}{value!s:>18}")
        print(flush=True)
    kept = [line for line in json.loads(RESULTS.read_text()) if line["workers"] not in given.workers]
    measured = sorted([*kept, *map(asdict, lines)], key=lambda line: line["workers"])
    RESULTS.write_text(json.dumps(measured, indent=2) + "\n")


if __name__ == "__main__":
    main()
