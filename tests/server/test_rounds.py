"""A round of the loop: every learner has its turn, whatever becomes of the others, and stopping is quick."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from samouk.server.scheduler import Rounds, Scheduler


def command(code: str) -> list[str]:
    return [sys.executable, "-S", "-c", code]


def nothing() -> None:
    """Nothing is due."""


def test_one_bad_turn_keeps_no_other_from_its_own(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A busy learner, a failing one, a missing program and a failing signature are a line each; the last one learns."""

    def refresh() -> None:
        raise RuntimeError("no keys")

    done = tmp_path / "done"
    turns = {
        "busy": command("raise SystemExit(4)"),
        "bad": command("raise SystemExit(1)"),
        "gone": [str(tmp_path / "missing")],
        "good": command(f"open({str(done)!r}, 'w')"),
    }
    rounds = Rounds(refresh, turns, os.environ)
    rounds()
    assert done.exists()
    assert rounds.failures == 3
    lines = [record.getMessage().partition(": ")[0] for record in caplog.records]
    assert lines[:2] == ["signing anew failed", "busy"]
    assert lines[2].startswith("the turn of bad ended with exit code 1")
    assert lines[3] == "the turn of gone failed"
    assert all("\n" not in record.getMessage() and record.exc_info is None for record in caplog.records)


def test_closing_stops_the_running_turn(tmp_path: Path) -> None:
    """A turn that would go on for an hour is ended at the close, and none is begun after it."""
    begun, after = tmp_path / "begun", tmp_path / "after"
    turns = {
        "long": command(f"import time; open({str(begun)!r}, 'w'); time.sleep(3600)"),
        "next": command(f"open({str(after)!r}, 'w')"),
    }
    rounds = Rounds(nothing, turns, os.environ)
    with Scheduler(rounds, 60, at_once=True):
        while not begun.exists():
            threading.Event().wait(0.01)
        rounds.close()
    assert not after.exists()


def test_a_deaf_turn_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn that does not hear is killed after a moment."""
    monkeypatch.setattr("samouk.server.children.STOP_S", 0.2)
    begun = tmp_path / "begun"
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    turns = {"deaf": command(f"{deaf}open({str(begun)!r}, 'w'); time.sleep(3600)")}
    rounds = Rounds(nothing, turns, os.environ)
    with Scheduler(rounds, 60, at_once=True):
        while not begun.exists():
            threading.Event().wait(0.01)
        rounds.close()


def test_a_turn_that_takes_too_long_is_stopped(caplog: pytest.LogCaptureFixture) -> None:
    """The bound holds for each turn."""
    Rounds(nothing, {"slow": command("import time; time.sleep(3600)")}, os.environ, seconds=0.2)()
    assert "the turn of slow failed: TimeoutExpired" in caplog.text
