"""Whether an exported model answers as its source does, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samouk.automl.table import Matrix
from samouk.edge import runtime

OFF = 1e-3
"""Difference of a score above which a row answers otherwise: thresholds in single precision move scores by as much."""

MOST_OFF = 0.01
MOST_MEAN = 1e-3


@dataclass(frozen=True, slots=True)
class Parity:
    """How far two models lie apart.

    Attributes:
        largest, mean: absolute differences of scores.
        off: share of rows whose scores differ by more than ``OFF``.
        decisions: share of rows on which both decide alike: the same class, or the same side of one half.
    """

    rows: int
    largest: float
    mean: float
    off: float
    decisions: float

    @property
    def faithful(self) -> bool:
        return self.off <= MOST_OFF and self.mean <= MOST_MEAN and self.decisions >= 1 - MOST_OFF


def parity(estimator: Any, graph: bytes, x: Matrix, classes: int) -> Parity:
    """Ask both; raises ValueError without rows, or when the graph answers in another shape than its source.

    Args:
        classes: how many the table knows, whether or not each had rows; 0 for numbers.
    """
    if not len(x):
        raise ValueError("parity: needs rows to compare on")
    source = source_scores(estimator, x, classes)
    session = runtime.session(graph)
    exported = session.run(None, {session.get_inputs()[0].name: x})[0]
    if exported.shape != source.shape:
        raise ValueError(f"parity: the graph answers {list(exported.shape)}, its source {list(source.shape)}")
    # What is no number agrees with nothing.
    apart = np.nan_to_num(np.abs(exported - source).max(axis=1), nan=np.inf)
    return Parity(
        rows=len(x),
        largest=float(apart.max()),
        mean=float(apart.mean()),
        off=float((apart > OFF).mean()),
        decisions=float((_decided(exported) == _decided(source)).mean()),
    )


def source_scores(estimator: Any, x: Matrix, classes: int) -> NDArray[np.float64]:
    """(n, classes) shares of a classifier, each in the column of its code; (n, 1) numbers of a regressor in [0, 1]."""
    if classes:
        shares = np.zeros((len(x), classes))
        shares[:, np.asarray(estimator.classes_, np.intp)] = estimator.predict_proba(x)
        return shares
    return np.clip(np.asarray(estimator.predict(x), np.float64), 0, 1).reshape(-1, 1)


def _decided(scores: NDArray[Any]) -> NDArray[Any]:
    return scores.argmax(axis=1) if scores.shape[1] > 1 else scores[:, 0] > 0.5
