"""Quiet windows as samples: a bounded share without names; novelty is measured from them, and nothing judged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from samouk.domains.traffic import quiet
from samouk.domains.traffic.anomaly import learning, novelty
from samouk.domains.traffic.anomaly.judge import LEARNER, label, suspects
from samouk.domains.traffic.anomaly.weighing import reading_of
from samouk.domains.traffic.features import Features
from samouk.domains.traffic.guard import Guard
from samouk.edge.wire import Row, Schema, columns_of
from samouk.loop import snapshot
from samouk.loop.columns import from_rows
from samouk.loop.learner import Context
from samouk.loop.records import Examples

START = 1_700_000_000.0 // 3_600 * 3_600


class Store:
    """Keeps what is gathered, checked as the platform checks it."""

    def __init__(self) -> None:
        self.batches: dict[tuple[str, int], list[Row]] = {}

    def gather(self, schema: Schema, name: str, group: int, rows: Sequence[Row]) -> None:
        assert schema is LEARNER.schema
        columns_of(schema, rows)
        assert (name, group) not in self.batches
        self.batches[name, group] = list(rows)

    def expose(self, learner: str, unit: str, row: Row) -> None:
        """No version is in service here."""

    def tell(self, learner: str, event_id: str, outcome: str, value: float) -> None:
        raise AssertionError("nothing was exposed")

    def champion(self, learner: str) -> None:
        """None either."""

    @property
    def rows(self) -> list[Row]:
        return [row for rows in self.batches.values() for row in rows]


def site(users: int = 60, minutes: int = 40, seed: int = 0, store: Store | None = None) -> tuple[Guard, float]:
    """A guard that has looked at people who chat for a while, and at Mallory, who floods."""
    rng, now = np.random.default_rng(seed), [START]
    guard = Guard(link=store, clock=lambda: now[0])
    for minute in range(minutes):
        now[0] = START + 60 * minute
        for user in range(users):
            rate = float(rng.poisson(8))
            size = float(rng.gamma(4, 60))
            mine = Features(rate + 1, size, connection_duration=60 * minute, channels_count=2, burst=2, addresses=1)
            guard.detector._analyze(f"user{user}", mine, now[0])
        guard.detector._analyze("mallory", Features(messages_per_minute=900, burst=90), now[0])
    return guard, now[0]


def test_a_share_is_drawn_that_nobody_steers() -> None:
    """So many at most, one of each user, none that raised an alarm, none of longer ago, no name and no verdict."""
    guard, now = site()
    store = Store()
    assert quiet.take(guard.detector, guard.extractor.recent(1_000), store, now) == quiet.MOST == len(store.rows)
    assert max(float(row["messages_per_minute"] or 0) for row in store.rows) < 100
    assert all(row.get("verdict") is None for row in store.rows)
    assert quiet.take(guard.detector, guard.extractor.recent(1_000), Store(), now + 2 * quiet.EVERY_S) == 0
    alone = [one for one in guard.extractor.recent(1_000) if one.user_id in ("user1", "mallory")]
    assert quiet.take(guard.detector, alone, Store(), now) == 1


def examples_of(rows: list[Row]) -> Examples:
    columns = from_rows(LEARNER.schema, rows)
    return Examples(columns, label(columns), np.arange(len(rows)) % 16)


def test_what_was_gathered_is_what_novelty_is_measured_from() -> None:
    """A window unlike all of them is novel to the model, one of them is not; nobody is judged on a guess."""
    guard, now = site()
    store = Store()
    quiet.gather(quiet.drawn(guard.detector, guard.extractor.recent(1_000)), store, now)
    assert len(store.rows) >= novelty.FEWEST
    examples = examples_of(store.rows)
    assert not examples.labels.trusted.any()
    assert examples.labels.confidence.max() <= 0.2
    assert snapshot.trusted(examples).rows == 0
    assert suspects(examples.columns, None) is None
    artifact = learning.fit(examples, None, Context())
    assert artifact.metadata["quiet"] >= novelty.FEWEST
    assert artifact.metadata["verdicts"] == 0
    still = reading_of(examples.columns)
    odd = still._replace(features=still.features * 0 + [3, 60_000, 0.9, 0, 60, 40, 9_000, 3, 0.99, 9])
    crowd = novelty.fit(novelty.vectors(still))
    said = [novelty.say(crowd, novelty.units_of(crowd, novelty.vectors(one)), one.server) for one in (still, odd)]
    assert said[0].mean() < 0.01
    assert said[1].min() > 0.3


def test_without_verdicts_the_weights_stay() -> None:
    """Windows that merely look quiet confirm nobody's opinion: no tree grows on them."""
    guard, now = site()
    store = Store()
    quiet.gather(quiet.drawn(guard.detector, guard.extractor.recent(1_000)), store, now)
    artifact = learning.fit(examples_of(store.rows), None, Context())
    assert artifact.metadata["trees"] == 0
    assert artifact.metadata["base"] == pytest.approx([1, 0])


def test_a_guard_gathers_once_an_hour() -> None:
    """By its own timer, through its courier; without a platform nothing is gathered."""
    store = Store()
    linked, now = site(minutes=5, store=store)
    alone, _ = site(minutes=5)
    for guard in (linked, alone):
        guard.tick(now)
        guard.tick(now + quiet.EVERY_S)
    assert alone.counts["gathered_quiet"] == 0
    assert linked.counts["gathered_quiet"] == 0  # of an hour ago, and nobody was seen since
    for user in range(9):
        linked.track(f"user{user}", 100, at=now + quiet.EVERY_S)
        linked.detector.analyze_user_activity(f"user{user}", now + quiet.EVERY_S + 1)
    linked.tick(now + 2 * quiet.EVERY_S)
    assert linked.courier is not None
    assert linked.courier.deliver()
    assert linked.counts["gathered_quiet"] == len(store.rows) == 9
