"""Kills the server with -9 at random moments while several clients upload, and counts what was lost or doubled.

Each client sends batches one after the other. An answer of 201 or 200 is a promise; a batch without an
answer is sent again after the restart, as the real client does. At the end every promised batch must
be there, none twice, and the counts must add up.

Run: ``python -m benchmarks.server_kill --kills 200``
"""

from __future__ import annotations

import argparse
import datetime as dt
import http.client
import random
import tempfile
import threading
import uuid
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.kills import killed_under, served, told
from samouk.assembly import application, opened
from samouk.edge import wire
from samouk.edge.wire import Field, Schema
from samouk.loop.learner import Domain, Learner, Metric, Policy
from samouk.settings import Settings, load

SCHEMA = Schema(
    "bench.number",
    1,
    (Field("sample_id", "identifier"), Field("number", "integer", 0, 2**31 - 1), Field("timestamp", "week")),
)
CLIENTS = 6
ROWS = 25
RESULTS = Path(__file__).parent / "results" / "server_kill.json"


def _not_asked(*_: Any) -> Any:
    raise NotImplementedError("taking batches asks a learner for its name and schema only")


LEARNER = Learner(
    SCHEMA.name, SCHEMA, (), (Metric("f1"),), Policy(), _not_asked, _not_asked, _not_asked, _not_asked, _not_asked
)


@dataclass(frozen=True, slots=True)
class Report:
    """What was found after all kills."""

    kills: int
    promised: int
    stored: int
    lost: int
    doubled: int
    torn: int
    miscounted: int


@dataclass(slots=True)
class Ledger:
    """What the clients know: bodies without an answer, and the ids that were promised."""

    numbers: int = 0
    open: dict[str, bytes] = field(default_factory=dict)
    promised: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self) -> tuple[str, bytes]:
        """A batch whose rows carry numbers that no other has."""
        with self.lock:
            first, self.numbers = self.numbers, self.numbers + ROWS
        week = wire.week_of(dt.datetime.now(dt.UTC))
        columns: dict[str, Any] = {
            "sample_id": [str(uuid.uuid4()) for _ in range(ROWS)],
            "number": list(range(first, first + ROWS)),
            "timestamp": [week] * ROWS,
        }
        upload = wire.Upload(str(uuid.uuid4()), SCHEMA.name, 1, 0, wire.receipt_hash("r"), columns)
        return upload.batch_id, wire.compress(wire.encode(upload))


def serve(home: Path) -> None:
    """The product over the embedded store, with a learner of numbers."""
    from samouk.server.serve import listen
    from samouk.server.serve import serve as run

    settings = _settings(home)
    with opened(settings) as services, listen("127.0.0.1", 0) as listener:
        domain = Domain("bench", "Benchmark", (LEARNER,), Path(__file__).parent)
        app = application(settings, services, {"bench": domain})
        run(app, listener, str(home), lambda text: print(text, flush=True))


def _settings(home: Path) -> Settings:
    return load({}, home=home, rate_key=0)


def client(port: int, key: str, ledger: Ledger, mine: list[tuple[str, bytes]]) -> None:
    """Send what is open and then new batches, until the server is gone."""
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        while True:
            batch_id, body = mine.pop() if mine else ledger.next()
            with ledger.lock:
                ledger.open[batch_id] = body
            connection.request("POST", f"/v1/learners/{SCHEMA.name}/samples", body, headers)
            response = connection.getresponse()
            response.read()
            if response.status in (200, 201):
                with ledger.lock:
                    ledger.promised.append(batch_id)
                    del ledger.open[batch_id]
    except (OSError, http.client.HTTPException):
        return
    finally:
        connection.close()


def one_kill(home: Path, key: str, ledger: Ledger, delay: float) -> None:
    """Serve, let the clients send for ``delay`` seconds, kill."""
    left = list(ledger.open.items())
    with served("server_kill", home) as (process, port):
        shares = [left[n::CLIENTS] for n in range(CLIENTS)]
        killed_under(process, delay, [partial(client, port, key, ledger, share) for share in shares])


def run(kills: int, seed: int, home: Path) -> Report:
    """Kill so many times over one home, then look what is there."""
    rng = random.Random(seed)
    ledger = Ledger()
    with opened(_settings(home)) as services:
        key = services.keys.create("benchmark")[1]
    for _ in range(kills):
        one_kill(home, key, ledger, rng.uniform(0.02, 0.5))
    return _look(home, kills, ledger)


def _look(home: Path, kills: int, ledger: Ledger) -> Report:
    with opened(_settings(home)) as services:
        entries = services.log.entries(SCHEMA.name)
        numbers = Counter[int]()
        torn = 0
        for _, columns in services.log.read(entries):
            found = columns["number"].tolist()
            torn += found != list(range(found[0], found[0] + ROWS))
            numbers.update(found)
        stats = services.log.stats(SCHEMA.name)
    there = {entry.batch_id for entry in entries}
    return Report(
        kills=kills,
        promised=len(ledger.promised),
        stored=len(there),
        lost=len(set(ledger.promised) - there),
        doubled=sum(count > 1 for count in numbers.values()),
        torn=torn,
        miscounted=int((stats.total_batches, stats.total_samples) != (len(there), len(there) * ROWS)),
    )


def main() -> None:
    """Print the report and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--serve", type=Path)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
        return
    with tempfile.TemporaryDirectory(prefix="server-kill-") as home:
        report = run(given.kills, given.seed, Path(home))
    told(report, RESULTS, ("lost", "doubled", "torn", "miscounted"))


if __name__ == "__main__":
    main()
