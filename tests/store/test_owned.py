"""Whose a place of blobs is: no store changes another's, whatever was forgotten in the settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.contracts.making import LEARNER, batch
from tests.objects import fresh_url

from samouk.loop.ports import StoreUnavailable
from samouk.store.blobs.local import MARKER
from samouk.store.blobs.places import places
from samouk.store.clock import SteppedClock
from samouk.store.moving.copying import copy_store
from samouk.store.moving.ends import Where
from samouk.store.sql import Store, open_store
from samouk.store.sql.served import open_served


@pytest.fixture(params=["folder", "bucket"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A place of each kind outside of every home."""
    return f"file://{tmp_path}/elsewhere" if request.param == "folder" else fresh_url(monkeypatch)


def filled(store: Store) -> None:
    """Give the store a batch and a blob that is not named yet, and close it."""
    store.log.append([batch(1)])
    store.blobs.put(b"model")
    store.close()


def kept(url: str, home: Path) -> dict[str, bytes]:
    """Every blob of the place."""
    return {key: blobs.get(key) for blobs in places(url, home) for key in list(blobs.keys())}


def test_a_forgotten_database_costs_nothing(postgres: str, url: str, tmp_path: Path) -> None:
    """An empty home on the blobs of a database is refused when it would write or sweep, and says what was forgotten."""
    filled(open_served(postgres, *places(url, tmp_path), SteppedClock()))
    before = kept(url, tmp_path)
    assert len(before) == 2
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match=r"another database.*SAMOUK_DATABASE_URL"):
            changed(open_store(tmp_path / "fresh", SteppedClock(), blobs_url=url))
    assert kept(url, tmp_path) == before
    again = open_served(postgres, *places(url, tmp_path), SteppedClock())
    assert [one.learner for one in again.log.entries(LEARNER)] == [LEARNER]
    again.blobs.put(b"another")
    again.close()


def changed(store: Store) -> None:
    """Write and sweep, and close it whatever happens."""
    try:
        with pytest.raises(StoreUnavailable, match="SAMOUK_DATABASE_URL"):
            store.blobs.put(b"mine")
        store.upkeep.sweep()
    finally:
        store.close()


def test_the_home_of_a_database_is_not_swept_without_it(postgres: str, tmp_path: Path) -> None:
    """Blobs that lie in the home of a machine with PostgreSQL stay when its address is forgotten."""
    filled(open_served(postgres, *places("", tmp_path), SteppedClock()))
    before = kept("", tmp_path)
    with pytest.raises(StoreUnavailable, match="SAMOUK_DATABASE_URL"):
        open_store(tmp_path, SteppedClock())
    assert kept("", tmp_path) == before


def test_blobs_of_nobody_are_not_taken_by_who_knows_none_of_them(tmp_path: Path) -> None:
    """What an older samouk filled, and left without a mark, becomes a store's that knows it, and nobody else's."""
    filled(open_store(tmp_path / "old", SteppedClock(), blobs_url=f"file://{tmp_path}/elsewhere"))
    for marker in (tmp_path / "elsewhere").rglob(MARKER):
        marker.unlink()
    with pytest.raises(StoreUnavailable, match=r"knows nothing.*SAMOUK_DATABASE_URL"):
        open_store(tmp_path / "fresh", SteppedClock(), blobs_url=f"file://{tmp_path}/elsewhere")
    open_store(tmp_path / "old", SteppedClock(), blobs_url=f"file://{tmp_path}/elsewhere").close()
    assert len(list((tmp_path / "elsewhere").rglob(MARKER))) == 2


def test_a_place_outside_the_home_is_not_swept_by_opening(tmp_path: Path) -> None:
    """Others may be at work there of whom this machine's locks know nothing."""
    filled(open_store(tmp_path / "home", SteppedClock(), blobs_url=f"file://{tmp_path}/elsewhere"))
    store = open_store(tmp_path / "home", SteppedClock(), blobs_url=f"file://{tmp_path}/elsewhere")
    assert len(kept(f"file://{tmp_path}/elsewhere", tmp_path)) == 2
    store.close()


def test_a_copy_is_a_store_of_its_own(tmp_path: Path) -> None:
    """Its place is not its source's: neither can be given the other's, and no copy goes into a third's."""
    filled(open_store(tmp_path / "one", SteppedClock()))
    copy_store(Where(str(tmp_path / "one")), Where(str(tmp_path / "two")), print)
    for name, other in (("one", "two"), ("two", "one")):
        open_store(tmp_path / name, SteppedClock()).close()
        with pytest.raises(StoreUnavailable, match="another database"):
            open_store(tmp_path / name, SteppedClock(), blobs_url=f"file://{tmp_path / other}").close()
    with pytest.raises(StoreUnavailable, match="another database"):
        copy_store(Where(str(tmp_path / "one")), Where(str(tmp_path / "three"), f"file://{tmp_path / 'two'}"), print)
    copy_store(Where(str(tmp_path / "one")), Where(str(tmp_path / "two")), print)  # it is the same still
