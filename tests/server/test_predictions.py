"""Predictions over a real connection: answered by the right version, recorded once, refused in words."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from examples.will_it_rain import DOMAIN, RAIN
from tests.loop.serving_world import ONLINE, add, ramp
from tests.server import toy
from tests.server.house import Answer, House, running
from tests.server.weather import OUTCOMES, PREDICT, ROW, ask, journal_has, post, weather_house, within

from samouk.loop.live import RolloutState
from samouk.loop.records import Artifact, Predictions, Stage
from samouk.server import create_app, service
from samouk.store.memory import memory_services


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with weather_house(tmp_path_factory.mktemp("exposures")) as house:
        yield house


def problem(answer: Answer, status: int, field: str | None) -> str:
    """The detail of an answer that is a problem of that status and field."""
    assert answer.headers["content-type"] == "application/problem+json", answer.body
    assert (answer.status, answer.json.get("field")) == (status, field), answer.body
    return str(answer.json["detail"])


def test_one(house: House) -> None:
    """An answer has an id, and in a moment the journal has the exposure under it."""
    found = ask(house, "anna")
    assert set(found) == {"event_id", "version", "variant", "score", "value", "confidence"}
    assert (found["version"], found["variant"]) == ("v1.0", "champion")
    assert found["score"] == found["value"] == pytest.approx(0.731, abs=1e-3)
    assert within(60, lambda: journal_has(house.services, found["event_id"]))
    exposure = house.services.journal.exposure(found["event_id"])
    assert exposure is not None
    assert (exposure.row, exposure.score) == (ROW, found["score"])
    assert "anna" not in repr(exposure)


def test_many(house: House) -> None:
    """Many questions in one request, in gzip, are answered in order and recorded each."""
    items = [{"unit": f"u{n}", "features": {**ROW, "pressure": 950 + n / 10}} for n in range(1_000)]
    body = gzip.compress(json.dumps({"items": items}).encode())
    answer = house.send(body, PREDICT)
    found = answer.json["items"]
    assert len(found) == 1_000
    assert [one["score"] for one in found] == sorted((one["score"] for one in found), reverse=True)
    assert within(60, lambda: all(journal_has(house.services, one["event_id"]) for one in found))


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ([], "body"),
        ({}, None),
        ({"unit": "u"}, "features"),
        ({"unit": "", "features": ROW}, "unit"),
        ({"unit": "u" * 201, "features": ROW}, "unit"),
        ({"unit": 7, "features": ROW}, "unit"),
        ({"unit": "u", "features": []}, "features"),
        ({"unit": "u", "features": ROW, "event_id": "mine"}, "event_id"),
        ({"unit": "u", "features": {"pressure": 990.0}}, "features.humidity"),
        ({"unit": "u", "features": {**ROW, "humidity": 1.5}}, "features.humidity"),
        ({"unit": "u", "features": {**ROW, "humidity": [1]}}, "features.humidity"),
        ({"unit": "u", "features": {**ROW, "rained": True}}, "features.rained"),
        ({"unit": "u", "features": {**ROW, "wind": 1}}, "features.wind"),
        ({"items": []}, "items"),
        ({"items": [{"unit": "u", "features": ROW}] * 1_001}, "items"),
        ({"items": [{"unit": "u", "features": ROW}], "unit": "u"}, "items"),
        ({"items": [{"unit": "u", "features": ROW}, 7]}, "items[1]"),
        ({"items": [{"unit": "u", "features": ROW}, {"unit": "u", "features": {}}]}, "items[1].features.pressure"),
    ],
)
def test_bad_input(house: House, document: Any, field: str | None) -> None:
    """What does not fit is refused with the field's name, and nothing is recorded."""
    answer = post(house, PREDICT, document)
    problem(answer, 422, field or answer.json["field"])


@pytest.mark.parametrize("body", [b"", b"{", b'{"unit": "u", "features": {"humidity": NaN}}', b"\xff\xfe"])
def test_no_json(house: House, body: bytes) -> None:
    """What is no JSON is refused as such."""
    problem(house.send(body, PREDICT, Content_Encoding="identity"), 400, "body")


def test_no_key(house: House) -> None:
    """Without a good key nobody is answered."""
    problem(
        house.send(json.dumps({"unit": "u", "features": ROW}).encode(), PREDICT, Authorization=""), 401, "Authorization"
    )


def test_who_answers_nobody(house: House) -> None:
    """An unknown learner and one without outcomes are told apart."""
    body = {"unit": "u", "features": ROW}
    assert "no learner is called" in problem(post(house, "/v1/learners/no.one/predict", body), 404, None)
    assert "makes no predictions" in problem(post(house, "/v1/learners/toy.half/predict", body), 404, None)


def test_nothing_in_service() -> None:
    """Before the first release the answer says so; after it, within a second, the release answers."""
    services = memory_services()
    with running(create_app(services, {"weather": DOMAIN}), services) as house:
        answer = post(house, PREDICT, {"unit": "u", "features": ROW})
        assert "no version of weather.rain is in service yet" in problem(answer, 409, None)
        add(services, [1.0, 0.0, 0.0])
        assert within(60, lambda: post(house, PREDICT, {"unit": "u", "features": ROW}).status == 200)


def test_a_rollout_and_its_end(tmp_path: Path) -> None:
    """A rollout that another process began is seen within a second, and so is its pause; units stay where they are."""
    with weather_house(tmp_path) as house:
        add(house.services, [-1.0, 0.0, 0.0], stage=Stage.STAGING)
        rollout = ramp(house.services, "v1.0", {"v1.1": 0.4})
        assert within(
            60, lambda: ask(house)["variant"] != "champion" or ask(house, f"{time.time()}")["version"] == "v1.1"
        )
        first = {f"u{n}": ask(house, f"u{n}") for n in range(100)}
        again = {f"u{n}": ask(house, f"u{n}") for n in range(100)}
        assert {unit: one["version"] for unit, one in first.items()} == {u: one["version"] for u, one in again.items()}
        counts = Counter(one["variant"] for one in first.values())
        assert counts["challenger"] > 20
        assert counts["control"] > 20
        house.services.rollouts.save(replace(rollout, state=RolloutState.PAUSED))
        assert within(60, lambda: {ask(house, unit)["version"] for unit in first} == {"v1.0"})


def test_a_word_holds_when_it_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who paused a rollout and was told so sees nobody meet the challenger any more, and the other way round."""
    monkeypatch.setattr(service, "LOOK_S", 3_600.0)  # what is seen is not seen by the server's own next look
    with weather_house(None) as house:
        add(house.services, [-1.0, 0.0, 0.0], stage=Stage.STAGING)
        ramp(house.services, "v1.0", {"v1.1": 0.5})
        for word, expected in (("pause", {"v1.0"}), ("resume", {"v1.0", "v1.1"}), ("pause", {"v1.0"})):
            path = f"/v1/learners/{RAIN.name}/rollout/{word}"
            assert post(house, path, {"reason": "a test said so"}).status == 200
            assert {ask(house, f"u{n}")["version"] for n in range(30)} == expected


def test_a_model_that_fails(tmp_path: Path) -> None:
    """A champion that fails is a 500 without a word of its inside, and an exposure that says so."""

    def predict(artifact: Artifact, columns: Any) -> Predictions:
        if (columns["humidity"] > 0.95).any():
            raise RuntimeError("secret")
        return RAIN.predict(artifact, columns)

    with weather_house(tmp_path, learner=replace(RAIN, predict=predict)) as house:
        answer = post(house, PREDICT, {"unit": "u", "features": {**ROW, "humidity": 0.99}})
        assert "secret" not in problem(answer, 500, None)
        day = house.services.clock.now().date()
        spec = RAIN.outcomes[0]
        assert within(60, lambda: house.services.journal.days(RAIN.name, spec.name, day, spec.window))
        (figures,) = house.services.journal.days(RAIN.name, spec.name, day, spec.window)
        assert (figures.exposures, figures.failures) == (1, 1)
        assert house.get("/health/ready").json["failures"] == 1


def test_a_challenger_that_cannot_be_loaded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Its units are answered by the champion, and the log says once what is wrong."""
    with weather_house(tmp_path) as house:
        add(house.services, [1.0], stage=Stage.STAGING)
        ramp(house.services, "v1.0", {"v1.1": 0.5})
        assert within(60, lambda: len({ask(house, f"u{n}")["variant"] for n in range(40)}) > 1)
        assert {ask(house, f"u{n}")["version"] for n in range(40)} == {"v1.0"}
        time.sleep(1.2)
        said = [record for record in caplog.records if "v1.1 cannot answer" in record.getMessage()]
        assert len(said) == 1


def test_learns_between_turns(tmp_path: Path) -> None:
    """Outcomes told over HTTP correct the answers of a learner that learns online, within a second."""
    with weather_house(tmp_path, learner=replace(RAIN, online=ONLINE)) as house:
        before = ask(house)["score"]
        told = [{"event_id": ask(house, f"u{n}")["event_id"], "value": 1} for n in range(20)]
        assert post(house, OUTCOMES, {"items": told}).status == 200
        assert within(60, lambda: ask(house)["score"] > before + 0.1)


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A prediction that cannot be recorded is not shown."""
    with weather_house(tmp_path) as house:

        def full(*_: Any) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("samouk.server.exposures._Segment.append", full)
        problem(post(house, PREDICT, {"unit": "u", "features": ROW}), 507, None)


def test_without_a_folder() -> None:
    """Where no folder is given the answer waits for the journal."""
    with weather_house(None) as house:
        assert journal_has(house.services, ask(house)["event_id"])


def test_a_stopped_server_left_nothing_behind(tmp_path: Path) -> None:
    """A server that is told to stop has committed everything and removed its files."""
    with weather_house(tmp_path) as house:
        told = [ask(house)["event_id"] for _ in range(10)]
    assert all(journal_has(house.services, event_id) for event_id in told)
    assert [path.name for path in tmp_path.iterdir()] == ["start.lock"]


def test_the_toy_is_no_part_of_it() -> None:
    """A domain without outcomes needs no folder, no thread and no model."""
    services = memory_services()
    with running(create_app(services, {"toy": toy.DOMAIN}), services) as house:
        assert house.get("/health/live").status == 200
