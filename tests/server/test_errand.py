"""A command beside the server: run when it is wanted, counted when it fails, stopped when the server stops."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from samouk.server.errand import Errand


def errand(script: str, *arguments: object, wanted: bool = True) -> Errand:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return Errand("the errand", command, os.environ, lambda: wanted)


def test_it_is_run_when_it_is_wanted(tmp_path: Path) -> None:
    """And else not at all."""
    script = "import pathlib, sys; pathlib.Path(sys.argv[1]).touch()"
    errand(script, tmp_path / "no", wanted=False)()
    errand(script, tmp_path / "yes")()
    assert [path.name for path in tmp_path.iterdir()] == ["yes"]


def test_failures_are_counted() -> None:
    """One that found another at it has not failed."""
    for code, failures in ((0, 0), (4, 0), (1, 1)):
        one = errand(f"raise SystemExit({code})")
        one()
        assert one.failures == failures


def test_it_is_stopped_with_the_server(tmp_path: Path) -> None:
    """The close ends a running command, and no other begins."""
    os.mkfifo(tmp_path / "begun")
    script = "import sys, time; open(sys.argv[1], 'w').close(); time.sleep(600)"
    one = errand(script, tmp_path / "begun")
    running = threading.Thread(target=one)
    running.start()
    (tmp_path / "begun").open().close()
    one.close()
    running.join()
    one()
    assert one.failures == 0
