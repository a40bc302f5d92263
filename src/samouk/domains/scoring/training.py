"""Which model to fit, how far back to look and how sure it may be, decided on rows that the fit did not see."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samouk.domains.scoring import additive
from samouk.domains.scoring.additive import Additive, Vector, sigmoid
from samouk.domains.scoring.features import Layout, Matrix
from samouk.families import trees
from samouk.loop.learner import Context

if TYPE_CHECKING:
    import lightgbm

MAX_ROWS = 200_000
"""Newest rows that a fit looks at: bounded time, and what is older describes other days."""

CHOOSE_ROWS = 30_000
"""Newest rows on which kinds of models are compared and scores are calibrated."""

FOLDS = 4
FEWEST_FOR_TREES = 500
ROUNDS = (25, 75, 200)
"""Numbers of trees that are compared; one fit of the most gives all of them."""

HALF_LIVES = (0.25, 0.06)
"""Shares of the rows after which a row counts half, tried against counting all alike."""

_NEWEST = 10
"""One in so many rows, the newest, decides how far back to look."""

_SURE = 2.0
"""Standard errors by which forgetting must be better than remembering before anything is forgotten."""

_TREES_UNTIL = 0.7
"""Share of the time budget after which no tree is grown."""

_PARAMETERS = {
    "objective": "cross_entropy",
    "boost_from_average": False,
    "learning_rate": 0.08,
    "num_leaves": 15,
    # Without these two, trees that start from a fitted model diverge on rare outcomes.
    "lambda_l2": 1.0,
    "max_delta_step": 1.0,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "max_bin": 127,
    "force_row_wise": True,
    "deterministic": True,
    "verbose": -1,
}


@dataclass(frozen=True, slots=True)
class Lessons:
    """Rows to learn from: (n, k) inputs, (n,) targets in [0, 1], (n,) numbers of their batches, (n,) weights."""

    inputs: Matrix
    targets: Vector
    groups: NDArray[np.integer[Any]]
    weights: Vector

    def only(self, rows: NDArray[Any] | slice) -> Lessons:
        return Lessons(self.inputs[rows], self.targets[rows], self.groups[rows], self.weights[rows])


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of model: whether an additive part stands below the trees, and how many trees there are."""

    name: str
    additive: bool
    trees: int


ADDITIVE = Kind("additive", True, 0)
KINDS = (
    ADDITIVE,
    *(Kind(f"additive and {count} trees", True, count) for count in ROUNDS),
    *(Kind(f"{count} trees", False, count) for count in ROUNDS),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What rows that the fits did not see say.

    Attributes:
        losses: name of a kind → its mean cross entropy; empty where there are too few batches to compare.
        calibration: slope and offset of the log odds (Platt 1999) under which the chosen kind is honest.
        typical_error: mean distance of score and outcome.
    """

    kind: Kind
    losses: dict[str, float]
    calibration: tuple[float, float]
    typical_error: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """The additive part and the trees on top of it."""

    base: Additive
    booster: lightgbm.Booster | None

    def grown(self) -> list[trees.Tree]:
        return trees.grown(self.booster) if self.booster else []


class Clock:
    """How much of the time budget is left for trees."""

    def __init__(self, context: Context) -> None:
        self.end = time.monotonic() + _TREES_UNTIL * context.time_budget_s

    def over(self) -> bool:
        return time.monotonic() > self.end


def weighed(layout: Layout, lessons: Lessons) -> tuple[Lessons, float | None]:
    """The lessons with older rows counting less, where that serves the newest rows better, and the half-life.

    Half-lives are shares of the rows. Tried with the additive model, which forgets as the others do.
    """
    n = len(lessons.targets)
    newest = np.arange(n) >= n - n // _NEWEST
    if len(np.unique(lessons.groups[newest])) < FOLDS or n < 10 * FEWEST_FOR_TREES:
        return lessons, None
    earlier, later = lessons.only(~newest), lessons.only(newest)
    alike = _losses(layout, earlier, later)
    best, half_life = 0.0, None
    for share in HALF_LIVES:
        gain = alike - _losses(layout, _forgetting(earlier, share), later)
        if gain.mean() > max(best, _SURE * _error(gain, later.groups)):
            best, half_life = float(gain.mean()), share
    return (lessons, None) if half_life is None else (_forgetting(lessons, half_life), half_life)


def _forgetting(lessons: Lessons, half_life: float) -> Lessons:
    n = len(lessons.targets)
    age = np.arange(n, 0, -1) / (n * half_life)
    return Lessons(lessons.inputs, lessons.targets, lessons.groups, 0.5**age)


def _losses(layout: Layout, taught: Lessons, judged: Lessons) -> Vector:
    model = additive.fit(layout, taught.inputs, taught.targets, taught.weights)
    return cross_entropy(additive.logits(layout, model, judged.inputs), judged.targets)


def _error(values: Vector, groups: NDArray[np.integer[Any]]) -> float:
    """Standard error of the mean when rows of one batch are alike."""
    _, inverse = np.unique(groups, return_inverse=True)
    sums = np.bincount(inverse, weights=values - values.mean())
    return float(np.sqrt((sums**2).sum()) / len(values))


def choose(layout: Layout, lessons: Lessons, context: Context, clock: Clock) -> Choice:
    """Compare the kinds on rows out of fold, by batch, and calibrate the best of them."""
    lessons = lessons.only(slice(-CHOOSE_ROWS, None))
    groups, inverse = np.unique(lessons.groups, return_inverse=True)
    folds = min(FOLDS, len(groups))
    if folds < 2:
        return Choice(ADDITIVE, {}, (1.0, 0.0), 0.5)
    fold_of = np.random.default_rng(context.seed).permutation(len(groups))[inverse] % folds
    kinds = KINDS if len(lessons.targets) >= FEWEST_FOR_TREES else (ADDITIVE,)
    odds = {kind: np.empty(len(lessons.targets)) for kind in kinds}
    for fold in range(folds):
        held = fold_of == fold
        for kind, found in _rehearse(layout, lessons.only(~held), lessons.inputs[held], kinds, context, clock):
            odds[kind][held] = found
        if clock.over():
            odds = {ADDITIVE: odds[ADDITIVE]}
            kinds = (ADDITIVE,)
    weights = lessons.weights
    losses = {
        kind: float(np.average(cross_entropy(found, lessons.targets), weights=weights)) for kind, found in odds.items()
    }
    best = min(losses, key=lambda kind: (losses[kind], kind.trees))
    slope, offset = platt(odds[best], lessons.targets, weights)
    error = float(np.average(np.abs(sigmoid(slope * odds[best] + offset) - lessons.targets), weights=weights))
    return Choice(best, {kind.name: round(loss, 5) for kind, loss in losses.items()}, (slope, offset), error)


def _rehearse(
    layout: Layout, taught: Lessons, asked: Matrix, kinds: Sequence[Kind], context: Context, clock: Clock
) -> Iterator[tuple[Kind, Vector]]:
    """Log odds that each kind, fitted on ``taught``, gives for ``asked``."""
    for with_additive in (True, False):
        wanted = [kind for kind in kinds if kind.additive is with_additive]
        if not wanted:
            continue
        fitted = fit(layout, Kind("", with_additive, max(kind.trees for kind in wanted)), taught, context, clock)
        below = additive.logits(layout, fitted.base, asked)
        for kind in wanted:
            yield kind, below + _raised(fitted.booster, asked, kind.trees)


def _raised(booster: lightgbm.Booster | None, asked: Matrix, count: int) -> Vector:
    if booster is None or count == 0:
        return np.zeros(len(asked))
    return np.asarray(booster.predict(asked, raw_score=True, num_iteration=count), np.float64)


def fit(
    layout: Layout, kind: Kind, lessons: Lessons, context: Context, clock: Clock, start: Sequence[float] = ()
) -> Fitted:
    """One model of a kind; with fewer trees, or none, where the time is over."""
    if kind.additive:
        base = additive.fit(layout, lessons.inputs, lessons.targets, lessons.weights, start)
    else:
        base = additive.flat(layout, float(np.average(lessons.targets, weights=lessons.weights)))
    if kind.trees == 0 or clock.over():
        return Fitted(base, None)
    return Fitted(base, _grow(lessons, additive.logits(layout, base, lessons.inputs), kind.trees, context, clock))


def _grow(lessons: Lessons, below: Vector, count: int, context: Context, clock: Clock) -> lightgbm.Booster:
    import lightgbm

    def stop(state: Any) -> None:
        if clock.over():
            raise lightgbm.callback.EarlyStopException(state.iteration, [])

    parameters = {**_PARAMETERS, "seed": context.seed, "num_threads": context.threads}
    data = lightgbm.Dataset(
        lessons.inputs,
        lessons.targets,
        weight=lessons.weights,
        init_score=below,
        params={"verbose": -1, "max_bin": _PARAMETERS["max_bin"]},
    )
    return lightgbm.train(parameters, data, count, callbacks=[stop])


def cross_entropy(odds: Vector, targets: Vector) -> Vector:
    """(n,) loss of log odds, for targets in [0, 1]."""
    found: Vector = np.logaddexp(0.0, odds) - targets * odds
    return found


def platt(odds: Vector, targets: Vector, weights: Vector, prior: float = 20.0) -> tuple[float, float]:
    """Slope and offset of the log odds that surprise least (Platt 1999), by Newton's method.

    Args:
        prior: rows that speak for slope 1 and offset 0, so that few rows change little.
    """
    slope, offset = 1.0, 0.0
    for _ in range(25):
        shares = sigmoid(slope * odds + offset)
        pull = weights * (shares - targets)
        spread = weights * shares * (1 - shares)
        gradient = np.array([pull @ odds + prior * (slope - 1), pull.sum() + prior * offset])
        mixed = spread @ odds
        curvature = np.array([[spread @ odds**2 + prior, mixed], [mixed, spread.sum() + prior]])
        step = np.linalg.solve(curvature, gradient)
        # Bounded, so that a flat start cannot throw the next step off the scale.
        step = np.clip(step, -0.5, 0.5)
        slope, offset = slope - float(step[0]), offset - float(step[1])
        if np.abs(step).max() < 1e-8:
            break
    return max(slope, 0.0), offset
