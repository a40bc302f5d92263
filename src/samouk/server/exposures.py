"""Where exposures go before the answer: a line in a file at once, and in groups of many into the journal.

A commit waits for the disk, some milliseconds; a prediction cannot. So the line is handed to the
operating system before the answer goes out, and a thread commits what gathered. What that is worth:

- A server that is killed, at any point, loses no exposure that it answered for: the next one to start
  finds the lines and brings them into the journal. One that stood there already changes nothing.
- A power cut or a crash of the system may lose the last moments: nobody waited for the disk. An
  outcome of such an exposure stays parked.
- A line that cannot be written, because the disk is full, is a refusal (507), and nothing is answered.
  A prediction that is shown and not counted would be worse than none: whoever is shown a challenger
  while the disk is full would be missing in its arm, and the comparison would lie.
- Memory is bounded: while the journal cannot be written, so many exposures wait and no more; then 503.

Several servers may share one folder: each holds a lock on its own files.
"""

from __future__ import annotations

import datetime as dt
import logging
import math
import os
import threading
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from starlette.concurrency import run_in_threadpool

from samouk.edge import disk
from samouk.loop.live import Exposure, Variant
from samouk.loop.ports import Journal
from samouk.server.logs import told
from samouk.server.problems import Problem

log = logging.getLogger("samouk.exposures")

GROUP = 500
"""Exposures that end the rest before a commit at once."""

REST_S = 0.04
"""Rest before a commit, in which others gather: a twentieth of a second with the commit."""

RETRY_S = 1.0
"""Rest after a commit that failed."""

WAITING = 50_000
"""Exposures in memory, at most: some 50 MB."""

COMMITTED = 2_000
"""Exposures in one commit, at most."""

SUFFIX = ".lines"


class _Line(msgspec.Struct):
    """An exposure as it is read back; JSON has no NaN, so an absent score is null there."""

    event_id: str
    learner: str
    version: str
    variant: Variant
    unit: str
    group: int
    at: dt.datetime
    score: float | None
    propensity: float
    row: dict[str, bool | int | float | str | None]
    latency_ms: float
    rollout: str | None
    step: int
    shadows: dict[str, float | None]
    failed: bool

    def exposure(self) -> Exposure:
        values = msgspec.structs.asdict(self)
        values["score"] = math.nan if self.score is None else self.score
        values["shadows"] = {name: math.nan if score is None else score for name, score in self.shadows.items()}
        return Exposure(**values)


_START = "start.lock"
"""One server at a time looks for dead ones and makes its files."""

_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(_Line)


class _Segment:
    """One file of lines, and the same exposures in memory; nobody else touches a file that is locked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.items: list[Exposure] = []
        self._size = 0
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        disk.wait_lock(self._descriptor)

    def append(self, exposures: Sequence[Exposure]) -> None:
        """Hand the lines to the operating system, all or none. Raises OSError."""
        lines = b"\n".join([_encode(exposure) for exposure in exposures]) + b"\n"
        try:
            disk.write_all(self._descriptor, lines)
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(lines)
        self.items.extend(exposures)

    def clear(self) -> None:
        """Drop everything: it is in the journal."""
        os.ftruncate(self._descriptor, 0)
        self._size = 0
        self.items = []

    def close(self) -> None:
        """Let go of the file, and remove it unless it holds lines that the journal lacks."""
        if not self.items:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)


class Exposures:
    """Takes exposures from the event loop and from any thread, between ``start`` and ``close``.

    Args:
        folder: of the files; None goes straight to the journal and waits for its commit.
        waiting: exposures in memory, at most.

    Attributes:
        replayed: exposures of dead servers that were brought into the journal at the start.
        torn: lines of dead servers that were cut off; no answer ever went out for them.
        failures: commits that failed and were tried again.
    """

    def __init__(self, journal: Journal, folder: Path | None = None, *, waiting: int = WAITING) -> None:
        self.replayed = self.torn = self.failures = 0
        self._journal = journal
        self._folder = folder
        self._limit = waiting
        self._writing = threading.Lock()
        self._committing = threading.Lock()
        self._some, self._many, self._closing = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._commit_groups, name="exposures", daemon=True)

    def start(self) -> None:
        """Bring what dead servers left into the journal, and begin. Raises StoreUnavailable or OSError."""
        if self._folder is None:
            return
        # The home first: ``parents`` gives the mode to the last folder alone.
        for folder in (self._folder.parent, self._folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with disk.exclusive(self._folder / _START):
            self._bring(self._folder)
            name = uuid.uuid4().hex
            # What is filled, and what is on its way into the journal; they change places with each commit.
            self._filling = _Segment(self._folder / f"{name}-0{SUFFIX}")
            self._leaving = _Segment(self._folder / f"{name}-1{SUFFIX}")
        self._thread.start()

    def recover(self) -> None:
        """Bring what dead servers left into the journal, and nothing else. Raises StoreUnavailable or OSError."""
        if self._folder is not None and self._folder.exists():
            with disk.exclusive(self._folder / _START):
                self._bring(self._folder)

    async def put(self, exposures: Sequence[Exposure]) -> None:
        """Keep exposures, in the order given; the answers may go out when it returns.

        Raises:
            Problem: 503, so many wait for the journal that no more may.
            OSError: they could not be written.
        """
        if self._folder is None:
            await run_in_threadpool(self._journal.expose, exposures)
            return
        with self._writing:
            held = len(self._filling.items) + len(self._leaving.items) + len(exposures)
            if held > self._limit:
                raise _overfull()
            self._filling.append(exposures)
            many = len(self._filling.items) >= GROUP
        if many:
            self._many.set()
        if not self._some.is_set():
            self._some.set()

    @property
    def waiting(self) -> int:
        """Exposures that are not in the journal yet."""
        return len(self._filling.items) + len(self._leaving.items) if self._thread.is_alive() else 0

    def settle(self) -> None:
        """Bring everything that was put so far into the journal; blocks, and raises what the journal raises."""
        if self._folder is None or not (self._filling.items or self._leaving.items):
            return
        with self._committing:
            self._commit()  # what an earlier failure left
            with self._writing:
                self._filling, self._leaving = self._leaving, self._filling
            self._commit()

    def close(self) -> None:
        """Commit what is left and let go of the files; what cannot be committed stays there for the next start."""
        if not self._thread.is_alive():
            return
        self._closing.set()
        self._some.set()
        self._many.set()
        self._thread.join()
        self._attempt()
        for segment in (self._filling, self._leaving):
            segment.close()

    def _commit(self) -> None:
        items = self._leaving.items
        for first in range(0, len(items), COMMITTED):
            self._journal.expose(items[first : first + COMMITTED])
        if items:
            self._leaving.clear()

    def _commit_groups(self) -> None:
        while not self._closing.is_set():
            self._some.wait()
            self._many.wait(REST_S)
            self._some.clear()
            self._many.clear()
            if not self._attempt():
                self._some.set()
                self._closing.wait(RETRY_S)

    def _attempt(self) -> bool:
        try:
            self.settle()
        except Exception as error:  # noqa: BLE001 - the border of this thread: tried again, and counted
            self.failures += 1
            log.error("exposures wait: the journal failed with %s", told(error))  # noqa: TRY400 - one line
            return False
        return True

    def _bring(self, folder: Path) -> None:
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            self._replay(path)

    def _replay(self, path: Path) -> None:
        """Bring one file into the journal, unless a living server holds it."""
        descriptor = os.open(path, os.O_RDONLY)
        if not disk.try_lock(descriptor):
            os.close(descriptor)
            return
        with os.fdopen(descriptor, "rb") as file:
            found = list(self._read(file))
            for first in range(0, len(found), COMMITTED):
                self._journal.expose(found[first : first + COMMITTED])
            self.replayed += len(found)
            path.unlink()

    def _read(self, lines: Iterator[bytes]) -> Iterator[Exposure]:
        for line in lines:
            try:
                yield _decoder.decode(line).exposure()
            except (msgspec.DecodeError, UnicodeDecodeError):
                self.torn += 1


def _overfull() -> Problem:
    detail = "too many predictions wait for the server's store, which cannot be written; try again in a moment"
    return Problem(503, detail, headers={"Retry-After": "5"})
