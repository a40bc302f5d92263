"""Who may use what: every route, asked by everybody who could come, answers as the table here says, and as it declares.

The table is written down on purpose: a route whose declaration changes, or that is new, fails until somebody has said
here that this is meant.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import http.client
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from fastapi import APIRouter
from tests.server import toy
from tests.server.house import House, running
from tests.server.issuer import ROLES, Issuer, issuing

from samouk.domains import discover
from samouk.loop.ports import Role, Services
from samouk.server import Options, create_app
from samouk.server.access import Undeclared
from samouk.server.oidc import Persons
from samouk.store.clock import MONDAY
from samouk.store.memory import memory_services

PUBLIC, CONTRIBUTOR, OPERATOR, ADMIN = "public", "contributor", "operator", "admin"
LEARNERS = "/v1/learners/{name}"
TABLE = {
    PUBLIC: {
        "GET /",
        "GET /health/live",
        "GET /health/ready",
        "GET /metrics",
        "GET /ml/load/forecast",
        "GET /ml/models",
        "GET /ml/status",
        "GET /v1/events",
        "GET /v1/learners",
        f"GET {LEARNERS}",
        f"GET {LEARNERS}/deployments",
        f"GET {LEARNERS}/performance",
        f"GET {LEARNERS}/rollout",
        f"GET {LEARNERS}/rollouts",
        f"GET {LEARNERS}/runs",
        f"GET {LEARNERS}/runs/{{run_id}}",
        f"GET {LEARNERS}/samples/stats",
        f"GET {LEARNERS}/triggers",
        f"GET {LEARNERS}/versions",
        f"GET {LEARNERS}/versions/{{version}}",
        f"GET {LEARNERS}/versions/{{version}}/artifact",
        "GET /v1/ml/models/latest",
        "GET /v1/ml/models/{version}",
        "GET /v1/ml/samples/stats",
        "GET /v1/tuf/metadata/{file}",
        "GET /v1/tuf/targets/{path}",
        # The secret of who sent a batch is the authority to erase it.
        f"GET {LEARNERS}/samples/{{batch_id}}",
        f"DELETE {LEARNERS}/samples/{{batch_id}}",
        "DELETE /v1/ml/samples/{batch_id}",
    },
    CONTRIBUTOR: {
        f"POST {LEARNERS}/samples",
        f"POST {LEARNERS}/tallies",
        f"POST {LEARNERS}/predict",
        f"POST {LEARNERS}/outcomes",
        "POST /v1/ml/samples",
        "POST /v1/ml/feedback",
        "POST /personalizer/v1.0/rank",
        "POST /personalizer/v1.0/events/{eventId}/reward",
        "POST /personalizer/v1.0/events/{eventId}/activate",
        "GET /personalizer/v1.0/configurations/service",
        "GET /ml/rules",
        "GET /ml/behavior/groups",
        "POST /ml/models/predict",
    },
    OPERATOR: {
        f"GET {LEARNERS}/units/{{unit}}",
        f"DELETE {LEARNERS}/units/{{unit}}",
        "POST /v1/erasures",
        "POST /v1/erasures/verify",
        f"GET {LEARNERS}/export",
        f"POST {LEARNERS}/rollout/{{word}}",
        f"POST {LEARNERS}/runs",
        f"POST {LEARNERS}/versions",
        "PUT /personalizer/v1.0/configurations/service",
        "POST /v1/scoring/rank/evaluate",
        "GET /ml/features/recent",
        "DELETE /ml/features/cleanup",
        "GET /ml/anomalies/recent",
        "POST /ml/anomalies/analyze",
        "POST /ml/anomalies/{alert_id}/confirm",
        "POST /ml/anomalies/{alert_id}/dismiss",
        "PUT /ml/rules",
        "DELETE /ml/users/{user_id}",
        "POST /ml/activity",
        "POST /ml/models/train",
        "POST /ml/models/{model_name}/load",
    },
    ADMIN: {
        "GET /v1/keys",
        "POST /v1/keys",
        "POST /v1/keys/{key_id}/rotate",
        "DELETE /v1/keys/{key_id}",
        "GET /v1/webhooks",
        "POST /v1/webhooks",
        "DELETE /v1/webhooks/{hook_id}",
    },
}
ACTS = {
    f"GET {LEARNERS}/export": "export training data",
    f"GET {LEARNERS}/units/{{unit}}": "export a unit",
    "POST /v1/webhooks": "add a webhook",
    "DELETE /v1/webhooks/{hook_id}": "remove a webhook",
    "PUT /personalizer/v1.0/configurations/service": "set ranking",
    "PUT /ml/rules": "set detection rules",
    "POST /ml/anomalies/{alert_id}/confirm": "confirm an alert",
    "POST /ml/anomalies/{alert_id}/dismiss": "dismiss an alert",
    "DELETE /ml/features/cleanup": "forget quiet users",
    "DELETE /ml/users/{user_id}": "forget a user",
    "POST /ml/models/{model_name}/load": "load a model",
}
"""What the audit says of a route that answers well."""

NO_ACTS = {
    f"DELETE {LEARNERS}/units/{{unit}}": "what it calls notes that a unit was forgotten",
    "POST /v1/erasures": "what it calls notes the proof",
    "POST /v1/erasures/verify": "looks, and changes nothing",
    f"POST {LEARNERS}/rollout/{{word}}": "each move is noted with its reason",
    f"POST {LEARNERS}/runs": "the run is noted with who asked for it",
    f"POST {LEARNERS}/versions": "the version is noted with who registered it",
    "POST /v1/scoring/rank/evaluate": "looks, and changes nothing",
    "POST /ml/anomalies/analyze": "looks, and changes nothing of the platform",
    "POST /ml/activity": "brings data, all the time",
    "POST /ml/models/train": "the run is noted with who asked for it",
    "POST /v1/keys": "noted with the key's id",
    "POST /v1/keys/{key_id}/rotate": "noted with both keys' ids",
    "DELETE /v1/keys/{key_id}": "noted with the key's id",
}
NEEDED = {route: role for role, routes in TABLE.items() for route in routes}

BY_RECEIPT = {route for route in TABLE[PUBLIC] if "{batch_id}" in route}
"""Whoever asks: a receipt that was guessed is refused, and says nothing of whether there is such a batch."""

READS_A_KEY = {
    "GET /ml/status",
    "GET /v1/events",
    *(f"GET {LEARNERS}/{word}" for word in ("deployments", "rollout", "rollouts", "runs", "runs/{run_id}")),
}
"""Open to everybody, and says more to an operator: a key that is none is refused."""

ABOUT_ALL = {route for route in NEEDED if re.search(r" /v1/(keys|webhooks|events|erasures)", route)}
"""About the whole platform: a key of single learners is not enough."""

NAMES = {
    "name": "screens.element",
    "word": "promote",
    "hook_id": "hook",
    "key_id": "00000000",
    "eventId": "event",
    "batch_id": "0b6ad1c5-0f0a-4f52-9a10-7b6f1c9a2b11",
    "unit": "agent 7",
    "alert_id": "0" * 32,
    "user_id": "mallory",
    "model_name": "anomaly",
    "version": "v1.0",
    "run_id": "run",
    "file": "timestamp.json",
    "path": "screens.element/abc.model.onnx",
}
OF = {"/ml/": "traffic.*", "/personalizer/": "scoring.rank", "/v1/scoring/": "scoring.rank"}
ORDER = (PUBLIC, CONTRIBUTOR, OPERATOR, ADMIN)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks.

    Attributes:
        role: that the key or token has; None when it opens nothing.
        learners: that the key is for; none means all.
    """

    headers: Mapping[str, str]
    role: str | None
    learners: tuple[str, ...] = ()

    def expected(self, route: str) -> set[int]:
        """Statuses of a refusal that this visitor should meet; none where it should be let in."""
        needed = NEEDED[route]
        if needed == PUBLIC:
            return {401} if route in READS_A_KEY and self.headers and self.role is None else set()
        if self.role is None:
            return {401}
        low = ORDER.index(self.role) < ORDER.index(needed)
        return {403} if low or (self.learners and about(route) not in self.learners) else set()


def about(route: str) -> str:
    """The learner that a request at the route is about."""
    if route in ABOUT_ALL:
        return ""
    path = route.partition(" ")[2]
    return next((learner for start, learner in OF.items() if path.startswith(start)), NAMES["name"])


def _bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def visitors(services: Services, issuer: Issuer) -> Iterator[tuple[str, Visitor]]:
    """Everybody who could come, by name."""
    keys = services.keys
    good = keys.create("good")[1]
    yield "nobody", Visitor({}, None)
    yield "a wrong key", Visitor(_bearer(good[:-4] + "aaaa"), None)
    yield "an invented key", Visitor(_bearer("smk_00000000_" + "x" * 43), None)
    yield "a key in another scheme", Visitor({"Authorization": f"Basic {good}"}, None)
    yield "a huge key", Visitor(_bearer("smk_" + "x" * 9_000), None)
    yield "a huge token", Visitor(_bearer(f"{issuer.token('chiefs')}{'A' * 9_000}"), None)
    yield "an expired key", Visitor(_bearer(keys.create("old", Role.ADMIN, (), MONDAY)[1]), None)
    revoked, secret = keys.create("revoked", Role.ADMIN)
    keys.revoke(revoked.key_id)
    yield "a revoked key", Visitor(_bearer(secret), None)
    rotated, secret = keys.create("rotated", Role.ADMIN)
    successor = keys.rotate(rotated.key_id, dt.timedelta(0))[1]
    yield "a key that was replaced", Visitor(_bearer(secret), None)
    yield "its successor", Visitor(_bearer(successor), ADMIN)
    for role in Role:
        yield f"a key: {role}", Visitor(_bearer(keys.create(role, role)[1]), role)
        others = keys.create(role, role, ["toy.half", "therapy.*"])[1]
        yield f"a key of other learners: {role}", Visitor(_bearer(others), role, ("toy.half",))
        own = keys.create(role, role, ["screens.element", "traffic.*"])[1]
        yield f"a key of some learners: {role}", Visitor(_bearer(own), role, ("screens.element", "traffic.*"))
    for group, role in ROLES.items():
        yield f"a person: {role}", Visitor(_bearer(issuer.token(group)), role)
    yield "a person whose time is over", Visitor(_bearer(issuer.token("chiefs", exp=1)), None)
    yield "a person for another server", Visitor(_bearer(issuer.token("chiefs", aud="another")), None)


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    """Who knows the persons."""
    with issuing() as running_issuer:
        yield running_issuer


@pytest.fixture(scope="module")
def house(issuer: Issuer) -> Iterator[House]:
    """A server over every domain that is installed, which knows keys and persons."""
    services = memory_services()
    options = Options(people=Persons(issuer.provider), issuer=issuer.url)
    with running(create_app(services, discover(), options), services) as whole:
        yield whole


def test_every_route_is_in_the_table(house: House) -> None:
    """With the role that it declares, and the description says which way in there is."""
    found, secured = {}, {}
    for path, operations in house.get("/openapi.json").json["paths"].items():
        for method, operation in operations.items():
            route = f"{method.upper()} {path}"
            found[route], secured[route] = operation["x-samouk-role"], operation["security"]
    assert found == NEEDED
    for route, security in secured.items():
        assert security == ([] if NEEDED[route] == PUBLIC else [{"key": []}, {"person": []}]), route


def test_what_is_noted(house: House) -> None:
    """What operators and admins change, and what they take along, stands in the audit, or there is a reason why not."""
    acts = {
        f"{method.upper()} {path}": operation["x-samouk-act"]
        for path, operations in house.get("/openapi.json").json["paths"].items()
        for method, operation in operations.items()
        if "x-samouk-act" in operation
    }
    assert acts == ACTS
    changing = {route for route in TABLE[OPERATOR] | TABLE[ADMIN] if not route.startswith("GET ")}
    assert changing - set(ACTS) == set(NO_ACTS)


def test_acts_are_noted(house: House) -> None:
    """With who it was, and neither whom nor what a request named; a request that failed is none."""
    before = len(house.services.audit.entries(limit=10_000))
    made = house.call("POST", "/v1/webhooks", {"url": "https://example.org/hook"})
    assert made.status == 201, made.body
    assert house.call("DELETE", f"/v1/webhooks/{made.json['hook_id']}").status == 204
    assert house.call("DELETE", "/v1/webhooks/unknown").status in (204, 404)
    assert house.call("GET", "/v1/learners/scoring.outcome/export?format=other").status == 422
    assert house.call("GET", "/v1/learners/scoring.outcome/export").status == 200
    assert house.call("GET", "/v1/learners/scoring.outcome/units/agent%207").status == 200
    assert house.call("PUT", "/personalizer/v1.0/configurations/service", {}).status == 200
    acts = [entry.act for entry in house.services.audit.entries(limit=10_000)[before:]]
    found = [(act.actor, act.action, act.subject) for act in acts if act.action in ACTS.values()]
    assert found[:2] == [("tests", "add a webhook", "platform"), ("tests", "remove a webhook", "platform")]
    assert found[-3:] == [
        ("tests", "export training data", "scoring.outcome"),
        ("tests", "export a unit", "scoring.outcome"),
        ("tests", "set ranking", "scoring.rank"),
    ]
    assert not any("agent" in repr(act) for act in acts)


def test_everybody_at_every_route(house: House, issuer: Issuer) -> None:
    """Let in where the table lets in, refused with the right status elsewhere, and never a fault of the server."""
    wrong = []
    asked = 0
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=60)
    for name, visitor in visitors(house.services, issuer):
        for route in sorted(NEEDED):
            status = _ask(connection, route, visitor.headers)
            expected = visitor.expected(route)
            asked += 1
            if (status in expected) if expected else (status not in (401, 403) and status < 500):
                continue
            if _expected_fault(route, status) or (route in BY_RECEIPT and status == 403):
                continue
            wrong.append((name, route, status, expected))
    connection.close()
    assert not wrong, wrong[:20]
    assert asked >= 20 * len(NEEDED)


def _expected_fault(route: str, status: int) -> bool:
    """What this house has not: a model in service, which readiness tells by a 503 of its own."""
    return status == 503 and route in ("GET /health/ready", "GET /ml/load/forecast")


def _ask(connection: http.client.HTTPConnection, route: str, headers: Mapping[str, str]) -> int:
    method, _, path = route.partition(" ")
    query = "?follow=false" if path == "/v1/events" else ""
    body = None if method in ("GET", "DELETE") else b"{}"
    sent = {**headers, **({"Content-Type": "application/json"} if body else {})}
    if "{batch_id}" in path:
        sent["Samouk-Receipt"] = "guessed"
    connection.request(method, quote(path.format(**NAMES)) + query, body, sent)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def test_the_audit_knows_persons_by_pseudonyms(house: House, issuer: Issuer) -> None:
    """What a person did stands under a name that holds none."""
    answer = house.request(
        "POST",
        "/v1/keys",
        json.dumps({"label": "by a person", "learners": ["traffic.*"], "expires_days": 3}).encode(),
        {**_bearer(issuer.token("chiefs", sub="ada@example.org")), "Content_Type": "application/json"},
    )
    assert answer.status == 201
    act = house.services.audit.entries(limit=1_000)[-1].act
    assert (act.action, act.subject) == ("create key", answer.json["key"]["key_id"])
    assert act.actor.startswith("person:") and "ada" not in act.actor


def test_keys_over_http(house: House) -> None:
    """Made, listed without secrets, replaced, revoked; a label or a learner that cannot be is named."""
    made = house.call("POST", "/v1/keys", {"label": "app", "role": "operator", "learners": ["screens.element"]})
    assert made.status == 201
    key_id, secret = made.json["key"]["key_id"], made.json["secret"]
    replaced = house.call("POST", f"/v1/keys/{key_id}/rotate", {"overlap_hours": 1})
    assert replaced.status == 201 and replaced.json["key"]["role"] == "operator"
    assert house.services.keys.verify(secret) is not None
    assert house.call("DELETE", f"/v1/keys/{key_id}").status == 204
    assert house.services.keys.verify(secret) is None
    listed = house.call("GET", "/v1/keys")
    assert secret.encode() not in listed.body and replaced.json["secret"].encode() not in listed.body
    assert {one["key_id"]: one["revoked"] for one in listed.json["keys"]}[key_id] is True
    for document, field in (
        ({"label": ""}, "label"),
        ({"label": "a\nb"}, "label"),
        ({"label": "a", "role": "king"}, "role"),
        ({"label": "a", "learners": ["nobody.here"]}, "learners"),
        ({"label": "a", "expires_days": 0}, "expires_days"),
        ({"label": "a", "secret": "mine"}, "secret"),
    ):
        refused = house.call("POST", "/v1/keys", document)
        assert (refused.status, refused.json["field"].partition(".")[0]) == (422, field)


def test_refusals_say_what_helps(house: House) -> None:
    """A role that is too low names the command for a higher one; Rank's refusals have the form of its clients."""
    low = _bearer(house.services.keys.create("app")[1])
    refused = house.request("GET", "/v1/learners/screens.element/export", None, low)
    assert refused.status == 403 and "--role operator" in refused.json["detail"]
    assert house.get("/v1/learners/screens.element/export").headers["www-authenticate"] == "Bearer"
    foreign = house.request("POST", "/personalizer/v1.0/rank", b"{}", {"Ocp_Apim_Subscription_Key": "wrong"})
    assert (foreign.status, foreign.json["error"]["code"]) == (401, "401")
    key = house.services.keys.create("rank")[1]
    good = house.request("POST", "/personalizer/v1.0/rank", b"{}", {"Ocp_Apim_Subscription_Key": key})
    assert (good.status, good.json["error"]["code"]) == (400, "BadRequest")


def test_figures_may_be_closed() -> None:
    """With another role for figures, readers need it; health, the page and what clients update from stay open."""
    services = memory_services()
    with running(create_app(services, discover(), Options(figures_role=Role.OPERATOR)), services) as closed:
        app = _bearer(services.keys.create("app")[1])
        for path in ("/metrics", "/v1/learners", "/v1/learners/screens.element/runs", "/v1/events?follow=false"):
            assert closed.get(path).status == 401
            assert closed.request("GET", path, None, app).status == 403
            assert closed.call("GET", path).status == 200
        for path in ("/health/live", "/openapi.json"):
            assert closed.get(path).status == 200
        assert closed.get("/v1/tuf/metadata/timestamp.json").status == 404


def _careless(desk: object) -> APIRouter:
    router = APIRouter()

    @router.get("/v1/forgotten")
    def forgotten() -> str:
        return "everything"

    return router


def test_a_route_without_a_declaration_opens_no_server() -> None:
    """Whoever forgets to say who may use a route finds out at the start, not from a stranger."""
    with pytest.raises(Undeclared, match="/v1/forgotten"):
        create_app(memory_services(), {"toy": dataclasses.replace(toy.DOMAIN, routes=_careless)})


def test_a_large_body_is_not_read_for_a_small_document(house: House) -> None:
    """Bodies that the framework parses are bounded before it sees them, and nobody without a key has one read."""
    body = json.dumps({"label": "x" * 100_000}).encode()
    assert house.request("POST", "/v1/keys", body, {"Content_Type": "application/json"}).status == 401
    good = {**_bearer(house.key), "Content_Type": "application/json"}
    assert house.request("POST", "/v1/keys", body, good).status == 413
    assert house.request("POST", "/v1/keys", b"[" * 60_000, good).status == 400
