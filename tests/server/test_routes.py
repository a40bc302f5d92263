"""What may be read of learners, versions, runs and health; and how errors look."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from tests.server import toy
from tests.server.house import House, running

from samouk.loop.ports import Services, StoreUnavailable
from samouk.loop.records import Batch, Decision, Figure, Order, Run, RunEnd, Stored, TriggerKind, Verdict
from samouk.server import create_app
from samouk.store.memory import MemoryLog, memory_services


def test_learners(house: House) -> None:
    """A learner is shown with its metrics, its version in service and its counts."""
    (learner,) = house.get("/v1/learners").json["learners"]
    assert learner == house.get("/v1/learners/toy.half").json
    assert (learner["version"], learner["published"], learner["schema_version"]) == ("v1.0", "v1.0", 2)
    assert [(metric["name"], metric["primary"]) for metric in learner["metrics"]] == [
        ("accuracy", True),
        ("coverage", False),
    ]


def test_versions(house: House) -> None:
    """A version is shown with the address, digest and size of its bytes."""
    (version,) = house.get("/v1/learners/toy.half/versions").json["versions"]
    assert version == house.get("/v1/learners/toy.half/versions/v1.0").json
    data = house.call("GET", version["url"])
    assert (len(data.body), data.headers["etag"]) == (version["size"], f'"{version["sha256"]}"')
    assert version["figures"] == {"accuracy": 0.9}


def test_performance(house: House) -> None:
    """Versions come oldest first, with their figures."""
    answer = house.get("/v1/learners/toy.half/performance").json
    assert [row["version"] for row in answer["versions"]] == ["v1.0"]


def test_runs(house: House) -> None:
    """A run is shown with its verdict; a figure that could not be measured is null, an error's text stays inside."""
    figure = Figure("accuracy", float("nan"), 0.9, 100, None, "unknown")
    run = Run(
        "run-1",
        "toy.half",
        Order(TriggerKind.MANUAL, "to see"),
        dt.datetime(2026, 11, 16, tzinfo=dt.UTC),
        end=RunEnd.FAILED,
        verdict=Verdict(Decision.REFUSE, ("not better",), (figure,)),
        error="/home/secret failed",
    )
    house.services.runs.save(run)
    shown = house.get("/v1/learners/toy.half/runs/run-1")
    assert shown.json == house.get("/v1/learners/toy.half/runs?limit=1").json["runs"][0]
    assert (shown.json["decision"], shown.json["figures"][0]["champion"], shown.json["failed"]) == (
        "refuse",
        None,
        True,
    )
    assert b"secret" not in shown.body


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/v1/learners/nobody",
        "/v1/learners/nobody/runs",
        "/v1/learners/nobody/versions",
        "/v1/learners/nobody/performance",
        "/v1/learners/nobody/samples/stats",
        "/v1/learners/toy.half/runs/none",
        "/v1/learners/toy.half/versions/none",
    ],
)
def test_not_found(house: House, path: str) -> None:
    """What does not exist is a problem that says where to look or what is missing."""
    answer = house.get(path)
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json["detail"]


def test_other_method(house: House) -> None:
    """A method that an address does not take is a 405 with those that it takes."""
    answer = house.ask("PUT", "/v1/learners")
    assert (answer.status, answer.headers["allow"], answer.json["status"]) == (405, "GET", 405)
    assert house.get("/v1/learners/toy.half/samples").status == 405


def test_query_checked(house: House) -> None:
    """A bad query is a 422 that names the parameter."""
    answer = house.get("/v1/learners/toy.half/runs?limit=0")
    assert (answer.status, answer.json["field"]) == (422, "limit")


RUNS, HOOKS = "/v1/learners/toy.half/runs", "/v1/webhooks"
UNFIT: list[tuple[str, str, object, str, str]] = [
    ("GET", f"{RUNS}?limit=0", None, "limit", "must be 1 or more"),
    ("GET", f"{RUNS}?limit=1001", None, "limit", "must be 1000 or less"),
    ("GET", f"{RUNS}?limit=many", None, "limit", "must be a whole number"),
    ("GET", "/v1/learners/toy.half/export?format=xml", None, "format", "must be one of 'json', 'jsonl' or 'parquet'"),
    ("POST", "/v1/learners/toy.half/rollout/dance", {"reason": "r"}, "word", "must be one of 'advance',"),
    ("POST", RUNS, {}, "reason", "is missing; send it"),
    ("POST", RUNS, {"reason": 5}, "reason", "must be a text"),
    ("POST", RUNS, {"reason": "r", "resaon": "r"}, "resaon", "is not a field of this request; remove it"),
    ("POST", RUNS, None, "body", "is missing; send it"),
    ("POST", RUNS, [], "body", "must be a JSON object"),
    ("POST", HOOKS, {"url": "https://example.org", "kind": []}, "kind", "is not a field of this request; remove it"),
    ("POST", HOOKS, {"url": "https://example.org", "kinds": 5}, "kinds", "must be an array"),
    ("POST", f'/v1/learners/toy.half/versions?metrics={{"a":{"9" * 400}}}', None, "metrics", "of finite numbers"),
    ("POST", '/v1/learners/toy.half/versions?metrics={"a":true}', None, "metrics", "of finite numbers"),
    ("POST", "/v1/learners/toy.half/versions?metrics=[1]", None, "metrics", "of finite numbers"),
]


@pytest.mark.parametrize(("method", "path", "document", "field", "words"), UNFIT)
def test_what_does_not_fit(house: House, method: str, path: str, document: object, field: str, words: str) -> None:
    """Every refusal names the field, and says in plain words what would be right."""
    answer = house.call(method, path, document)
    assert (answer.status, answer.json["field"]) == (422, field)
    assert words in answer.json["detail"]


def test_no_json(house: House) -> None:
    """What is no JSON is the body's fault."""
    headers = {"Authorization": f"Bearer {house.key}", "Content_Type": "application/json"}
    answer = house.request("POST", RUNS, b"{", headers)
    assert (answer.status, answer.json["field"], answer.json["detail"]) == (422, "body", "is not JSON; correct it")


def test_one_address_each(house: House) -> None:
    """A slash too many is no other way in: nobody is sent elsewhere with a request that has a body."""
    answer = house.call("POST", "/v1/learners/toy.half/samples/", {})
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")


def test_health(house: House) -> None:
    """Alive and ready, with the version that clients find."""
    assert house.get("/health/live").json == {"status": "alive"}
    ready = house.get("/health/ready").json
    assert (ready["status"], ready["models"]) == ("ready", {"toy.half": "v1.0"})


def test_page(house: House) -> None:
    """The page comes with its policy."""
    answer = house.get("/")
    assert (answer.status, answer.headers["content-security-policy"]) == (200, "default-src 'none'")


def test_nothing_foreign(house: House) -> None:
    """There are no pages that load scripts from elsewhere."""
    assert {house.get(path).status for path in ("/docs", "/redoc")} == {404}


class BrokenLog(MemoryLog):
    """A store whose disk is full, or which fails with something private in its words."""

    error: Exception = OSError(28, "No space left on device")

    def append(self, batches: Sequence[Batch]) -> list[Stored]:
        raise self.error


@pytest.fixture
def broken() -> Iterator[House]:
    services: Services = memory_services()
    services = replace(services, log=BrokenLog(services.clock))
    with running(create_app(services, {"toy": toy.DOMAIN}), services) as house:
        yield house


def test_full_disk(broken: House) -> None:
    """A full disk is a 507 that tells the sender to keep the batch."""
    answer = broken.send(toy.packed(toy.upload()))
    assert (answer.status, "keep it" in answer.json["detail"]) == (507, True)


def test_full_database(broken: House) -> None:
    """SQLite's word for a full disk is understood wherever in the chain of causes it stands."""
    error = RuntimeError("statement failed")
    error.__cause__ = ValueError("database or disk is full")
    BrokenLog.error = error
    assert broken.send(toy.packed(toy.upload())).status == 507


def test_store_unavailable(broken: House) -> None:
    """A store that cannot be written is a 503 that tells the sender when to come again, and not where the store is."""
    BrokenLog.error = StoreUnavailable("/home/secret is not writable")
    answer = broken.send(toy.packed(toy.upload()))
    assert (answer.status, answer.headers["retry-after"]) == (503, "60")
    assert b"secret" not in answer.body


def test_failure_says_nothing(broken: House, caplog: pytest.LogCaptureFixture) -> None:
    """A failure of the server is a counted 500 without a word of its inside, in the answer or in the log."""
    BrokenLog.error = RuntimeError("secret at /home/secret from 127.0.0.1")
    answer = broken.send(toy.packed(toy.upload()))
    assert answer.status == 500
    assert broken.get("/health/ready").json["failures"] == 1
    assert "RuntimeError" in caplog.text
    for word in ("secret at", "127.0.0.1"):
        assert word not in caplog.text + json.dumps(answer.json)
