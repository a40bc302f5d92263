"""Outcomes over a real connection: at once, late, twice, early or wrong; and nothing promised is lost to a kill."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmarks.serving_kill import run
from examples.will_it_rain import RAIN
from tests.loop.serving_world import DAY
from tests.server.house import Answer, House
from tests.server.weather import OUTCOMES, ask, post, weather_house

from samouk.loop.exposure import new_event_id
from samouk.loop.live import Heard
from samouk.loop.outcome import Told
from samouk.server.exposures import Exposures
from samouk.server.hearing import Hearing
from samouk.store.clock import SteppedClock


@pytest.fixture(scope="module")
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, clock: SteppedClock) -> Iterator[House]:
    with weather_house(tmp_path_factory.mktemp("exposures"), clock=clock) as house:
        yield house


def tell(house: House, **document: Any) -> Answer:
    return post(house, OUTCOMES, document)


def status(answer: Answer) -> str:
    assert answer.status == 200, answer.body
    (item,) = answer.json["items"]
    return str(item["status"])


def problem(answer: Answer, code: int, field: str | None) -> str:
    assert answer.headers["content-type"] == "application/problem+json", answer.body
    assert (answer.status, answer.json.get("field")) == (code, field), answer.body
    return str(answer.json["detail"])


def test_at_once(house: House) -> None:
    """An outcome that follows its prediction at once finds it, though that has only just been written."""
    for _ in range(20):
        assert status(tell(house, event_id=ask(house)["event_id"], value=1)) == "joined"


def test_twice_and_otherwise(house: House) -> None:
    """The same again is a duplicate; another value is a conflict, and the first one stands."""
    event_id = ask(house)["event_id"]
    assert status(tell(house, event_id=event_id, value=1)) == "joined"
    assert status(tell(house, event_id=event_id, value=1.0)) == "duplicate"
    detail = problem(tell(house, event_id=event_id, value=0), 409, "value")
    assert "was told before as 1" in detail
    (kept,) = house.services.journal.outcomes(RAIN.name, event_id)
    assert kept.value == 1.0


def test_metrics(house: House) -> None:
    """A metric may be named, and its numbers are mapped to [0, 1]."""
    event_id = ask(house)["event_id"]
    assert status(tell(house, event_id=event_id, value=1, metric="complaints")) == "joined"
    (kept,) = house.services.journal.outcomes(RAIN.name, event_id)
    assert kept.value == pytest.approx(2 / 3)


def test_late(house: House, clock: SteppedClock) -> None:
    """What is told after the window is kept and marked; what happened within it is in time, whenever it is told."""
    first, second = (ask(house)["event_id"] for _ in range(2))
    happened = clock.now() + DAY / 2
    clock.step(2 * DAY)
    assert status(tell(house, event_id=first, value=1)) == "late"
    assert status(tell(house, event_id=second, value=1, at=happened.isoformat())) == "joined"


def test_before_its_exposure(house: House) -> None:
    """An id that was given out, of an exposure that is not here yet, waits."""
    event_id = new_event_id(house.services.journal.secret(), house.services.clock.now())
    assert status(tell(house, event_id=event_id, value=1)) == "parked"
    assert status(tell(house, event_id=event_id, value=1)) == "duplicate"


def test_many(house: House) -> None:
    """Each of many has its own word; a contradiction among them is listed and stops nobody."""
    events = [ask(house, f"u{n}")["event_id"] for n in range(3)]
    tell(house, event_id=events[0], value=1)
    items = [{"event_id": event_id, "value": 0} for event_id in [*events, events[1]]]
    answer = tell(house, items=items)
    assert answer.status == 200
    assert [item["status"] for item in answer.json["items"]] == ["contradiction", "joined", "joined", "duplicate"]
    assert [item["event_id"] for item in answer.json["items"]] == [item["event_id"] for item in items]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"event_id": ..., "value": 1}, "event_id"),
    ({"value": ...}, "value"),
    ({"event_id": "0" * 32, "value": 1}, "event_id"),
    ({"event_id": "made up", "value": 1}, "event_id"),
    ({"event_id": "", "value": 1}, "event_id"),
    ({"event_id": 5, "value": 1}, "event_id"),
    ({"value": 2}, "value"),
    ({"value": -0.01}, "value"),
    ({"value": 10**400}, "value"),
    ({"value": "1"}, "value"),
    ({"value": True}, "value"),
    ({"value": None}, "value"),
    ({"value": 1, "metric": "joy"}, "metric"),
    ({"value": 1, "metric": 5}, "metric"),
    ({"value": 1, "at": "2999-01-01T00:00:00Z"}, "at"),
    ({"value": 1, "at": "2000-01-01T00:00:00Z"}, "at"),
    ({"value": 1, "at": "2026-11-21T10:00:00"}, "at"),
    ({"value": 1, "at": "yesterday"}, "at"),
    ({"value": 1, "at": 12}, "at"),
    ({"value": 1, "comment": "good"}, "comment"),
]


@pytest.mark.parametrize(("change", "field"), BAD)
def test_bad_input(house: House, change: dict[str, Any], field: str) -> None:
    """What cannot be true is refused with the field's name, alone and among others; all of a request or none."""
    given = {"event_id": ask(house)["event_id"], **change}
    document = {name: value for name, value in given.items() if value is not ...}
    problem(post(house, OUTCOMES, document), 422, field)
    before = ask(house)["event_id"]
    items = [{"event_id": before, "value": 1}, document]
    problem(tell(house, items=items), 422, f"items[1].{field}")
    assert house.services.journal.outcomes(RAIN.name, before) == []


@pytest.mark.parametrize(
    ("document", "field"),
    [([], "body"), ({"items": []}, "items"), ({"items": [], "value": 1}, "items"), ({"items": [[]]}, "items[0]")],
)
def test_bad_shape(house: House, document: Any, field: str) -> None:
    """A document of another shape is refused."""
    problem(post(house, OUTCOMES, document), 422, field)


def test_learners(house: House) -> None:
    """An unknown learner, one without outcomes, and no key."""
    document = {"event_id": "x", "value": 1}
    problem(post(house, "/v1/learners/no.one/outcomes", document), 404, None)
    problem(post(house, "/v1/learners/toy.half/outcomes", document), 404, None)
    problem(house.send(b"{}", OUTCOMES, Authorization=""), 401, "Authorization")


def test_a_bad_neighbour(house: House) -> None:
    """Requests that share a commit share no refusal: of many at once, exactly the bad ones are refused."""
    events = [ask(house, f"u{n}")["event_id"] for n in range(24)]
    answers: dict[int, Answer] = {}

    def send(n: int) -> None:
        answers[n] = tell(house, event_id=events[n], value=(7, 10**400)[n % 8 // 4] if n % 4 == 0 else 1)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {n for n, answer in answers.items() if answer.status == 422} == {n for n in range(24) if n % 4 == 0}
    assert all(answer.status == 200 for n, answer in answers.items() if n % 4)


class Treacherous(float):
    """A number that cannot be compared."""

    def __ge__(self, _: float) -> bool:
        raise RuntimeError


def test_a_neighbour_that_fails(house: House, tmp_path: Path) -> None:
    """What goes wrong with one outcome, whatever it is, is told to its sender alone."""
    exposures = Exposures(house.services.journal, tmp_path)
    exposures.start()
    hearing = Hearing(house.services, exposures, group=64, waiting=64)
    events = [ask(house, f"n{n}")["event_id"] for n in range(12)]

    async def all_at_once() -> list[Any]:
        values = [Treacherous(1) if n % 3 == 0 else 1.0 for n in range(12)]
        told = [Told(name, "content", value) for name, value in zip(events, values, strict=True)]
        return await asyncio.gather(*(hearing.tell(RAIN, [one]) for one in told), return_exceptions=True)

    heard = asyncio.run(all_at_once())
    hearing.close()
    exposures.close()
    assert [isinstance(one, RuntimeError) for one in heard] == [n % 3 == 0 for n in range(12)]
    assert all(one in ([Heard.JOINED], [Heard.PARKED]) for n, one in enumerate(heard) if n % 3)


def test_exported_at_once(house: House) -> None:
    """What was told by now is in an export of now, also when it fills no batch yet."""
    path = f"/v1/learners/{RAIN.name}/export"
    before = len(house.call("GET", path).body.splitlines())
    events = [ask(house, f"exported {n}")["event_id"] for n in range(3)]
    for event_id in events:
        assert tell(house, event_id=event_id, value=1).status == 200
    assert len(house.call("GET", path).body.splitlines()) == before + 3


def test_at_is_utc(house: House) -> None:
    """A moment in another zone is the same moment."""
    event_id = ask(house)["event_id"]
    zone = dt.timezone(dt.timedelta(hours=5))
    assert (
        status(tell(house, event_id=event_id, value=1, at=house.services.clock.now().astimezone(zone).isoformat()))
        == "joined"
    )
    (kept,) = house.services.journal.outcomes(RAIN.name, event_id)
    assert kept.at == house.services.clock.now()


@pytest.mark.slow
def test_three_kills(tmp_path: Path) -> None:
    """Three kill -9 under load: every answered prediction and outcome is there after it, and none twice."""
    report = run(3, 7, tmp_path)
    assert report.predicted > 60
    assert report.told > 10
    assert (report.lost_exposures, report.lost_outcomes, report.doubled) == (0, 0, 0)
