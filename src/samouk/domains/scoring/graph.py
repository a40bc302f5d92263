"""An additive model with trees on top of it as one ONNX graph, from ``features`` to ``score``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samouk.domains.scoring.additive import REACH, Additive
from samouk.domains.scoring.features import Layout
from samouk.families import trees
from samouk.families.trees import Tree

METADATA = "samouk"
"""Key of the graph's own properties under which its metadata stand as JSON; clients look there."""

_OPSETS = (("", 17), ("ai.onnx.ml", 3))
_IR_VERSION = 8


def to_onnx(
    layout: Layout,
    model: Additive,
    grown: Sequence[Tree],
    calibration: tuple[float, float],
    metadata: Mapping[str, Any],
) -> bytes:
    """The graph: float32 ``features`` (n, k), NaN where missing → float32 ``score`` (n, 1) in [0, 1].

    Args:
        grown: trees whose sum is added to the additive model's log odds.
        calibration: (slope, offset) of the log odds; multiplied into the weights, so that it costs nothing later.
    """
    from onnx import TensorProto, checker, helper

    slope, offset = calibration
    graph = helper.make_graph(
        _nodes([*_tables(layout, model, slope, offset), *trees.scaled(grown, slope)], bool(layout.numeric)),
        "scores",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, layout.width])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, [None, 1])],
        _constants(model, slope) if layout.numeric else [],
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS]
    whole = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="samouk")
    helper.set_model_props(whole, {METADATA: json.dumps(dict(metadata), sort_keys=True, allow_nan=False)})
    checker.check_model(whole)
    data: bytes = whole.SerializeToString(deterministic=True)
    return data


def _tables(layout: Layout, model: Additive, slope: float, offset: float) -> list[Tree]:
    """What is added by code and by gap, as trees: the runtime walks them in the same call as the grown ones."""
    coded = zip(layout.coded, model.tables, strict=True)
    return [
        trees.constant(slope * model.intercept + offset),
        *(trees.table(place, (slope * weights).tolist()) for (place, _), weights in coded if weights.any()),
        *(trees.if_absent(place, slope * float(weight)) for place, weight in enumerate(model.gaps) if weight),
    ]


def _nodes(forest: Sequence[Tree], slopes: bool) -> list[Any]:
    from onnx import helper

    attributes: dict[str, Any] = trees.ensemble(forest, missing=True)
    ensemble = helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        ["walked" if slopes else "odds"],
        domain="ai.onnx.ml",
        n_targets=1,
        aggregate_function="SUM",
        post_transform="NONE",
        **attributes,
    )
    line = [
        helper.make_node("Sub", ["features", "centres"], ["moved"]),
        helper.make_node("Mul", ["moved", "shares"], ["scaled"]),
        helper.make_node("Clip", ["scaled", "least", "most"], ["within"]),
        helper.make_node("IsNaN", ["features"], ["gaps"]),
        helper.make_node("Where", ["gaps", "none", "within"], ["known"]),
        helper.make_node("MatMul", ["known", "slopes"], ["sloped"]),
        helper.make_node("Add", ["walked", "sloped"], ["odds"]),
    ]
    return [ensemble, *(line if slopes else []), helper.make_node("Sigmoid", ["odds"], ["score"])]


def _constants(model: Additive, slope: float) -> list[Any]:
    from onnx import numpy_helper

    values: dict[str, NDArray[Any]] = {
        "centres": model.centres,
        "shares": 1 / model.scales,
        "slopes": slope * model.slopes[:, None],
        "least": np.array(-REACH),
        "most": np.array(REACH),
        "none": np.array(0.0),
    }
    return [numpy_helper.from_array(value.astype(np.float32), name) for name, value in values.items()]
