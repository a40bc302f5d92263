"""Room in memory for the rows of a snapshot while they are learnt from; files stand behind the same port."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from samouk.loop.columns import Column

Dtypes = Mapping[str, np.dtype[Any]]


class MemoryRoom:
    """Arrays of full length, filled from the front.

    Keeping a million rows in parts and joining them at the end takes twice the time and, for a moment, twice the
    memory.
    """

    def __init__(self, dtypes: Dtypes, rows: int) -> None:
        self._whole = {name: np.empty(rows, dtype) for name, dtype in dtypes.items()}
        self._end = 0

    def add(self, part: Mapping[str, Column]) -> None:
        """Append rows."""
        length = len(next(iter(part.values()), ()))
        for name, whole in self._whole.items():
            whole[self._end : self._end + length] = part[name]
        self._end += length

    def arrays(self) -> dict[str, Column]:
        """All that was added, in order."""
        return {name: whole[: self._end] for name, whole in self._whole.items()}


class MemoryScratch:
    """The Scratch port in this process's own memory, without a bound."""

    def room(self, dtypes: Dtypes, rows: int) -> MemoryRoom:
        """Room for at most so many rows."""
        return MemoryRoom(dtypes, rows)


IN_MEMORY = MemoryScratch()
