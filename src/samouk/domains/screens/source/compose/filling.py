"""Words with parts that are filled in while the app runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from samouk.domains.screens.source.compose.values import (
    HOLE,
    UNKNOWN,
    Either,
    String,
    Value,
)

_FORMAT = re.compile(r"%(?:(\d+)\$)?[-#+ 0,(]*\d*(?:\.\d+)?([a-zA-Z%])")


def cased(value: Value, change: Callable[[str], str]) -> Value:
    """Words in upper or lower case."""
    return value._replace(value=change(value.value)) if isinstance(value, String) else UNKNOWN


def filling(value: Value) -> str:
    """How a value shows inside a string: what may change or is not known is a hole."""
    if isinstance(value, String):
        return value.value
    if isinstance(value, Either):
        options = {filling(one) for one in value.values}
        return options.pop() if len(options) == 1 else HOLE
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else HOLE


def formatted(written: str, given: Sequence[Value]) -> str:
    """A text with ``%s`` and ``%1$d`` filled in."""
    place = -1

    def fill(found: re.Match[str]) -> str:
        nonlocal place
        if found.group(2) == "%":
            return "%"
        place += 1
        at = int(found.group(1)) - 1 if found.group(1) else place
        value = given[at] if 0 <= at < len(given) else UNKNOWN
        return filling(value) if found.group(2) in "sd" else HOLE

    return _FORMAT.sub(fill, written)
