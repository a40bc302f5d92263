"""Look every so often whether it is time to learn, in the process that serves; learn in processes beside it."""

from __future__ import annotations

import datetime as dt
import logging
import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Lock
from types import TracebackType

from apscheduler.schedulers.background import BackgroundScheduler

log = logging.getLogger("samouk.scheduler")

TURN_S = 3_600.0
"""Seconds that one learner's turn may take."""

STOP_S = 5.0
"""Seconds that a turn is given to end when it is told to, before it is killed."""

BUSY = 4
"""Exit code of a turn that found another process learning."""


class Rounds:
    """One round: sign anew what is due, then each learner's turn in a process of its own, one after the other.

    Training stays out of the serving process: it would take its threads and its memory. What goes wrong
    with one learner, or with the signing, is one line in the log and keeps nothing else from its turn.

    Args:
        refresh: signs anew what would soon expire.
        commands: learner → the command of its turn.
        environment: of those commands.
        seconds: a turn may take; one that takes longer is stopped.
    """

    def __init__(
        self,
        refresh: Callable[[], object],
        commands: Mapping[str, Sequence[str]],
        environment: Mapping[str, str],
        seconds: float = TURN_S,
    ) -> None:
        self._refresh = refresh
        self._commands = commands
        self._environment = environment
        self._seconds = seconds
        self._lock = Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._closed = False
        self.failures = 0

    def __call__(self) -> None:
        """Take one round."""
        self._attempt("signing anew", self._refresh)
        for name, command in self._commands.items():
            self._attempt(f"the turn of {name}", partial(self._turn, name, command))

    def close(self) -> None:
        """Stop the turn that is running, which is safe at any point, and begin no other; takes ``STOP_S`` at most."""
        with self._lock:
            self._closed = True
            child = self._child
        if child is not None:
            _stop(child)

    def _attempt(self, what: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the border of the worker step; counted
            self.failures += 1
            log.error("%s failed: %s: %s", what, type(error).__name__, error)  # noqa: TRY400 - one line

    def _turn(self, name: str, command: Sequence[str]) -> None:
        with self._lock:
            if self._closed:
                return
            self._child = child = subprocess.Popen(command, env=self._environment)
        try:
            code = child.wait(self._seconds)
        except subprocess.TimeoutExpired:
            _stop(child)
            raise
        finally:
            self._child = None
        if code == BUSY:
            log.warning("%s: another process is learning it; asked again in the next round", name)
        elif code and not self._closed:
            self.failures += 1
            log.error("the turn of %s ended with exit code %d; `samouk runs %s` says why", name, code, name)


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


class Scheduler:
    """Calls ``work`` every ``minutes``, never twice at a time; rounds that were missed become one.

    A context manager: it runs inside its ``with`` and lets a running round end at the close.
    """

    def __init__(self, work: Callable[[], object], minutes: float, *, at_once: bool = False) -> None:
        if minutes <= 0:
            raise ValueError(f"minutes must be above 0, not {minutes:g}")
        self._work = work
        self.rounds = 0
        self.failures = 0
        self._scheduler = BackgroundScheduler(timezone=dt.UTC)
        first = {"next_run_time": dt.datetime.now(dt.UTC)} if at_once else {}
        self._scheduler.add_job(
            self._round, "interval", minutes=minutes, max_instances=1, coalesce=True, misfire_grace_time=None, **first
        )

    def _round(self) -> None:
        self.rounds += 1
        try:
            self._work()
        except Exception:  # the border of the worker step: one bad round must not end the next ones; counted
            self.failures += 1
            log.exception("a round of the loop failed; the next one comes as planned")

    def __enter__(self) -> Scheduler:
        self._scheduler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scheduler.shutdown(wait=True)
