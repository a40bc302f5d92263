"""/v1/learners/{name}/units/{unit}: forget somebody to whom predictions were shown."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from samouk.loop.forgetting import forget_unit
from samouk.loop.learner import Learner
from samouk.loop.ports import LeaseLost, Role
from samouk.server.desk import Desk
from samouk.server.problems import Problem


@dataclass(frozen=True, slots=True)
class ForgottenView:
    """What a unit took along; ``tainted_versions`` were fitted on its rows and will be replaced."""

    learner: str
    exposures: int
    outcomes: int
    batches: int
    tainted_versions: list[str]


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["samples"])

    @router.delete("/v1/learners/{name}/units/{unit:path}", summary="Forget a unit: all it was shown, told and taught")
    @desk.allow(Role.OPERATOR)
    async def forget(name: str, unit: str, request: Request) -> ForgottenView:
        key = desk.caller(request)
        return await run_in_threadpool(_forget, desk, desk.learner(name), unit, key.label)

    return router


def _forget(desk: Desk, learner: Learner, unit: str, actor: str) -> ForgottenView:
    # What waits in files, be it of a dead server, would come back behind our back.
    desk.exposures.recover()
    desk.exposures.settle()
    try:
        gone = forget_unit(learner, desk.services, unit, actor)
    except LeaseLost as error:
        raise Problem(503, str(error), headers={"Retry-After": "5"}) from None
    return ForgottenView(learner.name, gone.exposures, gone.outcomes, gone.batches, list(gone.tainted))
