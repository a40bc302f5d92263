"""The learnt weights: what verdicts move of the fixed weighing, and how a model is kept, loaded and asked."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.anomaly import elsewhere, forest, novelty
from samouk.domains.traffic.anomaly.forest import Forest
from samouk.domains.traffic.anomaly.novelty import Novelty
from samouk.domains.traffic.anomaly.schema import LARGEST_DEVIATION, LARGEST_TIMES, NAME, SCHEMA
from samouk.domains.traffic.anomaly.weighing import (
    FIRST,
    Reading,
    floor,
    heard,
    noisy_or,
    reading_of,
)
from samouk.domains.traffic.features import FEATURES
from samouk.families.packing import pack, unpack
from samouk.loop.columns import Columns
from samouk.loop.records import Artifact, Predictions

Floats = NDArray[np.float64]

EDGE = 0.01
"""Fixed weights are held this far from 0 and 1 before their odds are taken."""

LEVEL = 4.0
"""Robust standard deviations at which a feature's level counts no more."""

INPUTS: tuple[str, ...] = (
    "fixed_weights",
    *(f"hit_{name}" for name in ("low", "medium", "high", "critical")),
    *(f"times_{name}" for name in ("low", "medium", "high", "critical")),
    *(f"above_{name}" for name in FEATURES),
    *(f"below_{name}" for name in FEATURES),
    *(f"level_{name}" for name in FEATURES),
    "novelty",
    "stranger",
    "server",
)
"""What the learnt part looks at, in this order; all within [-1, 1] but the odds of the fixed weights."""

_HIT, _TIMES, _ABOVE, _BELOW, _LEVELS = (slice(1, 5), slice(5, 9), slice(9, 19), slice(19, 29), slice(29, 39))

RISING: tuple[bool, ...] = tuple(
    name.startswith(("fixed", "hit_", "times_", "above_", "novelty")) and name != "above_connection_duration"
    for name in INPUTS
)
"""Inputs of which more never means less harm, all else equal, whatever verdicts say."""


class Learnt(NamedTuple):
    """A model.

    Attributes:
        crowd: what quiet windows look like.
        base: slope and shift of the odds of the fixed weights.
        trees: what is added to them.
        calibration: slope and shift of the whole, from rows that the trees had not seen (Platt 1999).
    """

    crowd: Novelty
    base: tuple[float, float] = (1.0, 0.0)
    trees: Forest = forest.empty()
    calibration: tuple[float, float] = (1.0, 0.0)


class Weighed(NamedTuple):
    """(n, 3) what each witness says, (n,) odds of the fixed weights, and (n, len(INPUTS)) what learning looks at."""

    parts: Floats
    odds: Floats
    inputs: Floats


def unlearnt() -> Learnt:
    """The fixed weights as a model."""
    return Learnt(novelty.nothing())


def weigh(crowd: Novelty, reading: Reading) -> Weighed:
    """Hear the witnesses, and lay out what learning may add."""
    units = novelty.units_of(crowd, novelty.vectors(reading))
    unlike = novelty.say(crowd, units, reading.server)
    parts = heard(reading, unlike)
    score = np.minimum(np.maximum(noisy_or(parts), EDGE), 1 - EDGE)
    odds = np.log(score / (1 - score))
    inputs = np.empty((len(odds), len(INPUTS)))
    inputs[:, 0] = odds / 4
    inputs[:, _HIT] = reading.times > 0
    inputs[:, _TIMES] = np.log(np.maximum(reading.times, 1.0)) / np.log(LARGEST_TIMES)
    inputs[:, _ABOVE] = np.log1p(np.maximum(reading.deviation, 0.0)) / np.log1p(LARGEST_DEVIATION)
    inputs[:, _BELOW] = np.log1p(np.maximum(-reading.deviation, 0.0)) / np.log1p(LARGEST_DEVIATION)
    inputs[:, _LEVELS] = np.minimum(np.maximum(units[:, : len(FEATURES)] / LEVEL, -1.0), 1.0)
    inputs[:, -3] = unlike
    inputs[:, -2] = 1 / (1 + reading.seen / 10)
    inputs[:, -1] = reading.server
    return Weighed(parts, odds, inputs)


def scores(model: Learnt, reading: Reading, weighed: Weighed) -> Floats:
    """(n,) chance of harm in [0, 1]; never below what ``weighing.floor`` keeps for rules of high severity."""
    odds = moved(model.base, weighed.odds)
    if model.trees.trees:
        odds = odds + forest.add(model.trees, weighed.inputs)
    odds = moved(model.calibration, odds)
    return np.maximum(1 / (1 + np.exp(np.minimum(-odds, 30.0))), floor(reading))


def moved(line: tuple[float, float], odds: Floats) -> Floats:
    """Odds along a line of slope and shift."""
    slope, shift = line
    return slope * odds + shift


def predict(artifact: Artifact, columns: Columns) -> Predictions:
    """The score of each row, float32 in [0, 1]; confidence is the larger of score and 1 - score."""
    reading = reading_of(columns)
    if elsewhere.foreign_to(artifact):
        found = elsewhere.scores(artifact.data, reading).astype(np.float32)
    else:
        model = loaded(artifact.data)
        found = scores(model, reading, weigh(model.crowd, reading)).astype(np.float32)
    return Predictions(found, np.maximum(found, 1 - found))


def kept(model: Learnt, facts: dict[str, object]) -> Artifact:
    """A model as an artifact; ``facts`` are plain JSON about how it came to be."""
    arrays = {
        "center": model.crowd.center,
        "scale": model.crowd.scale,
        "whiten": model.crowd.whiten,
        "edge": np.array([model.crowd.edge]),
        "base": np.array(model.base),
        "calibration": np.array(model.calibration),
        "feature": model.trees.feature,
        "value": model.trees.value,
        "leaf": model.trees.leaf,
    }
    data = pack({"kind": NAME, "inputs": list(INPUTS)}, arrays)
    return Artifact(data, {"learner": NAME, "schema_version": SCHEMA.version, "classes": [], **facts})


@lru_cache(maxsize=8)
def loaded(data: bytes) -> Learnt:
    """The model behind the bytes, kept for the next call. Raises ValueError for bytes that are none."""
    facts, arrays = unpack(data, NAME)
    if facts.get("inputs") != list(INPUTS):
        raise ValueError("the model was learnt for other inputs; take a turn to learn one for these")
    try:
        crowd = Novelty(arrays["center"], arrays["scale"], arrays["whiten"], float(arrays["edge"][0]))
        trees = Forest(arrays["feature"], arrays["value"], arrays["leaf"])
        base, calibration = _line(arrays["base"]), _line(arrays["calibration"])
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(f"the model is incomplete ({error}); restore the version's bytes") from None
    if not forest.fits(trees, len(INPUTS)):
        raise ValueError("the model's trees ask for what there is not; restore the version's bytes")
    return Learnt(crowd, base, trees, calibration)


def _line(pair: Floats) -> tuple[float, float]:
    slope, shift = (float(value) for value in pair)
    return slope, shift


def first() -> Artifact:
    """v1.0: the fixed weights, which nothing was learnt for."""
    return kept(unlearnt(), {"version": FIRST, "rows": 0, "verdicts": 0})
