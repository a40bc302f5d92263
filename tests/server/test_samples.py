"""Uploads over a real connection: stored whole or not at all, once, and only for the holder of a key."""

from __future__ import annotations

import asyncio
import gzip
import json
import uuid
from typing import Any

import pytest
from starlette.requests import Request
from tests.server import toy
from tests.server.house import Answer, House

from samouk.edge.wire import encode
from samouk.server import body as request_body
from samouk.server.ingest import IN_LOOP
from samouk.server.problems import Problem

STATS = "/v1/learners/toy.half/samples/stats"


def _problem(answer: Answer, status: int, field: str) -> str:
    """The detail of an answer that is a problem of that status and field."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status, answer.json["status"], answer.json.get("field")) == (status, status, field), answer.body
    assert set(answer.json) <= {"type", "title", "status", "detail", "field"}
    return str(answer.json["detail"])


def test_stored(house: House) -> None:
    """A good batch is answered 201 and counted."""
    before = house.get(STATS).json
    answer = house.send(toy.packed(toy.upload(7)))
    assert (answer.status, answer.json["samples"], answer.json["status"]) == (201, 7, "stored")
    after = house.get(STATS).json
    assert after["total_samples"] == before["total_samples"] + 7
    assert after["total_batches"] == before["total_batches"] + 1
    assert after["last_upload"]


def test_plain_body(house: House) -> None:
    """A body need not be compressed."""
    assert house.send(encode(toy.upload()), Content_Encoding="identity").status == 201


def test_twice(house: House) -> None:
    """The same batch sent again is answered 200 and stored once."""
    body = toy.packed(toy.upload())
    assert house.send(body).status == 201
    before = house.get(STATS).json
    again = house.send(body)
    assert (again.status, again.json["status"]) == (200, "duplicate")
    assert house.get(STATS).json == before


def test_large_batch(house: House) -> None:
    """A batch above the size that is decoded on the event loop is stored just so."""
    padded = encode(toy.upload(5_000)) + b" " * IN_LOOP
    assert house.send(gzip.compress(padded)).json["samples"] == 5_000


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer smk_00000000_x", "Basic abc", "Bearer " + "x" * 5000])
def test_no_key(house: House, authorization: str) -> None:
    """Without a good key nothing is read, and the answer says how to get one."""
    answer = house.send(toy.packed(toy.upload()), Authorization=authorization)
    assert "key" in _problem(answer, 401, "Authorization")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_revoked_key(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A revoked key is refused as soon as it is no longer remembered."""
    monkeypatch.setattr("samouk.server.auth.REMEMBERED_S", 0.0)
    key, secret = house.services.keys.create("leaving")
    assert house.send(toy.packed(toy.upload()), Authorization=f"Bearer {secret}").status == 201
    house.services.keys.revoke(key.key_id)
    assert house.send(toy.packed(toy.upload()), Authorization=f"Bearer {secret}").status == 401


def test_unknown_learner(house: House) -> None:
    """A learner that does not exist is a 404 that names where to look."""
    answer = house.send(toy.packed(toy.upload()), "/v1/learners/nobody/samples")
    assert answer.status == 404
    assert "/v1/learners" in answer.json["detail"]


def test_wrong_address(house: House) -> None:
    """A batch of another learner is refused by name."""
    _problem(house.send(toy.altered(learner="toy.other"), Content_Encoding="identity"), 422, "learner")


def _columns(**changes: object) -> dict[str, object]:
    return {name: value for name, value in {**toy.columns(), **changes}.items() if value is not ...}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"format": 9}, "format"),
        ({"schema": 1}, "schema"),
        ({"schema": "2"}, "schema"),
        ({"batch_id": "1"}, "batch_id"),
        ({"batch_id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}, "batch_id"),
        ({"batch_id": 5}, "batch_id"),
        ({"group": 16}, "group"),
        ({"group": True}, "group"),
        ({"receipt_hash": "A" * 64}, "receipt_hash"),
        ({"receipt_hash": ...}, "receipt_hash"),
        ({"host": "mine"}, "host"),
        ({"columns": {}}, "columns"),
        ({"columns": []}, "columns"),
        ({"columns": {"value": 5}}, "columns.value"),
        ({"columns": _columns(text=["a", "b", "c"])}, "columns.text"),
        ({"columns": _columns(value=...)}, "columns.value"),
        ({"columns": _columns(value=[0.5])}, "columns"),
        ({"columns": _columns(value=[0.5, 2, 0.5])}, "columns.value[1]"),
        ({"columns": _columns(value=[0.5, True, 0.5])}, "columns.value[1]"),
        ({"columns": _columns(value=[0.5, "0.5", 0.5])}, "columns.value[1]"),
        ({"columns": _columns(value=[0.5, None, 0.5])}, "columns.value[1]"),
        ({"columns": _columns(size=[0, -1, 0])}, "columns.size[1]"),
        ({"columns": _columns(size=[0, 1.0, 0])}, "columns.size[1]"),
        ({"columns": _columns(size=[0, 10**30, 0])}, "columns.size[1]"),
        ({"columns": _columns(lit=[True, 1, False])}, "columns.lit[1]"),
        ({"columns": _columns(answer=["above", "beside", "above"])}, "columns.answer[1]"),
        ({"columns": _columns(answer=["above", {}, "above"])}, "columns.answer[1]"),
        ({"columns": _columns(timestamp=["2026-11-16", "2026-11-17", "2026-11-16"])}, "columns.timestamp[1]"),
        ({"columns": _columns(timestamp=["2026-11-16", [], "2026-11-16"])}, "columns.timestamp[1]"),
    ],
)
def test_refused_whole(house: House, changes: dict[str, object], field: str) -> None:
    """What does not fit the closed schema is a 422 that names the field, and nothing of the batch is stored."""
    before = house.get(STATS).json
    _problem(house.send(toy.altered(**changes), Content_Encoding="identity"), 422, field)
    assert house.get(STATS).json == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null x",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"\xff\xfe",
        toy.altered().replace(b"0.0", b"NaN", 1),
        toy.altered().replace(b"0.0", b"Infinity", 1),
        toy.altered().replace(b"0.0", b"1e999", 1),
    ],
)
def test_not_json(house: House, body: bytes) -> None:
    """What is not strict JSON is a 400: NaN, infinities, endless nesting and broken text."""
    _problem(house.send(body, Content_Encoding="identity"), 400, "body")


@pytest.mark.parametrize("body", [b"null", b"[]", b"5", b'"text"'])
def test_not_an_object(house: House, body: bytes) -> None:
    """JSON that is no object is a 422."""
    _problem(house.send(body, Content_Encoding="identity"), 422, "body")


def test_zip_bomb(house: House) -> None:
    """A small body that unpacks beyond the limit is a 413, however much it would unpack to."""
    bomb = gzip.compress(b" " * 100_000_000)
    assert len(bomb) < 300_000
    assert "unpacked" in _problem(house.send(bomb), 413, "body")


@pytest.mark.parametrize("damage", [lambda g: g[:-9], lambda g: g + b"x", lambda g: g + g, lambda g: b"x" + g])
def test_damaged_gzip(house: House, damage: object) -> None:
    """A gzip body that is cut off, followed by something, or no gzip at all is a 400."""
    assert callable(damage)
    _problem(house.send(damage(toy.packed(toy.upload()))), 400, "body")


def test_too_long(house: House) -> None:
    """A body above the limit is a 413, told from its length alone or, without one, once it is exceeded."""
    _problem(house.send(b"x" * 300_001, Content_Encoding="identity"), 413, "body")


def test_too_long_streamed(house: House) -> None:
    """A chunked body is refused as soon as it passes the limit."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=60)
    headers = {"Authorization": f"Bearer {house.key}"}
    pieces = (b"x" * 50_000 for _ in range(7))
    connection.request("POST", "/v1/learners/toy.half/samples", pieces, headers, encode_chunked=True)
    response = connection.getresponse()
    assert response.status == 413
    response.read()
    connection.close()


def test_too_slow() -> None:
    """A body that does not arrive in time is a 408."""

    async def never() -> Any:
        await asyncio.Event().wait()

    request = Request({"type": "http", "method": "POST", "path": "/", "headers": []}, never)
    with pytest.raises(Problem) as refusal:
        asyncio.run(request_body.read(request, 10, seconds=0.01))
    assert refusal.value.status == 408


def test_other_formats(house: House) -> None:
    """Another encoding or media type is a 415 that says which ones are read."""
    _problem(house.send(b"", Content_Encoding="br"), 415, "Content-Encoding")
    _problem(house.send(b"", Content_Type="text/csv"), 415, "Content-Type")


def test_rows_limit(house: House) -> None:
    """More rows than a batch may hold are refused."""
    detail = _problem(house.send(toy.packed(toy.upload(5_001))), 422, "columns")
    assert "5000" in detail


def test_erased(house: House) -> None:
    """The receipt erases the batch, again with the same answer, and a late copy of the batch is a 410."""
    batch = toy.upload(4, receipt="mine")
    body = toy.packed(batch)
    assert house.send(body).status == 201
    path = f"/v1/learners/toy.half/samples/{batch.batch_id}"
    first = house.ask("DELETE", path, Samouk_Receipt="mine")
    assert (first.status, first.json["samples"], first.json["batch_id"]) == (200, 4, batch.batch_id)
    assert house.ask("DELETE", path, Samouk_Receipt="mine").body == first.body
    _problem(house.send(body), 410, "batch_id")
    acts = [entry.act for entry in house.services.audit.entries() if batch.batch_id in entry.act.subject]
    assert [(act.actor, act.action) for act in acts] == [("contributor", "erase")]


def test_wrong_receipt(house: House) -> None:
    """Another's receipt, none, or an unknown batch erase nothing."""
    batch = toy.upload(receipt="mine")
    house.send(toy.packed(batch))
    path = f"/v1/learners/toy.half/samples/{batch.batch_id}"
    _problem(house.ask("DELETE", path, Samouk_Receipt="yours"), 403, "Samouk-Receipt")
    _problem(house.ask("DELETE", path), 422, "Samouk-Receipt")
    unknown = f"/v1/learners/toy.half/samples/{uuid.uuid4()}"
    assert house.ask("DELETE", unknown, Samouk_Receipt="mine").status == 404
    assert house.send(toy.packed(batch)).json["status"] == "duplicate"


def test_names_the_reason(house: House) -> None:
    """A problem's body is JSON with the five members of this API."""
    answer = house.send(toy.altered(group=99), Content_Encoding="identity")
    assert json.loads(answer.body) == {
        "type": "about:blank",
        "title": "Unprocessable Content" if answer.json["title"].endswith("Content") else "Unprocessable Entity",
        "status": 422,
        "detail": "must lie between 0 and 15, not 99",
        "field": "group",
    }


PACKED = {"values": ["below", "above"], "codes": "ABA"}


def test_packed(house: House) -> None:
    """A packed column is as good as a plain one."""
    answer = house.send(toy.altered(columns=_columns(answer=PACKED)), Content_Encoding="identity")
    assert answer.status == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"codes": "ABC"}, "columns.answer.codes"),
        ({"codes": "AB!"}, "columns.answer.codes"),
        ({"codes": "ABé"}, "columns.answer.codes"),
        ({"codes": "AB"}, "columns"),
        ({"codes": 5}, "columns.answer"),
        ({"values": []}, "columns.answer"),
        ({"values": ["below", 1]}, "columns.answer.values[1]"),
        ({"values": "ab"}, "columns.answer"),
        ({"text": "secret"}, "columns.answer"),
    ],
)
def test_packed_refused(house: House, change: dict[str, object], field: str) -> None:
    """A packed column that does not fit is refused by name."""
    body = toy.altered(columns=_columns(answer={**PACKED, **change}))
    _problem(house.send(body, Content_Encoding="identity"), 422, field)
