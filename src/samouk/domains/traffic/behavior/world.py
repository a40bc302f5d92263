"""A seeded simulator of users' typical windows, by kinds that are known; in a null world all users are alike.

What it assumes beyond ``traffic.world``: a row is one user's mean level, feature by feature, over the minutes of a
week in which they sent anything, out of 24 that are looked at.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.behavior.model import levels
from samouk.domains.traffic.behavior.schema import NAME, SCHEMA
from samouk.domains.traffic.features import FEATURES, LINEAR
from samouk.domains.traffic.world import DAY, TrafficWorld, messages, windows
from samouk.edge.wire import GROUPS, receipt_hash
from samouk.loop.records import Batch

Floats = NDArray[np.float64]

USERS = 40
LOOKED_AT = 24
"""Minutes of a user's week."""


class People(NamedTuple):
    """Users of a server: (n, 10) typical features on their natural scale, and (n,) their true place in ``KINDS``."""

    features: Floats
    kinds: NDArray[np.int64]


class BehaviorWorld:
    """Users of many servers, one batch each."""

    def __init__(self, seed: int, null: bool = False) -> None:
        self.seed = seed
        self.null = null

    def people(self, week: int, server: int, users: int = USERS) -> People:
        """The users of one server, and of which kind each is."""
        rng = np.random.default_rng([self.seed, 3, week, server])
        world = TrafficWorld(int(rng.integers(2**31)), users=users, alike=self.null)
        minutes = 7 * DAY * week + np.sort(rng.choice(7 * DAY, LOOKED_AT, replace=False))
        who, when = np.repeat(np.arange(users), LOOKED_AT), np.tile(minutes, users)
        cells = world.cells(who, when, rng)
        found = windows(messages(cells, rng), len(who), cells.channels, cells.addresses, cells.connected)
        return People(_typical(found.reshape(users, LOOKED_AT, len(FEATURES))), world.kinds)

    def batches(self, week: int, contributors: int) -> Iterator[Batch]:
        """One server's users each; the same for the same seed."""
        for server in range(contributors):
            rng = np.random.default_rng([self.seed, 7, week, server])
            columns = self.people(week, server).features.T.astype(np.float32)
            identifier = str(uuid.UUID(bytes=rng.bytes(16), version=4))
            yield Batch(
                batch_id=identifier,
                learner=NAME,
                schema_version=SCHEMA.version,
                group=int(rng.integers(GROUPS)),
                receipt_hash=receipt_hash(identifier),
                columns=dict(zip(FEATURES, columns, strict=True)),
            )


def _typical(found: Floats) -> Floats:
    """(users, minutes, 10) → (users, 10) means over the minutes with messages, taken on the compared scale."""
    active = (found[:, :, :1] > 0).astype(np.float64)
    mean = (levels(found.reshape(-1, len(FEATURES))).reshape(found.shape) * active).sum(axis=1)
    mean = np.asarray(mean / np.maximum(active.sum(axis=1), 1))
    return np.where(LINEAR, mean / 4.0, np.expm1(mean))
