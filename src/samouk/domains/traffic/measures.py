"""What a guard measures, for Prometheus: counts and gauges whose labels name no person and no address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.records import Severity

if TYPE_CHECKING:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

_HEARD = "events"


def families(guard: Guard | None) -> Iterator[Metric]:
    """Every family; all are there, at 0, also before anybody has needed a guard."""
    heard = {} if guard is None else guard.extractor.counts
    analysis = {} if guard is None else dict(guard.detector.counts)
    own = {} if guard is None else dict(guard.counts)
    link = {} if guard is None or guard.courier is None else dict(guard.courier.counts)
    yield _counter("websocket_rate_limit", "Messages that were over a limit", own.get("rate_limited", 0))
    yield _counter("samouk_traffic_events", "Messages that were heard", heard.get(_HEARD, 0))
    odd = {reason: count for reason, count in heard.items() if reason != _HEARD}
    yield _counters("samouk_traffic_odd_events", "What clients sent that could not be taken as it was", "reason", odd)
    yield _counter("samouk_traffic_analyses", "Windows that were analysed", analysis.get("analysed", 0))
    skipped = _begun(analysis, "skipped_")
    yield _counters("samouk_traffic_skipped_analyses", "Looks that were left to the timer", "reason", skipped)
    raised = {str(one): analysis.get(f"alerts_{one}", 0) for one in Severity}
    yield _counters(
        "samouk_traffic_anomalies", "Alerts by severity; one that becomes worse counts again", "severity", raised
    )
    said = {word: analysis.get(word, 0) for word in ("confirmed", "dismissed")}
    yield _counters("samouk_traffic_verdicts", "What operators said of alerts", "verdict", said)
    held = 0 if guard is None else guard.detector.budget.held_back
    yield _counter("samouk_traffic_held_back", "Alarms that the budget kept from the operator", held)
    yield _counters("samouk_traffic_link", "What was carried to the platform, by what came of it", "result", link)
    yield _counters("samouk_traffic_failures", "Steps of the guard that failed", "step", _begun(own, "failed_"))
    yield _gauge("samouk_traffic_users", "Users that are known", 0 if guard is None else len(guard.extractor))
    threshold = 0.0 if guard is None else guard.alarm_threshold()
    yield _gauge("samouk_traffic_alarm_threshold", "Score from which an alarm passes the budget", threshold)


def _begun(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {name.removeprefix(prefix): count for name, count in counts.items() if name.startswith(prefix)}


def _counter(name: str, text: str, value: float) -> CounterMetricFamily:
    from prometheus_client.core import CounterMetricFamily

    return CounterMetricFamily(name, text, value=value)


def _counters(name: str, text: str, label: str, values: Mapping[str, float]) -> CounterMetricFamily:
    from prometheus_client.core import CounterMetricFamily

    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(name, text, value=value)
