"""What Prometheus scrapes: every figure of the server, the store and the domains, and nothing that names a person."""

from __future__ import annotations

import dataclasses
import datetime as dt
import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from examples.will_it_rain import DOMAIN, RAIN, Weather
from fastapi import APIRouter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from tests.contracts.live import event
from tests.loop.serving_world import add, ramp
from tests.server import toy
from tests.server.house import Answer, House, running
from tests.server.weather import OUTCOMES, PREDICT, ask, post, weather_house, within

from samouk.loop import watch
from samouk.loop.drift import Apart
from samouk.loop.live import EventKind
from samouk.loop.look import keep
from samouk.loop.ports import Services, StoreUnavailable
from samouk.loop.records import Order, Run, RunEnd, Stage, TriggerKind
from samouk.server import create_app
from samouk.server.desk import Desk
from samouk.server.store_metrics import StoreMetrics
from samouk.store.clock import SteppedClock
from samouk.store.memory import MemoryLog, memory_services

Sample = tuple[str, frozenset[tuple[str, str]]]


def scraped(house: House) -> dict[Sample, float]:
    """Every sample of one scrape, read by Prometheus's own parser."""
    answer = house.get("/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return samples(text_string_to_metric_families(answer.body.decode()))


def samples(families: Iterable[Any]) -> dict[Sample, float]:
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def at(found: dict[Sample, float], name: str, /, **labels: str) -> float | None:
    """The value of one series; None when it is not there."""
    return found.get((name, frozenset(labels.items())))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with weather_house(tmp_path / "exposures") as house:
        yield house


def kept(services: Services) -> dict[Sample, float]:
    """The figures of the store, made anew."""
    return samples(StoreMetrics(services, (RAIN, toy.LEARNER), kept_s=0).families())


def test_requests_are_counted_by_route_and_status(house: House) -> None:
    """By the template, whatever stood in the address; what senders invent is one series."""
    for name in ("a", "b", "toy.half"):
        house.get(f"/v1/learners/{name}")
    for path in ("/nowhere", "/elsewhere"):
        house.get(path)
    house.ask("PROPFIND", "/nowhere")
    house.ask("PUT", "/v1/learners")
    post(house, PREDICT, {})
    found = scraped(house)
    counted = {key: value for key, value in found.items() if key[0] == "samouk_http_requests_total"}
    assert at(counted, "samouk_http_requests_total", method="GET", route="/v1/learners/{name}", status="404") == 2
    assert at(counted, "samouk_http_requests_total", method="GET", route="/v1/learners/{name}", status="200") == 1
    assert at(counted, "samouk_http_requests_total", method="GET", route="other", status="404") == 2
    assert at(counted, "samouk_http_requests_total", method="PUT", route="/v1/learners", status="405") == 1
    assert (
        at(counted, "samouk_http_requests_total", method="POST", route="/v1/learners/{name}/predict", status="422") == 1
    )
    methods = {value for _, labels in counted for name, value in labels if name == "method"}
    assert methods == {"GET", "PUT", "POST", "other"}


def test_what_comes_in_is_counted_by_learner(house: House) -> None:
    """What came past the door: requests, bytes, rows, batches, refusals by status; unknown learners share one name."""
    body = toy.packed(toy.upload(rows=4))
    assert [house.send(body).status, house.send(body).status] == [201, 200]
    assert house.send(gzip.compress(b"{")).status == 400
    assert house.send(body, Authorization="").status == 401
    assert house.send(body, "/v1/learners/nobody/samples").status == 404
    found = scraped(house)
    assert at(found, "samouk_ingest_requests_total", learner="toy.half") == 3
    assert at(found, "samouk_ingest_rows_total", learner="toy.half") == 4
    assert at(found, "samouk_ingest_bytes_total", learner="toy.half") == 2 * len(body) + len(gzip.compress(b"{"))
    for result in ("stored", "duplicate"):
        assert at(found, "samouk_ingest_batches_total", learner="toy.half", result=result) == 1
    assert at(found, "samouk_ingest_refusals_total", learner="toy.half", status="400") == 1
    assert at(found, "samouk_ingest_refusals_total", learner="other", status="404") == 1
    assert at(found, "samouk_stored_samples", learner="toy.half") == 4


def test_predictions_are_timed_and_name_nobody(house: House) -> None:
    """Each answer stands in a bin of its learner; neither units nor event ids stand anywhere."""
    told = [ask(house, f"somebody-{n}") for n in range(5)]
    post(house, OUTCOMES, {"event_id": told[0]["event_id"], "metric": "content", "value": 1})
    found = scraped(house)
    assert at(found, "samouk_prediction_seconds_count", learner=RAIN.name) == 5
    assert at(found, "samouk_prediction_seconds_bucket", learner=RAIN.name, le="+Inf") == 5
    assert (at(found, "samouk_prediction_seconds_sum", learner=RAIN.name) or 0) > 0
    assert at(found, "samouk_prediction_faults_total", learner=RAIN.name) == 0
    assert at(found, "samouk_model_loaded", learner=RAIN.name) == 1
    text = house.get("/metrics").body.decode()
    assert not any(word in text for word in ("somebody", told[0]["event_id"], "127.0.0.1"))


def test_two_servers_in_one_process_do_not_clash(house: House, tmp_path: Path) -> None:
    """Each counts its own."""
    ask(house)
    with weather_house(tmp_path / "other") as other:
        assert at(scraped(other), "samouk_prediction_seconds_count", learner=RAIN.name) == 0
    assert at(scraped(house), "samouk_prediction_seconds_count", learner=RAIN.name) == 1


class OutOfOrder(MemoryLog):
    """A log whose disk is gone."""

    def stats(self, learner: str) -> Any:
        raise StoreUnavailable("the disk is gone")


def test_a_store_that_is_out_of_order_is_measured_too() -> None:
    """What the server itself counts is there, and that the store does not answer."""
    clock = SteppedClock()
    services = dataclasses.replace(memory_services(clock), log=OutOfOrder(clock))
    with running(create_app(services, {"toy": toy.DOMAIN}), services) as house:
        assert house.get("/health/ready").status == 503
        found = scraped(house)
    assert at(found, "samouk_store_up") == 0
    assert at(found, "samouk_failures_total", part="metrics") == 1
    assert at(found, "samouk_http_requests_total", method="GET", route="/health/ready", status="503") == 1


class Odd(MemoryLog):
    """A log that fails as no store should, with a person in its words."""

    def stats(self, learner: str) -> Any:
        raise RuntimeError("somebody@example.org")


def test_an_odd_error_of_the_store_takes_nothing_else_away(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever it raises is counted and said without its words, and the server's own figures are there."""
    clock = SteppedClock()
    services = dataclasses.replace(memory_services(clock), log=Odd(clock))
    with running(create_app(services, {"toy": toy.DOMAIN}), services) as house:
        found = scraped(house)
    assert at(found, "samouk_store_up") == 0
    assert at(found, "samouk_failures_total", part="metrics") == 1
    assert "cannot be measured: RuntimeError at " in caplog.text
    assert "somebody" not in caplog.text


def _anomalies() -> Iterator[Any]:
    family = CounterMetricFamily("toy_anomalies", "Anomalies by severity", labels=["severity"])
    family.add_metric(["critical"], 3)
    yield family


def _broken() -> Iterator[Any]:
    yield GaugeMetricFamily("toy_half_done", "Never told", value=1)
    raise RuntimeError("planted")


def _thief() -> list[Any]:
    return [GaugeMetricFamily("samouk_store_up", "Mine now", value=7), GaugeMetricFamily("toy_own", "Mine", value=1)]


def _with_meters(desk: Desk) -> APIRouter:
    desk.meters.extend([_broken, _thief, _anomalies])
    desk.parts["toy"] = lambda: 5
    return APIRouter()


def test_a_domain_has_its_own_metrics(caplog: pytest.LogCaptureFixture) -> None:
    """One that fails, and one that takes a taken name, takes nothing from the others, and is counted."""
    services = memory_services()
    domain = dataclasses.replace(toy.DOMAIN, routes=_with_meters)
    with running(create_app(services, {"toy": domain}), services) as house:
        scraped(house)
        found = scraped(house)
    assert at(found, "toy_anomalies_total", severity="critical") == 3
    assert (at(found, "samouk_store_up"), at(found, "toy_own"), at(found, "toy_half_done")) == (1, 1, None)
    assert at(found, "samouk_failures_total", part="metrics") == 4
    assert at(found, "samouk_failures_total", part="toy") == 5
    assert len([one for one in caplog.records if one.name == "samouk.metrics"]) == 2


def test_versions_and_rollouts() -> None:
    """Stages, the version in service with its number, and the rollout that is under way."""
    services = memory_services()
    champion, challenger = add(services, [1.0, 0.0, 0.0]), add(services, [0.0, 1.0, 0.0], stage=Stage.STAGING)
    ramp(services, champion.name, {challenger.name: 0.1})
    found = kept(services)
    assert at(found, "samouk_versions", learner=RAIN.name, stage="production") == 1
    assert at(found, "samouk_version_in_service_number", learner=RAIN.name) == champion.number
    named = {"version": champion.name, "number": str(champion.number)}
    assert at(found, "samouk_version_in_service_info", learner=RAIN.name, **named) == 1
    assert at(found, "samouk_version_in_service_number", learner="toy.half") is None
    states = {
        state: at(found, "samouk_rollout_state", learner=RAIN.name, state=state) for state in ("running", "paused")
    }
    assert states == {"running": 1, "paused": 0}
    assert at(found, "samouk_rollout_step", learner=RAIN.name) == 0
    assert at(found, "samouk_rollout_share", learner=RAIN.name, version=challenger.name) == 0.1


def test_runs_and_events() -> None:
    """Ends of all runs, the last one's end and length, and what was told since the start."""
    clock = SteppedClock()
    services = memory_services(clock)
    began = clock.now()
    ends = [RunEnd.FAILED, RunEnd.REFUSED, None]
    metrics = StoreMetrics(services, (RAIN,), kept_s=0)
    for number, end in enumerate(ends):
        run = Run(f"run-{number}", RAIN.name, Order(TriggerKind.MANUAL, "to see"), began + dt.timedelta(hours=number))
        services.runs.save(
            dataclasses.replace(run, end=end, ended=run.started + dt.timedelta(seconds=90) if end else None)
        )
    found = samples(metrics.families())
    assert at(found, "samouk_runs_total", learner=RAIN.name, end="failed") == 1
    assert at(found, "samouk_runs_total", learner=RAIN.name, end="released") == 0
    assert at(found, "samouk_last_run_seconds", learner=RAIN.name) == 90
    last = (began + dt.timedelta(hours=1, seconds=90)).timestamp()
    assert at(found, "samouk_last_run_end_timestamp_seconds", learner=RAIN.name) == last
    assert at(found, "samouk_events_total", learner=RAIN.name, kind="version.rolled_back") == 0


def test_events_are_counted_from_the_start_on() -> None:
    """What happened before is history; what happens later counts once, however often it is asked."""
    services = memory_services()
    services.rollouts.say([dataclasses.replace(event(1, EventKind.ROLLED_BACK), learner=RAIN.name)])
    metrics = StoreMetrics(services, (RAIN,), kept_s=0)
    services.rollouts.say([dataclasses.replace(event(2, EventKind.ROLLED_BACK), learner=RAIN.name)])
    for _ in range(2):
        found = samples(metrics.families())
        assert at(found, "samouk_events_total", learner=RAIN.name, kind="version.rolled_back") == 1


def test_today(house: House) -> None:
    """Exposures and outcomes of each version, of this day alone."""
    services = house.services
    told = [ask(house, f"u{n}") for n in range(3)]
    for one in told[:2]:
        post(house, OUTCOMES, {"event_id": one["event_id"], "metric": "content", "value": 1})
    found = kept(services)
    version = {"learner": RAIN.name, "version": "v1.0"}
    assert at(found, "samouk_exposures_today", **version) == 3
    assert at(found, "samouk_failed_exposures_today", **version) == 0
    assert at(found, "samouk_outcomes_today", **version, metric="content") == 2
    assert at(found, "samouk_mean_outcome_today", **version, metric="content") == 1


def test_drift_is_what_the_last_look_saw() -> None:
    """Distances, limits and alarms; nothing is computed for a scrape, so without a look there are none."""
    services = memory_services()
    services.log.append([Weather(7).batch(0, 0)])
    assert not [name for name, _ in kept(services) if name.startswith("samouk_drift")]
    keep(RAIN, services, watch.observe(RAIN, services), [Apart("humidity", 0.4, 0.3, 0.1, 0.2)])
    found = kept(services)
    field = {"learner": RAIN.name, "field": "humidity"}
    assert at(found, "samouk_drift_distance", **field, measure="js") == 0.4
    assert at(found, "samouk_drift_limit", **field, measure="ks") == 0.2
    assert at(found, "samouk_drift_alarm", learner=RAIN.name, detector="adwin") == 0
    assert at(found, "samouk_trigger_threshold", learner=RAIN.name, trigger="volume") == RAIN.policy.triggers.volume


def test_figures_of_the_store_are_kept_for_a_while() -> None:
    """Two scrapers at once cost as much as one."""
    services = memory_services()
    metrics = StoreMetrics(services, (RAIN,), kept_s=1_000)
    first = metrics.families()
    services.log.append([Weather(7).batch(0, 0)])
    assert metrics.families() is first


def _until_loaded(house: House) -> list[Answer]:
    """What readiness says until the version in service answers."""
    seen: list[Answer] = []

    def loaded() -> bool:
        seen.append(house.get("/health/ready"))
        return bool(seen[-1].status == 200 and seen[-1].json["serving"][RAIN.name]["loaded"])

    assert within(60, loaded)
    return seen


class TestReadiness:
    """Whether the models in service answer."""

    def test_every_learner_says_what_serves(self, house: House) -> None:
        """Served learners are loaded; of others their clients know."""
        ready = house.get("/health/ready").json
        assert ready["serving"] == {
            RAIN.name: {"version": "v1.0", "loaded": True},
            "toy.half": {"version": None, "loaded": None},
        }

    def test_what_was_released_just_now_is_no_outage(self, house: House) -> None:
        """The version before it answers until the thread has loaded it; asking for it loads nothing."""
        add(house.services, [0.0, 1.0, 0.0])
        seen = _until_loaded(house)
        assert {answer.status for answer in seen} == {200}
        assert seen[-1].json["serving"][RAIN.name] == {"version": "v1.1", "loaded": True}

    def test_the_first_release_is_no_outage(self) -> None:
        """What nobody has tried to load yet has not failed."""
        services = memory_services()
        with running(create_app(services, {"weather": DOMAIN}), services) as house:
            add(services, [1.0, 0.0, 0.0])
            seen = _until_loaded(house)
        assert {answer.status for answer in seen} == {200}

    def test_a_broken_release_takes_no_server_from_its_traffic(self, house: House) -> None:
        """While the version before it answers, the server is ready, and says which version is not loaded."""
        broken = add(house.services, [1.0])
        assert within(60, lambda: house.get("/health/ready").json["serving"][RAIN.name]["version"] == broken.name)
        assert within(60, lambda: at(scraped(house), "samouk_failures_total", part="service") or 0)
        answer = house.get("/health/ready")
        assert (answer.status, answer.json["status"]) == (200, "ready")
        assert answer.json["serving"][RAIN.name] == {"version": "v1.1", "loaded": False}
        assert at(scraped(house), "samouk_model_loaded", learner=RAIN.name) == 0
        assert ask(house)["version"] == "v1.0"

    def test_a_version_that_cannot_be_loaded_is_named(self) -> None:
        """503 with learner and version; the metric says it too."""
        services = memory_services()
        services.blobs.delete(add(services, [1.0, 0.0, 0.0]).artifact_key)
        with running(create_app(services, {"weather": DOMAIN}), services) as house:
            answer = house.get("/health/ready")
            assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json")
            assert f"{RAIN.name} v1.0" in answer.json["detail"]
            assert at(scraped(house), "samouk_model_loaded", learner=RAIN.name) == 0
