"""The client against the real server, and the server in memory beside it: both must answer alike."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.server import toy
from tests.server.house import House, running

from samouk.edge import SelfLearningCollector, routes, wire
from samouk.edge.observer import Observation, UnreadableSource
from samouk.edge.receipts import Deletion
from samouk.edge.testing import MemoryServer
from samouk.edge.transport import HttpTransport, Request, Transport
from samouk.edge.wire import Row
from samouk.server import Options, create_app
from samouk.server.options import Page
from samouk.store.memory import memory_services


class ToyObserver:
    """Sees so many halves."""

    learner = toy.LEARNER.name
    schema = toy.SCHEMA
    label_field = "answer"
    feature_version = 1

    def observe(self, source: object, platform: str) -> Observation:
        if not isinstance(source, int):
            raise UnreadableSource("a source is a number of rows")
        columns = toy.columns(source)
        rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        return Observation(tuple(rows), tuple(map(str, range(source))))

    def correct(self, element: Mapping[str, Any], actual: str, platform: str) -> Observation:
        raise UnreadableSource("halves are not corrected")

    def features(self, samples: Any) -> Any:
        raise UnreadableSource("halves are not predicted")

    def bundled_model(self) -> None:
        return None


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    services = memory_services()
    options = Options(tmp_path_factory.mktemp("published"), page=Page(b"<p>page</p>", "default-src 'none'"))
    with running(create_app(services, {"toy": toy.DOMAIN}, options), services) as running_house:
        yield running_house


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def collector(house: House, cache: Path, **knobs: Any) -> SelfLearningCollector:
    knobs = {"api_key": house.key, "observer": ToyObserver(), "environ": {"HOME": str(cache)}, **knobs}
    return SelfLearningCollector(True, f"http://127.0.0.1:{house.port}", cache_dir=cache, batch_size=100, **knobs)


def stored(house: House) -> int:
    return house.services.log.stats("toy.half").total_samples


def test_samples_reach_the_log_and_can_be_erased(house: House, cache: Path) -> None:
    """What was collected is in the server's log after a flush, and gone from it after forgetting."""
    before = stored(house)
    with collector(house, cache) as mine:
        assert mine.collect_from_hierarchy(250) == 250
        assert mine.flush().problem == ""
        assert stored(house) == before + 250
        assert mine.forget_all() == 3
        assert mine.flush().problem == ""
    assert stored(house) == before
    assert mine.stats().erased == 250


def test_a_wrong_key_keeps_everything(house: House, cache: Path) -> None:
    """A wrong key is named, and the samples go once it is right."""
    with collector(house, cache, api_key="sk_wrong") as mine:
        mine.collect_from_hierarchy(10)
        assert "ml.api_key" in mine.flush().problem
    with collector(house, cache) as mine:
        assert mine.flush().rows == 10


@pytest.fixture(params=["real", "memory"])
def answering(request: pytest.FixtureRequest, house: House) -> tuple[Transport, str, str]:
    """A transport, the endpoint to use with it, and a good key."""
    if request.param == "real":
        return HttpTransport(), f"http://127.0.0.1:{house.port}", house.key
    return MemoryServer(toy.SCHEMA, api_key="sk_good"), "http://memory", "sk_good"


def test_both_servers_answer_alike(answering: tuple[Transport, str, str], tmp_path: Path) -> None:
    """Stored 201, known 200, refused 422, wrong key 401, wrong receipt 403, erased 2xx and then 410, unknown 404."""
    transport, endpoint, key = answering
    batch = toy.upload(receipt="mine")
    body = wire.encode(batch)

    def post(data: bytes, with_key: str = key, learner: str = "toy.half") -> int:
        return transport.send(routes.upload_request(endpoint, learner, data, with_key)).status

    def erase(receipt: str, batch_id: str = batch.batch_id) -> int:
        deletion = Deletion(batch_id, "toy.half", receipt, endpoint, tmp_path)
        return transport.send(routes.deletion_request(deletion)).status

    assert [post(body), post(body)] == [201, 200]
    assert post(toy.altered(columns={"value": [2.0]})) == 422
    assert post(json.dumps([]).encode()) == 422
    assert post(body, "sk_wrong") == 401
    assert [erase("theirs"), erase("mine") // 100, erase("mine") // 100] == [403, 2, 2]
    assert post(body) == 410
    assert erase("mine", str(uuid.uuid4())) == 404
    assert transport.send(Request("GET", f"{endpoint}/v1/nothing")).status == 404


def test_both_servers_answer_in_the_same_form(answering: tuple[Transport, str, str], tmp_path: Path) -> None:
    """A stored and an erased batch are named in JSON; a refusal is a problem document."""
    transport, endpoint, key = answering
    batch = toy.upload(5, receipt="mine")
    stored = transport.send(routes.upload_request(endpoint, "toy.half", wire.encode(batch), key))
    assert json.loads(stored.body) == {"batch_id": batch.batch_id, "samples": 5, "status": "stored"}
    again = transport.send(routes.upload_request(endpoint, "toy.half", wire.encode(batch), key))
    assert json.loads(again.body)["status"] == "duplicate"
    deletion = Deletion(batch.batch_id, "toy.half", "mine", endpoint, tmp_path)
    for _ in range(2):
        proof = json.loads(transport.send(routes.deletion_request(deletion)).body)
        assert dt.date.fromisoformat(proof.pop("day"))
        names = {"batch_id": batch.batch_id, "learner": "toy.half", "samples": 5, "tainted_versions": []}
        assert proof == names
    refusal = transport.send(routes.upload_request(endpoint, "toy.half", wire.encode(batch), key))
    assert refusal.headers["content-type"] == "application/problem+json"
    assert json.loads(refusal.body).keys() >= {"type", "title", "status", "detail"}


def test_rows_come_back_as_they_left() -> None:
    """The server in memory gives the rows that were sent, whatever form they travelled in."""
    server = MemoryServer(toy.SCHEMA)
    batch = toy.upload(40)
    server.send(routes.upload_request("http://memory", "toy.half", wire.encode(batch), ""))
    sent: list[Row] = [dict(zip(batch.columns, row, strict=True)) for row in zip(*batch.columns.values(), strict=True)]
    assert list(server.rows()) == sent
