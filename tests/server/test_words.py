"""A person's words over HTTP, each in a right and in a wrong state, and what an operator reads before saying one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from examples.will_it_rain import DOMAIN
from tests.loop.people import BAD, GOOD, POOR, People, enter_model, learner
from tests.server.house import Answer, House, running

from samouk.loop.learner import Learner, Policy
from samouk.loop.live import RolloutState
from samouk.loop.outcome import harvest
from samouk.loop.ports import Role
from samouk.loop.ramp import stage
from samouk.loop.records import Order, Run, TriggerKind
from samouk.loop.rollout_policy import RolloutPolicy
from samouk.server import create_app
from samouk.store.memory import memory_services

RAIN = "/v1/learners/weather.rain"
STEPS = RolloutPolicy(steps=(0.1, 0.3, 0.5, 1.0))
KNOWN = learner(policy=Policy(rollout=STEPS))
WORDS = ("advance", "pause", "resume", "promote", "rollback", "approve")


@contextmanager
def weather(known: Learner = KNOWN) -> Iterator[House]:
    """A server over the smallest learner with outcomes, one version in service and none that waits."""
    services = memory_services()
    enter_model(services, POOR, released=True)
    with running(create_app(services, {"weather": dataclasses.replace(DOMAIN, learners=(known,))}), services) as house:
        yield house


@pytest.fixture
def house() -> Iterator[House]:
    """With a rollout that runs: v1.1 against v1.0."""
    with weather() as found:
        stage(KNOWN, found.services, enter_model(found.services, GOOD), "a test", "planted")
        yield found


def say(house: House, word: str, reason: object = "a test said so") -> Answer:
    return house.call("POST", f"{RAIN}/rollout/{word}", {"reason": reason})


def said(answer: Answer) -> tuple[int, str, dict[str, float], str]:
    """What the rollout became, and whose word the last one was."""
    told = answer.json
    last = told["history"][-1]
    assert (last["actor"], last["reason"], told["reason"]) == ("tests", "a test said so", "a test said so")
    return answer.status, told["state"], told["challengers"], last["action"]


def in_service(house: House) -> str | None:
    found = house.services.registry.production("weather.rain")
    return found.name if found else None


def digest(house: House, name: str | None = None) -> str:
    """Of the version's bytes; of the one in service unless it is named."""
    return house.services.registry.version("weather.rain", name or in_service(house) or "").artifact_digest


def test_advance(house: House) -> None:
    """It goes on step by step, and never to all: that is a release."""
    assert said(say(house, "advance")) == (200, "running", {"v1.1": 0.3}, "advance")
    assert said(say(house, "advance")) == (200, "running", {"v1.1": 0.5}, "advance")
    refused = say(house, "advance")
    assert (refused.status, refused.json["field"]) == (409, "rollout")
    assert "promote it" in refused.json["detail"]
    assert house.get(f"{RAIN}/rollout").json["challengers"] == {"v1.1": 0.5}


def test_pause_and_resume(house: House) -> None:
    """A paused rollout takes no other step until it is resumed, at the step where it was."""
    assert say(house, "resume").status == 409
    say(house, "advance")
    assert said(say(house, "pause"))[1] == "paused"
    assert [say(house, word).status for word in ("pause", "advance", "approve")] == [409] * 3
    assert said(say(house, "resume")) == (200, "running", {"v1.1": 0.3}, "resume")


def test_promote(house: House) -> None:
    """The challenger serves all at once, and there is nothing to promote after it."""
    assert said(say(house, "promote")) == (200, "promoted", {"v1.1": 1.0}, "promote")
    assert in_service(house) == "v1.1"
    again = say(house, "promote")
    assert (again.status, "stage a version before" in again.json["detail"]) == (409, True)


def test_roll_back(house: House) -> None:
    """It takes the challenger back; then there is nothing to go back to; after a release the old bytes return."""
    assert said(say(house, "rollback")) == (200, "rolled_back", {"v1.1": 0.0}, "roll_back")
    assert digest(house) == digest(house, "v1.0")
    assert say(house, "rollback").status == 409
    stage(KNOWN, house.services, enter_model(house.services, BAD), "a test", "planted")
    released = say(house, "promote").json["challengers"]
    assert digest(house) == digest(house, *released) != digest(house, "v1.0")
    assert said(say(house, "rollback"))[1] == "rolled_back"
    assert in_service(house) not in {"v1.0", *released}
    assert digest(house) == digest(house, "v1.0")


def test_approve(house: House) -> None:
    """Nothing waits while it runs; what waits for a person is released by one."""
    assert say(house, "approve").status == 409
    runs = house.services.rollouts.active("weather.rain")
    assert runs is not None
    house.services.rollouts.save(dataclasses.replace(runs, state=RolloutState.WAITING))
    assert [say(house, word).status for word in ("advance", "resume")] == [409, 409]
    assert said(say(house, "approve"))[1:] == ("promoted", {"v1.1": 1.0}, "promote")
    assert in_service(house) == "v1.1"


def test_words_without_a_rollout() -> None:
    """Every word is a 409 that says what to do, and nothing changes."""
    with weather() as house:
        before = len(house.services.audit.entries())
        for word in WORDS:
            refused = say(house, word)
            assert (refused.status, refused.json["field"] in ("rollout", "version")) == (409, True), word
        assert len(house.services.audit.entries()) == before
        assert house.get(f"{RAIN}/rollout").status == 404
        assert house.get(f"{RAIN}/rollouts").json == {"rollouts": []}


BAD_REASONS = ["", "   ", "x" * 501, "two\nlines", "\x1b[2J wiped", "right\u202eleft", None, 5, ["why"]]


@pytest.mark.parametrize("reason", BAD_REASONS, ids=repr)
def test_reasons_are_plain(house: House, reason: object) -> None:
    """A reason that is none, or would steer a terminal, is a 422 of that field, and the rollout stays."""
    for path in [*(f"{RAIN}/rollout/{word}" for word in WORDS), f"{RAIN}/runs"]:
        answer = house.call("POST", path, {"reason": reason})
        assert (answer.status, "reason" in json.dumps(answer.json)) == (422, True), path
    assert len(house.get(f"{RAIN}/rollout").json["history"]) == 1


def test_reasons_are_stripped(house: House) -> None:
    """Space around a reason is not kept; 500 characters are."""
    assert say(house, "pause", "  a campaign \t").json["reason"] == "a campaign"
    assert say(house, "resume", "x" * 500).json["reason"] == "x" * 500


def test_strangers_say_nothing(house: House) -> None:
    """Without a key, with a wrong one, and with an application's, no word is heard."""
    application = dataclasses.replace(house, key=house.services.keys.create("an app")[1])
    stranger = dataclasses.replace(house, key="sk_nobody")
    for path in [*(f"{RAIN}/rollout/{word}" for word in WORDS), f"{RAIN}/runs"]:
        without = house.request("POST", path, b'{"reason": "r"}', {"Content_Type": "application/json"})
        found = [one.call("POST", path, {"reason": "r"}).status for one in (stranger, application)]
        assert [without.status, *found] == [401, 401, 403], path
    assert len(house.get(f"{RAIN}/rollout").json["history"]) == 1


def test_unknown_words(house: House) -> None:
    """Other words, other learners and other fields are refused by name."""
    assert say(house, "explode").status == 422
    assert house.call("POST", "/v1/learners/weather.snow/rollout/pause", {"reason": "r"}).status == 404
    assert house.call("POST", f"{RAIN}/rollout/pause", {}).status == 422


def test_triggers(house: House) -> None:
    """Each trigger says how near it is; a learner that is not there is a 404."""
    told = house.get(f"{RAIN}/triggers").json
    assert told["learner"] == "weather.rain"
    kinds = {one["kind"]: one for one in told["triggers"]}
    assert {"volume", "time", "quality"} <= kinds.keys()
    assert (kinds["volume"]["share"], kinds["volume"]["fired"]) == (0.0, None)
    assert kinds["volume"]["threshold"] > 0
    assert house.get("/v1/learners/weather.snow/triggers").status == 404


def test_deployments_tell_the_story(house: House) -> None:
    """Every step of a version stands in the history in its order, with who did it and why."""
    for word in ("pause", "resume", "promote"):
        say(house, word)
    told = house.call("GET", f"{RAIN}/deployments").json["deployments"]
    assert [one["at"] for one in told] == sorted(one["at"] for one in told)
    told = [one for one in told if one["actor"] == "tests"]
    assert {one["subject"] for one in told} == {"v1.1"}
    assert told[0]["rollout"] == house.get(f"{RAIN}/rollout").json["rollout_id"]
    assert [one["action"] for one in told][:3] == ["pause", "resume", "promote"]
    assert {one["reason"] for one in told} == {"a test said so"}


def test_performance_by_day(house: House) -> None:
    """What was shown and told today stands in the day's row of each version; other days and garbage do not."""
    people = People(KNOWN, house.services)
    people.live(200)
    days = house.get(f"{RAIN}/performance").json["days"]
    today = house.services.clock.now().date().isoformat()
    content = [one for one in days if one["metric"] == "content"]
    assert {one["day"] for one in content} == {today}
    assert {one["version"] for one in content} == {"v1.0", "v1.1"}
    assert sum(one["exposures"] for one in content) == 200
    assert sum(one["outcomes"] for one in content) == 200
    assert all(0 <= one["mean_outcome"] <= 1 for one in content)
    for garbage in ("0", "-1", "3661", "many", "1e3"):
        assert house.get(f"{RAIN}/performance?days={garbage}").status == 422, garbage


def test_export_holds_what_was_told(house: House) -> None:
    """Every row that was learnt from leaves, with its outcome, for operators alone and in known formats alone."""
    people = People(KNOWN, house.services)
    people.live(50)
    harvest(KNOWN, house.services)
    answer = house.call("GET", f"{RAIN}/export?format=jsonl")
    rows = [json.loads(line) for line in answer.body.splitlines()]
    assert (answer.status, len(rows)) == (200, 50)
    assert all({"pressure", "humidity", "rained"} <= row.keys() for row in rows)
    assert len(house.call("GET", f"{RAIN}/export?format=json").json) == 50
    assert house.call("GET", f"{RAIN}/export?format=xml").status == 422
    assert house.get(f"{RAIN}/export").status == 401


def test_versions_and_runs_where_nothing_is_made(house: House) -> None:
    """A learner that takes no foreign models, and a server that does not train, say so and change nothing."""
    headers = {"Authorization": f"Bearer {house.key}", "Content_Type": "application/octet-stream"}
    versions = len(house.get(f"{RAIN}/versions").json["versions"])
    handed = house.request("POST", f"{RAIN}/versions", b"[1, 2, 3]", headers)
    assert handed.status in (409, 422)
    assert house.request("POST", f"{RAIN}/versions?metrics=5", b"[1]", headers).status == 422
    assert house.request("POST", f"{RAIN}/versions", b"[1]", {"Content_Type": "application/octet-stream"}).status == 401
    refused = house.call("POST", f"{RAIN}/runs", {"reason": "a new season"})
    assert (refused.status, "samouk retrain" in refused.json["detail"]) == (409, True)
    assert len(house.get(f"{RAIN}/versions").json["versions"]) == versions


def test_a_step_is_dated(house: House) -> None:
    """When a step began is told in UTC, and a resumed step begins anew."""

    def since(answer: Any) -> dt.datetime:
        return dt.datetime.fromisoformat(answer.json["since"])

    began = since(house.get(f"{RAIN}/rollout"))
    say(house, "pause")
    house.services.clock.step(dt.timedelta(hours=1))  # type: ignore[attr-defined]  # in memory it stands still
    resumed = since(say(house, "resume"))
    assert began.tzinfo is not None
    assert resumed - began == dt.timedelta(hours=1)


def test_strangers_read_no_words_of_people(house: House) -> None:
    """Who said something, and in which words, is for operators; what was done, and the platform's reasons, for all."""
    say(house, "pause", "Ada Lovelace rang")
    contributor = house.services.keys.create("app", Role.CONTRIBUTOR)[1]
    events = "/v1/events?follow=false&after=0"
    for path in (f"{RAIN}/rollout", f"{RAIN}/rollouts", f"{RAIN}/deployments", events):
        answers = [house.get(path), house.get(path, Authorization=f"Bearer {contributor}")]
        for answer in answers:
            assert answer.status == 200, answer.body
            assert b"Ada" not in answer.body and b'"tests"' not in answer.body, path
        told = house.call("GET", path)
        assert b"Ada Lovelace rang" in told.body, path
        assert house.get(path, Authorization="Bearer smk_00000000_x").status == 401
    last = house.get(f"{RAIN}/rollout").json["history"][-1]
    assert (last["actor"], last["action"], last["reason"]) == ("person", "pause", "")


def test_reason_of_a_turn(house: House) -> None:
    """The reason of a turn that a person asked for is a person's word."""
    now = house.services.clock.now()
    for number, kind in enumerate((TriggerKind.MANUAL, TriggerKind.VOLUME)):
        house.services.runs.save(Run(f"r{number}", KNOWN.name, Order(kind, f"why {number}"), now))
    strangers = {one["run_id"]: one["reason"] for one in house.get(f"{RAIN}/runs").json["runs"]}
    operators = {one["run_id"]: one["reason"] for one in house.call("GET", f"{RAIN}/runs").json["runs"]}
    assert (strangers["r0"], strangers["r1"]) == ("", "why 1")
    assert (operators["r0"], operators["r1"]) == ("why 0", "why 1")
    assert house.get(f"{RAIN}/runs/r0").json["reason"] == ""
