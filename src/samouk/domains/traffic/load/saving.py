"""All that a forecaster has learnt as bytes and back: arrays, numbers and counts of its parts, found by their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from samouk.families.packing import pack, unpack

_HOME = __name__.rpartition(".")[0]


def save(root: object, kind: str) -> bytes:
    """The state of an object and of the objects of this package within it. Equal states give equal bytes."""
    found = {path: getattr(holder, name) for path, holder, name in _leaves(root)}
    arrays = {path: value for path, value in found.items() if isinstance(value, np.ndarray)}
    plain = {path: value for path, value in found.items() if path not in arrays}
    return pack({"kind": kind, "plain": plain}, arrays)


def load(root: object, data: bytes, kind: str) -> None:
    """Put a saved state into an object that was made in the same way.

    Raises:
        ValueError: bytes that are no state, or the state of another kind of object; then nothing has changed.
    """
    known, arrays = unpack(data, kind)
    plain: Any = known.get("plain")
    leaves = list(_leaves(root))
    if not isinstance(plain, dict) or {*plain, *arrays} != {path for path, _, _ in leaves}:
        raise ValueError("the state is of another release; begin anew: the counts that come teach it again")
    saved = {**plain, **arrays}
    for path, holder, name in leaves:
        _check(path, getattr(holder, name), saved[path])
    for path, holder, name in leaves:
        setattr(holder, name, type(getattr(holder, name))(saved[path]) if path in plain else saved[path])


def _check(path: str, now: Any, saved: Any) -> None:
    if isinstance(now, np.ndarray):
        fits = isinstance(saved, np.ndarray) and saved.shape == now.shape and saved.dtype == now.dtype
    elif isinstance(now, Counter):
        fits = isinstance(saved, dict) and all(type(count) is int for count in saved.values())
    else:
        fits = isinstance(saved, type(now)) and not isinstance(saved, bool)
    if not fits:
        raise ValueError(f"{path} of the state does not fit; load it where it was saved")


def _leaves(holder: object, path: str = "") -> Iterator[tuple[str, object, str]]:
    """Every array, number and counter below an object: its path, its holder, and its name there."""
    for name, value in sorted(vars(holder).items()):
        where = f"{path}{name}"
        if isinstance(value, np.ndarray | int | float | Counter):
            yield where, holder, name
            continue
        parts = value if isinstance(value, list) else [value]
        for place, part in enumerate(parts):
            if type(part).__module__.startswith(_HOME):
                yield from _leaves(part, f"{where}.{place}.")
