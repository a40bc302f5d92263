"""Sliding windows of many users in one table: a handful of counters a second, whatever the number of messages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SLOTS = 60
"""Slots that a window is cut into: a second each for the window of a minute."""

BURSTS = 12
"""Bursts that a window has room for: five seconds of a minute each."""

_MESSAGES, _BYTES, _SQUARES, _ERRORS, _LIMITED, _WIDTH = range(6)
_EVER = 2**32


class Groups(NamedTuple):
    """Messages summed up by row and slot; all arrays (n_groups,). No (row, slot) stands twice.

    Attributes:
        squares: sum of squared distances of the sizes from the mean of their group.
    """

    rows: IntArray
    slots: IntArray
    messages: FloatArray
    total: FloatArray
    squares: FloatArray
    errors: FloatArray
    limited: FloatArray


class Window(NamedTuple):
    """What the slots of one row add up to. ``fullest``: messages in the fullest 1 / ``BURSTS`` of it."""

    messages: float
    mean: float
    spread: float
    errors: float
    limited: float
    fullest: float


class Windows:
    """A ring of slots for each row. An event costs O(1); a slot is emptied when its place is needed again.

    A window is made of whole slots. Each slot is stamped with its number; slots that were left by a clock that has
    jumped are of no window and do no harm. Numbers are single precision: counts are exact to 16.7 million a slot and
    stay there, means and spreads to 6 digits, as squares are taken from the mean (Welford 1962; Chan, Golub & LeVeque
    1983 for sums of groups).

    Memory is reserved for all rows, and used by the system only for rows that have been written.
    """

    def __init__(self, rows: int, slots: int = SLOTS) -> None:
        self.slots = slots
        self._ring = slots + 1
        self._burst = max(round(slots / BURSTS), 1)
        self._table = np.zeros((rows * self._ring, _WIDTH), np.float32)
        self._stamped = np.zeros(rows * self._ring, np.uint32)
        self._numbers: memoryview[Any] = self._table.reshape(-1).data
        self._stamps: memoryview[Any] = self._stamped.data

    def add(self, row: int, slot: int, size: float, error: bool, limited: bool) -> None:
        """One message of ``size`` bytes in slot number ``slot`` (>= 0)."""
        numbers = self._numbers
        slot_place = row * self._ring + slot % self._ring
        place = slot_place * _WIDTH
        stamp = (slot + 1) % _EVER
        if self._stamps[slot_place] != stamp:
            self._stamps[slot_place] = stamp
            numbers[place + _MESSAGES] = 1.0
            numbers[place + _BYTES] = size
            numbers[place + _SQUARES] = 0.0
            numbers[place + _ERRORS] = 1.0 if error else 0.0
            numbers[place + _LIMITED] = 1.0 if limited else 0.0
            return
        messages, total = numbers[place + _MESSAGES], numbers[place + _BYTES]
        away = size - total / messages
        numbers[place + _MESSAGES] = messages + 1.0
        numbers[place + _BYTES] = total + size
        if away:
            numbers[place + _SQUARES] += away * away * (messages / (messages + 1.0))
        if error:
            numbers[place + _ERRORS] += 1.0
        if limited:
            numbers[place + _LIMITED] += 1.0

    def add_groups(self, groups: Groups) -> None:
        """Many messages at once. Slots of one row lie within ``slots`` of each other."""
        place = groups.rows * self._ring + groups.slots % self._ring
        stamp = ((groups.slots + 1) % _EVER).astype(np.uint32)
        held = self._table[place].astype(np.float64)
        held[self._stamped[place] != stamp] = 0.0
        before, after = held[:, _MESSAGES], held[:, _MESSAGES] + groups.messages
        means = held[:, _BYTES] / np.maximum(before, 1.0)
        away = groups.total / groups.messages - means
        held[:, _SQUARES] += groups.squares + away * away * (before * groups.messages / after)
        held[:, _MESSAGES] = after
        held[:, _BYTES] += groups.total
        held[:, _ERRORS] += groups.errors
        held[:, _LIMITED] += groups.limited
        self._table[place] = held
        self._stamped[place] = stamp

    def window(self, row: int, newest: int, oldest: int) -> Window:
        """The sums of the slots from number ``oldest`` to ``newest``, both counted."""
        block = slice(row * self._ring, (row + 1) * self._ring)
        # A row that was never written is stamped 0, which is slot -1 and in no window that begins at 0 or later.
        age = np.uint32((newest + 1) % _EVER) - self._stamped[block]
        live = (age <= newest - oldest).nonzero()[0]
        if not len(live):
            return Window(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        # From here on plain floats: for a few dozen slots they take a third of the time of arrays.
        messages, total, squares, errors, limited = zip(*self._table[block].take(live, axis=0).tolist(), strict=True)
        number = sum(messages)
        mean = sum(total) / number
        apart = sum([one * (size / one - mean) ** 2 for one, size in zip(messages, total, strict=True)])
        spread = math.sqrt((sum(squares) + apart) / number)
        fullest = _fullest(age.take(live).tolist(), messages, self._burst)
        return Window(number, mean, spread, sum(errors), sum(limited), fullest)

    def clear(self, row: int) -> None:
        block = slice(row * self._ring, (row + 1) * self._ring)
        self._table[block] = 0.0
        self._stamped[block] = 0

    def kept(self, start: int, stop: int, newest: int) -> tuple[IntArray, NDArray[np.float32], NDArray[np.uint32]]:
        """Places, numbers and stamps of all slots of some rows that a window up to slot ``newest`` can hold."""
        stamped = self._stamped[start * self._ring : stop * self._ring]
        age = np.uint32((newest + 1) % _EVER) - stamped
        # Stamp 0 is an empty slot's.
        places = np.flatnonzero((age <= self.slots) & (stamped > 0)) + start * self._ring
        return places, self._table[places], self._stamped[places]

    def restore(self, places: IntArray, numbers: NDArray[np.float32], stamps: NDArray[np.uint32]) -> None:
        """What ``kept`` gave, into a fresh table."""
        self._table[places] = numbers
        self._stamped[places] = stamps


def _fullest(ages: list[int], messages: Sequence[float], width: int) -> float:
    """Messages in the fullest ``width`` slots in a row."""
    slots = sorted(zip(ages, messages, strict=True))
    fullest = held = 0.0
    last = 0
    for age, number in slots:
        held += number
        while age - slots[last][0] >= width:
            held -= slots[last][1]
            last += 1
        if held > fullest:
            fullest = held
    return fullest
