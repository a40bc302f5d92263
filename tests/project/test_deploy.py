"""The dashboard and the alerts ask for metrics that there are, and the guide names each of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from tests.server.weather import ask, weather_house

from samouk.domains.traffic.meters import meters
from samouk.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
GUIDE = ROOT / "docs" / "guides" / "monitor.md"
NAME = re.compile(r"\b(?:samouk|websocket|process)_[a-z0-9_]+|\bup\b")
WORD = re.compile(r'"[^"]*"|\{[^}]*\}|\b(?:by|on) \([^)]*\)|\[[^]]*\]')
"""What stands in an expression beside names of metrics: texts, labels, spans."""


def documented() -> set[str]:
    """Names in the guide's tables."""
    return set(re.findall(r"^\| `(\w+)` \|", GUIDE.read_text(), re.MULTILINE))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of the families that a server gives, as they are asked for."""
    with weather_house(tmp_path_factory.mktemp("exposures")) as house:
        ask(house)
        text = house.get("/metrics").body.decode()
    return asked_as(text_string_to_metric_families(text))


@pytest.fixture(scope="module")
def domains_tell() -> set[str]:
    """Names of the families that the room traffic adds."""
    return asked_as(meters(None))


def asked_as(families: Iterable[Metric]) -> set[str]:
    """As they are asked for."""
    return {one.name + ("_total" if one.type == "counter" else "") for one in families}


def asked(expression: str) -> set[str]:
    """The families that an expression asks for; of a histogram its own name."""
    found = NAME.findall(WORD.sub(" ", expression))
    return {re.sub(r"(?<=_seconds)_(bucket|count|sum)$", "", name) for name in found}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DEPLOY / "grafana" / "samouk.json").read_text())["panels"]
    return found


def expressions() -> Iterator[tuple[str, str]]:
    """Where each expression stands, and what it is."""
    dashboard = json.loads((DEPLOY / "grafana" / "samouk.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]
    for note in dashboard["annotations"]["list"]:
        yield note["name"], note["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["definition"]
    for rule in rules():
        yield rule["alert"], rule["expr"]


def test_what_is_asked_for_is_told(told: set[str], domains_tell: set[str]) -> None:
    """Every metric of every panel and alert is one that a server gives, or its domain."""
    known = told | domains_tell | {"up"}
    for place, expression in expressions():
        assert asked(expression), place
        assert asked(expression) <= known, place


def test_what_is_told_is_documented(told: set[str], domains_tell: set[str]) -> None:
    """The guide names every metric and no other, those of the process apart."""
    assert documented() == domains_tell | {name for name in told if not name.startswith("process_")}


def test_what_is_told_is_shown(told: set[str]) -> None:
    """The dashboard leaves no metric of the guide out."""
    shown = {name for title, expression in expressions() for name in asked(expression)}
    assert documented() - shown == set()


def test_what_fails_calls_a_person() -> None:
    """Every count of failures has its alert, with its first failure; and so has a learner that nobody looks at."""
    watched = {rule["alert"]: rule["expr"] for rule in rules()}
    failing = {name for name in documented() if name.endswith("failures_total")}
    assert failing <= {name for expression in watched.values() for name in asked(expression)}
    assert "unless samouk_drift_looked_timestamp_seconds" in watched["SamoukNotLooking"]


def test_expressions_are_whole() -> None:
    """Every bracket is closed."""
    for place, expression in expressions():
        for opened, closed in ("()", "{}", "[]"):
            assert expression.count(opened) == expression.count(closed), place


def test_alerts_can_be_acted_on() -> None:
    """Each has a name of its own, a severity and a sentence."""
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names) > 10
    for rule in rules():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"]["summary"]
        assert re.fullmatch(r"\d+[smhd]", rule.get("for", "0s"))


def test_the_dashboard_can_be_imported() -> None:
    """Panels have ids of their own, lie beside each other, and take their data from the source that is chosen."""
    found = panels()
    assert len({panel["id"] for panel in found}) == len(found)
    cells = [
        (panel["gridPos"]["y"] + down, panel["gridPos"]["x"] + right)
        for panel in found
        for down in range(panel["gridPos"]["h"])
        for right in range(panel["gridPos"]["w"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(right for _, right in cells) < 24
    for panel in found:
        for target in panel.get("targets", ()):
            assert target["datasource"]["uid"] == "${source}"


def test_prometheus_scrapes_what_serve_serves() -> None:
    """The example's address is where a server listens unless told otherwise, and its rules are there."""
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    (job,) = config["scrape_configs"]
    default = {setting.name: setting.default for setting in SETTINGS}
    assert job["job_name"] == "samouk"
    assert job["static_configs"] == [{"targets": [f"{default['host']}:{default['port']}"]}]
    assert "metrics_path" not in job
    for name in config["rule_files"]:
        assert (DEPLOY / "prometheus" / name).is_file()
