"""A detector for servers with many metrics: one Gaussian over each row and its short past, learnt without labels.

``MachineDetector.fit(rows)`` learns; ``.score(rows)`` and ``.surprise(rows)`` judge rows in their order, each by itself
and the rows before it; ``.stream()`` does the same call by call and can follow lasting shifts; ``.shares(rows)`` tells
which metrics it was; ``.arrays()`` and ``MachineDetector.of_arrays(arrays)`` keep and restore it. For rows without an
order fit with ``halflives=()``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samouk.domains.traffic.detect.tails import FEWEST, Floats, Tail, graded

HALFLIVES = (2.0, 8.0)
"""Rows after which the two averages of the past have forgotten half: anomalies last 3 to 30 rows, not hundreds."""

FLOOR = 0.01
"""Smallest standard deviation that a metric is taken to have, in its own unit: metrics come normalised, about [0, 1]
or on a log scale. Without it a metric that never moved while it was learnt from is infinitely surprising."""

SHRINK = 0.03
"""Least weight of the plain covariance, in which metrics do not hang together, beside the one that was seen."""

FOLDS = 5
"""Stretches of the rows that are left out in turn, so that the tail is of rows that the Gaussian did not see."""

CLIP = 3.0
"""Standard deviations of one row that a followed level believes at most: an attack moves it slowly, a shift as well."""

LARGEST = 1e9
"""Standard deviations beyond which rows are not told apart: squares stay finite."""

Past = NDArray[np.float64]
"""(1 + halflives, d): the last known value of every metric, then its averages, in standard deviations."""


@dataclass(frozen=True, slots=True)
class Gaussian:
    """A mean and what makes the covariance round. Shrunk towards the plain one (Ledoit & Wolf, 2004).

    Attributes:
        mean: (w,) of the embedded rows.
        whiten: (w, w); the squared length of ``(row - mean) @ whiten`` over w is 1 on average over what was learnt.
    """

    mean: Floats
    whiten: Floats

    @classmethod
    def fit(cls, rows: Floats, shrink: float) -> Gaussian:
        """Of (n, w) rows. The plain covariance weighs as much as w rows would, and at least ``shrink``."""
        n, w = rows.shape
        mean = rows.mean(axis=0)
        apart = rows - mean
        seen = apart.T @ apart / n
        plain = max(float(np.trace(seen)) / w, 1e-6)
        weight = max(shrink, w / (n + w))
        values, vectors = np.linalg.eigh((1.0 - weight) * seen + weight * plain * np.eye(w))
        return cls(mean, vectors / np.sqrt(np.maximum(values, 1e-9)))

    def distance(self, rows: Floats) -> Floats:
        """(n,) squared Mahalanobis distances over w."""
        return np.asarray(np.square((rows - self.mean) @ self.whiten).mean(axis=1), np.float64)

    def parts(self, rows: Floats) -> Floats:
        """(n, w) what each column adds to the distance; they sum to it and may be below 0."""
        apart = rows - self.mean
        return np.asarray(apart * (apart @ self.whiten @ self.whiten.T) / rows.shape[1], np.float64)


@dataclass(frozen=True, slots=True)
class MachineDetector:
    """Knows the normal of one machine, or of many alike, from unlabelled rows; they may hold anomalies.

    A row is scored by the Mahalanobis distance of (its metrics, their short averages over the past) from what was
    learnt, so that a value out of range, a broken relation between metrics and a sudden or lasting change all count.
    A missing value (NaN or infinite) says nothing: the last known value stands in for it.

    Attributes:
        centre: (d,) mean of each metric.
        scale: (d,) its standard deviation, at least the floor.
        halflives: (k,) of the averages, in rows; none to judge each row by itself.
    """

    centre: Floats
    scale: Floats
    halflives: Floats
    gaussian: Gaussian
    tail: Tail

    @classmethod
    def fit(
        cls,
        rows: NDArray[Any],
        *,
        halflives: Sequence[float] = HALFLIVES,
        floor: float | Floats = FLOOR,
        shrink: float = SHRINK,
    ) -> MachineDetector:
        """Learn from (n, d) rows in their order, n >= 10; ``floor`` may be told for each metric.

        Raises ValueError for rows of another shape, too few of them, or settings out of range.
        """
        table = _table(rows)
        if len(table) < 2 * FEWEST:
            raise ValueError(f"{len(table)} rows are too few to learn from; give at least {2 * FEWEST}")
        if not (0 < shrink <= 1) or np.any(np.asarray(floor) <= 0) or any(half <= 0 for half in halflives):
            raise ValueError("shrink is in (0, 1], floor and halflives are above 0")
        lives = np.array(halflives, np.float64)
        centre, scale = _scaling(table, floor)
        embedded, _ = _embed(_scaled(table, centre, scale), lives, None)
        tail = Tail.fit(_left_out(embedded, shrink))
        return cls(centre, scale, lives, Gaussian.fit(embedded, shrink), tail)

    @property
    def width(self) -> int:
        """Metrics in a row."""
        return len(self.centre)

    def surprise(self, rows: NDArray[Any]) -> Floats:
        """(n,) nats >= 0 of (n, d) rows in their order, as after a normal past: -log of how rare it is."""
        return self.stream().surprise(rows)

    def score(self, rows: NDArray[Any]) -> Floats:
        """(n,) in [0, 1): ``surprise`` squashed, 0.5 for a row such as one in a hundred that were learnt from."""
        return graded(self.surprise(rows))

    def shares(self, rows: NDArray[Any]) -> Floats:
        """(n, d) how much of each row's distance each metric makes up, with its past; each row sums to 1."""
        embedded, _ = _embed(self._scaled(rows), self.halflives, None)
        parts = np.maximum(self.gaussian.parts(embedded), 0.0)
        folded = parts.reshape(len(parts), 1 + len(self.halflives), self.width).sum(axis=1)
        return np.asarray(folded / np.maximum(folded.sum(axis=1, keepdims=True), 1e-300), np.float64)

    def stream(self, follow: float | None = None) -> MachineStream:
        """Judges rows as they come; it starts without a past.

        ``follow`` is a halflife in rows, long against any anomaly (a day): each metric's centre then moves with it, so
        that a lasting shift stops to alarm, by at most ``CLIP`` standard deviations times 0.7 in one halflife.
        """
        if follow is not None and not follow > 0:
            raise ValueError("follow is a halflife in rows, above 0; None follows nothing")
        return MachineStream(self, follow)

    def arrays(self) -> dict[str, Floats]:
        """All that was learnt, as plain arrays."""
        return {
            "centre": self.centre,
            "scale": self.scale,
            "halflives": self.halflives,
            "mean": self.gaussian.mean,
            "whiten": self.gaussian.whiten,
            "tail": self.tail.array(),
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> MachineDetector:
        """What ``arrays`` gave. Raises ValueError, naming the array, for anything else."""
        try:
            kept = {name: np.asarray(arrays[name], np.float64) for name in _NAMES}
        except KeyError as missing:
            raise ValueError(f"the array {missing} is missing; keep all that arrays() gives") from None
        width, lives = kept["centre"].size, kept["halflives"].size
        wide = width * (1 + lives)
        shapes = {"centre": (width,), "scale": (width,), "halflives": (lives,), "mean": (wide,), "whiten": (wide, wide)}
        for name, shape in shapes.items():
            if kept[name].shape != shape or not np.isfinite(kept[name]).all():
                raise ValueError(f"{name} must hold finite numbers in the shape {shape}, not {kept[name].shape}")
        if (kept["scale"] <= 0).any() or (kept["halflives"] <= 0).any():
            raise ValueError("scale and halflives must be above 0")
        gaussian = Gaussian(kept["mean"], kept["whiten"])
        return cls(kept["centre"], kept["scale"], kept["halflives"], gaussian, Tail.of_array(kept["tail"]))

    def _scaled(self, rows: NDArray[Any]) -> Floats:
        table = _table(rows)
        if table.shape[1] != self.width:
            raise ValueError(f"a row has {table.shape[1]} metrics; {self.width} were learnt")
        return _scaled(table, self.centre, self.scale)


@dataclass(slots=True)
class MachineStream:
    """A detector and the past of one machine. Not safe to share between threads.

    Attributes:
        past: None before the first row; else (1 + halflives, d), to keep and give back over a restart.
        level: (d,) how far each centre was followed, in standard deviations; None while it was not; kept likewise.
    """

    detector: MachineDetector
    follow: float | None = None
    past: Past | None = None
    level: Floats | None = None

    def surprise(self, rows: NDArray[Any]) -> Floats:
        """(n,) nats of the next (n, d) rows; cutting them into other calls changes nothing."""
        scaled = self.detector._scaled(rows)
        if self.follow is not None:
            scaled, self.level = _followed(scaled, self.follow, self.level)
        embedded, self.past = _embed(scaled, self.detector.halflives, self.past)
        return self.detector.tail.surprise(self.detector.gaussian.distance(embedded))

    def score(self, rows: NDArray[Any]) -> Floats:
        """(n,) in [0, 1), as the detector's ``score``."""
        return graded(self.surprise(rows))


_NAMES = ("centre", "scale", "halflives", "mean", "whiten", "tail")


def _table(rows: NDArray[Any]) -> Floats:
    table = np.asarray(rows, np.float64)
    if table.ndim != 2 or not table.shape[1]:
        raise ValueError(f"rows have the shape (rows, metrics), not {table.shape}")
    return np.where(np.isfinite(table), table, np.nan)


def _scaling(table: Floats, floor: float | Floats) -> tuple[Floats, Floats]:
    """Mean and floored standard deviation of each metric; 0 and the floor for one that was never told."""
    known = ~np.isnan(table)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, table, 0.0).sum(axis=0) / count
    spread = np.sqrt(np.square(np.where(known, table - centre, 0.0)).sum(axis=0) / count)
    return centre, np.maximum(spread, floor)


def _scaled(table: Floats, centre: Floats, scale: Floats) -> Floats:
    return np.asarray(np.clip((table - centre) / scale, -LARGEST, LARGEST), np.float64)


def _followed(rows: Floats, halflife: float, level: Floats | None) -> tuple[Floats, Floats]:
    """(n, d) rows less the level before each, and the level after them all, which starts at 0."""
    step = 1.0 - 0.5 ** (1.0 / halflife)
    level = np.zeros(rows.shape[1]) if level is None else level
    apart = np.empty_like(rows)
    for place, row in enumerate(rows):
        apart[place] = row - level
        level = level + step * np.nan_to_num(np.clip(apart[place], -CLIP, CLIP))
    return apart, level


def _embed(rows: Floats, halflives: Floats, past: Past | None) -> tuple[Floats, Past]:
    """(n, (1 + k) d) each row with the averages up to it, and the past that the next row has.

    Before the first row everything was at its mean.
    """
    state = np.zeros((1 + len(halflives), rows.shape[1])) if past is None else past.copy()
    steps = (1.0 - 0.5 ** (1.0 / halflives))[:, None]
    embedded = np.empty((len(rows), *state.shape))
    for place, row in enumerate(rows):
        state[0] = np.where(np.isnan(row), state[0], row)
        state[1:] += steps * (state[0] - state[1:])
        embedded[place] = state
    return embedded.reshape(len(rows), state.size), state


def _left_out(embedded: Floats, shrink: float) -> Floats:
    """(n,) distances of all rows, each from the Gaussian of the stretches that it is not in."""
    distances = np.empty(len(embedded))
    for part in np.array_split(np.arange(len(embedded)), FOLDS):
        rest = np.delete(embedded, part, axis=0)
        distances[part] = Gaussian.fit(rest, shrink).distance(embedded[part])
    return distances
