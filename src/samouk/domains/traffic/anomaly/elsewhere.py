"""Models of harm that were made elsewhere: ONNX over the rows of the schema, held to the same floor as our own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.anomaly.schema import NAME, SCHEMA, TOLD
from samouk.domains.traffic.anomaly.weighing import Reading, floor, heard, read, shares
from samouk.domains.traffic.records import Evidence, Scored
from samouk.edge.wire import Field
from samouk.families import foreign
from samouk.loop.learner import UnfitArtifact
from samouk.loop.records import Artifact

Floats = NDArray[np.float64]

KIND = "made elsewhere"
OURS = b"PK"
"""How the bytes of a model of our own begin."""

FIELDS: tuple[Field, ...] = tuple(spec for spec in SCHEMA.fields if spec not in TOLD)


def adopt(data: bytes, figures: Mapping[str, float]) -> Artifact:
    """A model as an artifact of this learner, one of our own or ONNX that answers probe rows as it must.

    Args:
        figures: what its maker measured; kept, and believed by nobody: the gate measures for itself.

    Raises:
        UnfitArtifact: it is neither; the message says what is wrong.
    """
    claimed = {name: float(value) for name, value in figures.items() if np.isfinite(value)}
    known: dict[str, Any] = {"learner": NAME, "schema_version": SCHEMA.version, "classes": [], "claimed": claimed}
    if data.startswith(OURS):
        from samouk.domains.traffic.anomaly.model import loaded

        try:
            loaded(data)
        except ValueError as error:
            raise UnfitArtifact(str(error)) from None
        return Artifact(data, known)
    foreign.refuse(FIELDS, data)
    return Artifact(data, {**known, "kind": KIND})


def foreign_to(artifact: Artifact) -> bool:
    """Whether the model was made elsewhere, as ONNX."""
    return artifact.metadata.get("kind") == KIND


def scores(data: bytes, reading: Reading) -> Floats:
    """(n,) chance of harm in [0, 1]; never below what ``weighing.floor`` keeps for rules of high severity."""
    rows = np.column_stack([reading.features, reading.deviation, reading.seen, reading.times, reading.server])
    if not len(rows):
        return np.empty(0)
    said = foreign.run(foreign.ready(data), rows.astype(np.float32))
    return np.maximum(said.astype(np.float64), floor(reading))


class ElsewhereScorer:
    """Weighs one window by a model that was made elsewhere; ``parts`` tell what our own witnesses say of it."""

    def __init__(self, data: bytes, version: str) -> None:
        self._data = data
        self._version = version

    def __call__(self, evidence: Evidence, *, server: bool = False) -> Scored:
        reading = read(evidence, server=server)
        score = float(scores(self._data, reading)[0])
        return Scored(score, self._version, shares(heard(reading, np.zeros(1))[0], score))
