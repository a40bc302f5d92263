"""/health: is the process alive, and can it do its work?"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter

from samouk.server.desk import Desk
from samouk.server.problems import Problem
from samouk.server.readiness import Standing, standings


@dataclass(frozen=True, slots=True)
class Alive:
    """The process answers."""

    status: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The store answers, and so does some version of each learner that makes its predictions here.

    Attributes:
        models: learner → the version that clients find, null before the first release.
        failures: of the server itself, since it started.
        serving: learner → its version in service, and whether that answers here.
        missing: what is out of order and can be done without for a while: the server answers all the same.
    """

    status: str
    models: dict[str, str | None]
    failures: int
    serving: dict[str, Standing]
    missing: list[str]


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/health/live", summary="The process answers")
    @desk.allow(None, unbounded=True)
    async def live() -> Alive:
        return Alive("alive")

    @router.get(
        "/health/ready",
        summary="The store and a version of each learner answer; 503 when one fails or the server stops, 507 when full",
    )
    @desk.allow(None, unbounded=True)
    def ready() -> Ready:
        if desk.draining.is_set():
            raise Problem(503, "this server is about to stop: ask another one", headers={"Retry-After": "1"})
        for learner in desk.learners:
            desk.services.log.stats(learner)
        models = {learner: desk.services.publisher.published(learner) for learner in desk.learners}
        serving = standings(desk)
        silent = [f"{name} {one.version}" for name, one in serving.items() if desk.service.silent(name)]
        if silent:
            words = (
                f"in service and not answering: {', '.join(silent)}; the log says why, a rollback or a retrain helps"
            )
            raise Problem(503, words, headers={"Retry-After": "30"})
        missing = desk.options.missing() if desk.options.missing else []
        return Ready("ready", models, desk.failures.count, serving, missing)

    return router
