"""A cache in Redis, shared by all servers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from samouk.store.cache.memory import MemoryCache
from samouk.store.outage import Outage
from samouk.store.redis import PREFIX, connect, place

T = TypeVar("T")

_VALUE, _COUNTER = f"{PREFIX}cache:", f"{PREFIX}count:"

# In one step: a counter whose server dies between the two would never begin again.
_COUNT = """
local counted = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return counted
"""


class RedisCache:
    """Entries and counters whose time Redis tells; while it is out of order counters go on in this process.

    So an outage switches no limit off: it then holds for each server alone.

    Args:
        url: ``redis://host:port/number``.
    """

    def __init__(self, url: str) -> None:
        self._redis = connect(url)
        self._counter = self._redis.register_script(_COUNT)
        self._outage = Outage(place(url))
        self._meanwhile = MemoryCache()

    @property
    def failures(self) -> int:
        return self._outage.failures

    def get(self, key: str) -> bytes | None:
        return self._ask(lambda: cast("bytes | None", self._redis.get(_VALUE + key)), None)

    def put(self, key: str, value: bytes, seconds: float) -> None:
        if seconds <= 0:
            self.drop(key)
            return
        self._ask(lambda: self._redis.set(_VALUE + key, value, px=_milliseconds(seconds)), None)

    def drop(self, key: str) -> None:
        self._meanwhile.drop(key)
        self._ask(lambda: self._redis.delete(_VALUE + key, _COUNTER + key), None)

    def count(self, key: str, seconds: float, by: int = 1) -> int:
        counted: Any = self._ask(lambda: self._counter([_COUNTER + key], [by, _milliseconds(seconds)]), None)
        return self._meanwhile.count(key, seconds, by) if counted is None else int(counted)

    def close(self) -> None:
        self._redis.close()

    def _ask(self, question: Callable[[], T], instead: T) -> T:
        from redis.exceptions import RedisError

        if not self._outage.may_try():
            return instead
        try:
            answer = question()
        except (RedisError, OSError) as error:
            self._outage.failed(error)
            return instead
        self._outage.answered()
        return answer


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
