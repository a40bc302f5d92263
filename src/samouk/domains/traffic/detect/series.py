"""Tells, value by value, how unusual the newest value of one series is against the series' own past."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

from samouk.domains.traffic.detect.series_alarm import Habit, Quiet, Tail
from samouk.domains.traffic.detect.series_views import Level, Pattern, Rarity, Scale, Season, State, View
from samouk.families.packing import pack, unpack

WEIGHTS: Mapping[str, float] = {"season": 1.0, "level": 0.7, "ratio": 0.5, "rarity": 0.25, "pattern": 0.2}
"""How much each view's surprise counts for alarms."""

POWER = 2.5
"""Of the mean over views: between their sum (1: all must agree) and their largest (one is enough)."""

HALF = 10.0
"""Nats at which an alarm is one half; it never reaches 1, so that no two alarms become equal."""

LARGEST = 1e100
"""Values beyond are taken as this, so that squares stay finite."""

_KIND = "samouk.traffic.series/1"


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
        views: tuple[View, ...] = (self._level, self._season, self._pattern)
        typical = math.exp(sum(math.log1p(view.times) for view in views) / len(views))
        self.score = (1 - 1 / typical) ** 3
        farthest = max(views, key=lambda view: view.times)
        self.reason = farthest.words() if farthest.times > 0 else ""
        return self.score

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
        return math.pow(sum(powers) / 2, 1 / POWER)

    def save(self) -> bytes:
        """The whole state, as numbers only; a detector that loads it goes on bit for bit."""
        arrays = {f"{name}/{key}": array for name, part in self._parts().items() for key, array in part.state().items()}
        return pack({"kind": _KIND, "score": self.score, "alarm": self.alarm, "reason": self.reason}, arrays)

    def load(self, data: bytes) -> None:
        """Take the place of the detector that was saved. Raises ValueError for bytes that are no such state."""
        facts, arrays = unpack(data, _KIND)
        states: dict[str, State] = {}
        for name, array in arrays.items():
            part, _, key = name.partition("/")
            states.setdefault(part, {})[key] = array
        fresh = SeriesDetector()
        try:
            for name, owner in fresh._parts().items():
                owner.restore(states[name])
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
