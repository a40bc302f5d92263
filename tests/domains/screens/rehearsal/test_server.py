"""A real Appium server starts on a free port of this machine alone, and ends with its starter."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from samouk.domains.screens.testgen.rehearsal.installing import Installation, PortTaken, installed
from samouk.domains.screens.testgen.rehearsal.server import serving

pytestmark = pytest.mark.slow

KILLED = """
import os, signal, sys
from samouk.domains.screens.testgen.rehearsal.server import serving
with serving() as server:
    print(server.process, server.url.rsplit(":")[-1], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def answers(port: int) -> bool:
    with socket.socket() as caller:
        caller.settimeout(5)
        return caller.connect_ex(("127.0.0.1", port)) == 0


def test_two_servers_run_side_by_side_and_both_end(installation: Installation) -> None:
    """Each on its own port; afterwards neither listens, nor lives."""
    with serving(installation) as one, serving(installation) as other:
        ports = [int(server.url.rsplit(":", 1)[1]) for server in (one, other)]
        assert one.url.startswith("http://127.0.0.1:")
        assert all(answers(port) for port in ports)
        with pytest.raises(PortTaken), serving(installation, ports[0]):
            raise AssertionError("unreachable")
    assert not any(answers(port) for port in ports)
    for server in (one, other):
        with pytest.raises(ProcessLookupError):
            os.kill(server.process, 0)


def test_what_is_installed_is_found_without_a_network(installation: Installation) -> None:
    """The second time nothing is asked of anybody."""
    assert installed() == installation


@pytest.mark.skipif(sys.platform != "linux", reason="waits for a stranger by a command of Linux")
def test_a_server_whose_starter_was_killed_ends_too(installation: Installation) -> None:
    """Nobody is left to stop it: it sees that its input closed."""
    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, timeout=120, check=False)
    process, port = (int(word) for word in done.stdout.split())
    waited = subprocess.run(
        ["tail", f"--pid={process}", "-f", "/dev/null"], timeout=60, check=False, capture_output=True
    )
    assert waited.returncode == 0
    assert not answers(port)
