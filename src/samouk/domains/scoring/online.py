"""Corrects the batch model's score between two turns by what was told since, as much as the correction has earned."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from samouk.domains.scoring import model
from samouk.domains.scoring.features import Layout, matrix
from samouk.families.packing import pack, unpack
from samouk.loop.columns import Columns
from samouk.loop.learner import Online
from samouk.loop.records import Artifact, Predictions

BLOCK = 32
"""Rows that are learnt together. Fixed from the first row on, so that no cut into calls matters."""

PRIOR = np.array([0.9, 0.05, 0.05])
"""Weights at the start: the batch model, a correction of its level and spread, a correction that sees the features."""

_SHARE = 0.01
"""What flows back to ``PRIOR`` with each block, so that after a drift the best expert soon leads."""

_RATE, _FADE = 0.15, 0.998
_SURE = 1e-4

Floats = NDArray[np.float64]


class Quick(NamedTuple):
    """The state as plain numbers, for one row alone: ten times as fast as arrays of length one.

    Attributes:
        numeric: (name, smallest value that is none missing, mean, spread, weight) a field.
        coded: (name, weights of: missing, the first value, the second ...) a field.
        lines: scale and level of the two corrections.
    """

    numeric: tuple[tuple[str, float, float, float, float], ...]
    coded: tuple[tuple[str, list[float]], ...]
    lines: list[list[float]]
    trust: list[float]


@dataclass(slots=True, eq=False)
class Hybrid:
    """Three experts and their weights.

    An expert's logit is ``scale * batch logit + level (+ a weight a numeric feature and a category's value)``.

    Attributes:
        weights: (2, m) of the two corrections over the same m terms; the first sees only scale and level.
        sums: (2, m) fading sums of squared slopes.
        trust: (3,) weights of batch model and corrections in the answer; their sum is 1.
        mean, spread: (numeric,) of the numeric features of the rows learnt, for scaling.
        seen: rows learnt.
        rows, told: what waits for its block to be full.
        quick: the same for single rows; None until something has been learnt.
    """

    weights: Floats
    sums: Floats
    trust: Floats
    mean: Floats
    spread: Floats
    seen: int
    rows: NDArray[np.float32]
    told: Floats
    quick: Quick | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Where a layout's features stand among the terms: scale, level, numeric ones, one for each value of a category."""

    numeric: NDArray[np.intp]
    coded: NDArray[np.intp]
    first: NDArray[np.intp]
    """(coded,) term of each category's missing value; its values follow."""
    count: int


def terms_of(layout: Layout) -> Terms:
    """The terms of a layout."""
    numeric = np.array(layout.numeric, np.intp)
    sizes = [values + 1 for _, values in layout.coded]
    starts = 2 + len(numeric) + np.cumsum([0, *sizes])
    coded = np.array([place for place, _ in layout.coded], np.intp)
    return Terms(numeric, coded, starts[:-1].astype(np.intp), int(starts[-1]))


def online_of(layout: Layout) -> Online:
    """The online part of a scoring learner."""
    terms = terms_of(layout)
    return Online(
        begin=lambda artifact: begin(layout, terms),
        correct=partial(correct, layout, terms),
        learn=partial(learn, layout, terms),
        save=partial(save, layout),
        load=lambda artifact, data: load(layout, terms, data),
    )


def begin(layout: Layout, terms: Terms) -> Hybrid:
    """The state that has learnt nothing: all experts say what the batch model says."""
    weights = np.zeros((2, terms.count))
    weights[:, 0] = 1
    width = len(terms.numeric)
    return Hybrid(
        weights,
        np.full((2, terms.count), 0.01),
        PRIOR.copy(),
        np.zeros(width),
        np.ones(width),
        0,
        np.zeros((0, layout.width), np.float32),
        np.zeros(0),
    )


def correct(layout: Layout, terms: Terms, state: Hybrid, columns: Columns, predictions: Predictions) -> Predictions:
    """Scores as the experts mix them; NaN, where the batch model abstains, stays. Changes no state."""
    if state.quick is None:
        return predictions
    if len(predictions.values) == 1:
        value = _single(state.quick, columns, float(predictions.values[0]))
        confidence = max(value, 1 - value) if value == value else 0.0
        return Predictions(np.array([value], np.float32), np.array([confidence], np.float32))
    base = predictions.values.astype(np.float64)
    mixed = _experts(terms, state, matrix(layout, columns), base) @ state.trust
    values = mixed.astype(np.float32)
    return Predictions(values, np.fmax(np.fmax(values, 1 - values), 0))


def _single(quick: Quick, columns: Columns, base: float) -> float:
    """What ``correct`` says of one row, counted without arrays."""
    if base != base:  # NaN: the batch model abstains
        return base
    said = min(max(base, _SURE), 1 - _SURE)
    logit = math.log(said / (1 - said))
    (scale, level), (full_scale, full) = quick.lines
    full += full_scale * logit
    for name, least, mean, spread, weight in quick.numeric:
        value = columns[name].item(0)
        if value >= least:  # NaN is not
            full += weight * min(max((value - mean) / spread, -3.0), 3.0)
    for name, weights in quick.coded:
        full += weights[columns[name].item(0) + 1]
    first, second, third = quick.trust
    return first * base + second * _chance(scale * logit + level) + third * _chance(full)


def _chance(logit: float) -> float:
    return 1 / (1 + math.exp(-min(max(logit, -30.0), 30.0)))


def _quick(layout: Layout, terms: Terms, state: Hybrid) -> Quick | None:
    if not state.seen:
        return None
    full = state.weights[1].tolist()
    least, (mean, spread) = layout.least.tolist(), (state.mean.tolist(), state.spread.tolist())
    numeric = [
        (layout.names[place], least[place], mean[number], spread[number], full[2 + number])
        for number, place in enumerate(layout.numeric)
    ]
    coded = [
        (layout.names[place], full[first : first + values + 1])
        for (place, values), first in zip(layout.coded, terms.first.tolist(), strict=True)
    ]
    return Quick(tuple(numeric), tuple(coded), state.weights[:, :2].tolist(), state.trust.tolist())


def learn(layout: Layout, terms: Terms, state: Hybrid, artifact: Artifact, columns: Columns) -> Hybrid:
    """The state after these rows too; nothing is learnt of rows without an outcome, or of a model of other features."""
    if not model.readable(layout, artifact):
        return state
    told = columns["outcome"].astype(np.float64)
    known = ~np.isnan(told)
    state.rows = np.concatenate([state.rows, matrix(layout, columns)[known]])
    state.told = np.concatenate([state.told, told[known]])
    full = len(state.told) - len(state.told) % BLOCK
    if full:
        rows, targets = state.rows[:full], state.told[:full]
        state.rows, state.told = state.rows[full:].copy(), state.told[full:].copy()
        for first in range(0, full, BLOCK):
            part = slice(first, first + BLOCK)
            # The model is asked a block at a time: a runtime may round otherwise for another number of rows.
            _learn(terms, state, rows[part], model.scores(artifact, rows[part]), targets[part])
        state.quick = _quick(layout, terms, state)
    return state


def _learn(terms: Terms, state: Hybrid, rows: NDArray[np.float32], base: NDArray[np.float32], told: Floats) -> None:
    """One block: weigh the experts by how they did on it, then teach the corrections."""
    said = np.clip(base.astype(np.float64), _SURE, 1 - _SURE)
    known = ~np.isnan(said)
    rows, said, told = rows[known], said[known], told[known]
    if not len(told):
        return
    design = _design(terms, state, rows, said)
    corrected = _sigmoid(design @ state.weights.T)
    state.trust = _trusted(state.trust, np.concatenate([said[:, None], corrected], axis=1), told)
    error = corrected - told[:, None]
    slopes = error.T @ design / len(told)
    slopes[0, 2:] = 0
    state.sums *= _FADE
    state.sums += slopes**2
    state.weights -= _RATE * slopes / np.sqrt(state.sums)
    _scale(terms, state, rows)


def _trusted(trust: Floats, said: Floats, told: Floats) -> Floats:
    """Weights after a block by Bayes' rule on the log losses of (n, 3) answers, a share of them dealt out anew.

    Mixing by fixed share (Herbster and Warmuth 1998): over any stretch it loses little against its best expert.
    """
    safe = np.clip(said, _SURE, 1 - _SURE)
    gained = told @ np.log(safe) + (1 - told) @ np.log1p(-safe)
    found = trust * np.exp(gained - gained.max())
    mixed: Floats = (1 - _SHARE) * found / found.sum() + _SHARE * PRIOR
    return mixed


def _experts(terms: Terms, state: Hybrid, rows: NDArray[np.float32], base: Floats) -> Floats:
    """(n, 3) what each expert says."""
    said = np.minimum(np.maximum(base, _SURE), 1 - _SURE)
    found = np.empty((len(base), 3))
    found[:, 0] = base
    found[:, 1:] = _sigmoid(_design(terms, state, rows, said) @ state.weights.T)
    return found


def _design(terms: Terms, state: Hybrid, rows: NDArray[np.float32], said: Floats) -> Floats:
    """(n, m) the terms: batch logit, 1, numeric features in units of their spread, and a 1 for each value met."""
    design = np.zeros((len(rows), terms.count))
    design[:, 0] = np.log(said / (1 - said))
    design[:, 1] = 1
    upto = 2 + len(terms.numeric)
    numeric = (rows[:, terms.numeric] - state.mean) / state.spread
    # A missing value stands at the mean; fmax and fmin pass by NaN, which would else spread.
    numeric[np.isnan(numeric)] = 0
    design[:, 2:upto] = np.minimum(np.maximum(numeric, -3), 3)
    # fmax turns a missing code to -1, one before the first value.
    places = np.fmax(rows[:, terms.coded], -1).astype(np.intp) + (terms.first + 1)
    design[np.arange(len(rows))[:, None], places] = 1
    return design


def _sigmoid(logits: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-np.minimum(np.maximum(logits, -30), 30)))
    return found


def _scale(terms: Terms, state: Hybrid, rows: NDArray[np.float32]) -> None:
    """Take the block into mean and spread of the numeric features; what is older than some 5,000 rows fades."""
    state.seen += len(rows)
    share = len(rows) / min(state.seen, 5_000)
    numeric = rows[:, terms.numeric].astype(np.float64)
    filled = np.where(np.isnan(numeric), state.mean, numeric)
    step = filled.mean(0) - state.mean
    variance = (1 - share) * state.spread**2 + share * (filled.var(0) + (1 - share) * step**2)
    state.mean = state.mean + share * step
    state.spread = np.sqrt(np.maximum(variance, 1e-8))


def save(layout: Layout, state: Hybrid) -> bytes:
    """The state as bytes."""
    arrays = {name: getattr(state, name) for name in _ARRAYS}
    return pack({"kind": "hybrid", "features": layout.digest, "seen": state.seen}, arrays)


def load(layout: Layout, terms: Terms, data: bytes) -> Hybrid:
    """A saved state. Raises ValueError for other bytes, or a state over other features."""
    facts, arrays = unpack(data, "hybrid")
    fresh = begin(layout, terms)
    if facts["features"] != layout.digest or arrays.keys() != set(_ARRAYS):
        raise ValueError("the state was learnt over other features; start from a fresh one and replay the journal")
    values: dict[str, Any] = {name: arrays[name] for name in _ARRAYS}
    found = replace(fresh, seen=int(facts["seen"]), **values)
    found.quick = _quick(layout, terms, found)
    return found


_ARRAYS = ("weights", "sums", "trust", "mean", "spread", "rows", "told")
