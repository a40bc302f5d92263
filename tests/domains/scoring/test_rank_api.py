"""Rank and Reward over HTTP: the wire format of Azure Personalizer's clients, and what survives a kill."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.server.house import Answer, House, running

from samouk import assembly
from samouk.domains.scoring import api
from samouk.domains.scoring.rank import RANK
from samouk.loop.learner import Domain
from samouk.server import Options, create_app
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services

DOMAIN = Domain("scoring", "Scoring", (), Path(__file__).parent, routes=api.routes)
RANK_PATH, SETTINGS_PATH = f"{api.BASE}/rank", f"{api.BASE}/configurations/service"
ASK: dict[str, Any] = {
    "contextFeatures": [{"timeOfDay": "Morning"}, {"user": {"age": 30, "member": True}}],
    "actions": [
        {"id": "NewsArticle", "features": [{"type": "News"}]},
        {"id": "SportsArticle", "features": [{"type": "Sports", "words": 900}]},
        {"id": "EntertainmentArticle", "features": [{"type": "Entertainment"}]},
    ],
    "excludedActions": ["SportsArticle"],
    "eventId": "75269AD0-BFEE-4598-8196-C57383D38E10",
    "deferActivation": False,
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    services = memory_services()
    options = Options(exposures_dir=tmp_path_factory.mktemp("exposures"))
    with running(create_app(services, {"scoring": DOMAIN}, options), services) as running_house:
        yield running_house


def post(house: House, path: str, document: Any = None, **headers: str) -> Answer:
    """As Personalizer's own clients send it: the key in Azure's header."""
    sent = {"Ocp_Apim_Subscription_Key": house.key, "Content_Type": "application/json", **headers}
    return house.request("POST", path, None if document is None else json.dumps(document).encode(), sent)


def event(name: str, verb: str) -> str:
    return f"{api.BASE}/events/{quote(name, safe='')}/{verb}"


def test_rank_and_reward(house: House) -> None:
    """The documented example: 201 with a ranking, 204 for its reward; a distribution over what is not excluded."""
    answer = post(house, RANK_PATH, ASK)
    assert answer.status == 201, answer.body
    told = answer.json
    assert set(told) == {"ranking", "eventId", "rewardActionId"}
    assert told["eventId"] == ASK["eventId"]
    assert {row["id"] for row in told["ranking"]} == {action["id"] for action in ASK["actions"]}
    assert sum(row["probability"] for row in told["ranking"]) == pytest.approx(1)
    assert told["ranking"][1] == {"id": "SportsArticle", "probability": 0}
    assert told["rewardActionId"] == told["ranking"][0]["id"]
    assert post(house, RANK_PATH, ASK).json == told
    rewarded = post(house, event(told["eventId"], "reward"), {"value": 1})
    assert (rewarded.status, rewarded.body) == (204, b"")


def test_made_event_id(house: House) -> None:
    """Without an id one is made, and takes a reward and, deferred, an activation."""
    told = post(house, RANK_PATH, {"actions": ASK["actions"], "deferActivation": True}).json
    assert len(told["eventId"]) == 32
    assert post(house, event(told["eventId"], "activate")).status == 204
    assert post(house, event(told["eventId"], "reward"), {"value": -0.5}).status == 204
    joined = house.services.journal.joined("scoring.rank")[-1]
    assert (joined.exposure.event_id, joined.outcome.value) == (told["eventId"], 0.25)


def test_key(house: House) -> None:
    """The key opens in Azure's header and as a bearer; without it the error has Azure's form."""
    assert house.call("POST", RANK_PATH, ASK).status == 201
    refused = post(house, RANK_PATH, ASK, Ocp_Apim_Subscription_Key="wrong")
    assert (refused.status, refused.json["error"]["code"]) == (401, "401")
    assert house.request("POST", RANK_PATH, b"{}", {"Content_Type": "application/json"}).status == 401


@pytest.mark.parametrize(
    ("path", "document", "status", "target"),
    [
        (RANK_PATH, {}, 400, "actions"),
        (RANK_PATH, {**ASK, "eventId": 5}, 400, "eventId"),
        (RANK_PATH, {**ASK, "contextFeatures": ["x"]}, 400, "contextFeatures[0]"),
        (RANK_PATH, ["x"], 400, "body"),
        (event("unheard of", "reward"), {"value": 1}, 404, None),
        (event("unheard of", "activate"), None, 404, None),
        (event("e", "reward"), {"value": 2}, 400, "value"),
        (event("e", "reward"), {"value": True}, 400, "value"),
        (event("e", "reward"), {"worth": 1}, 400, "value"),
        (event("e" * 300, "reward"), {"value": 1}, 400, "eventId"),
    ],
)
def test_errors(house: House, path: str, document: Any, status: int, target: str | None) -> None:
    """What is wrong comes back as error.code and error.message, with the field where there is one."""
    answer = post(house, path, document)
    assert answer.status == status, answer.body
    error = answer.json["error"]
    assert error["code"] == ("ResourceNotFound" if status == 404 else "BadRequest")
    assert error.get("target") == target
    assert error["message"]


def test_not_json(house: House) -> None:
    """A body that is no JSON, and one that is too large, are refused in the same form."""
    headers = {"Ocp_Apim_Subscription_Key": house.key, "Content_Type": "application/json"}
    broken = house.request("POST", RANK_PATH, b'{"actions": [', headers)
    assert (broken.status, broken.json["error"]["code"]) == (400, "BadRequest")
    large = house.request("POST", RANK_PATH, b" " * (api.MAX_RANK + 1), headers)
    assert (large.status, large.json["error"]["code"]) == (413, "BadRequest")


def test_settings(house: House) -> None:
    """The configuration is read and set at Personalizer's address; what does not fit is named."""
    headers = {"Ocp_Apim_Subscription_Key": house.key, "Content_Type": "application/json"}
    before = house.request("GET", SETTINGS_PATH, None, headers).json
    assert before["rewardWaitTime"] == "PT10M"
    wanted = {**before, "explorationPercentage": 0.2, "defaultReward": 0.1, "logRetentionDays": 7}
    put = house.request("PUT", SETTINGS_PATH, json.dumps(wanted).encode(), headers)
    assert (put.status, put.json["explorationPercentage"]) == (200, 0.2)
    assert house.request("GET", SETTINGS_PATH, None, headers).json == put.json
    assert None not in put.json.values()
    assert {"modelExportFrequency": "PT1M", "logRetentionDays": -1}.items() <= put.json.items()
    unused = {**put.json, "autoOptimizationFrequency": "P7D", "autoOptimizationStartDate": "2026-01-01T00:00:00Z"}
    taken = house.request("PUT", SETTINGS_PATH, json.dumps(unused).encode(), headers)
    assert (taken.status, taken.json) == (200, put.json)
    bad = house.request("PUT", SETTINGS_PATH, b'{"rewardWaitTime": "soon"}', headers)
    assert (bad.status, bad.json["error"]["target"]) == (400, "rewardWaitTime")


def test_learns_over_the_wire(house: House) -> None:
    """Many clients at once: what is liked in a context comes to be shown there, and each reward is learnt once."""
    before = len(house.services.journal.joined("scoring.rank"))
    actions = [{"id": name, "features": [{"kind": name}]} for name in ("sun", "rain", "snow")]

    def play(turn: int) -> bool:
        liked = ("sun", "rain", "snow")[turn % 3]
        told = post(house, RANK_PATH, {"contextFeatures": [{"sky": liked}], "actions": actions}).json
        right = bool(told["rewardActionId"] == liked)
        assert post(house, event(told["eventId"], "reward"), {"value": float(right)}).status == 204
        return right

    with ThreadPoolExecutor(6) as clients:
        right = list(clients.map(play, range(360)))
    assert sum(right[-120:]) > 80
    report = house.call("POST", "/v1/scoring/rank/evaluate", {"policies": [{"kind": "uniform"}, {"kind": "gap"}]})
    assert report.status == 200, report.body
    told, learnt = report.json, house.services.journal.joined("scoring.rank", 0, 10_000)
    assert len(learnt) - before == 360
    assert told["decisions"] == len(learnt)
    assert [policy["verdict"] for policy in told["policies"]] == ["refuse", "nothing shown"]
    assert told["policies"][0]["estimates"]["snips"]["ess"] > 10


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({}, "policies"),
        ({"policies": [{"kind": "best"}]}, "policies[0].kind"),
        ({"policies": [{"kind": "gap", "share": 0}]}, "policies[0].share"),
        ({"policies": [{"kind": "gap"}], "latest": 0}, "latest"),
        ({"policies": [{"kind": "gap"}], "since": 1}, "since"),
    ],
)
def test_wrong_evaluations(house: House, document: Any, field: str) -> None:
    """An evaluation that cannot be is a 422 that names the field."""
    answer = house.call("POST", "/v1/scoring/rank/evaluate", document)
    assert (answer.status, answer.json["field"]) == (422, field)


def test_limits_are_possible() -> None:
    """From a handful of decisions no limit lies where no mean reward can, and each kind shows what it goes by."""
    services = memory_services()
    with running(create_app(services, {"scoring": DOMAIN}), services) as house:
        for number in range(6):
            event = post(house, RANK_PATH, {**ASK, "eventId": f"few-{number}"}).json["eventId"]
            post(house, f"{api.BASE}/events/{event}/reward", {"value": 1.0})
        kinds = ("gap", "epsilon", "first", "fixed", "uniform")
        asked = house.call("POST", "/v1/scoring/rank/evaluate", {"policies": [{"kind": kind} for kind in kinds]})
    for policy in asked.json["policies"]:
        for name, one in policy["estimates"].items():
            assert name == "dm" or -1 <= one["low"] <= one["value"] <= one["high"] <= 1, (policy["kind"], name)
        assert -2 <= policy["gain"]["low"] <= policy["gain"]["high"] <= 2
        without = policy["estimates"]["dm"]
        assert (without["interval"], without["low"], without["high"]) == ("none", None, None)
    shown = [[name for name in ("share", "sharpness") if name in policy] for policy in asked.json["policies"]]
    assert shown == [["share", "sharpness"], ["share"], [], [], []]


def test_nothing_to_evaluate() -> None:
    """Without a rewarded decision the evaluation says so."""
    services = memory_services()
    with running(create_app(services, {"scoring": DOMAIN}), services) as house:
        assert post(house, RANK_PATH, ASK).status == 201
        answer = house.call("POST", "/v1/scoring/rank/evaluate", {"policies": [{"kind": "gap"}]})
        assert (answer.status, "no ranked decision" in answer.json["detail"]) == (422, True)


def test_default_rewards_need_no_traffic() -> None:
    """What was shown gets its default reward at a look, also where nobody ranks any more, as after a restart."""
    clock = SteppedClock()
    services = memory_services(clock)
    with running(create_app(services, {"scoring": DOMAIN}), services) as house:
        told = post(house, RANK_PATH, {**ASK, "eventId": None}).json
    assert services.journal.outcomes(RANK, told["eventId"]) == []
    look = assembly.looks(services, [], create_app(services, {"scoring": DOMAIN}))
    clock.step(dt.timedelta(days=1))
    look()
    assert look.failures == 0
    (assumed,) = services.journal.outcomes(RANK, told["eventId"])
    assert assumed.assumed


def test_described(house: House) -> None:
    """The description lists the routes with their bodies."""
    document = house.get("/openapi.json").json
    for path in (RANK_PATH, f"{api.BASE}/events/{{eventId}}/reward", "/v1/scoring/rank/evaluate"):
        assert "requestBody" in document["paths"][path]["post"]
    assert "error" in json.dumps(document["paths"][RANK_PATH]["post"]["responses"]["400"])


@contextmanager
def served(environment: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The product in a process of its own; gives the process and its port."""
    words = [sys.executable, "-m", "samouk.cli", "serve", "--port", "0", "--no-schedule"]
    server = subprocess.Popen(words, env=dict(environment), stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        found = next(found for line in server.stdout if (found := re.search(r"listens on http://\S+:(\d+)", line)))
        yield server, int(found[1])
    finally:
        server.kill()
        server.communicate(timeout=60)


@pytest.mark.slow
def test_kill_loses_no_answer(tmp_path: Path) -> None:
    """Killed without warning after its answers, the server that comes next knows every event and takes its reward."""
    environment = {**os.environ, "SAMOUK_HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    made = subprocess.run(
        [sys.executable, "-m", "samouk.cli", "keys", "create", "--label", "tests", "--json"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    headers = {"Ocp-Apim-Subscription-Key": json.loads(made.stdout)["secret"], "Content-Type": "application/json"}

    def ask(port: int, path: str, document: Any) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("POST", path, json.dumps(document), headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, json.loads(body) if body else None

    with served(environment) as (server, port):
        told = [ask(port, RANK_PATH, {**ASK, "eventId": f"event {turn}"})[1] for turn in range(30)]
        server.send_signal(signal.SIGKILL)
        server.wait(10)
    with served(environment) as (_, port):
        for turn, answer in enumerate(told):
            name = f"event {turn}"
            assert ask(port, RANK_PATH, {**ASK, "eventId": name})[1] == answer
            assert ask(port, event(name, "reward"), {"value": 1})[0] == 204
