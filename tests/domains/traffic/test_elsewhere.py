"""A model of harm that was made elsewhere: tried first, asked like our own, and never below the floor of the rules."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from samouk.domains.traffic.anomaly.elsewhere import FIELDS, adopt
from samouk.domains.traffic.anomaly.judge import LEARNER
from samouk.domains.traffic.anomaly.weighing import KEPT, row_of, rule_strength, scorer_of
from samouk.domains.traffic.detect.rules import DEFAULT_RULES, hits
from samouk.domains.traffic.features import FEATURES, Features
from samouk.domains.traffic.records import Evidence
from samouk.loop.columns import from_rows
from samouk.loop.learner import UnfitArtifact

QUIET = Features(messages_per_minute=20, avg_message_size=300, connection_duration=90, channels_count=2)
FLOOD = Features(messages_per_minute=5_000, avg_message_size=300, connection_duration=90, channels_count=2)


def says(column: int, factor: float) -> bytes:
    """An ONNX model whose score is the sigmoid of a multiple of one column."""
    weights = np.zeros((len(FIELDS), 1), np.float32)
    weights[column] = factor
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["rows", "weights"], ["odds"]), helper.make_node("Sigmoid", ["odds"], ["score"])],
        "elsewhere",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, len(FIELDS)])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, [None, 1])],
        [helper.make_tensor("weights", TensorProto.FLOAT, weights.shape, weights.ravel())],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def evidence(features: Features) -> Evidence:
    return Evidence(features, np.zeros(len(FEATURES)), 50, hits(DEFAULT_RULES, features))


def test_it_weighs_a_window_as_it_predicts_a_row() -> None:
    """The guard's way and the platform's way to one score agree, under the name that the platform gave it."""
    model = adopt(says(FEATURES.index("error_rate"), 3.0), {"log_score": 0.9, "bad": float("nan")})
    assert model.metadata["claimed"] == {"log_score": 0.9}
    scorer = scorer_of(model, "v1.7")
    for error_rate in (0.0, 0.2, 0.4):
        seen = evidence(QUIET._replace(error_rate=error_rate))
        columns = from_rows(LEARNER.seen, [row_of(seen)])
        scored = scorer(seen)
        assert scored.version == "v1.7"
        assert scored.score == pytest.approx(float(LEARNER.predict(model, columns).values[0]), abs=1e-6)
        assert scored.score == pytest.approx(1 / (1 + np.exp(-3.0 * error_rate)), abs=1e-5)


def test_no_stranger_silences_a_rule_of_high_severity() -> None:
    """A model that calls every flood harmless is held to the floor."""
    model = adopt(says(0, -1.0), {})
    found = evidence(FLOOD)
    assert [hit.rule.name for hit in found.hits][:1] == ["message_flood"]
    times = np.array([[0.0, 0.0, found.hits[0].times, 0.0]])
    assert scorer_of(model, "v2.0")(found).score >= KEPT * rule_strength(times)[0] > 0.3
    assert scorer_of(model, "v2.0")(evidence(QUIET)).score < 0.01


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no model", b"\x80\x04.", b"nonsense"])
def test_what_is_no_model_is_refused(data: bytes) -> None:
    """Nothing, a broken archive of ours, a pickle and noise: each with words."""
    with pytest.raises(UnfitArtifact, match=r"\w{3}"):
        adopt(data, {})
