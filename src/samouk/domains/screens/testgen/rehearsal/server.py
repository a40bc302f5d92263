"""Starts a real Appium server with our drivers on this machine alone, and ends it."""

from __future__ import annotations

import http
import http.client
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from samouk.domains.screens.testgen.rehearsal.installing import (
    DRIVERS,
    INSTALL_S,
    Installation,
    PortTaken,
    ServerFailed,
    installed,
)
from samouk.edge.disk import locked

HOST = "127.0.0.1"
START_S = 90.0
"""A server is up after two seconds; a machine that is busy with other things needs more."""

STOP_S = 15.0
_LOOK_S = 0.1
_TOLD_LINES = 12
_TRIES = 3


class Server(NamedTuple):
    """A server that answers. ``url`` is what a client of Appium connects to; ``log`` a file that it writes."""

    url: str
    process: int
    log: Path


@contextmanager
def serving(
    installation: Installation | None = None, port: int = 0, environ: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """A server while the block runs.

    Args:
        installation: as ``installed`` gives it; None installs what is missing first.
        port: 0 takes a free one.

    Raises:
        CannotRehearse: its subclasses say why.
    """
    environ = os.environ if environ is None else environ
    found = installation or installed(environ)
    with tempfile.TemporaryDirectory(prefix="samouk-rehearsal-", ignore_cleanup_errors=True) as folder:
        log = Path(folder) / "appium.log"
        with log.open("ab") as written:
            started, taken = _started(found, port, log, written, environ)
            try:
                yield Server(f"http://{HOST}:{taken}", started.pid, log)
            finally:
                _end(started)


def _started(
    found: Installation, port: int, log: Path, written: IO[bytes], environ: Mapping[str, str]
) -> tuple[subprocess.Popen[bytes], int]:
    """Where no port was asked for, another program may take the free one first: then the next is tried."""
    for left in reversed(range(_TRIES)):
        taken = port or _free_port()
        _refuse_taken(taken)
        process = _spawn(found, taken, written, environ)
        try:
            _await(found, process, taken, log)
        except PortTaken:
            if port or not left:
                raise
        else:
            return process, taken
    raise AssertionError("unreachable: the last try returns or raises")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def _refuse_taken(port: int) -> None:
    with socket.socket() as listener:
        if os.name == "posix":
            # A port whose last server has just gone is free.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            raise PortTaken(
                f"another program listens on {HOST}:{port}; give another port, or none ({error})"
            ) from error


def _spawn(found: Installation, port: int, log: IO[bytes], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    kept = {name: value for name, value in environ.items() if not name.upper().startswith(("APPIUM_", "NODE_OPTIONS"))}
    command = [
        str(found.node),
        "--require",
        str(found.leash),
        str(found.appium),
        "server",
        f"--address={HOST}",
        f"--port={port}",
        f"--use-drivers={','.join(DRIVERS)}",
        "--log-no-colors",
        "--log-timestamp",
    ]
    try:
        return subprocess.Popen(
            command,
            cwd=found.home,  # a configuration of Appium in the user's project is none of ours
            env={**kept, "APPIUM_HOME": str(found.home)},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    except OSError as error:
        raise ServerFailed(f"{found.node} does not run: {error}") from error


def _await(found: Installation, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until the server answers. The first start writes its list of drivers, so no second one may run beside it."""
    listed = found.home / "node_modules" / ".cache" / "appium" / "extensions.yaml"
    if listed.exists():
        _ready(process, port, log)
        return
    with locked(found.lock, INSTALL_S):
        _ready(process, port, log)


def _ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_S
    while True:
        late = time.monotonic() > until
        if process.poll() is None and not late:
            if _answers(port):
                return
            time.sleep(_LOOK_S)
            continue
        _end(process)
        told = log.read_text("utf-8", "replace")
        if "EADDRINUSE" in told:
            raise PortTaken(f"another program listens on {HOST}:{port}; give another port, or none")
        why = f"did not answer within {START_S:g} s" if late else f"ended with code {process.returncode}"
        last = "\n".join(told.splitlines()[-_TOLD_LINES:])
        raise ServerFailed(f"Appium {why}. The end of what it wrote:\n{last}")


def _answers(port: int) -> bool:
    """Asked without a proxy: those that are set for the network know nothing of this machine's ports."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/status")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """This process alone, by its id: first asked, then told."""
    if process.stdin is None:
        raise AssertionError("unreachable: it was started with a pipe")
    if process.poll() is None:
        if os.name == "posix":
            process.terminate()
        else:
            process.stdin.close()  # Windows knows no polite signal; the leash ends it
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    process.stdin.close()
