"""Rows of a snapshot in files without a name: more than fits into memory, and gone with whoever held them."""

from __future__ import annotations

import mmap
import os
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from samouk.loop.columns import Column
from samouk.loop.ports import Room
from samouk.loop.scratch import Dtypes, MemoryRoom
from samouk.store.blobs.local import explained, make_folder

_BUFFER = 1 << 20
"""Bytes of one column that are gathered before they are written: small writes at 50 places are slow."""


class FileRoom:
    """One file, a stretch a column, written as rows come and mapped read-only at the end.

    The file has no name from its first moment, so the system frees it with the last array that looks at it, and with
    the process even when that is killed: no samples stay behind, and nothing needs to be swept.
    """

    def __init__(self, folder: Path, dtypes: Dtypes, rows: int) -> None:
        make_folder(folder)
        self._folder = folder
        self._dtypes = dict(dtypes)
        self._starts: dict[str, int] = {}
        end = 0
        for name, dtype in self._dtypes.items():
            self._starts[name] = end
            end += -(-rows * dtype.itemsize // mmap.PAGESIZE) * mmap.PAGESIZE
        self._size = max(end, mmap.PAGESIZE)
        self._rows = 0
        self._places = dict(self._starts)
        self._waiting = {name: bytearray() for name in self._dtypes}
        with explained(folder):
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - lives as long as the room
            self._file.truncate(self._size)
        weakref.finalize(self, self._file.close)

    def add(self, part: Mapping[str, Column]) -> None:
        """Append rows. Raises StoreUnavailable when the disk is full."""
        self._rows += len(next(iter(part.values()), ()))
        for name, dtype in self._dtypes.items():
            waiting = self._waiting[name]
            waiting += part[name].astype(dtype, copy=False).tobytes()
            if len(waiting) >= _BUFFER:
                self._write(name)

    def _write(self, name: str) -> None:
        waiting = self._waiting[name]
        with explained(self._folder):
            done = 0
            while done < len(waiting):
                done += os.pwrite(self._file.fileno(), memoryview(waiting)[done:], self._places[name] + done)
        self._places[name] += len(waiting)
        self._waiting[name] = bytearray()

    def arrays(self) -> dict[str, Column]:
        """All that was added, in order, as read-only arrays of which memory holds what is being looked at."""
        for name in self._dtypes:
            self._write(name)
        with explained(self._folder):
            held = mmap.mmap(self._file.fileno(), self._size, mmap.MAP_SHARED, mmap.PROT_READ)
        self._file.close()
        return {
            name: np.frombuffer(held, dtype, self._rows, self._starts[name]) for name, dtype in self._dtypes.items()
        }


class FileScratch:
    """The Scratch port: rows of more than ``memory`` bytes lie in files below ``folder``, others in memory."""

    def __init__(self, folder: Path, memory: int) -> None:
        self._folder = folder
        self._memory = memory

    def room(self, dtypes: Dtypes, rows: int) -> Room:
        """Room for at most so many rows. Raises StoreUnavailable."""
        if rows * sum(dtype.itemsize for dtype in dtypes.values()) <= self._memory:
            return MemoryRoom(dtypes, rows)
        return FileRoom(self._folder, dtypes, rows)
