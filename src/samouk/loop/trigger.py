"""Is it time to learn? What is known of a learner's state → an order with its reason, or None."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from samouk.edge.wire import Field, Schema
from samouk.loop.columns import Columns, rows_in
from samouk.loop.learner import Metric, TriggerPolicy
from samouk.loop.records import Order, TriggerKind

DRIFT_DISTANCE = 0.15
"""Jensen-Shannon distance (base 2, 0 to 1) of one field beyond which it counts as moved."""

DRIFT_MINIMUM = 500
"""New rows below which distances are not looked at: an effect size needs enough rows, not a p-value."""

QUALITY_MINIMUM = 200
"""Fresh labelled rows below which live quality is not judged."""

Histogram = Mapping[str, list[float]]
"""Field → shares of its bins, summing to 1. Plain lists: it is kept with a version as JSON."""


@dataclass(frozen=True, slots=True)
class State:
    """What the triggers look at.

    Attributes:
        now: the present moment.
        last_turn: when the last finished run began; None before the first.
        last_kind: why it was taken.
        new_samples: rows in live batches that the last snapshot had not seen.
        erased: whether something that the champion was fitted on was erased since.
        quality: metric → mean of the champion on fresh labelled rows; empty when too few.
        moved: fields whose distribution left the champion's reference, with their distances.
    """

    now: dt.datetime
    last_turn: dt.datetime | None = None
    last_kind: TriggerKind | None = None
    new_samples: int = 0
    erased: bool = False
    quality: Mapping[str, float] = field(default_factory=dict)
    moved: Mapping[str, float] = field(default_factory=dict)


def decide(policy: TriggerPolicy, metrics: tuple[Metric, ...], state: State) -> Order | None:
    """The most pressing reason to learn now, or None."""
    tried = state.last_kind is TriggerKind.ERASURE and _cooling(policy, state)
    if state.erased and not tried:
        # A person asked for it, so it waits for nothing but its own last try.
        return Order(TriggerKind.ERASURE, "samples that the champion was fitted on were erased")
    if state.new_samples == 0 or _cooling(policy, state):
        return None
    return _quality(metrics, state) or _drift(state) or _volume(policy, state) or _time(policy, state)


def _cooling(policy: TriggerPolicy, state: State) -> bool:
    return state.last_turn is not None and state.now - state.last_turn < policy.cooldown


def _quality(metrics: tuple[Metric, ...], state: State) -> Order | None:
    for metric in metrics:
        value = state.quality.get(metric.name)
        if metric.floor is not None and value is not None and _below(metric, value):
            reason = f"{metric.name} is {value:.3f} on fresh samples, its floor is {metric.floor:.3f}"
            return Order(TriggerKind.QUALITY, reason)
    return None


def _below(metric: Metric, value: float) -> bool:
    floor = metric.floor if metric.floor is not None else 0.0
    return value < floor if metric.direction == "up" else value > floor


def _drift(state: State) -> Order | None:
    # One moved field is weather; two are a change of climate.
    # Falling quality is looked at before and needs no drift to be a reason.
    if len(state.moved) >= 2:
        worst = sorted(state.moved.items(), key=lambda item: -item[1])[:3]
        return Order(TriggerKind.DRIFT, "moved: " + ", ".join(f"{name} by {far:.2f}" for name, far in worst))
    return None


def _volume(policy: TriggerPolicy, state: State) -> Order | None:
    if state.new_samples < policy.volume:
        return None
    return Order(TriggerKind.VOLUME, f"{state.new_samples} new samples, {policy.volume} are enough")


def _time(policy: TriggerPolicy, state: State) -> Order | None:
    if state.last_turn is None or state.now - state.last_turn < policy.period:
        return None
    days = (state.now - state.last_turn).days
    return Order(TriggerKind.TIME, f"{days} days since the last turn, {state.new_samples} new samples")


def histogram(schema: Schema, columns: Columns) -> dict[str, list[float]]:
    """Shares of each field's values: flags and categories by value, numbers in ten equal bins of their range."""
    rows = rows_in(columns)
    if rows == 0:
        return {}
    return {
        spec.name: (np.bincount(_bins(spec, columns[spec.name]), minlength=_width(spec)) / rows).tolist()
        for spec in schema.fields
        if spec.kind not in ("identifier", "week")
    }


def moved(reference: Histogram, recent: Histogram) -> dict[str, float]:
    """Fields of ``recent`` farther than ``DRIFT_DISTANCE`` from ``reference``, with the distance."""
    distances = {
        name: distance(np.asarray(reference[name]), np.asarray(shares))
        for name, shares in recent.items()
        if name in reference and len(reference[name]) == len(shares)
    }
    return {name: far for name, far in distances.items() if far > DRIFT_DISTANCE}


def distance(p: np.ndarray[Any, Any], q: np.ndarray[Any, Any]) -> float:
    """Jensen-Shannon distance of two discrete distributions, base 2, in [0, 1] (Lin 1991; its square root is a metric).

    An effect size: it does not grow with the number of rows, as a test's p-value would.
    """
    middle = (p + q) / 2
    divergence = (_entropy_to(p, middle) + _entropy_to(q, middle)) / 2
    return float(np.sqrt(max(divergence, 0.0)))


def _entropy_to(p: np.ndarray[Any, Any], q: np.ndarray[Any, Any]) -> float:
    support = p > 0
    return float(np.sum(p[support] * np.log2(p[support] / q[support])))


def _width(spec: Field) -> int:
    widths = {"flag": 3, "category": len(spec.values) + 1}
    return widths.get(spec.kind, 11)


def _bins(spec: Field, column: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Bin of each value; bin 0 holds what is missing."""
    if spec.kind in ("flag", "category"):
        return column.astype(np.int64) + 1
    span = (spec.high - spec.low) or 1.0
    known = np.isfinite(column) & (column >= spec.low)
    scaled = np.clip(np.where(known, (column - spec.low) / span * 10, 0), 0, 9).astype(np.int64)
    return np.where(known, scaled + 1, 0)
