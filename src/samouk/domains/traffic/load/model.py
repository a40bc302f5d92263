"""Fits and runs the model of the load: log ratios to the last minute in, the share that will come out."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from samouk.domains.traffic.load.history import Values
from samouk.domains.traffic.load.schema import FURTHEST, NAME, SCHEMA, SHARES, WAVES
from samouk.families.packing import pack, unpack
from samouk.loop.columns import Columns, rows_in
from samouk.loop.learner import Context
from samouk.loop.records import Artifact, BoolArray, Examples, IntArray, Predictions

KIND = "traffic.load model"
MAX_ROWS = 200_000
"""Newest rows that are learnt from."""

COVERAGE = 0.9
"""Share of what comes that the band is made to hold."""

KNOTS = (0.0, 0.3, 0.5, 0.75, 1.0)
"""Places on the scale of horizons (log minutes over log of the furthest) at which the band is known."""

SHRINK = (0.003, 0.03, 0.3)
FOLDS = 4
_PASSES = 6
_SMALL = 0.02
"""Error of a share below which passes of least absolute deviations weigh rows alike."""

_EDGE = 1e-6
_FEATURES = (*SHARES, *WAVES, "always")
_TURNS = 3
"""Powers of the horizon, from 0, that every weight is a sum of."""


class Fitted(NamedTuple):
    """Weights (turns * features,) and the band (2, len(KNOTS)): how far below and above, in shares."""

    weights: Values
    band: Values


class Seen(NamedTuple):
    """Rows ready for the model: base (n,) log ratio of the last minute, inputs (n, turns * features), horizon (n,)."""

    base: Values
    inputs: Values
    horizon: Values


def see(columns: Columns) -> Seen:
    """Columns of the schema as what the model is given; what is missing weighs nothing."""
    logs = {name: _log_ratio(columns[name].astype(np.float64)) for name in SHARES}
    base = np.nan_to_num(logs["last"])
    rises = [np.nan_to_num(log - base) for log in logs.values()]
    waves = [columns[name].astype(np.float64) for name in WAVES]
    plain = np.stack([*rises, *waves, np.ones(len(base))], axis=1)
    horizon = np.log(np.maximum(columns["minutes"].astype(np.float64), 1.0)) / np.log(FURTHEST)
    inputs = np.concatenate([plain * horizon[:, None] ** power for power in range(_TURNS)], axis=1)
    return Seen(base, inputs, horizon)


def fit(examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
    """A challenger on the newest rows: the regression that does best out of fold, or repeating the last minute.

    Raises:
        ValueError: there is nothing to learn from.
    """
    if examples.rows == 0:
        raise ValueError("no forecasts with an outcome to learn from; let some minutes pass first")
    newest = examples.newest(MAX_ROWS)
    seen = see({spec.name: examples.columns[spec.name][newest] for spec in SCHEMA.fields})
    came = examples.labels.values[newest].astype(np.float64)
    _, folds = np.unique(examples.groups[newest], return_inverse=True)
    held = {"last value": _share(seen.base)}
    for number, shrink in enumerate(SHRINK):
        held[f"regression {shrink:g}"] = _out_of_fold(seen, came, folds % FOLDS, shrink)
        context.progress(f"shrinkage {shrink:g} tried", (number + 1) / (len(SHRINK) + 1))
    losses = {name: float(np.abs(said - came).mean()) for name, said in held.items()}
    best = min(losses, key=losses.__getitem__)
    blank = np.zeros(seen.inputs.shape[1])
    weights = blank if best == "last value" else _solve(seen, came, float(best.split()[1]))
    band = _band(seen.horizon, held[best], came)
    return _artifact(Fitted(weights, band), best, examples.rows, losses)


@lru_cache(maxsize=1)
def first() -> Artifact:
    """What ships: the last minute, and with distance ever more of the last quarter's mean and the shape of the days."""
    weights = np.zeros((_TURNS, len(_FEATURES)))
    for name, weight in (("mean_15", 0.5), ("days", 0.7), ("days_now", -0.7)):
        weights[1, _FEATURES.index(name)] = weight
    width = np.interp(KNOTS, (0.0, 1.0), (0.1, 0.3))
    return _artifact(Fitted(weights.ravel(), np.stack([-width, width])), "as shipped", 0, {})


def predict(artifact: Artifact, columns: Columns) -> Predictions:
    """The share that will come, float32 in [0, 1]; NaN from a model of another schema.

    ``confidence`` is 1 less the width of the band that holds ``COVERAGE`` of what comes.
    """
    rows = rows_in(columns)
    fitted = fitted_of(artifact)
    if fitted is None:
        return Predictions(np.full(rows, np.nan, np.float32), np.zeros(rows, np.float32))
    seen = see(columns)
    said = _say(seen, fitted.weights)
    low, high = _around(seen.horizon, said, fitted.band)
    return Predictions(said.astype(np.float32), (1.0 - (high - low)).astype(np.float32))


def band(artifact: Artifact, columns: Columns) -> tuple[Values, Values]:
    """(n,), (n,) shares between which ``COVERAGE`` of what comes lies; 0 and 1 where nothing is known."""
    fitted = fitted_of(artifact)
    if fitted is None:
        return np.zeros(rows_in(columns)), np.ones(rows_in(columns))
    seen = see(columns)
    return _around(seen.horizon, _say(seen, fitted.weights), fitted.band)


def last_value(columns: Columns) -> Values:
    """(n,) what repeating the last minute says."""
    return _share(see(columns).base)


def band_of(columns: Columns, said: Values, came: Values) -> Values:
    """The band (2, len(KNOTS)) of any forecasts, from what came of them."""
    return _band(see(columns).horizon, said, came)


def around(columns: Columns, said: Values, width: Values) -> tuple[Values, Values]:
    """(n,) lower and upper shares of forecasts under such a band."""
    return _around(see(columns).horizon, said, width)


def fitted_of(artifact: Artifact) -> Fitted | None:
    """The weights in an artifact; None when it is of another schema. Raises ValueError for bytes that are no model."""
    known = artifact.metadata
    if known.get("learner") != NAME or known.get("schema_version") != SCHEMA.version:
        return None
    return _unpacked(artifact.data)


@lru_cache(maxsize=8)
def _unpacked(data: bytes) -> Fitted:
    _, arrays = unpack(data, KIND)
    return Fitted(arrays["weights"], arrays["band"])


def _artifact(fitted: Fitted, kind: str, rows: int, losses: dict[str, float]) -> Artifact:
    heavy = np.abs(fitted.weights.reshape(_TURNS, -1)).sum(axis=0)
    order = np.argsort(-heavy, kind="stable")[:5]
    metadata: dict[str, Any] = {
        "learner": NAME,
        "schema_version": SCHEMA.version,
        "classes": [],
        "kind": kind,
        "rows": rows,
        "out_of_fold": {name: round(loss, 6) for name, loss in losses.items()},
        "weighs_most": {_FEATURES[place]: round(float(heavy[place]), 4) for place in order if heavy[place] > 0},
    }
    return Artifact(pack({"kind": KIND}, {"weights": fitted.weights, "band": fitted.band}), metadata)


def _out_of_fold(seen: Seen, came: Values, folds: IntArray, shrink: float) -> Values:
    """(n,) what models said that had not seen the row's batch; the last minute's share where a fold is all there is."""
    said = _share(seen.base)
    for fold in range(FOLDS):
        out: BoolArray = folds == fold
        if out.any() and not out.all():
            weights = _solve(_part(seen, ~out), came[~out], shrink)
            said[out] = _say(_part(seen, out), weights)
    return said


def _part(seen: Seen, rows: BoolArray) -> Seen:
    return Seen(seen.base[rows], seen.inputs[rows], seen.horizon[rows])


def _solve(seen: Seen, came: Values, shrink: float) -> Values:
    """Weights of least absolute errors of shares, by iteratively reweighted ridge regressions (Schlossmacher 1973)."""
    rises = np.clip(_log_ratio(came) - seen.base, -5.0, 5.0)
    slope = came * (1.0 - came) + _SMALL
    found: Values = np.zeros(seen.inputs.shape[1])
    for _ in range(_PASSES):
        off = np.abs(_share(seen.base + seen.inputs @ found) - came)
        weights = slope**2 / np.maximum(off, _SMALL)
        power = (seen.inputs * weights[:, None]).T @ seen.inputs
        own = np.diag(power).copy()
        held = power + np.diag(shrink * own + 1e-6 * own.max() + 1e-12)
        found = np.asarray(np.linalg.solve(held, seen.inputs.T @ (weights * rises)), np.float64)
    return found


def _say(seen: Seen, weights: Values) -> Values:
    # Summed row by row: a matrix product rounds by the company a row is in.
    return _share(seen.base + (seen.inputs * weights).sum(axis=1))


def _band(horizon: Values, said: Values, came: Values) -> Values:
    """Quantiles of the errors near each knot; all errors where a knot has few."""
    off = came - said
    tails = (0.5 - COVERAGE / 2, 0.5 + COVERAGE / 2)
    found = np.empty((2, len(KNOTS)))
    for place, knot in enumerate(KNOTS):
        near = np.abs(horizon - knot) <= 0.2
        found[:, place] = np.quantile(off[near] if near.sum() >= 100 else off, tails)
    return found


def _around(horizon: Values, said: Values, width: Values) -> tuple[Values, Values]:
    low, high = (np.interp(horizon, KNOTS, side) for side in width)
    return np.clip(said + np.minimum(low, 0.0), 0.0, 1.0), np.clip(said + np.maximum(high, 0.0), 0.0, 1.0)


def _share(log_ratio: Values) -> Values:
    share: Values = 1.0 / (1.0 + np.exp(-np.clip(log_ratio, -30.0, 30.0)))
    return share


def _log_ratio(share: Values) -> Values:
    safe = np.clip(share, _EDGE, 1.0 - _EDGE)
    ratio: Values = np.log(safe) - np.log1p(-safe)
    return ratio
