"""Which rows are learnt from, and how much each counts: equal ones once, no application and no type too much."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from samouk.domains.screens.features import TOLD, UNTOLD, context, mask_class, told
from samouk.loop.columns import Columns, take
from samouk.loop.records import Examples

GROUP_CAP = 10.0
"""Weight that all rows of one type in one group carry, at most: a feed of a hundred equal posts is one idea."""

GROUP_ROWS = 60
"""Rows of one type in one group that are looked at, at most."""

TYPE_ROWS = 4_000
"""Rows of one type that are looked at, at most; it bounds the time of a fit whatever the crowd sends."""

REMEMBERED = 60.0
"""Weight to which types that are rare in the crowd are filled up with simulated rows."""

REMINDER = 30.0
"""Weight of simulated rows that each type has in any case: ways to build it that no contributor's app has."""

UNTRUSTED_WEIGHT = 0.5
BALANCE = 0.5
"""Types are weighted by the inverse of this power of their frequency: 0 leaves them as they are, 1 makes them equal."""

_UNSEEN = frozenset({"sample_id", "element_type", "confidence", "timestamp", "label_source"})


class Lessons(NamedTuple):
    """What is fitted on: (n, w) structure with the class hidden, (n,) types, groups, weights, and ``silent``.

    ``silent`` rows had no class to hide: these are the elements that the model will be asked about.
    """

    inputs: NDArray[np.float32]
    types: NDArray[np.int64]
    groups: NDArray[np.int64]
    weights: NDArray[np.float64]
    silent: NDArray[np.bool_]

    def only(self, rows: NDArray[Any]) -> Lessons:
        return Lessons(*(part[rows] for part in self))


def lessons_of(examples: Examples, seed: int) -> Lessons:
    """Choose and weigh rows of the examples; the same for the same seed."""
    masked = mask_class(examples.columns)
    types, groups = examples.labels.values.astype(np.int64), examples.groups.astype(np.int64)
    looks = _fingerprints(masked, seed)
    chosen, counts = _distinct(looks, types, groups)
    chosen, counts = _foremost(chosen, counts, looks, types, groups)
    weights = counts * np.where(examples.labels.trusted[chosen], 1.0, UNTRUSTED_WEIGHT)
    weights = _capped(weights, types[chosen], groups[chosen])
    inputs = context(take(masked, chosen))
    silent = told(take(examples.columns, chosen)) == UNTOLD
    return Lessons(inputs, types[chosen], groups[chosen], weights, silent)


def reminded(lessons: Lessons, memory: Lessons) -> Lessons:
    """Add simulated rows of each type, and more of those that weigh less than ``REMEMBERED``.

    What the crowd sends enough of is learnt mainly from the crowd, what is rare is not forgotten.
    """
    have, spare = (np.bincount(part.types, part.weights, minlength=TOLD) for part in (lessons, memory))
    wanted = np.maximum(REMEMBERED - have, REMINDER)
    scale = np.minimum(wanted / np.maximum(spare, 1e-9), 1.0)
    lent = memory._replace(weights=memory.weights * scale[memory.types])
    both: list[tuple[NDArray[Any], NDArray[Any]]] = list(zip(lessons, lent, strict=True))
    return Lessons(*(np.concatenate(parts) for parts in both))


def balanced(lessons: Lessons) -> NDArray[np.float64]:
    """The weights, with rare types lifted; their mean is 1."""
    totals = np.bincount(lessons.types, lessons.weights)
    lifted = lessons.weights * np.maximum(totals, 1e-9)[lessons.types] ** -BALANCE
    shares: NDArray[np.float64] = lifted / lifted.mean()
    return shares


def _fingerprints(columns: Columns, seed: int) -> NDArray[np.uint64]:
    """One number a row, equal for equal rows; what is not looked at does not count."""
    names = sorted(set(columns) - _UNSEEN)
    factors = np.random.default_rng(seed).integers(1, 2**63, len(names), dtype=np.uint64) | np.uint64(1)
    out = np.zeros(len(columns[names[0]]), np.uint64)
    for name, factor in zip(names, factors, strict=True):
        # Two's complement: -1 becomes a large number, and sums wrap around on purpose.
        out += columns[name].astype(np.int64).astype(np.uint64) * factor
    # Equal distances between rows must not stay equal distances between their numbers.
    return (out ^ (out >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)


def _distinct(
    looks: NDArray[np.uint64], types: NDArray[np.int64], groups: NDArray[np.int64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """First row of each distinct (look, type, group), and how many rows it stands for."""
    keys = looks + types.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    keys += groups.astype(np.uint64) * np.uint64(0xD6E8FEB86659FD93)
    _, first, counts = np.unique(keys, return_index=True, return_counts=True)
    return first, counts.astype(np.float64)


def _foremost(
    chosen: NDArray[np.intp],
    counts: NDArray[np.float64],
    looks: NDArray[np.uint64],
    types: NDArray[np.int64],
    groups: NDArray[np.int64],
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Keep the first few of each type in each group, and of each type, in an order that only the seed decides."""
    order = np.argsort(looks[chosen], kind="stable")
    chosen, counts = chosen[order], counts[order]
    kept = rank(types[chosen] + 64 * groups[chosen]) < GROUP_ROWS
    chosen, counts = chosen[kept], counts[kept]
    kept = rank(types[chosen]) < TYPE_ROWS
    return chosen[kept], counts[kept]


def rank(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many equal keys stand before each."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(keys) else np.empty(0, np.int64)
    lengths = np.diff(np.r_[starts, len(keys)])
    out = np.empty(len(keys), np.int64)
    out[order] = np.arange(len(keys)) - np.repeat(starts, lengths)
    return out


def _capped(weights: NDArray[np.float64], types: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    _, place = np.unique(types + 64 * groups, return_inverse=True)
    totals = np.bincount(place, weights)
    capped: NDArray[np.float64] = weights * np.minimum(1.0, GROUP_CAP / totals)[place]
    return capped
