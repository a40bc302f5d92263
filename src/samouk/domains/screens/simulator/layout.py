"""A small layout engine: boxes with a type, put into columns, rows and stacks, measured in dp."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

FILL = 0.0
WRAP = -1.0
Flow = Literal["column", "row", "stack", "wrap"]
Anchor = Literal["start", "center", "end", "bottom"]


@dataclass(slots=True, kw_only=True)
class Box:
    """One thing on a simulated screen, before any framework has dressed it.

    Attributes:
        kind: its true type, one of the taxonomy.
        purpose: what it is for ("login", "avatar"); identifiers are made of it.
        text: words that a person reads on it; description: what a screen reader says instead.
        width: in dp, ``FILL`` for all there is, ``WRAP`` for what its words and children need.
        height: in dp; 0 for what its words and children need. With ``clip`` it is all that shows.
        size: of its letters in dp.
        on: state of a mark or of a choice, None where there is no such state.
        tappable: something happens when a person taps it, beyond what its type implies.
        inert: the row around it reacts in its place.
        clip: children outside its bounds do not show.
        x, y, w, h: where the layout put it, in dp.
    """

    kind: str
    purpose: str = ""
    text: str = ""
    description: str = ""
    children: list[Box] = field(default_factory=list)
    flow: Flow = "column"
    width: float = FILL
    height: float = 0.0
    pad: float = 0.0
    gap: float = 0.0
    anchor: Anchor = "start"
    size: float = 14.0
    on: bool | None = None
    tappable: bool = False
    inert: bool = False
    clip: bool = False
    x: float = 0.0
    y: float = 0.0
    w: float = 0.0
    h: float = 0.0


def place(box: Box, x: float, y: float, available: float) -> None:
    """Give ``box`` and all in it a place, its corner at (x, y) and at most ``available`` wide."""
    box.x, box.y = x, y
    wanted = {FILL: available, WRAP: _natural_width(box)}.get(box.width, box.width)
    box.w = min(wanted, available) if available > 0 else wanted
    inner = max(box.w - 2 * box.pad, 1.0)
    if box.children:
        content = {"column": _column, "row": _row, "stack": _stack, "wrap": _wrap}[box.flow](box, inner)
    else:
        content = _text_height(box, inner)
    natural = content + 2 * box.pad
    box.h = box.height if box.clip or (box.height and not box.children) else max(box.height, natural)
    _align(box)


def shown(box: Box, width: float, height: float) -> Iterator[tuple[Box, int, tuple[float, float, float, float]]]:
    """Each box that shows, in pre-order, with its depth and its visible bounds, cut where an ancestor clips it."""
    waiting = [(box, 0, (0.0, 0.0, width, height))]
    while waiting:
        here, depth, window = waiting.pop()
        bounds = _cut((here.x, here.y, here.x + here.w, here.y + here.h), window)
        if bounds[2] - bounds[0] < 1 or bounds[3] - bounds[1] < 1:
            continue
        yield here, depth, bounds
        inner = bounds if here.clip else window
        waiting.extend((child, depth + 1, inner) for child in reversed(here.children))


def _cut(
    bounds: tuple[float, float, float, float], window: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    return (
        max(bounds[0], window[0]),
        max(bounds[1], window[1]),
        min(bounds[2], window[2]),
        min(bounds[3], window[3]),
    )


def _text_width(box: Box) -> float:
    return len(box.text) * box.size * 0.52


def _text_height(box: Box, inner: float) -> float:
    lines = max(1, math.ceil(_text_width(box) / inner)) if box.text else 1
    return min(lines, 12) * box.size * 1.35


def _natural_width(box: Box) -> float:
    if not box.children:
        return _text_width(box) + 2 * box.pad + (0 if box.text else 24)
    widths = [_natural_width(child) if child.width <= 0 else child.width for child in box.children]
    across = sum(widths) + box.gap * (len(widths) - 1) if box.flow == "row" else max(widths)
    return across + 2 * box.pad


def _column(box: Box, inner: float) -> float:
    cursor = 0.0
    for child in box.children:
        place(child, box.x + box.pad, box.y + box.pad + cursor, inner)
        if box.anchor == "center":
            move(child, (inner - child.w) / 2, 0)
        elif box.anchor == "end":
            move(child, inner - child.w, 0)
        cursor += child.h + box.gap
    return max(cursor - box.gap, 0.0)


def _row(box: Box, inner: float) -> float:
    gaps = box.gap * (len(box.children) - 1)
    widths = [child.width if child.width > 0 else _natural_width(child) for child in box.children]
    flexible = [child.width == FILL for child in box.children]
    rest = inner - gaps - sum(width for width, fills in zip(widths, flexible, strict=True) if not fills)
    share = max(rest / max(sum(flexible), 1), 8.0)
    cursor = box.x + box.pad
    for child, width, fills in zip(box.children, widths, flexible, strict=True):
        place(child, cursor, box.y + box.pad, share if fills else min(width, inner))
        cursor += child.w + box.gap
    return max(child.h for child in box.children)


def _wrap(box: Box, inner: float) -> float:
    across, down, tallest = 0.0, 0.0, 0.0
    for child in box.children:
        place(child, box.x + box.pad + across, box.y + box.pad + down, inner)
        if across and across + child.w > inner:
            down, across = down + tallest + box.gap, 0.0
            tallest = 0.0
            place(child, box.x + box.pad, box.y + box.pad + down, inner)
        across += child.w + box.gap
        tallest = max(tallest, child.h)
    return down + tallest


def _stack(box: Box, inner: float) -> float:
    for child in box.children:
        place(child, box.x + box.pad, box.y + box.pad, inner)
    return max(child.h for child in box.children)


def _align(box: Box) -> None:
    """Middle the children of a row; put those of a stack where they are anchored."""
    room = box.h - 2 * box.pad
    for child in box.children:
        if box.flow == "row":
            move(child, 0, (room - child.h) / 2)
        elif box.flow == "stack":
            across = box.w - 2 * box.pad - child.w
            right = {"start": 0.0, "center": across / 2, "end": across, "bottom": across / 2}[child.anchor]
            down = {"start": 0.0, "center": (room - child.h) / 2}.get(child.anchor, room - child.h)
            move(child, max(right, 0.0), max(down, 0.0))


def move(box: Box, right: float, down: float) -> None:
    """Shift a box and all in it."""
    if not right and not down:
        return
    waiting = [box]
    while waiting:
        here = waiting.pop()
        here.x += right
        here.y += down
        waiting.extend(here.children)
