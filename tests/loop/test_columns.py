"""Columns: what fits the schema goes through unchanged, what does not is refused by name."""

import datetime as dt
import json
import math
import uuid

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samouk.edge.wire import Field, Packed, Schema, Upload, WireError, columns_of, encode, envelope_of, packed, plain
from samouk.loop.columns import MISSING, concatenate, dtype_of, from_rows, rows_in, take, to_columns, to_lists

SCHEMA = Schema(
    "test.all",
    1,
    (
        Field("id", "identifier"),
        Field("on", "flag", optional=True),
        Field("must", "flag"),
        Field("count", "integer", 0, 1_000),
        Field("share", "number", 0, 1),
        Field("kind", "category", values=("a", "b", "c")),
        Field("parent", "category", values=("a", "b"), optional=True),
        Field("week", "week"),
    ),
)
GOOD = {
    "id": "0b6b2b1e-6a51-4b8e-9d3c-0d5f5c1e8a11",
    "on": None,
    "must": True,
    "count": 5,
    "share": 0.5,
    "kind": "b",
    "parent": None,
    "week": "2026-11-16",
}

mondays = st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)).map(
    lambda day: (day - dt.timedelta(days=day.weekday())).isoformat()
)
rows = st.fixed_dictionaries(
    {
        "id": st.uuids(version=4).map(str),
        "on": st.sampled_from([True, False, None]),
        "must": st.booleans(),
        "count": st.integers(0, 1_000),
        "share": st.floats(0, 1),
        "kind": st.sampled_from("abc"),
        "parent": st.sampled_from(["a", "b", None]),
        "week": mondays,
    }
)
junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=True),
    st.text(max_size=40),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@given(st.lists(rows, min_size=1, max_size=20))
def test_good_rows_become_typed_columns(sample: list[dict[str, object]]) -> None:
    """Every dtype is as promised and every value can be read back."""
    columns = from_rows(SCHEMA, sample)  # type: ignore[arg-type]  # values are of the schema
    assert {name: column.dtype for name, column in columns.items()} == {f.name: dtype_of(f) for f in SCHEMA.fields}
    assert [bytes(raw) for raw in columns["id"]] == [uuid.UUID(str(row["id"])).bytes for row in sample]
    assert [{1: True, 0: False, MISSING: None}[int(code)] for code in columns["on"]] == [row["on"] for row in sample]
    assert columns["count"].tolist() == [row["count"] for row in sample]


@given(st.lists(rows, min_size=1, max_size=20))
def test_columns_give_back_what_they_were_made_of(sample: list[dict[str, object]]) -> None:
    """Plain values survive the way into arrays and out again, but for a number's last bits."""
    lists = to_lists(SCHEMA, from_rows(SCHEMA, sample))  # type: ignore[arg-type]  # values are of the schema
    for name, values in lists.items():
        told = [row[name] for row in sample]
        assert values == (pytest.approx(told, rel=1e-6, abs=1e-30) if name == "share" else told)


@given(st.sampled_from([spec.name for spec in SCHEMA.fields]), junk)
def test_the_two_validators_agree(name: str, value: object) -> None:
    """A row that the client's check refuses is refused by the server's, and back; both name the field."""
    row = {**GOOD, name: value}
    try:
        SCHEMA.check_row(row)  # type: ignore[arg-type]  # junk on purpose
        client: str | None = None
    except WireError as error:
        client = error.field
    try:
        to_columns(SCHEMA, {key: [item] for key, item in row.items()})
        server: str | None = None
    except WireError as error:
        server = error.field
    assert (client is None) == (server is None)
    if client is not None and server is not None:
        assert client == f"sample.{name}"
        assert server == f"columns.{name}[0]"


@given(st.lists(rows, min_size=1, max_size=40))
def test_packed_columns_are_the_same_columns(sample: list[dict[str, object]]) -> None:
    """What travels packed arrives as what travels plain."""
    lists = columns_of(SCHEMA, sample)  # type: ignore[arg-type]  # values are of the schema
    upload = Upload(str(GOOD["id"]), "test.all", 1, 0, "0" * 64, {name: column * 3 for name, column in lists.items()})
    arrived = envelope_of(json.loads(encode(upload))).columns
    assert any(isinstance(column, Packed) for column in arrived.values())
    assert plain(arrived) == upload.columns
    for name, column in to_columns(SCHEMA, arrived).items():
        assert column.tolist() == to_columns(SCHEMA, upload.columns)[name].tolist()


@pytest.mark.parametrize(
    ("column", "where"),
    [
        (Packed(["a", "z"], "AB"), r"columns\.kind\.values\[1\]"),
        (Packed(["a", "b"], "AC"), r"columns\.kind\.codes"),
        (Packed(["a", "b"], "A!"), r"columns\.kind\.codes"),
        (Packed(["a", "b"], "Aé"), r"columns\.kind\.codes"),
        (Packed(["a", "b"], "ABA"), "columns: must all"),
    ],
)
def test_a_column_packed_wrongly_is_refused_by_name(column: Packed, where: str) -> None:
    """A value out of the vocabulary, and a code that stands for nothing, are found."""
    lists: dict[str, object] = {name: [value] * 2 for name, value in GOOD.items()}
    with pytest.raises(WireError, match=where):
        to_columns(SCHEMA, {**lists, "kind": column})  # type: ignore[dict-item]  # lists of plain values


def test_many_values_take_two_signs_a_code() -> None:
    """Up to 4,096 distinct values are packed; more, or too few repeats, travel plain."""
    values = [n // 3 for n in range(600)]
    column = packed(values)
    assert column is not None
    assert (column.width, column.rows, column.plain()) == (2, 600, values)
    assert packed(list(range(100))) is None
    assert packed([True, 1, 1.0] * 4) == Packed([True, 1, 1.0], "ABC" * 4)


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("share", math.nan, "finite"),
        ("share", -0.1, "between"),
        ("count", True, "whole number"),
        ("count", 1_001, "between"),
        ("must", 1, "true or false"),
        ("must", None, "missing"),
        ("kind", "secret", "vocabulary"),
        ("id", "c232ab00-9414-11ec-b3c8-9f6bdeced846", "version 4"),
        ("week", "2026-11-17", "Monday"),
    ],
)
def test_a_refusal_says_what_would_be_right(name: str, value: object, word: str) -> None:
    """The message of each kind names the row, the field and the remedy."""
    lists: dict[str, list[object]] = {key: [item, item] for key, item in GOOD.items()}
    lists[name] = [GOOD[name], value]
    with pytest.raises(WireError, match=word) as caught:
        to_columns(SCHEMA, lists)
    assert caught.value.field == f"columns.{name}[1]"


def test_a_missing_and_an_unknown_field_are_named() -> None:
    """Nothing is guessed and nothing is dropped."""
    lists = {key: [item] for key, item in GOOD.items()}
    with pytest.raises(WireError, match="secret_id"):
        to_columns(SCHEMA, {**lists, "secret_id": ["x"]})
    del lists["count"]
    with pytest.raises(WireError, match=r"columns\.count"):
        to_columns(SCHEMA, lists)


def test_columns_are_taken_and_joined() -> None:
    """Rows keep their order."""
    columns = from_rows(SCHEMA, [{**GOOD, "count": n} for n in range(5)])
    joined = concatenate(SCHEMA, [take(columns, np.array([3, 1])), take(columns, slice(0, 1))])
    assert joined["count"].tolist() == [3, 1, 0]
    assert rows_in(concatenate(SCHEMA, [])) == 0
    assert json.dumps(joined["count"].tolist()) == "[3, 1, 0]"
