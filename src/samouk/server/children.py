"""Processes beside the server: in sessions of their own, so that Ctrl-C is the server's, and stopped when it stops."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Mapping, Sequence
from threading import Lock

log = logging.getLogger("samouk.children")

TURN_S = 3_600.0
"""Seconds that one learner's turn may take."""

STOP_S = 5.0
"""Seconds that a process is given to end when it is told to, before it is killed."""

BUSY = 4
"""Exit code of a turn that found another process learning."""

Child = subprocess.Popen[bytes]


def begin(command: Sequence[str], environment: Mapping[str, str], *, talking: bool = False) -> Child:
    """Begin a process; ``talking`` connects its input and its output. Raises OSError."""
    pipe = subprocess.PIPE if talking else None
    return subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, start_new_session=True)


def stop(*children: Child) -> None:
    """Tell all to end, then kill whoever does not; takes ``STOP_S`` for each that is deaf."""
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


class Runner:
    """Runs processes to their ends, one after the other, until it is closed; stopping them must do no harm.

    Args:
        seconds: each may take; then it is stopped.
    """

    def __init__(self, environment: Mapping[str, str], seconds: float = TURN_S) -> None:
        self._environment = environment
        self._seconds = seconds
        self._lock = Lock()
        self._child: Child | None = None
        self._closed = False

    def run(self, command: Sequence[str]) -> int | None:
        """Its exit code; None when it did not come to its own end because of the close.

        Raises OSError, and TimeoutExpired when it took too long.
        """
        with self._lock:
            if self._closed:
                return None
            self._child = child = begin(command, self._environment)
        try:
            code = child.wait(self._seconds)
        finally:
            if child.poll() is None:
                stop(child)
            self._child = None
        return None if self._closed else code

    def close(self) -> None:
        """Stop what runs, and begin no other."""
        with self._lock:
            self._closed = True
            child = self._child
        if child is not None:
            stop(child)


def told(learner: str, code: int) -> bool:
    """Log how a turn ended; whether it failed."""
    if code == BUSY:
        log.warning("%s: another process is learning it; asked again in the next round", learner)
    elif code:
        log.error("the turn of %s ended with exit code %d; `samouk runs %s` says why", learner, code, learner)
    return code not in (0, BUSY)
