"""Looks at connections that ended, and finds visitors whose connections come in floods.

Beside the counts of messages: a connection that is opened and closed without a message is seen by nobody else.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.detect.detector import AnomalyDetector
from samouk.domains.traffic.detect.floods import FloodDetector, Kind
from samouk.domains.traffic.records import Standing
from samouk.loop.ports import NotFound

COLUMNS = (
    "duration",
    "messages",
    "bytes",
    "share of errors",
    "haste",
    "connections within two seconds",
    "errors among them",
    "share to one path",
)
"""Of a row: logarithms of counts, seconds and bytes, shares times four; ``haste`` is the gap since the visitor's last
connection, negated, since only large numbers count."""

FLOOD = "connection_flood"
NEAR_S = 2.0
"""Connections of a visitor within so long are counted together, as in the tables of floods (Stolfo et al., 2000)."""

NEAR_MOST = 128
"""Of those, how many are remembered."""

QUEUE = 2_000
"""Connections that wait for a tick; more are skipped and counted, a flood must not make the watch work without end."""

LEAST, MOST = 500, 5_000
"""Quiet connections from which a normal is learnt, and how many are kept."""

EVERY_S = 3_600.0
MEMORY = 50_000
"""Quiet connections after which one has been forgotten with a chance of two thirds: of days, not of years."""

FREQUENT = 20
"""Kept connections of a kind and path below which the path is not told apart: names in paths stay nobody's."""

OTHER = "other"
ODD = 6.0
"""Nats from which a connection is odd: one of 400."""

CALL, WITHIN_S = 40, 60.0
"""Odd connections of one visitor within a minute that make an alarm. On simulated servers of 40 and 200 users these
raised no false alarm, half as many up to 1.5 an hour: people's connections come in bursts."""

VISITORS = 10_000
FLOODS, FLOOD_ROWS = 20, 200
"""Alerts of which the connections are kept until an operator says what they were, and how many of each."""

TOLD = 3
"""Numbers that are named in an alert."""

LATEST_GAP_S = 3_600.0


class Ended(NamedTuple):
    """A connection, or a request and its answer, that ended at ``at`` (seconds since 1970).

    Attributes:
        kind: ``http`` or ``websocket``.
        segment: the first of its path.
        size: bytes, where known in both directions.
        errors: messages or requests that failed.
    """

    user_id: str
    kind: str
    segment: str
    at: float
    duration_s: float
    messages: int
    size: float
    errors: int


class _Row(NamedTuple):
    values: NDArray[np.float64]
    kind: str
    segment: str


class _Visitor:
    """The last connections of one visitor, and the times and nats of the odd ones."""

    __slots__ = ("last_at", "near", "odd")

    def __init__(self) -> None:
        self.last_at = -math.inf
        self.near: deque[tuple[float, bool, str]] = deque(maxlen=NEAR_MOST)
        self.odd: deque[tuple[float, float, _Row]] = deque(maxlen=FLOOD_ROWS)


class ConnectionWatch:
    """``ended`` may be called from any thread, ``tick`` from the guard's. What is learnt lives in memory only.

    Args:
        detector: whose book, budget and log take the alarms.

    Attributes:
        counts: ended, skipped, odd, learnt.
    """

    def __init__(self, detector: AnomalyDetector, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.counts: Counter[str] = Counter()
        self._detector = detector
        self._lock = threading.Lock()
        self._queue: deque[Ended] = deque()
        self._visitors: OrderedDict[str, _Visitor] = OrderedDict()
        self._quiet: list[_Row] = []
        self._seen = 0
        self._model: FloodDetector | None = None
        self._contexts: frozenset[str] = frozenset()
        self._floods: OrderedDict[str, list[_Row]] = OrderedDict()
        self._learn_at = -math.inf
        self._random = random.Random()  # noqa: S311 - which quiet connections are kept is nobody's secret

    def ended(
        self, user_id: str, kind: str, segment: str, *, duration_s: float, messages: int, size: float, errors: int
    ) -> None:
        """A connection ended now, see ``Ended``. O(1); never raises."""
        if len(self._queue) < QUEUE:
            self._queue.append(Ended(user_id, kind, segment, self._clock(), duration_s, messages, size, errors))
        else:
            self.counts["skipped"] += 1

    def tick(self, at: float) -> None:
        """Look at what ended since the last tick, alert of visitors who flood, and learn where it is time to."""
        with self._lock:
            for user_id in self._look():
                self._alert(user_id)
            self._learn(at)

    def forget(self, user_id: str) -> None:
        """Remove what is known of a visitor; kept connections name nobody."""
        with self._lock:
            self._visitors.pop(user_id, None)
            for _ in range(len(self._queue)):
                waiting = self._queue.popleft()
                if waiting.user_id != user_id:
                    self._queue.append(waiting)

    def _look(self) -> dict[str, None]:
        """Users who flood."""
        ended = [self._queue.popleft() for _ in range(len(self._queue))]
        self.counts["ended"] += len(ended)
        rows = [self._row(connection) for connection in ended]
        nats = np.zeros(len(rows))
        if self._model is not None and rows:
            nats = self._model.surprise(_table(rows), [self._context(row) for row in rows])
        floods: dict[str, None] = {}
        for connection, row, rare in zip(ended, rows, nats.tolist(), strict=True):
            if rare < ODD:
                self._keep(row)
            elif self._odd(connection, row, rare):
                floods[connection.user_id] = None
        return floods

    def _alert(self, user_id: str) -> None:
        odd = self._visitors[user_id].odd
        nats = float(np.median([rare for _, rare, _ in odd]))
        rows = [row for *_, row in odd]
        alert = self._detector.report(user_id, FLOOD, nats / (nats + ODD), (self._words(rows),), odd[-1][0])
        if alert is not None:
            self._floods[alert.alert_id] = rows
            while len(self._floods) > FLOODS:
                self._floods.popitem(last=False)

    def _words(self, rows: list[_Row]) -> str:
        """``52 connections within a minute that are rare here: by haste 61%, connections within two seconds 22%``."""
        if self._model is None:
            return ""
        nats = self._model.columns(_table(rows), [self._context(row) for row in rows]).sum(axis=0)
        shares = nats / max(float(nats.sum()), 1e-9)
        told = [f"{COLUMNS[place]} {shares[place]:.0%}" for place in np.argsort(-shares)[:TOLD]]
        return f"{len(rows)} connections within a minute that are rare on this server: by {', '.join(told)}"

    def _learn(self, at: float) -> None:
        if len(self._quiet) < LEAST or 0 <= at - self._learn_at < EVERY_S:
            return
        self._learn_at = at
        frequent = Counter(f"{row.kind}/{row.segment}" for row in self._quiet)
        self._contexts = frozenset(name for name, count in frequent.items() if count >= FREQUENT)
        rows = self._random.sample(self._quiet, len(self._quiet))
        confirmed = [row for alert_id, flood in self._floods.items() if self._confirmed(alert_id) for row in flood]
        known = {FLOOD: Kind(_table(confirmed), [self._context(row) for row in confirmed])} if confirmed else None
        self._model = FloodDetector.fit(_table(rows), [self._context(row) for row in rows], known)
        self.counts["learnt"] += 1

    def _confirmed(self, alert_id: str) -> bool:
        with self._detector.lock:
            try:
                return self._detector.book.get(alert_id).standing is Standing.CONFIRMED
            except NotFound:
                return False

    def _row(self, one: Ended) -> _Row:
        visitor = self._visitors.get(one.user_id)
        if visitor is None:
            visitor = self._visitors[one.user_id] = _Visitor()
            if len(self._visitors) > VISITORS:
                self._visitors.popitem(last=False)
        self._visitors.move_to_end(one.user_id)
        near = visitor.near
        while near and near[0][0] < one.at - NEAR_S:
            near.popleft()
        near.append((one.at, one.errors > 0, one.segment))
        gap = min(max(one.at - visitor.last_at, 0.0), LATEST_GAP_S)
        visitor.last_at = one.at
        values = np.array(
            [
                math.log1p(max(one.duration_s, 0.0)),
                math.log1p(one.messages),
                math.log1p(one.size),
                4.0 * one.errors / max(one.messages, 1),
                -math.log(gap + 0.01),
                math.log1p(len(near)),
                4.0 * sum(failed for _, failed, _ in near) / len(near),
                4.0 * (1 - 1 / len(near)) * sum(segment == one.segment for *_, segment in near) / len(near),
            ]
        )
        return _Row(values, one.kind, one.segment)

    def _context(self, row: _Row) -> str:
        name = f"{row.kind}/{row.segment}"
        return name if name in self._contexts else f"{row.kind}/{OTHER}"

    def _keep(self, row: _Row) -> None:
        """A random share of the last ``MEMORY`` or so (Vitter, 1985)."""
        self._seen = min(self._seen + 1, MEMORY)
        if len(self._quiet) < MOST:
            self._quiet.append(row)
        elif self._random.random() < MOST / self._seen:
            self._quiet[self._random.randrange(MOST)] = row

    def _odd(self, one: Ended, row: _Row, rare: float) -> bool:
        """Note an odd connection; whether it is one of a flood."""
        self.counts["odd"] += 1
        visitor = self._visitors.get(one.user_id)
        if visitor is None:  # many others came since, in this very tick
            return False
        odd = visitor.odd
        while odd and odd[0][0] < one.at - WITHIN_S:
            odd.popleft()
        odd.append((one.at, rare, row))
        return len(odd) >= CALL


def _table(rows: list[_Row]) -> NDArray[np.float64]:
    return np.array([row.values for row in rows])
