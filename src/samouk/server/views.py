"""What the API shows of the loop's records: plain JSON, no internal keys, no number that JSON cannot hold."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import ConfigDict, PlainSerializer

from samouk.loop.learner import Learner
from samouk.loop.records import Erasure, Figure, LogStats, Run, Snapshot, Version

STRICT = ConfigDict(extra="forbid")
"""Of what is sent: a misspelt member is refused, not passed over."""


def second(at: dt.datetime) -> dt.datetime:
    """The moment as it is shown: to the second, since the rest of it says more of a machine than of what it did."""
    return at.replace(microsecond=0)


Moment = Annotated[dt.datetime, PlainSerializer(second, return_type=dt.datetime)]
"""A moment in a view, to the second however exact it is in the record."""


@dataclass(frozen=True, slots=True)
class MetricView:
    """One measure; ``direction`` is ``up`` when higher is better, ``primary`` marks the one that decides."""

    name: str
    direction: str
    tolerance: float
    primary: bool
    help: str


@dataclass(frozen=True, slots=True)
class LearnerView:
    """One learner and its state; ``version`` is in production, ``published`` is what clients find."""

    name: str
    schema_version: int
    classes: list[str]
    metrics: list[MetricView]
    version: str | None
    published: str | None
    total_batches: int
    total_samples: int
    quarantined_batches: int
    last_upload: dt.date | None


@dataclass(frozen=True, slots=True)
class LearnersView:
    """Every learner."""

    learners: list[LearnerView]


@dataclass(frozen=True, slots=True)
class StatsView:
    """Counts over what is stored; the day is the finest time that is kept."""

    total_batches: int
    total_samples: int
    last_upload: dt.date | None
    quarantined_batches: int


@dataclass(frozen=True, slots=True)
class ErasureView:
    """Proof of an erasure; ``tainted_versions`` were fitted on the batch and will be replaced."""

    batch_id: str
    learner: str
    samples: int
    day: dt.date
    tainted_versions: list[str]


@dataclass(frozen=True, slots=True)
class FigureView:
    """One comparison of the gate; null where it could not be measured."""

    name: str
    champion: float | None
    challenger: float | None
    n: int
    p_value: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class RunView:
    """One turn of the loop; ``end`` is null while it runs."""

    run_id: str
    learner: str
    trigger: str
    reason: str
    started: Moment
    ended: Moment | None
    end: str | None
    version: str | None
    snapshot: str | None
    decision: str | None
    reasons: list[str]
    figures: list[FigureView]
    notes: list[str]
    failed: bool


@dataclass(frozen=True, slots=True)
class RunsView:
    """Runs, newest first."""

    runs: list[RunView]


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version with its lineage; ``url`` leads to its bytes, whose digest is ``sha256``."""

    learner: str
    version: str
    number: int
    stage: str
    created: Moment
    url: str
    sha256: str
    size: int
    parent: str | None
    snapshot: str | None
    figures: dict[str, float | None]
    changelog: list[str]
    tainted: bool
    card: dict[str, Any]


@dataclass(frozen=True, slots=True)
class VersionsView:
    """Versions, newest first."""

    versions: list[VersionView]


@dataclass(frozen=True, slots=True)
class PerformanceRow:
    """What is known of one version.

    ``samples`` counts the snapshot that it was fitted and judged on, both sides; ``figures`` are those of the holdout.
    """

    version: str
    number: int
    stage: str
    created: Moment
    samples: int | None
    figures: dict[str, float | None]


def finite(value: float | None) -> float | None:
    """The number, or None where there is none to show."""
    return float(value) if value is not None and math.isfinite(value) else None


def figures_of(figures: Mapping[str, float]) -> dict[str, float | None]:
    return {name: finite(value) for name, value in figures.items()}


def plain(value: Any) -> Any:
    """A model card without NaN and infinities, however deep."""
    if isinstance(value, float):
        return finite(value)
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def metrics_of(learner: Learner) -> list[MetricView]:
    return [
        MetricView(metric.name, metric.direction, metric.tolerance, metric is learner.primary, metric.help)
        for metric in learner.metrics
    ]


def learner_of(learner: Learner, stats: LogStats, champion: Version | None, published: str | None) -> LearnerView:
    return LearnerView(
        name=learner.name,
        schema_version=learner.schema.version,
        classes=list(learner.classes),
        metrics=metrics_of(learner),
        version=champion.name if champion else None,
        published=published,
        total_batches=stats.total_batches,
        total_samples=stats.total_samples,
        quarantined_batches=stats.quarantined_batches,
        last_upload=stats.last_upload,
    )


def stats_of(stats: LogStats) -> StatsView:
    return StatsView(stats.total_batches, stats.total_samples, stats.last_upload, stats.quarantined_batches)


def erasure_of(erasure: Erasure, tainted: list[str]) -> ErasureView:
    return ErasureView(erasure.batch_id, erasure.learner, erasure.rows, erasure.day, tainted)


def figure_of(figure: Figure) -> FigureView:
    return FigureView(
        figure.name,
        finite(figure.champion),
        finite(figure.challenger),
        figure.n,
        finite(figure.p_value),
        figure.verdict,
    )


def run_of(run: Run) -> RunView:
    """The error's text is for the operator's log, not for the public: only that it failed is shown."""
    verdict = run.verdict
    return RunView(
        run_id=run.run_id,
        learner=run.learner,
        trigger=str(run.order.kind),
        reason=run.order.reason,
        started=run.started,
        ended=run.ended,
        end=str(run.end) if run.end else None,
        version=run.version,
        snapshot=run.snapshot,
        decision=str(verdict.decision) if verdict else None,
        reasons=list(verdict.reasons) if verdict else [],
        figures=[figure_of(figure) for figure in verdict.figures] if verdict else [],
        notes=list(run.notes),
        failed=run.error is not None,
    )


def version_of(version: Version, url: str) -> VersionView:
    return VersionView(
        learner=version.learner,
        version=version.name,
        number=version.number,
        stage=str(version.stage),
        created=version.created,
        url=url,
        sha256=version.artifact_digest,
        size=version.artifact_size,
        parent=version.parent,
        snapshot=version.snapshot,
        figures=figures_of(version.figures),
        changelog=list(version.changelog),
        tainted=version.tainted,
        card=plain(version.card),
    )


def performance_row(version: Version, snapshot: Snapshot | None) -> PerformanceRow:
    return PerformanceRow(
        version=version.name,
        number=version.number,
        stage=str(version.stage),
        created=version.created,
        samples=snapshot.rows if snapshot else None,
        figures=figures_of(version.figures),
    )
