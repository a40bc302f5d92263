"""How many requests whoever asks may send; nobody's address is stored, shown or kept longer than a day."""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from samouk.loop.ports import Cache
from samouk.server.problems import Problem

log = logging.getLogger("samouk.limits")

WINDOW_S = 60.0
"""The settings are in requests a minute; so many may come at once, and so many a minute after that."""

MOST = 50_000
"""Senders that one bucket remembers, at most: about 8 MB."""

DAY_S = 86_400.0
SHARE_S = 1.0
"""Seconds between two tellings of the other servers: by so much they may be late."""

LONGEST_ADDRESS = 64


class Bucket:
    """A generic cell rate algorithm for each sender: one number each, and the same work for every request.

    Args:
        rate: requests a minute; 0 lets all through.
        now: seconds since any moment, never going back.
    """

    def __init__(self, rate: int, *, most: int = MOST, now: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._space = WINDOW_S / rate if rate else 0.0
        self._most = most
        self._now = now
        self._next: dict[str, float] = {}

    def wait(self, sender: str) -> float:
        """Count one request: 0 when it may pass; else it is not counted, and after so many seconds another one may."""
        if not self._space:
            return 0.0
        now = self._now()
        due = self._next.get(sender, now)
        if due < now:
            due = now
        over = due + self._space - now - WINDOW_S
        if over > 1e-6:
            return over
        if len(self._next) >= self._most and sender not in self._next:
            self._forget(now)
        self._next[sender] = due + self._space
        return 0.0

    def full(self, sender: str) -> float:
        """Seconds until one more may pass, without counting it; 0 when it may now."""
        if not self._space:
            return 0.0
        now = self._now()
        return max(0.0, self._next.get(sender, now) + self._space - now - WINDOW_S)

    def _forget(self, now: float) -> None:
        """Make room: those who have been quiet go, and of a crowd the half that began first."""
        self._next = {sender: due for sender, due in self._next.items() if due > now}
        if len(self._next) >= self._most:
            self._next = dict(list(self._next.items())[self._most // 2 :])


class Addresses:
    """Whom a request comes from, as a hash whose salt is forgotten after a day; a salt never leaves the process.

    Args:
        hops: proxies in front that can be trusted: each adds one address to X-Forwarded-For. 0 reads no header.
    """

    def __init__(self, hops: int = 0, *, now: Callable[[], float] = time.monotonic) -> None:
        self._hops = hops
        self._warned = False
        self._now = now
        self._salt = secrets.token_bytes(32)
        self._until = now() + DAY_S

    def of(self, scope: Mapping[str, Any]) -> str:
        """16 hexadecimal digits, others tomorrow; "" for a process of this machine, which has no address."""
        if self._now() > self._until:
            self._salt, self._until = secrets.token_bytes(32), self._now() + DAY_S
        address = _network(self._address(scope))
        if not address:
            return ""
        return hashlib.blake2b(address.encode(), key=self._salt, digest_size=8).hexdigest()

    def _address(self, scope: Mapping[str, Any]) -> str:
        client = scope.get("client")
        peer = str(client[0]) if client else ""
        # A sibling's requests come without an address, and it has counted them by that of their sender.
        if not self._hops or not client:
            self._warn(scope, peer)
            return peer
        told = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        # Only what trusted proxies wrote counts: the last so many. What is left of them anybody can write.
        hops = [one.strip() for one in told.decode("latin-1").rsplit(",", self._hops)][-self._hops :]
        return hops[0] if told and len(hops) == self._hops else peer

    def _warn(self, scope: Mapping[str, Any], peer: str) -> None:
        """Say once that a proxy seems to stand in front of which nobody told us."""
        if self._warned or not peer or not any(name == b"x-forwarded-for" for name, _ in scope["headers"]):
            return
        self._warned = True
        log.warning(
            "requests come with X-Forwarded-For, and SAMOUK_TRUSTED_PROXIES is 0: all who come through a proxy are "
            "limited as one; set it to the number of proxies in front, unless clients reach this server without one"
        )


def _network(address: str) -> str:
    """Of IPv6 the /64, within which one sender has every address."""
    if ":" not in address:
        return address[:LONGEST_ADDRESS]
    try:
        found = ipaddress.ip_address(address[:LONGEST_ADDRESS].strip("[]"))
    except ValueError:
        return address[:LONGEST_ADDRESS]
    return str(int(found) >> 64)


class Limits:
    """The buckets of a server: by key, by address for who has none, and one for wrong keys.

    Where servers share a cache, each tells it once a second how many requests of each sender it let through, and
    refuses whoever is over the limit in sum; nothing of that is on the way of a request.

    Args:
        key, anonymous, failures: requests a minute; 0 bounds nothing.
        shared: the cache of all servers; None when this one is alone.
    """

    def __init__(
        self,
        key: int = 0,
        anonymous: int = 0,
        failures: int = 0,
        hops: int = 0,
        shared: Cache | None = None,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys = Bucket(key, now=now)
        self._anonymous = Bucket(anonymous, now=now)
        self._failures = Bucket(failures, now=now)
        self._addresses = Addresses(hops, now=now)
        self._shared = Shared(shared, key, now=now) if shared is not None and key else None

    def start(self) -> None:
        if self._shared is not None:
            self._shared.start()

    def close(self) -> None:
        if self._shared is not None:
            self._shared.close()

    def key(self, key_id: str) -> None:
        """One request with a good key. Raises a 429."""
        if self._keys.rate:
            wait = self._keys.wait(key_id)
            if not wait and self._shared is not None:
                wait = self._shared.wait(key_id)
            if wait:
                raise _too_many(wait, f"{self._keys.rate:,} requests a minute for one key")

    def anonymous(self, scope: Mapping[str, Any]) -> None:
        """One request that needs no key. Raises a 429."""
        if self._anonymous.rate and (sender := self._addresses.of(scope)):
            wait = self._anonymous.wait(sender)
            if wait:
                raise _too_many(wait, f"{self._anonymous.rate:,} requests a minute without a key")

    def failed(self, scope: Mapping[str, Any]) -> None:
        """One wrong key."""
        if self._failures.rate and (sender := self._addresses.of(scope)):
            self._failures.wait(sender)

    def trying(self, scope: Mapping[str, Any]) -> None:
        """Whether another key may be tried. Raises a 429."""
        if self._failures.rate and (sender := self._addresses.of(scope)):
            wait = self._failures.full(sender)
            if wait:
                raise _too_many(wait, f"{self._failures.rate:,} wrong keys a minute")


class Shared:
    """Counts of all servers together, told and read from a thread."""

    def __init__(self, cache: Cache, rate: int, *, now: Callable[[], float] = time.monotonic) -> None:
        self._cache = cache
        self._rate = rate
        self._now = now
        self._new: dict[str, int] = {}
        self._until: dict[str, float] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="limits", daemon=True)

    def wait(self, sender: str) -> float:
        """Count one request here; how long it has to wait for what came to all servers."""
        until = self._until.get(sender)
        if until is not None:
            left = until - self._now()
            if left > 0:
                return left
        self._new[sender] = self._new.get(sender, 0) + 1
        return 0.0

    def tell(self) -> None:
        """Add what came since the last time, and see who is over."""
        told, self._new = self._new, {}
        now = self._now()
        self._until = {sender: until for sender, until in self._until.items() if until > now}
        window = int(time.time() // WINDOW_S)
        left = WINDOW_S - time.time() % WINDOW_S
        for sender, count in told.items():
            if self._cache.count(f"rate:{window}:{sender}", WINDOW_S, count) > self._rate:
                self._until[sender] = now + left

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._closing.wait(SHARE_S):
            self.tell()


def _too_many(wait: float, limit: str) -> Problem:
    seconds = max(1, -int(-wait // 1))
    return Problem(429, f"at most {limit}; send it again in {seconds} s", headers={"Retry-After": str(seconds)})
