"""Cost of staying up to date: bytes on the wire and CPU time of a check without news, a full check and an update."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from tests.publish.world import LEARNER, World, model

from samouk.edge.updater import ModelUpdater
from samouk.server import Options, create_app
from samouk.server.serve import background
from samouk.store.memory import memory_services

RESULTS = Path(__file__).parent / "results" / "update.json"
LIMIT_BYTES = 1024
ROUNDS = 30


class Relay:
    """Hands bytes between a client and a server and counts them, both ways."""

    def __init__(self, port: int) -> None:
        self.sent = self.received = 0
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def taken(self) -> tuple[int, int]:
        """Bytes sent and received since the last call."""
        taken = self.sent, self.received
        self.sent = self.received = 0
        return taken

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._copy, args=(near, far, "sent"), daemon=True).start()
            threading.Thread(target=self._copy, args=(far, near, "received"), daemon=True).start()

    def _copy(self, source: socket.socket, drain: socket.socket, counter: str) -> None:
        try:
            while data := source.recv(65_536):
                setattr(self, counter, getattr(self, counter) + len(data))
                drain.sendall(data)
            drain.shutdown(socket.SHUT_WR)
        except OSError:
            return
        finally:
            if counter == "received":
                source.close()
                drain.close()


@contextmanager
def platform(folder: Path) -> Iterator[int]:
    """The publish folder behind the product's own server; gives its port."""
    app = create_app(memory_services(), {}, Options(publish_dir=folder))
    with background(app, "127.0.0.1", 0) as url:
        yield int(url.rpartition(":")[2])


def measure(home: Path) -> dict[str, Any]:
    """Figures of one client beside one server, all on this machine."""
    world = World(home / "operator")
    data = world.release(1, model(1, padding=1_000_000))
    with platform(world.folder) as port:
        relay = Relay(port)
        client = ModelUpdater(relay.url, LEARNER, data_dir=home / "client")
        found: dict[str, Any] = {"first_check_bytes": 0, "model_bytes": len(data)}
        update = client.check_for_updates()
        found["first_check_bytes"] = sum(relay.taken())
        assert update is not None
        client.download_update(update)
        found["first_update_overhead_bytes"] = sum(relay.taken()) - len(data)
        client.check_for_updates()
        found["no_change_check_bytes"] = sum(relay.taken())
        found["no_change_cpu_ms"] = _cpu_ms(client.check_for_updates, ROUNDS)
        relay.taken()
        for number in range(2, 8):
            data = world.release(number, model(number, padding=1_000_000))
        update = client.check_for_updates()
        found["check_with_news_bytes"] = sum(relay.taken())
        assert update is not None
        start = time.perf_counter()
        client.download_update(update)
        found["update_wall_ms"] = round(1e3 * (time.perf_counter() - start), 1)
        found["update_overhead_bytes"] = sum(relay.taken()) - len(data)
        found["publish_wall_ms"] = _publish_ms(world)
        found["full_check_cpu_ms"] = _full_check(relay.url, home, blocked="nothing")
        found["full_check_cpu_ms_without_cryptography"] = _full_check(relay.url, home, blocked="cryptography")
        relay.close()
    return found


def _cpu_ms(act: Any, rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        start = time.thread_time()
        act()
        taken.append(time.thread_time() - start)
    return round(1e3 * median(taken), 2)


def _publish_ms(world: World) -> float:
    taken = []
    for number in range(20, 30):
        data = model(number, padding=100_000)
        start = time.perf_counter()
        world.release(number, data)
        taken.append(time.perf_counter() - start)
    return round(1e3 * median(taken), 1)


FULL_CHECK = """
import sys, time
from pathlib import Path
from statistics import median
if sys.argv[3] != "nothing":
    sys.modules[sys.argv[3]] = None
from samouk.edge.tuf_client import TrustedRepository
taken = []
for _ in range(12):
    repository = TrustedRepository(Path(sys.argv[2]), sys.argv[1], None)
    start = time.thread_time()
    repository.refresh()
    taken.append(time.thread_time() - start)
print(round(1e3 * median(taken[2:]), 2))
"""


def _full_check(url: str, home: Path, blocked: str) -> float:
    """CPU-ms of the client's thread for one full refresh with warm metadata, in a process of its own."""
    command = [sys.executable, "-c", FULL_CHECK, url, str(home / "full"), blocked]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ})
    return float(done.stdout)


def main() -> None:
    """Print and keep the figures; fail when a check without news costs more than 1 KB."""
    with tempfile.TemporaryDirectory() as home:
        found = measure(Path(home))
    for name, value in found.items():
        print(f"{name:42} {value:>12,}")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    if found["no_change_check_bytes"] > LIMIT_BYTES:
        sys.exit(f"a check without news took more than {LIMIT_BYTES} bytes")


if __name__ == "__main__":
    main()
