"""Forgetting a unit over HTTP and on the command line: all at once, what waits in files too, and nobody is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
from click.testing import CliRunner
from tests.contracts.making import batch, batch_id
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
    gone = {"exposures": 2, "outcomes": 1, "batches": 0, "documents": 0, "tainted_versions": [], "pending": []}
    assert (answer.status, answer.json) == (200, {"learner": "weather.rain", **gone})
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
    asked = ["erase", "--learner", LEARNER, "--subject", UNIT, "--home", str(home)]
    proof = tmp_path / "proof.json"
    result = CliRunner().invoke(main, [*asked, "--json", "--output", str(proof)])
    assert (result.exit_code, json.loads(result.stdout)["removed"]["exposures"]) == (0, 1), result.output
    files = [path for path in home.rglob("*") if path.is_file()]
    assert [path for path in files if who.encode() in path.read_bytes()] == []
    again = CliRunner().invoke(main, asked)
    assert "removed: nothing" in again.stdout
    checked = CliRunner().invoke(main, ["erase", "--verify", str(proof), "--home", str(home)])
    assert (checked.exit_code, "✅ proven" in checked.stdout) == (0, True), checked.output
    (places.exposures / "dead-1.lines").write_bytes(msgspec.json.encode(shown) + b"\n")
    checked = CliRunner().invoke(main, ["erase", "--verify", str(proof), "--home", str(home)])
    assert (checked.exit_code, "❌ not proven" in checked.stdout) == (1, True), checked.output
    proof.write_text(proof.read_text().replace('"exposures": 1', '"exposures": 2'))
    checked = CliRunner().invoke(main, ["erase", "--verify", str(proof), "--home", str(home)])
    assert (checked.exit_code, "was changed" in checked.output) == (3, True), checked.output


def test_the_command_erases_by_receipts_and_tells_what_is_held(tmp_path: Path) -> None:
    """From a file, by the receipt alone; a wrong one erases nothing, and nothing is proven twice."""
    home = tmp_path / "home"
    with assembly.opened(load({}, home=home)) as services:
        services.log.append([batch(number, learner=LEARNER) for number in range(4)])
    receipts = tmp_path / "receipts"
    receipts.write_text(f"secret 1\n{batch_id(2)}:secret 2\n")
    where = ["--home", str(home), "--learner", LEARNER]
    held = CliRunner().invoke(main, ["export-subject", "--receipt", f"{batch_id(1)}:secret 1", *where])
    assert held.exit_code in (0, 1), held.output
    refused = CliRunner().invoke(main, ["erase", "--receipts", str(receipts), "--receipt", "secret 9", *where])
    assert (refused.exit_code, "nothing was erased" in refused.output) == (2, True)
    done = CliRunner().invoke(main, ["erase", "--receipts", str(receipts), *where, "--json"])
    assert (done.exit_code, json.loads(done.stdout)["removed"]["batches"]) == (0, 2), done.output
    again = CliRunner().invoke(main, ["erase", "--receipts", str(receipts), *where, "--json"])
    assert (again.exit_code, json.loads(again.stdout)["removed"]["batches"]) == (1, 0), (
        again.output
    )  # nothing to look for
    assert CliRunner().invoke(main, ["erase", *where]).exit_code == 2


def test_operators_export_and_erase_over_http(house: House) -> None:
    """All that is held, a line each; then the proof, and its check; contributors may neither."""
    mine = ask(house, unit=UNIT)["event_id"]
    post(house, OUTCOMES, {"event_id": mine, "value": 1})
    held = [json.loads(line) for line in house.call("GET", path_of(UNIT)).body.splitlines()]
    assert [line["kind"] for line in held] == ["exposure", "outcome"]
    assert house.ask("GET", path_of(UNIT)).status == 401
    answer = post(house, "/v1/erasures", {"subject": UNIT})
    assert (answer.status, answer.json["complete"], answer.json["removed"]["exposures"]) == (200, True, 1)
    assert house.call("GET", path_of(UNIT)).body == b""
    checked = post(house, "/v1/erasures/verify", answer.json)
    assert (checked.status, checked.json["complete"]) == (200, True)
    changed = post(house, "/v1/erasures/verify", {**answer.json, "kind": "other"})
    assert (changed.status, "was changed" in changed.body.decode()) == (422, True)
    for document in ({}, {"subject": UNIT, "receipts": []}, {"receipts": [1]}, {"subject": ""}, {"strange": 1}):
        assert post(house, "/v1/erasures", document).status == 422
