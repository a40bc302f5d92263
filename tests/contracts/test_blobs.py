"""What every Blobs backend promises."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.objects import age, fresh_url
from tests.own_seaweed import OwnSeaweed

from samouk.loop.ports import Blobs, NotFound
from samouk.store.blobs.kept import KeptBlobs
from samouk.store.blobs.places import places
from samouk.store.memory import memory_services

ABSENT = "0" * 64


def url_of(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the blobs of the kind that a fixture's parameter names lie; "" for a folder."""
    if request.param == "seaweed":
        seaweed: OwnSeaweed = request.getfixturevalue("seaweed")
        return seaweed.fresh_url(monkeypatch)
    return fresh_url(monkeypatch) if request.param == "s3" else ""


@pytest.fixture(params=["local", "s3", "seaweed"])
def kept(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeptBlobs:
    """Blobs that a store keeps, in a folder and in a bucket."""
    return places(url_of(request, monkeypatch), tmp_path).blobs


@pytest.fixture(params=["memory", "local", "s3", "seaweed"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Blobs:
    """Blobs over each backend in turn."""
    if request.param == "memory":
        return memory_services().blobs
    return places(url_of(request, monkeypatch), tmp_path).blobs


Aging = Callable[[str], None]


@pytest.fixture(params=["local", "s3"])
def aged(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[KeptBlobs, Aging]:
    """Blobs that a store keeps, and how to let one be a day old."""
    url = "" if request.param == "local" else fresh_url(monkeypatch)

    def aging(key: str) -> None:
        if url:
            age(url.split("/")[2], f"some/place/blobs/{key[:2]}/{key}", 86_400)
        else:
            os.utime(tmp_path / "blobs" / key[:2] / key, (time.time() - 86_400,) * 2)

    return places(url, tmp_path).blobs, aging


class TestBlobs:
    """Immutable bytes under the sha256 of their content."""

    def test_what_was_put_is_got(self, blobs: Blobs) -> None:
        """Any bytes come back as they were, the empty ones too."""
        for data in (b"", b"\x00", bytes(range(256)) * 1000):
            assert blobs.get(blobs.put(data)) == data

    def test_a_part_is_got_alone(self, blobs: Blobs) -> None:
        """From the beginning, the middle and the end, to the byte."""
        data = os.urandom(300_000)
        key = blobs.put(data)
        for first, length in ((0, 1), (0, len(data)), (123_456, 70_000), (len(data) - 5, 5)):
            assert blobs.part(key, first, length) == data[first : first + length]

    @pytest.mark.parametrize(("first", "length", "there"), [(90, 20, 10), (100, 1, 0), (5_000, 10, 0)])
    def test_a_part_ends_where_the_bytes_do(self, blobs: Blobs, first: int, length: int, there: int) -> None:
        """What is shorter than was asked tells that the blob is; who knows how long it must be judges that."""
        data = os.urandom(100)
        assert blobs.part(blobs.put(data), first, length) == data[first : first + there]

    @pytest.mark.parametrize("key", [ABSENT, "no key"])
    def test_no_part_of_what_is_not_there(self, blobs: Blobs, key: str) -> None:
        """As of the whole."""
        with pytest.raises(NotFound):
            blobs.part(key, 0, 1)

    def test_the_key_is_the_sha256(self, blobs: Blobs) -> None:
        """The key says what the bytes are."""
        assert blobs.put(b"model") == hashlib.sha256(b"model").hexdigest()

    def test_twice_put_is_one_blob(self, blobs: Blobs) -> None:
        """Equal bytes are kept once."""
        blobs.put(b"model")
        assert list(blobs.keys()) == [blobs.put(b"model")]

    def test_every_key_is_listed(self, blobs: Blobs) -> None:
        """``keys`` gives all that is kept."""
        put = {blobs.put(bytes([number])) for number in range(20)}
        assert set(blobs.keys()) == put

    @pytest.mark.parametrize("key", [ABSENT, "no key", "../../etc/passwd", ""])
    def test_an_unknown_key_is_not_found(self, blobs: Blobs, key: str) -> None:
        """What is not there, and what cannot be a key, raises NotFound."""
        with pytest.raises(NotFound):
            blobs.get(key)

    def test_deleted_bytes_are_gone(self, blobs: Blobs) -> None:
        """After ``delete`` nothing is left, and others stay."""
        gone, kept = blobs.put(b"gone"), blobs.put(b"kept")
        blobs.delete(gone)
        assert list(blobs.keys()) == [kept]
        with pytest.raises(NotFound):
            blobs.get(gone)

    def test_deleting_what_is_absent_is_no_error(self, blobs: Blobs) -> None:
        """``delete`` may be called twice."""
        blobs.delete(ABSENT)
        assert blobs.put(b"model") in set(blobs.keys())


class TestKeptBlobs:
    """Blobs whose orphans can be swept, and that many may write at once."""

    def test_of_many_who_create_one_none_fails(self, kept: KeptBlobs) -> None:
        """A second writer finds what it wanted to write: no error, and one blob."""
        told: list[str] = []
        threads = [threading.Thread(target=lambda: told.append(kept.put(b"model"))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert told == [hashlib.sha256(b"model").hexdigest()] * 8
        assert list(kept.keys()) == told[:1]

    def test_a_sweep_takes_orphans_alone(self, kept: KeptBlobs) -> None:
        """What is named stays at any age, and nothing goes that is younger than was told."""
        named, orphan = kept.put(b"named"), kept.put(b"orphan")
        assert kept.sweep(lambda: {named}, 600) == []
        assert kept.sweep(lambda: {named}, 0) == [orphan]
        assert list(kept.keys()) == [named]

    def test_an_orphan_that_is_put_anew_stays(self, aged: tuple[KeptBlobs, Aging]) -> None:
        """However old it was: a row that names it may be committed any moment after the sweep looked."""
        kept, aging = aged
        anew, orphan = kept.put(b"put anew"), kept.put(b"orphan")
        for key in (anew, orphan):
            aging(key)

        def named() -> set[str]:
            kept.put(b"put anew")
            return set()

        assert kept.sweep(named, 3600) == [orphan]
        assert list(kept.keys()) == [anew]
        assert kept.get(anew) == b"put anew"

    def test_a_sweep_asks_again_what_is_named(
        self, aged: tuple[KeptBlobs, Aging], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is named while others are deleted stays."""
        monkeypatch.setattr("samouk.store.blobs.kept.ASKED_ANEW", 1)
        kept, aging = aged
        first, second = sorted(kept.put(data) for data in (b"one", b"two"))
        for key in (first, second):
            aging(key)
        assert kept.sweep(lambda: set() if first in set(kept.keys()) else {second}, 3600) == [first]
        assert list(kept.keys()) == [second]
