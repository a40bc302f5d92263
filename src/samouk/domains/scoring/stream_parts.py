"""The parts of the stream learner: memory of the past, trees, a linear layer, neighbours, and how they are weighed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import lightgbm

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Codes = NDArray[np.int64]

STEP = 16
"""Rows in one step of gradient descent."""

_PIECE = 64
"""Rows of a recursion that are taken in one product."""

_SURE = 1e-3
"""No part is believed more than 1 less this: one surprise must not silence it for long."""


def softmax(scores: Floats) -> Floats:
    """Rows of probabilities."""
    raised = np.exp(scores - scores.max(-1, keepdims=True))
    shares: Floats = raised / raised.sum(-1, keepdims=True)
    return shares


def before(values: Floats, start: Floats, decay: float, gain: float) -> tuple[Floats, Floats]:
    """The recursion ``s = decay * s + gain * value``: (n, k) as it stands BEFORE each row, and (k,) after the last."""
    states, state = [np.zeros((0, len(start)))], start
    for first in range(0, len(values), _PIECE):
        part = values[first : first + _PIECE]
        fading, taking = _recursion(decay)
        found = fading[: len(part) + 1] * state + gain * (taking[: len(part) + 1, : len(part)] @ part)
        states.append(found[:-1])
        state = found[-1]
    return np.concatenate(states), state


@lru_cache(maxsize=16)
def _recursion(decay: float) -> tuple[Floats, Floats]:
    """(n + 1, 1) what is left of the start and (n + 1, n) of each value, before each row and after the last."""
    age = np.arange(_PIECE + 1)[:, None] - 1 - np.arange(_PIECE)
    return decay ** np.arange(_PIECE + 1.0)[:, None], np.where(age >= 0, decay ** np.maximum(age, 0), 0.0)


def losses(said: Floats, truth: Codes) -> Floats:
    """(n, K) log losses of (n, K, C) probabilities, bounded."""
    found: Floats = -np.log(np.clip(said[np.arange(len(truth)), :, truth], 0.01, 1))
    return found


def pooled(said: Floats, weights: Floats) -> Floats:
    """(n, C) logarithmic pool of (n, K, C) probabilities under (n, K) weights (Genest and Zidek 1986)."""
    return softmax(np.einsum("nk,nkc->nc", weights, np.log(np.clip(said, 1e-4, 1))))


@dataclass(slots=True)
class Past:
    """The newest rows, in arrays that grow ahead of need; rows are let go when a quarter too many are kept."""

    held: NDArray[Any]
    most: int
    rows: int = 0

    @property
    def kept(self) -> NDArray[Any]:
        """(rows, ...) oldest first; a view."""
        return self.held[: self.rows]

    def add(self, new: NDArray[Any]) -> None:
        if self.rows + len(new) > self.most + self.most // 4:
            kept = min(self.rows, self.most)
            self.held[:kept] = self.held[self.rows - kept : self.rows].copy()
            self.rows = kept
        if self.rows + len(new) > len(self.held):
            room = np.zeros((self.rows + len(new), *self.held.shape[1:]), self.held.dtype)
            self.held = np.concatenate([self.held, room])
        self.held[self.rows : self.rows + len(new)] = new
        self.rows += len(new)


@dataclass(slots=True)
class Scale:
    """Running mean and variance of the columns; what lies further back than some 5,000 rows fades.

    Missing values have no part in it, and stand at the mean.
    """

    mean: Floats
    variance: Floats
    rows: int = 0

    def scaled(self, inputs: NDArray[Any], width: int | None = None) -> Singles:
        """The first columns in units of their spread, within ±4."""
        mean, variance = self.mean[:width], self.variance[:width]
        units = (inputs[:, :width] - mean) / np.sqrt(np.maximum(variance, 1e-8))
        found: Singles = np.clip(np.nan_to_num(units, copy=False), -4, 4).astype(np.float32)
        return found

    def filled(self, inputs: NDArray[Any]) -> Floats:
        """The first columns with the mean where a value is missing."""
        found: Floats = np.where(np.isnan(inputs), self.mean[: inputs.shape[1]], inputs).astype(np.float64)
        return found

    def see(self, inputs: NDArray[Any]) -> None:
        """Take in rows that came after all others."""
        self.rows += len(inputs)
        share = len(inputs) / min(self.rows, 5_000)
        filled = self.filled(inputs)
        step = filled.mean(0) - self.mean
        self.variance += share * (filled.var(0) + (1 - share) * step**2 - self.variance)
        self.mean += share * step


@dataclass(slots=True)
class Linear:
    """Softmax regression by adaptive gradient (Duchi et al. 2011) whose sums fade, so that it never stops to move."""

    weights: Floats
    sums: Floats

    def said(self, scaled: Singles) -> Floats:
        return softmax(_with_one(scaled) @ self.weights)

    def learn(self, scaled: Singles, truth: Codes) -> None:
        inputs, wanted = _with_one(scaled), np.eye(self.weights.shape[1])[truth]
        for first in range(0, len(truth), STEP):
            part = inputs[first : first + STEP]
            error = softmax(part @ self.weights) - wanted[first : first + STEP]
            slope = part.T @ error / len(part) + 1e-5 * self.weights
            self.sums *= 0.9999
            self.sums += slope**2
            self.weights -= 0.2 * slope / np.sqrt(self.sums)


def _with_one(scaled: Singles) -> Floats:
    return np.concatenate([scaled, np.ones((len(scaled), 1))], axis=1)


@dataclass(slots=True)
class Stack:
    """Weights of the members' logits and a level a class, learnt by gradient (stacked generalisation, Wolpert 1992)."""

    weights: Floats
    level: Floats
    sums: Floats
    level_sums: Floats

    def said(self, members: Floats) -> Floats:
        return softmax(self._logits(members) @ self.weights + self.level)

    def learn(self, members: Floats, truth: Codes) -> None:
        logits, wanted = self._logits(members), np.eye(len(self.level))[truth]
        for first in range(0, len(truth), STEP):
            part = logits[first : first + STEP]
            error = (softmax(part @ self.weights + self.level) - wanted[first : first + STEP]) / STEP**0.5
            slope, level_slope = np.einsum("nc,nck->k", error, part), error.sum(0)
            self.sums += slope**2
            self.level_sums += level_slope**2
            self.weights -= 0.2 * slope / np.sqrt(self.sums)
            self.level -= 0.2 * level_slope / np.sqrt(self.level_sums)

    def _logits(self, members: Floats) -> Floats:
        logs = np.log(np.clip(members, _SURE, 1)).transpose(0, 2, 1)
        centred: Floats = logs - logs.mean(1, keepdims=True)
        return centred


@dataclass(slots=True)
class Trees:
    """Boosted trees, grown anew after each growth of the stream by a share, and at the latest after ``every`` rows.

    Attributes:
        columns: how many of the first columns it looks at.
        window: newest rows from which it is grown.
        due: labelled rows at which it is grown next.
    """

    columns: int
    window: int
    every: int
    rounds: int
    leaves: int
    rate: float
    model: lightgbm.Booster | None = None
    due: int = 16

    def said(self, inputs: Singles, classes: int) -> Floats:
        if self.model is None:
            return np.full((len(inputs), classes), 1 / classes)
        found = np.asarray(self.model.predict(inputs[:, : self.columns], num_threads=1), np.float64)
        return found if classes > 2 else np.stack([1 - found, found], axis=1)

    def grow(self, inputs: Singles, truth: Codes, labelled: int, classes: int, seed: int) -> None:
        """Grow on the given rows, which are the newest ``window`` of ``labelled``."""
        import lightgbm

        self.due = labelled + max(1, min(int(0.4 * labelled), self.every))
        if (truth == truth[0]).all():
            return
        options = self._options(len(truth), classes, seed)
        rows = lightgbm.Dataset(inputs[:, : self.columns], truth, params=options)
        # More classes mean more trees a round: fewer and bolder rounds keep the price of a fit within three times.
        rounds = max(6, 3 * self.rounds // (classes + 1))
        # Without keeping, LightGBM writes the model out and reads it back, which costs a quarter of a small fit.
        self.model = lightgbm.train(options, rows, rounds, keep_training_booster=True)

    def _options(self, rows: int, classes: int, seed: int) -> dict[str, Any]:
        shape = {"objective": "binary"} if classes == 2 else {"objective": "multiclass", "num_class": classes}
        return {
            **shape,
            # Many classes make LightGBM's leaves explode without both of these bounds.
            "lambda_l2": 1.0,
            "max_delta_step": 0.0 if classes == 2 else 1.0,
            "num_leaves": self.leaves,
            "learning_rate": self.rate * (1.0 if classes == 2 else 1.5),
            "min_data_in_leaf": max(2, min(20, rows // 20)),
            "min_sum_hessian_in_leaf": 1e-2,
            "min_data_in_bin": 1,
            "max_bin": 63,
            "feature_fraction": 0.5,
            "feature_pre_filter": False,
            "force_col_wise": True,
            "deterministic": True,
            "num_threads": 1,
            "seed": seed,
            "verbosity": -1,
        }


def neighbours(asked: Singles, known: Singles, truth: Codes, free: Codes, classes: int, nearest: int = 5) -> Floats:
    """Votes of the nearest known rows, each by the inverse of its distance; (n, C).

    Args:
        free: (n,) how many of the known rows, which stand in their order, each asked row may look at.
    """
    if not len(known):
        return np.full((len(asked), classes), 1 / classes)
    nearest = min(nearest, len(known))
    squares = np.einsum("ij,ij->i", asked, asked)[:, None] + np.einsum("ij,ij->i", known, known)
    distance = np.maximum(squares - 2 * asked @ known.T, 0)
    distance[np.arange(len(known)) >= free[:, None]] = np.inf
    edge = np.partition(distance, nearest - 1, axis=1)[:, nearest - 1 : nearest]
    votes = np.where(distance <= edge, 1 / (np.sqrt(distance) + 0.1), 0)
    found = (votes @ np.eye(classes, dtype=np.float32)[truth]).astype(np.float64) + 0.02
    shares: Floats = found / found.sum(1, keepdims=True)
    return shares
