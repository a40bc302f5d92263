"""What columns a store takes: one-dimensional, of the dtypes of ``loop.columns``."""

from __future__ import annotations

from samouk.loop.columns import DTYPES, Columns

_KEPT = frozenset(DTYPES.values())


def refuse_unknown(columns: Columns) -> None:
    """Refuse what could not be kept.

    Raises:
        ValueError: names the first column of another dtype or shape.
    """
    for name, column in columns.items():
        if column.ndim != 1 or column.dtype not in _KEPT:
            raise ValueError(f"column {name!r} is {column.dtype} of {column.ndim} dimensions; see loop.columns.DTYPES")
