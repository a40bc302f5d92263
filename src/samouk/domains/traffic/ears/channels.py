"""How many channels a user is in, whether they are told all at once or one a message."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]

MOST = 1_000_000
"""Channels of one user that are counted when their number is told."""

MOST_NAMES = 256
"""Names that are looked at in one message; of more only the number counts."""

_BYTES = 32


class Channels:
    """Remembers the number told last, and marks the names of the last one to two windows in 256 bits a user.

    The larger of the two is the user's number. Two names may share a bit, so that marks never tell too many: 50 names
    are told as about 46, and never more than 256.
    """

    def __init__(self, places: int, window_s: float) -> None:
        self._window_s = window_s
        self._arrays: dict[str, NDArray[Any]] = {
            "channels": np.zeros(places),
            "pane": np.zeros(places, np.int64),
            "now": np.zeros((places, _BYTES), np.uint8),
            "before": np.zeros((places, _BYTES), np.uint8),
        }
        self._told: memoryview[Any] = self._arrays["channels"].data
        self._pane: memoryview[Any] = self._arrays["pane"].data
        self._now: memoryview[Any] = self._arrays["now"].reshape(-1).data
        self.all_told = 0.0

    def use(self, place: int, channels: Any, at: float) -> bool:
        """Whether that were channels: names, one name, or a number of them from 0 on."""
        if type(channels) is tuple and len(channels) == 1 and type(channels[0]) is str:  # as most messages tell it
            if self._told[place] != 1.0:
                self.tell(place, 1)
            self._mark(place, (crc32(channels[0].encode("utf-8", "surrogatepass")),), int(at / self._window_s) + 1)
            return True
        if isinstance(channels, int):
            if channels >= 0:
                self.tell(place, channels)
            return channels >= 0
        names = (channels,) if isinstance(channels, str) else channels
        if not isinstance(names, Collection):
            return False
        if len(names) > MOST_NAMES:
            self.tell(place, len(names))
            return True
        hashes = {crc32(name.encode("utf-8", "surrogatepass")) for name in names if isinstance(name, str)}
        if hashes:
            self.tell(place, len(hashes))
            self._mark(place, hashes, int(at / self._window_s) + 1)
        return bool(hashes)

    def tell(self, place: int, number: int) -> None:
        number = min(number, MOST)
        before = self._told[place]
        if number != before:
            self.all_told += number - before
            self._told[place] = number

    def number(self, place: int, at: float) -> float:
        """``at``: seconds since 1970. Names are told while their window lasts, and for one more."""
        age = int(at / self._window_s) + 1 - self._pane[place]
        panes = {0: ("now", "before"), 1: ("now",)}.get(age, ())
        marks = 0
        for pane in panes:
            marks |= int.from_bytes(self._arrays[pane][place].tobytes())
        return max(float(self._told[place]), float(marks.bit_count()))

    def clear(self, place: int) -> None:
        self.tell(place, 0)
        for array in self._arrays.values():
            array[place] = 0

    def kept(self, places: IntArray) -> dict[str, NDArray[Any]]:
        return {name: array[places] for name, array in self._arrays.items()}

    def restore(self, places: IntArray, kept: Mapping[str, NDArray[Any]]) -> None:
        for name, array in self._arrays.items():
            array[places] = kept[name]
        self.all_told = float(self._arrays["channels"].sum())

    def _mark(self, place: int, hashes: Iterable[int], pane: int) -> None:
        held = self._pane[place]
        if held != pane:
            now = self._arrays["now"]
            self._arrays["before"][place] = now[place] if held == pane - 1 else 0
            now[place] = 0
            self._pane[place] = pane
        start = place * _BYTES
        for short in hashes:
            self._now[start + (short >> 3) % _BYTES] |= 1 << (short & 7)
