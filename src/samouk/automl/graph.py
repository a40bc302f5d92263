"""A fitted estimator as an ONNX graph that a learner can adopt: float32 rows in, scores in [0, 1] out."""

from __future__ import annotations

from typing import Any

import numpy as np

from samouk.automl.search import Candidate
from samouk.automl.table import Table

INPUT, OUTPUT = "features", "score"
OPSET = {"": 15, "ai.onnx.ml": 3}
"""Old enough for every runtime of the last years, Kenning's among them."""
IR_VERSION = 8


def to_onnx(candidate: Candidate, table: Table) -> bytes:
    """One input ``features`` (n, k); ``score`` (n, classes) of shares, or (n, 1) of numbers cut to [0, 1].

    A class that no row had keeps its column, with a share of nothing.
    """
    from onnx import TensorProto, checker, helper

    model = _converted(candidate, len(table.names))
    graph = model.graph
    source = _scores_of(graph, bool(table.classes))
    if table.classes:
        known = [int(code) for code in candidate.estimator.classes_]
        graph.node.append(_placed(graph, source, known, table.classes))
    else:
        graph.initializer.append(helper.make_tensor("least", TensorProto.FLOAT, [], [0.0]))
        graph.initializer.append(helper.make_tensor("most", TensorProto.FLOAT, [], [1.0]))
        graph.node.append(helper.make_node("Clip", [source, "least", "most"], [OUTPUT]))
    _raise_opset(model)
    del graph.output[:]
    width = table.classes or 1
    graph.output.append(helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [None, width]))
    model.ir_version = IR_VERSION
    checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def _converted(candidate: Candidate, width: int) -> Any:
    if candidate.family == "lgbm":
        from onnxmltools import convert_lightgbm
        from onnxmltools.convert.common.data_types import FloatTensorType

        rows = [(INPUT, FloatTensorType([None, width]))]
        return convert_lightgbm(candidate.estimator, initial_types=rows, target_opset=OPSET[""], zipmap=False)
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType

    last = candidate.estimator[-1]
    options = {id(last): {"zipmap": False}} if hasattr(last, "classes_") else None
    rows = [(INPUT, FloatTensorType([None, width]))]
    return convert_sklearn(candidate.estimator, initial_types=rows, target_opset=OPSET, options=options)


def _placed(graph: Any, source: str, known: list[int], classes: int) -> Any:
    """The node that puts each known class into the column of its code."""
    from onnx import TensorProto, helper

    if known == list(range(classes)):
        return helper.make_node("Identity", [source], [OUTPUT])
    places = np.eye(classes, dtype=np.float32)[known]
    graph.initializer.append(helper.make_tensor("places", TensorProto.FLOAT, places.shape, places.ravel()))
    return helper.make_node("MatMul", [source, "places"], [OUTPUT])


def _raise_opset(model: Any) -> None:
    """The converters name the oldest opset that their nodes need; ``Clip`` with inputs needs a newer one."""
    from onnx import helper

    needed = dict(OPSET) if any(entry.domain == "ai.onnx.ml" for entry in model.opset_import) else {"": OPSET[""]}
    del model.opset_import[:]
    model.opset_import.extend(helper.make_opsetid(domain, number) for domain, number in needed.items())


def _scores_of(graph: Any, classes: bool) -> str:
    """The converters put a classifier's label first and its probabilities last."""
    return str(graph.output[-1 if classes else 0].name)
