"""Addresses of scoring: Rank and Reward at Azure Personalizer's v1.0 routes, and the value of other policies.

Thin over ``rank``. FastAPI is imported inside, so that the package can be read without it; annotations
are therefore real objects here, not text. Errors at the Personalizer's routes have its form, whatever
refuses them: a client that was written for it reads ``error.code`` and ``error.message``.
"""

import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from samouk.domains.scoring.rank import RANK, Ranker, event_name
from samouk.domains.scoring.rank_evaluation import (
    KINDS,
    MAX_DECISIONS,
    MAX_POLICIES,
    candidates_of,
    evaluate_ranking,
    logging_shown,
    shown,
)
from samouk.domains.scoring.rank_features import MAX_ACTIONS, MAX_ID
from samouk.domains.scoring.rank_settings import document_of, number, settings_of
from samouk.edge.wire import WireError
from samouk.loop.ports import Role

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

BASE = "/personalizer/v1.0"
KEY_HEADER = "Ocp-Apim-Subscription-Key"
MAX_RANK = 500_000
"""Bytes of a rank request, at most."""

_ID = {"type": "string", "minLength": 1, "maxLength": MAX_ID}
_FEATURES = {"type": "array", "items": {"type": "object"}, "description": "objects of features, of any shape"}
_RANK_REQUEST = {
    "type": "object",
    "additionalProperties": False,
    "required": ["actions"],
    "properties": {
        "contextFeatures": _FEATURES,
        "actions": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_ACTIONS,
            "description": "in the order in which they would be shown without ranking; the first is the baseline",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["id"],
                "properties": {"id": _ID, "features": _FEATURES},
            },
        },
        "excludedActions": {"type": "array", "items": {"type": "string"}},
        "eventId": {**_ID, "description": "made here when it is left out; asked twice, it is answered alike"},
        "deferActivation": {"type": "boolean", "description": "true: nothing is learnt until it is activated"},
    },
}
_RANK_ANSWER = {
    "type": "object",
    "required": ["ranking", "eventId", "rewardActionId"],
    "properties": {
        "ranking": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "probability"],
                "properties": {"id": {"type": "string"}, "probability": {"type": "number", "minimum": 0, "maximum": 1}},
            },
        },
        "eventId": {"type": "string"},
        "rewardActionId": {"type": "string", "description": "the action to show, and to report the reward of"},
    },
}
_REWARD_REQUEST = {
    "type": "object",
    "additionalProperties": False,
    "required": ["value"],
    "properties": {"value": {"type": "number", "minimum": -1, "maximum": 1}},
}
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "target": {"type": "string", "description": "the offending field"},
            },
        }
    },
}
_SETTINGS = {
    "type": "object",
    "properties": {
        "rewardWaitTime": {"type": "string", "description": "ISO 8601, up to 30 days"},
        "defaultReward": {"type": "number", "minimum": -1, "maximum": 1},
        "rewardAggregation": {"enum": ["earliest"]},
        "explorationPercentage": {
            "type": ["number", "null"],
            "description": "share of decisions that explore uniformly, to 1; .02, the least, weighs by expected loss",
        },
        "learningMode": {"enum": ["Online", "Apprentice"]},
        "modelExportFrequency": {"type": "string", "description": "always PT1M; taken and not kept"},
        "logRetentionDays": {"type": "integer", "description": "always -1, for ever; taken and not kept"},
    },
}
_EVALUATION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["policies"],
    "properties": {
        "policies": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_POLICIES,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["kind"],
                "properties": {
                    "kind": {"enum": list(KINDS)},
                    "share": {"type": "number", "minimum": 0.02, "maximum": 1},
                    "sharpness": {"type": "number", "minimum": 0, "maximum": 10_000},
                },
            },
        },
        "latest": {"type": "integer", "minimum": 1, "maximum": MAX_DECISIONS},
        "tolerance": {"type": "number", "minimum": 0, "maximum": 2},
    },
}


def _json(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _answers(status: str, schema: Mapping[str, Any] | None = None) -> dict[int | str, dict[str, Any]]:
    """Answers of a Personalizer's route: the good one, and errors in its form."""
    good: dict[str, Any] = {"description": "done"} if schema is None else {"description": "done", **_json(schema)}
    refused = {"description": "refused", **_json(_ERROR)}
    refusals = ("400", "401", "403", "404", "408", "413", "415", "429", "500", "503", "507")
    return {status: good, **dict.fromkeys(refusals, refused)}


def _asks(schema: Mapping[str, Any] | None = None, azure: bool = True) -> dict[str, Any]:
    """What a route asks for: a key, as a bearer or in Azure's header, and a body."""
    header = {"name": KEY_HEADER, "in": "header", "required": False, "schema": {"type": "string"}}
    found: dict[str, Any] = {"parameters": [header] if azure else []}
    if schema is not None:
        found["requestBody"] = {"required": True, **_json(schema)}
    return found


class _Office:
    """The store's ranker, made when it is first asked for, and what the routes do with it."""

    def __init__(self, desk: Any) -> None:
        self._desk = desk
        self._making = threading.Lock()
        self._ranker: Ranker | None = None

    def ranker(self) -> Ranker:
        """Blocks while it is made: a checkpoint is read, and what came after it is learnt."""
        with self._making:
            if self._ranker is None:
                self._ranker = Ranker(self._desk.services, self._desk.exposures.settle)
            return self._ranker

    async def ready(self) -> Ranker:
        from starlette.concurrency import run_in_threadpool

        return await run_in_threadpool(self.ranker) if self._ranker is None else self._ranker

    async def rank(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """Decide, keep, answer."""
        from starlette.concurrency import run_in_threadpool

        ranker = await self.ready()
        ask = ranker.ask(document)
        if ask.event is not None:
            before = await run_in_threadpool(ranker.decided, ask.event)
            if before is not None:
                return before
        decision = ranker.decide(ask)
        try:
            await self._desk.exposures.put([decision.exposure])
        except BaseException:
            ranker.forget(decision)
            raise
        return decision.answer

    def look(self) -> None:
        """Assume what is due, also when nobody asks any more; blocks."""
        ranker = self.ranker()
        if ranker.due():
            ranker.tend()

    async def tend(self) -> None:
        """The same after an answer has gone out: wait times may be shorter than the time between two looks."""
        from starlette.concurrency import run_in_threadpool

        ranker = await self.ready()
        if ranker.due():
            await run_in_threadpool(ranker.tend)


def routes(desk: Any) -> Any:
    """A FastAPI router over the server's desk (``samouk.server.desk.Desk``)."""
    from fastapi import APIRouter, Request
    from fastapi.responses import JSONResponse, Response
    from starlette.background import BackgroundTask
    from starlette.concurrency import run_in_threadpool

    router = APIRouter()
    office = _Office(desk)
    desk.looks[RANK] = office.look

    def refused(problem: Exception) -> Response:
        status, message = desk.refusal(problem)
        return JSONResponse(_refusal(status, message, problem), status)

    def allow(role: Role, **more: str) -> Callable[[Endpoint], Endpoint]:
        """A key as the Personalizer's clients send it, and refusals as they read them."""
        declare: Callable[[Endpoint], Endpoint] = desk.allow(role, RANK, header=KEY_HEADER, form=refused, **more)
        return declare

    # Not of the Personalizer's routes: refused in this API's own form.
    evaluators: Callable[[Endpoint], Endpoint] = desk.allow(Role.OPERATOR, RANK)

    async def personally(work: Callable[[], Awaitable[Response]]) -> Response:
        """Run one of the Personalizer's routes with its form of errors."""
        try:
            return await work()
        except Exception as error:  # noqa: BLE001 - the border of a foreign form of errors; failures are counted
            status, message = desk.refusal(error)
            return JSONResponse(_refusal(status, message, error), 400 if status == 422 else status)

    @router.post(
        f"{BASE}/rank",
        tags=["rank"],
        summary="Choose one of the actions for a context, as Azure Personalizer did",
        status_code=201,
        responses=_answers("201", _RANK_ANSWER),
        openapi_extra=_asks(_RANK_REQUEST),
    )
    @allow(Role.CONTRIBUTOR)
    async def rank(request: Request) -> Response:
        async def work() -> Response:
            answer = await office.rank(await desk.json_body(request, MAX_RANK))
            return JSONResponse(answer, 201, background=BackgroundTask(office.tend))

        return await personally(work)

    @router.post(
        f"{BASE}/events/{{eventId}}/reward",
        tags=["rank"],
        summary="Tell how a ranked event turned out, from -1 to 1; the first reward stands, a late one is learnt too",
        status_code=204,
        responses=_answers("204"),
        openapi_extra=_asks(_REWARD_REQUEST),
    )
    @allow(Role.CONTRIBUTOR)
    async def reward(request: Request, eventId: str) -> Response:  # noqa: N803 - the name in the path
        async def work() -> Response:
            document = await desk.json_body(request)
            if document.keys() != {"value"}:
                raise WireError("value", "must be the one field of a reward: a number from -1 to 1")
            value = number("value", document["value"], -1, 1)
            ranker = await office.ready()
            await run_in_threadpool(ranker.reward, event_name(eventId), value)
            return Response(None, 204)

        return await personally(work)

    @router.post(
        f"{BASE}/events/{{eventId}}/activate",
        tags=["rank"],
        summary="Say that a decision whose activation was deferred was shown",
        status_code=204,
        responses=_answers("204"),
        openapi_extra=_asks(),
    )
    @allow(Role.CONTRIBUTOR)
    async def activate(eventId: str) -> Response:  # noqa: N803 - the name in the path
        async def work() -> Response:
            ranker = await office.ready()
            await run_in_threadpool(ranker.activate, event_name(eventId))
            return Response(None, 204)

        return await personally(work)

    @router.get(
        f"{BASE}/configurations/service",
        tags=["rank"],
        summary="How ranking is set",
        responses=_answers("200", _SETTINGS),
        openapi_extra=_asks(),
    )
    @allow(Role.CONTRIBUTOR)
    async def get_settings() -> Response:
        async def work() -> Response:
            return JSONResponse(document_of((await office.ready()).settings))

        return await personally(work)

    @router.put(
        f"{BASE}/configurations/service",
        tags=["rank"],
        summary="Set ranking; what is left out has its default",
        responses=_answers("200", _SETTINGS),
        openapi_extra=_asks(_SETTINGS),
    )
    @allow(Role.OPERATOR, act="set ranking")
    async def put_settings(request: Request) -> Response:
        async def work() -> Response:
            settings = settings_of(await desk.json_body(request))
            ranker = await office.ready()
            await run_in_threadpool(ranker.configure, settings)
            return JSONResponse(document_of(settings))

        return await personally(work)

    @router.post(
        "/v1/scoring/rank/evaluate",
        tags=["scoring"],
        summary="What other policies would have earned on the logged decisions: refuses, never crowns",
        responses={"200": {"description": "a report a policy", **_json({"type": "object"})}},
        openapi_extra=_asks(_EVALUATION, azure=False),
    )
    @evaluators
    async def post_evaluation(request: Request) -> JSONResponse:
        document = await desk.json_body(request)
        await run_in_threadpool(desk.exposures.settle)
        return JSONResponse(await run_in_threadpool(evaluation, desk.services.journal, document))

    return router


def evaluation(journal: Any, document: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a request for an evaluation. Raises WireError."""
    for name in document:
        if name not in ("policies", "latest", "tolerance"):
            raise WireError(str(name), "is not a field of an evaluation; remove it")
    candidates = candidates_of(document.get("policies"))
    latest = number("latest", document.get("latest", 10_000), 1, MAX_DECISIONS)
    tolerance = number("tolerance", document.get("tolerance", 0), 0, 2)
    try:
        reports = evaluate_ranking(journal, candidates, int(latest), tolerance)
    except ValueError as error:
        raise WireError("latest", str(error)) from None
    return {
        "learner": RANK,
        **logging_shown(reports[0]),
        "policies": [shown(candidate, report) for candidate, report in zip(candidates, reports, strict=True)],
    }


def _refusal(status: int, message: str, error: Exception) -> dict[str, Any]:
    codes = {401: "401", 403: "403", 404: "ResourceNotFound"}
    code = codes.get(status, "InternalServerError" if status >= 500 else "BadRequest")
    target = {"target": error.field[:MAX_ID]} if isinstance(error, WireError) else {}
    return {"error": {"code": code, "message": message, **target}}
