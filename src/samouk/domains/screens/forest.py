"""Boosted trees and a network as one ONNX graph: structure votes, the class that is told has the last word."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samouk.domains.screens import net
from samouk.families import trees

if TYPE_CHECKING:
    import lightgbm

    from samouk.domains.screens.net import Network

METADATA = "samouk"
"""Key of the graph's own properties under which its metadata stand as JSON; clients look there."""

TOLD_LOGIT = 12.0
"""How far a told class lifts its type above what structure says: decisive, and short of certainty."""

ABSENT_LOGIT = -30.0
"""Of a type that no example had: it is never predicted from structure."""

_OPSETS = (("", 17), ("ai.onnx.ml", 3))
_IR_VERSION = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand in the graph.

    Attributes:
        width: columns of the input.
        told: how many of the first columns tell a class, one for each class of the output.
        children: column of the number of elements directly inside, which decides the temperature.
        present: for each target of the voters, its place among the classes.
        temperatures: what the voters' mean is divided by, so that confidence is honest: of an element that
            holds none, and of one that holds others.
    """

    width: int
    told: int
    children: int
    present: tuple[int, ...]
    temperatures: tuple[float, float]


def to_onnx(booster: lightgbm.Booster, network: Network, layout: Layout, metadata: Mapping[str, Any]) -> bytes:
    """Both voters, fitted on the columns after the told ones, as a graph from ``features`` to ``probabilities``."""
    from onnx import TensorProto, checker, helper

    graph = helper.make_graph(
        _nodes(booster, layout),
        "elements",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, layout.width])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, layout.told])],
        _constants(network, layout),
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="samouk")
    helper.set_model_props(model, {METADATA: json.dumps(dict(metadata), sort_keys=True, allow_nan=False)})
    checker.check_model(model)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def _nodes(booster: lightgbm.Booster, layout: Layout) -> list[Any]:
    from onnx import helper

    ensemble: dict[str, Any] = trees.ensemble(trees.grown(booster, layout.told), len(layout.present))
    return [
        helper.make_node(
            "TreeEnsembleRegressor",
            ["features"],
            ["grown"],
            domain="ai.onnx.ml",
            n_targets=len(layout.present),
            aggregate_function="SUM",
            post_transform="NONE",
            **ensemble,
        ),
        helper.make_node("Split", ["features", "parts"], ["told", "context"], axis=1),
        *net.nodes("context", "trained"),
        helper.make_node("Add", ["grown", "trained"], ["votes"]),
        helper.make_node("Gather", ["features", "children"], ["inside"], axis=1),
        helper.make_node("Greater", ["inside", "none"], ["nested"]),
        helper.make_node("Where", ["nested", "nested_share", "leaf_share"], ["share"]),
        helper.make_node("Mul", ["votes", "share"], ["scores"]),
        helper.make_node("Gemm", ["scores", "placement", "absence"], ["structure"]),
        helper.make_node("Mul", ["told", "told_logit"], ["lift"]),
        helper.make_node("Add", ["structure", "lift"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]


def _constants(network: Network, layout: Layout) -> list[Any]:
    from onnx import numpy_helper

    placement = np.zeros((len(layout.present), layout.told), np.float32)
    placement[np.arange(len(layout.present)), list(layout.present)] = 1
    leaf, nested = layout.temperatures
    absence = np.full(layout.told, ABSENT_LOGIT, np.float32)
    absence[list(layout.present)] = 0
    # A told class wins over any structure, also where no example had it.
    values: dict[str, NDArray[Any]] = {
        "placement": placement,
        "absence": absence,
        "told_logit": (TOLD_LOGIT - absence).astype(np.float32),
        "parts": np.array([layout.told, layout.width - layout.told], np.int64),
        "children": np.array([layout.children], np.int64),
        "none": np.array(0, np.float32),
        # Of two voters the mean counts.
        "leaf_share": np.array(0.5 / leaf, np.float32),
        "nested_share": np.array(0.5 / nested, np.float32),
        **net.constants(network),
    }
    return [numpy_helper.from_array(value, name) for name, value in values.items()]


def softmax(scores: NDArray[np.floating[Any]], temperature: float) -> NDArray[np.float64]:
    """Rows of scores as probabilities."""
    warm = scores.astype(np.float64) / temperature
    exp = np.exp(warm - warm.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = exp / exp.sum(axis=1, keepdims=True)
    return shares


def temperature_of(scores: NDArray[np.floating[Any]], truth: NDArray[Any], weights: NDArray[Any]) -> float:
    """The temperature under which held-out truth is least surprising (Guo et al. 2017), on a grid of 41."""
    grid: Sequence[float] = [float(value) for value in np.geomspace(0.4, 4.0, 41)]
    rows = np.arange(len(truth))
    losses = [
        float(np.average(-np.log(softmax(scores, value)[rows, truth] + 1e-12), weights=weights)) for value in grid
    ]
    return grid[int(np.argmin(losses))]
