"""Everything that is measured, in the text that Prometheus reads: made anew for each scrape, in no global registry."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from itertools import chain
from typing import TYPE_CHECKING

from samouk.loop.latency import BOUNDS_S
from samouk.server.desk import Desk
from samouk.server.logs import told
from samouk.server.merged import merged
from samouk.server.readiness import standings
from samouk.server.store_metrics import Family, Key, StoreMetrics

if TYPE_CHECKING:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

log = logging.getLogger("samouk.metrics")

MAX_SAID = 100
"""Failures that are remembered as said; a domain may find new words without end."""


class Metrics:
    """Over one server: its own counts, what the store holds, and what domains measure.

    Attributes:
        failures: meters of domains that failed or took a name that was taken, and looks at the store that failed.
    """

    def __init__(self, desk: Desk) -> None:
        self.failures = 0
        self._desk = desk
        self._store = StoreMetrics(desk.services, tuple(desk.learners.values()))
        self._said: set[str] = set()

    def text(self, headers: Iterable[tuple[str, str]], *, own: bool) -> bytes:
        """What Prometheus reads.

        Args:
            headers: of the scrape, for the other processes on the same port.
            own: of this process alone, without what the store holds.
        """
        from prometheus_client import CollectorRegistry, ProcessCollector
        from prometheus_client.exposition import generate_latest

        made = CollectorRegistry(auto_describe=False)
        siblings = self._desk.options.siblings
        if own or siblings is None:
            ProcessCollector(registry=made)
            made.register(_Families(self.collect(own=own)))
        else:
            apart = merged(siblings, self.text(headers, own=True), headers)
            made.register(_Families(chain(apart, self._kept())))
        return generate_latest(made)

    def collect(self, *, own: bool) -> Iterator[Metric]:
        """Every family of metrics, each name once."""
        names: set[str] = set()
        for family in (*self._own(), *(() if own else self._kept())):
            names.add(family.name)
            yield family
        for meter in self._desk.meters:
            for family in self._measured(meter):
                if family.name in names:
                    self._failed(f"a domain's meter gives {family.name}, which is taken")
                    continue
                names.add(family.name)
                yield family
        # Last, so that it counts what went wrong just now.
        yield _counter("samouk_failures", "Failures of the server itself", ("part",), self._parts())

    def _own(self) -> Iterator[Metric]:
        from prometheus_client.core import InfoMetricFamily

        yield InfoMetricFamily("samouk_build", "The release that runs", {"version": version("samouk")})
        for name, text, labels, values in (*self._http(), *self._ingest(), *self._serving()):
            yield _counter(name, text, labels, values)
        yield self._latencies()
        yield _gauge("samouk_queue_size", "What waits for its commit", ("queue",), self._queues())

    def _http(self) -> Iterator[Family]:
        requests = {(method, route, str(code)): n for (method, route, code), n in self._desk.http.read().items()}
        yield "samouk_http_requests", "Requests by route and status", ("method", "route", "status"), requests

    def _ingest(self) -> Iterator[Family]:
        intakes = self._desk.ingest.intakes.items()
        one = ("learner",)
        yield "samouk_ingest_requests", "Uploads, whatever came of them", one, {(n,): i.requests for n, i in intakes}
        yield "samouk_ingest_bytes", "Bytes of uploads as they travelled", one, {(n,): i.received for n, i in intakes}
        yield "samouk_ingest_rows", "Samples of batches that were new", one, {(n,): i.rows for n, i in intakes}
        batches = {(n, str(what)): count for n, i in intakes for what, count in i.batches.copy().items()}
        yield "samouk_ingest_batches", "Batches by what became of them", ("learner", "result"), batches
        refusals = {(n, str(status)): count for n, i in intakes for status, count in i.refusals.copy().items()}
        yield "samouk_ingest_refusals", "Uploads that were refused", ("learner", "status"), refusals

    def _serving(self) -> Iterator[Family]:
        faults = {(name,): serving.faults for name, serving in self._desk.service.servings.items()}
        text = "Answers that a version owed and did not give in time, shadows too"
        yield "samouk_prediction_faults", text, ("learner",), faults

    def _latencies(self) -> Metric:
        from prometheus_client.core import HistogramMetricFamily

        found = HistogramMetricFamily("samouk_prediction_seconds", "Time that a model takes a row", labels=["learner"])
        for name, serving in self._desk.service.servings.items():
            counts, total = serving.latencies.read()
            sums = [sum(counts[: place + 1]) for place in range(len(counts))]
            ends = [*map(str, BOUNDS_S), "+Inf"]
            found.add_metric([name], list(zip(ends, sums, strict=True)), total)
        return found

    def _queues(self) -> Mapping[Key, float]:
        desk = self._desk
        held = {
            "uploads": desk.ingest.in_flight,
            "outcomes": desk.hearing.waiting,
            "exposures": desk.exposures.waiting,
        }
        return {(name,): count for name, count in held.items()}

    def _kept(self) -> Iterator[Metric]:
        """What the store holds; a store that is out of order, in whatever way, takes no other metrics with it."""
        try:
            found = [*self._store.families(), self._loaded()]
        except Exception as error:  # noqa: BLE001 - the border of the store: the server's own figures are told; counted
            self._failed(f"the store cannot be measured: {told(error)}")
            found = []
        yield _gauge("samouk_store_up", "Whether the store answers", (), {(): float(bool(found))})
        yield from found

    def _loaded(self) -> Metric:
        standing = standings(self._desk)
        known: dict[Key, float] = {
            (name,): float(one.loaded) for name, one in standing.items() if one.loaded is not None
        }
        return _gauge("samouk_model_loaded", "Whether the version in service answers here", ("learner",), known)

    def _measured(self, meter: Callable[[], Iterable[Metric]]) -> list[Metric]:
        try:
            return list(meter())
        except Exception as error:  # noqa: BLE001 - the border of domains' meters: the others are told; counted
            self._failed(f"a domain's meter failed: {told(error)}")
            return []

    def _failed(self, words: str) -> None:
        self.failures += 1
        if words in self._said:  # said once, not at every scrape
            return
        if len(self._said) >= MAX_SAID:
            self._said.clear()
        self._said.add(words)
        log.error("%s", words)

    def _parts(self) -> Mapping[Key, float]:
        desk = self._desk
        own = {
            "requests": desk.failures.count,
            "exposures": desk.exposures.failures,
            "service": desk.service.failures,
            "metrics": self.failures,
        }
        return {(name,): count for name, count in (own | {n: read() for n, read in desk.parts.items()}).items()}


class _Families:
    """A Prometheus collector of families that are made while it is scraped, once."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask the store."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """The families."""
        return self._families


def _counter(name: str, text: str, labels: tuple[str, ...], values: Mapping[Key, float]) -> Metric:
    from prometheus_client.core import CounterMetricFamily

    return _filled(CounterMetricFamily(name, text, labels=labels), values)


def _gauge(name: str, text: str, labels: tuple[str, ...], values: Mapping[Key, float]) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    return _filled(GaugeMetricFamily(name, text, labels=labels), values)


def _filled(family: CounterMetricFamily | GaugeMetricFamily, values: Mapping[Key, float]) -> Metric:
    for key, value in values.items():
        family.add_metric(key, value)
    return family
