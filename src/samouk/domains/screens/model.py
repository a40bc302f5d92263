"""Fits, runs and scores the model of elements: trees and a network over structure, the class hidden as they learn."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from samouk.domains.screens.features import (
    FEATURE_VERSION,
    NAMES,
    TOLD,
    UNTOLD,
    WIDTH,
    features,
    mask_class,
    told,
)
from samouk.domains.screens.features import context as structure_of
from samouk.domains.screens.schema import SCHEMA
from samouk.domains.screens.taxonomy import TAXONOMY_VERSION, TYPES
from samouk.edge import runtime
from samouk.loop.columns import Columns, concatenate, counts_of, rows_in, stretches, take, whole_groups
from samouk.loop.learner import Context
from samouk.loop.records import ABSTAIN, Artifact, Examples, FloatArray, Predictions

if TYPE_CHECKING:
    import lightgbm

    from samouk.domains.screens.lessons import Lessons
    from samouk.domains.screens.net import Network

ABSTAIN_BELOW = 0.3
"""Confidence under which the model says that it cannot tell."""

AT_ONCE = 10_000
"""Rows that are asked at once: features are a thousand bytes a row, and what the runtime makes of them is more."""

JUDGED_PER_GROUP = 10
"""Rows of one type in one group that a score looks at: a feed of a hundred equal posts is one question."""

MEMORY = Path(__file__).parent / "universal" / "memory.npz"
"""Simulated rows of each type, columns of the schema; made together with the universal model."""

ROUNDS = 20
"""Few and large steps: naming takes a third of the time of sixty small ones, and the network evens them out."""

_PARAMETERS: Mapping[str, Any] = {
    "objective": "multiclass",
    "learning_rate": 0.25,
    "num_leaves": 15,
    # Without these two, many classes make the trees diverge, worst of all when they are continued.
    "lambda_l2": 1.0,
    "max_delta_step": 1.0,
    "min_data_in_leaf": 10,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "max_bin": 63,
    "force_row_wise": True,
    "deterministic": True,
    "verbose": -1,
}
_CALIBRATION_SHARE = 5
"""One in so many groups is held out to set the temperature."""

_TEMPERATURES = (1.2, 1.4)
"""Of elements that hold none and of those that hold others, where there are too few groups to hold any out."""

_SILENT_WEIGHT = 5.0
"""How much more a held-out element counts for calibration whose class was never there to be hidden."""

_CHILDREN = NAMES.index("children") - TOLD


class _Voters(NamedTuple):
    """Trees and network, and the types that they know."""

    booster: lightgbm.Booster
    network: Network
    present: tuple[int, ...]


def fit(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
    """A challenger, fitted from scratch: old trees are never continued, so the champion is not looked at.

    Raises:
        ValueError: there is nothing to learn from.
    """
    from samouk.domains.screens import forest
    from samouk.domains.screens.lessons import lessons_of, reminded

    if examples.rows == 0:
        raise ValueError("no labelled rows to learn from; collect some first")
    lessons = lessons_of(examples, context.seed)
    context.progress(f"{len(lessons.types)} of {examples.rows} rows chosen to learn from", 0.1)
    memory = simulated_lessons()
    temperatures = _temperatures(lessons, memory, context)
    context.progress("confidence calibrated, temperatures {:.2f} and {:.2f}".format(*temperatures), 0.4)
    voters = _learn(reminded(lessons, memory), context)
    context.progress("trees grown, network trained", 0.9)
    metadata = _metadata(lessons, examples, temperatures, voters.booster)
    layout = forest.Layout(WIDTH, TOLD, TOLD + _CHILDREN, voters.present, temperatures)
    return Artifact(forest.to_onnx(voters.booster, voters.network, layout, metadata), metadata)


def _learn(lessons: Lessons, context: Context) -> _Voters:
    """Trees and a network for the types that occur."""
    import lightgbm

    from samouk.domains.screens import net
    from samouk.domains.screens.lessons import balanced

    present, targets = np.unique(lessons.types, return_inverse=True)
    if len(present) == 1:
        # One type alone is no question; a second, empty one keeps the objective defined.
        present = np.array([present[0], (present[0] + 1) % TOLD])
    parameters = {**_PARAMETERS, "seed": context.seed, "num_threads": context.threads, "num_class": len(present)}
    weights = balanced(lessons)
    data = lightgbm.Dataset(lessons.inputs, targets, weight=weights, params={"verbose": -1, "max_bin": 63})
    booster = lightgbm.train(parameters, data, ROUNDS)
    network = net.fit(lessons.inputs, targets, weights, len(present), context.seed)
    return _Voters(booster, network, tuple(int(code) for code in present))


def _temperatures(lessons: Lessons, memory: Lessons, context: Context) -> tuple[float, float]:
    """Learn without a fifth of the groups, and see how sure the voters may be of that fifth."""
    from samouk.domains.screens.lessons import reminded

    names = np.unique(lessons.groups)
    held = np.isin(lessons.groups, names[context.seed % _CALIBRATION_SHARE :: _CALIBRATION_SHARE])
    if len(names) < _CALIBRATION_SHARE or held.all():
        return _TEMPERATURES
    voters = _learn(reminded(lessons.only(~held), memory), context)
    asked = lessons.only(np.flatnonzero(held & np.isin(lessons.types, voters.present)))
    nested = asked.inputs[:, _CHILDREN] > 0
    leaf, holding = (
        _temperature(voters, asked.only(np.flatnonzero(rows)), usual)
        for rows, usual in zip((~nested, nested), _TEMPERATURES, strict=True)
    )
    return leaf, holding


def _temperature(voters: _Voters, asked: Lessons, usual: float) -> float:
    from samouk.domains.screens import net
    from samouk.domains.screens.forest import temperature_of

    if not len(asked.types):
        return usual
    grown = np.asarray(voters.booster.predict(asked.inputs, raw_score=True))
    scores = (grown + net.logits(voters.network, asked.inputs)) / 2
    doubtful = asked.silent & (asked.types != TYPES.index("container"))
    weights = asked.weights * np.where(doubtful, _SILENT_WEIGHT, 1.0)
    return temperature_of(scores, np.searchsorted(voters.present, asked.types), weights)


def _metadata(
    lessons: Lessons, examples: Examples, temperatures: tuple[float, float], booster: lightgbm.Booster
) -> dict[str, Any]:
    gains = booster.feature_importance("gain")
    best = np.argsort(-gains, kind="stable")[:20]
    counts = counts_of(examples.labels.values, TOLD)
    return {
        "learner": SCHEMA.name,
        "schema_version": SCHEMA.version,
        "feature_version": FEATURE_VERSION,
        "taxonomy_version": TAXONOMY_VERSION,
        "classes": list(TYPES),
        "abstain": ABSTAIN_BELOW,
        "temperatures": [round(value, 4) for value in temperatures],
        "rows": examples.rows,
        "rows_chosen": len(lessons.types),
        "samples": {name: int(count) for name, count in zip(TYPES, counts, strict=True) if count},
        "importances": {NAMES[TOLD + place]: round(float(gains[place] / max(gains.sum(), 1e-9)), 4) for place in best},
    }


def predict(artifact: Artifact, columns: Columns) -> Predictions:
    """The likeliest type of each row; ``ABSTAIN`` where that is less likely than the artifact's threshold."""
    rows = rows_in(columns)
    values, confidence = np.empty(rows, np.int16), np.empty(rows, np.float32)
    for part in stretches(rows, AT_ONCE):
        shares = probabilities(artifact, features(take(columns, part)))
        values[part], confidence[part] = shares.argmax(axis=1), shares.max(axis=1)
    values[confidence < float(artifact.metadata.get("abstain", ABSTAIN_BELOW))] = ABSTAIN
    # Rounding may lift a share a hair above 1.
    return Predictions(values, np.minimum(confidence, 1.0))


def probabilities(artifact: Artifact, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, WIDTH) features → (n, 36) shares, on one thread."""
    if not len(inputs):
        return np.empty((0, TOLD), np.float32)
    shares: NDArray[np.float32] = session(artifact.data).run(["probabilities"], {"features": inputs})[0]
    return shares


def artifact_of(data: bytes) -> Artifact:
    """A model by its bytes alone: what must be known of it stands in the file."""
    return Artifact(data, json.loads(session(data).get_modelmeta().custom_metadata_map["samouk"]))


@lru_cache(maxsize=1)
def simulated_lessons() -> Lessons:
    """Simulated rows that ship with the package, some of each type; none where they are not there yet."""
    from samouk.domains.screens.lessons import Lessons, rank

    columns = concatenate(SCHEMA, [])
    if MEMORY.is_file():
        with np.load(MEMORY, allow_pickle=False) as kept:
            columns = {name: kept[name] for name in kept.files}
    types = columns["element_type"].astype(np.int64)
    inputs = structure_of(mask_class(columns))
    # Groups below zero are nobody's; each row is its own, so that holding groups out never splits an idea.
    return Lessons(inputs, types, -1 - rank(types), np.ones(len(types)), np.zeros(len(types), np.bool_))


@lru_cache(maxsize=4)
def session(data: bytes) -> Any:
    """A session of the model, kept for the next call."""
    return runtime.session(data)


def score(artifact: Artifact, examples: Examples) -> dict[str, FloatArray]:
    """How right the model is, row by row; see ``judge.METRICS`` for what each figure means.

    Of many rows of one type in one group only the first few count for ``generic_accuracy`` and
    ``calibration``, so that neither a talkative contributor nor plain text decides alone.
    """
    names = ("generic_accuracy", "standard_accuracy", "calibration")
    found: dict[str, FloatArray] = {name: np.full(examples.rows, np.nan) for name in names}
    for part in whole_groups(examples.groups):
        for name, values in zip(names, _scored(artifact, examples.only(part)), strict=True):
            found[name][part] = values
    return found


def _scored(artifact: Artifact, examples: Examples) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The three figures of whole groups. Only rows that count are asked for."""
    truth = examples.labels.values
    right, shown, honest = (np.full(examples.rows, np.nan) for _ in range(3))
    counted = np.flatnonzero(_first_of_each(truth.astype(np.int64), examples.groups.astype(np.int64)))
    hidden = predict(artifact, mask_class(take(examples.columns, counted)))
    right[counted] = hidden.values == truth[counted]
    # The Brier score of the answer given: 1 when sure and right, 0 when sure and wrong.
    honest[counted] = 1 - (hidden.confidence - right[counted]) ** 2
    standard = np.flatnonzero((told(examples.columns) == truth) & (truth != UNTOLD))
    seen = predict(artifact, take(examples.columns, standard))
    shown[standard] = seen.values == truth[standard]
    return right, shown, honest


def _first_of_each(types: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.bool_]:
    from samouk.domains.screens.lessons import rank

    return rank(types + 64 * groups) < JUDGED_PER_GROUP
