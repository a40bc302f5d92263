"""GET /v1/learners: what learns here, and in which state."""

from __future__ import annotations

from fastapi import APIRouter

from samouk.loop.learner import Learner
from samouk.loop.ports import Services
from samouk.server.desk import Desk
from samouk.server.views import LearnersView, LearnerView, learner_of


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["learners"])

    @router.get("/v1/learners", summary="Every learner and its state")
    @desk.figures()
    def list_learners() -> LearnersView:
        return LearnersView([_view(desk.services, learner) for learner in desk.learners.values()])

    @router.get("/v1/learners/{name}", summary="One learner and its state")
    @desk.figures()
    def get_learner(name: str) -> LearnerView:
        return _view(desk.services, desk.learner(name))

    return router


def _view(services: Services, learner: Learner) -> LearnerView:
    stats = services.log.stats(learner.name)
    champion = services.registry.production(learner.name)
    return learner_of(learner, stats, champion, services.publisher.published(learner.name))
