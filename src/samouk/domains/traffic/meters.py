"""What a guard measures, for Prometheus: counts and gauges whose labels name no person and no address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.records import Severity
from samouk.loop.latency import BOUNDS_S, Latencies

if TYPE_CHECKING:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

FORECAST_MINUTES = (1, 10, 60)

_HEARD = "events"
_LOST = ("refused_user", "refused_time", "dropped_late")
"""Why a message was not heard at all; other reasons of the ears tell how one was heard."""

_HOWS = ("dropped", "closed", "turned_away")


def metrics_of(guard: Guard) -> str:
    """Every family as the text that Prometheus reads, for a ``/metrics`` of one's own; needs prometheus_client."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.registry import Collector

    class Meters(Collector):
        def collect(self) -> Iterator[Metric]:
            return meters(guard)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Meters())
    return generate_latest(registry).decode()


def meters(guard: Guard | None) -> Iterator[Metric]:
    """Every family; all are there, at 0, also before anybody has needed a guard."""
    heard = {} if guard is None else guard.extractor.counts
    analysis = {} if guard is None else dict(guard.detector.counts)
    yield from _messages(heard, {} if guard is None else dict(guard.counts))
    yield from _limits({} if guard is None else dict(guard.limiter.counts), guard)
    yield from _analyses(analysis)
    yield _seconds("samouk_traffic_analysis_seconds", "Time that a look at a user takes", guard)
    raised = {str(one): analysis.get(f"alerts_{one}", 0) for one in Severity}
    yield _counters(
        "samouk_traffic_anomalies", "Alerts by severity; one that becomes worse counts again", "severity", raised
    )
    said = {word: analysis.get(word, 0) for word in ("confirmed", "dismissed")}
    yield _counters("samouk_traffic_verdicts", "What operators said of alerts", "verdict", said)
    held = 0 if guard is None else guard.detector.budget.held_back
    yield _counter("samouk_traffic_alerts_held_back", "Alarms that the budget kept from the operator", held)
    link = {} if guard is None or guard.courier is None else dict(guard.courier.counts)
    yield _counters("samouk_traffic_link", "What was carried to the platform, by what came of it", "result", link)
    yield _gauge("samouk_traffic_users", "Users that are known", 0 if guard is None else len(guard.extractor))
    threshold = 0.0 if guard is None else guard.alarm_threshold()
    yield _gauge("samouk_traffic_alarm_threshold", "Score from which an alarm passes the budget", threshold)
    yield _forecast(guard)


def _messages(heard: Mapping[str, int], own: Mapping[str, int]) -> Iterator[Metric]:
    yield _counter("samouk_traffic_events", "Messages that were heard", heard.get(_HEARD, 0))
    lost = {reason: heard.get(reason, 0) for reason in _LOST}
    yield _counters("samouk_traffic_dropped", "Messages that could not be heard", "reason", lost)
    odd = {reason: count for reason, count in heard.items() if reason not in (_HEARD, *_LOST)}
    yield _counters("samouk_traffic_odd_events", "What clients sent that could not be taken as it was", "reason", odd)
    yield _counters("samouk_traffic_failures", "Steps of the guard that failed", "step", _begun(own, "failed_"))


def _limits(told: Mapping[str, int], guard: Guard | None) -> Iterator[Metric]:
    limited = 0 if guard is None else guard.counts["rate_limited"]
    decided = {
        "allowed": _allowed(told, guard),
        "limited": limited,  # by this limiter, or by the application
        "failed_open": told.get("failed_open", 0),
        "failed_closed": told.get("failed_closed", 0),
    }
    yield _counters("websocket_rate_limit", "Messages by what was decided", "decision", decided)
    hows = {how: told.get(how, 0) for how in _HOWS}
    yield _counters("samouk_traffic_refusals", "What was done with messages over the limit", "how", hows)
    faults = {step: count for step, count in _begun(told, "failed_").items() if step not in ("open", "closed")}
    yield _counters("samouk_traffic_middleware_failures", "Steps of the middleware that failed", "step", faults)


def _allowed(told: Mapping[str, int], guard: Guard | None) -> int:
    """By this limiter; where nobody asks it, because others limit, what was heard and not told to be limited."""
    if guard is None or told.get("allowed", 0) or told.get("limited", 0):
        return told.get("allowed", 0)
    return max(guard.extractor.counts[_HEARD] - guard.counts["rate_limited"], 0)


def _analyses(analysis: Mapping[str, int]) -> Iterator[Metric]:
    yield _counter("samouk_traffic_analyses", "Windows that were analysed", analysis.get("analysed", 0))
    skipped = _begun(analysis, "skipped_")
    yield _counters("samouk_traffic_skipped_analyses", "Looks that were left to the timer", "reason", skipped)


def _forecast(guard: Guard | None) -> GaugeMetricFamily:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily("samouk_traffic_forecast_rate", "Messages a minute expected", labels=["minutes"])
    for one in () if guard is None else guard.forecast(FORECAST_MINUTES):
        family.add_metric([str(one.minutes)], one.rate)
    return family


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


def _seconds(name: str, text: str, guard: Guard | None) -> HistogramMetricFamily:
    from prometheus_client.core import HistogramMetricFamily

    counts, total = (Latencies() if guard is None else guard.detector.latencies).read()
    sums = [sum(counts[: place + 1]) for place in range(len(counts))]
    ends = [*map(str, BOUNDS_S), "+Inf"]
    return HistogramMetricFamily(name, text, buckets=list(zip(ends, sums, strict=True)), sum_value=total)
