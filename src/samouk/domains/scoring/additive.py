"""The additive model: a slope for each number, a weight for each value of a category and for each gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samouk.domains.scoring.features import Layout, Matrix

Vector = NDArray[np.float64]

REACH = 4.0
"""Numbers farther from their mean than so many standard deviations count as so far: no row goes off the scale."""

PENALTY = 1.0
"""Ridge on every weight but the intercept, in rows: a category's value seen in few rows stays near zero."""

STEPS = 60
"""Steps of the quasi-Newton search, at most; it ends by itself after 20 to 40."""


@dataclass(frozen=True, slots=True, eq=False)
class Additive:
    """A fitted additive model.

    Attributes:
        centres, scales: (k,) of the numeric columns; 0 and 1 elsewhere.
        slopes: (k,) a standard deviation; 0 elsewhere.
        gaps: (k,) added where the column is missing.
        tables: one array a coded column, added by code.
    """

    intercept: float
    centres: Vector
    scales: Vector
    slopes: Vector
    gaps: Vector
    tables: tuple[Vector, ...]


def blank(layout: Layout) -> Additive:
    """The model that adds nothing."""
    nothing = np.zeros(layout.width)
    tables = tuple(np.zeros(values) for _, values in layout.coded)
    return Additive(0.0, nothing, np.ones(layout.width), nothing, nothing, tables)


def logits(layout: Layout, model: Additive, inputs: Matrix) -> Vector:
    """(n,) log odds."""
    return _Rows(layout, model.centres, model.scales, inputs).logits(_packed(model))


def fit(layout: Layout, inputs: Matrix, targets: Vector, weights: Vector, start: Sequence[float] = ()) -> Additive:
    """Minimise the cross entropy with a ridge, by L-BFGS (Liu & Nocedal 1989), without making columns of values.

    Args:
        inputs: (n, k) features.
        targets: (n,) in [0, 1].
        weights: (n,) what each row counts.
        start: ``weights_of`` an earlier model, from which the search is shorter; any other length is not looked at.
    """
    from scipy.optimize import minimize

    centres, scales = _measures(layout, inputs)
    rows = _Rows(layout, centres, scales, inputs)
    first = np.zeros(rows.size)
    first[0] = _odds(float(np.average(targets, weights=weights)))
    if len(start) == rows.size:
        first = np.asarray(start, np.float64)
    options = {"maxiter": STEPS, "maxcor": 10}
    found = minimize(_loss, first, (rows, targets, weights), jac=True, method="L-BFGS-B", options=options)
    return rows.model(found.x)


def flat(layout: Layout, mean: float) -> Additive:
    """The model that answers ``mean`` to every row, kept a little off 0 and 1."""
    nothing = np.zeros(layout.width)
    tables = tuple(np.zeros(values) for _, values in layout.coded)
    return Additive(_odds(mean), nothing, np.ones(layout.width), nothing, nothing, tables)


def _odds(mean: float) -> float:
    share = float(np.clip(mean, 1e-4, 1 - 1e-4))
    return float(np.log(share / (1 - share)))


def weights_of(model: Additive) -> list[float]:
    """Every weight in one list, as ``fit`` takes it to start from."""
    return [round(float(value), 6) for value in _packed(model)]


def _packed(model: Additive) -> Vector:
    return np.concatenate([[model.intercept], model.slopes, model.gaps, *model.tables])


def _measures(layout: Layout, inputs: Matrix) -> tuple[Vector, Vector]:
    """Mean and standard deviation of the numeric columns over what is known."""
    centres, scales = np.zeros(layout.width), np.ones(layout.width)
    for place in layout.numeric:
        known = inputs[:, place][~np.isnan(inputs[:, place])].astype(np.float64)
        if len(known) and known.std() > 0:
            centres[place], scales[place] = known.mean(), known.std()
    return centres, scales


class _Rows:
    """Rows laid out for the search: standardised numbers, gaps, and codes whose last value is for what is missing."""

    def __init__(self, layout: Layout, centres: Vector, scales: Vector, inputs: Matrix) -> None:
        self.layout, self.centres, self.scales = layout, centres, scales
        self.numeric = np.array(layout.numeric, np.intp)
        gaps = np.isnan(inputs)
        self.gapped = np.flatnonzero(gaps.any(axis=0))
        self.gaps = gaps[:, self.gapped].astype(np.float64)
        scaled = (inputs[:, self.numeric] - centres[self.numeric]) / scales[self.numeric]
        self.numbers = np.nan_to_num(np.clip(scaled, -REACH, REACH), nan=0.0)
        self.codes = [
            np.where(gaps[:, place], values, np.nan_to_num(inputs[:, place])).astype(np.intp)
            for place, values in layout.coded
        ]
        width = layout.width
        ends = np.cumsum([1 + 2 * width, *(values for _, values in layout.coded)])
        self.places = [slice(int(low), int(high)) for low, high in pairwise(ends)]
        self.size = int(ends[-1])

    def logits(self, packed: Vector) -> Vector:
        width = self.layout.width
        found: Vector = packed[0] + self.numbers @ packed[1 + self.numeric]
        found += self.gaps @ packed[1 + width + self.gapped]
        for codes, place in zip(self.codes, self.places, strict=True):
            found += np.append(packed[place], 0.0)[codes]
        return found

    def gradient(self, residuals: Vector) -> Vector:
        """Of the loss in the packed weights, by its derivative in the log odds."""
        width = self.layout.width
        found = np.zeros(self.size)
        found[0] = residuals.sum()
        found[1 + self.numeric] = residuals @ self.numbers
        found[1 + width + self.gapped] = residuals @ self.gaps
        for codes, place in zip(self.codes, self.places, strict=True):
            values = place.stop - place.start
            found[place] = np.bincount(codes, weights=residuals, minlength=values + 1)[:values]
        return found

    def model(self, packed: Vector) -> Additive:
        width = self.layout.width
        return Additive(
            intercept=float(packed[0]),
            centres=self.centres,
            scales=self.scales,
            slopes=packed[1 : 1 + width],
            gaps=packed[1 + width : 1 + 2 * width],
            tables=tuple(packed[place] for place in self.places),
        )


def _loss(packed: Vector, rows: _Rows, targets: Vector, weights: Vector) -> tuple[float, Vector]:
    """Weighted cross entropy with its ridge, a row, and the gradient."""
    odds = rows.logits(packed)
    ridge = PENALTY * packed
    ridge[0] = 0.0
    total = float(weights.sum())
    loss = float(weights @ (np.logaddexp(0.0, odds) - targets * odds)) + 0.5 * float(ridge @ packed)
    gradient = rows.gradient(weights * (sigmoid(odds) - targets)) + ridge
    return loss / total, gradient / total


def sigmoid(odds: NDArray[np.floating[Any]]) -> Vector:
    """Log odds as probabilities, without overflow."""
    found: Vector = 0.5 * (1.0 + np.tanh(0.5 * odds.astype(np.float64)))
    return found
