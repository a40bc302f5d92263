"""POST /v1/learners/{name}/outcomes: how predictions turned out, told whenever it is known."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from samouk.edge.wire import WireError
from samouk.loop.learner import Learner
from samouk.loop.live import Heard
from samouk.loop.outcome import BadOutcome, Told, explain
from samouk.loop.ports import NotFound, Role
from samouk.server import body
from samouk.server.access import Access
from samouk.server.desk import Desk
from samouk.server.openapi import Operation, listed, parameters
from samouk.server.problems import Problem

PATH = "/v1/learners/{name}/outcomes"
MAX_ITEMS = 1_000
MAX_NAME = 200
"""Characters of an event's id, and of a metric's name."""

_NEEDED = frozenset({"event_id", "value"})
_KEYS = _NEEDED | {"metric", "at"}


def routes(desk: Desk) -> APIRouter:
    size, most = body.items_of(MAX_ITEMS, len(_KEYS))

    async def tell(request: Request) -> Response:
        learner = desk.learner(request.path_params["name"])
        if not learner.outcomes:
            raise NotFound(f"{learner.name} knows no outcomes: it makes no predictions here")
        document = await body.json_of(request, desk.options.max_body, min(size, desk.options.max_inflated), most)
        many = isinstance(document, dict) and "items" in document
        told = _many(document, learner) if many else [_one(document, learner, "body", "")]
        try:
            heard = await desk.hearing.tell(learner, told)
        except BadOutcome as refusal:
            raise WireError(_field(refusal.field, many), refusal.reason) from None
        if not many and heard[0] is Heard.CONTRADICTION:
            detail = await run_in_threadpool(explain, learner, desk.services, told[0], heard[0])
            raise Problem(409, detail, field="value")
        items = [{"event_id": one.event_id, "status": str(word)} for one, word in zip(told, heard, strict=True)]
        return Response(msgspec.json.encode({"items": items}), media_type="application/json")

    desk.raw_at(PATH, "POST", tell, _OPERATION, Access(Role.CONTRIBUTOR, "{name}"))
    return APIRouter()


def _field(told: str, many: bool) -> str:
    """``outcomes[3].value`` as the sender knows it."""
    return told.replace("outcomes[", "items[", 1) if many else told.partition(".")[2]


def _many(document: dict[str, Any], learner: Learner) -> list[Told]:
    items = document["items"]
    if len(document) > 1:
        raise WireError("items", "stands alone; send either one outcome, or items")
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_ITEMS:
        raise WireError("items", f"must be an array of 1 to {MAX_ITEMS:,} outcomes; split it")
    return [_one(item, learner, f"items[{place}]", f"items[{place}].") for place, item in enumerate(items)]


def _one(document: Any, learner: Learner, where: str, prefix: str) -> Told:
    if not isinstance(document, dict):
        raise WireError(where, "must be a JSON object with event_id and value")
    for name in document.keys() - _KEYS:
        raise WireError(prefix + name, "is not a field of an outcome; send event_id, value, and perhaps metric and at")
    for name in _NEEDED - document.keys():
        raise WireError(prefix + name, "is missing")
    value = document["value"]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WireError(f"{prefix}value", f"must be a number, not {value!r:.40}")
    event_id = _name(document["event_id"], f"{prefix}event_id")
    metric = _name(document.get("metric", learner.outcomes[0].name), f"{prefix}metric")
    return Told(event_id, metric, value, _moment(document.get("at"), f"{prefix}at"))


def _name(value: Any, where: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_NAME:
        raise WireError(where, f"must be a text of 1 to {MAX_NAME} characters")
    return value


def _moment(value: Any, where: str) -> dt.datetime | None:
    if value is None:
        return None
    try:
        return dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise WireError(where, "must be a moment with its offset, for example 2026-11-16T08:00:00Z") from None


_OUTCOME = {
    "type": "object",
    "title": "Outcome",
    "additionalProperties": False,
    "required": ["event_id", "value"],
    "properties": {
        "event_id": {"type": "string", "minLength": 1, "maxLength": MAX_NAME, "description": "of the prediction"},
        "value": {"type": "number", "description": "within the bounds of the learner's outcome"},
        "metric": {"type": "string", "minLength": 1, "maxLength": MAX_NAME, "description": "the first one by default"},
        "at": {"type": ["string", "null"], "format": "date-time", "description": "when it happened; now by default"},
    },
}
_HEARD = {
    "type": "object",
    "required": ["event_id", "status"],
    "properties": {
        "event_id": {"type": "string"},
        "status": {
            "enum": [str(word) for word in Heard],
            "description": "late ones came after their window; parked ones wait for their prediction; of two that "
            "contradict each other the first stands, and alone the second is answered 409",
        },
    },
}
_OPERATION: Operation = {
    "summary": "Tell how predictions turned out: all of a request or none; told twice, they are kept once",
    "tags": ["outcomes"],
    "parameters": parameters(PATH),
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"oneOf": [_OUTCOME, listed(_OUTCOME, MAX_ITEMS)]}}},
    },
    "responses": {
        "200": {
            "description": "what became of each, in order",
            "content": {"application/json": {"schema": listed(_HEARD, MAX_ITEMS)}},
        },
        "409": {"description": "another outcome was told of this event before"},
    },
}
