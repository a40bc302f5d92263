"""Serving as a process: where it listens, what it says, how it ends, and what it never writes down."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.server import toy
from tests.server.house import House

from samouk.server.scheduler import Scheduler
from samouk.server.serve import CannotListen, listen

SERVER = """
import sys
from pathlib import Path
from samouk.server import create_app
from samouk.server.serve import listen, serve
from samouk.store.memory import memory_services
from tests.server import toy
services = memory_services()
say = lambda text: print(text, flush=True)
say(services.keys.create("tests")[1])
with listen(sys.argv[1], 0) as listener:
    serve(create_app(services, {"toy": toy.DOMAIN}), listener, "/data (SAMOUK_HOME)", say)
print("ended", flush=True)
"""


def test_port_taken() -> None:
    """A taken port is named, with the option that chooses another."""
    with listen("127.0.0.1", 0) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(CannotListen, match=f"port {port} is taken .* --port"):
            listen("127.0.0.1", port)


def test_foreign_host() -> None:
    """An address that is not this machine's is refused with the option that chooses another."""
    with pytest.raises(CannotListen, match="--host"):
        listen("203.0.113.1", 0)


def test_process() -> None:
    """The process says where it listens and where its data lies, serves, ends on SIGTERM, and logs no address."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, "127.0.0.1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    key, where, home = (process.stdout.readline().strip() for _ in range(3))
    port = int(where.rpartition(":")[2])
    house = House(port, None, key)  # type: ignore[arg-type]
    assert house.send(toy.packed(toy.upload())).status == 201
    assert house.send(b"broken").status == 400
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.sendall(b"no http at all\r\n\r\n")
        wire.recv(1000)
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=60)
    assert (where, home) == (f"Samouk listens on http://127.0.0.1:{port}", "Data lies in /data (SAMOUK_HOME)")
    assert "ended" in rest
    assert "127.0.0.1" not in rest


def test_no_address_kept(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a log line nor a stored row holds the sender's address."""
    caplog.set_level(logging.DEBUG)
    house.send(toy.packed(toy.upload()))
    house.send(b"broken")
    house.get("/nowhere")
    kept = repr([house.services.log.entries("toy.half"), house.services.audit.entries()])
    assert "127.0.0.1" not in caplog.text + kept


def test_scheduler_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    """A round that fails is counted, and the next ones come."""
    enough = threading.Event()

    def work() -> None:
        if scheduler.rounds >= 3:
            enough.set()
        raise RuntimeError("a bad round")

    scheduler = Scheduler(work, 0.0005, at_once=True)
    with scheduler:
        assert enough.wait(10)
    assert scheduler.failures >= 3
    assert "the next one comes as planned" in caplog.text


def test_scheduler_one_at_a_time() -> None:
    """Rounds never overlap, and leaving waits for the running one."""
    running, most = 0, 0
    begun = threading.Event()

    def work() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        begun.set()
        threading.Event().wait(0.1)
        running -= 1

    with Scheduler(work, 0.0002, at_once=True):
        assert begun.wait(10)
    assert (running, most) == (0, 1)


def test_scheduler_needs_a_period() -> None:
    """A period of nothing is refused."""
    with pytest.raises(ValueError, match="above 0"):
        Scheduler(lambda: None, 0)
