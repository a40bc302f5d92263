"""What Prometheus is told of a guard: every family from the beginning, counts that fit, and no names in labels."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from samouk.domains.traffic.forms import Activity
from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.limiter import Limits
from samouk.domains.traffic.meters import meters, metrics_of

START = 1_700_000_000.0 // 60 * 60
DASHBOARD = Path(__file__).parents[3] / "deploy" / "grafana" / "samouk.json"


class Collector:
    def __init__(self, guard: Guard | None) -> None:
        self.guard = guard

    def collect(self) -> Iterable[Any]:
        return meters(self.guard)


def scrape(guard: Guard | None) -> dict[str, float]:
    """Sample → value, through the text that Prometheus reads."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector(guard))
    lines = generate_latest(registry).decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def test_everything_is_there_before_anything_happened() -> None:
    """With and without a guard, at 0, so that a rate over it has a beginning."""
    for found in (scrape(None), scrape(Guard())):
        for name in ("samouk_traffic_events_total", "samouk_traffic_users", "samouk_traffic_alerts_held_back_total"):
            assert found[name] == 0.0
        for severity in ("low", "medium", "high", "critical"):
            assert found[f'samouk_traffic_anomalies_total{{severity="{severity}"}}'] == 0.0
        for decision in ("allowed", "limited", "failed_open", "failed_closed"):
            assert found[f'websocket_rate_limit_total{{decision="{decision}"}}'] == 0.0
        assert found['samouk_traffic_dropped_total{reason="dropped_late"}'] == 0.0
        assert found["samouk_traffic_analysis_seconds_count"] == 0.0
    assert scrape(Guard())['samouk_traffic_forecast_rate{minutes="10"}'] == 0.0


def test_figures_are_those_of_the_guard() -> None:
    """A flood of 300 that is limited after 60, one message that cannot be heard, one analysis each second."""
    now = [START]
    guard = Guard(limits=Limits(low=60, high=60), clock=lambda: now[0])
    for number in range(300):
        now[0] = START + number / 30
        allowed = guard.limiter.allow("mallory").allowed
        guard.track("mallory", 100, rate_limited=not allowed)
    guard.track("", 1)
    found = scrape(guard)
    assert found["samouk_traffic_events_total"] == 300
    assert found["samouk_traffic_users"] == 1
    assert found['websocket_rate_limit_total{decision="allowed"}'] == guard.limiter.counts["allowed"]
    limited = found['websocket_rate_limit_total{decision="limited"}']
    assert limited == guard.limiter.counts["limited"] == 300 - found['websocket_rate_limit_total{decision="allowed"}']
    assert sum(value for name, value in found.items() if "anomalies_total" in name) >= 1
    assert found['samouk_traffic_dropped_total{reason="refused_user"}'] == 1
    assert found["samouk_traffic_analysis_seconds_count"] == guard.detector.counts["analysed"] > 5
    assert found['samouk_traffic_analysis_seconds_bucket{le="+Inf"}'] == guard.detector.counts["analysed"]
    assert found["samouk_traffic_analysis_seconds_sum"] > 0
    assert not any("mallory" in name for name in found)


def test_where_others_limit_what_they_let_through_is_counted_as_allowed() -> None:
    """On a server that is only told what happened the share of refused messages is that of the messages, not all."""
    guard = Guard(clock=lambda: START + 5)
    guard.track_many([Activity("alice", 10, (), None, False, number < 3, None) for number in range(300)])
    text = metrics_of(guard)
    assert 'websocket_rate_limit_total{decision="allowed"} 297.0' in text
    assert 'websocket_rate_limit_total{decision="limited"} 3.0' in text
    guard.limiter.follow("alice")
    assert 'decision="allowed"} 297.0' in metrics_of(guard)


def test_what_the_dashboard_shows_is_measured() -> None:
    """Every name of this room in the dashboard and in the alert rules is one of these."""
    import re

    told = {name.partition("{")[0] for name in scrape(Guard())}
    told |= set(re.findall(r"^# TYPE (\S+)", metrics_of(Guard()), re.MULTILINE))  # some have no sample at first
    rules = DASHBOARD.parents[1] / "prometheus" / "alerts.yml"
    text = DASHBOARD.read_text() + rules.read_text()
    wanted = set(re.findall(r"(?:samouk_traffic_|websocket_rate_)[a-z_]+", text))
    assert wanted
    assert wanted <= told
