"""Blobs in a bucket: what every backend promises, and what only a network can do to them."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.objects import (
    Answer,
    Way,
    cut,
    fresh_bucket,
    fresh_url,
    object_store,
    objects,
    send,
    silence,
    skewed,
    spoil,
    status,
    way,
)

from samouk.loop.ports import CorruptBlob, NotFound, StoreUnavailable
from samouk.store.blobs.bucket import MULTIPART, PART, Bucket, Patience
from samouk.store.blobs.local import LocalBlobs
from samouk.store.blobs.places import BadPlace, places
from samouk.store.blobs.s3 import S3Blobs

BRIEF = Patience(connect=2.0, silence=2.0, retries=2, seconds=4.0)
BIG = bytes(range(256)) * (2 * MULTIPART // 256)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of an empty bucket."""
    return fresh_bucket(monkeypatch)


@pytest.fixture
def blobs(bucket: str) -> S3Blobs:
    """Blobs below a prefix of the bucket."""
    return S3Blobs(Bucket(bucket, "some/place", endpoint=object_store(), patience=BRIEF), "blobs")


@pytest.fixture
def spoilt(bucket: str) -> Iterator[tuple[S3Blobs, Way]]:
    """The same behind a proxy that can go wrong."""
    with way() as made:
        yield S3Blobs(Bucket(bucket, "some/place", endpoint=made.address, patience=BRIEF), "blobs"), made


def path_of(key: str) -> str:
    """Where the object lies in its bucket."""
    return f"some/place/blobs/{key[:2]}/{key}"


def overwrite(bucket: str, key: str, data: bytes) -> None:
    """Damage the object."""
    send("PUT", object_store(), f"{bucket}/{path_of(key)}", data)


def test_an_object_is_named_by_its_content(blobs: S3Blobs, bucket: str) -> None:
    """Two digits of the key make a folder; nothing else lies below."""
    key = blobs.put(b"model")
    assert key == hashlib.sha256(b"model").hexdigest()
    assert [name for name in objects(bucket) if "probe" not in name] == [path_of(key)]


@pytest.mark.slow
def test_a_large_blob_goes_up_in_parts(bucket: str) -> None:
    """Several requests carry it, and it comes back as it was; once more changes nothing."""
    with way() as made:
        blobs = S3Blobs(Bucket(bucket, endpoint=made.address), "blobs")
        assert blobs.get(blobs.put(BIG)) == BIG
        assert made.asked.count("POST") >= 2  # begun and completed
        assert made.asked.count("PUT") >= 2 + len(BIG) // PART
        assert blobs.get(blobs.put(BIG)) == BIG
        assert len(list(blobs.keys())) == 1


@pytest.mark.slow
def test_parts_that_were_put_together_unheard_go_up_again(bucket: str) -> None:
    """The answer was lost, and the store knows nothing of the upload any more: the blob is whole all the same."""
    gone = status(404, "NoSuchUpload")

    def lose(method: str, path: str, answer: Answer) -> Answer | None:
        if method == "POST" and "uploadId" in path and not lost:
            lost.append(path)
            return gone(method, path, answer)
        return answer

    lost: list[str] = []
    with way() as made:
        made.always = lose
        blobs = S3Blobs(Bucket(bucket, endpoint=made.address), "blobs")
        assert blobs.get(blobs.put(BIG)) == BIG
        assert lost


def test_many_writers_of_one_blob_agree(blobs: S3Blobs) -> None:
    """Of all who put the same bytes at once none fails, and one blob is there."""
    failures: list[Exception] = []

    def work() -> None:
        try:
            for number in range(10):
                blobs.put(b"model %d" % number)
        except StoreUnavailable as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(list(blobs.keys())) == 10


def test_what_is_there_and_whole_is_not_sent_twice(spoilt: tuple[S3Blobs, Way]) -> None:
    """The second writer asks, and leaves it."""
    blobs, made = spoilt
    blobs.put(b"model")
    made.asked.clear()
    blobs.put(b"model")
    assert made.asked == ["PUT", "HEAD"]


@pytest.mark.parametrize("damage", [b"", b"modem", b"model and more"])
def test_damage_is_refused_and_repaired(blobs: S3Blobs, bucket: str, damage: bytes) -> None:
    """Other bytes are never handed out; putting the right ones again mends it."""
    key = blobs.put(b"model")
    overwrite(bucket, key, damage)
    with pytest.raises(CorruptBlob, match="backup"):
        blobs.get(key)
    assert blobs.get(blobs.put(b"model")) == b"model"


def test_an_old_blob_that_is_put_again_is_young(spoilt: tuple[S3Blobs, Way]) -> None:
    """It is written anew, so that a sweep does not take it before its row is committed."""
    blobs, made = spoilt
    blobs.put(b"model")
    made.always = skewed(timedelta(days=-1))  # so much older is all that the store has
    blobs.put(b"another")
    made.always = None
    made.asked.clear()
    blobs.put(b"model")
    assert made.asked[0] == "PUT"
    assert set(blobs.keys()) == {hashlib.sha256(data).hexdigest() for data in (b"model", b"another")}


@pytest.mark.parametrize(
    "fault", [status(500, "InternalError"), status(503, "SlowDown"), pytest.param(silence, marks=pytest.mark.slow)]
)
def test_one_bad_moment_is_got_over(spoilt: tuple[S3Blobs, Way], fault: object) -> None:
    """An error, a request to slow down and a silence are tried again, and nothing is lost or doubled."""
    blobs, made = spoilt
    kept = blobs.put(b"kept")
    for act in (lambda: blobs.put(b"model"), lambda: blobs.get(kept), lambda: list(blobs.keys())):
        made.faults = [fault]  # type: ignore[list-item]
        act()
    assert len(list(blobs.keys())) == 2


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (status(500, "InternalError"), "errors"),
        (status(503, "SlowDown"), "too busy"),
        (status(403, "InvalidAccessKeyId"), "AWS_ACCESS_KEY_ID"),
        (status(403, "RequestTimeTooSkewed"), "clock"),
        (status(507, "StorageFull"), "no space left"),
        pytest.param(silence, "does not answer", marks=pytest.mark.slow),
    ],
)
def test_what_lasts_is_told_with_a_remedy(spoilt: tuple[S3Blobs, Way], fault: object, words: str) -> None:
    """Each act ends after a bounded time, and names the bucket."""
    blobs, made = spoilt
    key = blobs.put(b"kept")
    made.always = fault  # type: ignore[assignment]
    for act in (
        lambda: blobs.put(b"model"),
        lambda: blobs.get(key),
        lambda: list(blobs.keys()),
        lambda: blobs.delete("0" * 64),
    ):
        with pytest.raises(StoreUnavailable, match=words) as refusal:
            act()
        assert "s3://bucket-" in str(refusal.value)
        assert "Debug" not in str(refusal.value)
    made.always = None
    assert blobs.get(key) == b"kept"


def test_a_body_that_is_cut_is_read_again(spoilt: tuple[S3Blobs, Way]) -> None:
    """Half an answer is no answer."""
    blobs, made = spoilt
    key = blobs.put(BIG[:100_000])
    made.faults = [cut]
    assert blobs.get(key) == BIG[:100_000]
    made.always = cut
    with pytest.raises(StoreUnavailable, match="does not answer"):
        blobs.get(key)


def test_bytes_that_change_on_the_way_are_read_again(spoilt: tuple[S3Blobs, Way]) -> None:
    """Once is the network, twice is the store."""
    blobs, made = spoilt
    key = blobs.put(b"model")
    made.faults = [spoil]
    assert blobs.get(key) == b"model"
    made.always = spoil
    with pytest.raises(CorruptBlob):
        blobs.get(key)


def test_nobody_answers(bucket: str) -> None:
    """A server that is not there is named."""
    blobs = S3Blobs(Bucket(bucket, endpoint="http://127.0.0.1:9", patience=BRIEF), "blobs")
    with pytest.raises(StoreUnavailable, match="does not answer"):
        blobs.put(b"model")


def test_no_such_bucket(bucket: str) -> None:
    """A bucket that nobody made is not taken for an empty one."""
    blobs = S3Blobs(Bucket(f"{bucket}-else", endpoint=object_store(), patience=BRIEF), "blobs")
    for act in (lambda: blobs.put(b"x"), lambda: blobs.get("0" * 64), lambda: list(blobs.keys())):
        with pytest.raises(StoreUnavailable, match="make the bucket"):
            act()


@pytest.mark.parametrize("ahead", [timedelta(days=2), timedelta(days=-2)])
def test_a_sweep_goes_by_the_clock_of_the_store(spoilt: tuple[S3Blobs, Way], ahead: timedelta) -> None:
    """However wrong this machine's clock is beside the store's, what is young stays and what is old goes."""
    blobs, made = spoilt
    made.always = skewed(ahead)
    named, orphan = blobs.put(b"named"), blobs.put(b"orphan")
    assert blobs.sweep(lambda: {named}, 600) == []
    assert blobs.sweep(lambda: {named}, 0) == [orphan]
    assert list(blobs.keys()) == [named]


def test_nothing_is_stored_where_nothing_can_be_erased(bucket: str) -> None:
    """A bucket that keeps versions is refused, unless the operator vouches for a rule that removes them."""
    rule = b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>'
    send("PUT", object_store(), f"{bucket}?versioning", rule)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="switch versioning off"):
            S3Blobs(Bucket(bucket, endpoint=object_store()), "blobs").put(b"model")
    assert all(name.endswith("probe") for name in objects(bucket))
    vouched = S3Blobs(Bucket(bucket, endpoint=object_store(), versions_expire=True), "blobs")
    assert vouched.get(vouched.put(b"model")) == b"model"


def test_who_has_seen_the_manners_is_refused_all_the_same(bucket: str) -> None:
    """A look that one thread takes lets no other one store where nothing can be erased."""
    rule = b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>'
    send("PUT", object_store(), f"{bucket}?versioning", rule)
    made = Bucket(bucket, endpoint=object_store())
    assert made.manners().versioned
    with pytest.raises(StoreUnavailable, match="switch versioning off"):
        S3Blobs(made, "blobs").put(b"model")


def test_a_bucket_tells_its_manners(bucket: str) -> None:
    """Whether it keeps versions, whether it refuses to create twice, and how its clock goes."""
    manners = Bucket(bucket, endpoint=object_store()).manners()
    assert (manners.versioned, manners.conditional) == (False, True)
    assert abs(manners.ahead) < 60


def test_a_bucket_creates_once(bucket: str) -> None:
    """Of two who create one object, the second is told so and changes nothing."""
    made = Bucket(bucket, "place", endpoint=object_store())
    assert [made.create("name", b"first"), made.create("name", b"second")] == [True, False]
    assert made.read("name") == b"first"
    with pytest.raises(NotFound):
        made.read("else")


def test_a_url_names_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket, a folder, or the home."""
    packs, blobs = places(fresh_url(monkeypatch), tmp_path)
    assert blobs.get(blobs.put(b"model")) == b"model"
    assert list(packs.keys()) == []
    for url, home in (("", tmp_path / "home"), (f"file://{tmp_path}/a%20folder", tmp_path / "a folder")):
        packs, _ = places(url, tmp_path / "home")
        assert isinstance(packs, LocalBlobs)
        assert (home / "packs").is_dir()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://host/x", "s3://bucket/prefix"),
        ("s3:///prefix", "names no bucket"),
        ("s3://key:secret@bucket", "AWS_ACCESS_KEY_ID"),
        ("s3://bucket?speed=high", "endpoint, region, versions"),
        ("s3://bucket?endpoint=host:9000", "https://host:port"),
        ("s3://bucket?versions=keep", "expire"),
        ("file://host/x", "file:///folder"),
        ("file:relative", "file:///folder"),
    ],
)
def test_other_urls_are_refused(tmp_path: Path, url: str, words: str) -> None:
    """The message says what would be right, and repeats no secret."""
    with pytest.raises(BadPlace, match=words) as refusal:
        places(url, tmp_path)
    assert "secret" not in str(refusal.value).replace("AWS_SECRET_ACCESS_KEY", "")
