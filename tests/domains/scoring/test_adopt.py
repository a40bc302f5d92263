"""What is true of models made elsewhere: those that fit serve, and each misfit is told what would be right."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from samouk.domains.scoring.features import layout_of
from samouk.domains.scoring.judge import learner_of
from samouk.domains.scoring.schema import EXAMPLE, OUTCOME
from samouk.domains.scoring.world import ScoringWorld
from samouk.families.foreign import probes_of
from samouk.loop import snapshot
from samouk.loop.learner import Context, UnfitArtifact
from samouk.loop.records import Artifact

LEARNER = learner_of(OUTCOME, EXAMPLE)
LAYOUT = layout_of(LEARNER.schema)
WIDTH = LAYOUT.width
FLOAT = TensorProto.FLOAT


def onnx(
    nodes: Sequence[Any],
    *,
    inputs: Sequence[tuple[str, int, list[Any]]] = (("x", FLOAT, ["n", WIDTH]),),
    outputs: Sequence[tuple[str, int, list[Any]]] = (("y", FLOAT, ["n", 1]),),
    constants: dict[str, Any] | None = None,
) -> bytes:
    """A graph as another tool might have written it."""
    graph = helper.make_graph(
        list(nodes),
        "foreign",
        [helper.make_tensor_value_info(*spec) for spec in inputs],
        [helper.make_tensor_value_info(*spec) for spec in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()],
    )
    data: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    ).SerializeToString()
    return data


KNOWN = [helper.make_node("IsNaN", ["x"], ["gap"]), helper.make_node("Where", ["gap", "zero", "x"], ["known"])]
ZERO: dict[str, Any] = {"zero": np.float32(0)}
ONES = {**ZERO, "w": np.full((WIDTH, 1), 1e-4, np.float32)}
LINEAR = [*KNOWN, helper.make_node("MatMul", ["known", "w"], ["odds"])]
FITTING = [*LINEAR, helper.make_node("Sigmoid", ["odds"], ["y"])]
TWO = [
    *LINEAR,
    helper.make_node("Concat", ["odds", "odds"], ["both"], axis=1),
    helper.make_node("Softmax", ["both"], ["y"]),
]


def test_a_fitting_model_serves() -> None:
    """One float input, one score: it answers rows as its maker's runtime does, and says where it came from."""
    artifact = adopted(onnx(FITTING, constants=ONES), {"auc": 0.9, "odd": float("nan")})
    columns = next(ScoringWorld(1).batches(0, 1)).columns
    said = LEARNER.predict(artifact, columns)
    assert said.values.dtype == np.float32 and ((said.values > 0) & (said.values < 1)).all()
    assert artifact.metadata["kind"] == "made elsewhere" and artifact.metadata["claimed"] == {"auc": 0.9}
    assert json.dumps(dict(artifact.metadata), allow_nan=False)


@pytest.mark.parametrize("shape", [["n"], ["n", 1], ["n", 2]])
def test_three_shapes_of_an_answer_are_understood(shape: list[Any]) -> None:
    """[n], [n, 1], and two chances of which the last is of a good outcome."""
    squeeze = [*LINEAR, helper.make_node("Sigmoid", ["odds"], ["s"]), helper.make_node("Reshape", ["s", "flat"], ["y"])]
    nodes = {1: squeeze, 2: FITTING if shape[-1] == 1 else TWO}[len(shape)]
    constants = {**ONES, "flat": np.array([-1], np.int64)} if len(shape) == 1 else ONES
    artifact = adopted(onnx(nodes, outputs=[("y", FLOAT, shape)], constants=constants))
    columns = next(ScoringWorld(1).batches(0, 1)).columns
    said = LEARNER.predict(artifact, columns).values
    assert said.shape == columns["price"].shape
    assert shape[-1] != 2 or said == pytest.approx(0.5)


def test_labels_beside_the_chances_are_passed_over() -> None:
    """A classifier's first output, whole numbers, is no score; its chances are."""
    nodes = [*TWO, helper.make_node("ArgMax", ["y"], ["label"], axis=1, keepdims=0)]
    outputs: list[tuple[str, int, list[Any]]] = [("label", TensorProto.INT64, ["n"]), ("y", FLOAT, ["n", 2])]
    assert adopted(onnx(nodes, outputs=outputs, constants=ONES)).metadata["classes"] == []


def adopted(data: bytes, figures: Mapping[str, float] | None = None) -> Artifact:
    assert LEARNER.adopt is not None
    return LEARNER.adopt(data, figures or {})


SHARE = helper.make_node("Sigmoid", ["odds"], ["s"])
MIXED = [*LINEAR, SHARE, helper.make_node("ReduceMean", ["s"], ["m"], axes=[0], keepdims=1)]
MIXED += [helper.make_node("Mul", ["s", "m"], ["y"])]
WHOLE = helper.make_node("Sigmoid", ["x"], ["y"])
DOUBLE = TensorProto.DOUBLE
NARROW = {**ZERO, "w": np.ones((3, 1), np.float32)}
GAPS = [helper.make_node("MatMul", ["x", "w"], ["odds"]), helper.make_node("Sigmoid", ["odds"], ["y"])]
TWICE = [*LINEAR, SHARE, helper.make_node("Concat", ["s", "s"], ["y"], axis=1)]
WIDE = [("y", FLOAT, ["n", WIDTH])]
UNFIT: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "text": (b"no model", "no ONNX model"),
    "a pickle": (b"\x80\x04.", "no ONNX model"),
    "cut in half": (onnx(FITTING, constants=ONES)[:150], "no ONNX model"),
    "too narrow": (
        onnx(FITTING, inputs=[("x", FLOAT, ["n", 3])], constants=NARROW),
        f"[n, {WIDTH}] with the columns kind",
    ),
    "doubles": (
        onnx([WHOLE], inputs=[("x", DOUBLE, ["n", WIDTH])], outputs=[("y", DOUBLE, ["n", WIDTH])]),
        "not tensor(float)",
    ),
    "one row": (
        onnx(FITTING, inputs=[("x", FLOAT, [1, WIDTH])], outputs=[("y", FLOAT, [1, 1])], constants=ONES),
        "free number",
    ),
    "two inputs": (
        onnx(
            [helper.make_node("Add", ["x", "z"], ["y"])],
            inputs=[("x", FLOAT, ["n", WIDTH]), ("z", FLOAT, ["n", WIDTH])],
            outputs=WIDE,
        ),
        "2 inputs",
    ),
    "whole numbers": (
        onnx([helper.make_node("ArgMax", ["x"], ["y"], axis=1)], outputs=[("y", TensorProto.INT64, ["n", 1])]),
        "zipmap",
    ),
    "many columns": (onnx([WHOLE], outputs=WIDE), "expected [n]"),
    "NaN for gaps": (onnx(GAPS, constants=ONES), "missing values"),
    "odds": (
        onnx([*KNOWN, helper.make_node("MatMul", ["known", "w"], ["y"])], constants={**ONES, "w": ONES["w"] * 1e3}),
        "sigmoid",
    ),
    "two scores": (onnx(TWICE, outputs=[("y", FLOAT, ["n", 2])], constants=ONES), "add up to 1"),
    "company": (onnx(MIXED, constants=ONES), "by itself"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_each_misfit_is_told_what_would_be_right(name: str) -> None:
    """The refusal names what is wrong, and what is expected in which order."""
    data, words = UNFIT[name]
    with pytest.raises(UnfitArtifact, match=re.escape(words)):
        adopted(data)


def test_weights_in_other_files_are_refused(tmp_path: Path) -> None:
    """A model cannot have this machine read a file of its choice."""
    from onnx import load_model_from_string

    model = load_model_from_string(onnx(FITTING, constants=ONES))
    tensor = next(item for item in model.graph.initializer if item.name == "w")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/hostname"
    with pytest.raises(UnfitArtifact, match="other files"):
        adopted(model.SerializeToString())


def test_probes_spread_over_what_is_declared() -> None:
    """Every probe is a row that may be asked; the last ones have gaps where gaps are allowed, and only there."""
    probes = probes_of(LAYOUT.fields)
    for place, spec in enumerate(LAYOUT.fields):
        column = probes[:, place]
        known = column[~np.isnan(column)]
        assert np.isnan(column).any() == spec.optional
        assert known.min() >= spec.low and (spec.kind == "category" or known.max() <= max(spec.high, 1))


def test_our_own_file_comes_back_as_it_went() -> None:
    """A version exported by one server is adopted by another and answers the same."""
    parts = [snapshot.label(LEARNER, batch.columns, n) for n, batch in enumerate(ScoringWorld(1).batches(0, 12))]
    taught = snapshot.join(LEARNER, parts)
    made = LEARNER.fit(taught, None, Context())
    one, two = (LEARNER.predict(item, taught.columns).values for item in (made, adopted(made.data)))
    assert np.array_equal(one, two)
