"""POST /v1/learners/{name}/predict: an answer by the version that the unit is assigned, recorded before it goes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from samouk.edge.wire import WireError
from samouk.loop.ports import Role
from samouk.loop.serving import MAX_UNIT, Asked, NoVersion, PredictionFailed, Serving, Shown
from samouk.server import body
from samouk.server.access import Access
from samouk.server.desk import Desk
from samouk.server.openapi import Operation, listed, parameters
from samouk.server.problems import Problem

PATH = "/v1/learners/{name}/predict"
MAX_ITEMS = 1_000

INLINE = 16
"""Questions in one request up to which the event loop answers itself; more are answered on a thread."""

_KEYS = frozenset({"unit", "features"})
_encode = msgspec.json.Encoder().encode


def routes(desk: Desk) -> APIRouter:
    bounds = {
        name: (min(size, desk.options.max_inflated), most)
        for name, learner in desk.learners.items()
        for size, most in [body.items_of(MAX_ITEMS, len(learner.seen.fields))]
    }

    async def predict(request: Request) -> Response:
        serving = desk.service.of(request.path_params["name"])
        size, most = bounds[request.path_params["name"]]
        document = await body.json_of(request, desk.options.max_body, size, most)
        if isinstance(document, dict) and "items" in document:
            shown = await _answer(desk, serving, _many(document))
            return _Json(_encode({"items": [one.answer for one in shown]}))
        shown = await _answer(desk, serving, (_one(document, "body", ""),))
        return _Json(_encode(shown[0].answer))

    desk.raw_at(PATH, "POST", predict, _OPERATION, Access(Role.CONTRIBUTOR, "{name}"))
    return APIRouter()


async def _answer(desk: Desk, serving: Serving, asked: Sequence[Asked]) -> list[Shown]:
    """Ask, record, and only then answer."""
    try:
        if len(asked) <= INLINE:
            shown = serving.predict_all(asked)
        else:
            shown = await run_in_threadpool(serving.predict_all, asked)
    except NoVersion as error:
        raise Problem(409, str(error), headers={"Retry-After": "60"}) from None
    except PredictionFailed as error:
        await desk.exposures.put(error.exposures)
        desk.failures.add(error)
        raise Problem(500, f"{error}; the failure is recorded, and weighs against the model") from None
    await desk.exposures.put([one.exposure for one in shown])
    return shown


def _many(document: dict[str, Any]) -> list[Asked]:
    items = document["items"]
    if len(document) > 1:
        raise WireError("items", "stands alone; send either unit and features, or items")
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_ITEMS:
        raise WireError("items", f"must be an array of 1 to {MAX_ITEMS:,} questions; split it")
    return [_one(item, f"items[{place}]", f"items[{place}].") for place, item in enumerate(items)]


def _one(document: Any, where: str, prefix: str) -> Asked:
    if not isinstance(document, dict):
        raise WireError(where, "must be a JSON object with unit and features")
    if document.keys() != _KEYS:
        for name in document.keys() - _KEYS:
            raise WireError(prefix + name, "is not a field of a question; send unit and features")
        for name in _KEYS - document.keys():
            raise WireError(prefix + name, "is missing")
    return Asked(document["unit"], document["features"], None, f"{prefix}features")


class _Json(Response):
    """JSON with status 200 and its two headers, set without looking for others."""

    def __init__(self, content: bytes) -> None:
        self.status_code = 200
        self.background = None
        self.body = content
        self.raw_headers = [(b"content-length", b"%d" % len(content)), (b"content-type", b"application/json")]


_QUESTION = {
    "type": "object",
    "title": "Question",
    "additionalProperties": False,
    "required": ["unit", "features"],
    "properties": {
        "unit": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_UNIT,
            "description": "who sees the answer; decides the version; only a pseudonym of it is kept",
        },
        "features": {
            "type": "object",
            "description": "fields of the learner's schema that are known beforehand, plain values",
            "additionalProperties": {"type": ["boolean", "number", "string", "null"]},
        },
    },
}
_ANSWER = {
    "type": "object",
    "title": "Answer",
    "required": ["event_id", "version", "variant", "score", "value", "confidence"],
    "properties": {
        "event_id": {"type": "string", "description": "with it the outcome is told"},
        "version": {"type": "string", "description": "who answered"},
        "variant": {"enum": ["champion", "control", "challenger"]},
        "score": {"type": ["number", "null"], "description": "calling score, 0 to 1; null when the model abstains"},
        "value": {"type": ["string", "number", "null"], "description": "a class by name, or the score"},
        "confidence": {"type": "number"},
    },
}
_OPERATION: Operation = {
    "summary": "Answer by the version that the unit is assigned; every answer is recorded",
    "tags": ["predictions"],
    "parameters": parameters(PATH),
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"oneOf": [_QUESTION, listed(_QUESTION, MAX_ITEMS)]}}},
    },
    "responses": {
        "200": {
            "description": "one answer a question, in order",
            "content": {"application/json": {"schema": {"oneOf": [_ANSWER, listed(_ANSWER, MAX_ITEMS)]}}},
        },
    },
}
