"""What every Cache backend promises."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.contracts.waiting import until

from samouk.loop.ports import Cache
from samouk.store.cache.memory import MemoryCache


class TestCache:
    """What may be lost."""

    def test_what_was_put_is_found(self, cache: Cache) -> None:
        """Any bytes, under any text; the last ones put."""
        cache.put("a", b"\x00one", 60)
        cache.put("a", b"two", 60)
        cache.put("schlüssel with blanks", b"", 60)
        assert cache.get("a") == b"two"
        assert cache.get("schlüssel with blanks") == b""
        assert cache.get("b") is None

    def test_what_was_dropped_is_gone(self, cache: Cache) -> None:
        """Values and counters alike; dropping what is not there is no error."""
        cache.put("a", b"one", 60)
        cache.count("b", 60)
        for key in ("a", "b", "c"):
            cache.drop(key)
        assert cache.get("a") is None
        assert cache.count("b", 60) == 1

    def test_nothing_is_kept_past_its_time(self, cache: Cache) -> None:
        """What has no time at all is not kept, and replaces nothing by something older."""
        cache.put("a", b"one", 0.05)
        until(lambda: cache.get("a") is None)
        cache.put("b", b"one", 60)
        cache.put("b", b"two", 0)
        assert cache.get("b") is None

    def test_a_counter_counts(self, cache: Cache) -> None:
        """By one or by more, each for itself and apart from values of the same name."""
        cache.put("a", b"one", 60)
        assert [cache.count("a", 60), cache.count("a", 60, 5), cache.count("b", 60)] == [1, 6, 1]
        assert cache.get("a") == b"one"

    def test_a_counter_begins_again(self, cache: Cache) -> None:
        """So long after its first count, however often it is counted meanwhile."""
        cache.count("a", 0.1, 1_000_000)
        until(lambda: cache.count("a", 0.1) < 1_000_000)

    def test_threads_lose_no_count(self, cache: Cache) -> None:
        """Two hundred counts by eight threads are two hundred."""
        with ThreadPoolExecutor(8) as pool:
            counted = list(pool.map(lambda _: cache.count("a", 60), range(200)))
        assert sorted(counted) == list(range(1, 201))

    def test_nothing_went_wrong(self, cache: Cache) -> None:
        """A cache in order counts no failure."""
        cache.put("a", b"one", 60)
        assert cache.failures == 0


class TestMemoryCache:
    """What one process keeps is bounded."""

    def test_the_one_used_longest_ago_goes_first(self) -> None:
        """Reading is using."""
        cache = MemoryCache(entries=2)
        cache.put("a", b"1", 60)
        cache.put("b", b"2", 60)
        cache.get("a")
        cache.put("c", b"3", 60)
        assert [cache.get(key) for key in "abc"] == [b"1", None, b"3"]

    def test_bytes_are_bounded(self) -> None:
        """Of all values together; one that is too large alone pushes nobody out."""
        cache = MemoryCache(size=10)
        cache.put("a", b"123456", 60)
        cache.put("b", b"1234", 60)
        cache.put("c", b"12345678901", 60)
        assert [cache.get(key) for key in "abc"] == [b"123456", b"1234", None]
        cache.put("d", b"12345", 60)
        assert [cache.get(key) for key in "abd"] == [None, b"1234", b"12345"]

    def test_its_time_is_told_by_a_clock_that_nobody_sets(self) -> None:
        """To the second."""
        now = [100.0]
        cache = MemoryCache(now=lambda: now[0])
        cache.put("a", b"1", 10)
        cache.count("b", 10)
        now[0] = 109.9
        assert (cache.get("a"), cache.count("b", 10)) == (b"1", 2)
        now[0] = 110.0
        assert (cache.get("a"), cache.count("b", 10)) == (None, 1)
