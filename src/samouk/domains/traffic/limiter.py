"""A limit on messages for each user that follows what is normal for the user, within bounds that an operator sets."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from samouk.domains.traffic.ears.addresses import new_key, pseudonym
from samouk.domains.traffic.ears.baselines import Baselines
from samouk.edge.wire import WireError
from samouk.families.packing import pack, unpack

DAY_S = 86_400.0
LOOK_S = 60.0
"""Seconds between two looks at a user's normal: it moves by hours, and a look costs as much as twenty messages."""

RESPITE_S = 300.0
"""Seconds after the last refusal in which a limit does not grow."""

BACK_S = 5.0
"""A clock that goes back by more was set; by less, it is another thread's."""

MOST = 1e9
"""Messages a minute that may be asked for, and messages at once."""

AT_ONCE = 5_000
"""Limits that are copied at once for a save, while who asks for one has to wait."""

FAIL = ("open", "closed")
_NAME_BYTES = 16
_KIND = "traffic-limits"


@dataclass(frozen=True, slots=True)
class Limits:
    """What an operator sets. Raises WireError, which names the field, for what cannot be.

    Attributes:
        low, high: messages a minute that every limit lies between, but a penalty.
        factor: of the user's normal rate, from 1 on: the limit that the user would have without the bounds.
        burst: messages that may come at once after a silence.
        growth: a limit becomes no more than so many times as high in a day; from 1 on.
        penalty: share of ``low`` that is left to a user when an operator confirms an alert, above 0 to 1; from there
            the limit grows as any other.
        fail: ``open`` lets messages through when the guard itself fails, ``closed`` none.
    """

    low: float = 120.0
    high: float = 1_200.0
    factor: float = 3.0
    burst: float = 60.0
    growth: float = 2.0
    penalty: float = 0.25
    fail: str = "open"

    def __post_init__(self) -> None:
        _check("low", self.low, 0.0, MOST, outside=True)
        _check("high", self.high, self.low, MOST)
        _check("factor", self.factor, 1.0, MOST)
        _check("burst", self.burst, 1.0, MOST)
        _check("growth", self.growth, 1.0, MOST)
        _check("penalty", self.penalty, 0.0, 1.0, outside=True)
        if self.fail not in FAIL:
            raise WireError("limits.fail", f"must be one of {', '.join(FAIL)}, not {self.fail!r:.40}")


class Decision(NamedTuple):
    """Whether a message may pass, the limit that it was held to, and seconds until the next one may; 0 when it may."""

    allowed: bool
    limit_per_minute: float
    retry_after_s: float


class _Account:
    """One user. ``at``: of the tokens; ``looked_at``: of the limit; ``limited_at``: of the last refusal.

    ``yes`` is what is answered while there are tokens: made when the limit moves, not for each message.
    """

    __slots__ = ("at", "limited_at", "looked_at", "tokens", "yes")

    def __init__(self, at: float, tokens: float, limit: float) -> None:
        self.at = self.looked_at = at
        self.tokens = tokens
        self.limited_at = -math.inf
        self.yes = Decision(True, limit, 0.0)

    @property
    def limit(self) -> float:
        return self.yes.limit_per_minute

    @limit.setter
    def limit(self, limit: float) -> None:
        self.yes = Decision(True, limit, 0.0)


class RateLimiter:
    """A token bucket for each user (O(1) a message); the least lately seen of more than ``max_users`` is dropped.

    A limit goes towards ``factor`` times the user's normal rate, by no more than ``growth`` a day, up or down, and not
    up while the user is over it. What is normal is learnt from windows without harm alone, so that a flood does not
    raise its own limit, and whoever raises their rate slowly finds the growth bounded, and ``high`` at its end.
    Strangers get ``low``, whatever is normal for others, or a crowd of new names could raise it. Who was dropped
    comes back to the limit that it had. Safe to call from any thread.

    Args:
        baselines: what is normal; None gives everybody ``low``.
        clock: seconds since 1970.

    Attributes:
        counts: allowed, limited, penalties, evicted, clock_jumps, refused_time, refused_cost; and what who asks did
            then: dropped, closed, turned_away, failed_open, failed_closed, failed_<step>.
    """

    def __init__(
        self,
        limits: Limits,
        baselines: Baselines | None = None,
        clock: Callable[[], float] = time.time,
        *,
        max_users: int = 100_000,
    ) -> None:
        if max_users < 1:
            raise WireError("max_users", f"is {max_users}; set 1 or more")
        self.limits = limits
        self.counts: Counter[str] = Counter()
        self._burst = float(limits.burst)
        self._baselines, self._clock, self._max_users = baselines, clock, max_users
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._kept: dict[bytes, float] = {}
        self._penalties: dict[bytes, float] = {}
        self._key = new_key()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Users with an account."""
        return len(self._accounts)

    def allow(self, user_id: str, at: float | None = None, cost: float = 1.0) -> Decision:
        """Take ``cost`` messages from a user's bucket, if they are there; more than ``burst`` cost as much as that."""
        with self._lock:
            now = self._moment(at)
            account = self._accounts.get(user_id)
            if account is None:
                account = self._open(user_id, now)
            else:
                self._accounts.move_to_end(user_id)
            elapsed = now - account.at
            if elapsed > 0.0:
                account.at = now
                account.tokens += elapsed * account.yes.limit_per_minute / 60.0
                if account.tokens > self._burst:
                    account.tokens = self._burst
                if now - account.looked_at >= LOOK_S:
                    self._move(user_id, account, now)
            elif elapsed < -BACK_S:
                self._put_back(account, now)
            if cost != 1.0:
                cost = self._cost(cost)
            if account.tokens >= cost:
                account.tokens -= cost
                self.counts["allowed"] += 1
                return account.yes
            account.limited_at = now
            self.counts["limited"] += 1
            limit = account.yes.limit_per_minute
            return Decision(False, limit, (cost - account.tokens) * 60.0 / limit)

    def penalize(self, user_id: str, at: float | None = None) -> None:
        """An operator confirmed that the user did harm: the limit falls at once."""
        with self._lock:
            now = self._moment(at)
            account = self._accounts.get(user_id) or self._open(user_id, now)
            account.limit = min(account.limit, self.limits.penalty * self.limits.low)
            account.tokens, account.limited_at = 0.0, now
            self.counts["penalties"] += 1

    def follow(self, user_id: str, at: float | None = None, *, limited: bool = False) -> float:
        """The limit as it stands now, for another process that asks the user to keep it; nothing is taken or counted.

        ``limited``: that process has refused some of the user's messages, so that the limit does not grow.
        """
        with self._lock:
            now = self._moment(at)
            account = self._accounts.get(user_id) or self._open(user_id, now)
            if limited:
                account.limited_at = now
            if now - account.looked_at >= LOOK_S:
                self._move(user_id, account, now)
            elif now - account.looked_at < -BACK_S:
                self._put_back(account, now)
            self._accounts.move_to_end(user_id)
            return account.limit

    def forget(self, user_id: str) -> int:
        """Remove the user's limit; how many there were."""
        with self._lock:
            kept = self._take_kept(user_id) is not None
            return int(self._accounts.pop(user_id, None) is not None or kept)

    def limit(self, user_id: str) -> float:
        """Messages a minute that the user is held to now."""
        with self._lock:
            account = self._accounts.get(user_id)
            return self._first(user_id) if account is None else account.limit

    def save(self) -> bytes:
        """All limits; users as hashes under a key that is saved too. Buckets are full again after a restart."""
        with self._lock:
            known, key, low = self._kept | self._penalties, self._key, self.limits.low
            users = list(self._accounts)
        for start in range(0, len(users), AT_ONCE):
            part = users[start : start + AT_ONCE]
            with self._lock:
                held = [self._accounts.get(user) for user in part]
                limits = [account.limit if account else 0.0 for account in held]
            # Hashing takes long: nobody waits for it.
            known |= {pseudonym(key, user): limit for user, limit in zip(part, limits, strict=True) if limit}
        names = np.frombuffer(b"".join(known), np.uint8)
        facts = {"kind": _KIND, "key": key.hex(), "low": low}
        return pack(facts, {"names": names, "limits": np.array(list(known.values()), np.float64)})

    def load(self, data: bytes) -> None:
        """Go on where ``save`` stopped. Raises ValueError for bytes that are no such state."""
        facts, arrays = unpack(data, _KIND)
        try:
            key, low = bytes.fromhex(facts["key"]), float(facts["low"])
            limits, names = arrays["limits"].tolist(), arrays["names"].tobytes()
        except (KeyError, TypeError) as error:
            raise ValueError(f"no saved limits ({error}); start from fresh ones") from None
        users = [names[start : start + _NAME_BYTES] for start in range(0, len(names), _NAME_BYTES)]
        if len(users) != len(limits) or not all(0.0 < limit < math.inf for limit in (low, *limits)):
            raise ValueError("no saved limits: names and numbers do not fit; start from fresh ones")
        with self._lock:
            self._key = key
            self._accounts.clear()
            known = [(user, self._within(limit, low)) for user, limit in zip(users, limits, strict=True)]
            lowest, room = self.limits.low, self._max_users
            self._penalties = dict([(user, limit) for user, limit in known if limit < lowest][-room:])
            room -= len(self._penalties)
            self._kept = dict([(user, limit) for user, limit in known if limit >= lowest][-room:] if room else [])

    def _moment(self, at: float | None) -> float:
        if at is None:
            return self._clock()
        if not math.isfinite(at):
            self.counts["refused_time"] += 1
            return self._clock()
        return at

    def _cost(self, cost: float) -> float:
        if not cost >= 0.0:
            self.counts["refused_cost"] += 1
            return 1.0
        return min(cost, self._burst)

    def _open(self, user_id: str, at: float) -> _Account:
        kept = self._take_kept(user_id)
        limit = self._target(user_id) if kept is None else kept
        account = _Account(at, self._burst if limit >= self.limits.low else 0.0, limit)
        self._accounts[user_id] = account
        if len(self._accounts) > self._max_users:
            self._evict()
        return account

    def _evict(self) -> None:
        """Drop the least lately seen; a limit that it would not get again at once is kept, penalties the longest."""
        user_id, account = self._accounts.popitem(last=False)
        self.counts["evicted"] += 1
        limit = account.limit
        if limit == self._target(user_id):
            return
        kept = self._kept if limit >= self.limits.low else self._penalties
        kept[pseudonym(self._key, user_id)] = limit
        if len(self._kept) + len(self._penalties) > self._max_users:
            fuller = self._kept or self._penalties
            del fuller[next(iter(fuller))]

    def _take_kept(self, user_id: str) -> float | None:
        """A limit that was kept, which then is no longer."""
        if not (self._kept or self._penalties):
            return None
        name = pseudonym(self._key, user_id)
        kept = self._penalties.pop(name, None)
        return self._kept.pop(name, None) if kept is None else kept

    def _first(self, user_id: str) -> float:
        """Where a limit begins: where it stood before, else at what is normal for the user."""
        name = pseudonym(self._key, user_id)
        kept = self._penalties.get(name, self._kept.get(name))
        return self._target(user_id) if kept is None else kept

    def _within(self, limit: float, low: float) -> float:
        """A kept limit within the bounds of today; one below ``low`` was a penalty, and stays the same share of it."""
        bounds = self.limits
        return limit / low * bounds.low if limit < low else min(max(limit, bounds.low), bounds.high)

    def _target(self, user_id: str) -> float:
        limits = self.limits
        if self._baselines is None or not self._baselines.settled(user_id):
            return limits.low
        wanted = limits.factor * self._baselines.normal(user_id).messages_per_minute
        return min(max(wanted, limits.low), limits.high)

    def _put_back(self, account: _Account, at: float) -> None:
        """The clock was; nothing is given for time that is told twice."""
        account.at = account.looked_at = at
        account.limited_at = min(account.limited_at, at)
        self.counts["clock_jumps"] += 1

    def _move(self, user_id: str, account: _Account, at: float) -> None:
        """A day's growth at most, however long the user, or the clock, was away."""
        steps = self.limits.growth ** (min(at - account.looked_at, DAY_S) / DAY_S)
        account.looked_at = at
        target, limit = self._target(user_id), account.limit
        if target < limit:
            account.limit = max(target, limit / steps)
        elif at - account.limited_at >= RESPITE_S:
            account.limit = min(target, limit * steps)


def _check(name: str, value: float, least: float, most: float, *, outside: bool = False) -> None:
    """``outside``: the least value itself is not allowed."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not least <= value <= most or (outside and value == least):  # written so that NaN fails too
        bounds = f"{'above' if outside else 'from'} {least:g} to {most:g}"
        raise WireError(f"limits.{name}", f"must be a number {bounds}, not {value!r:.40}")
