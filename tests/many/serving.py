"""Real servers of the platform in processes of their own, and a client that counts what it was promised."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from samouk import assembly
from samouk.domains import discover
from samouk.edge.wire import Upload, compress, encode, receipt_hash
from samouk.loop.columns import to_lists
from samouk.settings import load

LEARNER = "scoring.calling"
ROOT = Path(__file__).parents[2]


def environment(home: Path, url: str, **more: str) -> dict[str, str]:
    settings = {"SAMOUK_HOME": str(home), "SAMOUK_DATABASE_URL": url, "SAMOUK_RATE_KEY": "0"}
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "OMP_NUM_THREADS": "1", **settings, **more}


@contextmanager
def serving(
    home: Path, url: str, *options: str, port: int = 0, told: IO[bytes] | None = None, **more: str
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`samouk serve` and the port that it says; it has ended by itself when the block ends.

    Args:
        told: gets what it logs.
    """
    command = [sys.executable, "-m", "samouk.cli", "serve", "--no-schedule", "--port", str(port), *options]
    surroundings = environment(home, url, **more)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=told, text=True, env=surroundings)
    assert process.stdout is not None
    said, line = "", "-"
    while "listens on" not in line and line:
        line = process.stdout.readline()
        said += line
    assert "listens on" in said, said
    try:
        yield process, int(line.split("http://127.0.0.1:")[1].split()[0])
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def api_key(home: Path, url: str) -> str:
    settings = load({}, home=home, database_url=url)
    with assembly.opened(settings) as services:
        return services.keys.create("tests")[1]


@dataclass
class Client:
    """Sends batch after batch on one connection, as long as it stands; never sends one twice."""

    port: int
    key: str
    promised: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    some: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        learner = next(one for domain in discover().values() for one in domain.learners if one.name == LEARNER)
        self._version = learner.schema.version
        self._columns = to_lists(learner.schema, next(iter(learner.world(1, False).batches(0, 3))).columns)

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while not self.stop.is_set():
            batch_id = str(uuid.uuid4())
            upload = Upload(batch_id, LEARNER, self._version, len(self.promised) % 16, receipt_hash("r"), self._columns)
            try:
                status = self._send(connection, compress(encode(upload)))
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
                continue
            if status == 201:
                self.promised.append(batch_id)
            else:
                self.failures.append(str(status))
            self.some.set()
        connection.close()

    def _send(self, connection: http.client.HTTPConnection, body: bytes) -> int:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Encoding": "gzip"}
        headers["Content-Type"] = "application/json"
        connection.request("POST", f"/v1/learners/{LEARNER}/samples", body, headers)
        response = connection.getresponse()
        response.read()
        return response.status

    def wait(self, more: int) -> None:
        """Until so many more were promised."""
        until = len(self.promised) + more
        while len(self.promised) < until and not self.failures:
            self.some.clear()
            assert self.some.wait(60)


@contextmanager
def clients(port: int, key: str, count: int) -> Iterator[list[Client]]:
    made = [Client(port, key) for _ in range(count)]
    threads = [threading.Thread(target=one.run, daemon=True) for one in made]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        for one in made:
            one.stop.set()
        for thread in threads:
            thread.join()


def stored(home: Path, url: str) -> list[str]:
    with assembly.opened(load({}, home=home, database_url=url)) as services:
        return [entry.batch_id for entry in services.log.entries(LEARNER)]
