"""Where an element lies, in every spelling that dumps use."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from samouk.domains.screens.element import Bounds

MAX_COORDINATE = 1_000_000.0
"""Coordinates beyond it are overflow artefacts of layouts that were never measured."""

_NUMBER = r"\s*(-?\d+(?:\.\d+)?)\s*"
_CORNERS = re.compile(rf"\[{_NUMBER},{_NUMBER}\]\s*\[{_NUMBER},{_NUMBER}\]")
_FRAME = re.compile(rf"\{{\s*\{{{_NUMBER},{_NUMBER}\}}\s*,\s*\{{{_NUMBER},{_NUMBER}\}}\s*\}}")
_LONGEST = 120
_X = ("x", "left", "l")
_Y = ("y", "top", "t")


def bounds_of(value: object) -> Bounds | None:
    """Bounds out of ``"[l,t][r,b]"``, ``"{{x, y}, {w, h}}"``, ``[l, t, r, b]``, ``[[l, t], [r, b]]`` or a mapping.

    A mapping tells ``x, y, width, height`` or ``left, top, right, bottom``. Inverted and negative
    bounds stay as they are: dumps mark what lies off the screen with them. None when a number is
    missing, no number, not finite or beyond ``MAX_COORDINATE``.
    """
    if isinstance(value, str):
        return _of_text(value)
    if isinstance(value, list):
        return _of_sequence(value)
    if isinstance(value, Mapping):
        return _of_mapping(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return _of_sequence(value)
    return None


@lru_cache(maxsize=4096)
def _of_text(text: str) -> Bounds | None:
    if len(text) > _LONGEST:
        return None
    if match := _CORNERS.fullmatch(text.strip()):
        return _near(*map(float, match.groups()))
    if match := _FRAME.fullmatch(text.strip()):
        x, y, width, height = map(float, match.groups())
        return _near(x, y, x + width, y + height)
    return None


def _of_sequence(value: Sequence[Any]) -> Bounds | None:
    if len(value) == 2 and all(isinstance(corner, list | tuple) and len(corner) == 2 for corner in value):
        value = [*value[0], *value[1]]
    return _checked(*value) if len(value) == 4 else None


def _of_mapping(value: Mapping[Any, Any]) -> Bounds | None:
    left, top = _number(_first(value, _X)), _number(_first(value, _Y))
    width, height = _number(_first(value, ("width", "w"))), _number(_first(value, ("height", "h")))
    if width is None or height is None:
        return _checked(left, top, _first(value, ("right", "r")), _first(value, ("bottom", "b")))
    if left is None or top is None:
        return None
    return _checked(left, top, left + width, top + height)


def _first(value: Mapping[Any, Any], names: Sequence[str]) -> object:
    return next((value[name] for name in names if name in value), None)


def _checked(*corners: object) -> Bounds | None:
    known = [number for number in map(_number, corners) if number is not None]
    return _near(*known) if len(known) == 4 else None


def _near(left: float, top: float, right: float, bottom: float) -> Bounds | None:
    farthest = max(left, top, right, bottom, -left, -top, -right, -bottom)
    return Bounds(left, top, right, bottom) if farthest <= MAX_COORDINATE else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
