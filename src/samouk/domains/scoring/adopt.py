"""Takes in a model that was made elsewhere: ONNX from the declared features to one score, or a clear refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from samouk.domains.scoring import model
from samouk.domains.scoring.features import Layout
from samouk.families import foreign
from samouk.loop.records import Artifact


def adopt(layout: Layout, data: bytes, figures: Mapping[str, float]) -> Artifact:
    """A foreign model as an artifact of this learner, after it answered probe rows as it must.

    Args:
        data: ONNX, of a size that the caller allows: whoever serves keeps it in memory.
        figures: what its maker measured; kept, and believed by nobody: the gate measures for itself.

    Raises:
        UnfitArtifact: it is no ONNX model, asks for or answers something else, or answers what is no score.
    """
    foreign.refuse(layout.fields, data)
    metadata: dict[str, Any] = {
        **model.described(layout),
        "kind": "made elsewhere",
        "claimed": {name: float(value) for name, value in figures.items() if np.isfinite(value)},
    }
    influence = model.influence_of(layout, Artifact(data, metadata), foreign.probes_of(layout.fields), 0)
    return Artifact(data, {**metadata, "influence": influence})
