"""Whether many samples fit a closed schema, looked at a column at a time: ten times quicker than row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from samouk.edge.wire import Field, Row, Schema, Value

NoneType = type(None)


def fitting_columns(schema: Schema, rows: Sequence[Row]) -> dict[str, list[Value]]:
    """The rows as columns in the schema's order.

    Raises:
        WireError: the same as `Schema.check_row` gives for the first row that does not fit.
    """
    names = schema.by_name.keys()
    if all(row.keys() <= names for row in rows):
        columns = {spec.name: [row.get(spec.name) for row in rows] for spec in schema.fields}
        if all(_fits(spec, columns[spec.name]) for spec in schema.fields):
            return columns
    for place, row in enumerate(rows):
        schema.check_row(row, f"samples[{place}]")
    # Only a caller whose rows answer differently each time they are asked comes here.
    raise ValueError("the samples changed while they were checked")


def _fits(spec: Field, column: Sequence[Any]) -> bool:
    types = set(map(type, column))
    if NoneType in types:
        if not spec.optional:
            return False
        column, types = [value for value in column if value is not None], types - {NoneType}
    if not column:
        return True
    match spec.kind:
        case "flag":
            return types == {bool}
        case "integer":
            return types == {int} and spec.low <= min(column) and max(column) <= spec.high
        case "number":
            return types <= {int, float} and _in_range(spec, column)
        case "category":
            return types == {str} and set(column) <= spec.codes.keys()
        case _:
            return types == {str} and all(spec.refusal(value) is None for value in set(column))


def _in_range(spec: Field, column: Sequence[float]) -> bool:
    """Written so that NaN, infinities and whole numbers beyond any float fail too."""
    return all(spec.low <= value <= spec.high for value in column)
