"""Several processes on one port: begun, begun again when one dies, renewed one after the other.

The parent holds the listening socket and does nothing else; each worker inherits it, so that no connection is
refused while workers come and go. Workers are forked from a parent that has imported everything and opened
nothing: one takes a moment to begin and shares the parent's memory.

SIGTERM and SIGINT drain all workers and end the parent. SIGHUP renews them: a new one begins, and once it
answers, the one in its place is asked to leave; then the next.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

from samouk.server.serve import GRACE_S, LEAVE_S, START_S, Server

log = logging.getLogger("samouk.crew")

_LOOK_S = 0.02
STOP_S = LEAVE_S + GRACE_S + 5.0
"""Seconds, beside those to drain, after which a worker that was told to end is killed."""

SOON_S = 2.0
"""A worker that lived no longer than this failed at its start: the next one comes after a pause."""

PAUSE_S = 0.2
LONGEST_PAUSE_S = 15.0


@dataclass(frozen=True, slots=True)
class Post:
    """What a worker knows of its place.

    Attributes:
        number: 0 to one less than there are workers.
        ready: to be called once it answers.
        guard: to be called with its server, which then ends when the parent dies.
    """

    number: int
    ready: Callable[[], None]
    guard: Callable[[Server], None]


@dataclass(slots=True)
class _Worker:
    pid: int
    begun: float
    ready: int
    """Reads one byte once the worker answers, or nothing when it died."""


class Crew:
    """Runs ``work`` in so many processes.

    Args:
        work: what a worker does until it is told to end; returns then.
        drain_s: how long workers drain when all are told to end.
    """

    def __init__(self, size: int, work: Callable[[Post], None], drain_s: float = 0.0) -> None:
        self._size = size
        self._work = work
        self._drain_s = drain_s
        self._workers: dict[int, _Worker] = {}
        self._again: dict[int, float] = {}
        self._pauses = dict.fromkeys(range(size), PAUSE_S)
        self._ending = self._renewing = False
        # Nobody writes to it: it ends with the parent, however that comes to its end.
        self._lifeline, self._held = os.pipe()

    def run(self) -> None:
        """Keep the crew until SIGTERM or SIGINT."""
        held = {number: signal.signal(number, self._told) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
        try:
            for number in range(self._size):
                self._workers[number] = self._begin(number)
            while not self._ending:
                self._look()
                if self._renewing:
                    self._renewing = False
                    self._renew()
                time.sleep(_LOOK_S)
            self._end(list(self._workers.values()), signal.SIGTERM, self._drain_s + STOP_S)
        finally:
            for number, handler in held.items():
                signal.signal(number, handler)

    def _told(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._renewing = True
        else:
            self._ending = True

    def _look(self) -> None:
        """Begin again whoever died."""
        for number, worker in list(self._workers.items()):
            if _ended(worker.pid):
                del self._workers[number]
                os.close(worker.ready)
                early = time.monotonic() - worker.begun < SOON_S
                self._pauses[number] = min(self._pauses[number] * 2, LONGEST_PAUSE_S) if early else PAUSE_S
                self._again[number] = time.monotonic() + (self._pauses[number] if early else 0.0)
                log.error("worker %d (process %d) died; another one takes its place", number, worker.pid)
        for number, moment in list(self._again.items()):
            if time.monotonic() >= moment:
                del self._again[number]
                self._workers[number] = self._begin(number)

    def _renew(self) -> None:
        for number in range(self._size):
            old, new = self._workers.get(number), self._begin(number)
            if not self._answers(new):
                self._end([new], signal.SIGKILL, STOP_S)
                log.error("a new worker %d did not start, its log above says why; the others go on", number)
                return
            self._workers[number] = new
            self._again.pop(number, None)
            if old is not None:
                self._end([old], signal.SIGHUP, STOP_S)
            if self._ending:
                return
        log.info("all %d workers are renewed", self._size)

    def _answers(self, worker: _Worker) -> bool:
        until = time.monotonic() + START_S
        while time.monotonic() < until and not self._ending:
            if select.select([worker.ready], [], [], _LOOK_S)[0]:
                return os.read(worker.ready, 1) != b""
        return False

    def _begin(self, number: int) -> _Worker:
        reader, writer = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(reader)
            os.close(self._held)
            _be(lambda: self._man(Post(number, lambda: _say(writer), self._guard)))
        os.close(writer)
        return _Worker(pid, time.monotonic(), reader)

    def _man(self, post: Post) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        self._work(post)

    def _guard(self, server: Server) -> None:
        def wait() -> None:
            os.read(self._lifeline, 1)
            server.should_exit = True

        threading.Thread(target=wait, name="lifeline", daemon=True).start()

    def _end(self, workers: list[_Worker], number: int, seconds: float) -> None:
        """Tell workers to end, and wait until they have; kill those that do not."""
        left = list(workers)
        for worker in left:
            _tell(worker.pid, number)
        until = time.monotonic() + seconds
        while left and time.monotonic() < until:
            left = [worker for worker in left if not _ended(worker.pid)]
            time.sleep(_LOOK_S)
        for worker in left:
            log.error("process %d did not end and is killed", worker.pid)
            _tell(worker.pid, signal.SIGKILL)
            os.waitpid(worker.pid, 0)
        for worker in workers:
            os.close(worker.ready)


def apart(work: Callable[[], None]) -> int:
    """Do something in a process of its own, so that this one opens nothing; its exit code."""
    pid = os.fork()
    if not pid:
        _be(work)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _be(work: Callable[[], None]) -> NoReturn:
    """The whole life of a forked process, which never returns to what its parent was doing."""
    code = 1
    try:
        work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - the border of the process: told, and its exit code is 1
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _say(writer: int) -> None:
    os.write(writer, b"1")
    os.close(writer)


def _ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def _tell(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
