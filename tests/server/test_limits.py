"""How often whoever asks may ask: bounded by key and by address, and no address is kept."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.server import toy
from tests.server.house import House, running

from samouk.server import Options, create_app
from samouk.server.limits import DAY_S, Addresses, Bucket, Limits, Shared
from samouk.server.problems import Problem
from samouk.store.cache.memory import MemoryCache
from samouk.store.memory import memory_services


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


@contextmanager
def bounded(**options: Any) -> Iterator[House]:
    """A server with these limits."""
    services = memory_services()
    with running(create_app(services, {"toy": toy.DOMAIN}, Options(**options)), services) as house:
        yield house


def test_so_many_a_minute() -> None:
    """So many at once, then one each time that its share of a minute has passed; others are not touched."""
    clock = Hand()
    bucket = Bucket(6, now=clock)
    assert [bucket.wait("a") for _ in range(6)] == [0] * 6
    assert bucket.wait("a") == pytest.approx(10)
    assert bucket.wait("b") == 0
    clock.at += 10
    assert bucket.wait("a") == 0
    assert bucket.wait("a") == pytest.approx(10)
    clock.at += 3_600
    assert [bucket.wait("a") for _ in range(6)] == [0] * 6
    assert bucket.wait("a") > 0


def test_no_limit() -> None:
    """0 lets all through."""
    bucket = Bucket(0)
    assert not any(bucket.wait("a") for _ in range(10_000))


def test_a_crowd_of_senders_takes_bounded_memory() -> None:
    """Who invents senders without end makes the bucket forget, never grow."""
    clock = Hand()
    bucket = Bucket(6, most=100, now=clock)
    for number in range(1_000):
        assert bucket.wait(f"sender {number}") == 0
        clock.at += 0.001
    assert len(bucket._next) <= 100


def scope(client: str, *forwarded: str) -> dict[str, Any]:
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    return {"type": "http", "client": (client, 1), "headers": headers}


def test_an_address_is_a_hash_that_changes_daily() -> None:
    """The same today, another tomorrow, and in no attribute of anything that lasts."""
    clock = Hand()
    addresses = Addresses(now=clock)
    today = addresses.of(scope("203.0.113.7"))
    assert today == addresses.of(scope("203.0.113.7")) != addresses.of(scope("203.0.113.8"))
    assert Addresses(now=clock).of(scope("203.0.113.7")) != today
    clock.at += DAY_S + 1
    assert addresses.of(scope("203.0.113.7")) != today


def test_one_sender_has_one_network() -> None:
    """Of IPv6 all addresses that one sender can take are one."""
    addresses = Addresses()
    assert addresses.of(scope("2001:db8:1:2:3::4")) == addresses.of(scope("2001:db8:1:2:ffff::1"))
    assert addresses.of(scope("2001:db8:1:2::")) != addresses.of(scope("2001:db8:1:3::"))
    assert addresses.of(scope("no address : at all")) == addresses.of(scope("no address : at all"))


def test_no_sender_chooses_its_address() -> None:
    """X-Forwarded-For counts only as far as trusted proxies wrote it."""
    plain = Addresses()
    assert plain.of(scope("10.0.0.1", "6.6.6.6")) == plain.of(scope("10.0.0.1"))
    one = Addresses(1)
    assert one.of(scope("10.0.0.1", "6.6.6.6, 203.0.113.7")) == one.of(scope("10.0.0.1", "203.0.113.7"))
    assert one.of(scope("10.0.0.1", "6.6.6.6", "203.0.113.7")) == one.of(scope("10.0.0.1", "203.0.113.7"))
    two = Addresses(2)
    assert two.of(scope("10.0.0.1", "6.6.6.6, 203.0.113.7, 10.0.0.2")) == two.of(
        scope("10.0.0.1", "203.0.113.7, 10.0.0.2")
    )
    assert two.of(scope("10.0.0.1", "203.0.113.7")) == two.of(scope("10.0.0.1"))


def test_a_key_is_bounded_on_every_server() -> None:
    """What one server let through counts on the others, a moment later."""
    cache, clock = MemoryCache(), Hand()
    here, there = Shared(cache, 10, now=clock), Shared(cache, 10, now=clock)
    assert not any(here.wait("key") for _ in range(8))
    here.tell()
    assert not any(there.wait("key") for _ in range(8))
    there.tell()
    assert there.wait("key") > 0
    assert there.wait("other") == 0
    clock.at += 61
    assert there.wait("key") == 0


def test_too_many_with_a_key() -> None:
    """The answer says when to come again; another key goes on, and so does health."""
    with bounded(rate_key=5) as house:
        statuses = [house.call("GET", "/v1/keys").status for _ in range(7)]
        assert statuses == [200] * 5 + [429] * 2
        refused = house.call("GET", "/v1/keys")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        other = {"Authorization": f"Bearer {house.services.keys.create('other')[1]}"}
        assert house.request("POST", "/v1/learners/toy.half/outcomes", b"{}", other).status != 429
        assert {house.get("/health/live").status for _ in range(20)} == {200}


def test_too_many_on_the_short_way() -> None:
    """The busiest addresses are bounded as the others are."""
    with bounded(rate_key=3) as house:
        body = toy.packed(toy.upload())
        assert [house.send(body).status for _ in range(5)] == [201, 200, 200, 429, 429]


def test_too_many_without_a_key() -> None:
    """Reading figures is bounded by address; keys are counted by themselves."""
    with bounded(rate_anonymous=5) as house:
        assert [house.get("/v1/learners").status for _ in range(7)] == [200] * 5 + [429] * 2
        assert house.get("/v1/keys").status == 429
        assert house.call("GET", "/v1/keys").status == 200


def test_guessing_keys_ends_soon() -> None:
    """After some wrong keys none is tried any more from there; who showed a good one before goes on."""
    with bounded(rate_failures=4) as house:
        assert house.call("GET", "/v1/keys").status == 200
        wrong = [{"Authorization": f"Bearer smk_{number:08d}_{'x' * 43}"} for number in range(8)]
        statuses = [house.request("GET", "/v1/keys", None, one).status for one in wrong]
        assert statuses == [401] * 4 + [429] * 4
        fresh = {"Authorization": f"Bearer {house.services.keys.create('new')[1]}"}
        assert house.request("GET", "/v1/keys", None, fresh).status == 429
        assert house.call("GET", "/v1/keys").status == 200


def test_no_address_is_kept() -> None:
    """Nothing that a limiter holds has an address in it."""
    limits = Limits(anonymous=100, failures=100, hops=1)
    for last in range(50):
        asked = scope("198.51.100.77", f"203.0.113.{last}")
        limits.anonymous(asked)
        limits.failed(asked)
        limits.trying(asked)
        del asked
    held = repr([vars(one) for one in gc.get_objects() if isinstance(one, Bucket | Addresses | Limits)])
    assert "203.0.113" not in held and "198.51.100" not in held


def test_a_refusal_says_which_limit() -> None:
    """And nothing of who else was there."""
    limits = Limits(key=1)
    limits.key("one")
    with pytest.raises(Problem, match="at most 1 requests a minute for one key"):
        limits.key("one")


def test_a_process_beside_this_one_is_no_stranger() -> None:
    """What came over a socket of this machine was counted where its sender's address was seen."""
    limits = Limits(anonymous=1, failures=1)
    for _ in range(5):
        limits.anonymous({"type": "http", "client": None, "headers": []})
        limits.failed({"type": "http", "client": ("", 0), "headers": []})
    limits.trying({"type": "http", "client": None, "headers": []})


def test_a_proxy_that_nobody_told_of_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """All behind it would be limited as one, which whoever runs the server should hear of."""
    limits = Limits(anonymous=100)
    scope = {"client": ("203.0.113.9", 1), "headers": [(b"x-forwarded-for", b"198.51.100.4")]}
    with caplog.at_level("WARNING"):
        limits.anonymous({**scope, "headers": []})
        assert not caplog.messages
        limits.anonymous(scope)
        limits.anonymous(scope)
    assert ["SAMOUK_TRUSTED_PROXIES" in message for message in caplog.messages] == [True]
