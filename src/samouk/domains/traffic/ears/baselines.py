"""What is normal for each user: level and spread of every feature, learnt from quiet windows, shrunk to everybody's."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.ears.addresses import new_key, pseudonym
from samouk.domains.traffic.features import FEATURES, LARGEST, LINEAR, SERVER, Features, scaled
from samouk.domains.traffic.records import Deviation
from samouk.families.packing import pack, unpack

FOLLOW_S = 4 * 3_600.0
"""Time constant of level and spread. A lasting shift is followed within a day because the spread widens on the way."""

SHORTEST_STEP_S = 5.0
"""A window so soon after the one before is passed over: most of it was in that one, and its time is not lost."""

LONGEST_STEP_S = 3_600.0
"""A window after a longer silence counts as one after this: one look never overturns what was learnt."""

WINDOW_S = 60.0
"""Windows that overlap count by the time between them, so that it is of no use to be looked at often."""

CLIP = 3.0
"""Spreads by which one window can pull, at most."""

PRIOR = 8.0
"""Windows of one's own that weigh as much as the pooled baseline."""

FLOOR = 0.1
"""Smallest spread: a tenth of a count or a size, 2.5 points of a share. A flat series has no spread of its own."""

NEW_SHARE = 0.1
"""Share of the places that users with less than ``PRIOR`` windows may take from those with more."""

VAGUE = 0.5
"""Spread that is supposed, as if seen in one window, before anything is known."""

FULL_HARM = 0.7
"""From this harm on a window teaches nothing at all; below it, the less the nearer. Alarms lie above."""

FORGET_S = 7 * 86_400.0
"""Time constant at which evidence of an absent user fades."""

_MEAN_TO_SPREAD = math.sqrt(math.pi / 2)
_KIND = "traffic-baselines"
_SIZES = np.array([name in ("avg_message_size", "error_rate", "size_spread") for name in FEATURES])
_REGULARITY = np.array([name == "regularity" for name in FEATURES])
_N = len(FEATURES)

Row = NDArray[np.float64]


class Baselines:
    """Robust exponentially weighted level and spread for each user and feature, in the space of ``scaled``.

    Updates are clipped at ``CLIP`` spreads and weighted by elapsed time, so that neither one window nor many windows
    a second move what hours have taught. All users' windows also teach a pooled baseline, each user by the minute, not
    by the message; a user's own is shrunk to it by the evidence (empirical Bayes, Efron & Morris 1975). Of more than
    ``max_users`` the least lately taught is dropped, newcomers before those who are settled, so that a crowd of new
    names costs nobody his normal; what the dropped ones taught stays in the pooled baseline. Users are known by keyed
    hashes only. Safe to call from any thread.
    """

    def __init__(self, *, max_users: int = 100_000) -> None:
        self._max_users = max_users
        self._key = new_key()
        self._lock = threading.Lock()
        self._settled: OrderedDict[bytes, int] = OrderedDict()
        self._new: OrderedDict[bytes, int] = OrderedDict()
        self._level = np.zeros((max_users, _N))
        self._spread = np.zeros((max_users, _N))
        self._seen = np.zeros(max_users)
        self._evidence = np.zeros((max_users, _N))
        self._at = np.zeros(max_users)
        self._pool = np.zeros((4, _N))
        self._pool_at = 0.0
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._settled) + len(self._new)

    def deviation(self, user_id: str, features: Features, at: float) -> tuple[Deviation, int]:
        """Signed robust z of each feature, and the windows that this user's baseline has learnt from, in minutes.

        0 where nothing is known, or where the window says nothing: sizes and shares without messages.
        """
        x = scaled(features)
        with self._lock:
            row = self._find(pseudonym(self._key, user_id))
            level, spread, known = self._expected(row, user_id == SERVER)
            seen = 0 if row is None else round(self._seen[row])
        return np.where(known & _told(features), (x - level) / spread, 0.0), seen

    def learn(self, user_id: str, features: Features, at: float, *, harm: float) -> None:
        """Take one window, weighted by 1 - harm / ``FULL_HARM``; windows that are not finite are passed over."""
        x, weight = scaled(features), 1.0 - harm / FULL_HARM
        if not (weight > 0.0 and math.isfinite(at) and bool(np.isfinite(x).all())):
            return
        with self._lock:
            name = pseudonym(self._key, user_id)
            row = self._row_of(name, at)
            self._teach(row, x, _told(features), at, min(weight, 1.0), pooled=user_id != SERVER)
            self._settle(name, row)

    def normal(self, user_id: str) -> Features:
        """Typical values on the natural scale; the pooled ones for strangers, 0 while nothing is known."""
        with self._lock:
            row = self._find(pseudonym(self._key, user_id))
            level, _, known = self._expected(row, user_id == SERVER)
        level = np.where(known, np.maximum(level, 0.0), 0.0)
        natural = np.where(LINEAR, np.minimum(level / 4.0, 1.0), np.expm1(np.minimum(level, math.log1p(LARGEST))))
        return Features(*natural.tolist())

    def forget(self, user_id: str) -> int:
        """Remove what is normal for the user; how many baselines that were."""
        name = pseudonym(self._key, user_id)
        with self._lock:
            users = self._settled if name in self._settled else self._new
            row = users.pop(name, None)
            if row is None:
                return 0
            self._fill(row, len(self))
            return 1

    def _fill(self, row: int, last: int) -> None:
        """Rows in use lie without a gap: the last one takes the place that became free."""
        for table in (self._level, self._spread, self._evidence, self._seen, self._at):
            table[row] = table[last]
            table[last] = 0.0
        for users in (self._settled, self._new):
            for name, place in users.items():
                if place == last:
                    users[name] = row
                    return

    def _expected(self, row: int | None, server: bool) -> tuple[Row, Row, NDArray[np.bool_]]:
        """Level, spread of a single window around it, and whether anything is known."""
        own = np.zeros(_N) if row is None else self._evidence[row]
        level, spread = (np.zeros(_N), np.zeros(_N)) if row is None else (self._level[row], self._spread[row])
        among, typical, within, evidence = self._pool if not server else np.zeros((4, _N))
        prior = PRIOR * evidence / (evidence + PRIOR)
        shrunk = (own * level + prior * typical) / np.maximum(own + prior, 1e-9)
        share = prior / np.maximum(own + prior, 1e-9)
        squares = (own * spread**2 + prior * within**2 + VAGUE**2) / (own + prior + 1.0) + (share * among) ** 2
        return shrunk, np.maximum(np.sqrt(squares), FLOOR), own + prior > 0.0

    def _teach(self, row: int, x: Row, told: NDArray[np.bool_], at: float, weight: float, *, pooled: bool) -> None:
        first = self._seen[row] == 0.0
        elapsed = WINDOW_S if first else min(at - self._at[row], LONGEST_STEP_S)
        if elapsed < SHORTEST_STEP_S:
            # A clock that was put back is followed, or nothing would be learnt until it is there again.
            self._at[row] = min(at, self._at[row])
            return
        self._at[row] = at
        fresh = weight * min(elapsed / WINDOW_S, 1.0)
        own = self._evidence[row]
        started = own > 0.0
        level, spread = self._level[row], np.maximum(self._spread[row], FLOOR)
        if not (started | ~told).all():
            # A stranger starts where all are, so that his first window can pull no farther than anybody's.
            usual, wide, known = self._expected(row, not pooled)
            level = np.where(started, level, np.where(known, usual, x))
            spread = np.where(started, spread, wide)
        away = np.clip(x - level, -CLIP * spread, CLIP * spread)
        rate = np.maximum(fresh / (own + fresh), weight * -math.expm1(-elapsed / FOLLOW_S))
        self._level[row] = np.where(told, level + rate * away, self._level[row])
        moved = spread + rate * (_MEAN_TO_SPREAD * np.abs(away) - spread)
        self._spread[row] = np.where(told, moved, self._spread[row])
        if pooled:
            self._teach_pool(x, np.abs(away), told, at, fresh * own / (own + PRIOR))
        faded = math.exp(-elapsed / FORGET_S)
        self._evidence[row] = np.where(told, own * faded + fresh, own)
        self._seen[row] = self._seen[row] * faded + fresh

    def _teach_pool(self, x: Row, away: Row, told: NDArray[np.bool_], at: float, fresh: Row) -> None:
        """``fresh`` is nothing for a stranger's first window: a crowd of new names teaches nobody what is normal."""
        among, typical, within, evidence = self._pool
        elapsed = min(max(at - self._pool_at, 0.0), LONGEST_STEP_S)
        self._pool_at = at
        evidence *= math.exp(-elapsed / FOLLOW_S)
        taught = told & (fresh > 0.0)
        started = evidence > 0.0
        typical[:] = np.where(taught & ~started, x, typical)
        among[:] = np.where(taught & ~started, VAGUE, among)
        within[:] = np.where(taught & ~started, VAGUE, within)
        rate = np.where(taught, fresh / np.maximum(evidence + fresh, 1e-9), 0.0)
        step = np.clip(x - typical, -CLIP * np.maximum(among, FLOOR), CLIP * np.maximum(among, FLOOR))
        typical += rate * step
        among += rate * (_MEAN_TO_SPREAD * np.abs(step) - among)
        within += rate * (_MEAN_TO_SPREAD * away - within)
        evidence += np.where(taught, fresh, 0.0)

    def _find(self, name: bytes) -> int | None:
        row = self._settled.get(name)
        return self._new.get(name) if row is None else row

    def _row_of(self, name: bytes, at: float) -> int:
        for users in (self._settled, self._new):
            if name in users:
                users.move_to_end(name)
                return users[name]
        row = len(self)
        if row >= self._max_users:
            crowded = len(self._new) >= max(self._max_users * NEW_SHARE, 1) or not self._settled
            _, row = (self._new if crowded else self._settled).popitem(last=False)
            self.evicted += 1
        self._new[name] = row
        self._level[row] = self._spread[row] = self._evidence[row] = 0.0
        self._seen[row], self._at[row] = 0.0, at
        return row

    def _settle(self, name: bytes, row: int) -> None:
        if self._seen[row] >= PRIOR and name in self._new:
            self._settled[name] = self._new.pop(name)

    def save(self) -> bytes:
        """All that was learnt; users as hashes under a key that is saved too."""
        with self._lock:
            rows = np.array([*self._settled.values(), *self._new.values()], np.int64)
            names = np.frombuffer(b"".join([*self._settled, *self._new]), np.uint8)
            facts: dict[str, Any] = {"kind": _KIND, "key": self._key.hex(), "at": self._pool_at}
            facts |= {"evicted": self.evicted, "settled": len(self._settled)}
            arrays: dict[str, Row] = {"level": self._level, "spread": self._spread, "evidence": self._evidence}
            arrays |= {"seen": self._seen, "at": self._at}
            kept = {name: array[rows] for name, array in arrays.items()}
            pool = self._pool.copy()
        return pack(facts, {"names": names, "pool": pool, **kept})

    def load(self, data: bytes) -> None:
        """Go on where ``save`` stopped. Raises ValueError for bytes that are no such state, or of more users."""
        facts, arrays = unpack(data, _KIND)
        names = arrays["names"].tobytes()
        users = [names[start : start + 16] for start in range(0, len(names), 16)]
        if len(users) > self._max_users:
            raise ValueError(f"the state has {len(users)} users; set max_users to so many or more")
        with self._lock:
            self._key, self._pool_at = bytes.fromhex(facts["key"]), float(facts["at"])
            self.evicted = int(facts["evicted"])
            rows, settled = list(enumerate(users)), int(facts["settled"])
            self._settled = OrderedDict((name, row) for row, name in rows[:settled])
            self._new = OrderedDict((name, row) for row, name in rows[settled:])
            self._pool = arrays["pool"].copy()
            for name in ("level", "spread", "evidence", "seen", "at"):
                getattr(self, f"_{name}")[: len(users)] = arrays[name]


def _told(features: Features) -> NDArray[np.bool_]:
    """Which features the window tells: without messages there is no size, and no rhythm in fewer than three."""
    number = features.messages_per_minute
    return ~((_SIZES & (number <= 0.0)) | (_REGULARITY & (features.regularity <= 0.0)))
