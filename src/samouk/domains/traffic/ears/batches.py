"""Many messages at once: what of a batch is usable, and its sums by user and second."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samouk.domains.traffic.ears.windows import Groups
from samouk.domains.traffic.features import LARGEST
from samouk.edge.wire import WireError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

LATEST = 1e11
"""Seconds since 1970 above which a time is none, but milliseconds."""


class Batch:
    """Columns of equal length. ``channels`` and ``addresses`` are lists, empty where nobody tells any."""

    def __init__(
        self,
        users: Sequence[str],
        at: ArrayLike,
        size: ArrayLike,
        error: ArrayLike | None = None,
        limited: ArrayLike | None = None,
        channels: IntArray | Sequence[Collection[str] | int] | None = None,
        addresses: Sequence[str | None] | None = None,
    ) -> None:
        """Raises WireError when a column is not as long as ``users``."""
        self.users = users
        self.at = _column("at", at, len(users), np.float64)
        self.size = _column("message_size", size, len(users), np.float64)
        self.error = _column("error", error, len(users), np.bool_)
        self.limited = _column("rate_limited", limited, len(users), np.bool_)
        self.channels = _listed("channels", channels, len(users))
        self.addresses = _listed("ip_address", addresses, len(users))

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Message by message: user, size, channels, address, error, limited, time."""
        size, error, limited, at = (column.tolist() for column in (self.size, self.error, self.limited, self.at))
        used, hidden = self.channels or repeat(()), self.addresses or repeat(None)
        yield from zip(self.users, size, used, hidden, error, limited, at, strict=False)

    def timely(self) -> BoolArray:
        """(rows,) whether there is a time."""
        return (self.at >= 0.0) & (self.at < LATEST)

    def clean_sizes(self, rows: IntArray) -> tuple[int, int]:
        """Make every size a number from 0 to ``LARGEST``; how many of these rows were none, and how many too large."""
        none = ~(np.isfinite(self.size) & (self.size >= 0.0))
        large = ~none & (self.size > LARGEST)
        self.size = np.where(none, 0.0, np.minimum(self.size, LARGEST))
        return int(none[rows].sum()), int(large[rows].sum())


def by_place(places: IntArray, at: FloatArray) -> tuple[IntArray, IntArray]:
    """The order by place and time, and where in it the messages of each place begin."""
    # Messages mostly come in the order of time already, and then one stable sort does.
    order = np.argsort(places, kind="stable") if bool((np.diff(at) >= 0.0).all()) else np.lexsort((at, places))
    return order, np.flatnonzero(np.diff(places[order], prepend=-1))


def grouped(places: IntArray, slots: IntArray, size: FloatArray, error: BoolArray, limited: BoolArray) -> Groups:
    """Sums of messages that are sorted by place and slot."""
    starts = np.flatnonzero((np.diff(places, prepend=-1) != 0) | (np.diff(slots, prepend=-1) != 0))
    messages = np.diff(starts, append=len(places)).astype(np.float64)
    total = np.add.reduceat(size, starts)
    away = size - np.repeat(total / messages, messages.astype(np.int64))
    squares = np.add.reduceat(away * away, starts)
    errors, hits = (np.add.reduceat(flags.astype(np.float64), starts) for flags in (error, limited))
    return Groups(places[starts], slots[starts], messages, total, squares, errors, hits)


def _listed(name: str, values: Any, rows: int) -> list[Any]:
    found = [] if values is None else list(values.tolist() if isinstance(values, np.ndarray) else values)
    if values is not None and len(found) != rows:
        raise WireError(name, f"has {len(found)} values; give one value for each of the {rows} user ids")
    return found


def _column(name: str, values: ArrayLike | None, rows: int, dtype: type[np.generic]) -> NDArray[Any]:
    if values is None:
        return np.zeros(rows, dtype)
    column = np.asarray(values, dtype)
    if column.shape != (rows,):
        raise WireError(name, f"has the shape {column.shape}; give one value for each of the {rows} user ids")
    return column
