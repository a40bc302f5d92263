"""Small trees that are asked all at once: grown by LightGBM, kept as arrays, walked with numpy alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from samouk.families.trees import HIGHEST, Tree, grown

Floats = NDArray[np.float64]

DEPTH = 3
_NODES, _LEAVES = (1 << DEPTH) - 1, 1 << DEPTH
_CHUNK = 256
"""Rows that are asked at a time: arrays of rows by questions stay small."""


def _leaf_of(code: int) -> int:
    """Which leaf seven answers lead to, of which the first question's is the highest bit and the eighth bit is none."""
    place = 0
    for _ in range(DEPTH):
        place = 2 * place + 1 + (code >> (7 - place) & 1)
    return place - _NODES


_LEAF_OF = np.array([_leaf_of(code) for code in range(256)])


class Forest(NamedTuple):
    """t trees of ``DEPTH`` questions each, numbered as a heap: below question i stand 2i + 1 and 2i + 2.

    Attributes:
        feature: (t * 7,) int64 column that is asked for.
        value: (t * 7,) up to it the answer is the left one.
        leaf: (t * 8,) what each tree adds.
    """

    feature: NDArray[np.int64]
    value: Floats
    leaf: Floats

    @property
    def trees(self) -> int:
        return len(self.leaf) // _LEAVES

    def head(self, trees: int) -> Forest:
        """The first so many trees."""
        return Forest(self.feature[: trees * _NODES], self.value[: trees * _NODES], self.leaf[: trees * _LEAVES])


def empty() -> Forest:
    """No trees: nothing is added."""
    return Forest(np.empty(0, np.int64), np.empty(0), np.empty(0))


def fits(forest: Forest, width: int) -> bool:
    """Whether the arrays belong together and ask for none but the first ``width`` columns."""
    trees = forest.trees
    whole = len(forest.feature) == len(forest.value) == trees * _NODES and len(forest.leaf) == trees * _LEAVES
    return whole and bool(((forest.feature >= 0) & (forest.feature < width)).all())


class Asked(NamedTuple):
    """A forest laid out so that all its questions are asked at once: (t * 8,) a tree, of which the last asks nothing.

    A tree's answers make a byte, and ``_LEAF_OF`` leads from that to the leaf.
    """

    feature: NDArray[np.int64]
    value: Floats
    leaf: Floats
    first: NDArray[np.int64]


def asked(forest: Forest) -> Asked:
    """To be kept by whoever asks again and again."""
    padding = ((0, 0), (0, _LEAVES - _NODES))
    feature = np.pad(forest.feature.reshape(-1, _NODES), padding).ravel()
    value = np.pad(forest.value.reshape(-1, _NODES), padding, constant_values=np.inf).ravel()
    return Asked(feature, value, forest.leaf, np.arange(0, len(forest.leaf), _LEAVES))


def add_one(trees: Asked, row: Floats) -> float:
    """(width,) → sum over the trees."""
    code = np.packbits(row.take(trees.feature) > trees.value)
    return float(np.add.reduce(trees.leaf.take(trees.first + _LEAF_OF.take(code))))


def add(forest: Forest, inputs: Floats) -> Floats:
    """(n, width) → (n,) sum over the trees."""
    if not forest.trees:
        return np.zeros(len(inputs))
    trees, found = asked(forest), np.empty(len(inputs))
    for start in range(0, len(inputs), _CHUNK):
        rows = slice(start, start + _CHUNK)
        code = np.packbits(inputs[rows].take(trees.feature, axis=1) > trees.value, axis=1)
        found[rows] = trees.leaf.take(trees.first + _LEAF_OF.take(code)).sum(axis=1)
    return found


def grow(
    inputs: Floats,
    target: Floats,
    weight: Floats,
    start: Floats,
    *,
    rounds: int,
    rising: Sequence[bool],
    seed: int,
    threads: int,
) -> Forest:
    """Boost from the odds ``start`` towards the targets in [0, 1] (log loss; Friedman 2001, Ke et al. 2017).

    Args:
        rising: columns of which more never means less, all else equal.
    """
    import lightgbm

    settings: Mapping[str, Any] = {
        "objective": "cross_entropy",
        "num_leaves": _LEAVES,
        "max_depth": DEPTH,
        "learning_rate": 0.06,
        "min_data_in_leaf": 20,
        "lambda_l2": 5.0,
        "monotone_constraints": [int(flag) for flag in rising],
        "boost_from_average": False,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads,
        "seed": seed,
        "verbose": -1,
    }
    data = lightgbm.Dataset(inputs, target, weight=weight, init_score=start, free_raw_data=True)
    return forest_of(grown(lightgbm.train(dict(settings), data, rounds)))


def forest_of(trees: Sequence[Tree]) -> Forest:
    """Trees of at most ``DEPTH`` questions as arrays; where a tree ends early, what follows asks for nothing."""
    feature = np.zeros((len(trees), _NODES), np.int64)
    value = np.full((len(trees), _NODES), HIGHEST)
    leaf = np.zeros((len(trees), _LEAVES))
    for number, tree in enumerate(trees):
        waiting = [(0, 0)]
        for place, node in waiting:  # grows as it goes
            found = tree[node]
            if place >= _NODES:
                leaf[number, place - _NODES] = found.weight
            elif not found.yes:
                waiting += [(2 * place + 1, node), (2 * place + 2, node)]
            else:
                feature[number, place], value[number, place] = found.feature, found.value
                waiting += [(2 * place + 1, found.yes), (2 * place + 2, found.no)]
    return Forest(feature.ravel(), value.ravel(), leaf.ravel())
