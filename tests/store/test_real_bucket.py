"""A bucket of a store that is none of ours: parts, the first of many writers, credentials it refuses, the way back."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from tests.own_seaweed import OwnSeaweed
from tests.store.filled import fill

from samouk.loop.ports import StoreUnavailable
from samouk.store.blobs.bucket import MULTIPART, Bucket
from samouk.store.blobs.s3 import S3Blobs
from samouk.store.clock import SteppedClock
from samouk.store.moving.copying import copy_store
from samouk.store.moving.ends import Where
from samouk.store.sql import open_store


@pytest.fixture
def bucket(seaweed: OwnSeaweed, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty place in a bucket."""
    return Bucket(seaweed.bucket, seaweed.fresh_prefix(monkeypatch), endpoint=seaweed.address)


def test_it_forgets_what_is_deleted_and_creates_nothing_twice(bucket: Bucket) -> None:
    """What the platform asks of a bucket before it keeps anybody's data there."""
    manners = bucket.manners()
    assert not manners.versioned
    assert manners.conditional


def test_of_many_creators_one_wins(bucket: Bucket) -> None:
    """And what it wrote is what is there."""
    won: list[tuple[str, bytes]] = []

    def create(own: bytes) -> None:
        won.extend((path, own) for path in (f"race/{number}" for number in range(20)) if bucket.create(path, own))

    threads = [threading.Thread(target=create, args=(bytes([number]),)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path for path, _ in won) == sorted(f"race/{number}" for number in range(20))
    assert all(bucket.read(path) == own for path, own in won)
    assert {item.path for item in bucket.items("race")} == {path for path, _ in won}


@pytest.mark.slow
def test_a_large_blob_goes_up_in_parts(bucket: Bucket) -> None:
    """It comes back as it was, whole and in part; a part behind its end is empty."""
    blobs, data = S3Blobs(bucket, "blobs"), os.urandom(2 * MULTIPART + 1)
    key = blobs.put(data)
    assert blobs.get(key) == data
    assert blobs.part(key, MULTIPART - 3, 7) == data[MULTIPART - 3 : MULTIPART + 4]
    assert blobs.part(key, len(data) + 1, 7) == b""


def test_wrong_credentials_are_told_of(seaweed: OwnSeaweed, monkeypatch: pytest.MonkeyPatch) -> None:
    """In words that name what to look at, and without the secret."""
    prefix = seaweed.fresh_prefix(monkeypatch)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another secret")
    with pytest.raises(StoreUnavailable, match="refuses these credentials: check AWS_ACCESS_KEY_ID") as told:
        Bucket(seaweed.bucket, prefix, endpoint=seaweed.address).manners()
    assert "another secret" not in str(told.value)


def test_a_store_goes_there_and_back(
    seaweed: OwnSeaweed, tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Embedded → PostgreSQL and the bucket → embedded: equal by digest."""
    home = tmp_path / "home"
    store = open_store(home, SteppedClock())
    fill(store, 12)
    store.close()
    away = Where(postgres, seaweed.fresh_url(monkeypatch))
    there = copy_store(Where(str(home)), away, lambda _: None)
    back = copy_store(away, Where(str(tmp_path / "back")), lambda _: None)
    assert there.blobs > 0
    assert {there.target_digest, back.target_digest} == {there.source_digest}
