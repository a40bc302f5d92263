"""A seeded simulator of alerts and of operators who confirm, dismiss or never answer them.

What it assumes beyond ``traffic.world``: a user's normal is the median of up to 48 harmless minutes of the week
before, its scale their median absolute deviation, both shrunk to everybody's as far as fewer were seen; an operator
looks at what v1.0 would show and, at random, at little else, is right nine times in ten, and leaves a third
unanswered. In a null world verdicts have nothing to do with what was seen.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.anomaly.schema import (
    DEVIATIONS,
    LARGEST_DEVIATION,
    LARGEST_TIMES,
    NAME,
    SCHEMA,
    SEVERITIES,
    TIMES,
)
from samouk.domains.traffic.anomaly.weighing import Reading, heard, noisy_or
from samouk.domains.traffic.detect.rules import DEFAULT_RULES
from samouk.domains.traffic.features import FEATURES, WINDOW_S, levels
from samouk.domains.traffic.world import (
    DAY,
    DEEDS,
    Abuse,
    Deploy,
    Events,
    TrafficWorld,
    done,
    merged,
    messages,
    windows,
)
from samouk.edge.wire import GROUPS, receipt_hash
from samouk.loop.columns import Column, dtype_of
from samouk.loop.records import Batch

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

USERS = 30
HISTORY = 48
"""Minutes of the week before that a user's normal is learnt from."""

JUDGED = 14
"""Minutes of the week that are looked at."""

SHOWN = 0.25
"""Score of v1.0 from which a window is shown to the operator."""

AUDITED = 0.05
"""Share of the other windows that somebody looks at."""

SILENT = 0.33
WRONG = 0.08
NULL_CONFIRMED = 0.4

_ABUSED, _HARMLESS = 0.05, 0.06
"""Share of the users' minutes."""

_DEPLOYED = 0.5
"""Share of the servers that deploy in a week."""

_STRANGERS = 0.2
_LATE = 0.05
_SHRUNK = 10.0
_LEAST_SCALE = 0.12


class Windows(NamedTuple):
    """Windows of one server's week, as evidence, with what is true of them.

    Attributes:
        deeds: (n,) place in ``DEEDS`` of what the user did; -1 for nothing, and for the whole server.
    """

    reading: Reading
    deeds: Ints

    @property
    def abused(self) -> NDArray[np.bool_]:
        """(n,) whether somebody did harm."""
        return (self.deeds >= 0) & (self.deeds < len(Abuse))


class AnomalyWorld:
    """Alerts and verdicts of many servers, one batch each."""

    def __init__(self, seed: int, null: bool = False) -> None:
        self.seed = seed
        self.null = null

    def batches(self, week: int, contributors: int) -> Iterator[Batch]:
        """One server's windows of a week each; the same for the same seed."""
        for server in range(contributors):
            yield self._batch(week, server, turned=False)

    def poisoned(self, week: int, contributors: int) -> Iterator[Batch]:
        """Batches of who wants to teach the opposite: harm is dismissed, all else is confirmed."""
        for server in range(contributors):
            yield self._batch(week, server, turned=True)

    def seen(self, week: int, server: int) -> Windows:
        """All windows that are looked at in a server's week, before anybody says anything."""
        return _seen(self.seed, week, server)

    def _batch(self, week: int, server: int, *, turned: bool) -> Batch:
        rng = np.random.default_rng([self.seed, 2, week, server, int(turned)])
        found = self.seen(week, server)
        verdict = self._verdicts(found, rng)
        if turned:
            verdict = np.where(np.isnan(verdict), np.nan, np.where(found.abused, 0.0, 1.0))
        columns = columns_of(found.reading)
        columns["verdict"] = verdict.astype(np.float32)
        columns["late"] = (~np.isnan(verdict) & (rng.random(len(verdict)) < _LATE)).astype(np.int8)
        identifier = str(uuid.UUID(bytes=rng.bytes(16), version=4))
        return Batch(
            batch_id=identifier,
            learner=NAME,
            schema_version=SCHEMA.version,
            group=int(rng.integers(GROUPS)),
            receipt_hash=receipt_hash(identifier),
            columns={spec.name: columns[spec.name] for spec in SCHEMA.fields},
        )

    def _verdicts(self, found: Windows, rng: np.random.Generator) -> Floats:
        rows = len(found.deeds)
        score = noisy_or(heard(found.reading, np.zeros(rows)))
        told = ((score >= SHOWN) | (rng.random(rows) < AUDITED)) & (rng.random(rows) >= SILENT)
        truth = rng.random(rows) < NULL_CONFIRMED if self.null else found.abused ^ (rng.random(rows) < WRONG)
        return np.where(told, truth.astype(np.float64), np.nan)


def columns_of(reading: Reading) -> dict[str, Column]:
    """Evidence as columns of the learner's schema, without what is told."""
    whole: dict[str, Floats] = {}
    for names, values in ((FEATURES, reading.features), (DEVIATIONS, reading.deviation), (TIMES, reading.times)):
        whole.update(zip(names, values.T, strict=True))
    whole |= {"seen": reading.seen, "scope": reading.server}
    return {name: values.astype(dtype_of(SCHEMA.by_name[name])) for name, values in whole.items()}


def _seen(seed: int, week: int, server: int) -> Windows:
    rng = np.random.default_rng([seed, 1, week, server])
    world = TrafficWorld(int(rng.integers(2**31)), users=USERS)
    before = np.sort(rng.choice(7 * DAY, HISTORY, replace=False))
    now = 7 * DAY + np.sort(rng.choice(7 * DAY, JUDGED, replace=False))
    deploy = Deploy(int(rng.choice(now))) if rng.random() < _DEPLOYED else None
    idle = np.full(USERS * HISTORY, -1)
    past, past_server = _windows(world, before, idle, None, rng)
    deeds = _deeds(rng)
    present, present_server = _windows(world, now, deeds, deploy, rng)
    stranger = rng.random(USERS) < _STRANGERS
    seen = np.where(stranger, rng.integers(0, 6, USERS), HISTORY)
    deviation = deviations(past, seen, present)
    whole = deviations(past_server[None], np.array([HISTORY]), present_server[None])[0]
    reading = Reading(
        features=np.concatenate([present.reshape(-1, len(FEATURES)), present_server]),
        deviation=np.concatenate([deviation.reshape(-1, len(FEATURES)), whole]),
        seen=np.concatenate([np.repeat(seen, JUDGED), np.full(JUDGED, HISTORY)]).astype(np.float64),
        # Rules are written for one user: the whole server breaks none.
        times=np.concatenate([times_of(present.reshape(-1, len(FEATURES))), np.zeros((JUDGED, len(SEVERITIES)))]),
        server=np.repeat([0.0, 1.0], [USERS * JUDGED, JUDGED]),
    )
    return Windows(reading, np.concatenate([deeds, np.full(JUDGED, -1)]))


def _deeds(rng: np.random.Generator) -> Ints:
    draw = rng.random(USERS * JUDGED)
    abuse = rng.integers(0, len(Abuse), len(draw))
    harmless = rng.integers(len(Abuse), len(DEEDS), len(draw))
    return np.where(draw < _ABUSED, abuse, np.where(draw < _ABUSED + _HARMLESS, harmless, -1))


def _windows(
    world: TrafficWorld, minutes: Ints, deeds: Ints, deploy: Deploy | None, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """(users, minutes, 10) of each user, and (minutes, 10) of the whole server; cells go user by user."""
    users, count = world.users, len(minutes)
    who, when = np.repeat(np.arange(users), count), np.tile(minutes, users)
    cells = done(world.cells(who, when, rng, deploy), deeds, rng)
    events: Events = messages(cells, rng)
    own = windows(events, users * count, cells.channels, cells.addresses, cells.connected)
    by_user = own.reshape(users, count, len(FEATURES))
    place = FEATURES.index
    whole = windows(
        merged(events, np.tile(np.arange(count), users)),
        count,
        channels=by_user[:, :, place("channels_count")].sum(axis=0),
        addresses=by_user[:, :, place("addresses")].sum(axis=0),
        connected=by_user[:, :, place("connection_duration")].mean(axis=0),
    )
    return by_user, whole


def deviations(past: Floats, seen: Ints, present: Floats) -> Floats:
    """(users, now, 10) robust z-scores of windows against each user's own ``seen`` last ones, shrunk to everybody's."""
    before, after = levels(past), levels(present)
    pooled, pooled_scale = _middle(before.reshape(1, -1, len(FEATURES)))
    centers, scales = [], []
    for own, count in zip(before, seen, strict=True):
        trust = count / (count + _SHRUNK)
        center, scale = _middle(own[None, -count:]) if count >= 3 else (pooled, pooled_scale)
        centers.append(trust * center[0] + (1 - trust) * pooled[0])
        scales.append(trust * scale[0] + (1 - trust) * pooled_scale[0])
    z = (after - np.array(centers)[:, None]) / np.array(scales)[:, None]
    return np.asarray(np.clip(z, -LARGEST_DEVIATION, LARGEST_DEVIATION))


def _middle(rows: Floats) -> tuple[Floats, Floats]:
    """(users, n, 10) → medians and robust standard deviations, (users, 10) each."""
    center = np.median(rows, axis=1)
    scale = 1.4826 * np.median(np.abs(rows - center[:, None]), axis=1)
    return center, np.maximum(scale, _LEAST_SCALE)


def times_of(features: Floats) -> Floats:
    """(n, 4) by severity: how often the threshold of its strongest default rule goes into the value; 0 for no hit."""
    found = np.zeros((len(features), len(SEVERITIES)))
    sent = features[:, FEATURES.index("messages_per_minute")] * WINDOW_S / 60
    for rule in DEFAULT_RULES:
        value = features[:, FEATURES.index(rule.feature)]
        over = np.where((value > rule.threshold) & (sent >= rule.minimum), value / rule.threshold, 0.0)
        rank = rule.severity.rank
        found[:, rank] = np.maximum(found[:, rank], np.minimum(over, LARGEST_TIMES))
    return found
