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
AT_ONCE = 5_000
"""Rows that are copied at once for a save, while who asks for one has to wait."""

_TABLES = ("level", "spread", "evidence", "seen", "at")
_KIND = "traffic-baselines/2"
_LONGEST = math.log1p(LARGEST)
_SIZES = frozenset({"avg_message_size", "error_rate", "size_spread"})
_LINEAR: tuple[bool, ...] = tuple(LINEAR.tolist())
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
        told = zip(x.tolist(), level, spread, known, _told(features), strict=True)
        return np.array([(one - usual) / wide if sure and says else 0.0 for one, usual, wide, sure, says in told]), seen

    def learn(self, user_id: str, features: Features, at: float, *, harm: float) -> None:
        """Take one window, weighted by 1 - harm / ``FULL_HARM``; windows that are not finite are passed over."""
        x, weight = scaled(features), 1.0 - harm / FULL_HARM
        if not (weight > 0.0 and math.isfinite(at) and bool(np.isfinite(x).all())):
            return
        with self._lock:
            name = pseudonym(self._key, user_id)
            row = self._row_of(name, at)
            self._teach(row, x.tolist(), _told(features), at, min(weight, 1.0), pooled=user_id != SERVER)
            self._settle(name, row)

    def normal(self, user_id: str) -> Features:
        """Typical values on the natural scale; the pooled ones for strangers, 0 while nothing is known."""
        with self._lock:
            row = self._find(pseudonym(self._key, user_id))
            level, _, known = self._expected(row, user_id == SERVER)
        levels = [max(one, 0.0) if sure else 0.0 for one, sure in zip(level, known, strict=True)]
        return Features(
            *(
                min(one / 4.0, 1.0) if linear else math.expm1(min(one, _LONGEST))
                for one, linear in zip(levels, _LINEAR, strict=True)
            )
        )

    def settled(self, user_id: str) -> bool:
        """Whether enough of the user's own was learnt that it weighs as much as everybody's."""
        with self._lock:
            return pseudonym(self._key, user_id) in self._settled

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

    def _expected(self, row: int | None, server: bool) -> tuple[list[float], list[float], list[bool]]:
        """Level, spread of a single window around it, and whether anything is known; ten numbers each.

        In plain floats, here and where is taught: for so few numbers arrays take three times as long.
        """
        nothing = [0.0] * _N
        own = nothing if row is None else self._evidence[row].tolist()
        level, spread = (nothing, nothing) if row is None else (self._level[row].tolist(), self._spread[row].tolist())
        pool = [nothing] * 4 if server else self._pool.tolist()
        levels, spreads, known = [], [], []
        for mine, middle, width, among, typical, within, evidence in zip(own, level, spread, *pool, strict=True):
            prior = PRIOR * evidence / (evidence + PRIOR)
            whole = mine + prior
            among *= prior / max(whole, 1e-9)
            levels.append((mine * middle + prior * typical) / max(whole, 1e-9))
            within = (mine * width * width + prior * within * within + VAGUE * VAGUE) / (whole + 1.0)
            spreads.append(max(math.sqrt(within + among * among), FLOOR))
            known.append(whole > 0.0)
        return levels, spreads, known

    def _teach(
        self, row: int, x: list[float], told: tuple[bool, ...], at: float, weight: float, *, pooled: bool
    ) -> None:
        first = self._seen[row] == 0.0
        elapsed = WINDOW_S if first else min(at - float(self._at[row]), LONGEST_STEP_S)
        if elapsed < SHORTEST_STEP_S:
            # A clock that was put back is followed, or nothing would be learnt until it is there again.
            self._at[row] = min(at, self._at[row])
            return
        self._at[row] = at
        fresh, least = weight * min(elapsed / WINDOW_S, 1.0), weight * -math.expm1(-elapsed / FOLLOW_S)
        faded = math.exp(-elapsed / FORGET_S)
        own, level, spread = (table[row].tolist() for table in (self._evidence, self._level, self._spread))
        new = [place for place in range(_N) if told[place] and own[place] <= 0.0]
        if new:
            # A stranger starts where all are, so that his first window can pull no farther than anybody's.
            usual, wide, known = self._expected(row, not pooled)
            for place in new:
                level[place], spread[place] = usual[place] if known[place] else x[place], wide[place]
        away, share = [0.0] * _N, [0.0] * _N
        for place in range(_N):
            if told[place]:
                before, width = own[place], max(spread[place], FLOOR)
                far = min(max(x[place] - level[place], -CLIP * width), CLIP * width)
                rate = max(fresh / (before + fresh), least)
                level[place] += rate * far
                spread[place] = width + rate * (_MEAN_TO_SPREAD * abs(far) - width)
                own[place] = before * faded + fresh
                away[place], share[place] = abs(far), fresh * before / (before + PRIOR)
        self._level[row], self._spread[row], self._evidence[row] = level, spread, own
        self._seen[row] = self._seen[row] * faded + fresh
        if pooled:
            self._teach_pool(x, away, share, at)

    def _teach_pool(self, x: list[float], away: list[float], fresh: list[float], at: float) -> None:
        """``fresh`` is nothing for a stranger's first window: a crowd of new names teaches nobody what is normal."""
        faded = math.exp(-min(max(at - self._pool_at, 0.0), LONGEST_STEP_S) / FOLLOW_S)
        self._pool_at = at
        among, typical, within, evidence = self._pool.tolist()
        for place, share in enumerate(fresh):
            known = evidence[place] = evidence[place] * faded
            if share <= 0.0:
                continue
            if known <= 0.0:
                typical[place], among[place], within[place] = x[place], VAGUE, VAGUE
            rate = share / max(known + share, 1e-9)
            widest = CLIP * max(among[place], FLOOR)
            step = min(max(x[place] - typical[place], -widest), widest)
            typical[place] += rate * step
            among[place] += rate * (_MEAN_TO_SPREAD * abs(step) - among[place])
            within[place] += rate * (_MEAN_TO_SPREAD * away[place] - within[place])
            evidence[place] += share
        self._pool[:] = among, typical, within, evidence

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
            # Rows as they lie, and their order beside them: putting them in order would keep everybody waiting.
            rows = [*self._settled.values(), *self._new.values()]
            users = [*self._settled, *self._new]
            facts: dict[str, Any] = {"kind": _KIND, "key": self._key.hex(), "at": self._pool_at}
            facts |= {"evicted": self.evicted, "settled": len(self._settled)}
            pool = self._pool.copy()
        kept = self._kept(len(rows))
        names = np.frombuffer(b"".join(users), np.uint8)
        return pack(facts, {"names": names, "rows": np.array(rows, np.int64), "pool": pool, **kept})

    def _kept(self, number: int) -> dict[str, Row]:
        """The first rows, copied some at a time. A row that is given to another meanwhile is saved as that one's."""
        arrays: dict[str, Row] = {name: getattr(self, f"_{name}") for name in _TABLES}
        kept: dict[str, Row] = {name: np.empty((number, *array.shape[1:])) for name, array in arrays.items()}
        for start in range(0, number, AT_ONCE):
            part = slice(start, min(start + AT_ONCE, number))
            with self._lock:
                for name, array in arrays.items():
                    kept[name][part] = array[part]
        return kept

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
            rows, settled = list(zip(users, arrays["rows"].tolist(), strict=True)), int(facts["settled"])
            self._settled, self._new = OrderedDict(rows[:settled]), OrderedDict(rows[settled:])
            self._pool = arrays["pool"].copy()
            for name in _TABLES:
                getattr(self, f"_{name}")[: len(users)] = arrays[name]


def _told(features: Features) -> tuple[bool, ...]:
    """Which features the window tells: without messages there is no size, and no rhythm in fewer than three."""
    return _TOLD[features.messages_per_minute > 0.0, features.regularity > 0.0]


_TOLD = {
    (sent, rhythm): tuple((sent or name not in _SIZES) and (rhythm or name != "regularity") for name in FEATURES)
    for sent in (False, True)
    for rhythm in (False, True)
}
