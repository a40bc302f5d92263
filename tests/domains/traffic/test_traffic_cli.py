"""``samouk traffic``: a log played through the guard, rules in a folder and on a server, alerts and verdicts."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.domains.traffic.test_traffic_api import DOMAIN, flood
from tests.server.house import House, running

from samouk.domains.traffic.cli import KEY, traffic
from samouk.domains.traffic.detect.rules import DEFAULT_RULES, document_of
from samouk.domains.traffic.keeping import FolderKeeping
from samouk.server import create_app
from samouk.store.memory import memory_services

START = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)


def run(*arguments: str, key: str = "") -> Result:
    return CliRunner().invoke(traffic, list(arguments), env={KEY: key})


def line(at: float, address: str, status: int = 200, user: str = "-") -> str:
    moment = START + dt.timedelta(seconds=at)
    return f'{address} - {user} [{moment:%d/%b/%Y:%H:%M:%S} +0000] "GET /a/{int(at)} HTTP/1.1" {status} 1234'


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty minutes of ten people, one of whom floods in the last two."""
    rng, lines = random.Random(3), []
    for person in range(10):
        lines += [(rng.random() * 1_200, f"10.0.0.{person}", "-") for _ in range(20 * 12)]
    lines += [(1_080 + rng.random() * 110, "10.0.0.66", "\x1b[31mmallory") for _ in range(800)]
    path = tmp_path_factory.mktemp("logs") / "access.log.gz"
    text = "\n".join([*(line(at, address, user=user) for at, address, user in sorted(lines)), "not a line", ""])
    path.write_bytes(gzip.compress(text.encode()))
    return path


def test_a_log_is_played_through_the_guard(log: Path) -> None:
    """The flood is found and nobody else; what a stranger called themselves steers no terminal."""
    result = run("replay", str(log))
    assert result.exit_code == 0, result.output
    assert "3,200 requests of 11 users, 1 lines that could not be read" in result.output
    assert "1 alerts" in result.output
    assert "message_flood" in result.output
    assert "times the limit of 100" in result.output
    assert "\x1b" not in result.output
    assert "2026-03-02 08:18" in result.output


def test_programs_get_json(log: Path) -> None:
    """The same in full."""
    result = run("replay", str(log), "--json")
    told = json.loads(result.output)
    (alert,) = told["alerts"]
    assert (alert["kind"], alert["severity"]) == ("message_flood", "critical")
    assert told["log"] == {"lines": 3_201, "events": 3_200, "broken": 1}
    assert told["analysis"]["server_minutes"] >= 19


def test_other_rules_find_other_things(log: Path, tmp_path: Path) -> None:
    """A table in a file holds for this replay; one that is none is refused by its field."""
    table = tmp_path / "rules.json"
    table.write_text(json.dumps([{**document_of(DEFAULT_RULES[0]), "threshold": 10_000}]))
    told = json.loads(run("replay", str(log), "--rules", str(table), "--json").output)
    assert {alert["kind"] for alert in told["alerts"]} <= {"unusual"}
    table.write_text('[{"name": "x"}]')
    refused = run("replay", str(log), "--rules", str(table))
    assert (refused.exit_code, "rules[0].feature" in refused.stderr) == (2, True)
    table.write_text("[")
    assert run("replay", str(log), "--rules", str(table)).exit_code == 2


def test_a_file_that_is_no_log_says_so(tmp_path: Path) -> None:
    """Empty and foreign files are one line on standard error."""
    path = tmp_path / "poem.txt"
    for text in ("", "roses are red\n"):
        path.write_text(text)
        result = run("replay", str(path))
        assert (result.exit_code, "give an access log" in result.stderr) == (2, True)


def test_gaps_and_clocks_of_a_log_do_no_harm(tmp_path: Path) -> None:
    """A year's gap and lines out of order end in time."""
    path = tmp_path / "access.log"
    times = [0, 1, 2, 400 * 86_400, 400 * 86_400 + 1, 60, 0, 400 * 86_400 + 7_200]
    path.write_text("\n".join(line(at, "10.0.0.1") for at in times))
    told = json.loads(run("replay", str(path), "--json").output)
    assert (told["log"]["events"], told["alerts"]) == (8, [])


def test_rules_of_a_folder(tmp_path: Path) -> None:
    """Listed, changed, added, reset; what would be no rule changes nothing."""
    folder = ["--folder", str(tmp_path / "guard")]
    assert "message_flood" in run("rules", "list", *folder).output
    assert run("rules", "set", "message_flood", "--threshold", "250", "--disabled", *folder).exit_code == 0
    new = ["--feature", "burst", "--threshold", "9", "--severity", "low", "--help-text", "ours"]
    assert run("rules", "set", "mine", *new, *folder).exit_code == 0
    kept = {rule["name"]: rule for rule in json.loads(run("rules", "list", "--json", *folder).output)}
    assert (kept["message_flood"]["threshold"], kept["message_flood"]["enabled"]) == (250, False)
    assert (kept["mine"]["help"], len(kept)) == ("ours", len(DEFAULT_RULES) + 1)
    wrong = run("rules", "set", "mine", "--feature", "karma", *folder)
    assert (wrong.exit_code, "feature" in wrong.stderr) == (2, True)
    assert run("rules", "set", "other", "--threshold", "1", *folder).exit_code == 2
    assert run("rules", "reset", *folder).exit_code == 0
    assert FolderKeeping(tmp_path / "guard").rules() == DEFAULT_RULES
    (tmp_path / "guard" / "detection_rules.json").write_text("{")
    spoilt = run("rules", "list", *folder)
    assert (spoilt.exit_code, "remove the file" in spoilt.stderr) == (3, True)


@pytest.mark.parametrize("arguments", [[], ["--folder", "x", "--url", "http://127.0.0.1:9"]])
def test_rules_lie_in_one_place(arguments: list[str]) -> None:
    """Neither and both are refused."""
    result = run("rules", "list", *arguments)
    assert (result.exit_code, "--folder" in result.stderr) == (2, True)


@pytest.fixture
def house() -> Iterator[House]:
    services = memory_services()
    with running(create_app(services, {"traffic": DOMAIN}), services) as running_house:
        yield running_house


def test_rules_and_alerts_of_a_running_server(house: House) -> None:
    """Over HTTP with an operator's key: rules, alerts, confirm and dismiss."""
    server = ["--url", f"http://127.0.0.1:{house.port}"]
    assert run("rules", "set", "message_flood", "--threshold", "50", *server, key=house.key).exit_code == 0
    assert "  50 " in run("rules", "list", *server, key=house.key).output
    assert run("rules", "reset", *server, key=house.key).exit_code == 0
    flood(house)
    listed = run("alerts", "list", *server, key=house.key)
    assert "mallory" in listed.output
    found = json.loads(run("alerts", "list", "--json", "--min-severity", "high", *server, key=house.key).output)
    alert_id = found["items"][0]["alert_id"]
    said = run("alerts", "confirm", alert_id, *server, key=house.key)
    assert (said.exit_code, "is confirmed" in said.output) == (0, True)
    against = run("alerts", "dismiss", alert_id, *server, key=house.key)
    assert (against.exit_code, "first word stands" in against.stderr) == (2, True)


def test_keys_and_servers_that_are_not_there_are_told_apart(house: House) -> None:
    """No key, a bad key, a bad address, nobody there: each in one line."""
    server = ["--url", f"http://127.0.0.1:{house.port}"]
    assert KEY in run("alerts", "list", *server).stderr
    assert "API key" in run("alerts", "list", *server, key="wrong").stderr
    assert "http://" in run("alerts", "list", "--url", "ftp://x", key="k").stderr
    away = run("alerts", "list", "--url", "http://127.0.0.1:9", key="k")
    assert (away.exit_code, "server running" in away.stderr) == (3, True)
    assert run("alerts", "list", key="k").exit_code == 2
