"""Records that cross the network, and their one encoding: all that client and server share.

A batch travels as columns (one JSON array a field), not as a list of objects: it is a third of the
size, decodes three times faster, and stays readable to the person who wants to see what leaves.
Standard library only.
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
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return f"must be a finite number, not {value!r:.40}"
    return _refuse_range(spec, value)


def _refuse_range(spec: Field, value: float) -> str | None:
    if spec.low <= value <= spec.high:
        return None
    return f"must lie between {spec.low:g} and {spec.high:g}, not {value:g}"


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
        columns: one list a field, all of one length.
    """

    batch_id: str
    learner: str
    schema_version: int
    group: int
    receipt_hash: str
    columns: Mapping[str, Sequence[Value]]

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values()), ()))


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
        "columns": upload.columns,
    }
    return json.dumps(envelope, separators=(",", ":"), allow_nan=False).encode()


def compress(body: bytes) -> bytes:
    """gzip with no time and no file name in its header, so that equal bodies give equal bytes."""
    return gzip.compress(body, compresslevel=6, mtime=0)


ENVELOPE = ("format", "learner", "schema", "batch_id", "receipt_hash", "group", "columns")


def envelope_of(document: Any) -> Upload:
    """Check everything around the columns of a decoded JSON document; the columns are checked by the receiver.

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
    columns = document["columns"]
    if not isinstance(columns, dict) or not all(isinstance(column, list) for column in columns.values()):
        raise WireError("columns", "must be an object of arrays, one array a field")
    lengths = {len(column) for column in columns.values()}
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
