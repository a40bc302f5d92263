"""Trees as ONNX keeps them: what LightGBM grew, and tables and stumps that share one ensemble with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import lightgbm

LOWEST, HIGHEST = (float(bound) for bound in (np.finfo(np.float32).min, np.finfo(np.float32).max))


class Node(NamedTuple):
    """A branch, which goes to ``yes`` where the feature is at most ``value``; or a leaf, whose ``yes`` is 0.

    Attributes:
        absent: a missing value (NaN) goes to ``yes``.
        weight: of a leaf, what it adds.
    """

    feature: int = 0
    value: float = 0.0
    yes: int = 0
    no: int = 0
    weight: float = 0.0
    absent: bool = False


Tree = Sequence[Node]
"""Nodes by their number; the first is the root."""


def grown(booster: lightgbm.Booster, offset: int = 0) -> list[Tree]:
    """The booster's trees, numbered breadth-first; its first feature is column ``offset`` of the input."""
    return [_walk(tree["tree_structure"], offset) for tree in booster.dump_model()["tree_info"]]


def _walk(root: Mapping[str, Any], offset: int) -> Tree:
    nodes: list[Node] = []
    waiting: list[Mapping[str, Any]] = [root]
    for node in waiting:  # grows as it goes
        if "split_feature" not in node:
            nodes.append(Node(weight=float(node["leaf_value"])))
            continue
        yes = len(waiting)
        waiting += [node["left_child"], node["right_child"]]
        threshold = at_most(float(node["threshold"]))
        # Where LightGBM saw no missing value in training, it takes one for 0 later.
        absent = bool(node["default_left"]) if node["missing_type"] == "NaN" else threshold >= 0
        nodes.append(Node(offset + int(node["split_feature"]), threshold, yes, yes + 1, absent=absent))
    return nodes


def at_most(threshold: float) -> float:
    """The largest single-precision number that is no larger: on which side a single-precision input falls stays."""
    # LightGBM parts what is missing from all else by the largest double.
    near = np.float32(min(max(threshold, LOWEST), HIGHEST))
    return float(near if float(near) <= threshold else np.nextafter(near, np.float32(-np.inf)))


def constant(weight: float) -> Tree:
    """A tree that adds the same to every row."""
    return [Node(weight=weight)]


def if_absent(column: int, weight: float) -> Tree:
    """A stump that adds ``weight`` where the column is missing."""
    return [Node(column, LOWEST, 1, 2, absent=True), Node(weight=weight), Node()]


def table(column: int, weights: Sequence[float]) -> Tree:
    """A tree that adds ``weights[code]``, in about log2 of their number steps; nothing where the code is missing."""
    nodes: list[Node] = [Node(column, LOWEST, 1, 2, absent=True), Node()]
    # Each waits with the codes that reach it, from `low` to before `high`.
    waiting = [(0, len(weights))]
    for low, high in waiting:
        if high - low == 1:
            nodes.append(Node(weight=float(weights[low])))
            continue
        middle = (low + high) // 2
        yes = 2 + len(waiting)
        waiting += [(low, middle), (middle, high)]
        nodes.append(Node(column, middle - 0.5, yes, yes + 1))
    return nodes


def scaled(trees: Iterable[Tree], factor: float) -> list[Tree]:
    """The same trees, each adding ``factor`` times as much."""
    return [[node._replace(weight=factor * node.weight) for node in tree] for tree in trees]


def ensemble(trees: Sequence[Tree], targets: int = 1, *, missing: bool = False) -> dict[str, list[Any]]:
    """The attributes of ONNX's ``TreeEnsembleRegressor``; tree i adds to target i modulo ``targets``.

    Args:
        missing: inputs may be NaN. Without it every branch takes them for larger, and the runtime need not look.
    """
    numbered = [(tree, place, node) for tree, nodes in enumerate(trees) for place, node in enumerate(nodes)]
    leaves = [(tree, place, node) for tree, place, node in numbered if not node.yes]
    absent = {"nodes_missing_value_tracks_true": [int(node.absent) for _, _, node in numbered]} if missing else {}
    return {
        "nodes_treeids": [tree for tree, _, _ in numbered],
        "nodes_nodeids": [place for _, place, _ in numbered],
        "nodes_featureids": [node.feature for _, _, node in numbered],
        "nodes_values": [node.value for _, _, node in numbered],
        "nodes_modes": ["BRANCH_LEQ" if node.yes else "LEAF" for _, _, node in numbered],
        "nodes_truenodeids": [node.yes for _, _, node in numbered],
        "nodes_falsenodeids": [node.no for _, _, node in numbered],
        **absent,
        "target_treeids": [tree for tree, _, _ in leaves],
        "target_nodeids": [place for _, place, _ in leaves],
        "target_ids": [tree % targets for tree, _, _ in leaves],
        "target_weights": [node.weight for _, _, node in leaves],
    }
