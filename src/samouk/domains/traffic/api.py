"""Addresses under /ml: what a guard sees, what operators say of it, and its models.

FastAPI is imported inside, so that the package can be read without it; annotations are therefore real objects here,
not text. Whatever names users needs the key of an operator.
"""

import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from samouk.domains.traffic.detect.book import AlreadyTold
from samouk.domains.traffic.forms import SOURCES, minutes_of
from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.meters import meters
from samouk.domains.traffic.office import Conflict, Office, coverage_of, of_desk
from samouk.domains.traffic.records import Severity
from samouk.edge.wire import WireError
from samouk.loop.ports import NotFound, Role, covers

if TYPE_CHECKING:
    from fastapi import APIRouter

ABOUT = "traffic.*"
"""The guard is of all its learners."""

MAX_BODY = 64_000
MAX_ACTIVITY = 1_000_000
"""Bytes of a batch of activity, at most."""

HORIZONS = "1,10,60,360,1440,2880"
"""Minutes ahead for which load is foreseen when nobody says which."""

_OBJECT = {"content": {"application/json": {"schema": {"type": "object"}}}}
_EVENTS = {
    "type": "object",
    "additionalProperties": False,
    "required": ["events"],
    "properties": {
        "events": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1_000,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["user_id"],
                "properties": {
                    "user_id": {"type": "string", "minLength": 1, "maxLength": 256},
                    "message_size": {"type": "number", "minimum": 0, "description": "bytes"},
                    "channels": {"description": "names of the channels in use, or how many there are"},
                    "ip_address": {"type": ["string", "null"], "description": "hashed with a salt, and forgotten"},
                    "error": {"type": "boolean"},
                    "rate_limited": {"type": "boolean"},
                    "at": {"type": ["number", "null"], "description": "seconds since 1970; else now"},
                },
            },
        }
    },
}
_ANALYSIS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "user_id": {"type": "string", "description": "look at this user now"},
        "features": {"type": "object", "description": "or weigh this window; what is left out is 0"},
    },
}
_RULES = {
    "type": "object",
    "additionalProperties": False,
    "required": ["rules"],
    "properties": {"rules": {"type": "array", "minItems": 1, "maxItems": 100, "items": {"type": "object"}}},
}
_TRAINING = {
    "type": "object",
    "additionalProperties": False,
    "required": ["model_name"],
    "properties": {
        "model_name": {"type": "string", "description": "anomaly, load or behavior"},
        "data_source": {"enum": list(SOURCES), "description": "recent stores the windows analysed lately first"},
        "auto_deploy": {"type": "boolean", "description": "false, as by default: what passes waits for a person"},
    },
}
_QUESTION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["model_name", "features"],
    "properties": {"model_name": {"type": "string"}, "features": {"type": "object"}},
}


Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def _asks(schema: Any = None) -> dict[str, Any]:
    """The body that a route asks for."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}} if schema else {}


def _about(summary: str, extra: dict[str, Any], status: int = 200) -> dict[str, Any]:
    return {
        "summary": summary,
        "status_code": status,
        "responses": {status: {"description": "done", **_OBJECT}},
        "openapi_extra": extra,
    }


def routes(desk: Any) -> Any:
    """A FastAPI router over the server's desk (``samouk.server.desk.Desk``)."""
    from fastapi import APIRouter

    office = of_desk(desk)
    desk.meters.append(lambda: meters(office.made))
    if desk.keeps:  # the other processes know nobody, and tell the guard through the store
        desk.forgets["traffic"] = office.forget
    desk.at_one("/ml/")

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        from starlette.concurrency import run_in_threadpool

        if desk.keeps:
            await run_in_threadpool(office.begin)
        yield
        await run_in_threadpool(office.close)

    router = APIRouter(tags=["traffic"], lifespan=lifespan)
    router.include_router(_reading(office))
    router.include_router(_looking(office))
    router.include_router(_operating(office))
    router.include_router(_hearing(office))
    router.include_router(_modelling(office))
    return router


def routes_of(guard: Guard, operate: Callable[..., Any] | bool = False) -> Any:
    """A FastAPI router over a guard of one's own: the routes that read, and with ``operate`` those that act.

    Who may see them the application says, where it mounts them.

    Args:
        operate: a FastAPI dependency that raises unless an operator asks: also mounts confirm, dismiss, rules, cleanup
            and forgetting, behind it. True mounts them as open as the others. False leaves them away.
    """
    from fastapi import APIRouter, Depends

    office, router = Office(lambda: guard), APIRouter()
    router.include_router(_reading(office))
    router.include_router(_looking(office))
    if operate is not False:
        doors = [] if operate is True else [Depends(operate)]
        router.include_router(_operating(office), dependencies=doors)
    return router


def _router(office: Office) -> "APIRouter":
    """A router whose errors are answers: the platform's own have its form, elsewhere field and detail are told."""
    from fastapi import APIRouter, HTTPException, Request
    from fastapi.responses import JSONResponse, Response
    from fastapi.routing import APIRoute

    class Named(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def handled(request: Request) -> Response:
                try:
                    return await handle(request)
                except (AlreadyTold, Conflict) as error:
                    raise HTTPException(409, str(error)) from None
                except (NotFound, WireError) as error:
                    if office.desk is not None:
                        raise
                    if isinstance(error, NotFound):
                        raise HTTPException(404, str(error)) from None
                    return JSONResponse({"detail": error.reason, "field": error.field}, 422)

            return handled

    return APIRouter(route_class=Named)


class _Doors:
    """Who may come in, and what they bring; an application that mounts the routes itself has doors of its own."""

    def __init__(self, desk: Any) -> None:
        self._desk = desk

    def allow(self, role: Role | None, **more: Any) -> Callable[[Endpoint], Endpoint]:
        """Declare who may use a route, and whatever else a route declares."""
        return (lambda endpoint: endpoint) if self._desk is None else self._desk.allow(role, ABOUT, **more)

    def figures(self) -> Callable[[Endpoint], Endpoint]:
        """Declare a route that shows figures."""
        return (lambda endpoint: endpoint) if self._desk is None else self._desk.figures(ABOUT)

    async def operates(self, request: Any) -> bool:
        """Whether an operator asks, where anybody may. A key that is none is refused all the same."""
        if self._desk is None:
            return True
        caller = await self._desk.recognised(request)
        return caller is not None and caller.role.covers(Role.OPERATOR) and covers(caller.learners, ABOUT)

    def label(self, request: Any) -> str:
        """Who asks; "" where nobody says."""
        return self._desk.caller(request).label if self._desk else ""

    async def body(self, request: Any, limit: int = MAX_BODY) -> dict[str, Any]:
        if self._desk is not None:
            return dict(await self._desk.json_body(request, limit))
        data = bytearray()
        async for piece in request.stream():
            data += piece
            if len(data) > limit:
                raise WireError("body", f"must have at most {limit:,} bytes")
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            raise WireError("body", "must be JSON") from None
        if not isinstance(document, dict):
            raise WireError("body", "must be a JSON object")
        return document


def _reading(office: Office) -> "APIRouter":
    from fastapi import Query, Request
    from fastapi.responses import JSONResponse
    from starlette.concurrency import run_in_threadpool

    router, doors = _router(office), _Doors(office.desk)
    many = Annotated[int, Query(ge=1, le=1_000)]

    @router.get("/ml/status", **_about("Whether the guard is well; for operators also how everything stands", _asks()))
    @doors.allow(None)
    async def status(request: Request) -> JSONResponse:
        whole = await doors.operates(request)
        return JSONResponse(await run_in_threadpool(office.status if whole else office.health))

    @router.get("/ml/features/recent", **_about("Windows that were analysed last, the newest first", _asks()))
    @doors.allow(Role.OPERATOR)
    async def recent_features(limit: many = 100) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(office.windows, limit))

    @router.get("/ml/anomalies/recent", **_about("Alerts, the newest first, and what the budget held back", _asks()))
    @doors.allow(Role.OPERATOR)
    async def recent_anomalies(limit: many = 100, min_severity: Severity = Severity.LOW) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(office.alerts, limit, min_severity))

    return router


def _looking(office: Office) -> "APIRouter":
    from fastapi import Query, Request
    from fastapi.responses import JSONResponse
    from starlette.concurrency import run_in_threadpool

    router, doors = _router(office), _Doors(office.desk)

    @router.post("/ml/anomalies/analyze", **_about("Look at a user now, or weigh a window", _asks(_ANALYSIS)))
    @doors.allow(Role.OPERATOR)
    async def analyze(request: Request) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(office.analyze, await doors.body(request)))

    @router.get("/ml/rules", **_about("The table of detection rules in force", _asks()))
    @doors.allow(Role.CONTRIBUTOR)
    async def rules() -> JSONResponse:
        return JSONResponse(await run_in_threadpool(office.rules))

    @router.get("/ml/load/forecast", **_about("Messages a minute that are expected, with intervals", _asks()))
    @doors.figures()
    async def forecast(
        minutes: Annotated[str, Query(max_length=400)] = HORIZONS, coverage: float = 0.9
    ) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(office.forecast, minutes_of(minutes), coverage_of(coverage)))

    return router


def _operating(office: Office) -> "APIRouter":
    from fastapi import Query, Request
    from fastapi.responses import JSONResponse
    from starlette.concurrency import run_in_threadpool

    router, doors = _router(office), _Doors(office.desk)

    @router.delete("/ml/features/cleanup", **_about("Forget users who were not heard for so long", _asks()))
    @doors.allow(Role.OPERATOR, act="forget quiet users")
    async def clean_up(
        max_age_hours: Annotated[float, Query(ge=0, le=8_760, allow_inf_nan=False)] = 24,
    ) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(office.clean_up, max_age_hours))

    @router.post("/ml/anomalies/{alert_id}/confirm", **_about("Say that an alert was harm", _asks()))
    @doors.allow(Role.OPERATOR, act="confirm an alert")
    async def confirm(alert_id: str) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(office.confirm, alert_id))

    @router.post("/ml/anomalies/{alert_id}/dismiss", **_about("Say that an alert was none", _asks()))
    @doors.allow(Role.OPERATOR, act="dismiss an alert")
    async def dismiss(alert_id: str) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(office.dismiss, alert_id))

    @router.put("/ml/rules", **_about("Put another table of detection rules in force", _asks(_RULES)))
    @doors.allow(Role.OPERATOR, act="set detection rules")
    async def put_rules(request: Request) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(office.put_rules, await doors.body(request)))

    @router.delete("/ml/users/{user_id:path}", **_about("Forget all that the guard knows of a user", _asks()))
    @doors.allow(Role.OPERATOR, act="forget a user")
    async def forget(user_id: str) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(office.forget, user_id))

    return router


def _hearing(office: Office) -> "APIRouter":
    from fastapi import Request
    from fastapi.responses import JSONResponse
    from starlette.concurrency import run_in_threadpool

    router, doors = _router(office), _Doors(office.desk)

    @router.post("/ml/activity", **_about("Tell what happened in another process; answers limits", _asks(_EVENTS)))
    @doors.allow(Role.OPERATOR, most=MAX_ACTIVITY)
    async def activity(request: Request) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(office.hear, await doors.body(request, MAX_ACTIVITY)))

    return router


def _modelling(office: Office) -> "APIRouter":
    from fastapi import Request
    from fastapi.responses import JSONResponse
    from starlette.concurrency import run_in_threadpool

    router, doors = _router(office), _Doors(office.desk)

    @router.get("/ml/models", **_about("The models of the guard, and their versions", _asks()))
    @doors.figures()
    async def models() -> JSONResponse:
        return JSONResponse(await run_in_threadpool(office.models))

    @router.get("/ml/behavior/groups", **_about("Groups of users that behave alike, and what is typical", _asks()))
    @doors.allow(Role.CONTRIBUTOR)
    async def behavior_groups() -> JSONResponse:
        return JSONResponse(await run_in_threadpool(office.groups))

    @router.post("/ml/models/train", **_about("Learn now, in a process of its own", _asks(_TRAINING), 202))
    @doors.allow(Role.OPERATOR)
    async def train(request: Request) -> JSONResponse:
        who = doors.label(request)
        return JSONResponse(await run_in_threadpool(office.train, await doors.body(request), who), 202)

    @router.post("/ml/models/predict", **_about("Try a model on a row; nothing is recorded", _asks(_QUESTION)))
    @doors.allow(Role.CONTRIBUTOR)
    async def predict(request: Request) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(office.predict, await doors.body(request)))

    @router.post("/ml/models/{model_name}/load", **_about("Read again what is in service, into force here", _asks()))
    @doors.allow(Role.OPERATOR, act="load a model")
    async def load(model_name: str) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(office.load, model_name))

    return router
