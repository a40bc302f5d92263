"""Many requests, one commit: what arrives while a commit runs goes into the next one together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from samouk.server.problems import Busy

T = TypeVar("T")
R = TypeVar("R")

REST_S = 0.008
"""Rest between two commits: senders that were just answered have their next batch ready by then."""


@dataclass(slots=True)
class _Group(Generic[T, R]):
    """Items that are committed together; ``done`` holds what became of each, or the one error of all."""

    done: asyncio.Future[list[R]]
    items: list[T] = field(default_factory=list)


class GroupCommit(Generic[T, R]):
    """Hands batches to the log in groups, or outcomes to the journal, one commit at a time, on a thread of its own.

    A disk takes some milliseconds to promise that a commit will survive a crash, for one batch or for
    sixty. The first one is committed at once; its commit, and a short rest after it, is the time in
    which the next group gathers. Belongs to one event loop.

    Args:
        append: commits items, and says of each what became of it.
    """

    def __init__(self, append: Callable[[Sequence[T]], list[R]], *, group: int = 64, waiting: int = 128) -> None:
        self._append = append
        self._group = group
        self._limit = waiting
        self._waiting = 0
        self._groups: deque[_Group[T, R]] = deque()
        self._running = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commit")

    @property
    def waiting(self) -> int:
        """Items that are not committed yet."""
        return self._waiting

    async def store(self, item: T) -> R:
        """What became of the item; returns after the commit. Raises Busy, or the log's error for the whole group."""
        if self._waiting >= self._limit:
            raise Busy
        group = self._open_group()
        place = len(group.items)
        group.items.append(item)
        self._start()
        self._waiting += 1
        try:
            # Shielded: a sender that hangs up takes itself away, not the group.
            return (await asyncio.shield(group.done))[place]
        finally:
            self._waiting -= 1

    def _open_group(self) -> _Group[T, R]:
        if not self._groups or len(self._groups[-1].items) >= self._group:
            self._groups.append(_Group(asyncio.get_running_loop().create_future()))
        return self._groups[-1]

    def _start(self) -> None:
        if self._running or not self._groups:
            return
        group = self._groups.popleft()
        self._running = True
        commit = asyncio.get_running_loop().run_in_executor(self._thread, self._append, group.items)
        commit.add_done_callback(lambda finished: self._finish(group, finished))

    def _finish(self, group: _Group[T, R], commit: asyncio.Future[list[R]]) -> None:
        error = commit.exception()
        if error is None:
            group.done.set_result(commit.result())
        else:
            group.done.set_exception(error)
            group.done.exception()  # seen, even when every sender has hung up
        # On a quick disk commits would follow each other with a batch or two in each, at the cost of a commit for each.
        asyncio.get_running_loop().call_later(REST_S, self._rested)

    def _rested(self) -> None:
        self._running = False
        self._start()

    def close(self) -> None:
        """Let the running commit end; call when no request is left."""
        self._thread.shutdown(wait=True)
