"""A seeded simulator of servers: counts a minute with days, weeks, jobs on the hour and moods; and one without any."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import numpy as np

from samouk.domains.traffic.load.history import History, Values
from samouk.domains.traffic.load.schema import HORIZONS, NAME, SCHEMA, columns_at, share_of
from samouk.edge.wire import GROUPS, receipt_hash
from samouk.loop.records import Batch

DAYS = 16
"""Days that a server lives before its rows are taken on the last two: two weeks are known, a third is not."""

ROWS = 60
DAY = 1_440
FIRST_MINUTE = 29_453_760
"""A Monday, 2026-01-05, in minutes since 1970."""

UNTOLD = 0.1


class LoadWorld:
    """Simulated servers, one batch of forecasts and what came a server and week.

    Assumptions:
        * The log rate is a sum of a daily wave of one or two bumps, a weekend that is quieter, a job on the hour of
          some servers, a mood that returns to its mean within hours, and rare level shifts. Servers differ in all
          of these and in size, from a few to thousands of requests a minute.
        * Counts are negative binomial around the rate, independent from minute to minute. Some servers lose an hour
          of counts: it is missing.
        * One in ten outcomes is never told.

    In a ``null`` world the log of the count is a random walk: nothing beats repeating the last value.
    """

    def __init__(self, seed: int, null: bool = False) -> None:
        self.seed, self.null = seed, null

    def counts(self, week: int, server: int) -> Values:
        """(DAYS * DAY,) counts a minute of one server; NaN where nobody counted."""
        rng = np.random.default_rng([self.seed, week, server, int(self.null)])
        size = rng.uniform(1.5, 8.0)
        minutes = np.arange(float(DAYS * DAY))
        if self.null:
            walk = np.cumsum(rng.normal(0.0, 0.02, len(minutes)))
            return np.exp(size + walk)
        rate = np.exp(size + _season(minutes, rng) + _mood(len(minutes), rng))
        spread = rng.uniform(0.005, 0.05)
        counts = rng.poisson(rng.gamma(1.0 / spread, rate * spread)).astype(np.float64)
        if rng.random() < 0.3:
            begin = int(rng.integers(len(minutes) - 60))
            counts[begin : begin + 60] = np.nan
        return counts

    def batches(self, week: int, contributors: int) -> Iterator[Batch]:
        """One batch a server; the same for the same seed."""
        for server in range(contributors):
            yield self._batch(week, server)

    def _batch(self, week: int, server: int) -> Batch:
        rng = np.random.default_rng([self.seed, week, server, 7])
        counts = self.counts(week, server)
        history = History(60, channels=1)
        first = FIRST_MINUTE + week * 7 * DAY
        for slot, count in enumerate(counts.tolist(), first):
            history.push(slot, count)
        each = ROWS // len(HORIZONS)
        parts = [self._seen(history, first, minutes, each, rng) for minutes in HORIZONS]
        columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        identifier = str(uuid.UUID(bytes=rng.bytes(16), version=4))
        late = np.zeros(len(columns["came"]), np.int8)
        return Batch(
            batch_id=identifier,
            learner=NAME,
            schema_version=SCHEMA.version,
            group=int(rng.integers(GROUPS)),
            receipt_hash=receipt_hash(identifier),
            columns={spec.name: columns.get(spec.name, late) for spec in SCHEMA.fields},
        )

    def _seen(
        self, history: History, first: int, minutes: int, rows: int, rng: np.random.Generator
    ) -> dict[str, Values]:
        origins = np.sort(rng.integers(first + 11 * DAY, first + DAYS * DAY - minutes, rows))
        seen = columns_at(history, origins, minutes)
        seen["came"] = share_of(history.at(origins + minutes), seen["level"])
        seen["came"][rng.random(rows) < UNTOLD] = np.nan
        known = np.isfinite(seen["level"])
        return {name: values[known].astype(np.float32) for name, values in seen.items()}


def _season(minutes: Values, rng: np.random.Generator) -> Values:
    day, week = minutes % DAY / DAY, minutes // DAY % 7
    depth, peak = rng.uniform(0.1, 1.2), rng.uniform(0.0, 1.0)
    found = depth * np.cos(2 * np.pi * (day - peak)) + rng.uniform(0.0, 0.4) * np.cos(4 * np.pi * (day - peak))
    found -= rng.uniform(0.0, 0.8) * (week >= 5)
    if rng.random() < 0.4:
        found += rng.uniform(0.2, 0.8) * (minutes % 60 < rng.integers(2, 10))
    return np.asarray(found)


def _mood(count: int, rng: np.random.Generator) -> Values:
    """An autoregression that forgets half within hours, and about one level shift a fortnight."""
    keep = 0.5 ** (1.0 / rng.uniform(30.0, 600.0))
    steps = rng.normal(0.0, 0.2 * np.sqrt(1.0 - keep**2), count)
    mood = np.empty(count)
    now = 0.0
    for place, step in enumerate(steps.tolist()):
        now = keep * now + step
        mood[place] = now
    if rng.random() < 0.6:
        mood[int(rng.integers(count)) :] += rng.normal(0.0, 0.4)
    return mood
