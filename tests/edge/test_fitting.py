"""The check of many samples at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samouk.edge.fitting import fitting_columns
from samouk.edge.wire import Field, Schema, WireError, columns_of

SCHEMA = Schema(
    "test.fitting",
    1,
    (
        Field("flag", "flag"),
        Field("maybe", "flag", optional=True),
        Field("whole", "integer", 0, 9),
        Field("real", "number", -1, 1),
        Field("perhaps", "number", 0, 1, optional=True),
        Field("kind", "category", values=("a", "b")),
        Field("name", "identifier"),
        Field("week", "week"),
    ),
)
GOOD: dict[str, Any] = {
    "flag": True,
    "maybe": None,
    "whole": 3,
    "real": 0.5,
    "perhaps": 1,
    "kind": "a",
    "name": "5f0c3a52-0000-4000-8000-000000000001",
    "week": "2026-11-16",
}
STRANGE: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    9,
    10,
    -1,
    0.5,
    1.5,
    float("nan"),
    float("inf"),
    10**400,
    "a",
    "c",
    "",
    b"a",
    [],
    {},
]
VALUES = st.sampled_from([*STRANGE, "2026-11-16", "2026-11-17", GOOD["name"], GOOD["name"].upper()])


def outcome(check: Any, rows: list[Any]) -> object:
    try:
        return check(SCHEMA, rows)
    except WireError as problem:
        return str(problem)


@given(st.lists(st.dictionaries(st.sampled_from([*GOOD, "other"]), VALUES, max_size=3), max_size=4))
def test_it_says_what_the_check_of_rows_says(changes: list[dict[str, Any]]) -> None:
    """For any rows, the quick check gives the same columns or the same error as the slow one."""
    rows = [GOOD | change for change in changes]
    assert outcome(fitting_columns, rows) == outcome(columns_of, rows)


@pytest.mark.parametrize("value", [10**400, -(10**400), float("nan"), float("inf"), 2])
def test_a_number_of_any_size_is_refused_by_name(value: float) -> None:
    """Whatever number comes, it is refused by the field's name."""
    assert "real" in str(outcome(fitting_columns, [GOOD, GOOD | {"real": value}]))


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_field_is_named(name: str) -> None:
    """A row that lacks a field is refused by the field's name, unless the field may be missing."""
    row = {key: value for key, value in GOOD.items() if key != name}
    assert outcome(fitting_columns, [GOOD, row]) == outcome(columns_of, [GOOD, row])
