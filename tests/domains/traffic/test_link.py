"""The way to the platform: inside its server and over HTTP alike, and a courier who never stands in the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from examples.will_it_rain import DOMAIN, RAIN
from tests.loop.serving_world import add
from tests.server.house import House, running

from samouk.domains.traffic.courier import Courier
from samouk.domains.traffic.link import DeskLink, Exposed, HttpLink, Link, Refused, Unlinked
from samouk.edge.wire import Row, Schema
from samouk.loop.learner import Domain
from samouk.loop.ports import StoreUnavailable
from samouk.loop.records import Artifact
from samouk.server import create_app
from samouk.store.memory import memory_services

ROW: Row = {"pressure": 990.0, "humidity": 0.9}
OUTCOME = RAIN.outcomes[0]


class Place:
    """A running server with nothing in service yet, and what its routes work with."""

    def __init__(self, house: House, desk: Any) -> None:
        self.house = house
        self.desk = desk

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.house.port}"

    def release(self) -> None:
        add(self.house.services, [1.0, 0.0, 0.0])
        self.desk.service.refresh(RAIN.name)

    def link(self, kind: str) -> Link:
        return DeskLink(self.desk) if kind == "desk" else HttpLink(self.url, self.house.key)


@pytest.fixture
def place() -> Iterator[Place]:
    services, desks = memory_services(), []

    def routes(desk: Any) -> Any:
        from fastapi import APIRouter

        desks.append(desk)
        return APIRouter()

    domains = {"weather": replace(DOMAIN, learners=(RAIN,)), "probe": Domain("probe", "Probe", (), Path(), routes)}
    with running(create_app(services, domains), services) as house:
        yield Place(house, desks[0])


@pytest.mark.parametrize("kind", ["desk", "http"])
def test_a_window_is_weighed_kept_and_told_of(place: Place, kind: str) -> None:
    """Exposed, found in the journal, told; told twice it is kept once, and what contradicts is refused."""
    link = place.link(kind)
    assert link.expose(RAIN.name, "anna", ROW) is None
    assert link.champion(RAIN.name) is None
    place.release()
    exposed = link.expose(RAIN.name, "anna", ROW)
    assert exposed is not None
    assert exposed.version == "v1.0"
    assert exposed.score == pytest.approx(0.731, abs=1e-3)
    journal = place.house.services.journal
    kept = journal.exposure(exposed.event_id)
    assert kept is not None
    assert kept.row == ROW
    assert "anna" not in repr(kept)
    link.tell(RAIN.name, exposed.event_id, OUTCOME.name, OUTCOME.high)
    link.tell(RAIN.name, exposed.event_id, OUTCOME.name, OUTCOME.high)
    assert len(journal.outcomes(RAIN.name, exposed.event_id)) == 1
    with pytest.raises(Refused):
        link.expose(RAIN.name, "anna", {"pressure": "low"})
    with pytest.raises(Refused):
        link.tell(RAIN.name, exposed.event_id, OUTCOME.name, 1e9)


@pytest.mark.parametrize("kind", ["desk", "http"])
def test_rows_are_gathered_into_the_log(place: Place, kind: str) -> None:
    """One batch of one split group; rows that do not fit are refused, and so is a learner that is not there."""
    link, log = place.link(kind), place.house.services.log
    whole = [{**ROW, **dict.fromkeys(RAIN.told, True)}] * 3
    link.gather(RAIN.schema, "census 1", 7, whole)
    (entry,) = log.entries(RAIN.name)
    assert (entry.rows, entry.group) == (3, 7)
    with pytest.raises(Refused):
        link.gather(RAIN.schema, "census 2", 7, [{"pressure": "low"}])
    with pytest.raises(Refused):
        link.gather(replace(RAIN.schema, name="no.such"), "census 3", 7, whole)
    assert log.stats(RAIN.name).total_samples == 3


@pytest.mark.parametrize("kind", ["desk", "http"])
def test_the_model_in_service_arrives_whole(place: Place, kind: str) -> None:
    """Name and bytes of the champion; asked again, nothing is fetched anew."""
    place.release()
    link = place.link(kind)
    found = link.champion(RAIN.name)
    assert found is not None
    version = place.house.services.registry.production(RAIN.name)
    assert version is not None
    assert found[0] == version.name
    assert found[1].data == place.house.services.blobs.get(version.artifact_key)
    again = link.champion(RAIN.name)
    assert again is not None
    assert again[1] is found[1]


def test_over_http_wrong_keys_and_silence_are_told_apart(place: Place) -> None:
    """A bad key is refused, a learner that is not there too; a server that is not there is a matter of time."""
    place.release()
    with pytest.raises(Refused, match="API key"):
        HttpLink(place.url, "wrong").expose(RAIN.name, "anna", ROW)
    with pytest.raises(Refused, match="404"):
        HttpLink(place.url, place.house.key).champion("no/such learner")
    with pytest.raises(Unlinked, match="server running"):
        HttpLink("http://127.0.0.1:9", "key", timeout_s=2).champion(RAIN.name)
    with pytest.raises(ValueError, match="url"):
        HttpLink("file:///etc/passwd", "key")


class Wire:
    """A platform that does as it is told: up, down, refusing or broken."""

    def __init__(self) -> None:
        self.trouble: Exception | None = None
        self.exposed: list[str] = []
        self.told: list[tuple[str, float]] = []
        self.name = "v1.0"

    def expose(self, learner: str, unit: str, row: Row) -> Exposed | None:
        self._meet()
        self.exposed.append(unit)
        return Exposed(f"event of {unit}", self.name, 0.5)

    def tell(self, learner: str, event_id: str, outcome: str, value: float) -> None:
        self._meet()
        self.told.append((event_id, value))

    def gather(self, schema: Schema, name: str, group: int, rows: Sequence[Row]) -> None:
        self._meet()

    def champion(self, learner: str) -> tuple[str, Artifact] | None:
        self._meet()
        return self.name, Artifact(b"model", {})

    def _meet(self) -> None:
        if self.trouble is not None:
            raise self.trouble


@pytest.mark.parametrize("trouble", [Unlinked("down"), StoreUnavailable("full")])
def test_what_cannot_be_delivered_waits_and_the_oldest_goes(trouble: Exception) -> None:
    """While the platform is away the queue is bounded; when it is back everything that waits arrives in order."""
    wire = Wire()
    courier = Courier(wire, waiting=3)
    wire.trouble = trouble
    for number in range(5):
        courier.expose("x", f"u{number}", {})
    assert not courier.deliver()
    assert (courier.waiting, courier.counts["dropped_full"], courier.last_problem) == (3, 2, str(trouble))
    wire.trouble = None
    assert courier.deliver()
    assert wire.exposed == ["u2", "u3", "u4"]
    assert courier.counts["delivered"] == 3


@pytest.mark.parametrize(("trouble", "count"), [(Refused("no"), "dropped_refused"), (KeyError("odd"), "failures")])
def test_what_is_refused_or_breaks_is_dropped_and_counted(trouble: Exception, count: str) -> None:
    """One bad thing keeps no other from its way."""
    wire = Wire()
    courier = Courier(wire)
    courier.expose("x", "bad", {})
    wire.trouble = trouble
    assert courier.deliver()
    assert courier.counts[count] == 1
    wire.trouble = None
    courier.tell("x", "e", "confirmed", 1.0)
    assert courier.deliver()
    assert wire.told == [("e", 1.0)]


def test_the_thread_brings_models_and_answers_and_ends() -> None:
    """What is exposed comes back on the thread, models are taken, and the close delivers what waits."""
    wire, came, models = Wire(), threading.Event(), []
    courier = Courier(wire)
    courier.watch("x", lambda version, artifact: models.append((version, artifact.data)))
    courier.start()
    courier.expose("x", "anna", {}, lambda exposed: came.set())
    assert came.wait(20)
    courier.tell("x", "e", "confirmed", 0.0)
    courier.close()
    assert wire.told == [("e", 0.0)]
    assert models == [("v1.0", b"model")]
    assert courier.serving == {"x": "v1.0"}


def test_a_model_is_taken_once_and_one_that_cannot_be_used_is_not_in_force() -> None:
    """The next look takes the next version; one that is refused changes nothing."""
    wire, taken = Wire(), []

    def take(version: str, artifact: Artifact) -> None:
        if version == "v1.1":
            raise ValueError("no model")
        taken.append(version)

    courier = Courier(wire)
    courier.watch("x", take)
    assert [courier.refresh("x") for _ in range(2)] == ["v1.0", "v1.0"]
    wire.name = "v1.1"
    with pytest.raises(ValueError, match="no model"):
        courier.refresh("x")
    assert courier.serving == {"x": "v1.0"}
    wire.name = "v1.2"
    courier.refresh("x")
    assert taken == ["v1.0", "v1.2"]
