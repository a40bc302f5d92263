"""Addresses: counted, told apart, forgotten, and nowhere to be found."""

from __future__ import annotations

import gc
import pickle

import pytest

from samouk.domains.traffic.ears.addresses import MOST, Addresses, pseudonym
from samouk.domains.traffic.ears.extractor import FeatureExtractor

CANARY = "203.0.113." + str(77)
T0 = 1.7e9


def test_a_user_s_addresses_are_counted_once_each() -> None:
    """The same address again is no new one."""
    addresses = Addresses(3_600.0)
    for number in (1, 2, 1, 3, 2):
        addresses.add(5, f"10.0.0.{number}", T0)
    assert addresses.number(5) == 3
    assert addresses.number(6) == 0
    assert addresses.everywhere() == 3


def test_no_user_holds_more_than_so_many() -> None:
    """A user who comes from everywhere costs no more than another."""
    addresses = Addresses(3_600.0)
    for number in range(1_000):
        addresses.add(1, f"10.0.{number // 250}.{number % 250}", T0)
    assert addresses.number(1) == MOST


def test_all_addresses_are_counted_to_a_few_in_a_hundred() -> None:
    """Linear counting over the whole server."""
    addresses = Addresses(3_600.0)
    for number in range(5_000):
        addresses.add(number, f"2001:db8::{number:x}", T0)
    assert addresses.everywhere() == pytest.approx(5_000, rel=0.03)


@pytest.mark.parametrize("later", [T0 + 3_600.0, T0 - 3_600.0])
def test_the_salt_goes_with_time_and_takes_all_hashes_along(later: float) -> None:
    """Forward by the clock, or back by as much."""
    addresses = Addresses(3_600.0)
    addresses.add(1, "10.0.0.1", T0)
    salt = addresses.salt
    addresses.add(2, "10.0.0.1", T0 + 3_000.0)
    assert addresses.salt == salt
    addresses.add(2, "10.0.0.2", later)
    assert addresses.salt != salt
    assert (addresses.number(1), addresses.number(2), addresses.everywhere()) == (0, 1, 1)


def test_two_salts_give_unlike_hashes() -> None:
    """What one server knows does not help to read another's."""
    one, two = Addresses(60.0), Addresses(60.0)
    for number in range(8):
        one.add(1, f"10.0.0.{number}", T0)
        two.add(1, f"10.0.0.{number}", T0)
    assert one.owners[1] != two.owners[1]


def test_pseudonyms_hang_on_their_key() -> None:
    """And take any text, halves of surrogate pairs too."""
    assert pseudonym(b"a", "ann") == pseudonym(b"a", "ann")
    assert len({pseudonym(b"a", "ann"), pseudonym(b"b", "ann"), pseudonym(b"a", "\ud800")}) == 3


def test_the_address_itself_is_nowhere() -> None:
    """Neither in what is saved or shown nor in any object that the extractor holds on to."""
    extractor = FeatureExtractor(max_users=50)
    for second in range(20):
        extractor.track_user_activity("ann", 10.0, ("news",), CANARY, at=T0 + second)
    extractor.connected("bob", CANARY, at=T0 + 20)
    features = extractor.features("ann", T0 + 20)
    assert features is not None
    assert features.addresses == 1.0
    extractor.note("ann", T0 + 20, features)
    assert CANARY.encode() not in extractor.save()
    assert CANARY not in repr(extractor.__dict__) + repr(extractor.recent(10)) + repr(extractor.counts)
    walked, found = _walk(extractor)
    assert walked > 50
    assert not found


def _walk(root: object) -> tuple[int, list[object]]:
    """How many objects hang on ``root``, and those of them that hold the canary."""
    seen: dict[int, object] = {}
    rest: list[object] = [root]
    modules = type(gc)
    while rest:
        one = rest.pop()
        if id(one) in seen or isinstance(one, type | modules) or callable(one):
            continue
        seen[id(one)] = one
        rest += gc.get_referents(one)
    found = [one for one in seen.values() if isinstance(one, str | bytes) and CANARY in repr(one)]
    tables = [one for one in seen.values() if hasattr(one, "dtype") or type(one).__name__ == "array"]
    return len(seen), found + [one for one in tables if CANARY.encode() in pickle.dumps(one)]
