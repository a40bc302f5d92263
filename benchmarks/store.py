"""What the embedded store costs, beside the naive way: one SQL row a sample through executemany.

Run ``python -m benchmarks.store``; it prints a table and writes ``benchmarks/results/store.json``. CPU
seconds (user and system) are the figure to trust, wall time holds the disk and whatever else runs.
Both ways sync each commit (SQLite in WAL mode, synchronous=FULL) and store a batch once.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from samouk.edge.wire import receipt_hash
from samouk.loop.columns import Column, Columns
from samouk.loop.ports import Log
from samouk.loop.records import Batch, BatchEntry, Stage, Version
from samouk.store.clock import SystemClock
from samouk.store.sql import Store, open_store

LEARNER = "bench.store"
ROWS = 1_000
COMMIT = 8
"""Batches in one commit, as many clients at once would make them."""
RESULTS = Path(__file__).parent / "results" / "store.json"
Figure = dict[str, Any]


def columns(seed: int) -> dict[str, Column]:
    """1,000 rows of 40 columns: 14 flags, 13 integers, 4 numbers, 8 categories and an identifier."""
    rng = np.random.default_rng(seed)
    out: dict[str, Column] = {"identifier": np.frombuffer(rng.bytes(16 * ROWS), "V16")}
    out |= {f"flag_{n}": rng.integers(-1, 2, ROWS).astype(np.int8) for n in range(14)}
    out |= {f"integer_{n}": (rng.geometric(0.05, ROWS) * 4).astype(np.int32) for n in range(12)}
    out |= {f"number_{n}": np.round(rng.random(ROWS), 2).astype(np.float32) for n in range(4)}
    out |= {f"category_{n}": rng.integers(-1, 36, ROWS).astype(np.int16) for n in range(8)}
    return out | {"week": np.full(ROWS, 20_000, np.int32)}


def batches(seed: int) -> list[Batch]:
    """One commit's worth of batches, each with an id of its own."""
    return [
        Batch(str(uuid.uuid4()), LEARNER, 1, number, receipt_hash("receipt"), columns(seed * COMMIT + number))
        for number in range(COMMIT)
    ]


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall seconds of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def gather(log: Log, entries: Sequence[BatchEntry]) -> dict[str, Column]:
    """All rows of the entries as one set of columns, made once in full length and filled as the batches stream by."""
    out: dict[str, Column] = {}
    start, total = 0, sum(entry.rows for entry in entries)
    for entry, part in log.read(entries):
        if not out:
            out = {name: np.empty(total, column.dtype) for name, column in part.items()}
        for name, column in part.items():
            out[name][start : start + entry.rows] = column
        start += entry.rows
    return out


class RowPerSample:
    """The naive way: a table with a row a sample, filled by executemany and read through a cursor."""

    def __init__(self, path: Path, like: Columns) -> None:
        self.names = list(like)
        self.connection = sqlite3.connect(path)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.connection.execute(f"CREATE TABLE samples (batch_id TEXT, {', '.join(self.names)})")
        self.connection.execute("CREATE TABLE batches (batch_id TEXT PRIMARY KEY)")

    def append(self, given: Sequence[Batch]) -> None:
        places = ", ".join("?" * (len(self.names) + 1))
        with self.connection:
            for batch in given:
                lists = [batch.columns[name].tolist() for name in self.names]
                self.connection.execute("INSERT INTO batches VALUES (?)", (batch.batch_id,))
                rows = ((batch.batch_id, *row) for row in zip(*lists, strict=True))
                self.connection.executemany(f"INSERT INTO samples VALUES ({places})", rows)

    def read(self, like: Columns) -> dict[str, Column]:
        cursor = self.connection.execute(f"SELECT {', '.join(self.names)} FROM samples")
        lists = zip(*cursor.fetchall(), strict=True)
        return {name: np.array(values, like[name].dtype) for name, values in zip(self.names, lists, strict=True)}


def opening(folder: Path) -> Figure:
    """The first start of a home and the second, each in the third of three fresh processes."""
    script = (
        "import sys,time,pathlib;from samouk.store.sql import open_store;from samouk.store.clock import SystemClock;"
        "a=time.process_time();open_store(pathlib.Path(sys.argv[1]),SystemClock()).close();print(time.process_time()-a)"
    )
    taken = []
    for number in range(3):
        for _ in range(2):
            run = [sys.executable, "-c", script, str(folder / f"home{number}")]
            taken.append(float(subprocess.run(run, check=True, capture_output=True, text=True).stdout))
    return {"first_cpu_s": statistics.median(taken[::2]), "again_cpu_s": statistics.median(taken[1::2])}


def appending(store: Store, naive: RowPerSample, commits: int) -> tuple[Figure, Figure]:
    """Append to both in turn; medians over the commits."""
    ours, theirs = [], []
    for seed in range(commits):
        given = batches(seed)
        ours.append(timed(partial(store.log.append, given)))
        if seed < naive_commits(commits):
            theirs.append(timed(partial(naive.append, given)))
    return _append_figure(ours), _append_figure(theirs)


def naive_commits(commits: int) -> int:
    """The naive way gets a tenth of the data: it would need minutes and gigabytes for all."""
    return max(1, commits // 10)


def _append_figure(taken: Sequence[tuple[float, float]]) -> Figure:
    cpu, wall = (statistics.median(column) for column in zip(*taken, strict=True))
    return {
        "batches": len(taken) * COMMIT,
        "cpu_ms_per_batch": cpu / COMMIT * 1e3,
        "samples_per_wall_s": COMMIT * ROWS / wall,
    }


def reading(store: Store, naive: RowPerSample) -> tuple[Figure, Figure]:
    """Read everything back into numpy, best of two for both; equal rows of the first batch are checked."""
    like, entries = columns(0), store.log.entries(LEARNER)
    got: list[dict[str, Column]] = [{}, {}]

    def ours() -> None:
        got[0] = gather(store.log, entries)

    def theirs() -> None:
        got[1] = naive.read(like)

    our_cpu = min(timed(ours)[0] for _ in range(2))
    their_cpu = min(timed(theirs)[0] for _ in range(2))
    for read in got:
        assert all(read[name][:ROWS].tobytes() == like[name].tobytes() for name in like)
    return _read_figure(got[0], our_cpu), _read_figure(got[1], their_cpu)


def _read_figure(read: Columns, cpu: float) -> Figure:
    rows = len(read["week"])
    return {"rows": rows, "cpu_s": cpu, "cpu_s_per_million": cpu / rows * 1e6}


def pointers(store: Store) -> Figure:
    """Small acts: statistics, an erasure out of a pack, a version added and moved to production."""
    entries = store.log.entries(LEARNER)
    digest = "0" * 64
    taken: dict[str, list[float]] = {"stats": [], "erase": [], "register": [], "promote": []}
    for number in range(1, 21):
        version = Version(LEARNER, f"v1.{number}", number, Stage.STAGING, digest, digest, 1, dt.datetime.now(dt.UTC))
        batch_id = entries[number * COMMIT].batch_id
        works: dict[str, Callable[[], object]] = {
            "stats": partial(store.log.stats, LEARNER),
            "erase": partial(store.log.erase, batch_id, receipt_hash("receipt")),
            "register": partial(store.registry.add, version),
            "promote": partial(store.registry.move, LEARNER, version.name, Stage.PRODUCTION),
        }
        for act, work in works.items():
            taken[act].append(timed(work)[0] * 1e3)
    return {f"{act}_cpu_ms": statistics.median(times) for act, times in taken.items()}


def size(folder: Path) -> int:
    """Bytes of all files below."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measure(folder: Path, commits: int) -> Figure:
    """Every figure, over fresh homes below ``folder``."""
    figures: Figure = {"open": opening(folder)}
    store = open_store(folder / "ours", SystemClock())
    (folder / "naive").mkdir()
    naive = RowPerSample(folder / "naive" / "naive.sqlite3", columns(0))
    with closing(naive.connection):
        figures["append"], figures["append_naive"] = appending(store, naive, commits)
        figures["read"], figures["read_naive"] = reading(store, naive)
        figures["append"]["bytes_per_row"] = size(folder / "ours") / figures["read"]["rows"]
        figures["append_naive"]["bytes_per_row"] = size(folder / "naive") / figures["read_naive"]["rows"]
    figures["pointers"] = pointers(store)
    store.close()
    return figures


def report(figures: Figure) -> str:
    """The figures as a table for people."""
    ours, naive = figures["append"], figures["append_naive"]
    read, read_naive = figures["read"], figures["read_naive"]
    opened, small = figures["open"], figures["pointers"]
    lines = [
        f"{'':42}{'samouk':>12}{'row a sample':>14}",
        f"{'append, CPU ms a batch of 1,000 x 40':42}{ours['cpu_ms_per_batch']:12.2f}{naive['cpu_ms_per_batch']:14.2f}",
        f"{'append, samples a second (wall, durable)':42}{ours['samples_per_wall_s']:12,.0f}"
        f"{naive['samples_per_wall_s']:14,.0f}",
        f"{'on disk, bytes a row':42}{ours['bytes_per_row']:12.0f}{naive['bytes_per_row']:14.0f}",
        f"{'read to numpy, CPU s a million rows':42}{read['cpu_s_per_million']:12.2f}"
        f"{read_naive['cpu_s_per_million']:14.2f}",
        f"rows: {read['rows']:,} and {read_naive['rows']:,}",
        f"open: first {opened['first_cpu_s']:.3f}, again {opened['again_cpu_s']:.3f} CPU s",
        "CPU ms: " + ", ".join(f"{name.removesuffix('_cpu_ms')} {ms:.2f}" for name, ms in small.items()),
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print and write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commits", type=int, default=125, help="commits of 8 batches; 125 make a million rows")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the JSON goes")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), max(chosen.commits, 22))
    print(report(figures))
    machine = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version, "cores": os.cpu_count()}
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_text(json.dumps({"machine": machine, **figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
