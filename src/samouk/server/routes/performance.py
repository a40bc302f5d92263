"""/v1/learners/{name}/performance: how versions did, offline and day by day in service, and what was done with them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Query, Request

from samouk.loop.performance import Performance, deployments
from samouk.loop.ports import NotFound, Services
from samouk.loop.records import Snapshot
from samouk.server import insight
from samouk.server.desk import Desk
from samouk.server.figures import LiveFigures
from samouk.server.views import MetricView, Moment, PerformanceRow, finite, metrics_of, performance_row

MAX_DAYS = 3_660


@dataclass(frozen=True, slots=True)
class EstimateView:
    """What may be expected of the exposures without an outcome (CBPE).

    Attributes:
        rows: exposures estimated.
        outcome: mean outcome.
        accuracy: share of right answers; null unless outcomes are 0 or 1.
        margin: half the width of the 95 % interval of either.
        calibrated: false when too little is known to trust it: then do not act on it.
    """

    rows: int
    outcome: float | None
    accuracy: float | None
    margin: float | None
    calibrated: bool


@dataclass(frozen=True, slots=True)
class DayView:
    """One version on one UTC day for one outcome; null where there is nothing to show.

    Attributes:
        coverage: share of the exposures whose time is up that have an outcome.
        calibration_gap: mean score less mean outcome over exposures with both; positive is too hopeful.
        expected_outcomes: those so far, corrected for the ones that are still on their way.
    """

    version: str
    day: dt.date
    metric: str
    exposures: int
    failures: int
    outcomes: int
    late: int
    assumed: int
    open: int
    coverage: float | None
    positive_rate: float | None
    mean_score: float | None
    mean_outcome: float | None
    calibration_gap: float | None
    ece: float | None
    brier: float | None
    latency_ms: float | None
    latency_p95_ms: float | None
    arrived: float | None
    expected_outcomes: float | None
    estimate: EstimateView | None


@dataclass(frozen=True, slots=True)
class DeploymentView:
    """Something that was done with a version: when, by whom, and why.

    Attributes:
        subject: the version by its name; of a rollout all its challengers, with commas between.
        rollout: the id of the rollout whose move it was; null outside of one.
    """

    at: Moment
    actor: str
    action: str
    subject: str
    reason: str
    rollout: str | None


@dataclass(frozen=True, slots=True)
class PerformanceView:
    """How versions did.

    Attributes:
        versions: in the order of their making, with their figures on the holdout.
        days: in service, by day, version and outcome.
    """

    learner: str
    metrics: list[MetricView]
    versions: list[PerformanceRow]
    days: list[DayView]


@dataclass(frozen=True, slots=True)
class DeploymentsView:
    """Every deployment, promotion and rollback, oldest first."""

    learner: str
    deployments: list[DeploymentView]


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["performance"])
    figures = LiveFigures(desk.services)

    @router.get("/v1/learners/{name}/performance", summary="Figures of each version: on the holdout, and day by day")
    @desk.figures()
    def get_performance(name: str, days: Annotated[int, Query(ge=1, le=MAX_DAYS)] = 30) -> PerformanceView:
        learner, services = desk.learner(name), desk.services
        versions = sorted(services.registry.versions(name), key=lambda version: version.number)
        rows = [performance_row(version, _snapshot(services, version.snapshot)) for version in versions]
        since = services.clock.now().date() - dt.timedelta(days=days - 1)
        live = [day_of(one) for one in figures.of(learner, since)]
        return PerformanceView(name, metrics_of(learner), rows, live)

    @router.get("/v1/learners/{name}/deployments", summary="Every deployment, promotion and rollback with its reason")
    @desk.figures(insight=True)
    def get_deployments(name: str, request: Request) -> DeploymentsView:
        learner = desk.learner(name)
        found = deployments(learner, desk.services)
        if not desk.operates(request, name):
            found = [replace(one, actor=insight.actor(one.actor), reason="") for one in found]
        return DeploymentsView(
            name,
            [DeploymentView(one.at, one.actor, one.action, one.subject, one.reason, one.rollout) for one in found],
        )

    return router


def day_of(one: Performance) -> DayView:
    """One row as it is shown."""
    figures = one.figures
    return DayView(
        version=figures.version,
        day=figures.day,
        metric=figures.metric,
        exposures=figures.exposures,
        failures=figures.failures,
        outcomes=figures.outcomes,
        late=figures.late,
        assumed=figures.assumed,
        open=figures.open,
        coverage=finite(figures.coverage),
        positive_rate=finite(one.positive_rate),
        mean_score=finite(figures.mean_score),
        mean_outcome=finite(figures.mean_outcome),
        calibration_gap=finite(one.calibration_gap),
        ece=finite(one.ece),
        brier=finite(figures.brier),
        latency_ms=finite(figures.latency_ms),
        latency_p95_ms=finite(figures.latency_p95_ms),
        arrived=finite(one.arrived),
        expected_outcomes=finite(one.expected),
        estimate=_estimate(one),
    )


def _estimate(one: Performance) -> EstimateView | None:
    found = one.estimate
    if found is None:
        return None
    numbers = (finite(found.outcome), finite(found.accuracy), finite(found.margin))
    return EstimateView(found.rows, *numbers, found.calibrated)


def _snapshot(services: Services, digest: str | None) -> Snapshot | None:
    try:
        return services.registry.snapshot(digest) if digest else None
    except NotFound:
        return None
