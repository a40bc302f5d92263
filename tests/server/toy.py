"""A learner of one idea, so that the server is tested without any domain: is a number above a half?"""

from __future__ import annotations

import gzip
import json
import uuid
from pathlib import Path
from typing import Any

import numpy as np

from samouk.edge.wire import Field, Schema, Upload, encode, receipt_hash
from samouk.loop.columns import Columns
from samouk.loop.learner import Domain, Learner, Metric, Policy
from samouk.loop.records import Artifact, Labels, Predictions

SCHEMA = Schema(
    "toy.half",
    2,
    (
        Field("sample_id", "identifier"),
        Field("value", "number", 0, 1),
        Field("size", "integer", 0, 500, optional=True),
        Field("lit", "flag", optional=True),
        Field("answer", "category", values=("below", "above")),
        Field("timestamp", "week"),
    ),
)


def _label(columns: Columns) -> Labels:
    values = columns["answer"]
    return Labels(values, np.ones(len(values), np.float32), np.ones(len(values), np.bool_))


def _unused(*_: Any) -> Any:
    raise AssertionError("the server does not train")


LEARNER = Learner(
    name="toy.half",
    schema=SCHEMA,
    classes=("below", "above"),
    metrics=(Metric("accuracy"), Metric("coverage", tolerance=0.01)),
    policy=Policy(),
    label=_label,
    fit=_unused,
    predict=lambda artifact, columns: Predictions(columns["answer"], columns["value"]),
    score=_unused,
    world=_unused,
)
DOMAIN = Domain("toy", "A toy", (LEARNER,), Path(__file__).parent)
ARTIFACT = Artifact(bytes(range(256)) * 8, {"learner": "toy.half", "schema_version": 2, "classes": ["below", "above"]})


def columns(rows: int = 3) -> dict[str, list[Any]]:
    """Plain columns of so many good rows."""
    return {
        "sample_id": [str(uuid.uuid4()) for _ in range(rows)],
        "value": [row / rows for row in range(rows)],
        "size": [row % 500 for row in range(rows)],
        "lit": [None] * rows,
        "answer": ["above" if row * 2 > rows else "below" for row in range(rows)],
        "timestamp": ["2026-11-16"] * rows,
    }


def upload(rows: int = 3, *, receipt: str = "secret", batch_id: str = "", group: int = 1) -> Upload:
    """A good batch."""
    return Upload(batch_id or str(uuid.uuid4()), LEARNER.name, 2, group, receipt_hash(receipt), columns(rows))


def packed(batch: Upload) -> bytes:
    """As it travels."""
    return gzip.compress(encode(batch), mtime=0)


def altered(**changes: Any) -> bytes:
    """A good envelope with some fields replaced; a field set to ``...`` is left out."""
    envelope = {**json.loads(encode(upload())), **changes}
    return json.dumps({name: value for name, value in envelope.items() if value is not ...}).encode()
