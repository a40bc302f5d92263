"""What is true of the matrix: one column a declared field, in its order, and NaN for what is missing."""

from __future__ import annotations

import dataclasses

import numpy as np

from samouk.domains.scoring.features import layout_of, matrix
from samouk.domains.scoring.schema import EXAMPLE, OUTCOME, schema_of
from samouk.edge.wire import Field, Row
from samouk.loop.columns import from_rows

SCHEMA = schema_of(
    OUTCOME,
    dataclasses.replace(
        EXAMPLE,
        fields=(
            Field("price", "number", -5, 5, optional=True),
            Field("colour", "category", values=("red", "blue"), optional=True),
            Field("age", "integer", 10, 20, optional=True),
            Field("new", "flag", optional=True),
        ),
    ),
)
LAYOUT = layout_of(SCHEMA)


def test_values_become_numbers_and_gaps_nan() -> None:
    """Numbers stay, categories become their places, flags 0 and 1, and every kind of gap is NaN."""
    rows: list[Row] = [
        {"price": -5.0, "colour": "blue", "age": 10, "new": False, "outcome": 1.0},
        {"price": None, "colour": None, "age": None, "new": None},
        {"price": 0.0, "colour": "red", "age": 20, "new": True},
    ]
    found = matrix(LAYOUT, from_rows(SCHEMA, rows))
    nan = np.nan
    expected = np.array([[-5, 1, 10, 0], [nan, nan, nan, nan], [0, 0, 20, 1]], np.float32)
    assert found.dtype == np.float32
    assert np.array_equal(found, expected, equal_nan=True)


def test_what_is_told_has_no_column() -> None:
    """The layout holds the declared fields alone."""
    assert LAYOUT.names == ("price", "colour", "age", "new")
    assert LAYOUT.numeric == (0, 2) and LAYOUT.coded == ((1, 2), (3, 2))


def test_the_digest_tells_what_models_can_read() -> None:
    """Another order, name, kind or vocabulary is another digest; help and bounds are not."""

    def digest(*fields: Field) -> str:
        return layout_of(schema_of(OUTCOME, dataclasses.replace(EXAMPLE, fields=fields))).digest

    one, two = Field("a", "category", values=("x", "y")), Field("b", "number", 0, 1)
    same = digest(one, two)
    assert digest(dataclasses.replace(one, help="other"), dataclasses.replace(two, high=2)) == same
    others = {digest(two, one), digest(dataclasses.replace(one, values=("y", "x")), two), digest(one)}
    assert len(others | {same}) == 4
