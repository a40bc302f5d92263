"""The rules of trust, without IO: which release is an update, and what cannot be understood."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samouk.edge.errors import CacheError, EdgeError, TransportError, TrustError
from samouk.edge.trust import (
    MAX_MODEL_BYTES,
    Check,
    Installed,
    Release,
    UpdateNotStored,
    UpdateRefused,
    UpdateUnavailable,
    release_of,
    update_for,
)

SHA = "a" * 64
RELEASE = Release("v1.2", 2, "l/v1.2.onnx", 10, SHA, figures={"f1": 0.9}, changelog=("better",), signers=("k1",))
OLDER = Installed("v1.1", 1, "x", "b" * 64, {"f1": 0.8}, ("k1",))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def test_newer_is_an_update() -> None:
    """A higher number is an update, told with the figures of both."""
    found = update_for(RELEASE, OLDER, None)
    assert found is not None
    assert (found.version, found.current, found.before, found.after) == ("v1.2", "v1.1", {"f1": 0.8}, {"f1": 0.9})


@pytest.mark.parametrize(
    ("release", "installed", "skipped"),
    [
        (None, OLDER, None),
        (RELEASE, Installed("v1.2", 2, "x", SHA), None),
        (RELEASE, OLDER, SHA),
        (RELEASE, Installed("bundled", 0, "x", SHA), None),
    ],
)
def test_nothing_to_do(release: Release | None, installed: Installed, skipped: str | None) -> None:
    """No release, the installed one, one that was taken back, or the one that ships: no update."""
    assert update_for(release, installed, skipped) is None


@pytest.mark.parametrize("number", [2, 3])
def test_never_back(number: int) -> None:
    """A lower number, or the same number with other bytes, is refused."""
    with pytest.raises(UpdateRefused, match="new number"):
        update_for(RELEASE, Installed("v1.3", number, "x", "c" * 64, signers=("k1", "k2")), None)


def test_numbers_start_anew_when_all_keys_were_replaced() -> None:
    """After every signing key was replaced, a number that a thief pushed up does not lock the client out."""
    assert update_for(RELEASE, Installed("v999", 10**9, "x", "c" * 64, signers=("stolen",)), None) is not None


def test_size_cap() -> None:
    """A model over the cap is refused by its signed size."""
    with pytest.raises(UpdateRefused, match="at most"):
        update_for(dataclasses.replace(RELEASE, size=MAX_MODEL_BYTES + 1), OLDER, None)


@given(JSON, JSON)
def test_any_custom_part_is_read_or_refused(pointer: Any, facts: Any) -> None:
    """Whatever JSON was signed, it becomes a release or UpdateRefused, and no other error."""
    try:
        release_of("l", pointer, facts, size=1, sha256=SHA, signers=())
    except UpdateRefused as error:
        assert "tell the operator" in str(error)


@given(JSON, JSON, JSON, JSON)
def test_odd_facts_never_stop_an_update(figures: Any, changelog: Any, samples: Any, schema: Any) -> None:
    """Facts that only inform are left out when they are odd."""
    facts = {"version": "v1", "number": 1, "figures": figures, "changelog": changelog, "samples": samples}
    pointer = {"version": "v1", "number": 1}
    found = release_of("l", pointer, {**facts, "schema_version": schema}, size=1, sha256=SHA, signers=())
    assert found.target == "l/v1.onnx" and len(found.changelog) <= 50


def test_check_survives_the_disk() -> None:
    """What a full check found is read back as it was written."""
    check = Check("http://h ", '"tag"', dt.datetime(2026, 11, 21, tzinfo=dt.UTC), RELEASE)
    assert Check.decoded(check.encoded()) == check
    empty = dataclasses.replace(check, release=None, etag=None)
    assert Check.decoded(empty.encoded()) == empty


def test_errors_say_whose_fault_it_is() -> None:
    """Each error of an update is also the client's error of that kind."""
    assert issubclass(UpdateUnavailable, TransportError) and issubclass(UpdateRefused, TrustError)
    assert issubclass(UpdateNotStored, CacheError)
    assert all(issubclass(kind, EdgeError) for kind in (UpdateUnavailable, UpdateRefused, UpdateNotStored))
