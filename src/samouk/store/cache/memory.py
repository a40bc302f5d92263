"""A cache within this process: so many entries and bytes, the one that was used longest ago goes first."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

ENTRIES = 10_000
SIZE = 64_000_000
"""Bytes of all values together."""

COUNTERS = 100_000


class MemoryCache:
    """Entries and counters whose time is told by a clock that nobody can set.

    Counters have room of their own, so that a flood of entries sets none of them back.

    Args:
        entries: that are kept, at most.
        size: bytes that are kept, at most; a larger value is not kept at all.
        now: seconds since any moment, never going back.
    """

    failures = 0

    def __init__(self, entries: int = ENTRIES, size: int = SIZE, *, now: Callable[[], float] = time.monotonic) -> None:
        self._entries = entries
        self._size = size
        self._now = now
        self._held: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self._bytes = 0
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._mutex = Lock()

    def get(self, key: str) -> bytes | None:
        with self._mutex:
            found = self._held.get(key)
            if found is None:
                return None
            value, until = found
            if self._now() >= until:
                self._remove(key)
                return None
            self._held.move_to_end(key)
            return value

    def put(self, key: str, value: bytes, seconds: float) -> None:
        with self._mutex:
            self._remove(key)
            if seconds <= 0 or len(value) > self._size:
                return
            self._held[key] = (bytes(value), self._now() + seconds)
            self._bytes += len(value)
            while len(self._held) > self._entries or self._bytes > self._size:
                self._remove(next(iter(self._held)))

    def drop(self, key: str) -> None:
        with self._mutex:
            self._remove(key)
            self._counts.pop(key, None)

    def count(self, key: str, seconds: float, by: int = 1) -> int:
        with self._mutex:
            now = self._now()
            counted, until = self._counts.pop(key, (0, now + seconds))
            if now >= until:
                counted, until = 0, now + seconds
            self._counts[key] = (counted + by, until)
            if len(self._counts) > COUNTERS:
                self._counts.popitem(last=False)
            return counted + by

    def close(self) -> None:
        """Nothing is held open."""

    def _remove(self, key: str) -> None:
        value, _ = self._held.pop(key, (b"", 0.0))
        self._bytes -= len(value)
