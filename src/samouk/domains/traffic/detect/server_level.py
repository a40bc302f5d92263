"""How unusual the whole server's minute is, all its metrics together: what no single series shows."""

from __future__ import annotations

import math
import threading
from collections import deque

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.detect import words
from samouk.domains.traffic.detect.machines import MachineDetector, MachineStream
from samouk.domains.traffic.detect.series_alarm import Habit, Quiet
from samouk.domains.traffic.features import FEATURES, Features, scaled
from samouk.families.packing import pack, unpack

METRICS = tuple(name for name in FEATURES if name not in ("connection_duration", "addresses"))
"""Of the whole server the other two are clocks: they grow until a restart or a new salt, and then jump."""

UNKNOWN_WITHOUT_MESSAGES = np.array(
    [name in ("avg_message_size", "error_rate", "size_spread", "regularity") for name in METRICS]
)
"""In a minute without messages these are not known, which is not 0."""

LEAST, MOST = 480, 2_880
"""Quiet minutes from which a normal is learnt, and how many of the last ones: two days. From half as many the tail is
drawn too short: two of twelve simulated servers of nothing but chance raised an alarm, and none from these."""

EARLY, EVERY = 60, 360
"""Minutes after which it is learnt anew: before a whole day is known each hour is the first of its kind."""

DAY = 1_440
FLOOR = 0.05
"""Smallest standard deviation of a metric: about 5 %, for those on a log scale."""

WEEK = math.log(7 * DAY)
"""Nats of what comes in one minute of a week, by the normal's own tail; from there on it counts as an alarm."""

PATIENCE = 360
"""Loud minutes in a row after which they teach: what lasts for hours is how things are now."""

AGO = 32
"""Minutes that are looked back on to tell which metrics it was: four halflives of the slower average."""

TOLD, SHARE = 3, 0.1
"""Metrics that are named at most, and the least share of the distance that one must have."""

_KIND = "samouk.traffic.server_level/1"
_KEEP = [FEATURES.index(name) for name in METRICS]

Row = NDArray[np.float64]


class ServerLevel:
    """A ``MachineDetector`` of the server's own minutes, learnt anew as they come. Safe to call from any thread.

    Attributes:
        known: quiet minutes that it may learn from.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: deque[Row] = deque(maxlen=MOST)
        self._last: deque[Row] = deque(maxlen=AGO)
        self._stream: MachineStream | None = None
        self._quiet, self._habit = Quiet(), Habit()
        self._loud = 0
        self._since = EVERY

    @property
    def known(self) -> int:
        return len(self._known)

    def update(self, features: Features) -> tuple[float, str]:
        """Nats >= 0 of the next minute and, where they are an alarm, what it is in words.

        0 before anything was learnt, and where as much came a while ago or comes often: see ``series_alarm``.
        """
        row = _row(features)
        with self._lock:
            self._since += 1
            self._last.append(row)
            rare = 0.0 if self._stream is None else float(self._stream.surprise(row[None])[0])
            self._loud = self._loud + 1 if rare >= WEEK else 0
            if rare < WEEK or self._loud > PATIENCE:
                self._known.append(row)
            nats = self._habit.update(self._quiet.update(rare))
            return nats, self._words(nats) if nats >= WEEK else ""

    def learn(self) -> None:
        """Learn the normal anew where it is time to. Takes some 0.1 s, and keeps nobody waiting."""
        with self._lock:
            every = EVERY if len(self._known) >= DAY else EARLY
            if len(self._known) < LEAST or self._since < every:
                return
            self._since = 0
            rows = np.array(self._known)
        stream = MachineDetector.fit(rows, floor=FLOOR).stream(follow=DAY)
        stream.surprise(rows)
        with self._lock:
            self._stream = stream

    def save(self) -> bytes:
        """All of it, as numbers only."""
        with self._lock:
            arrays = {"known": _table(self._known), "last": _table(self._last)}
            parts = {"quiet": self._quiet.state(), "habit": self._habit.state()}
            arrays |= {f"{name}/{key}": array for name, state in parts.items() for key, array in state.items()}
            if self._stream is not None:
                arrays |= {f"model/{name}": array for name, array in self._stream.detector.arrays().items()}
                arrays |= {"past": _given(self._stream.past), "level": _given(self._stream.level)}
            return pack({"kind": _KIND, "loud": self._loud, "since": self._since}, arrays)

    def load(self, data: bytes) -> None:
        """Go on bit for bit from what was saved. Raises ValueError for bytes that are no such state."""
        facts, arrays = unpack(data, _KIND)
        try:
            known, last = _rows(arrays["known"]), _rows(arrays["last"])
            loud, since = int(facts["loud"]), int(facts["since"])
            quiet, habit = Quiet(), Habit()
            quiet.restore({key: arrays[f"quiet/{key}"] for key in quiet.state()})
            habit.restore({key: arrays[f"habit/{key}"] for key in habit.state()})
            stream = _stream(arrays) if "past" in arrays else None
        except (KeyError, TypeError, IndexError, ValueError) as error:
            raise ValueError(f"the state of the server's level is damaged ({error}); it is learnt anew") from None
        with self._lock:
            self._known, self._last = deque(known, MOST), deque(last, AGO)
            self._loud, self._since = loud, since
            self._quiet, self._habit, self._stream = quiet, habit, stream

    def _words(self, nats: float) -> str:
        """``all numbers of the server together are as rare as one minute in 90,000: messages 62 %, burst 20 %``."""
        stream = self._stream
        if stream is None or stream.level is None:
            return ""
        shares = stream.detector.shares(np.array(self._last) - stream.level * stream.detector.scale)[-1]
        told = [
            f"{words.NOUNS[METRICS[place]]} {shares[place]:.0%}"
            for place in np.argsort(-shares)[:TOLD]
            if shares[place] >= SHARE
        ]
        often = f"{math.exp(nats):,.0f}" if nats < math.log(1e6) else "a million or more"
        return f"all numbers of the server together are as rare as one minute in {often}: {', '.join(told)}"


def _row(features: Features) -> Row:
    row = scaled(features)[_KEEP]
    return row if features.messages_per_minute > 0 else np.where(UNKNOWN_WITHOUT_MESSAGES, np.nan, row)


def _table(rows: deque[Row]) -> NDArray[np.float64]:
    return np.array(rows, np.float64).reshape(-1, len(METRICS))


def _rows(table: NDArray[np.float64]) -> list[Row]:
    if table.ndim != 2 or table.shape[1] != len(METRICS) or table.dtype != np.float64 or np.isinf(table).any():
        raise ValueError(f"minutes of shape {table.shape}")
    return list(table)


def _given(array: NDArray[np.float64] | None) -> NDArray[np.float64]:
    return np.empty(0) if array is None else array


def _stream(arrays: dict[str, NDArray[np.float64]]) -> MachineStream:
    model = {key.removeprefix("model/"): array for key, array in arrays.items() if key.startswith("model/")}
    stream = MachineDetector.of_arrays(model).stream(follow=DAY)
    past, level = arrays["past"], arrays["level"]
    wide = len(METRICS)
    if past.shape != (1 + len(stream.detector.halflives), wide) or level.shape != (wide,):
        raise ValueError(f"a past of shape {past.shape} and a level of shape {level.shape}")
    stream.past, stream.level = past, level
    return stream
