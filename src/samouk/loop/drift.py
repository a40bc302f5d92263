"""Have the inputs moved? Streaming histograms of the fields, and distances that do not grow with the rows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samouk.edge.wire import Field, Schema
from samouk.loop.columns import Column, Columns, dtype_of, rows_in

BINS = 30
"""Bins of a number, at most, beside the one for what is missing."""

SAMPLE = 20_000
"""Rows of a reference, evenly spread, from which the edges of its bins are read."""

PARTS, PART_ROWS = 20, 500
"""Parts of a reference whose own distances teach the limits, at most; rows of a part, at least."""

FEWEST_PARTS = 4
"""Parts below which a spread says nothing, so that only the floor limits."""

DISTANCE = 0.1
"""A distance below which no field has moved, whatever the reference teaches: a quarter of a standard deviation
of a normal variable (JS 0.106, KS 0.10), and NannyML's constant threshold for JS."""

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bins:
    """How one field is counted; bin 0 holds what is missing.

    Attributes:
        spec: the field.
        edges: sorted, of its column's type: a value is in the bin after the last edge that it reaches. None
            for flags and categories, which have a bin a value.
    """

    spec: Field
    edges: NDArray[Any] | None

    @property
    def width(self) -> int:
        if self.edges is not None:
            return len(self.edges) + 2
        return 3 if self.spec.kind == "flag" else len(self.spec.values) + 1

    def count(self, column: Column) -> Counts:
        """(width,) rows in each bin; O(n log n) with a sort that is faster than looking up n values."""
        if self.edges is None:
            return np.bincount(column.astype(np.intp) + 1, minlength=self.width)
        ordered = np.sort(column)
        # What is missing lies below the range (integers) or sorts behind infinity (NaN).
        first, last = ordered.searchsorted(_like(ordered, self.spec.low)), _end(ordered)
        cuts = np.clip(ordered.searchsorted(self.edges), first, last)
        known = np.diff(np.concatenate([[first], cuts, [last]]))
        return np.concatenate([[len(ordered) - (last - first)], known]).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Sketch:
    """Counts of each field's bins: constant memory, O(new rows) an update, and two of one shape can be added."""

    bins: Mapping[str, Bins]
    counts: Mapping[str, Counts]

    def update(self, columns: Columns) -> Sketch:
        """With more rows counted."""
        fresh = {name: held + self.bins[name].count(columns[name]) for name, held in self.counts.items()}
        return replace(self, counts=fresh)

    def merge(self, other: Sketch) -> Sketch:
        """The rows of both, which must have the same bins."""
        return replace(self, counts={name: held + other.counts[name] for name, held in self.counts.items()})

    def empty(self) -> Sketch:
        """The same bins, nothing counted."""
        return replace(self, counts={name: np.zeros_like(held) for name, held in self.counts.items()})

    @property
    def rows(self) -> int:
        return int(next(iter(self.counts.values())).sum()) if self.counts else 0


@dataclass(frozen=True, slots=True)
class Reference:
    """What a version was fitted on: a sketch, and how far apart its own parts lie.

    Attributes:
        spread: field → (JS, KS): mean plus three standard deviations of the distance between a part of the
            reference, in its order, and the rest. A field that always varies by batch or day has wide limits.
    """

    sketch: Sketch
    spread: Mapping[str, tuple[float, float]]

    def to_json(self) -> dict[str, Any]:
        return {
            name: {
                "edges": None if bins.edges is None else bins.edges.tolist(),
                "counts": self.sketch.counts[name].tolist(),
                "spread": list(self.spread[name]),
            }
            for name, bins in self.sketch.bins.items()
        }


@dataclass(frozen=True, slots=True)
class Apart:
    """How far one field is from its reference: its two distances, and the limit of each."""

    name: str
    js: float
    ks: float
    js_limit: float
    ks_limit: float

    @property
    def moved(self) -> bool:
        """Whether it left its reference: both distances are beyond their limits."""
        return self.js > self.js_limit and self.ks > self.ks_limit

    def __str__(self) -> str:
        return f"{self.name} by JS {self.js:.2f} (limit {self.js_limit:.2f}) and KS {self.ks:.2f} ({self.ks_limit:.2f})"


def reference(schema: Schema, columns: Columns) -> Reference:
    """Bins by the quantiles of the rows, their counts, and the spread between parts of them."""
    fields = [spec for spec in schema.fields if spec.kind not in ("identifier", "week")]
    rows = rows_in(columns)
    bins = {spec.name: Bins(spec, _edges(spec, columns[spec.name])) for spec in fields}
    parts = min(PARTS, max(rows // PART_ROWS, 1))
    ends = [rows * part // parts for part in range(parts + 1)]
    counts: dict[str, Counts] = {}
    spread: dict[str, tuple[float, float]] = {}
    for name, shape in bins.items():
        column = columns[name]
        grid = np.array([shape.count(column[start:end]) for start, end in itertools.pairwise(ends)])
        counts[name] = grid.sum(axis=0)
        spread[name] = _spread(shape, grid)
    return Reference(Sketch(bins, counts), spread)


def histogram(schema: Schema, columns: Columns) -> dict[str, Any]:
    """The reference of these rows as plain JSON, as it is kept with a version; empty without rows."""
    return reference(schema, columns).to_json() if rows_in(columns) else {}


def recall(schema: Schema, kept: Mapping[str, Any]) -> Reference | None:
    """The reference behind the JSON; None when it holds no field as the schema has it today."""
    bins: dict[str, Bins] = {}
    for spec in schema.fields:
        stored = kept.get(spec.name)
        if not isinstance(stored, Mapping):
            continue
        edges = None if stored["edges"] is None else np.array(stored["edges"], dtype_of(spec))
        shape = Bins(spec, edges)
        if len(stored["counts"]) == shape.width:
            bins[spec.name] = shape
    if not bins:
        return None
    counts = {name: np.array(kept[name]["counts"], np.int64) for name in bins}
    return Reference(Sketch(bins, counts), {name: tuple(kept[name]["spread"]) for name in bins})


def moved(base: Reference, recent: Sketch, distance: float = DISTANCE, factor: float = 1.0) -> list[Apart]:
    """Fields that left the reference, the farthest first; ``distance`` and ``factor`` as those of ``apart``."""
    return [field for field in apart(base, recent, distance, factor) if field.moved]


def apart(base: Reference, recent: Sketch, distance: float = DISTANCE, factor: float = 1.0) -> list[Apart]:
    """How far each field is from the reference, the farthest first.

    Args:
        distance: the limit of a field that does not vary more by itself.
        factor: by which every limit is multiplied: more caution above 1, less below.
    """
    found = []
    for name, counts in recent.counts.items():
        bins, held = base.sketch.bins[name], base.sketch.counts[name]
        js, ks = float(js_distance(held, counts)), float(ks_distance(bins, held, counts))
        js_limit, ks_limit = (factor * max(distance, own) for own in base.spread[name])
        found.append(Apart(name, js, ks, js_limit, ks_limit))
    return sorted(found, key=lambda item: -item.js)


def js_distance(p: Counts, q: Counts) -> NDArray[np.float64]:
    """Jensen-Shannon distance of two histograms by their counts, base 2, in [0, 1] (Lin 1991).

    Less what chance alone adds on average, (k - 1) / (8 ln 2) · (1/n + 1/m) to the divergence with k filled
    bins, so that it estimates an effect size, the same for a thousand rows and a million.

    Args:
        p, q: (..., k) counts; the last axis is the bins'.
    """
    n, m = p.sum(axis=-1), q.sum(axis=-1)
    one, two = p / np.maximum(n, 1)[..., None], q / np.maximum(m, 1)[..., None]
    middle = (one + two) / 2
    divergence = (_entropy_to(one, middle) + _entropy_to(two, middle)) / 2
    filled = np.count_nonzero(middle, axis=-1)
    chance = (filled - 1) / (8 * math.log(2)) * (1 / np.maximum(n, 1) + 1 / np.maximum(m, 1))
    distance: NDArray[np.float64] = np.sqrt(np.maximum(divergence - chance, 0.0))
    return distance


def ks_distance(bins: Bins, p: Counts, q: Counts) -> NDArray[np.float64]:
    """Kolmogorov-Smirnov distance at the bins' edges, what is missing below all values.

    Categories and flags have no order: theirs is the largest difference of one value's share.
    """
    apart = p / np.maximum(p.sum(axis=-1), 1)[..., None] - q / np.maximum(q.sum(axis=-1), 1)[..., None]
    distance: NDArray[np.float64] = np.abs(apart if bins.edges is None else np.cumsum(apart, axis=-1)).max(axis=-1)
    return distance


def _entropy_to(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    filled = p > 0
    terms = p * np.log2(np.where(filled, p, 1.0) / np.where(filled, q, 1.0))
    total: NDArray[np.float64] = terms.sum(axis=-1)
    return total


def _edges(spec: Field, column: Column) -> NDArray[Any] | None:
    if spec.kind in ("flag", "category"):
        return None
    known = np.sort(column[:: max(len(column) // SAMPLE, 1)])
    known = known[known.searchsorted(_like(known, spec.low)) : _end(known)]
    if not len(known):
        return known
    # One bin lies below all that was seen and one above, so that what was never seen is seen to be new.
    values = known[np.concatenate([[True], known[1:] > known[:-1]])]
    if len(values) > BINS - 2:
        values = np.unique(known[np.arange(BINS - 2) * len(known) // (BINS - 2)])
    return np.concatenate([values, _above(known[-1])]).astype(column.dtype)


def _above(value: Any) -> list[Any]:
    """The next larger value of the type, if there is one."""
    if value.dtype.kind == "f":
        return [np.nextafter(value, value.dtype.type(np.inf))]
    return [int(value) + 1] if value < np.iinfo(value.dtype).max else []


def _like(ordered: NDArray[Any], value: float) -> Any:
    """The number as the array's own type: of another type, the search would convert the whole array."""
    return ordered.dtype.type(value)


def _end(ordered: NDArray[Any]) -> int:
    """Values that are no NaN; those sort last."""
    return int(ordered.searchsorted(ordered.dtype.type(np.inf), "right")) if ordered.dtype.kind == "f" else len(ordered)


def _spread(bins: Bins, grid: Counts) -> tuple[float, float]:
    if len(grid) < FEWEST_PARTS:
        return 0.0, 0.0
    rest = grid.sum(axis=0) - grid
    distances = (js_distance(grid, rest), ks_distance(bins, grid, rest))
    js, ks = (float(values.mean() + 3 * values.std(ddof=1)) for values in distances)
    return js, ks
