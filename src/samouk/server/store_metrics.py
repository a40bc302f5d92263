"""What the store holds, as families of metrics: asked for at a scrape, kept for a while that grows with its price."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from samouk.loop import look, thresholds
from samouk.loop.learner import Learner
from samouk.loop.live import EventKind, RolloutState
from samouk.loop.ports import Services
from samouk.loop.records import RunEnd, Stage
from samouk.loop.trigger import Detector

if TYPE_CHECKING:
    from prometheus_client.core import Metric

KEPT_S = 2.0
"""Seconds that figures are kept at least: several scrapers cost as much as one."""

PATIENCE = 40
"""Figures are kept for so many times what they cost: a fortieth of a core at most, whatever is stored."""

VERSIONS = 20
"""Versions with figures of today, at most: those with the most exposures."""

PAGE = 1_000
"""Events that are read at a time."""

Key = tuple[str, ...]
Series = dict[Key, float]
Family = tuple[str, str, tuple[str, ...], Mapping[Any, float]]
"""Name, help, names of the labels, and labels → value."""

_OPEN = tuple(state for state in RolloutState if not state.over)
_HELP: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "samouk_stored_batches": ("Batches in the log", ("learner",)),
    "samouk_stored_samples": ("Samples in the log", ("learner",)),
    "samouk_quarantined_batches": ("Batches that nobody learns from", ("learner",)),
    "samouk_versions": ("Versions by stage", ("learner", "stage")),
    "samouk_version_in_service_number": ("Number of the version in service; it grows", ("learner",)),
    "samouk_turn_running": ("Whether the learner is learning now", ("learner",)),
    "samouk_last_run_end_timestamp_seconds": ("When the last run ended", ("learner",)),
    "samouk_last_run_seconds": ("How long the last run took", ("learner",)),
    "samouk_rollout_state": ("1 for the state of the rollout that is under way", ("learner", "state")),
    "samouk_rollout_step": ("Step of the rollout that is under way, from 0", ("learner",)),
    "samouk_rollout_share": ("Share of the traffic that a challenger has", ("learner", "version")),
    "samouk_exposures_today": ("Predictions shown since midnight UTC", ("learner", "version")),
    "samouk_failed_exposures_today": ("Of these, without an answer", ("learner", "version")),
    "samouk_outcomes_today": ("Outcomes of today's exposures", ("learner", "version", "metric")),
    "samouk_mean_outcome_today": ("Their mean, 0 to 1", ("learner", "version", "metric")),
    "samouk_drift_distance": ("Distance of a field from what the version learnt from", ("learner", "field", "measure")),
    "samouk_drift_limit": ("Beyond it the field has moved", ("learner", "field", "measure")),
    "samouk_drift_alarm": ("Whether a detector sees a change", ("learner", "detector")),
    "samouk_drift_looked_timestamp_seconds": ("When drift was last looked for", ("learner",)),
    "samouk_new_labelled_samples": ("Labelled samples that no run has learnt from, at that look", ("learner",)),
    "samouk_trigger_threshold": ("Threshold of an adaptive trigger as it is now", ("learner", "trigger")),
}
"""Gauges: name → help and labels."""


class StoreMetrics:
    """Figures of every learner; one thread asks the store, others wait for the same answer.

    Args:
        kept_s: seconds that figures are kept at least.
    """

    def __init__(self, services: Services, learners: Sequence[Learner], kept_s: float = KEPT_S) -> None:
        self._services = services
        self._learners = learners
        self._kept_s = kept_s
        self._lock = Lock()
        self._until = 0.0
        self._kept: list[Metric] = []
        # Counted from here on, as every counter is: what happened before is history, not a rate.
        self._read = services.rollouts.last_event()
        self._events: Counter[Key] = Counter(
            {(one.name, kind.value): 0 for one in learners for kind in EventKind},
        )

    def families(self) -> list[Metric]:
        """Every family. Raises StoreUnavailable."""
        with self._lock:
            if time.monotonic() >= self._until:
                began = time.thread_time()
                self._kept = list(self._asked())
                self._until = time.monotonic() + max(self._kept_s, PATIENCE * (time.thread_time() - began))
            return self._kept

    def _asked(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily

        gauges: defaultdict[str, Series] = defaultdict(dict)
        for learner in self._learners:
            self._log(learner.name, gauges)
            self._versions(learner.name, gauges)
            self._last_run(learner.name, gauges)
            self._rollout(learner.name, gauges)
            self._today(learner, gauges)
            self._drift(learner, gauges)
        for name, (text, labels) in _HELP.items():
            gauge = GaugeMetricFamily(name, text, labels=labels)
            for key, value in gauges[name].items():
                gauge.add_metric(key, value)
            yield gauge
        for name, text, labels, counts in (self._runs(), self._told()):
            counter = CounterMetricFamily(name, text, labels=labels)
            for key, count in counts.items():
                counter.add_metric(key, count)
            yield counter
        info = InfoMetricFamily("samouk_version_in_service", "The version in service", labels=["learner"])
        for learner in self._learners:
            champion = self._services.registry.production(learner.name)
            if champion is not None:
                info.add_metric([learner.name], {"version": champion.name, "number": str(champion.number)})
        yield info

    def _log(self, name: str, gauges: Mapping[str, Series]) -> None:
        stats = self._services.log.stats(name)
        gauges["samouk_stored_batches"][name,] = stats.total_batches
        gauges["samouk_stored_samples"][name,] = stats.total_samples
        gauges["samouk_quarantined_batches"][name,] = stats.quarantined_batches

    def _versions(self, name: str, gauges: Mapping[str, Series]) -> None:
        versions = self._services.registry.versions(name)
        stages = Counter(version.stage for version in versions)
        for stage in Stage:
            gauges["samouk_versions"][name, stage.value] = stages[stage]
        for version in versions:
            if version.stage is Stage.PRODUCTION:
                gauges["samouk_version_in_service_number"][name,] = version.number

    def _last_run(self, name: str, gauges: Mapping[str, Series]) -> None:
        gauges["samouk_turn_running"][name,] = self._services.leases.held(f"turn:{name}")
        # The newest may still be running; the one before it has ended.
        for run in self._services.runs.runs(name, limit=2):
            if run.ended is not None:
                gauges["samouk_last_run_end_timestamp_seconds"][name,] = run.ended.timestamp()
                gauges["samouk_last_run_seconds"][name,] = (run.ended - run.started).total_seconds()
                return

    def _rollout(self, name: str, gauges: Mapping[str, Series]) -> None:
        rollout = self._services.rollouts.active(name)
        for state in _OPEN:
            gauges["samouk_rollout_state"][name, state.value] = rollout is not None and rollout.state is state
        if rollout is not None:
            gauges["samouk_rollout_step"][name,] = rollout.step
            for version, share in rollout.challengers.items():
                gauges["samouk_rollout_share"][name, version] = share

    def _today(self, learner: Learner, gauges: Mapping[str, Series]) -> None:
        today = self._services.clock.now().date()
        for place, spec in enumerate(learner.outcomes):
            found = self._services.journal.days(learner.name, spec.name, today, spec.window)
            for day in sorted(found, key=lambda one: -one.exposures)[:VERSIONS]:
                version = learner.name, day.version
                if place == 0:
                    gauges["samouk_exposures_today"][version] = day.exposures
                    gauges["samouk_failed_exposures_today"][version] = day.failures
                gauges["samouk_outcomes_today"][*version, spec.name] = day.outcomes
                if day.mean_outcome is not None:
                    gauges["samouk_mean_outcome_today"][*version, spec.name] = day.mean_outcome

    def _drift(self, learner: Learner, gauges: Mapping[str, Series]) -> None:
        history = self._services.rollouts.thresholds(learner.name)
        policy = thresholds.current(learner.policy.triggers, history)
        gauges["samouk_trigger_threshold"][learner.name, "volume"] = policy.volume
        gauges["samouk_trigger_threshold"][learner.name, "distance"] = policy.distance
        seen = look.last(learner, self._services)
        if seen is None:
            return
        gauges["samouk_drift_looked_timestamp_seconds"][learner.name,] = seen.at.timestamp()
        gauges["samouk_new_labelled_samples"][learner.name,] = seen.labelled
        for detector in Detector:
            gauges["samouk_drift_alarm"][learner.name, detector.name.lower()] = detector in seen.alarms
        for field in seen.fields:
            for measure, distance, limit in (("js", field.js, field.js_limit), ("ks", field.ks, field.ks_limit)):
                gauges["samouk_drift_distance"][learner.name, field.name, measure] = distance
                gauges["samouk_drift_limit"][learner.name, field.name, measure] = limit

    def _runs(self) -> Family:
        ends = {one.name: self._services.runs.ends(one.name) for one in self._learners}
        counts = {(name, end.value): float(found.get(end, 0)) for name, found in ends.items() for end in RunEnd}
        return "samouk_runs", "Turns of the loop by their end", ("learner", "end"), counts

    def _told(self) -> Family:
        while page := self._services.rollouts.events(self._read, PAGE):
            self._events.update((event.learner, event.kind.value) for event in page)
            self._read = page[-1].sequence
        return "samouk_events", "What happened to learners since the start", ("learner", "kind"), self._events
