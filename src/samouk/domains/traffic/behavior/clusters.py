"""Groups of rows that come out again when other rows are drawn: k-means, and how many groups the rows bear."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST = 8
"""Groups, at most: more than a person keeps apart."""

STRONG = 0.85
"""Least prediction strength of groups that are believed in (Tibshirani & Walther 2005: .8 to .9)."""

STRONG_STILL = 0.75
"""Of as many groups as there were before: what people know is not given up for a hair."""

STABLE = 0.8
"""Least mean adjusted Rand index between the groups of two bootstrap samples."""

BEYOND_CHANCE = 0.5
"""Least share of the way from the index on structureless rows of the same covariance to 1: one long cloud is cut in
the middle again and again, and is one group all the same (Liu et al. 2008, SigClust)."""

LOOKED_AT = 2_000
"""Rows that the number of groups is chosen on."""

FEWEST = 100
SMALLEST = 0.02
"""Share of the rows in the smallest group, at least."""

_RESTARTS = 5
_STEPS = 40
_SPLITS = 6
_DRAWS = 5


class Choice(NamedTuple):
    """How many groups, and what spoke for it: prediction strength and bootstrap ARI by number; 1 where none holds."""

    groups: int
    strengths: dict[int, float]
    stability: float
    by_chance: float


def squared_distances(rows: Floats, centers: Floats) -> Floats:
    """(n, d), (k, d) → (n, k)."""
    found = (rows**2).sum(axis=1)[:, None] - 2 * rows @ centers.T + (centers**2).sum(axis=1)[None]
    return np.asarray(np.maximum(found, 0.0))


def nearest(rows: Floats, centers: Floats) -> Ints:
    """(n,) number of the nearest center."""
    return np.asarray(squared_distances(rows, centers).argmin(axis=1))


def k_means(rows: Floats, groups: int, rng: np.random.Generator, start: Floats | None = None) -> Floats:
    """(groups, d) centers: the best of some runs from k-means++ (Arthur & Vassilvitskii 2007), and of one from
    ``start`` when it is given."""
    starts = [] if start is None or len(start) != groups else [start]
    best, least = rows[:1], np.inf
    for number in range(_RESTARTS):
        first = starts[number] if number < len(starts) else _spread_out(rows, groups, rng)
        centers = _lloyd(rows, first)
        loss = float(squared_distances(rows, centers).min(axis=1).sum())
        if loss < least - 1e-9:
            best, least = centers, loss
    return best


def _spread_out(rows: Floats, groups: int, rng: np.random.Generator) -> Floats:
    centers = [rows[rng.integers(len(rows))]]
    far = squared_distances(rows, centers[0][None])[:, 0]
    for _ in range(groups - 1):
        whole = far.sum()
        chance = far / whole if whole > 0 else None
        centers.append(rows[rng.choice(len(rows), p=chance)])
        far = np.minimum(far, squared_distances(rows, centers[-1][None])[:, 0])
    return np.array(centers)


def _lloyd(rows: Floats, centers: Floats) -> Floats:
    before: Ints | None = None
    for _ in range(_STEPS):
        number = nearest(rows, centers)
        if before is not None and np.array_equal(number, before):
            break
        member = (number[:, None] == np.arange(len(centers))).astype(np.float64)
        count = member.sum(axis=0)[:, None]
        centers = np.where(count > 0, member.T @ rows / np.maximum(count, 1), centers)
        before = number
    return centers


def rand_index(one: Ints, two: Ints) -> float:
    """Adjusted Rand index of two partitions (Hubert & Arabie 1985): 1 the same, 0 as alike as by chance."""
    _, one = np.unique(one, return_inverse=True)
    _, two = np.unique(two, return_inverse=True)
    table = np.zeros((one.max(initial=0) + 1, two.max(initial=0) + 1))
    np.add.at(table, (one, two), 1)
    together, first, second = _pairs(table), _pairs(table.sum(axis=1)), _pairs(table.sum(axis=0))
    chance = first * second / max(len(one) * (len(one) - 1) / 2, 1)
    most = (first + second) / 2
    return 1.0 if most == chance else float((together - chance) / (most - chance))


def _pairs(counts: Floats) -> float:
    return float((counts * (counts - 1) / 2).sum())


def strength(rows: Floats, groups: int, rng: np.random.Generator) -> float:
    """Prediction strength: of one half's worst group, the share of pairs that the other half's groups keep together."""
    found = []
    for _ in range(_SPLITS):
        order = rng.permutation(len(rows))
        one, two = rows[order[::2]], rows[order[1::2]]
        other, own = (nearest(two, k_means(half, groups, rng)) for half in (one, two))
        kept = []
        for number in range(groups):
            counts = np.bincount(other[own == number], minlength=groups).astype(np.float64)
            kept.append(_pairs(counts) / max(_pairs(counts.sum(keepdims=True)), 1.0))
        found.append(min(kept))
    return float(np.mean(found))


def stability(rows: Floats, groups: int, rng: np.random.Generator) -> float:
    """Mean adjusted Rand index, over all rows, between the groups of bootstrap samples."""
    drawn = [nearest(rows, k_means(rows[rng.integers(len(rows), size=len(rows))], groups, rng)) for _ in range(_DRAWS)]
    return float(np.mean([rand_index(one, two) for place, one in enumerate(drawn) for two in drawn[:place]]))


def structureless(rows: Floats, rng: np.random.Generator) -> Floats:
    """As many rows of one normal cloud with the same mean and covariance."""
    mean = rows.mean(axis=0)
    _, lengths, axes = np.linalg.svd(rows - mean, full_matrices=False)
    return np.asarray(mean + rng.normal(0, 1, (len(rows), len(lengths))) * (lengths / np.sqrt(len(rows))) @ axes)


def choose(rows: Floats, rng: np.random.Generator, before: int = 0) -> Choice:
    """The largest number of groups that hold, of ``before`` groups by a milder measure; 1 when none does.

    Never by the silhouette: it prefers two groups of typists where eight fit them best.
    """
    if len(rows) < FEWEST:
        return Choice(1, {}, 1.0, 1.0)
    looked = rows[rng.permutation(len(rows))[:LOOKED_AT]]
    strengths = {groups: strength(looked, groups, rng) for groups in range(2, MOST + 1)}
    needed = {groups: STRONG_STILL if groups == before else STRONG for groups in strengths}
    wanted = [groups for groups in range(MOST, 1, -1) if strengths[groups] >= needed[groups]]
    for groups in wanted:
        again, chance = stability(looked, groups, rng), stability(structureless(looked, rng), groups, rng)
        number = nearest(looked, k_means(looked, groups, rng))
        even = np.bincount(number, minlength=groups).min() >= SMALLEST * len(looked)
        if even and again >= STABLE and again - chance >= BEYOND_CHANCE * (1 - chance):
            return Choice(groups, strengths, again, chance)
    return Choice(1, strengths, 1.0, 1.0)


def matched(before: Ints, now: Ints, groups: int) -> list[int]:
    """For each of ``groups`` present groups the one of ``before`` that it goes on as, or -1.

    Both partition the same rows. The pairs that share most of their rows first (Jaccard 1901), and no pair that
    shares less than a third.
    """
    found = [-1] * groups
    shares = []
    for number in range(groups):
        mine = now == number
        for old in np.unique(before[mine]).tolist():
            theirs = before == old
            shares.append((float((mine & theirs).sum() / max((mine | theirs).sum(), 1)), number, old))
    taken: set[int] = {-1}
    for share, number, old in sorted(shares, reverse=True):
        if share >= 1 / 3 and found[number] == -1 and old not in taken:
            found[number] = old
            taken.add(old)
    return found
