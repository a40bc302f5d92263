"""/health: is the process alive, and can it do its work?"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter

from samouk.server.desk import Desk


@dataclass(frozen=True, slots=True)
class Alive:
    """The process answers."""

    status: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The store answers.

    Attributes:
        models: learner → the version that clients find, null before the first release.
        failures: of the server itself, since it started.
    """

    status: str
    models: dict[str, str | None]
    failures: int


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/health/live", summary="The process answers")
    async def live() -> Alive:
        return Alive("alive")

    @router.get("/health/ready", summary="The store answers; a failing store answers 503, a full disk 507")
    def ready() -> Ready:
        for learner in desk.learners:
            desk.services.log.stats(learner)
        models = {learner: desk.services.publisher.published(learner) for learner in desk.learners}
        return Ready("ready", models, desk.failures.count)

    return router
