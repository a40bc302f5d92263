"""What the journal and the log cost on PostgreSQL beside SQLite, a call, over a store that holds many exposures.

Run ``python -m benchmarks.postgres --url postgresql://… --exposures 1000000``; it makes a database of its own there,
drops it at the end, prints a table and writes ``benchmarks/results/postgres.json``. Milliseconds are the caller's wall
time, median of the calls; CPU is the caller's own. On PostgreSQL each kind of call is also made once under
``auto_explain``, which tells the tables that it read from end to end (its user must be a superuser for that).
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import re
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from benchmarks.store import batches
from samouk.loop.live import Exposure, Outcome, Variant
from samouk.store.blobs.local import LocalBlobs
from samouk.store.clock import SystemClock
from samouk.store.sql import Store, open_store
from samouk.store.sql.served import open_served

RESULTS = Path(__file__).parent / "results" / "postgres.json"
LEARNER, METRIC, ROLLOUT = "bench.journal", "sold", "ramp-1"
WINDOWS = {METRIC: dt.timedelta(hours=1)}
SIZES = (1, 16, 256, 1_000)
BEGIN = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
EXPLAINING = "-c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0 -c client_min_messages=log"
_SCAN = re.compile(r"Seq Scan on (exposures|outcomes|batches)\b")
Figure = dict[str, Any]


def exposure(number: int) -> Exposure:
    """Event ``number``; one in four is in a rollout, in one of its two arms."""
    arm = Variant.CHALLENGER if number % 8 == 0 else Variant.CONTROL
    compared: dict[str, Any] = {"rollout": ROLLOUT, "step": 0, "variant": arm} if number % 4 == 0 else {}
    values: dict[str, Any] = {
        "event_id": f"{number:032x}",
        "learner": LEARNER,
        "version": "v1.2" if compared and arm is Variant.CHALLENGER else "v1.1",
        "variant": Variant.CHAMPION,
        "unit": f"{number // 4:016x}",
        "group": number % 16,
        "at": BEGIN + dt.timedelta(seconds=number),
        "score": 0.25,
        "propensity": 1.0,
        "row": {"colour": "blue", "size": 1.5, "count": 3, "new": True, "age": None},
    }
    return Exposure(**{**values, **compared})


def outcome(number: int) -> Outcome:
    """How event ``number`` turned out."""
    return Outcome(f"{number:032x}", METRIC, float(number % 3 == 0), BEGIN + dt.timedelta(seconds=number + 60))


def fill(store: Store, exposures: int) -> float:
    """Exposures in commits of 5,000, nine of ten with an outcome; rows a second."""
    begun = time.perf_counter()
    for first in range(0, exposures, 5_000):
        numbers = range(first, min(first + 5_000, exposures))
        store.journal.expose([exposure(number) for number in numbers])
        store.journal.tell(LEARNER, [outcome(number) for number in numbers if number % 10], WINDOWS)
    return exposures / (time.perf_counter() - begun)


def timed(works: Sequence[Callable[[], object]]) -> Figure:
    """Medians over the calls."""
    taken = []
    for work in works:
        wall, cpu = time.perf_counter(), time.thread_time()
        work()
        taken.append((time.perf_counter() - wall, time.thread_time() - cpu))
    wall_s, cpu_s = (statistics.median(column) for column in zip(*taken, strict=True))
    return {"ms": wall_s * 1e3, "cpu_ms": cpu_s * 1e3, "calls": len(works)}


def calls(store: Store, exposures: int, repeats: int) -> Iterator[tuple[str, list[Callable[[], object]]]]:
    """Every kind of call, as often as it is measured."""
    journal, end = store.journal, exposures
    for size in SIZES:
        starts = [end + number * size for number in range(repeats)]
        end += repeats * size
        shown = [[exposure(number) for number in range(start, start + size)] for start in starts]
        told = [[outcome(number) for number in range(start, start + size)] for start in starts]
        yield f"expose {size}", [partial(journal.expose, some) for some in shown]
        yield f"expose {size} again", [partial(journal.expose, some) for some in shown]
        yield f"tell {size}", [partial(journal.tell, LEARNER, some, WINDOWS) for some in told]
    yield "append 8 x 1,000 samples", [partial(store.log.append, batches(seed)) for seed in range(repeats)]
    last = BEGIN + dt.timedelta(seconds=exposures)
    yesterday, middle = last - dt.timedelta(days=1), exposures // 2
    reads: dict[str, Callable[[], object]] = {
        "exposure": lambda: journal.exposure(f"{middle:032x}"),
        "outcomes": lambda: journal.outcomes(LEARNER, f"{middle:032x}"),
        "joined 1,000": lambda: journal.joined(LEARNER, middle, 1_000),
        "settled": lambda: journal.settled(LEARNER, METRIC, 0),
        "silent 1,000": lambda: journal.silent(LEARNER, METRIC, last, 1_000, after=middle),
        "unheard 1,000": lambda: journal.unheard(LEARNER, METRIC, yesterday, 1_000),
        "scored 1,000": lambda: journal.scored(LEARNER, METRIC, 1_000),
        "newest": lambda: journal.newest(LEARNER),
        "batches of a unit": lambda: journal.batches_of(LEARNER, f"{middle // 4:016x}"),
        "arms": lambda: journal.arms(ROLLOUT, METRIC, slow_ms=100.0),
        "crossed": lambda: journal.crossed(ROLLOUT),
        "days, the last one": lambda: journal.days(
            LEARNER, METRIC, (last - dt.timedelta(days=1)).date(), dt.timedelta()
        ),
        "delays, the last day": lambda: journal.delays(LEARNER, METRIC, last - dt.timedelta(days=1)),
    }
    for name, read in reads.items():
        yield name, [read] * (3 if name in ("arms", "crossed") or name.startswith("d") else repeats)


def measure(store: Store, exposures: int, repeats: int, settle: Callable[[], object]) -> Figure:
    """Fill it, let it settle as autovacuum does in a minute or so, then every kind of call."""
    figures: Figure = {"rows_per_s": fill(store, exposures)}
    settle()
    return figures | {name: timed(works) for name, works in calls(store, exposures, repeats)}


@contextmanager
def database(url: str) -> Iterator[str]:
    """URL of a database that is dropped at the end."""
    name = f"samouk_bench_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield url.rpartition("/")[0] + f"/{name}"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def scans(url: str, folder: Path, exposures: int) -> dict[str, list[str]]:
    """Kind of call → tables that it read from end to end, by what PostgreSQL says of its plans."""
    plans: list[str] = []

    def listen(connection: Any, _record: object) -> None:
        connection.add_notice_handler(lambda notice: plans.append(notice.message_primary or ""))

    explaining = (
        "-c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0 -c client_min_messages=log"
    )
    sa.event.listen(sa.engine.Engine, "connect", listen)
    try:
        packs = LocalBlobs(folder / "packs")
        store = open_served(
            f"{url}?options={explaining.replace(' ', '%20').replace('=', '%3D')}", packs, packs, SystemClock()
        )
    finally:
        sa.event.remove(sa.engine.Engine, "connect", listen)
    found: dict[str, list[str]] = {}
    sa.event.listen(sa.engine.Engine, "connect", listen)
    for name, works in calls(store, 2 * exposures, 1):
        plans.clear()
        works[0]()
        found[name] = sorted({table for plan in plans for table in _SCAN.findall(plan)})
    sa.event.remove(sa.engine.Engine, "connect", listen)
    store.close()
    return found


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="postgresql://root@127.0.0.1:5432/postgres")
    parser.add_argument("--exposures", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, database(given.url) as url:
        folder = Path(temporary)
        packs = LocalBlobs(folder / "packs")
        store = open_served(url, packs, LocalBlobs(folder / "blobs"), SystemClock())
        with psycopg.connect(url, autocommit=True) as connection:
            postgres = measure(store, given.exposures, given.repeats, partial(connection.execute, "VACUUM ANALYZE"))
        store.close()
        read_whole = scans(url, folder, given.exposures)
        store = open_store(folder / "home", SystemClock())
        sqlite = measure(store, given.exposures, given.repeats, lambda: None)
        store.close()
    print(f"{'':28}{'PostgreSQL ms':>14}{'CPU ms':>9}{'SQLite ms':>12}{'CPU ms':>9}   read from end to end")
    print(f"{'rows a second, filling':28}{postgres['rows_per_s']:14,.0f}{'':9}{sqlite['rows_per_s']:12,.0f}")
    for name in (name for name in postgres if name != "rows_per_s"):
        ours, theirs = postgres[name], sqlite[name]
        print(
            f"{name:28}{ours['ms']:14.2f}{ours['cpu_ms']:9.2f}{theirs['ms']:12.2f}{theirs['cpu_ms']:9.2f}"
            f"   {', '.join(read_whole.get(name, []))}"
        )
    figures = {"postgres": postgres, "sqlite": sqlite, "read_from_end_to_end": read_whole, "exposures": given.exposures}
    machine = {"python": platform.python_version(), "cpus": os.cpu_count(), "load": os.getloadavg()}
    RESULTS.write_text(json.dumps({**figures, "machine": machine}, indent=2) + "\n")


if __name__ == "__main__":
    main()
