"""What the kill benchmarks share: processes that die by -9 at any moment, and reports that may not show a loss."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[1]


@contextmanager
def served(module: str, home: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """``python -m benchmarks.<module> --serve home`` and the port that it says; killed at the end, if need be."""
    command = [sys.executable, "-m", f"benchmarks.{module}", "--serve", str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:
        assert process.stdout is not None
        try:
            yield process, int(process.stdout.readline().strip().rpartition(":")[2])
        finally:
            process.kill()
            process.wait()


def killed_under(process: subprocess.Popen[str], delay: float, load: Sequence[Callable[[], object]]) -> None:
    """Let each of ``load`` run on a thread, and kill the process after ``delay`` seconds; back when all have ended."""
    threads = [threading.Thread(target=work) for work in load]
    timer = threading.Timer(delay, os.kill, (process.pid, signal.SIGKILL))
    timer.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    timer.join()


class Victim:
    """A process that is forked from this one, so that it begins in a moment, and begins again after each kill.

    Args:
        work: what it does until it dies; its argument says how often it was killed before.
        errors: where it writes what went wrong, if it ends by itself.
    """

    def __init__(self, name: str, work: Callable[[int], object], errors: Path) -> None:
        self.name = name
        self.kills = 0
        self.ended = 0
        self._work = work
        self._errors = errors
        self._pid = 0

    def begin(self) -> None:
        """Fork, unless it lives."""
        if self._pid and not self._reaped(os.WNOHANG):
            return
        self._pid = os.fork()
        if self._pid == 0:
            try:
                self._work(self.kills)
            except BaseException:  # noqa: BLE001 - the border of the process, which must not go on as its parent
                with self._errors.open("a") as file:
                    file.write(f"{self.name}\n{traceback.format_exc()}\n")
            finally:
                os._exit(1)

    def kill(self) -> bool:
        """By -9; False when it had ended by itself, which is no kill."""
        if not self._pid or self._reaped(os.WNOHANG):
            return False
        os.kill(self._pid, signal.SIGKILL)
        self._reaped(0)
        self.kills += 1
        return True

    def stop(self) -> None:
        """For good."""
        if self._pid and not self._reaped(os.WNOHANG):
            os.kill(self._pid, signal.SIGKILL)
            self._reaped(0)

    def _reaped(self, how: int) -> bool:
        gone = os.waitpid(self._pid, how)[0] == self._pid
        if gone:
            self._pid = 0
            self.ended += how == os.WNOHANG
        return gone


def told(report: Any, path: Path | None, bad: Sequence[str]) -> None:
    """Print the report and write it; exits with 1 when any of the ``bad`` figures is not zero."""
    figures = asdict(report)
    width = max(map(len, figures)) + 2
    for name, value in figures.items():
        print(f"{name:{width}}{value!s:>10}")
    if path is not None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(figures, indent=2) + "\n")
    if any(figures[name] for name in bad):
        raise SystemExit(1)
