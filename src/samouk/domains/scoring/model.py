"""Fits and runs the model of scores: rows of declared features in, one number in [0, 1] out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from samouk.domains.scoring.features import Layout, Matrix, matrix
from samouk.families import foreign
from samouk.loop.columns import Columns, rows_in
from samouk.loop.learner import Context
from samouk.loop.records import Artifact, Examples, Predictions

INFLUENCE_ROWS = 2_000
"""Rows in which a feature is shuffled to see how much it matters."""


# Made once: for one row it costs as much as the sum that it is part of.
_HALF = np.float32(0.5)


def fit(layout: Layout, examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
    """A challenger on the newest rows, of the kind that does best on rows it did not see.

    The champion lends its weights as a place to start the search from; what is found depends on the rows.

    Raises:
        ValueError: there is nothing to learn from.
    """
    from samouk.domains.scoring import additive, graph, training

    if examples.rows == 0:
        raise ValueError("no rows with an outcome to learn from; tell some first")
    clock = training.Clock(context)
    lessons, half_life = training.weighed(layout, _lessons(layout, examples))
    context.progress(f"{len(lessons.targets)} of {examples.rows} rows to learn from, half-life {half_life}", 0.1)
    choice = training.choose(layout, lessons, context, clock)
    context.progress(f"chosen: {choice.kind.name}", 0.6)
    fitted = training.fit(layout, choice.kind, lessons, context, clock, _start(layout, champion))
    metadata = {
        **described(layout),
        "kind": choice.kind.name,
        "rows": examples.rows,
        "rows_learnt": len(lessons.targets),
        "half_life": half_life,
        "mean_outcome": round(float(lessons.targets.mean()), 6),
        "out_of_fold": choice.losses,
        "calibration": [round(value, 6) for value in choice.calibration],
        "typical_error": round(choice.typical_error, 6),
        "weights": additive.weights_of(fitted.base),
    }
    artifact = Artifact(graph.to_onnx(layout, fitted.base, fitted.grown(), choice.calibration, metadata), metadata)
    context.progress("fitted, calibrated, written as a graph", 0.9)
    influence = influence_of(layout, artifact, lessons.inputs, context.seed)
    return Artifact(artifact.data, {**metadata, "influence": influence})


def first(layout: Layout) -> Artifact:
    """One half for every row: what may be asked before anything was learnt, so that outcomes can come."""
    from samouk.domains.scoring import additive, graph

    metadata = {**described(layout), "kind": "nothing learnt yet", "rows": 0}
    return Artifact(graph.to_onnx(layout, additive.blank(layout), [], (1.0, 0.0), metadata), metadata)


def described(layout: Layout) -> dict[str, Any]:
    """What must be known of any model of this layout."""
    return {
        "learner": layout.schema.name,
        "schema_version": layout.schema.version,
        "classes": [],
        "features": list(layout.names),
        "features_digest": layout.digest,
    }


def _lessons(layout: Layout, examples: Examples) -> Any:
    from samouk.domains.scoring.training import MAX_ROWS, Lessons

    newest = examples.newest(MAX_ROWS)
    inputs = matrix(layout, {name: examples.columns[name][newest] for name in layout.names})
    targets = examples.labels.values[newest].astype(np.float64)
    weights = examples.labels.confidence[newest].astype(np.float64)
    return Lessons(inputs, targets, examples.groups[newest], weights)


def _start(layout: Layout, champion: Artifact | None) -> list[float]:
    if champion is None or not readable(layout, champion):
        return []
    return list(champion.metadata.get("weights", ()))


def predict(layout: Layout, artifact: Artifact, columns: Columns) -> Predictions:
    """The score of each row, float32 in [0, 1]; NaN from a model that was fitted for other features.

    ``confidence`` is the larger of score and 1 - score: what share of such answers, rounded, is right.
    """
    if not readable(layout, artifact):
        rows = rows_in(columns)
        return Predictions(np.full(rows, np.nan, np.float32), np.zeros(rows, np.float32))
    values = scores(artifact, matrix(layout, columns))
    return Predictions(values, np.abs(values - _HALF) + _HALF)


def readable(layout: Layout, artifact: Artifact) -> bool:
    """Whether the model was made for these features: after a change of the declaration, old versions abstain."""
    return bool(artifact.metadata.get("features_digest") == layout.digest)


def scores(artifact: Artifact, inputs: Matrix) -> NDArray[np.float32]:
    """(n, k) features → (n,) scores in [0, 1], on one thread."""
    return foreign.run(foreign.ready(artifact.data), inputs) if len(inputs) else np.empty(0, np.float32)


def influence_of(layout: Layout, artifact: Artifact, inputs: Matrix, seed: int) -> dict[str, float]:
    """Feature → how far scores move on the mean when its values are dealt to other rows; the largest first.

    Permutation importance (Breiman 2001) of the scores themselves: it needs no outcome, and reads any model.
    """
    rng = np.random.default_rng(seed)
    rows = inputs[rng.permutation(len(inputs))[:INFLUENCE_ROWS]]
    before = scores(artifact, rows)
    moves = {}
    for place, name in enumerate(layout.names):
        dealt = rows.copy()
        dealt[:, place] = rng.permutation(dealt[:, place])
        moves[name] = round(float(np.abs(scores(artifact, dealt) - before).mean()), 5)
    return dict(sorted(moves.items(), key=lambda move: -move[1]))
