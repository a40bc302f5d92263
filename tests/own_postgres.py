"""A PostgreSQL server of the test's own, which may be killed, frozen and begun again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from tests.contracts.waiting import until

_PLACES = "/usr/lib/postgresql"
"""Where Debian keeps what is not on the path."""


class OwnPostgres:
    """A cluster in a folder of its own, on a free port of this machine."""

    def __init__(self, programs: Path, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self._programs, self._folder = programs, folder
        # PostgreSQL does not run as root.
        as_root = os.geteuid() == 0
        self._user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if as_root else []
        if as_root:
            shutil.chown(folder, "postgres", "postgres")
        made = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "--no-sync"]
        subprocess.run([*self._user, *made, "-E", "UTF8", "--locale=C"], check=True, capture_output=True, cwd="/")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        """Begin to answer."""
        command = [str(self._programs / "postgres"), "-D", str(self._folder / "data"), "-p", str(self.port)]
        quick = ["-k", str(self._folder), "-c", "shared_buffers=16MB", "-c", "max_wal_size=64MB"]
        out = subprocess.DEVNULL
        self._process = subprocess.Popen([*self._user, *command, *quick, *options], stdout=out, stderr=out, cwd="/")
        until(self.answers)

    def stop(self) -> None:
        """Be gone at once, as after a crash: every connection breaks, nothing is finished."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def answers(self) -> bool:
        """Whether it takes connections."""
        with suppress(psycopg.OperationalError), psycopg.connect(self.url, connect_timeout=3):
            return True
        return False


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """A server that runs until the block ends; skips where PostgreSQL's programs are not installed."""
    found = shutil.which("initdb")
    programs = [Path(found).parent] if found else [path.parent for path in Path(_PLACES).glob("*/bin/initdb")]
    if not programs:
        pytest.skip("PostgreSQL's programs initdb and postgres are not installed")
    folder = Path(tempfile.mkdtemp(prefix="samouk-postgres-"))
    server = None
    try:
        server = OwnPostgres(sorted(programs)[-1], folder)
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder)
