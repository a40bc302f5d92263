"""The smallest whole learner: which side of a line does a point lie on? Copy it to begin one of your own.

`samouk check` holds it to its contract once a distribution offers its domain by an entry point:

    [project.entry-points."samouk.domains"]
    toy = "side_of_a_line:DOMAIN"
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from samouk.edge.wire import GROUPS, Field, Schema, receipt_hash
from samouk.loop.columns import Columns
from samouk.loop.learner import Context, Domain, Learner, Metric, Policy
from samouk.loop.records import Artifact, Batch, Examples, FloatArray, Labels, Predictions

SCHEMA = Schema(
    "toy.side",
    1,
    (
        Field("x", "number", -10, 10),
        Field("y", "number", -10, 10),
        Field("side", "category", values=("left", "right")),
    ),
)
CLASSES = ("left", "right")
ROWS = 60


def label(columns: Columns) -> Labels:
    n = len(columns["side"])
    return Labels(columns["side"].astype(np.int16), np.ones(n, np.float32), np.ones(n, bool))


def fit(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
    points = _points(examples.columns)
    target = examples.labels.values * 2.0 - 1.0
    weights, *_ = np.linalg.lstsq(points, target, rcond=None)
    return artifact([float(weight) for weight in weights])


def artifact(weights: list[float]) -> Artifact:
    """A model by its three weights: of x, of y and of one."""
    metadata = {"learner": "toy.side", "schema_version": 1, "classes": list(CLASSES)}
    return Artifact(json.dumps(weights).encode(), metadata)


def predict(model: Artifact, columns: Columns) -> Predictions:
    values = _points(columns) @ np.array(json.loads(model.data))
    return Predictions((values > 0).astype(np.int16), np.clip(np.abs(values), 0, 1).astype(np.float32))


def score(model: Artifact, examples: Examples) -> dict[str, FloatArray]:
    hits = (predict(model, examples.columns).values == examples.labels.values).astype(np.float64)
    return {"accuracy": hits}


def _points(columns: Columns) -> np.ndarray[Any, Any]:
    return np.column_stack([columns["x"], columns["y"], np.ones(len(columns["x"]))]).astype(np.float64)


class ToyWorld:
    """Points are uniform; the line is x + y = 0 and a tenth of the labels are wrong; null: labels are coins."""

    def __init__(self, seed: int, null: bool = False) -> None:
        self.seed, self.null = seed, null

    def batches(self, week: int, contributors: int) -> Iterator[Batch]:
        for number in range(contributors):
            yield self.batch(week, number)

    def batch(self, week: int, number: int, lie: bool = False) -> Batch:
        rng = np.random.default_rng([self.seed, week, number])
        x, y = rng.uniform(-10, 10, (2, ROWS)).astype(np.float32)
        truth = (x + y > 0) ^ (rng.random(ROWS) < 0.1)
        side = rng.random(ROWS) < 0.5 if self.null else truth ^ lie
        batch_id = str(uuid.UUID(bytes=rng.bytes(16), version=4))
        columns = {"x": x, "y": y, "side": side.astype(np.int16)}
        return Batch(batch_id, "toy.side", 1, number % GROUPS, receipt_hash(batch_id), columns)


TOY = Learner(
    name="toy.side",
    schema=SCHEMA,
    classes=CLASSES,
    metrics=(Metric("accuracy", tolerance=0.02, floor=0.6),),
    policy=Policy(),
    label=label,
    fit=fit,
    predict=predict,
    score=score,
    world=ToyWorld,
)

DOMAIN = Domain("toy", "Points and a line", (TOY,), Path(__file__).parent)
