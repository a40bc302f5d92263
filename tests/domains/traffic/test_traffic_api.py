"""The addresses under /ml, over a real server and in an application of one's own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI, Header, HTTPException
from fastapi.responses import PlainTextResponse
from tests.server.house import Answer, House, running

from samouk.domains.traffic import api
from samouk.domains.traffic.anomaly.judge import LEARNER as ANOMALY
from samouk.domains.traffic.anomaly.schema import NAME
from samouk.domains.traffic.behavior.judge import LEARNER as BEHAVIOR
from samouk.domains.traffic.detect.rules import DEFAULT_RULES, document_of
from samouk.domains.traffic.features import SERVER, Features
from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.keeping import ALERTS_SHELF, RULES_SHELF
from samouk.domains.traffic.meters import metrics_of
from samouk.domains.traffic.office import Office
from samouk.loop import turn
from samouk.loop.learner import Context, Domain
from samouk.loop.ports import Role, Services
from samouk.loop.records import Order, TriggerKind
from samouk.server import Options, create_app
from samouk.store.memory import memory_services

RULE = DEFAULT_RULES[0]
DOMAIN = Domain("traffic", "Traffic", (ANOMALY,), Path(__file__).parent, routes=api.routes)


class Turns:
    """Notes what was asked for, in place of a process that learns."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, str, bool]] = []

    def start(self, learner: str, reason: str, *, hold: bool = False) -> None:
        self.begun.append((learner, reason, hold))

    def close(self) -> None:
        self.begun.append(("", "closed", False))


@pytest.fixture
def services() -> Services:
    services = memory_services()
    turn.begin(ANOMALY, services)
    return services


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.fixture
def house(services: Services, turns: Turns) -> Iterator[House]:
    options = Options(turns=turns)  # type: ignore[arg-type]
    with running(create_app(services, {"traffic": DOMAIN}, options), services) as running_house:
        yield running_house


def flood(house: House, user: str = "mallory", number: int = 400) -> Answer:
    return house.call("POST", "/ml/activity", {"events": [{"user_id": user, "message_size": 120}] * number})


def refused(answer: Answer, status: int, field: str | None = None) -> str:
    assert (answer.status, answer.json.get("field")) == (status, field), answer.body
    return str(answer.json["detail"])


def within(seconds: float, what: Any) -> bool:
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def test_a_flood_told_by_another_process_becomes_an_alert_that_an_operator_confirms(
    house: House, services: Services
) -> None:
    """Heard, raised, shown to the learner, confirmed, told: the outcome joins its exposure."""
    answer = flood(house)
    assert (answer.status, answer.json) == (200, {"heard": 400, "dropped": 0, "alerts": 1, "limits": {"mallory": 120}})
    found = house.call("GET", "/ml/anomalies/recent").json
    (alert,) = found["items"]
    assert (alert["user_id"], alert["severity"]) == ("mallory", "critical")
    assert any("times the limit of 100" in reason for reason in alert["reasons"])
    assert found["budget"]["passed"] == 1
    path = f"/ml/anomalies/{alert['alert_id']}"
    assert house.call("POST", f"{path}/confirm").json["standing"] == "confirmed"
    assert house.call("POST", f"{path}/confirm").status == 200
    assert "first word stands" in refused(house.call("POST", f"{path}/dismiss"), 409)
    assert "no alert" in refused(house.call("POST", "/ml/anomalies/none/confirm"), 404)

    def joined() -> bool:
        return [one.outcome.value for one in services.journal.joined(NAME)] == [1.0]

    assert within(30, joined)
    (document,) = services.documents.shelf(ALERTS_SHELF)
    assert document.body["standing"] == "confirmed"


def test_nobody_learns_names_without_an_operators_key(house: House) -> None:
    """Status, models and forecast are open and name nobody; the rest needs a key, users' names an operator's."""
    flood(house)
    upload = {"Authorization": f"Bearer {house.services.keys.create('app', Role.CONTRIBUTOR)[1]}"}
    for path in ("/ml/status", "/ml/models", "/ml/load/forecast"):
        answer = house.get(path)
        assert answer.status == 200, answer.body
        assert b"mallory" not in answer.body
    events = json.dumps({"events": [{"user_id": "a"}]}).encode()
    assert house.request("POST", "/ml/activity", events, {**upload, "Content-Type": "application/json"}).status == 403
    for path in ("/ml/features/recent", "/ml/anomalies/recent"):
        assert house.get(path).status == 401
        assert house.get(path, **upload).status == 403
    assert house.get("/ml/rules").status == 401
    assert house.get("/ml/rules", **upload).status == 200
    body = json.dumps({"rules": []}).encode()
    assert house.request("PUT", "/ml/rules", body, {**upload, "Content-Type": "application/json"}).status == 403


def test_status_tells_how_everything_stands(house: House) -> None:
    """Users, analyses, the model in force, what is stored for each learner."""
    flood(house)
    status = house.call("GET", "/ml/status").json
    assert (status["users"], status["heard"]["events"]) == (1, 400)
    assert status["models"][NAME]["version"] == "v1.0"
    assert status["problems"] == []


def test_strangers_are_told_that_the_guard_is_well_and_no_more(house: House) -> None:
    """Not the alarm threshold, no counts, no problems in words; an upload key is a stranger, a wrong key is refused."""
    flood(house)
    upload = {"Authorization": f"Bearer {house.services.keys.create('app', Role.CONTRIBUTOR)[1]}"}
    for headers in ({}, upload):
        assert house.get("/ml/status", **headers).json == {
            "well": True,
            "model": "v1.0",
            "models": {NAME: {"version": "v1.0"}},
        }
    assert house.get("/ml/status", Authorization="Bearer wrong").status == 401


def test_windows_that_were_analysed(house: House) -> None:
    """The newest first, as many as asked for; old users are forgotten when told so."""
    flood(house, number=10)
    (window,) = house.call("GET", "/ml/features/recent?limit=1").json["items"]
    assert (window["user_id"], window["messages_per_minute"]) == ("mallory", 10)
    assert house.call("DELETE", "/ml/features/cleanup?max_age_hours=1").json == {"dropped": 0}


@pytest.mark.parametrize(
    ("method", "path", "document", "status", "field"),
    [
        ("GET", "/ml/features/recent?limit=0", None, 422, "limit"),
        ("GET", "/ml/features/recent?limit=1001", None, 422, "limit"),
        ("GET", "/ml/anomalies/recent?limit=x", None, 422, "limit"),
        ("GET", "/ml/anomalies/recent?min_severity=fatal", None, 422, "min_severity"),
        ("DELETE", "/ml/features/cleanup?max_age_hours=-1", None, 422, "max_age_hours"),
        ("DELETE", "/ml/features/cleanup?max_age_hours=nan", None, 422, "max_age_hours"),
        ("GET", "/ml/load/forecast?minutes=0", None, 422, "minutes"),
        ("GET", "/ml/load/forecast?minutes=1,2881", None, 422, "minutes"),
        ("GET", "/ml/load/forecast?minutes=%C2%B2", None, 422, "minutes"),
        ("GET", "/ml/load/forecast?minutes=99999999999999999999", None, 422, "minutes"),
        ("GET", "/ml/load/forecast?minutes=0000000099999", None, 422, "minutes"),
        ("GET", "/ml/load/forecast?coverage=1", None, 422, "coverage"),
        ("POST", "/ml/anomalies/analyze", {}, 422, "user_id"),
        ("POST", "/ml/anomalies/analyze", {"user_id": ""}, 422, "user_id"),
        ("POST", "/ml/anomalies/analyze", {"user_id": "nobody"}, 404, None),
        ("POST", "/ml/anomalies/analyze", {"features": {"speed": 1}}, 422, "features.speed"),
        ("POST", "/ml/anomalies/analyze", {"features": {"error_rate": 2}}, 422, "features.error_rate"),
        ("POST", "/ml/anomalies/analyze", {"features": 3}, 422, "features"),
        ("POST", "/ml/anomalies/analyze", {"features": {"burst": 10**400}}, 422, "features.burst"),
        ("PUT", "/ml/rules", {"rules": [{**document_of(RULE), "threshold": 10**400}]}, 422, "rules[0].threshold"),
        ("PUT", "/ml/rules", {"rules": []}, 422, "rules"),
        ("PUT", "/ml/rules", {"rule": []}, 422, "rule"),
        ("PUT", "/ml/rules", {"rules": [{"name": "x"}]}, 422, "rules[0].feature"),
        ("POST", "/ml/activity", {}, 422, "events"),
        ("POST", "/ml/activity", {"events": [{"user_id": "a"}] * 1_001}, 422, "events"),
        ("POST", "/ml/activity", {"events": [{"user_id": 3}]}, 422, "events[0].user_id"),
        ("POST", "/ml/activity", {"events": [{"user_id": "a", "message_size": -1}]}, 422, "events[0].message_size"),
        ("POST", "/ml/activity", {"events": [{"user_id": "a", "channels": [1]}]}, 422, "events[0].channels"),
        ("POST", "/ml/activity", {"events": [{"user_id": "a", "channels": 1.7}]}, 422, "events[0].channels"),
        (
            "POST",
            "/ml/activity",
            {"events": [{"user_id": "a", "message_size": 10**400}]},
            422,
            "events[0].message_size",
        ),
        ("POST", "/ml/activity", {"events": [{"user_id": "a", "at": 10**400}]}, 422, "events[0].at"),
        ("POST", "/ml/activity", {"events": [{"user_id": "a", "error": 1}]}, 422, "events[0].error"),
        ("POST", "/ml/activity", {"events": [{"user_id": "a", "at": 1e12}]}, 422, "events[0].at"),
        ("POST", "/ml/activity", {"events": [{"user_id": "a", "at": 5}]}, 422, "events[0].at"),
        ("POST", "/ml/activity", {"events": [{"user_id": "a", "extra": 5}]}, 422, "events[0].extra"),
        ("POST", "/ml/models/train", {"model_name": "weather"}, 422, "model_name"),
        ("POST", "/ml/models/train", {}, 422, "model_name"),
        ("POST", "/ml/models/train", {"model_name": "anomaly", "data_source": "x"}, 422, "data_source"),
        ("POST", "/ml/models/train", {"model_name": "anomaly", "auto_deploy": "yes"}, 422, "auto_deploy"),
        ("POST", "/ml/models/weather/load", None, 422, "model_name"),
        ("POST", "/ml/models/predict", {"model_name": "anomaly"}, 422, "features"),
        ("POST", "/ml/models/predict", {"model_name": "anomaly", "features": {"seen": 1}}, 422, None),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(
    house: House, method: str, path: str, document: Any, status: int, field: str | None
) -> None:
    """Bounded, validated, named; nothing is a failure of the server."""
    answer = house.call(method, path, document)
    assert answer.status == status, answer.body
    if field is not None:
        assert answer.json["field"] == field
    assert house.get("/health/ready").json["failures"] == 0


def test_a_time_that_is_too_old_is_told_the_seconds_that_would_do(house: House) -> None:
    """The bounds are told to the second, not to six digits."""
    told = refused(house.call("POST", "/ml/activity", {"events": [{"user_id": "a", "at": 5}]}), 422, "events[0].at")
    low, high = (float(word.rstrip(",")) for word in told.split() if word.rstrip(",").isdigit() and len(word) > 6)
    assert 3_600 <= high - low <= 3_700


def test_a_window_can_be_weighed_without_sending_it(house: House) -> None:
    """The score, its severity and why; no alert comes of it."""
    still = house.call("POST", "/ml/anomalies/analyze", {"features": {"messages_per_minute": 9}}).json
    assert (still["alarming"], still["reasons"]) == (False, [])
    told = house.call("POST", "/ml/anomalies/analyze", {"features": {"messages_per_minute": 312}}).json
    assert (told["severity"], told["kind"], told["alerts"]) == ("critical", "message_flood", [])
    assert told["reasons"] == ["312 messages a minute: 3.1 times the limit of 100"]
    assert house.call("GET", "/ml/anomalies/recent").json["items"] == []
    flood(house)
    told = house.call("POST", "/ml/anomalies/analyze", {"user_id": "mallory"}).json
    assert told["alerts"][0]["user_id"] == "mallory"


def test_rules_are_a_table_that_operators_change(house: House, services: Services) -> None:
    """The defaults lie on the shelf; what is put there holds at once."""
    shown = house.call("GET", "/ml/rules").json["rules"]
    assert {rule["name"] for rule in shown} == {rule.name for rule in DEFAULT_RULES}
    assert len(services.documents.shelf(RULES_SHELF)) == len(DEFAULT_RULES)
    strict = [{**document_of(DEFAULT_RULES[0]), "threshold": 5}]
    assert house.call("PUT", "/ml/rules", {"rules": strict}).json == {"rules": strict}
    flood(house, number=10)
    (alert,) = house.call("GET", "/ml/anomalies/recent").json["items"]
    assert alert["kind"] == "message_flood"


def test_models_are_listed_tried_loaded_and_taught(house: House, turns: Turns, services: Services) -> None:
    """Versions with digests, an answer that is not recorded, a turn that begins; by short and by full name."""
    (model,) = house.get("/ml/models").json["models"]
    assert (model["model_name"], model["learner"], model["versions"][0]["version"]) == ("anomaly", NAME, "v1.0")
    question = {"model_name": "anomaly", "features": {"messages_per_minute": 312}}
    assert within(30, lambda: house.call("POST", "/ml/models/predict", question).status == 200)
    answer = house.call("POST", "/ml/models/predict", question).json
    assert (answer["version"], answer["score"] > 0.6) == ("v1.0", True)
    assert services.journal.newest(NAME) is None
    assert house.call("POST", "/ml/models/anomaly/load").json["version"] == "v1.0"
    began = house.call("POST", "/ml/models/train", {"model_name": NAME, "data_source": "log", "auto_deploy": True})
    assert (began.status, began.json["runs"]) == (202, f"/v1/learners/{NAME}/runs")
    assert house.call("POST", "/ml/models/train", {"model_name": "anomaly"}).status == 202
    asked = "asked for at /ml/models/train (tests)"
    assert turns.begun == [(NAME, asked, False), (NAME, asked, True)]


def test_where_a_person_approves_nothing_is_deployed_by_itself(services: Services, turns: Turns) -> None:
    """Asking for it is refused by the name of the field."""
    by_hand = replace(ANOMALY, policy=replace(ANOMALY.policy, approval="human"))
    options = Options(turns=turns)  # type: ignore[arg-type]
    with running(create_app(services, {"traffic": replace(DOMAIN, learners=(by_hand,))}, options), services) as house:
        wish = {"model_name": "anomaly", "auto_deploy": True}
        assert "a person approves" in refused(house.call("POST", "/ml/models/train", wish), 422, "auto_deploy")


@pytest.mark.slow
def test_groups_of_users_are_named_by_what_is_typical(services: Services, turns: Turns) -> None:
    """None before the first version; then each with its share, and how many users of late are in it."""
    options = Options(turns=turns)  # type: ignore[arg-type]
    domain = replace(DOMAIN, learners=(ANOMALY, BEHAVIOR))
    with running(create_app(services, {"traffic": domain}, options), services) as house:
        assert "train" in refused(house.call("GET", "/ml/behavior/groups"), 404)
        for batch in BEHAVIOR.world(0, False).batches(0, 30):
            services.log.append([batch])
        turn.turn(BEHAVIOR, services, Order(TriggerKind.MANUAL, "to see"), Context())
        flood(house)
        told = house.call("GET", "/ml/behavior/groups").json
        assert told["version"] == "v1.0"
        assert sum(group["share"] for group in told["items"]) == pytest.approx(1, abs=0.01)
        assert all(group["name"] for group in told["items"])
        assert sum(group["users_now"] for group in told["items"]) + told["of_a_new_kind"] == 1


def test_a_store_without_models_says_what_to_do() -> None:
    """Nothing in service yet: 404 and 409 with the way out; bytes that are gone too."""
    services = memory_services()
    with running(create_app(services, {"traffic": DOMAIN}), services) as house:
        assert "train" in refused(house.call("POST", "/ml/models/anomaly/load"), 404)
        asked = {"model_name": "anomaly", "features": {}}
        assert "train" in refused(house.call("POST", "/ml/models/predict", asked), 409)
        assert "retrain" in refused(house.call("POST", "/ml/models/train", {"model_name": "anomaly"}), 409)
        turn.begin(ANOMALY, services)
        version = services.registry.production(NAME)
        assert version is not None
        services.blobs.delete(version.artifact_key)
        assert "not there" in refused(house.call("POST", "/ml/models/anomaly/load"), 409)


def test_clocks_that_run_ahead_or_behind_blind_nobody(house: House) -> None:
    """A told time never hurries everybody's clock; what left the window is dropped, counted, and moves nothing."""
    now = house.services.clock.now().timestamp()
    ahead = [{"user_id": "hasty", "at": now + 50}] * 30
    behind = [{"user_id": "slow", "at": now - 1_000}] * 30
    mine = [{"user_id": "alice", "at": now - 5}] * 30
    told = [house.call("POST", "/ml/activity", {"events": events}).json for events in (ahead, behind, mine, mine)]
    assert [(one["heard"], one["dropped"]) for one in told] == [(30, 0), (0, 30), (30, 0), (30, 0)]
    assert (
        house.call("POST", "/ml/anomalies/analyze", {"user_id": "alice"}).json["features"]["messages_per_minute"] == 60
    )
    assert (
        house.call("POST", "/ml/anomalies/analyze", {"user_id": "hasty"}).json["features"]["messages_per_minute"] == 30
    )


def test_another_process_learns_the_limits_that_it_is_to_hold(house: House) -> None:
    """A confirmed user's limit falls in the next answer; a name that is not sent is not told."""
    flood(house)
    alert = house.call("GET", "/ml/anomalies/recent").json["items"][0]["alert_id"]
    house.call("POST", f"/ml/anomalies/{alert}/confirm")
    events = [{"user_id": "mallory", "rate_limited": True}, {"user_id": "alice"}]
    told = house.call("POST", "/ml/activity", {"events": events}).json
    assert told["limits"] == {"mallory": 30, "alice": 120}


def test_a_window_that_nobody_sent_is_weighed_against_users_not_against_the_server(house: House) -> None:
    """What all users together do in a minute is no measure of one."""
    office_guard = Guard(clock=lambda: 1e9)
    judge = office_guard.detector.judge
    for minute in range(200):
        busy = Features(messages_per_minute=9_000, avg_message_size=100, burst=300, channels_count=50)
        office_guard.baselines.learn(SERVER, busy, 1e9 + 60 * minute, harm=0)
        for user in range(5):
            mine = Features(messages_per_minute=5, avg_message_size=100, burst=2)
            office_guard.baselines.learn(f"user{user}", mine, 1e9 + 60 * minute, harm=0)
    question = {"features": {"messages_per_minute": 95, "avg_message_size": 100, "burst": 60}}
    told = Office(lambda: office_guard).analyze(question)
    window = Features(messages_per_minute=95, avg_message_size=100, burst=60)
    assert told["score"] == judge("never heard of", window, 0).scored.score > 0
    assert told["score"] != judge(SERVER, window, 0).scored.score
    assert told["windows_learnt_from"] == 0
    assert house.call("POST", "/ml/anomalies/analyze", question).status == 200


def test_a_user_is_forgotten_by_an_operator(house: House, services: Services) -> None:
    """Counts of what went; the name is nowhere in what the room tells or keeps, however it is written."""
    name = "mallory/ops?x"
    flood(house, name)
    path = f"/ml/users/{quote(name, safe='')}"
    upload = {"Authorization": f"Bearer {house.services.keys.create('app', Role.CONTRIBUTOR)[1]}"}
    assert house.request("DELETE", path, b"", upload).status == 403
    gone = house.call("DELETE", path)
    assert gone.status == 200, gone.body
    assert gone.json["alerts"] == 1
    assert gone.json["windows"] >= 2
    assert gone.json["limits"] == 1
    for shown in ("/ml/anomalies/recent", "/ml/features/recent", "/ml/status"):
        assert b"mallory" not in house.call("GET", shown).body
    assert [one for one in services.documents.shelf(ALERTS_SHELF) if one.body["user_id"] == name] == []
    assert house.call("DELETE", path).json == dict.fromkeys(gone.json, 0)


def test_windows_of_late_can_be_learnt_from(house: House, turns: Turns, services: Services) -> None:
    """Stored as samples without a verdict before the turn begins, once; what raised an alarm is not among them."""
    flood(house)
    for user in range(7):
        flood(house, f"user{user}", 10)
    wish = {"model_name": "anomaly", "data_source": "recent"}
    before = services.log.stats(NAME).total_samples
    assert house.call("POST", "/ml/models/train", wish).json["stored"] == 7
    assert services.log.stats(NAME).total_samples == before + 7
    assert house.call("POST", "/ml/models/train", wish).json["stored"] == 0
    assert len(turns.begun) == 2
    assert house.call("POST", "/ml/models/train", {"model_name": "anomaly"}).json["stored"] == 0


def test_what_is_foreseen_has_an_interval_or_says_that_it_is_not_known(house: House) -> None:
    """Before anything was heard the upper bound is nobody's to tell."""
    told = house.get("/ml/load/forecast?minutes=1,60&coverage=0.8").json
    assert told["coverage"] == 0.8
    assert [one["minutes"] for one in told["items"]] == [1, 60]
    assert told["items"][0]["high"] is None


def test_metrics_count_alerts_by_severity_and_limits(house: House) -> None:
    """All families are there at 0, and count what happened; nobody's name is in them."""
    before = house.get("/metrics").body.decode()
    assert 'samouk_traffic_anomalies_total{severity="critical"} 0.0' in before
    flood(house)
    house.call("POST", "/ml/activity", {"events": [{"user_id": "mallory", "rate_limited": True}] * 3})
    after = house.get("/metrics").body.decode()
    assert 'websocket_rate_limit_total{decision="limited"} 3.0' in after
    assert "samouk_traffic_events_total 403.0" in after
    assert "mallory" not in after


def test_what_was_learnt_is_kept_when_the_server_stops(services: Services) -> None:
    """The next server knows the users, the alerts and what was said of them."""
    for heard in (400, 800):
        with running(create_app(services, {"traffic": DOMAIN}), services) as house:
            flood(house)
            assert house.call("GET", "/ml/status").json["users"] == 1
            assert house.call("GET", "/ml/features/recent?limit=1").json["items"][0]["messages_per_minute"] == heard
            assert len(house.call("GET", "/ml/anomalies/recent").json["items"]) == 1


def test_an_application_mounts_the_reading_routes_over_its_own_guard() -> None:
    """Without a platform: status, windows, alerts, rules and forecasts; errors name their field there too."""
    app, guard = FastAPI(), Guard()
    app.state.closing = threading.Event()
    app.include_router(api.routes_of(guard))
    for _ in range(400):
        guard.track("mallory", 100)
    with running(app, memory_services()) as house:
        assert house.get("/ml/status").json["users"] == 1
        assert house.get("/ml/rules").json["rules"]
        assert house.get("/ml/features/recent?limit=1").json["items"][0]["user_id"] == "mallory"
        told = house.call("POST", "/ml/anomalies/analyze", {"user_id": "mallory"}).json
        assert told["severity"] == "critical"
        assert len(house.get("/ml/anomalies/recent").json["items"]) == 1
        refused(house.call("POST", "/ml/anomalies/analyze", {"features": {"speed": 1}}), 422, "features.speed")
        refused(house.call("POST", "/ml/anomalies/analyze", {"user_id": "nobody"}), 404)
        refused(house.request("POST", "/ml/anomalies/analyze", b"{", {}), 422, "body")
        assert house.call("PUT", "/ml/rules", {"rules": []}).status == 405
        assert house.call("POST", "/ml/anomalies/x/confirm").status == 404
        assert guard.detector.counts["confirmed"] == 0


def test_an_application_lets_its_operators_answer_where_the_limiter_works() -> None:
    """Behind the application's own door: confirm lowers the limit, rules are put, users are forgotten, metrics told."""

    def door(x_admin: Annotated[str, Header()] = "") -> None:
        if x_admin != "yes":
            raise HTTPException(403)

    app, guard = FastAPI(), Guard()
    app.state.closing = threading.Event()
    app.include_router(api.routes_of(guard, operate=door))
    app.get("/metrics", response_class=PlainTextResponse)(lambda: metrics_of(guard))
    for _ in range(400):
        guard.track("mallory", 100, rate_limited=not guard.limiter.allow("mallory").allowed)
    (alert,) = guard.detector.analyze_user_activity("mallory")
    admin = {"X-Admin": "yes", "Content-Type": "application/json"}
    with running(app, memory_services()) as house:
        path = f"/ml/anomalies/{alert.alert_id}/confirm"
        assert house.request("POST", path, b"", {}).status == 403
        before = guard.limiter.limit("mallory")
        assert house.request("POST", path, b"", admin).json["standing"] == "confirmed"
        assert guard.limiter.limit("mallory") < before
        table = json.dumps({"rules": [{**document_of(RULE), "threshold": 5}]}).encode()
        assert house.request("PUT", "/ml/rules", table, {}).status == 403
        assert house.request("PUT", "/ml/rules", table, admin).status == 200
        assert house.request("DELETE", "/ml/features/cleanup", b"", admin).json == {"dropped": 0}
        told = house.get("/metrics").body.decode()
        assert 'samouk_traffic_verdicts_total{verdict="confirmed"} 1.0' in told
        assert 'websocket_rate_limit_total{decision="limited"} 3' in told
        assert house.request("DELETE", "/ml/users/mallory", b"", {}).status == 403
        assert house.request("DELETE", "/ml/users/mallory", b"", admin).json["alerts"] == 1
        assert house.call("POST", "/ml/activity", {"events": [{"user_id": "a"}]}).status == 404
