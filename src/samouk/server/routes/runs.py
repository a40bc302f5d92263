"""/v1/learners/{name}/runs: the turns of the loop, with their reasons and verdicts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from samouk.loop.ports import NotFound
from samouk.loop.records import Run
from samouk.server import insight
from samouk.server.desk import Desk
from samouk.server.views import RunsView, RunView, run_of

MAX_RUNS = 1_000


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["runs"])

    def told(request: Request, run: Run) -> RunView:
        return run_of(run if desk.operates(request, run.learner) else insight.run(run))

    @router.get("/v1/learners/{name}/runs", summary="Turns of the loop, newest first")
    @desk.figures(insight=True)
    def list_runs(name: str, request: Request, limit: Annotated[int, Query(ge=1, le=MAX_RUNS)] = 100) -> RunsView:
        found = desk.services.runs.runs(desk.learner(name).name, limit)
        return RunsView([told(request, run) for run in found])

    @router.get("/v1/learners/{name}/runs/{run_id}", summary="One turn")
    @desk.figures(insight=True)
    def get_run(name: str, run_id: str, request: Request) -> RunView:
        for run in desk.services.runs.runs(desk.learner(name).name, MAX_RUNS):
            if run.run_id == run_id:
                return told(request, run)
        raise NotFound(f"{name} has no run {run_id:.64} among its last {MAX_RUNS}")

    return router
