"""JSON as rows hold it: numbers that are none (NaN, ±infinity) are null, since PostgreSQL refuses them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def encoded(value: Any) -> str:
    """The value as JSON in the strict sense, whatever numbers are in it."""
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        return json.dumps(_plain(value), allow_nan=False)


def number(value: float | None) -> float:
    """A number as it was before it became JSON: what is null was none."""
    return math.nan if value is None else value


def numbers(values: Mapping[str, float | None]) -> dict[str, float]:
    """Named numbers as they were before they became JSON."""
    return {name: number(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
