"""The embedded store with its blobs in a bucket, and PostgreSQL with the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.contracts.making import LEARNER, batch, batch_id, receipt
from tests.objects import fresh_url, objects, status, way
from tests.store.rescan import found

from samouk.loop.ports import StoreUnavailable
from samouk.store.blobs.places import places
from samouk.store.clock import SteppedClock
from samouk.store.sql import Store, open_store
from samouk.store.sql.served import open_served


def names(url: str) -> list[str]:
    """Objects of the place that hold samples or models."""
    return [name for name in objects(url.split("/")[2]) if not name.endswith(("/probe", "/owner"))]


@pytest.fixture(params=["embedded", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path, url: str) -> Store:
    """A store of each kind over the bucket."""
    if request.param == "embedded":
        return open_store(tmp_path / "home", SteppedClock(), blobs_url=url)
    return open_served(request.getfixturevalue("postgres"), *places(url, tmp_path), SteppedClock())


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> str:
    """A place in a bucket."""
    return fresh_url(monkeypatch)


def test_batches_live_and_die_in_the_bucket(store: Store, url: str, tmp_path: Path) -> None:
    """They are read from there, and an erasure takes their bytes from there; nothing lies in the home."""
    given = [batch(number) for number in range(4)]
    store.log.append(given)
    entries = store.log.entries(LEARNER)
    assert [len(columns["flag"]) for _, columns in store.log.read(entries)] == [one.rows for one in given]
    before = names(url)
    assert len(before) == 1
    store.log.erase(batch_id(2), receipt(2))
    assert len(names(url)) == 1
    assert names(url) != before
    assert [entry.batch_id for entry, _ in store.log.read(entries)] == [batch_id(number) for number in (0, 1, 3)]
    assert found(tmp_path, given[0]) == []
    store.close()


def test_opening_again_sweeps_no_bucket(tmp_path: Path, url: str) -> None:
    """Another process may be about to name what is there; the old and unnamed goes when it is swept by age."""
    store = open_store(tmp_path / "home", SteppedClock(), blobs_url=url)
    store.log.append([batch(1)])
    orphan = store.blobs.put(b"orphan")
    store.close()
    store = open_store(tmp_path / "home", SteppedClock(), blobs_url=url)
    assert orphan in set(store.blobs.keys())
    store.close()


def test_a_bucket_that_is_away_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was refused is nowhere, what was acknowledged is there when the bucket is back, and retries are taken."""
    with way() as made:
        url = fresh_url(monkeypatch, made.address)
        store = open_store(tmp_path / "home", SteppedClock(), blobs_url=url)
        store.log.append([batch(1)])
        made.always = status(503, "SlowDown")
        with pytest.raises(StoreUnavailable, match="too busy"):
            store.log.append([batch(2)])
        made.always = None
        assert [entry.batch_id for entry in store.log.entries(LEARNER)] == [batch_id(1)]
        store.log.append([batch(2)])
        assert len(list(store.log.read(store.log.entries(LEARNER)))) == 2
        store.close()
