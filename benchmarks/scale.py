"""What the log costs as it grows: ingest, a snapshot, disk; and what compaction makes of many small packs.

Batches of 1,000 simulated screen elements are appended, eight a commit, until the store holds ``--samples``. At each
power of ten it is measured what a further 100 batches, and a snapshot of these, cost: flat when it is O(new). Then a
fresh store takes ``--small`` samples in batches of 20, as single clients send them, and is read before and after
compaction.

Run ``python -m benchmarks.scale``; ``--samples 10000000`` for ten million, in less than ten minutes. PostgreSQL is
the one of SAMOUK_TEST_POSTGRES, or of the tests. Prints figures and writes ``benchmarks/results/scale.json``.
Wall time holds the disk and whatever else runs; CPU seconds are those of this process.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa

from benchmarks.ingest import LEARNER
from samouk.domains.screens.schema import SCHEMA
from samouk.domains.screens.world import ScreenWorld
from samouk.edge.wire import receipt_hash
from samouk.loop import snapshot
from samouk.loop.columns import Columns, concatenate, take
from samouk.loop.records import Batch, Side
from samouk.store.blobs.local import LocalBlobs
from samouk.store.clock import SystemClock
from samouk.store.sql import Store, open_store
from samouk.store.sql.served import open_served

ROWS, SMALL_ROWS = 1_000, 20
COMMIT = 8
"""Batches in one commit, as many clients at once make them."""

PROBE = 100
"""Batches whose ingest and snapshot are measured at each size."""

TEMPLATES = 50
RESULTS = Path(__file__).parent / "results" / "scale.json"
POSTGRES = os.environ.get("SAMOUK_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/postgres")
Figure = dict[str, float]


@dataclass(frozen=True)
class Kept:
    """A store under measurement, and the bytes that it takes on disk."""

    store: Store
    size: Callable[[], int]


def templates(rows: int) -> list[Columns]:
    """Columns of simulated batches of so many rows; ids make batches of them."""
    world, parts, held = ScreenWorld(0), [], 0
    for batch in world.batches(0, 100_000):
        parts.append(batch.columns)
        held += batch.rows
        if held >= rows * TEMPLATES:
            break
    whole = concatenate(SCHEMA, parts)
    return [take(whole, slice(start, start + rows)) for start in range(0, rows * TEMPLATES, rows)]


def batches(columns: Sequence[Columns], number: int, chance: Random) -> Iterator[list[Batch]]:
    """Commits, until there are so many batches."""
    secret = receipt_hash("benchmark")
    for start in range(0, number, COMMIT):
        yield [
            Batch(str(uuid.UUID(int=chance.getrandbits(128))), SCHEMA.name, SCHEMA.version, n % 16, secret, one)
            for n, one in ((n, columns[n % len(columns)]) for n in range(start, min(start + COMMIT, number)))
        ]


def timed(work: Callable[[], object]) -> float:
    """Wall seconds."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def burnt(work: Callable[[], object]) -> float:
    """CPU seconds."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def append(store: Store, columns: Sequence[Columns], number: int, chance: Random) -> float:
    """Seconds that appending so many batches takes, without the making of them."""
    return sum(timed(partial(store.log.append, commit)) for commit in batches(columns, number, chance))


@contextmanager
def embedded(folder: Path) -> Iterator[Kept]:
    """A store in one home."""
    store = open_store(folder / "home", SystemClock())
    try:
        yield Kept(store, lambda: _tree(folder))
    finally:
        store.close()


@contextmanager
def served(folder: Path) -> Iterator[Kept]:
    """A store in a database of its own, packs in a folder."""
    name = f"samouk_d_scale_{uuid.uuid4().hex[:8]}"
    admin = sa.create_engine(sa.make_url(POSTGRES).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")

        def size() -> int:
            rows = connection.exec_driver_sql(f"SELECT pg_database_size('{name}')").scalar_one()
            return int(rows) + _tree(folder)

        packs, blobs = LocalBlobs(folder / "packs"), LocalBlobs(folder / "blobs")
        store = open_served(POSTGRES.rpartition("/")[0] + f"/{name}", packs, blobs, SystemClock())
        try:
            yield Kept(store, size)
        finally:
            store.close()
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


def _tree(folder: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def growing(kept: Kept, sizes: Sequence[int]) -> list[Figure]:
    """Costs at each size, in samples."""
    columns, chance, store, held, found = templates(ROWS), Random(0), kept.store, 0, []
    for size in sizes:
        number = size // ROWS - held
        spent = append(store, columns, number, chance)
        snapshot.freeze(LEARNER, store.log, store.registry)
        probe = append(store, columns, PROBE, chance)
        frozen = timed(lambda: snapshot.freeze(LEARNER, store.log, store.registry))
        latest = store.registry.latest_snapshot(SCHEMA.name)
        assert latest is not None
        asked = timed(lambda: store.log.arrived(SCHEMA.name, SCHEMA.version, latest.through, 50))  # noqa: B023
        newest = timed(lambda: list(store.registry.members(latest.digest, Side.TRAIN, newest=50)))  # noqa: B023
        held += number + PROBE
        found.append(
            {
                "samples": held * ROWS,
                "ingest_s_per_million": spent / (number * ROWS) * 1e6,
                "ingest_of_100_batches_s": probe,
                "snapshot_of_100_batches_ms": frozen * 1e3,
                "what_arrived_ms": asked * 1e3,
                "newest_members_ms": newest * 1e3,
                "disk_bytes_per_sample": kept.size() / (held * ROWS),
            }
        )
        print(found[-1])
    return found


def compacting(kept: Kept, samples: int) -> Figure:
    """Small batches, read before and after compaction."""
    store, chance = kept.store, Random(1)
    spent = append(store, templates(SMALL_ROWS), samples // SMALL_ROWS, chance)
    first = timed(lambda: snapshot.freeze(LEARNER, store.log, store.registry))
    before, size = (timed(partial(_read, store)), burnt(partial(_read, store))), kept.size()
    done: Any = None

    def compact() -> None:
        nonlocal done
        done = store.log.compact(lambda: None)

    took = timed(compact)
    return {
        "samples": samples,
        "ingest_s_per_million": spent / samples * 1e6,
        "first_snapshot_s": first,
        "read_before_s": before[0],
        "read_before_cpu_s": before[1],
        "disk_before_bytes_per_sample": size / samples,
        "compaction_s": took,
        "packs_before": done.before,
        "packs_after": done.after,
        "read_after_s": timed(partial(_read, store)),
        "read_after_cpu_s": burnt(partial(_read, store)),
        "disk_after_bytes_per_sample": kept.size() / samples,
        "erasure_after_ms": timed(partial(_erase, store)) * 1e3,
    }


def _read(store: Store) -> None:
    for _ in store.log.read(store.log.entries(SCHEMA.name)):
        pass


def _erase(store: Store) -> None:
    entry = store.log.entries(SCHEMA.name)[0]
    store.log.erase(entry.batch_id, receipt_hash("benchmark"))


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--small", type=int, default=200_000)
    parser.add_argument("--only", choices=("embedded", "postgres"))
    parser.add_argument("--folder", type=Path, help="where the stores are made; the system's own unless told")
    given = parser.parse_args()
    sizes = [size for size in (100_000, 1_000_000, 10_000_000) if size <= given.samples]
    report: dict[str, Any] = {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "load": os.getloadavg()[0]}
    for name, opened in (("embedded", embedded), ("postgres", served)):
        if given.only not in (None, name):
            continue
        with tempfile.TemporaryDirectory(dir=given.folder) as large, opened(Path(large)) as kept:
            print(name, "growing")
            report[name] = {"growing": growing(kept, sizes)}
        with tempfile.TemporaryDirectory(dir=given.folder) as small, opened(Path(small)) as kept:
            report[name]["compacting"] = compacting(kept, given.small)
            print(name, "compacting", report[name]["compacting"])
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
