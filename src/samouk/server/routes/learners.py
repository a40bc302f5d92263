"""GET /v1/learners: what learns here, in which state, and how its versions did."""

from __future__ import annotations

from fastapi import APIRouter

from samouk.loop.learner import Learner
from samouk.loop.ports import NotFound, Services
from samouk.loop.records import Snapshot
from samouk.server.desk import Desk
from samouk.server.views import (
    LearnersView,
    LearnerView,
    PerformanceView,
    learner_of,
    metrics_of,
    performance_row,
)


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["learners"])

    @router.get("/v1/learners", summary="Every learner and its state")
    def list_learners() -> LearnersView:
        return LearnersView([_view(desk.services, learner) for learner in desk.learners.values()])

    @router.get("/v1/learners/{name}", summary="One learner and its state")
    def get_learner(name: str) -> LearnerView:
        return _view(desk.services, desk.learner(name))

    @router.get("/v1/learners/{name}/performance", summary="Figures of each version, oldest first")
    def get_performance(name: str) -> PerformanceView:
        learner = desk.learner(name)
        versions = sorted(desk.services.registry.versions(name), key=lambda version: version.number)
        rows = [performance_row(version, _snapshot(desk.services, version.snapshot)) for version in versions]
        return PerformanceView(name, metrics_of(learner), rows)

    return router


def _view(services: Services, learner: Learner) -> LearnerView:
    stats = services.log.stats(learner.name)
    champion = services.registry.production(learner.name)
    return learner_of(learner, stats, champion, services.publisher.published(learner.name))


def _snapshot(services: Services, digest: str | None) -> Snapshot | None:
    try:
        return services.registry.snapshot(digest) if digest else None
    except NotFound:
        return None
