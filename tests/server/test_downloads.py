"""Model bytes and signed files: whole, in part, or not again; and nothing outside their folder."""

from __future__ import annotations

import hashlib
import http.client
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from tests.server import toy
from tests.server.conftest import release
from tests.server.house import Answer, House

from samouk.loop.ports import Role, Services
from samouk.loop.records import Stage
from samouk.server import desk
from samouk.server.desk import reader_of
from samouk.store.blobs.local import LocalBlobs

ARTIFACT = "/v1/learners/toy.half/versions/v1.0/artifact"
TARGET = "/v1/tuf/targets/toy.half/abc123.model.onnx"
TIMESTAMP = "/v1/tuf/metadata/timestamp.json"
DATA = toy.ARTIFACT.data


def _get(house: House, path: str, **headers: str) -> Answer:
    """With a good key: the bytes of a model that is served here are not for everybody."""
    return house.get(path, Authorization=f"Bearer {house.key}", **headers)


def test_whole(house: House) -> None:
    """All bytes come with their sha256 as ETag."""
    answer = _get(house, ARTIFACT)
    assert (answer.status, answer.body) == (200, DATA)
    assert answer.headers["etag"] == f'"{hashlib.sha256(DATA).hexdigest()}"'
    assert answer.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [("bytes=0-0", 0, 0), ("bytes=10-19", 10, 19), ("bytes=2000-", 2000, 2047), ("bytes=-8", 2040, 2047)],
)
def test_range(house: House, wanted: str, first: int, last: int) -> None:
    """One range gives those bytes and says which they are."""
    answer = _get(house, ARTIFACT, Range=wanted)
    assert (answer.status, answer.body) == (206, DATA[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {first}-{last}/2048"


def test_a_range_costs_its_own_bytes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """However large the model: the rest of it is not read."""
    read: list[int] = []
    part = house.services.blobs.part

    def noted(key: str, first: int, length: int) -> bytes:
        read.append(length)
        return part(key, first, length)

    monkeypatch.setattr(desk, "PART", 100)
    monkeypatch.setattr(house.services.blobs, "part", noted)
    monkeypatch.setattr(house.services.blobs, "get", None)
    assert _get(house, ARTIFACT, Range="bytes=10-259").body == DATA[10:260]
    assert read == [100, 100, 50]
    monkeypatch.setattr("samouk.server.transfer.PIECE", 20)
    assert _get(house, ARTIFACT, Range="bytes=10-259").body == DATA[10:260]


@pytest.mark.parametrize(
    "wanted", ["bytes=0-0,2-3", "bytes=9-2", "items=0-1", "bytes=-", "bytes=a-b", "bytes=" + "9" * 99]
)
def test_odd_range(house: House, wanted: str) -> None:
    """A range that is malformed or several gives the whole."""
    assert _get(house, ARTIFACT, Range=wanted).status == 200


@pytest.mark.parametrize("wanted", ["bytes=2048-", "bytes=9999-99999", "bytes=-0"])
def test_range_outside(house: House, wanted: str) -> None:
    """A range beyond the end is a 416 that tells the size."""
    answer = _get(house, ARTIFACT, Range=wanted)
    assert (answer.status, answer.headers["content-range"]) == (416, "bytes */2048")


def test_resume(house: House) -> None:
    """If-Range with the tag resumes; with another tag it starts anew, since the bytes are others."""
    tag = _get(house, ARTIFACT).headers["etag"]
    assert _get(house, ARTIFACT, Range="bytes=9-", If_Range=tag).status == 206
    assert _get(house, ARTIFACT, Range="bytes=9-", If_Range='"other"').status == 200


@pytest.mark.parametrize("path", [ARTIFACT, TARGET, TIMESTAMP])
def test_unchanged(house: House, path: str) -> None:
    """Who has the bytes already gets a 304 without them."""
    tag = _get(house, path).headers["etag"]
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        answer = _get(house, path, If_None_Match=known)
        assert (answer.status, answer.body) == (304, b"")
    assert _get(house, path, If_None_Match='"x"').status == 200


def test_head(house: House) -> None:
    """HEAD tells the size without the bytes."""
    answer = house.ask("HEAD", ARTIFACT, Authorization=f"Bearer {house.key}")
    assert (answer.status, answer.headers["content-length"], answer.body) == (200, "2048", b"")


def test_large_target(house: House) -> None:
    """A file above one piece is streamed whole and in part."""
    data = bytes(range(256)) * 4000
    assert house.get(TARGET).body == data
    assert house.get(TARGET, Range="bytes=500000-").body == data[500_000:]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/tuf/metadata/../../secret.json",
        "/v1/tuf/metadata/..%2F..%2Fsecret.json",
        "/v1/tuf/targets/../../secret.json",
        "/v1/tuf/targets/..%2f..%2fsecret.json",
        "/v1/tuf/targets/toy.half/../../../secret.json",
        "/v1/tuf/targets//etc/passwd",
        "/v1/tuf/targets/%2Fetc%2Fpasswd",
        "/v1/tuf/targets/toy.half%00/x",
        "/v1/tuf/targets/toy.half",
        "/v1/tuf/targets/",
        "/v1/tuf/metadata/link.json",
        "/v1/tuf/metadata/.hidden",
        "/v1/tuf/metadata/" + "a" * 3000,
        "/v1/tuf/metadata/2.root.json",
    ],
)
def test_nothing_else(house: House, path: str) -> None:
    """No path, encoding or link leads out of the published folder."""
    answer = house.get(path)
    assert answer.status == (400 if "%00" in path else 404)
    assert b"key of the house" not in answer.body


def test_small_on_the_wire(house: House) -> None:
    """The question for a newer root and the unchanged timestamp cost the server little beside the signed bytes."""
    total = 0
    for path in ("/v1/tuf/metadata/2.root.json", TIMESTAMP):
        with socket.create_connection(("127.0.0.1", house.port)) as wire:
            wire.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            total += sum(len(piece) for piece in iter(lambda: wire.recv(65536), b""))
    assert total - len(b'{"signed": 1}') < 750


def test_unknown_version(house: House) -> None:
    """Bytes of a version that does not exist are a 404 in words."""
    answer = house.get("/v1/learners/toy.half/versions/v9.9/artifact")
    assert (answer.status, answer.json["title"]) == (404, "Not Found")


def test_who_may_have_the_bytes(house: House) -> None:
    """Of a model that is served here nothing is for strangers; what is not in production is for operators alone."""
    release(house.services, "v1.1", 2)
    older, newer = ARTIFACT, ARTIFACT.replace("v1.0", "v1.1")
    contributor = house.services.keys.create("contributor", Role.CONTRIBUTOR)[1]
    assert [house.get(path).status for path in (older, newer)] == [401, 401]
    found = [house.get(path, Authorization=f"Bearer {contributor}") for path in (older, newer)]
    assert [answer.status for answer in found] == [403, 200]
    assert found[1].headers["cache-control"].startswith("private")
    assert _get(house, older).body == DATA


def test_what_clients_fetch(house: House) -> None:
    """Of a learner whose model clients run, what is in production is for everybody, and what waits is not."""
    version = release(house.services, "v9.0", 9, "toy.edge")
    edge = replace(toy.LEARNER, name="toy.edge", served=False)
    stages = {stage: reader_of(edge, replace(version, stage=stage)) for stage in Stage}
    assert [stage for stage, role in stages.items() if role is None] == [Stage.CANARY, Stage.PRODUCTION]
    assert {role for role in stages.values() if role is not None} == {Role.OPERATOR}


def test_bytes_are_read_only_when_sent(house: House) -> None:
    """Who has the bytes, or asks beyond their end, does not have them read."""
    version = house.services.registry.version("toy.half", "v1.0")
    data = house.services.blobs.get(version.artifact_key)
    house.services.blobs.delete(version.artifact_key)
    try:
        assert _get(house, ARTIFACT, If_None_Match="*").status == 304
        assert _get(house, ARTIFACT, Range="bytes=9999-").status == 416
    finally:
        house.services.blobs.put(data)


@pytest.mark.parametrize("wanted", ["bytes=1500-", "bytes=900-1499", "bytes=0-1499", None])
def test_a_torn_model_is_no_answer(
    services: Services, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: str | None
) -> None:
    """A folder lost the end of it: nobody is given fewer bytes than the headers say, or none, as if they were all."""
    folder = LocalBlobs(tmp_path / "blobs")
    key = folder.put(DATA)
    os.truncate(tmp_path / "blobs" / key[:2] / key, 1_000)
    monkeypatch.setattr(services.blobs, "get", folder.get)
    monkeypatch.setattr(services.blobs, "part", folder.part)
    assert _get(house, ARTIFACT, **({"Range": wanted} if wanted else {})).status == 500
    assert _get(house, ARTIFACT, Range="bytes=0-999").body == DATA[:1_000]


def test_a_model_torn_far_behind_breaks_the_answer_off(
    services: Services, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What began well does not end as if it were whole."""
    part = services.blobs.part
    monkeypatch.setattr(desk, "PART", 100)
    monkeypatch.setattr("samouk.server.transfer.PIECE", 20)
    monkeypatch.setattr(services.blobs, "part", lambda key, first, length: part(key, first, length)[: 150 - first])
    with pytest.raises(http.client.IncompleteRead):
        _get(house, ARTIFACT, Range="bytes=0-499")
