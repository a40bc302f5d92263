"""Columns as the numbers that models see: one float a declared field, NaN where a value is missing; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from samouk.domains.scoring.schema import TOLD
from samouk.edge.wire import Field, Schema
from samouk.loop.columns import Columns, rows_in

Matrix = NDArray[np.float32]

_TOLD_NAMES = frozenset(spec.name for spec in TOLD)


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Which field stands in which column of a matrix.

    Attributes:
        schema: of the learner; what is told has no column.
        fields: one a column, in the order of the declaration.
        least: (k,) smallest code that is a value; what lies below is missing.
        numeric: columns of numbers and whole numbers, which may have a slope.
        coded: (column, number of values) of categories and flags, whose values are codes from 0.
        digest: of names, kinds and values in their order; a model of another digest cannot read the matrix.
    """

    schema: Schema
    fields: tuple[Field, ...]
    names: tuple[str, ...]
    least: Matrix
    numeric: tuple[int, ...]
    coded: tuple[tuple[int, int], ...]
    digest: str

    @property
    def width(self) -> int:
        return len(self.fields)


def layout_of(schema: Schema) -> Layout:
    """The layout of a learner's schema."""
    fields = tuple(spec for spec in schema.fields if spec.name not in _TOLD_NAMES)
    return Layout(
        schema=schema,
        fields=fields,
        names=tuple(spec.name for spec in fields),
        least=np.array([_least(spec) for spec in fields], np.float32),
        numeric=tuple(place for place, spec in enumerate(fields) if spec.kind in ("number", "integer")),
        coded=tuple((place, _values(spec)) for place, spec in enumerate(fields) if spec.kind in ("category", "flag")),
        digest=_digest(fields),
    )


def matrix(layout: Layout, columns: Columns) -> Matrix:
    """(n, k) float32: numbers as they are, codes of categories, 0 and 1 for flags; what is told is not looked at."""
    if rows_in(columns) == 1:  # an array of plain numbers takes half the time of ten assignments
        found = np.array([[columns[name].item(0) for name in layout.names]], np.float32)
    else:
        found = np.empty((rows_in(columns), layout.width), np.float32)
        for place, name in enumerate(layout.names):
            found[:, place] = columns[name]
    # One comparison for all columns; NaN is below nothing, and stays.
    found[found < layout.least] = np.nan
    return found


def _least(spec: Field) -> float:
    return {"number": -np.inf, "integer": spec.low}.get(spec.kind, 0.0)


def _values(spec: Field) -> int:
    return len(spec.values) if spec.kind == "category" else 2


def _digest(fields: Sequence[Field]) -> str:
    text = repr([(spec.name, spec.kind, spec.values) for spec in fields])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
