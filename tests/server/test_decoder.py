"""The typed way of reading a batch gives what the plain way gives, and leaves refusals to it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.server import toy

from samouk.edge.wire import encode
from samouk.loop.columns import to_columns
from samouk.server.decoder import Decoder


def test_same_columns() -> None:
    """Both ways end in equal columns."""
    data = encode(toy.upload(100))
    document, typed = Decoder(toy.SCHEMA).decode(data)
    assert typed
    fast = to_columns(toy.SCHEMA, document["columns"], typed=True)
    plain = to_columns(toy.SCHEMA, json.loads(data)["columns"])
    assert fast.keys() == plain.keys()
    for name, column in plain.items():
        assert (fast[name].dtype, fast[name].tobytes()) == (column.dtype, column.tobytes())


def test_optional_left_out() -> None:
    """A column that may be missing may be left out."""
    columns = {name: values for name, values in toy.columns().items() if name not in ("size", "lit")}
    document, typed = Decoder(toy.SCHEMA).decode(toy.altered(columns=columns))
    assert typed
    assert to_columns(toy.SCHEMA, document["columns"], typed=True)["lit"].tolist() == [-1, -1, -1]


@pytest.mark.parametrize(
    ("name", "value"), [("lit", 1), ("size", 1.0), ("size", True), ("value", "1"), ("answer", 1), ("value", None)]
)
def test_other_types(name: str, value: object) -> None:
    """A value of another type is never taken for a good one by the typed way."""
    columns = {**toy.columns(), name: [value] * 3}
    _, typed = Decoder(toy.SCHEMA).decode(toy.altered(columns=columns))
    assert not typed


def test_whole_numbers_are_numbers() -> None:
    """A number without a point is a number."""
    columns = {**toy.columns(), "value": [0, 1, 0]}
    document, typed = Decoder(toy.SCHEMA).decode(toy.altered(columns=columns))
    assert typed
    taken = to_columns(toy.SCHEMA, document["columns"], typed=True)["value"]
    assert np.array_equal(taken, np.array([0, 1, 0], np.float32))
