"""The learner of the load: from what was seen at a moment to what comes minutes later, judged when it has come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from samouk.domains.traffic.load import model
from samouk.domains.traffic.load.history import Values
from samouk.domains.traffic.load.schema import CAME, NAME, SCHEMA, TOLD, rate_of, sample
from samouk.edge.wire import Row
from samouk.loop.columns import MANY, Columns, from_rows, stretches, take
from samouk.loop.learner import Learner, Metric, OutcomeSpec, Policy
from samouk.loop.records import Artifact, BoolArray, Examples, FloatArray, Labels
from samouk.loop.rollout_policy import RolloutPolicy

if TYPE_CHECKING:
    from samouk.loop.learner import World

FARTHEST_ERROR = 0.25
"""Error of a share that is worth nothing: to expect as much as now when three times as much or a third comes."""

METRICS = (
    Metric(
        "closeness",
        tolerance=0.003,
        binary=False,
        floor=0.5,
        help="1 less the distance of the share said and the share that came, a quarter counting as all; 1 is perfect",
    ),
    Metric(
        "interval",
        tolerance=0.005,
        binary=False,
        help="1 less the interval score (Gneiting & Raftery 2007) of the 90 % band: narrow, and seldom wrong",
    ),
)
REACHES = {"within 10 minutes": (0, 10), "within 6 hours": (10, 360), "beyond": (360, 10_000)}
"""Slices: no model may get worse on any."""

CAME_OUTCOME = OutcomeSpec(
    "came",
    window=dt.timedelta(hours=49),
    help="the share of what came in the target's minute, told by the guard by itself; how it turned out, not how good",
)


def label(columns: Columns) -> Labels:
    """What came is the label; rows of which nothing came have none."""
    values = columns[CAME.name].astype(np.float32)
    told = ~np.isnan(values)
    return Labels(values, told.astype(np.float32), told)


def measured(said: Values, low: Values, high: Values, came: Values) -> dict[str, FloatArray]:
    """Metric → (n,) values in [0, 1] of forecasts with a band; one that is NaN gets 0."""
    answered = np.isfinite(said)
    guess = np.where(answered, said, 0.5)
    close = np.maximum(1.0 - np.abs(guess - came) / FARTHEST_ERROR, 0.0)
    beyond = np.maximum(low - came, 0.0) + np.maximum(came - high, 0.0)
    banded = np.maximum(1.0 - (high - low) - 2.0 / (1.0 - model.COVERAGE) * beyond, 0.0)
    return {"closeness": np.where(answered, close, 0.0), "interval": np.where(answered, banded, 0.0)}


def score(artifact: Artifact, examples: Examples) -> Mapping[str, FloatArray]:
    """How right the model and its band are on each row. See the metrics' help."""

    def of(columns: Columns, came: Values) -> dict[str, FloatArray]:
        said = model.predict(artifact, columns).values.astype(np.float64)
        return measured(said, *model.band(artifact, columns), came)

    return _in_stretches(of, examples)


def constant(train: Examples, holdout: Examples) -> Mapping[str, FloatArray]:
    """Scores of who repeats the last minute, with the band that his errors had in training."""
    newest = train.only(train.newest(model.MAX_ROWS))
    errors = model.band_of(newest.columns, model.last_value(newest.columns), newest.labels.values.astype(np.float64))

    def of(columns: Columns, came: Values) -> dict[str, FloatArray]:
        said = model.last_value(columns)
        return measured(said, *model.around(columns, said, errors), came)

    return _in_stretches(of, holdout)


def _in_stretches(of: Callable[[Columns, Values], dict[str, FloatArray]], examples: Examples) -> dict[str, FloatArray]:
    """What ``of`` says of rows, each by itself, without a matrix of all of them."""
    parts = [
        of(take(examples.columns, part), examples.labels.values[part].astype(np.float64))
        for part in stretches(max(examples.rows, 1))
    ]
    return {metric.name: np.concatenate([found[metric.name] for found in parts]) for metric in METRICS}


def slices(examples: Examples) -> dict[str, BoolArray]:
    """Rows by how far they look ahead."""
    minutes = examples.columns["minutes"]
    return {name: np.asarray((minutes > low) & (minutes <= high)) for name, (low, high) in REACHES.items()}


def card(artifact: Artifact, train: Examples, figures: Mapping[str, float]) -> dict[str, Any]:
    """What the model was made of and what it must not be used for."""
    known = artifact.metadata
    return {
        "purpose": "says how many requests a minute will come, from one minute to two days ahead",
        "not_for": "telling an attack from a crowd; planning beyond two days",
        "kind": known.get("kind"),
        "samples": train.rows,
        "weighs_most": dict(known.get("weighs_most", {})),
        "out_of_fold": dict(known.get("out_of_fold", {})),
        "figures": dict(figures),
        "labels": "what was counted when the minute came; a minute that nobody counted is not learnt from",
    }


def changes(old: Artifact | None, new: Artifact, holdout: Examples) -> list[str]:
    """What people notice: how much was learnt, what weighs most, how far forecasts moved."""
    known = new.metadata
    lines = [f"Learnt from {int(known.get('rows', 0)):,} minutes that came ({known.get('kind')})"]
    if known.get("weighs_most"):
        lines.append(f"Weighs most: {', '.join(known['weighs_most'])}")
    if old is not None and holdout.rows:
        rows = take(holdout.columns, holdout.newest(MANY))
        before, now = (model.predict(artifact, rows).values for artifact in (old, new))
        moved = float(np.abs(now - before).mean())
        if np.isfinite(moved):
            lines.append(f"Forecast shares move by {moved:.3f} on the mean")
    return lines


def explain(artifact: Artifact, row: Row) -> str:
    """One sentence: what is expected, between what and what, and beside what it was. Raises WireError for a bad row."""
    columns = from_rows(LEARNER.seen, [row])
    said = float(model.predict(artifact, columns).values[0])
    low, high = (rate_of(row, float(side[0])) for side in model.band(artifact, columns))
    rate, level = rate_of(row, said), float(row["level"] or 0.0)
    return (
        f"In {row['minutes']:g} minutes about {rate:,.0f} requests a minute, between {low:,.0f} and {high:,.0f} "
        f"nine times in ten; the last hour had {level:,.0f} ({artifact.metadata.get('kind')})"
    )


def simulator(seed: int, null: bool) -> World:
    """The seeded simulator, loaded when it is asked for."""
    from samouk.domains.traffic.load.world import LoadWorld

    return LoadWorld(seed, null)


LEARNER = Learner(
    name=NAME,
    schema=SCHEMA,
    classes=(),
    metrics=METRICS,
    policy=Policy(rollout=RolloutPolicy(mode="shadow")),
    label=label,
    fit=model.fit,
    predict=model.predict,
    score=score,
    world=simulator,
    slices=slices,
    card=card,
    changes=changes,
    first=model.first,
    told=TOLD,
    outcomes=(CAME_OUTCOME,),
    sample=sample,
    constant=constant,
)
"""``traffic.load``: a unit is one hour of one series, so nobody is ever in a trial; versions prove themselves in the
shadow."""
