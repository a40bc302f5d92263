"""Forgetting a unit over HTTP and on the command line: all at once, what waits in files too, and nobody is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
from click.testing import CliRunner
from tests.server.house import House
from tests.server.weather import OUTCOMES, ask, post, weather_house

from samouk import assembly
from samouk.cli import main
from samouk.loop.exposure import new_event_id, pseudonym
from samouk.loop.live import Exposure, Variant
from samouk.settings import load

LEARNER = "scoring.outcome"
UNIT = "Alice/of the hill"


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "exposures"


@pytest.fixture
def house(spool: Path) -> Iterator[House]:
    with weather_house(spool) as house:
        yield house


def path_of(unit: str) -> str:
    return f"/v1/learners/weather.rain/units/{quote(unit, safe='')}"


def test_a_unit_is_forgotten_whatever_is_still_on_its_way(house: House, spool: Path) -> None:
    """Predictions of this very moment go too, others stay; asking again finds nothing, and the audit names nobody."""
    mine, other = ask(house, unit=UNIT)["event_id"], ask(house, unit="Bob")["event_id"]
    post(house, OUTCOMES, {"event_id": mine, "value": 1})
    ask(house, unit=UNIT)
    answer = house.call("DELETE", path_of(UNIT))
    assert (answer.status, answer.json) == (
        200,
        {"learner": "weather.rain", "exposures": 2, "outcomes": 1, "batches": 0, "tainted_versions": []},
    )
    assert house.services.journal.exposure(mine) is None
    assert house.services.journal.exposure(other) is not None
    assert house.call("DELETE", path_of(UNIT)).json["exposures"] == 0
    who = pseudonym(house.services.journal.secret(), "weather.rain", UNIT)
    assert [path for path in spool.iterdir() if who.encode() in path.read_bytes()] == []
    (act,) = [entry.act for entry in house.services.audit.entries() if entry.act.action == "forget"]
    assert not any(word in str(act) for word in (UNIT, "Alice", who))


def test_who_may_not_and_what_is_no_unit(house: House) -> None:
    """Without a key 401, for an unknown learner 404, and a name too long is told by its field."""
    assert house.ask("DELETE", path_of(UNIT)).status == 401
    assert house.call("DELETE", "/v1/learners/nobody/units/Alice").status == 404
    refused = house.call("DELETE", path_of("x" * 201))
    assert (refused.status, refused.json["field"]) == (422, "unit")


def test_the_command_reaches_what_a_dead_server_left(tmp_path: Path) -> None:
    """Lines that the next start would bring back are brought in first, and nothing is left in any file."""
    home = tmp_path / "home"
    places = assembly.Places.of(load({}, home=home))
    with assembly.opened(load({}, home=home)) as services:
        secret, now = services.journal.secret(), services.clock.now()
    who = pseudonym(secret, LEARNER, UNIT)
    shown = Exposure(new_event_id(secret, now), LEARNER, "v1.0", Variant.CHAMPION, who, 3, now, 0.5, 1.0, {})
    places.exposures.mkdir()
    (places.exposures / "dead-0.lines").write_bytes(msgspec.json.encode(shown) + b"\n")
    result = CliRunner().invoke(main, ["forget", LEARNER, UNIT, "--home", str(home), "--json"])
    assert (result.exit_code, '"exposures": 1' in result.stdout) == (0, True), result.output
    files = [path for path in home.rglob("*") if path.is_file()]
    assert [path for path in files if who.encode() in path.read_bytes()] == []
    again = CliRunner().invoke(main, ["forget", LEARNER, UNIT, "--home", str(home)])
    assert "0 exposures" in again.stdout
