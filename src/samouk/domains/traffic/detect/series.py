"""Tells, value by value, how unusual the newest value of one series is against the series' own past."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.detect.series_alarm import Habit, Quiet, Tail
from samouk.domains.traffic.detect.series_views import Level, Pattern, Rarity, Scale, Season, State, View
from samouk.families.packing import pack, unpack

WEIGHTS: Mapping[str, float] = {"season": 1.0, "level": 0.7, "ratio": 0.5, "rarity": 0.25, "pattern": 0.2}
"""How much each view's surprise counts for alarms."""

POWER = 3.0
"""Of the mean over views: between their sum (1: all must agree) and their largest (one is enough)."""

CLEAR = 6.0
"""Spreads from which a distance needs no excuse: what is rare but near loses ``NEAR`` nats for each e-fold below."""

NEAR = 2.0

HALF = 10.0
"""Nats at which an alarm is one half; it never reaches 1, so that no two alarms become equal."""

ALARM_FROM = 0.285
"""Alarms worth telling: the threshold that serves the 42 open series of the Numenta Anomaly Benchmark best."""

LARGEST = 1e100
"""Values beyond are taken as this, so that squares stay finite."""

FARTHEST = 30.0
"""Logarithm of the distance beyond which scores no longer differ: above it 1 would be reached in double precision."""

_KIND = "samouk.traffic.series/1"
_GROWING = frozenset({"peaks", "recent"})


class _Part(Protocol):
    def state(self) -> State: ...

    def restore(self, state: State) -> None: ...


class SeriesDetector:
    """A streaming detector of one series, strictly causal, in constant memory (about 60 kB).

    Attributes:
        score: of the last row, in [0, 1): how far its value is from what is usual, by level, time of day and pattern.
            A value one usual spread away scores about 1/8, five 0.6, thirty 0.9.
        alarm: of the last row, in [0, 1): how rare that is in the series' own past; 0 unless it is the rarest for a
            while, and less if as much happened before. Comparable between series: one threshold serves all.
        reason: the last row's largest distance in words; empty while nothing is known.
    """

    def __init__(self) -> None:
        self.score = self.alarm = 0.0
        self.reason = ""
        self._level, self._season, self._pattern = Level(), Season(), Pattern()
        self._scale, self._ratio, self._rarity = Scale(), Season(), Rarity()
        self._tails = {name: Tail() for name in WEIGHTS}
        self._quiet, self._habit = Quiet(), Habit()

    def update(self, at: float | None, value: float | None) -> float:
        """The score of one more row.

        Args:
            at: seconds of the local clock, in any order, with gaps; None where it is not known.
            value: None or not finite where it is missing, which scores 0 and teaches nothing.
        """
        if value is None or not math.isfinite(value):
            self.score, self.alarm, self.reason = 0.0, 0.0, ""
            return 0.0
        value = max(-LARGEST, min(LARGEST, float(value)))
        surprise = self._surprise(at if at is not None and math.isfinite(at) else None, value)
        told = self._habit.update(self._quiet.update(surprise))
        self.alarm = told / (told + HALF)
        self._weigh({self._level: 1.0, self._season: 1.0, self._pattern: 2.0})
        return self.score

    def _weigh(self, weights: Mapping[View, float]) -> None:
        """Score and reason: the geometric mean of the distances, of the views that know something.

        Level and season both judge the single value, so that the pattern counts as much as the two.
        """
        views = [view for view in weights if view.knows]
        farthest = max(views, key=lambda view: view.times, default=None)
        self.score, self.reason = 0.0, ""
        if farthest is not None and farthest.times > 0:
            typical = sum(weights[view] * math.log1p(view.times) for view in views) / sum(
                weights[view] for view in views
            )
            self.score = (1 - math.exp(-min(typical, FARTHEST))) ** 3
            self.reason = farthest.words()

    def _surprise(self, at: float | None, value: float) -> float:
        scaled = self._scale.update(value)
        distances = {
            "season": self._season.update(at, value),
            "level": self._level.update(value),
            "ratio": self._ratio.update(at, scaled),
            "rarity": self._rarity.update(scaled),
            "pattern": self._pattern.update(value),
        }
        powers = [WEIGHTS[name] * self._tails[name].update(far) ** POWER for name, far in distances.items()]
        far = max(distances["season"], distances["level"], distances["ratio"])
        near = math.log(CLEAR / max(far, 1e-3))
        return max(math.pow(sum(powers) / 2, 1 / POWER) - NEAR * max(near, 0.0), 0.0)

    def save(self) -> bytes:
        """The whole state, as numbers only; a detector that loads it goes on bit for bit."""
        arrays = {f"{name}/{key}": array for name, part in self._parts().items() for key, array in part.state().items()}
        return pack({"kind": _KIND, "score": self.score, "alarm": self.alarm, "reason": self.reason}, arrays)

    def load(self, data: bytes) -> None:
        """Take the place of the detector that was saved. Raises ValueError for bytes that are no such state."""
        facts, arrays = unpack(data, _KIND)
        fresh = SeriesDetector()
        try:
            for name, part in fresh._parts().items():
                part.restore(
                    {key: _fitting(arrays[f"{name}/{key}"], key, blank) for key, blank in part.state().items()}
                )
            fresh.score, fresh.alarm = float(facts["score"]), float(facts["alarm"])
            fresh.reason = str(facts["reason"])
        except (KeyError, ValueError, TypeError) as error:
            raise ValueError(f"the state of the series is damaged ({error}); start from a fresh detector") from None
        self.__dict__.update(fresh.__dict__)

    def _parts(self) -> dict[str, _Part]:
        own: dict[str, _Part] = {
            "level": self._level,
            "season": self._season,
            "pattern": self._pattern,
            "scale": self._scale,
            "ratio": self._ratio,
            "rarity": self._rarity,
            "quiet": self._quiet,
            "habit": self._habit,
        }
        return own | {f"tail-{name}": tail for name, tail in self._tails.items()}


def _fitting(array: NDArray[np.float64], key: str, blank: NDArray[np.float64]) -> NDArray[np.float64]:
    """The array, if it has the shape of a fresh detector's; lists that grow and shrink may differ in length."""
    shape = array.shape[1:] if key in _GROWING else array.shape
    if array.dtype != blank.dtype or shape != (blank.shape[1:] if key in _GROWING else blank.shape):
        raise ValueError(f"{key or 'numbers'} of shape {array.shape}")
    return array
