"""Erase one contributor in a hundred, with proof: how long it takes, and how much is looked at.

A store is filled with batches of ``--rows`` simulated screen elements, each with identifiers of its own, until it
holds ``--samples``; then one batch in a hundred, spread over all packs, is erased by its receipt in one call. Times of
the parts are those of the call itself: erasing, clearing the database's files, searching every byte that is left.
The proof must be complete, a second search must find nothing, and all other batches must be there.

Run ``python -m benchmarks.erasure``; ``--samples 10000000`` for ten million. PostgreSQL is the one of
SAMOUK_TEST_POSTGRES, or of the tests. Prints figures and writes ``benchmarks/results/erasure.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from benchmarks.scale import COMMIT, embedded, served, templates
from samouk.domains.screens.schema import SCHEMA
from samouk.edge.wire import receipt_hash
from samouk.loop.columns import Columns
from samouk.loop.erasure import House, Proof, erase_receipts, verify
from samouk.loop.ports import Services
from samouk.loop.records import Batch
from samouk.loop.train import LocalTrainer
from samouk.store.clock import SystemClock
from samouk.store.memory import MemoryPublisher, memory_services
from samouk.store.sql import Store

SHARE = 100
"""One batch in so many is erased."""

RESULTS = Path(__file__).parent / "results" / "erasure.json"
_IDENTIFIER = next(spec.name for spec in SCHEMA.fields if spec.kind == "identifier")


def batches(columns: Sequence[Columns], number: int, chance: Random) -> Iterator[list[tuple[Batch, str]]]:
    """Commits of batches with their receipts, each of a contributor of its own."""
    for start in range(0, number, COMMIT):
        commit = []
        for n in range(start, min(start + COMMIT, number)):
            one = columns[n % len(columns)]
            rows = len(one[_IDENTIFIER])
            own = {**one, _IDENTIFIER: np.frombuffer(chance.randbytes(16 * rows), "V16")}
            receipt = f"{chance.getrandbits(256):064x}"
            batch_id = str(uuid.UUID(int=chance.getrandbits(128)))
            commit.append((Batch(batch_id, SCHEMA.name, SCHEMA.version, n % 16, receipt_hash(receipt), own), receipt))
        yield commit


def services_of(store: Store) -> Services:
    """The store's ports beside others in memory."""
    ports = {name: getattr(store, name) for name in Store.__dataclass_fields__ if name != "close"}
    return replace(memory_services(SystemClock()), publisher=MemoryPublisher(), trainer=LocalTrainer(), **ports)


class Watched:
    """Remains that tell how long each of their parts took."""

    def __init__(self, remains: Any) -> None:
        self._remains, self.seconds = remains, {"clear": 0.0, "search": 0.0}

    def clear(self, largest: int | None = 0) -> list[str]:
        begun = time.perf_counter()
        waiting: list[str] = self._remains.clear(largest)
        self.seconds["clear"] = time.perf_counter() - begun
        return waiting

    def search(self, marks: Any, packs: Collection[str] = ()) -> Iterator[Any]:
        begun = time.perf_counter()
        found = list(self._remains.search(marks, packs))
        self.seconds["search"] = time.perf_counter() - begun
        return iter(found)

    def beyond(self) -> list[str]:
        return list(self._remains.beyond())


def measured(store: Store, samples: int, rows: int) -> dict[str, Any]:
    """Fill, erase, verify."""
    chance, wanted, number = Random(0), [], max(samples // rows, SHARE)
    begun = time.perf_counter()
    for commit in batches(templates(rows), number, chance):
        store.log.append([batch for batch, _ in commit])
        wanted += [(batch.batch_id, receipt) for batch, receipt in commit if chance.random() < 1 / SHARE]
    filled = time.perf_counter() - begun
    services = services_of(store)
    watched = Watched(services.remains)
    house = House(replace(services, remains=watched), rewrite=None)
    begun = time.perf_counter()
    proof = erase_receipts(house, wanted, "operator")
    took = time.perf_counter() - begun
    again = verify(services, proof)
    left = store.log.stats(SCHEMA.name).total_batches
    assert (proof.complete, again.left, left) == (True, 0, number - len(wanted)), proof.plain()
    return {**_figures(proof), **_seconds(filled, took, watched.seconds), "batches": number}


def _figures(proof: Proof) -> dict[str, Any]:
    looked = {place.place: [place.items, place.size, place.found] for place in proof.looked}
    return {
        "erased_batches": proof.removed["batches"],
        "erased_samples": proof.removed["samples"],
        "marks": len(proof.marks),
        "searched_bytes": sum(place.size for place in proof.looked),
        "found": proof.left,
        "looked": looked,
    }


def _seconds(filled: float, took: float, parts: dict[str, float]) -> dict[str, float]:
    erased = took - sum(parts.values())
    seconds = {"fill": filled, "erase": erased, "clear": parts["clear"], "search": parts["search"], "all": took}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**{f"{name}_s": round(value, 2) for name, value in seconds.items()}, "peak_mb": round(peak)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=1_000, help="samples of one batch")
    parser.add_argument("--stores", nargs="+", choices=("embedded", "postgres"), default=("embedded", "postgres"))
    asked = parser.parse_args()
    found: dict[str, Any] = {"samples": asked.samples, "rows": asked.rows, "cores": os.cpu_count(), "stores": {}}
    for name in asked.stores:
        with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
            made = {"embedded": embedded, "postgres": served}[name]
            kept = stack.enter_context(made(Path(folder)))
            figures = measured(kept.store, asked.samples, asked.rows)
        found["stores"][name] = figures
        print(
            f"{name:9} {figures['batches']:,} batches filled in {figures['fill_s']} s; {figures['erased_batches']:,} "
            f"erased in {figures['erase_s']} s, cleared in {figures['clear_s']} s, "
            f"{figures['searched_bytes'] / 1e6:,.0f} MB searched in {figures['search_s']} s: {figures['found']} found; "
            f"peak {figures['peak_mb']} MB"
        )
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
