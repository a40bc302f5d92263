"""Records that cross the network, and their one encoding: all that client and server share.

A batch travels as columns, not as a list of objects. A column is a JSON array, or, where its values
repeat, packed: the distinct values once, and a string of codes that says which value each row has.
That is a quarter of the size, decodes ten times faster, and stays readable to the person who wants
to see what leaves. Standard library only.
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

WIRE_FORMAT = 1
"""Number of the envelope's format; the server refuses any other."""

MAX_BATCH_ROWS = 5_000
"""Rows in one batch, at most. A client seals a batch at 1,000; the slack is for corrections and other clients."""

GROUPS = 16
"""How many split groups exist: 4 bits, so that a group names nobody and a holdout can still be kept apart by app."""

SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
"""Digits of the codes in a packed column: one sign a row for up to 64 values, two for up to 4,096."""

MAX_PACKED = len(SIGNS) ** 2

Kind = Literal["flag", "integer", "number", "category", "identifier", "week"]
Value = bool | int | float | str | None
Row = Mapping[str, Value]


class WireError(ValueError):
    """What came does not fit the schema.

    Attributes:
        field: dotted name of the offending field, for example ``columns.clickable[3]``.
        reason: what is wrong and what would be right, in one sentence.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a closed schema.

    ``low`` and ``high`` bound integers and numbers, both ends included; ``values`` is the closed
    vocabulary of a category, in the order of its stored codes; ``optional`` allows ``null``, which
    means "the platform does not tell", never "false".
    """

    name: str
    kind: Kind
    low: float = 0
    high: float = 0
    values: tuple[str, ...] = ()
    optional: bool = False
    help: str = ""
    codes: Mapping[str, int] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "codes", {value: code for code, value in enumerate(self.values)})

    def refusal(self, value: object) -> str | None:
        """Why ``value`` is refused, or None when it fits."""
        if value is None:
            return None if self.optional else "is missing; every row must carry it"
        return _REFUSALS[self.kind](self, value)


def _refuse_flag(_: Field, value: object) -> str | None:
    return None if isinstance(value, bool) else f"must be true or false, not {value!r:.40}"


def _refuse_integer(spec: Field, value: object) -> str | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return f"must be a whole number, not {value!r:.40}"
    return _refuse_range(spec, value)


def _refuse_number(spec: Field, value: object) -> str | None:
    if (
        not isinstance(value, int | float)
        or isinstance(value, bool)
        or value in (math.inf, -math.inf)
        or value != value
    ):
        return f"must be a finite number, not {value!r:.40}"
    return _refuse_range(spec, value)


def _refuse_range(spec: Field, value: float) -> str | None:
    if spec.low <= value <= spec.high:
        return None
    return f"must lie between {spec.low:g} and {spec.high:g}, not {value!s:.40}"


def _refuse_category(spec: Field, value: object) -> str | None:
    if isinstance(value, str) and value in spec.codes:
        return None
    return f"{value!r:.40} is not in the closed vocabulary of {spec.name}"


def _refuse_identifier(_: Field, value: object) -> str | None:
    if isinstance(value, str) and len(value) == 36:
        try:
            if uuid.UUID(value).version == 4 and str(uuid.UUID(value)) == value:
                return None
        except ValueError:
            pass
    return "must be a random UUID (version 4) in lower case"


def _refuse_week(_: Field, value: object) -> str | None:
    if isinstance(value, str) and len(value) == 10:
        try:
            if dt.date.fromisoformat(value).weekday() == 0:
                return None
        except ValueError:
            pass
    return "must be the Monday of an ISO week, for example 2026-11-16"


_REFUSALS = {
    "flag": _refuse_flag,
    "integer": _refuse_integer,
    "number": _refuse_number,
    "category": _refuse_category,
    "identifier": _refuse_identifier,
    "week": _refuse_week,
}


@dataclass(frozen=True, slots=True)
class Schema:
    """A learner's closed schema: what a sample may hold, and nothing else.

    Raises:
        ValueError: two fields carry one name.
    """

    name: str
    version: int
    fields: tuple[Field, ...]
    by_name: Mapping[str, Field] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {spec.name: spec for spec in self.fields})
        if len(self.by_name) != len(self.fields):
            raise ValueError(f"schema {self.name}: two fields carry one name")

    def check_row(self, row: Row, where: str = "sample") -> None:
        """Raise WireError for the first field of ``row`` that is unknown, missing or out of range."""
        for name in row:
            if name not in self.by_name:
                raise WireError(f"{where}.{name}", "is not a field of this schema; remove it")
        for spec in self.fields:
            if spec.name not in row and not spec.optional:
                raise WireError(f"{where}.{spec.name}", "is missing; every row must carry it")
            reason = spec.refusal(row.get(spec.name))
            if reason is not None:
                raise WireError(f"{where}.{spec.name}", reason)


@dataclass(frozen=True, slots=True)
class Upload:
    """One batch on its way to the server.

    Attributes:
        batch_id: random UUID4; sent twice, it is stored once.
        learner: for example ``screens.element``.
        schema_version: version of the learner's schema that the columns obey.
        group: 0 to ``GROUPS - 1``; which side of the holdout split the batch falls on.
        receipt_hash: sha256 (hex) of the receipt, the secret with which the sender can have it erased.
        columns: one a field, all of one length; plain lists on the way out, as they came on the way in.
    """

    batch_id: str
    learner: str
    schema_version: int
    group: int
    receipt_hash: str
    columns: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Packed:
    """A column whose values repeat: ``values[code]`` for each code, ``width`` signs of ``SIGNS`` a code."""

    values: Sequence[Value]
    codes: str

    @property
    def width(self) -> int:
        return 1 if len(self.values) <= len(SIGNS) else 2

    @property
    def rows(self) -> int:
        return len(self.codes) // self.width

    def plain(self) -> list[Value]:
        """The values row by row. Raises WireError for a code that stands for none."""
        signs = [_DIGITS.get(sign, MAX_PACKED) for sign in self.codes]
        if self.width == 2:
            signs = [high * len(SIGNS) + low for high, low in zip(signs[::2], signs[1::2], strict=True)]
        if signs and max(signs) >= len(self.values):
            raise WireError("codes", "a code stands for no value")
        return [self.values[code] for code in signs]


_DIGITS = {sign: digit for digit, sign in enumerate(SIGNS)}


def packed(values: Sequence[Value]) -> Packed | None:
    """The column packed, or None where its values repeat too little to gain by it."""
    # A bool is an int and 1.0 equals 1: keys carry the type, so that each value comes back as it was.
    codes: dict[tuple[type, Value], int] = {}
    row_codes = [codes.setdefault((type(value), value), len(codes)) for value in values]
    if len(codes) > MAX_PACKED or 2 * len(codes) > len(values):
        return None
    distinct = [value for _, value in codes]
    if len(codes) <= len(SIGNS):
        return Packed(distinct, "".join([SIGNS[code] for code in row_codes]))
    return Packed(distinct, "".join([SIGNS[code // len(SIGNS)] + SIGNS[code % len(SIGNS)] for code in row_codes]))


def columns_of(schema: Schema, rows: Sequence[Row]) -> dict[str, list[Value]]:
    """Turn rows into columns in the schema's order, checking each row first."""
    for index, row in enumerate(rows):
        schema.check_row(row, f"samples[{index}]")
    return {spec.name: [row.get(spec.name) for row in rows] for spec in schema.fields}


def encode(upload: Upload) -> bytes:
    """The exact bytes that leave the client before compression: canonical JSON, UTF-8."""
    envelope = {
        "format": WIRE_FORMAT,
        "learner": upload.learner,
        "schema": upload.schema_version,
        "batch_id": upload.batch_id,
        "receipt_hash": upload.receipt_hash,
        "group": upload.group,
        "columns": {name: _column_out(values) for name, values in upload.columns.items()},
    }
    return json.dumps(envelope, separators=(",", ":"), allow_nan=False).encode()


def _column_out(values: Sequence[Value]) -> Any:
    small = packed(values)
    return values if small is None else {"values": small.values, "codes": small.codes}


def plain(columns: Mapping[str, Any]) -> dict[str, Sequence[Value]]:
    """Columns as they came, each as a plain list. Raises WireError."""
    return {name: column.plain() if isinstance(column, Packed) else column for name, column in columns.items()}


def compress(body: bytes) -> bytes:
    """gzip with no time and no file name in its header, so that equal bodies give equal bytes."""
    return gzip.compress(body, compresslevel=6, mtime=0)


ENVELOPE = ("format", "learner", "schema", "batch_id", "receipt_hash", "group", "columns")


def envelope_of(document: Any) -> Upload:
    """Check everything around the columns of a decoded JSON document; their values are checked by the receiver.

    Raises:
        WireError: a field of the envelope is unknown, missing or malformed.
    """
    if not isinstance(document, dict):
        raise WireError("body", "must be a JSON object")
    for name in document:
        if name not in ENVELOPE:
            raise WireError(str(name), "is not a field of a batch; remove it")
    for name in ENVELOPE:
        if name not in document:
            raise WireError(name, "is missing")
    if document["format"] != WIRE_FORMAT:
        raise WireError("format", f"this server reads format {WIRE_FORMAT}; update the client")
    if not isinstance(document["columns"], dict):
        raise WireError("columns", "must be an object, one column a field")
    columns = {name: _column_in(str(name), column) for name, column in document["columns"].items()}
    lengths = {column.rows if isinstance(column, Packed) else len(column) for column in columns.values()}
    if len(lengths) != 1:
        raise WireError("columns", "must all have the same length")
    if not 1 <= next(iter(lengths)) <= MAX_BATCH_ROWS:
        raise WireError("columns", f"a batch holds 1 to {MAX_BATCH_ROWS} rows; split it")
    upload = Upload(
        batch_id=document["batch_id"],
        learner=document["learner"],
        schema_version=document["schema"],
        group=document["group"],
        receipt_hash=document["receipt_hash"],
        columns=columns,
    )
    _check_header(upload)
    return upload


def _column_in(name: str, column: object) -> Packed | list[Any]:
    if isinstance(column, list):
        return column
    if not isinstance(column, dict) or column.keys() != {"values", "codes"}:
        raise WireError(f"columns.{name}", "must be an array, or an object of values and codes")
    values, codes = column["values"], column["codes"]
    if not isinstance(values, list) or not isinstance(codes, str):
        raise WireError(f"columns.{name}", "values must be an array and codes a string")
    small = Packed(values, codes)
    if not 1 <= len(values) <= MAX_PACKED or len(codes) % small.width:
        raise WireError(f"columns.{name}", f"must pack 1 to {MAX_PACKED} values, {small.width} signs a code")
    return small


def _check_header(upload: Upload) -> None:
    reason = _refuse_identifier(Field("batch_id", "identifier"), upload.batch_id)
    if reason is not None:
        raise WireError("batch_id", reason)
    if not isinstance(upload.learner, str) or not 1 <= len(upload.learner) <= 64:
        raise WireError("learner", "must be the name of a learner, for example screens.element")
    if not isinstance(upload.schema_version, int) or isinstance(upload.schema_version, bool):
        raise WireError("schema", "must be a whole number")
    reason = _refuse_integer(Field("group", "integer", 0, GROUPS - 1), upload.group)
    if reason is not None:
        raise WireError("group", reason)
    if not is_digest(upload.receipt_hash):
        raise WireError("receipt_hash", "must be the sha256 of the receipt, 64 hexadecimal digits in lower case")


def is_digest(value: object) -> bool:
    """Whether ``value`` is 64 lower-case hexadecimal digits."""
    return isinstance(value, str) and len(value) == 64 and not value.strip("0123456789abcdef")


def receipt_hash(receipt: str) -> str:
    """What the server keeps of a receipt: enough to recognise it, not enough to make it."""
    return hashlib.sha256(receipt.encode()).hexdigest()


def week_of(moment: dt.datetime) -> str:
    """Monday of the ISO week in UTC: the finest time that leaves a client."""
    day = moment.astimezone(dt.UTC).date()
    return (day - dt.timedelta(days=day.weekday())).isoformat()


def group_of(app: str) -> int:
    """Split group of an application: equal for all who use it, shared by a sixteenth of all applications."""
    return hashlib.blake2b(app.encode(), digest_size=1, person=b"samouk-group").digest()[0] % GROUPS
