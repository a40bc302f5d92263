"""What live figures are made of: sums over exposures and outcomes, a unit or a day each, made by the database."""

from __future__ import annotations

import datetime as dt
from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np

from samouk.loop.live import FIRST, ArmStats, DayFigures, Share, Variant
from samouk.store.sql.database import Question
from samouk.store.sql.micros import DAY, EPOCH, micros, moment

_EVER = 2**62
_CROSSED = """
SELECT unit FROM exposures WHERE rollout = ? AND variant <> 'champion'
GROUP BY unit HAVING MIN(variant) <> MAX(variant) OR MIN(version) <> MAX(version)"""

# All rows of a unit come together, its first step first.
_UNITS = """
SELECT e.unit, e.step, e.variant, e.version, COUNT(*), COUNT(*) FILTER (WHERE e.failed),
    COUNT(*) FILTER (WHERE e.latency_ms > :slow), MAX(e.at),
    AVG(o.value), MIN(o.sequence),
    COUNT(*) FILTER (WHERE NOT e.failed AND e.at < :closed) > 0,
    COUNT(*) FILTER (WHERE NOT e.failed AND e.at < :closed AND o.value IS NOT NULL) > 0
FROM exposures e LEFT JOIN outcomes o
    ON o.exposure = e.number AND o.metric = :metric AND NOT o.late AND e.at < :before
WHERE e.rollout = :rollout AND e.variant <> 'champion'
GROUP BY e.unit, e.step, e.variant, e.version ORDER BY e.unit, e.step"""

_SHADOWS = """
SELECT e.unit, e.score, e.shadows, o.value FROM exposures e JOIN outcomes o ON o.exposure = e.number
WHERE e.rollout = ? AND o.metric = ? AND NOT o.late AND e.shadows IS NOT NULL AND e.score IS NOT NULL
ORDER BY o.sequence"""

_DAYS = """
SELECT e.version, e.at / :length AS day, MIN(e.at), COUNT(*), COUNT(*) FILTER (WHERE e.failed), COUNT(o.value),
    COUNT(*) FILTER (WHERE o.late), COUNT(*) FILTER (WHERE o.assumed),
    COUNT(*) FILTER (WHERE o.value IS NULL AND e.at >= :opened),
    COUNT(*) FILTER (WHERE o.value >= 0.5), AVG(e.score), AVG(o.value),
    AVG(CASE WHEN o.value IS NOT NULL THEN e.score END),
    AVG((e.score - o.value) * (e.score - o.value)),
    AVG(CASE WHEN e.score < 0.5 THEN 1 - e.score ELSE e.score END), AVG(e.latency_ms), p95(e.latency_ms)
FROM exposures e LEFT JOIN outcomes o ON o.exposure = e.number AND o.metric = :metric AND NOT o.superseded
WHERE e.learner = :learner AND e.at >= :since GROUP BY e.version, e.at / :length"""

_DELAYS = """
SELECT COALESCE(o.at, ?) - e.at, o.at IS NOT NULL FROM exposures e LEFT JOIN outcomes o
    ON o.exposure = e.number AND o.metric = ? AND NOT o.assumed
WHERE e.learner = ? AND e.at >= ? ORDER BY e.at, e.number"""


def arms(
    question: Question,
    rollout: str,
    metric: str,
    slow_ms: float,
    before: dt.datetime | None,
    closed: dt.datetime | None,
) -> list[ArmStats]:
    """See ``Journal.arms``."""
    names = {"rollout": rollout, "metric": metric, "slow": slow_ms, "before": _until(before), "closed": _until(closed)}
    tallies: dict[tuple[int, str, str], _Tally] = defaultdict(_Tally)
    for _, rows in groupby(question(_UNITS, names), key=itemgetter(0)):
        places = [tuple(row) for row in rows]
        for place in places:
            tallies[place[1:4]].add(place[4], place[7])
        home = places[0]
        if len(places) == 1 or places[1][1] > home[1]:
            health = [place[4:7] for place in places if place[2:4] == home[2:4]]
            tallies[home[1:4]].count(health, *home[8:])
    return [tallies[key].stats(*key) for key in sorted(tallies)]


def _until(moment: dt.datetime | None) -> int:
    return _EVER if moment is None else micros(moment)


@dataclass(slots=True)
class _Tally:
    """One arm in one step, summed up unit after unit; all of a unit is added, and it counts in one place."""

    exposures: int = 0
    newest: int = 0
    due: int = 0
    heard: int = 0
    failed: array[float] = field(default_factory=lambda: array("d"))
    slow: array[float] = field(default_factory=lambda: array("d"))
    values: array[float] = field(default_factory=lambda: array("d"))
    told: array[int] = field(default_factory=lambda: array("q"))

    def add(self, shown: int, newest: int) -> None:
        self.exposures += shown
        self.newest = max(self.newest, newest)

    def count(
        self, health: Sequence[tuple[int, int, int]], value: float | None, told: int | None, due: int, heard: int
    ) -> None:
        """One unit more whose first step this is.

        Args:
            health: of each step in which it was in this arm: exposures, failed ones, slow ones.
            value, told: mean of its outcomes and sequence of the first, None without any.
            due, heard: whether it should have an outcome, and whether such a one has come.
        """
        shown, failed, slow = map(sum, zip(*health, strict=True))
        self.failed.append(failed / shown)
        self.slow.append(slow / shown)
        self.due += due
        self.heard += heard
        if value is not None and told is not None:
            self.values.append(value)
            self.told.append(told)

    def stats(self, step: int, variant: str, version: str) -> ArmStats:
        mean, variance = _spread(self.values)
        return ArmStats(
            step=step,
            variant=Variant(variant),
            version=version,
            exposures=self.exposures,
            units=len(self.failed),
            failed=Share(*_spread(self.failed)),
            slow=Share(*_spread(self.slow)),
            measured=len(self.values),
            mean=mean,
            variance=variance,
            first=tuple(np.asarray(self.values)[np.argsort(self.told)[:FIRST]].tolist()),
            newest=moment(self.newest),
            due=self.due,
            heard=self.heard,
        )


def _spread(values: array[float]) -> tuple[float, float]:
    """Mean and variance, 0 where undefined; around the mean, as a difference of large sums would lose the digits."""
    known = np.asarray(values)
    mean = float(known.mean()) if len(known) else 0.0
    return mean, float(known.var(ddof=1)) if len(known) > 1 else 0.0


def crossed(question: Question, rollout: str) -> int:
    """See ``Journal.crossed``."""
    return len(question(_CROSSED, (rollout,)).all())


def shadows(question: Question, rollout: str, metric: str) -> Iterator[Any]:
    """See ``Journal.shadows``; the scores that were not shown as JSON."""
    return iter(question(_SHADOWS, (rollout, metric)))


def days(question: Question, learner: str, metric: str, since: dt.date, opened: int) -> list[DayFigures]:
    """See ``Journal.days``; exposures from the moment ``opened`` on may still get their outcome."""
    midnight = micros(dt.datetime.combine(since, dt.time(), dt.UTC))
    names = {"learner": learner, "metric": metric, "since": midnight, "opened": opened, "length": DAY}
    rows = question(_DAYS, names).all()
    first: dict[str, int] = {}
    for version, _, at, *_ in rows:
        first[version] = min(at, first.get(version, at))
    ordered = sorted(rows, key=lambda row: (row[1], first[row[0]], row[0]))
    return [_day(row, metric) for row in ordered]


def _day(row: Any, metric: str) -> DayFigures:
    version, day, _, *counted = row
    return DayFigures(version, EPOCH.date() + dt.timedelta(days=day), metric, *counted)


def delays(question: Question, learner: str, metric: str, since: int, now: int) -> list[tuple[float, bool]]:
    """See ``Journal.delays``."""
    rows = question(_DELAYS, (now, metric, learner, since)).all()
    return [(max(0, waited) / 1e6, bool(told)) for waited, told in rows]
