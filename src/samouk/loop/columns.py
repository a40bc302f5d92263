"""Samples as columns: a closed schema's fields as numpy arrays, checked once when they come in."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from samouk.edge.wire import MAX_PACKED, SIGNS, Field, Packed, Row, Schema, WireError, columns_of

T = TypeVar("T")
Column = NDArray[Any]
Columns = Mapping[str, Column]
"""One array a field, all of one length.

Dtypes: flag ``int8`` (1, 0, and -1 for "the platform does not tell"); integer ``int16`` where its range
allows, else ``int32`` (one below its range when missing); number
``float32`` (NaN when missing); category ``int16`` code into ``Field.values`` (-1 when missing);
identifier ``V16``; week ``int32``, days since 1970-01-01.
"""

MISSING = -1
MANY = 100_000
"""Rows that are worked on at once where a matrix is made of them."""

DTYPES: Mapping[str, np.dtype[Any]] = {
    "flag": np.dtype(np.int8),
    "integer": np.dtype(np.int32),
    "number": np.dtype(np.float32),
    "category": np.dtype(np.int16),
    "identifier": np.dtype("V16"),
    "week": np.dtype(np.int32),
}
_TYPES: Mapping[str, set[type]] = {
    "flag": {bool},
    "integer": {int},
    "number": {int, float},
    "category": {str},
    "identifier": {str},
    "week": {str},
}
_DIGITS = bytes(SIGNS.find(chr(byte)) % 256 for byte in range(256))
"""Byte of a sign → its digit; 255, which is larger than any, for bytes that are no signs."""
_EPOCH = dt.date(1970, 1, 1)
_SMALLEST, _LARGEST = np.iinfo(np.int16).min, np.iinfo(np.int16).max
_MISSING_BYTE = 255
"""``MISSING`` as an unsigned byte."""
_NO_VALUE = b"\xfe"
"""In a table of bytes: no value has this code."""
_BYTE_DTYPES = {"flag": np.int8, "category": np.int8, "integer": np.uint8}
_UUID_SIGNS = ((8, "-"), (13, "-"), (18, "-"), (23, "-"), (36, "\n"))


def dtype_of(spec: Field) -> np.dtype[Any]:
    """What a field's column is made of; small integers take half the room at rest and half the time to compress."""
    if spec.kind == "integer" and spec.low > _SMALLEST and spec.high <= _LARGEST:
        return np.dtype(np.int16)
    return DTYPES[spec.kind]


def stretches(rows: int, most: int = MANY) -> Iterator[slice]:
    """Slices that cover so many rows, in order, each of ``most`` at most: for work whose memory grows with its rows."""
    return (slice(start, min(start + most, rows)) for start in range(0, rows, most))


def whole_groups(groups: Column) -> Iterator[slice]:
    """Stretches of rows that part no group; one of all rows where groups are not in order."""
    rows = len(groups)
    if not rows or (groups[1:] < groups[:-1]).any():
        yield slice(0, rows)
        return
    start = 0
    while start < rows:
        # Up to the end of the group that the last row of a full stretch belongs to.
        end = int(np.searchsorted(groups, groups[min(start + MANY, rows) - 1], "right"))
        yield slice(start, end)
        start = end


def counts_of(codes: Column, length: int) -> NDArray[np.int64]:
    """(length,) how often each code from 0 up stands in a column of any length."""
    found = np.zeros(length, np.int64)
    for part in stretches(len(codes)):
        found += np.bincount(codes[part], minlength=length)
    return found


def rows_in(columns: Columns) -> int:
    """How many rows the columns hold."""
    return len(next(iter(columns.values()), ()))


def to_columns(schema: Schema, lists: Mapping[str, Sequence[Any] | Packed]) -> dict[str, Column]:
    """Check plain or packed values against the schema and turn them into typed arrays.

    Raises:
        WireError: names the field and the first row that is unknown, missing or out of range.
    """
    for name in lists:
        if name not in schema.by_name:
            raise WireError(f"columns.{name}", "is not a field of this schema; remove it")
    length = _length(next(iter(lists.values()), ()))
    out: dict[str, Column] = {}
    for spec in schema.fields:
        values = lists.get(spec.name)
        if values is None:
            if not spec.optional:
                raise WireError(f"columns.{spec.name}", "is missing")
            values = [None] * length
        if _length(values) != length:
            raise WireError("columns", "must all have the same length")
        out[spec.name] = _unpack(spec, values) if isinstance(values, Packed) else _convert(spec, values)
    return out


def _length(values: Sequence[Any] | Packed) -> int:
    return values.rows if isinstance(values, Packed) else len(values)


def _unpack(spec: Field, column: Packed) -> Column:
    """Each distinct value is checked once, and each row picks its own."""
    where = f"columns.{spec.name}.values"
    digits = column.codes.encode("ascii", "replace").translate(_DIGITS)
    small = _checked(spec, column.values, where, _byte_table) if column.width == 1 else None
    if small is None:
        return _pick(spec, _convert(spec, column.values, where), digits, column.width)
    # Two passes over bytes in C: a third of the time that numpy takes to pick from so small a table.
    rows = digits.translate(small.ljust(256, _NO_VALUE))
    if _NO_VALUE in rows:
        raise _no_value(spec)
    return np.frombuffer(rows, _BYTE_DTYPES[spec.kind]).astype(DTYPES[spec.kind])


def _pick(spec: Field, table: Column, digits: bytes, width: int) -> Column:
    codes: NDArray[Any] = np.frombuffer(digits, np.uint8)
    if width == 2:
        # A byte that is no sign must not pass for a low digit of a large code.
        codes = np.where(codes < len(SIGNS), codes, np.intp(MAX_PACKED))
        codes = codes[::2] * len(SIGNS) + codes[1::2]
    if codes.size and codes.max() >= len(table):
        raise _no_value(spec)
    return table.take(codes)


def _no_value(spec: Field) -> WireError:
    return WireError(f"columns.{spec.name}.codes", "a code stands for no value")


def _byte_table(spec: Field, values: Sequence[Any]) -> bytes | None:
    """Checked values as a byte each, 255 for what is missing; None where a byte is too small."""
    if spec.kind == "flag":
        return bytes([_MISSING_BYTE if value is None else value for value in values])
    if spec.kind == "category" and len(spec.codes) <= 127:
        return bytes([_MISSING_BYTE if value is None else spec.codes[value] for value in values])
    if spec.kind != "integer" or spec.low < 0 or spec.high >= _NO_VALUE[0] or None in values:
        return None
    if min(values) < spec.low or max(values) > spec.high:
        raise ValueError
    return bytes(values)


def to_lists(schema: Schema, columns: Columns) -> dict[str, list[Any]]:
    """The plain values behind typed arrays: what ``to_columns`` takes."""
    return {spec.name: [_PLAIN[spec.kind](spec, value) for value in columns[spec.name]] for spec in schema.fields}


def from_rows(schema: Schema, rows: Sequence[Row]) -> dict[str, Column]:
    """Rows of plain values as typed arrays; the same checks as ``to_columns``."""
    return to_columns(schema, columns_of(schema, rows))


def take(columns: Columns, rows: NDArray[Any] | slice) -> dict[str, Column]:
    """The named rows (indices, mask or slice) of every column."""
    return {name: column[rows] for name, column in columns.items()}


def concatenate(schema: Schema, parts: Sequence[Columns]) -> dict[str, Column]:
    """One set of columns out of many, in order; empty columns when there is no part."""
    if not parts:
        return {spec.name: np.empty(0, dtype_of(spec)) for spec in schema.fields}
    return {spec.name: np.concatenate([part[spec.name] for part in parts]) for spec in schema.fields}


def _convert(spec: Field, values: Sequence[Any], where: str = "") -> Column:
    return _checked(spec, values, where, _CONVERTERS[spec.kind])


def _checked(spec: Field, values: Sequence[Any], where: str, convert: Callable[[Field, Sequence[Any]], T]) -> T:
    """What ``convert`` makes of values of the right types. Raises WireError for the first that does not fit."""
    try:
        _require_types(spec, values)
        return convert(spec, values)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise _first_refusal(spec, values, where or f"columns.{spec.name}") from None


def _flags(spec: Field, values: Sequence[Any]) -> Column:
    if spec.optional and None in values:
        values = [_MISSING_BYTE if value is None else value for value in values]
    return _small(values).view(np.int8)


def _integers(spec: Field, values: Sequence[Any]) -> Column:
    absent = values.count(None) if spec.optional else 0
    if absent:
        values = [int(spec.low) - 1 if value is None else value for value in values]
    column = _small(values) if spec.low >= 0 and spec.high <= 255 and not absent else np.array(values, np.int64)
    # Only what is absent may lie below: the code of "missing" cannot be sent as a number.
    if np.count_nonzero(column < spec.low) != absent or np.count_nonzero(column > spec.high):
        raise ValueError
    return column.astype(dtype_of(spec))


def _small(values: Sequence[Any]) -> Column:
    """Numbers from 0 to 255. A bytearray takes them five times faster than numpy does, and refuses all others."""
    return np.frombuffer(bytearray(values), np.uint8)


def _numbers(spec: Field, values: Sequence[Any]) -> Column:
    absent = values.count(None) if spec.optional else 0
    column = np.array(values, np.float64)
    # NaN and infinities are within no bounds, and what is absent became NaN.
    if np.count_nonzero((column >= spec.low) & (column <= spec.high)) != len(column) - absent:
        raise ValueError
    return column.astype(np.float32)


def _categories(spec: Field, values: Sequence[Any]) -> Column:
    # Codes that fit a signed byte go through a bytearray, in which 255 is -1 once read as int8.
    small = len(spec.codes) <= 127
    missing = _MISSING_BYTE if small else MISSING
    codes: Mapping[Any, int] = {**spec.codes, None: missing} if spec.optional else spec.codes
    # itemgetter looks all of them up in one call, but gives no tuple for one key, and takes none at all.
    found = itemgetter(*values)(codes) if len(values) > 1 else [codes[value] for value in values]
    return _small(found).view(np.int8).astype(np.int16) if small else np.array(found, np.int16)


def _identifiers(spec: Field, values: Sequence[Any]) -> Column:
    """Canonical UUID4: lower-case hex, dashes and the version at fixed places; one line of 37 bytes each."""
    if not values:
        return np.empty(0, DTYPES["identifier"])  # numpy makes no array of an empty buffer
    lines = "\n".join(values) + "\n"
    if len(lines) != 37 * len(values) or lines != lines.lower():
        raise ValueError
    grid = np.frombuffer(lines.encode("ascii"), np.uint8).reshape(-1, 37)
    if any((grid[:, place] != ord(sign)).any() for place, sign in _UUID_SIGNS):
        raise ValueError
    # fromhex skips white space, the line ends and any that was sent; the length tells the latter.
    raw = bytes.fromhex(lines.replace("-", ""))
    if len(raw) != 16 * len(values):
        raise ValueError
    digits = np.frombuffer(raw, np.uint8).reshape(-1, 16)
    if (digits[:, 6] >> 4 != 4).any() or (digits[:, 8] >> 6 != 2).any():
        raise ValueError
    return np.frombuffer(raw, "V16")


def _weeks(spec: Field, values: Sequence[Any]) -> Column:
    days = {value: _day(value) for value in set(values)}
    if len(days) == 1:
        return np.full(len(values), days.popitem()[1], np.int32)
    return np.fromiter(map(days.__getitem__, values), np.int32, len(values))


def _day(value: str) -> int:
    if len(value) != 10:
        raise ValueError
    day = dt.date.fromisoformat(value)
    if day.weekday() != 0:
        raise ValueError
    return (day - _EPOCH).days


def _require_types(spec: Field, values: Sequence[Any]) -> None:
    """Raise TypeError for a value of a wrong type. Exact types: bool is an int, and 1 never passes for true."""
    allowed = _TYPES[spec.kind]
    if not set(map(type, values)) <= (allowed | {type(None)} if spec.optional else allowed):
        raise TypeError


_CONVERTERS = {
    "flag": _flags,
    "integer": _integers,
    "number": _numbers,
    "category": _categories,
    "identifier": _identifiers,
    "week": _weeks,
}


_PLAIN: Mapping[str, Callable[[Field, Any], Any]] = {
    "flag": lambda spec, value: None if value == MISSING else bool(value),
    "integer": lambda spec, value: None if value < spec.low else int(value),
    "number": lambda spec, value: None if np.isnan(value) else float(value),
    "category": lambda spec, value: None if value == MISSING else spec.values[value],
    "identifier": lambda spec, value: str(uuid.UUID(bytes=bytes(value))),
    "week": lambda spec, value: (_EPOCH + dt.timedelta(days=int(value))).isoformat(),
}


def _first_refusal(spec: Field, values: Sequence[Any], where: str) -> WireError:
    for index, value in enumerate(values):
        reason = spec.refusal(value)
        if reason is not None:
            return WireError(f"{where}[{index}]", reason)
    return WireError(where, "does not fit the schema")
