"""Change detectors for streams in [0, 1]: ADWIN and HDDM-A, with states that go on exactly where they stopped."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

BLOCK = 16
"""Values between two looks of ADWIN, and in its smallest bucket: nothing is cut apart within a block."""

BUCKETS = 5
"""Buckets of one size that ADWIN keeps before the two oldest become one; M of the paper."""

SMALLEST_SIDE = 5
"""Values that ADWIN's bound does not count on either side, so that a handful proves nothing."""

CHUNK = 4_096
"""Values that HDDM-A looks at in one go."""

Stream = Sequence[float] | NDArray[Any]


class Detector(Protocol):
    """What tells that the mean of a stream has changed."""

    def update(self, values: Stream) -> int | None:
        """Take values in [0, 1] in their order; the index of the first at which a change was seen, or None.

        All values are taken, also those after a change. Cutting a stream into other calls changes nothing.
        """

    def state(self) -> dict[str, Any]:
        """Plain JSON, from which ``load`` makes a detector that goes on exactly as this one would."""


@dataclass(slots=True)
class Adwin:
    """The adaptive window: its older part is dropped once two parts differ by more than chance allows.

    ADWIN2 of Bifet & Gavaldà (SDM 2007), which keeps the window as an exponential histogram: O(log n)
    memory, and O(log n) time a block of ``BLOCK`` values.

    Attributes:
        delta: chance of a false alarm in the paper's bound; in practice alarms are much rarer.
        buckets: (values, their sum, their sum of squares), oldest and largest first.
        pending: values of the block that is not full yet.
    """

    delta: float = 0.002
    buckets: list[tuple[int, float, float]] = field(default_factory=list)
    pending: list[float] = field(default_factory=list)

    def update(self, values: Stream) -> int | None:
        held = len(self.pending)
        stream = np.concatenate([self.pending, values])
        full = len(stream) // BLOCK
        # A block's sums are always taken over the whole block, so that no cut of the stream changes a bit of them.
        blocks = stream[: full * BLOCK].reshape(full, BLOCK)
        sums, squares = blocks.sum(axis=1).tolist(), (blocks * blocks).sum(axis=1).tolist()
        first = None
        for place, (total, square) in enumerate(zip(sums, squares, strict=True), 1):
            if self._take(total, square) and first is None:
                first = place * BLOCK - 1 - held
        self.pending = stream[full * BLOCK :].tolist()
        return first

    def state(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> Adwin:
        buckets = [(int(size), float(total), float(square)) for size, total, square in state["buckets"]]
        return cls(float(state["delta"]), buckets, list(state["pending"]))

    @property
    def width(self) -> int:
        """Values in the window."""
        return sum(size for size, _, _ in self.buckets) + len(self.pending)

    @property
    def mean(self) -> float:
        """Of the window; NaN while it is empty."""
        total = sum(total for _, total, _ in self.buckets) + sum(self.pending)
        return total / self.width if self.width else math.nan

    def _take(self, total: float, square: float) -> bool:
        self.buckets.append((BLOCK, total, square))
        self._merge()
        changed = False
        while self._differs():
            del self.buckets[0]
            changed = True
        return changed

    def _merge(self) -> None:
        buckets, size, end = self.buckets, BLOCK, len(self.buckets)
        while True:
            start = end
            while start and buckets[start - 1][0] == size:
                start -= 1
            if end - start <= BUCKETS:
                return
            (_, one, one_square), (_, two, two_square) = buckets[start : start + 2]
            size *= 2
            buckets[start : start + 2] = [(size, one + two, one_square + two_square)]
            end = start + 1

    def _differs(self) -> bool:
        """Whether the window falls anywhere into two parts whose means differ beyond the bound of the paper."""
        sizes, sums, squares = zip(*self.buckets, strict=True)
        width, total = sum(sizes), sum(sums)
        mean = total / width
        variance = max(sum(squares) / width - mean * mean, 0.0)
        proof = math.log(2 * math.log(width) / self.delta)
        likely = 2 * variance * proof * width
        size, part = 0, 0.0
        for bucket, value in zip(sizes[:-1], sums[:-1], strict=True):
            size, part = size + bucket, part + value
            apart = part * width - total * size  # the difference of the means, times size and rest
            # The bound without its slack, which only makes it larger, spares most places the full one.
            if apart * apart > likely * size * (width - size) and _beyond(apart, size, width - size, variance, proof):
                return True
        return False


def _beyond(apart: float, size: int, rest: int, variance: float, proof: float) -> bool:
    """Equation 3.1 of the paper, each side without the few values that prove nothing."""
    own = SMALLEST_SIDE - 1
    inverse = 1 / (size - own) + 1 / (rest - own)
    return abs(apart) / (size * rest) > math.sqrt(2 * variance * proof * inverse) + 2 / 3 * proof * inverse


@dataclass(slots=True)
class HddmA:
    """Hoeffding's bound on the mean since the best and the worst point so far; starts anew after a change.

    HDDM with the A-test, two-sided, of Frías-Blanco et al. (IEEE TKDE 27(3), 2015). Holds for any values in
    [0, 1], binary or not.

    Attributes:
        delta: chance of a false alarm at one value, at most, for each direction.
        count, total: of the values since the last change.
        low, high: (values, their sum) up to the point where the mean was lowest, and highest, for sure.
    """

    delta: float = 0.001
    count: int = 0
    total: float = 0.0
    low: tuple[int, float] | None = None
    high: tuple[int, float] | None = None

    def update(self, values: Stream) -> int | None:
        stream = np.asarray(values, np.float64)
        first, start = None, 0
        while start < len(stream):
            change = self._take(stream[start : start + CHUNK])
            if change is None:
                start += CHUNK
                continue
            first = start + change if first is None else first
            start += change + 1
        return first

    def state(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> HddmA:
        low, high = (None if state[side] is None else (int(state[side][0]), float(state[side][1])) for side in _SIDES)
        return cls(float(state["delta"]), int(state["count"]), float(state["total"]), low, high)

    def _take(self, values: NDArray[np.float64]) -> int | None:
        """Look at all values at once; after a change nothing is known, and the rest is left to the caller."""
        counts = self.count + np.arange(1, len(values) + 1)
        # Summed one after the other from the sum so far: the same bits however the stream is cut.
        totals = np.cumsum(np.concatenate([[self.total], values]))[1:]
        bound = np.sqrt(math.log(1 / self.delta) / (2 * counts))
        low = _extremes(self.low, counts, totals, totals / counts + bound, self._edge(self.low, 1), -1)
        high = _extremes(self.high, counts, totals, totals / counts - bound, self._edge(self.high, -1), 1)
        changed = self._beyond(counts, totals, *low, 1) | self._beyond(counts, totals, *high, -1)
        if changed.any():
            place = int(changed.argmax())
            self.count, self.total, self.low, self.high = 0, 0.0, None, None
            return place
        self.count, self.total = int(counts[-1]), float(totals[-1])
        self.low, self.high = (int(low[0][-1]), float(low[1][-1])), (int(high[0][-1]), float(high[1][-1]))
        return None

    def _edge(self, point: tuple[int, float] | None, sign: int) -> float:
        """The bound of the mean at a remembered point; what any first value betters when there is none."""
        if point is None:
            return sign * math.inf
        return point[1] / point[0] + sign * math.sqrt(math.log(1 / self.delta) / (2 * point[0]))

    def _beyond(
        self, counts: NDArray[Any], totals: NDArray[Any], at: NDArray[Any], until: NDArray[Any], sign: int
    ) -> NDArray[np.bool_]:
        """Where the mean has risen (sign 1) or fallen (-1) since the point by more than chance allows."""
        inverse = (counts - at) / (at * counts)
        allowed = np.sqrt(inverse / 2 * math.log(2 / self.delta))
        beyond: NDArray[np.bool_] = (counts > at) & (sign * (totals / counts - until / at) >= allowed)
        return beyond


_SIDES = ("low", "high")


def _extremes(
    point: tuple[int, float] | None,
    counts: NDArray[Any],
    totals: NDArray[Any],
    edges: NDArray[Any],
    edge: float,
    sign: int,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """For each value, the newest point up to it whose edge is the least (sign -1) or the greatest (1)."""
    best = np.maximum.accumulate(np.concatenate([[sign * edge], sign * edges]))
    new = sign * edges >= best[:-1]
    places = np.maximum.accumulate(np.where(new, np.arange(len(edges)), -1))
    before_count, before_total = point or (1, 0.0)
    known = places >= 0
    return np.where(known, counts[places], before_count), np.where(known, totals[places], before_total)
