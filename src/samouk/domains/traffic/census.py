"""What the users of a server are like, gathered now and then for the learner that groups them; without names."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

from samouk.domains.traffic.behavior.schema import SCHEMA
from samouk.domains.traffic.ears.baselines import Baselines
from samouk.domains.traffic.features import FEATURES, LARGEST, SHARES, Features
from samouk.edge.wire import Row, Schema, group_of

USERS = 1_000
"""Users of one census, drawn by chance."""

KNOWN = 30
"""Windows that a baseline must have learnt from before it says what its user is like."""


class Gatherer(Protocol):
    """Takes rows to learn from, as a courier or a link does."""

    def gather(self, schema: Schema, name: str, group: int, rows: Sequence[Row]) -> None: ...


def take(users: list[str], baselines: Baselines, store: Gatherer, at: float) -> int:
    """Send the typical windows of some users, each split group's as one batch; how many users they are of."""
    drawn = random.sample(users, min(USERS, len(users)))
    rows: dict[int, list[Row]] = defaultdict(list)
    for user_id in drawn:
        typical = baselines.normal(user_id)
        _, seen = baselines.deviation(user_id, typical, at)
        if seen >= KNOWN:
            rows[group_of(user_id)].append(_row(typical))
    for group, mine in rows.items():
        store.gather(SCHEMA, f"census {at:.0f}", group, mine)
    return sum(map(len, rows.values()))


def _row(typical: Features) -> Row:
    return {
        name: min(max(value, 0.0), 1.0 if name in SHARES else LARGEST)
        for name, value in zip(FEATURES, typical, strict=True)
    }
