"""What is known of a user beyond the window: since when, how many messages, and in what rhythm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

PAUSE_S = 1_800.0
"""Seconds of silence after which a user who never connected or disconnected begins a new session."""

_ENDED = -1.0

FADING = 2.0
"""A gap's weight in the rhythm falls by e as often as this while a window passes."""

_COLUMNS = ("messages", "open", "last", "since", "number", "total", "squares")


class Sessions:
    """Numbers of each place, one array a kind; a message costs O(1).

    The rhythm is an exponentially weighted mean and variance of the gaps between messages. A gap longer than the
    window is a pause and begins the rhythm anew.
    """

    def __init__(self, places: int, window_s: float) -> None:
        self._window_s = window_s
        self._rate = FADING / window_s
        self._arrays: dict[str, NDArray[Any]] = {
            name: np.zeros(places, np.int64 if name in _COLUMNS[:2] else np.float64) for name in _COLUMNS
        }
        views: dict[str, memoryview[Any]] = {name: array.data for name, array in self._arrays.items()}
        self.messages, self.open, self.last, self.since = (views[name] for name in _COLUMNS[:4])
        self._number, self._total, self._squares = (views[name] for name in _COLUMNS[4:])

    def begin(self, place: int, at: float) -> None:
        for array in self._arrays.values():
            array[place] = 0
        self.last[place] = self.since[place] = at

    def hear(self, place: int, at: float) -> int:
        """One message; how many there were of this place."""
        messages: int = self.messages[place] + 1
        self.messages[place] = messages
        gap = at - self.last[place]
        if self.since[place] == _ENDED:
            self.since[place] = at
        if 0.0 <= gap <= self._window_s:
            self.last[place] = at
            if messages > 1:
                fade = math.exp(-gap * self._rate)
                self._number[place] = self._number[place] * fade + 1.0
                self._total[place] = self._total[place] * fade + gap
                self._squares[place] = self._squares[place] * fade + gap * gap
        elif gap > 0.0 or gap < -self._window_s:
            self._pause(place, at, gap)
        return messages

    def _pause(self, place: int, at: float, gap: float) -> None:
        self.last[place] = at
        self._number[place] = self._total[place] = self._squares[place] = 0.0
        if gap < 0.0 or (gap > PAUSE_S and not self.open[place]):
            self.since[place] = at

    def hear_sorted(self, who: IntArray, at: FloatArray, starts: IntArray) -> tuple[IntArray, IntArray]:
        """Messages sorted by place and time, those of ``who`` from ``starts`` on; their numbers before and after."""
        arrays, counts = self._arrays, np.diff(starts, append=len(at))
        before: IntArray = arrays["messages"][who]
        first, known = at[starts], arrays["last"][who]
        # A time far ahead was left by a clock that was put back since.
        astray = known > first + self._window_s
        known = np.where(astray, first, known)
        last = np.maximum(known, at[starts + counts - 1])
        gaps = np.diff(at, prepend=0.0)
        # What came out of order in an earlier call has no gap.
        gaps[starts] = np.maximum(first - known, 0.0)
        pauses = gaps > self._window_s
        counted = ~pauses
        counted[starts] &= (before > 0) & (known <= first) & ~astray
        # Only what follows a place's last pause is of its rhythm.
        passed = np.cumsum(pauses)
        counted &= passed == np.repeat(passed[starts + counts - 1], counts)
        weight = np.where(counted, np.exp((at - np.repeat(last, counts)) * self._rate), 0.0)
        goes_on = ~(astray | (np.add.reduceat(pauses, starts) > 0))
        fade = np.where(goes_on, np.exp((known - last) * self._rate), 0.0)
        for name, value in (("number", weight), ("total", weight * gaps), ("squares", weight * gaps * gaps)):
            arrays[name][who] = arrays[name][who] * fade + np.add.reduceat(value, starts)
        begun = np.maximum.reduceat(np.where(gaps > PAUSE_S, at, -1.0), starts)
        self._begin_anew(who, first, np.where(arrays["open"][who] == 0, begun, -1.0), astray)
        arrays["messages"][who] = before + counts
        arrays["last"][who] = last
        return before, before + counts

    def _begin_anew(self, who: IntArray, first: FloatArray, begun: FloatArray, astray: NDArray[np.bool_]) -> None:
        """Sessions begin after the last long silence (``begun``, -1 for none), after their end, and on a new clock."""
        since = self._arrays["since"]
        anew = np.where(astray | (since[who] == _ENDED), first, since[who])
        since[who] = np.where(begun >= 0.0, begun, anew)

    def open_one(self, place: int, at: float) -> None:
        """A connection; the first begins a session."""
        if not self.open[place]:
            self.since[place] = at
        self.open[place] += 1

    def close_one(self, place: int) -> bool:
        """A connection ended; whether it was the last, and the session with it."""
        if not self.open[place]:
            return False
        self.open[place] -= 1
        if self.open[place]:
            return False
        self.since[place] = _ENDED
        return True

    def duration(self, place: int, at: float) -> float:
        """Seconds since the session began; 0 when it has ended."""
        since = float(self.since[place])
        return max(at - since, 0.0) if since != _ENDED else 0.0

    def regularity(self, place: int) -> float:
        """1 / (1 + coefficient of variation of the gaps); 0 when all came at once."""
        number, total, squares = self._number[place], self._total[place], self._squares[place]
        if total <= 0.0:
            return 0.0
        variance = max(squares / number - (total / number) ** 2, 0.0)
        return float(1.0 / (1.0 + math.sqrt(variance) * number / total))

    def older(self, than: float) -> set[int]:
        """Places last heard before a time; unused places among them."""
        return set(np.flatnonzero(self._arrays["last"] < than).tolist())

    def kept(self, places: IntArray) -> dict[str, NDArray[Any]]:
        return {name: array[places] for name, array in self._arrays.items()}

    def restore(self, places: IntArray, kept: Mapping[str, NDArray[Any]]) -> None:
        """What ``kept`` gave. Connections do not outlive the process that held them: none is open."""
        for name, array in self._arrays.items():
            array[places] = kept[name]
        self._arrays["open"][places] = 0
