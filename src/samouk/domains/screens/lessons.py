"""Which rows are learnt from, and how much each counts: equal ones once, no application and no type too much."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from samouk.domains.screens.features import TOLD, UNTOLD, context, mask_class, told
from samouk.loop.columns import Columns, take, whole_groups
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
    chosen = _chosen(examples, seed)
    weights = chosen.counts * np.where(examples.labels.trusted[chosen.rows], 1.0, UNTRUSTED_WEIGHT)
    weights = _capped(weights, chosen.types, chosen.groups)
    columns = take(examples.columns, chosen.rows)
    return Lessons(
        context(mask_class(columns)), chosen.types, chosen.groups, weights, np.asarray(told(columns) == UNTOLD)
    )


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


class _Chosen(NamedTuple):
    """Distinct rows: their places, how many rows each stands for, what they look like as a number, and their key."""

    rows: NDArray[np.intp]
    counts: NDArray[np.float64]
    looks: NDArray[np.uint64]
    keys: NDArray[np.uint64]
    types: NDArray[np.int64]
    groups: NDArray[np.int64]

    def only(self, rows: NDArray[Any]) -> _Chosen:
        return _Chosen(*(part[rows] for part in self))


def _chosen(examples: Examples, seed: int) -> _Chosen:
    """The first few of each type in each group, and of each type, in an order that only the seed decides.

    Rows are equal only within a group, so that whole groups can be chosen from one after the other: memory holds a
    few of them and what was chosen so far, never all rows.
    """
    found = _of_groups(examples, slice(0, 0), seed)
    for part in whole_groups(examples.groups):
        fresh = _of_groups(examples, part, seed)
        both = _Chosen(*(np.concatenate(pair) for pair in zip(found, fresh, strict=True)))
        both = both.only(np.lexsort((both.keys, both.looks)))
        found = both.only(rank(both.types) < TYPE_ROWS)
    return found


def _of_groups(examples: Examples, part: slice, seed: int) -> _Chosen:
    types = examples.labels.values[part].astype(np.int64)
    groups = examples.groups[part].astype(np.int64)
    looks = _fingerprints(mask_class(take(examples.columns, part)), seed)
    found = _distinct(looks, types, groups)
    found = found.only(np.lexsort((found.keys, found.looks)))
    found = found.only(rank(found.types + 64 * found.groups) < GROUP_ROWS)
    return found._replace(rows=found.rows + part.start)


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


def _distinct(looks: NDArray[np.uint64], types: NDArray[np.int64], groups: NDArray[np.int64]) -> _Chosen:
    """First row of each distinct (look, type, group), and how many rows it stands for."""
    keys = looks + types.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    keys += groups.astype(np.uint64) * np.uint64(0xD6E8FEB86659FD93)
    _, first, counts = np.unique(keys, return_index=True, return_counts=True)
    return _Chosen(first, counts.astype(np.float64), looks[first], keys[first], types[first], groups[first])


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
