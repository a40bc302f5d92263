"""How one version did over all its days in service, as one record; pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from samouk.loop.live import DayFigures


@dataclass(frozen=True, slots=True)
class PerformanceMetrics:
    """How one version did in service.

    Attributes:
        positive_outcome_rate: share of outcomes of at least one half; None without outcomes.
        average_calling_score: mean of what the version answered; None when it never did.
        average_outcome_score: mean of how it turned out; None without outcomes.
        sample_count: predictions with an outcome.
        exposures: predictions in all.
        tracking_start, tracking_end: first and last UTC day of its predictions; None without any.
    """

    version: str
    model_type: str
    positive_outcome_rate: float | None
    average_calling_score: float | None
    average_outcome_score: float | None
    sample_count: int
    exposures: int
    tracking_start: dt.date | None
    tracking_end: dt.date | None


def summed(version: str, model_type: str, days: Sequence[DayFigures]) -> PerformanceMetrics:
    """Days as one: means weigh by what they are means of."""
    outcomes = sum(day.outcomes for day in days)
    positives = sum(day.positives for day in days)
    return PerformanceMetrics(
        version=version,
        model_type=model_type,
        positive_outcome_rate=positives / outcomes if outcomes else None,
        average_calling_score=_weighed([(day.mean_score, day.exposures - day.failures) for day in days]),
        average_outcome_score=_weighed([(day.mean_outcome, day.outcomes) for day in days]),
        sample_count=outcomes,
        exposures=sum(day.exposures for day in days),
        tracking_start=min((day.day for day in days), default=None),
        tracking_end=max((day.day for day in days), default=None),
    )


def _weighed(parts: Sequence[tuple[float | None, int]]) -> float | None:
    known = [(value, weight) for value, weight in parts if value is not None and weight]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None
