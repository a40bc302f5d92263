"""Redis gone, deaf, emptied and back: nobody waits for it, and nothing breaks."""

from __future__ import annotations

import threading

import pytest
from tests.contracts.waiting import until
from tests.own_redis import own_redis

from samouk.loop.ports import StoreUnavailable
from samouk.store.bell.redis import RedisBell
from samouk.store.cache.redis import RedisCache
from samouk.store.outage import LONGEST_PAUSE_S, Outage


def test_an_outage_sends_one_caller_at_a_time() -> None:
    """After a failure nobody is sent for a while, twice as long each time, up to a bound."""
    now = [0.0]
    outage = Outage("there", lambda: now[0])
    assert outage.may_try()
    assert not outage.lasts
    waited = []
    for _ in range(8):
        outage.failed(OSError())
        began = now[0]
        while not outage.may_try():
            now[0] += 0.25
        assert not outage.may_try()
        waited.append(now[0] - began)
    assert waited == sorted(waited)
    assert waited[-1] == LONGEST_PAUSE_S
    outage.answered()
    assert outage.may_try()
    assert outage.may_try()
    assert outage.failures == 8


def test_a_cache_that_is_gone_is_empty() -> None:
    """It counts that, goes on counting in this process, asks only now and then, and is used again once it is back."""
    with own_redis() as server:
        cache = RedisCache(server.url)
        cache.put("a", b"1", 60)
        assert cache.count("b", 60) == 1
        server.stop()
        assert cache.get("a") is None
        assert [cache.count("b", 60), cache.count("b", 60)] == [1, 2]
        cache.put("a", b"2", 60)
        cache.drop("c")
        assert cache.failures == 1
        server.start()

        def back() -> bool:
            cache.put("a", b"3", 60)
            return cache.get("a") == b"3"

        until(back)
        assert cache.count("b", 60) == 1
        cache.close()


def test_a_cache_that_does_not_answer_is_asked_once() -> None:
    """A thousand questions to a server that hangs reach it a few times, not a thousand."""
    with own_redis() as server:
        cache = RedisCache(server.url)
        server.freeze()
        assert {cache.get(str(number)) for number in range(1_000)} == {None}
        assert 1 <= cache.failures < 10
        server.thaw()
        cache.close()


def test_a_cache_that_was_flushed_begins_anew() -> None:
    """No error, and no failure counted."""
    with own_redis() as server:
        cache = RedisCache(server.url)
        cache.put("a", b"1", 60)
        cache.count("b", 60, 7)
        server.flush()
        assert cache.get("a") is None
        assert cache.count("b", 60) == 1
        assert cache.failures == 0
        cache.close()


def test_a_bell_that_was_away_rings_once_it_is_back() -> None:
    """Who waits sleeps briefly meanwhile, rings here all the same, and looks when the listener hears again."""
    with own_redis() as server:
        near, far = RedisBell(server.url), RedisBell(server.url)
        far.ring("events")
        heard = far.rings("events")
        until(lambda: far.patience > 1)
        server.stop()
        until(lambda: far.patience < 1)
        near.ring("events")
        assert near.rings("events") == 1
        waiting = threading.Thread(target=far.wait, args=("events", 60, heard), daemon=True)
        waiting.start()
        server.start()
        waiting.join(60)
        assert far.rings("events") > heard
        until(lambda: far.patience > 1)
        assert near.failures > 0
        near.close()
        far.close()


def test_what_is_no_address_of_redis_is_said() -> None:
    """In words that name the setting."""
    for wrong in ("http://127.0.0.1", "redis://127.0.0.1:port"):
        with pytest.raises(StoreUnavailable, match="SAMOUK_REDIS_URL"):
            RedisCache(wrong)
