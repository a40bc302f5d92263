"""The smallest learner that proves itself on people: shall they take an umbrella? Copy it for one with outcomes.

Somebody asks with what the barometer and the hygrometer show, is told a chance of rain, and says in the
evening whether the advice was right. That word judges the versions in a rollout, and teaches the next one.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from samouk.edge.wire import GROUPS, Field, Row, Schema, receipt_hash
from samouk.loop.columns import Columns
from samouk.loop.learner import Context, Domain, Learner, Metric, OutcomeSpec, Policy
from samouk.loop.live import Joined
from samouk.loop.records import Artifact, Batch, Examples, FloatArray, Labels, Predictions
from samouk.loop.rollout_policy import RolloutPolicy

SCHEMA = Schema(
    "weather.rain",
    1,
    (
        Field("pressure", "number", 950, 1_050, help="hPa"),
        Field("humidity", "number", 0, 1),
        Field("rained", "flag", help="known in the evening"),
    ),
)
OUTCOMES = (
    OutcomeSpec("content", window=dt.timedelta(days=1), floor=0.4, help="1 when the advice was right, 0 when not"),
    OutcomeSpec("complaints", low=3, high=0, window=dt.timedelta(days=1), silence=1.0, guard=True, help="how many"),
)
ROWS = 60
RIDGE = 1e-3


def label(columns: Columns) -> Labels:
    n = len(columns["rained"])
    return Labels(columns["rained"].astype(np.float32), np.ones(n, np.float32), np.ones(n, bool))


def fit(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
    """Logistic regression by Newton's method with a slight ridge, so that separable data have an answer too."""
    seen, target = features(examples.columns), examples.labels.values.astype(np.float64)
    weights = np.zeros(seen.shape[1])
    for _ in range(20):
        chance = _sigmoid(seen @ weights)
        slope = seen.T @ (chance - target) + RIDGE * weights
        curve = (seen * (chance * (1 - chance))[:, None]).T @ seen + RIDGE * np.eye(len(weights))
        weights -= np.linalg.solve(curve, slope)
    return model([float(weight) for weight in weights])


def model(weights: Sequence[float]) -> Artifact:
    """A model by its weights: of the pressure's fall, of the humidity and of one."""
    metadata = {"learner": SCHEMA.name, "schema_version": SCHEMA.version, "classes": []}
    return Artifact(json.dumps(list(weights)).encode(), metadata)


def predict(artifact: Artifact, columns: Columns) -> Predictions:
    chance = _sigmoid(features(columns) @ np.array(json.loads(artifact.data))).astype(np.float32)
    return Predictions(chance, np.maximum(chance, 1 - chance))


def score(artifact: Artifact, examples: Examples) -> dict[str, FloatArray]:
    return _judged(predict(artifact, examples.columns).values.astype(np.float64), examples)


def constant(train: Examples, holdout: Examples) -> dict[str, FloatArray]:
    """What the share of rainy days says of every day."""
    return _judged(np.full(holdout.rows, float(train.labels.values.mean())), holdout)


def sample(joined: Joined) -> Row | None:
    """Whether it rained follows from the advice and whether it was right."""
    shown, told = joined.exposure, joined.outcome
    if told.metric != "content" or np.isnan(shown.score):
        return None
    return {**shown.row, "rained": (shown.score >= 0.5) == (told.value >= 0.5)}


def features(columns: Columns) -> FloatArray:
    """(n, 3): fall of the pressure below 1,000 hPa in tens, humidity above one half in tenths, one."""
    fall = (1_000 - columns["pressure"].astype(np.float64)) / 10
    damp = (columns["humidity"].astype(np.float64) - 0.5) * 10
    return np.column_stack([fall, damp, np.ones(len(fall))])


def _judged(chance: FloatArray, examples: Examples) -> dict[str, FloatArray]:
    truth = examples.labels.values.astype(np.float64)
    return {"accuracy": ((chance >= 0.5) == (truth >= 0.5)).astype(np.float64), "closeness": 1 - (chance - truth) ** 2}


def _sigmoid(values: FloatArray) -> FloatArray:
    return 1 / (1 + np.exp(-np.clip(values, -30, 30)))


class Weather:
    """Days are independent; rain comes of low pressure and of humidity alike, and one day in ten surprises.

    ``null``: whether it rains has nothing to do with either. People are content when the advice was right,
    and one in twenty who got wet or carried an umbrella in vain complains.
    """

    def __init__(self, seed: int, null: bool = False) -> None:
        self.seed, self.null = seed, null

    def batches(self, week: int, contributors: int) -> Iterator[Batch]:
        for number in range(contributors):
            yield self.batch(week, number)

    def batch(self, week: int, number: int) -> Batch:
        rng = np.random.default_rng([self.seed, week, number])
        columns = self.days(rng, ROWS)
        batch_id = str(uuid.UUID(bytes=rng.bytes(16), version=4))
        return Batch(batch_id, SCHEMA.name, SCHEMA.version, number % GROUPS, receipt_hash(batch_id), columns)

    def days(self, rng: np.random.Generator, n: int) -> dict[str, np.ndarray[Any, Any]]:
        """Columns of n days, with whether it rained."""
        pressure = rng.uniform(970, 1_030, n).astype(np.float32)
        humidity = rng.uniform(0, 1, n).astype(np.float32)
        seen = features({"pressure": pressure, "humidity": humidity})
        rained = (seen[:, 0] + seen[:, 1] > 0) ^ (rng.random(n) < 0.1)
        if self.null:
            rained = rng.random(n) < 0.5
        return {"pressure": pressure, "humidity": humidity, "rained": rained.astype(np.int8)}

    def opinion(self, rng: np.random.Generator, chance: float, rained: bool) -> dict[str, float]:
        """What somebody who was told ``chance`` says in the evening, metric → value; no word is no complaint."""
        right = (chance >= 0.5) == rained
        complaint = {"complaints": 1.0} if not right and rng.random() < 0.05 else {}
        return {"content": float(right), **complaint}


RAIN = Learner(
    name="weather.rain",
    schema=SCHEMA,
    classes=(),
    metrics=(Metric("accuracy", tolerance=0.02), Metric("closeness", tolerance=0.02, binary=False)),
    policy=Policy(rollout=RolloutPolicy()),
    label=label,
    fit=fit,
    predict=predict,
    score=score,
    world=Weather,
    told=("rained",),
    outcomes=OUTCOMES,
    sample=sample,
    constant=constant,
)

DOMAIN = Domain("weather", "Umbrellas", (RAIN,), Path(__file__).parent)
