"""Where rows lie while they are learnt from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from samouk.loop.columns import Column


class Room(Protocol):
    """Columns that grow by rows until all are there."""

    def add(self, part: Mapping[str, Column]) -> None:
        """Append rows of every column. Raises StoreUnavailable when there is no room left."""

    def arrays(self) -> dict[str, Column]:
        """All rows, in order, perhaps read-only; they take their place with them when they go."""


class Scratch(Protocol):
    """Where the rows of a snapshot are while they are learnt from and judged by; nothing of it outlives the process."""

    def room(self, dtypes: Mapping[str, np.dtype[Any]], rows: int) -> Room:
        """Room for at most so many rows. Raises StoreUnavailable."""
