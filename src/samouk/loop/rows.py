"""A few rows of plain values as typed columns: ``columns.to_columns`` for who waits for the answer to one row.

Arrays are dear to make and cheap to fill: so each row becomes one record, and a column is a view of a
field of all records. The checks, the values and the dtypes are those of ``to_columns``.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from samouk.edge.wire import Field, Row, Schema, WireError
from samouk.loop.columns import MISSING, Column, dtype_of

Code = Any
"""A checked value as it stands in a column."""

_EPOCH = dt.date(1970, 1, 1)
_BLANK: Mapping[str, Callable[[Field], Code]] = {
    "flag": lambda spec: MISSING,
    "integer": lambda spec: int(spec.low) - 1,
    "number": lambda spec: np.nan,
    "category": lambda spec: MISSING,
    "identifier": lambda spec: bytes(16),
    "week": lambda spec: 0,
}
"""Kind → the code of what is not there; of what is told afterwards also where the field is not optional."""


class RowReader:
    """Reads rows of a schema, without the fields that are told afterwards.

    Args:
        told: those fields; a row may not carry them, and their columns say "missing": identifiers are
            sixteen zero bytes, weeks 0.
    """

    def __init__(self, schema: Schema, told: Sequence[str] = ()) -> None:
        self._dtype = np.dtype([(spec.name, dtype_of(spec)) for spec in schema.fields])
        self._seen = frozenset(spec.name for spec in schema.fields if spec.name not in told)
        self._plan = tuple(
            (spec, None if spec.name in told else _coder(spec), _BLANK[spec.kind](spec)) for spec in schema.fields
        )

    def codes(self, row: Row, where: str) -> tuple[Code, ...]:
        """The row checked, field by field. Raises WireError that names ``where.field``."""
        if not row.keys() <= self._seen:
            unknown = next(name for name in row if name not in self._seen)
            raise WireError(f"{where}.{unknown}", "is not a field that a prediction is asked with; remove it")
        get = row.get
        out: list[Code] = []
        for spec, code, blank in self._plan:
            if code is None:
                out.append(blank)
                continue
            value = get(spec.name)
            if value is None and spec.optional:
                out.append(blank)
                continue
            found = code(value)
            if found is None:
                raise WireError(f"{where}.{spec.name}", spec.refusal(value) or "does not fit the schema")
            out.append(found)
        return tuple(out)

    def columns(self, coded: Sequence[tuple[Code, ...]]) -> dict[str, Column]:
        """Rows that ``codes`` gave, as columns."""
        records = np.array(coded, self._dtype)
        return {name: records[name] for name in self._dtype.names or ()}

    def example(self) -> dict[str, Column]:
        """One row that fits: the least of each field, and nothing of what is told afterwards."""
        return self.columns([tuple(blank if code is None else _least(spec) for spec, code, blank in self._plan)])


def _coder(spec: Field) -> Callable[[Any], Code | None]:
    """Plain value → its code, None for one that does not fit. Exact types: 1 is no flag, and true no number."""
    low, high, codes = spec.low, spec.high, spec.codes

    def flag(value: Any) -> Code | None:
        return int(value) if value.__class__ is bool else None

    def integer(value: Any) -> Code | None:
        return value if value.__class__ is int and low <= value <= high else None

    def number(value: Any) -> Code | None:
        # NaN and infinities are within no bounds.
        return value if (value.__class__ is float or value.__class__ is int) and low <= value <= high else None

    def category(value: Any) -> Code | None:
        return codes.get(value) if value.__class__ is str else None

    def identifier(value: Any) -> Code | None:
        return uuid.UUID(value).bytes if spec.refusal(value) is None else None

    def week(value: Any) -> Code | None:
        return (dt.date.fromisoformat(value) - _EPOCH).days if spec.refusal(value) is None else None

    coders: Mapping[str, Callable[[Any], Code | None]] = {
        "flag": flag,
        "integer": integer,
        "number": number,
        "category": category,
        "identifier": identifier,
        "week": week,
    }
    return coders[spec.kind]


def _least(spec: Field) -> Code:
    plain = {"flag": 0, "integer": int(spec.low), "number": spec.low, "category": 0}
    return plain.get(spec.kind, _BLANK[spec.kind](spec))
