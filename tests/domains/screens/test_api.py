"""The screens' own addresses do what the learner's do, under the names that mobile tools know."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.server import toy
from tests.server.conftest import release
from tests.server.house import House, running

from samouk.domains.screens import api
from samouk.domains.screens.schema import SCHEMA
from samouk.edge.wire import Row, Upload, WireError, encode, receipt_hash
from samouk.loop.learner import Domain
from samouk.server import create_app
from samouk.store.memory import memory_services

LEARNER = replace(toy.LEARNER, name=api.LEARNER, schema=SCHEMA, served=False)
DOMAIN = Domain("screens", "Screens", (LEARNER,), Path(__file__).parent, routes=api.routes)


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    services = memory_services()
    with running(create_app(services, {"screens": DOMAIN}), services) as running_house:
        yield running_house


def row() -> dict[str, Any]:
    """A row with the lowest value of every field."""
    lowest: dict[str, Any] = {"flag": False, "identifier": str(uuid.uuid4()), "week": "2026-11-16"}
    return {
        spec.name: spec.values[0] if spec.kind == "category" else lowest.get(spec.kind, spec.low)
        for spec in SCHEMA.fields
    }


def batch(rows: int = 2, receipt: str = "mine") -> Upload:
    sent: list[Row] = [row() for _ in range(rows)]
    columns = {spec.name: [one[spec.name] for one in sent] for spec in SCHEMA.fields}
    return Upload(str(uuid.uuid4()), api.LEARNER, SCHEMA.version, 1, receipt_hash(receipt), columns)


def send(house: House, path: str, body: bytes) -> Any:
    return house.send(body, path, Content_Encoding="identity")


def feedback(house: House, **changes: Any) -> Any:
    import json

    sample = {name: value for name, value in row().items() if name not in api.GIVEN}
    document = {"sample": sample, "predicted_type": "text", "actual_type": "button", **changes}
    return send(house, "/v1/ml/feedback", json.dumps(document).encode())


def test_samples(house: House) -> None:
    """A batch is stored, counted and erased by receipt at the short addresses."""
    before = house.get("/v1/ml/samples/stats").json
    upload = batch()
    assert send(house, "/v1/ml/samples", encode(upload)).status == 201
    stats = house.get("/v1/ml/samples/stats").json
    assert stats["total_samples"] == before["total_samples"] + 2
    assert {"total_batches", "total_samples", "last_upload"} <= set(stats)
    erased = house.ask("DELETE", f"/v1/ml/samples/{upload.batch_id}", Samouk_Receipt="mine")
    assert (erased.status, erased.json["samples"]) == (200, 2)
    assert house.get("/v1/ml/samples/stats").json["total_samples"] == before["total_samples"]


def test_no_model_yet() -> None:
    """Before the first model the answer says so."""
    services = memory_services()
    with running(create_app(services, {"screens": DOMAIN}), services) as house:
        assert "no model is in service yet" in house.get("/v1/ml/models/latest").json["detail"]


def test_models(house: House) -> None:
    """The latest model names the address of its bytes and their digest; who has it gets a 304."""
    release(house.services, "v1.0", 1, api.LEARNER)
    answer = house.get("/v1/ml/models/latest")
    latest = answer.json
    data = house.get(latest["url"]).body
    assert (latest["version"], latest["sha256"]) == ("v1.0", hashlib.sha256(data).hexdigest())
    assert (latest["size"], latest["figures"], latest["changelog"]) == (len(data), {"accuracy": 0.9}, ["began"])
    assert house.get("/v1/ml/models/latest", If_None_Match=answer.headers["etag"]).status == 304
    assert house.get(latest["url"], Range="bytes=4-7").body == data[4:8]


def test_feedback(house: House) -> None:
    """A correction becomes a batch of one row whose label is the person's word; its receipt erases it."""
    answer = feedback(house)
    assert answer.status == 201, answer.body
    entry = house.services.log.entries(api.LEARNER)[-1]
    ((_, columns),) = house.services.log.read([entry])
    types, sources = SCHEMA.by_name["element_type"].values, SCHEMA.by_name["label_source"].values
    assert (types[columns["element_type"][0]], sources[columns["label_source"][0]]) == ("button", "correction")
    path = f"/v1/ml/samples/{answer.json['batch_id']}"
    assert house.ask("DELETE", path, Samouk_Receipt=answer.json["receipt"]).status == 200


def test_own_receipt(house: House) -> None:
    """A sender that keeps a receipt of its own is told none."""
    answer = feedback(house, receipt_hash=receipt_hash("kept"), group=3)
    assert answer.json["receipt"] is None
    assert house.services.log.entries(api.LEARNER)[-1].group == 3
    assert house.ask("DELETE", f"/v1/ml/samples/{answer.json['batch_id']}", Samouk_Receipt="kept").status == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sample": None}, "sample"),
        ({"sample": {"text": "secret"}}, "sample.text"),
        ({"sample": {}}, "sample.class_name"),
        ({"actual_type": None}, "actual_type"),
        ({"actual_type": "knob"}, "actual_type"),
        ({"predicted_type": "knob"}, "predicted_type"),
        ({"receipt_hash": "short"}, "receipt_hash"),
        ({"group": 16}, "group"),
        ({"element": {}}, "element"),
    ],
)
def test_feedback_refused(house: House, changes: dict[str, Any], field: str) -> None:
    """What does not fit is a 422 that names the field, and raw elements are none of the server's business."""
    answer = feedback(house, **changes)
    assert (answer.status, answer.json["field"]) == (422, field)


def test_feedback_needs_key(house: House) -> None:
    """Corrections need a key as batches do."""
    assert house.ask("POST", "/v1/ml/feedback", b"{}").status == 401


def test_unknown_row_is_named() -> None:
    """The error of a correction names the field as the sender wrote it."""
    with pytest.raises(WireError, match=r"sample\.nonsense"):
        api.correction({"sample": {"nonsense": 1}, "actual_type": "button"}, "2026-11-16")
