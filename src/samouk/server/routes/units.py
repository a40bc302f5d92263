"""/v1/learners/{name}/units/{unit}: what is held of somebody to whom predictions were shown, and its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from samouk.loop.erasure import forget_subject
from samouk.loop.held import of_subject
from samouk.loop.learner import Learner
from samouk.loop.ports import LeaseLost, Role
from samouk.server.access import Caller
from samouk.server.desk import Desk
from samouk.server.lines import LINES, lines
from samouk.server.problems import Problem

Unit = Annotated[str, Path(description="as the application calls it")]


@dataclass(frozen=True, slots=True)
class ForgottenView:
    """What a unit took along; ``tainted_versions`` were fitted on its rows and will be replaced.

    ``documents`` are what the learner's domain kept of the unit beside the journal; ``pending`` says what runs
    elsewhere and has not said yet that it forgot the unit too: ask again.
    """

    learner: str
    exposures: int
    outcomes: int
    batches: int
    documents: int
    tainted_versions: list[str]
    pending: list[str]


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["samples"])

    @router.delete("/v1/learners/{name}/units/{unit:path}", summary="Forget a unit: all it was shown, told and taught")
    @desk.allow(Role.OPERATOR)
    async def forget(name: str, unit: Unit, request: Request) -> ForgottenView:
        return await run_in_threadpool(_forget, desk, desk.learner(name), unit, desk.caller(request))

    @router.get(
        "/v1/learners/{name}/units/{unit:path}",
        summary="All that is held of a unit, a JSON object a line, streamed",
        response_class=StreamingResponse,
        responses=LINES,
    )
    @desk.allow(Role.OPERATOR, act="export a unit")
    def export(name: str, unit: Unit, request: Request) -> StreamingResponse:
        learner = desk.learner(name)
        desk.exposures.recover()
        desk.exposures.settle()
        return lines(of_subject(desk.services, [learner], desk.domains_of([learner], desk.caller(request)), unit))

    return router


def _forget(desk: Desk, learner: Learner, unit: str, caller: Caller) -> ForgottenView:
    try:
        removed, tainted, pending = forget_subject(desk.house([learner], caller), [learner], unit, caller.label)
    except LeaseLost as error:
        raise Problem(503, str(error), headers={"Retry-After": "5"}) from None
    names = [name.partition("/")[2] for name in tainted]
    return ForgottenView(
        learner.name,
        removed["exposures"],
        removed["outcomes"],
        removed["batches"],
        removed["documents"],
        names,
        list(pending),
    )
