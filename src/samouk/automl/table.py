"""A learner's examples as the one matrix that model families learn from; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from samouk.edge.wire import Field
from samouk.loop.columns import Columns, rows_in
from samouk.loop.learner import Learner
from samouk.loop.records import Examples

Matrix = NDArray[np.float32]
Task = Literal["classification", "regression"]

_KINDS = ("number", "integer", "flag", "category")


class NothingToSearch(ValueError):
    """The examples cannot teach a model; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows to learn from.

    Attributes:
        names: one a column.
        x: (n, len(names)) float32: numbers as they are, codes of categories, 0 and 1 for flags, NaN where missing.
        y: (n,) class codes from 0 up, or numbers in [0, 1].
        groups: (n,) what came together; a split never parts it.
        classes: how many classes there are; 2 for a yes-or-no answer told as a number, 0 for any other number.
    """

    names: tuple[str, ...]
    x: Matrix
    y: NDArray[np.float64]
    groups: NDArray[np.int64]
    classes: int

    @property
    def task(self) -> Task:
        return "classification" if self.classes else "regression"


def seen_fields(learner: Learner) -> tuple[Field, ...]:
    """The fields that a model may look at, in the order of the schema: identifiers and weeks tell nothing."""
    return tuple(spec for spec in learner.seen.fields if spec.kind in _KINDS)


def matrix(fields: tuple[Field, ...], columns: Columns) -> Matrix:
    """(n, len(fields)) float32, the layout in which adopted models are asked."""
    found = np.empty((rows_in(columns), len(fields)), np.float32)
    for place, spec in enumerate(fields):
        found[:, place] = columns[spec.name]
    least = np.array([_least(spec) for spec in fields], np.float32)
    found[found < least] = np.nan
    return found


def table_of(learner: Learner, examples: Examples, *, judged: bool = False) -> Table:
    """The examples as a table.

    Args:
        judged: rows to look at only, of which any number and any labels do.

    Raises:
        NothingToSearch: no rows, one group alone, or labels that are all the same.
    """
    y = examples.labels.values.astype(np.float64)
    if not judged:
        _refuse(learner, examples, y)
    yes_or_no = not learner.classes and bool(np.isin(y, (0, 1)).all())
    fields = seen_fields(learner)
    return Table(
        names=tuple(spec.name for spec in fields),
        x=matrix(fields, examples.columns),
        y=y,
        groups=examples.groups.astype(np.int64),
        classes=len(learner.classes) or (2 if yes_or_no else 0),
    )


def _refuse(learner: Learner, examples: Examples, y: NDArray[np.float64]) -> None:
    if not len(y):
        raise NothingToSearch(f"{learner.name} has no labelled rows yet; send samples or outcomes first")
    if len(np.unique(examples.groups)) < 2:
        raise NothingToSearch("all rows came in one batch: no split could judge what was learnt from it; send more")
    if len(np.unique(y)) < 2:
        raise NothingToSearch(f"all {len(y)} labels are {y[0]:g}: there is nothing to tell apart")


def _least(spec: Field) -> float:
    return {"number": -np.inf, "integer": spec.low}.get(spec.kind, 0.0)
