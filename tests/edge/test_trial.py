"""The trial of a model: what works is let through, and each defect is told in words."""

from __future__ import annotations

import json
from pathlib import Path

import onnx
import pytest
from tests.publish.world import LEARNER, WIDTH, model

from samouk.edge.trial import Fit, UnfitModel, try_model


def tried(tmp_path: Path, data: bytes, fit: Fit) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    try_model(path, fit)


def rewritten(old: str, new: str) -> bytes:
    """The good model with one name replaced everywhere (of the same length, so that lengths stay right)."""
    assert len(old) == len(new)
    return model().replace(old.encode(), new.encode())


def with_metadata(text: str) -> bytes:
    loaded = onnx.load_from_string(model())
    del loaded.metadata_props[:]
    onnx.helper.set_model_props(loaded, {"samouk": text})
    return bytes(loaded.SerializeToString())


@pytest.mark.parametrize("fit", [Fit(LEARNER), Fit(LEARNER, 1, 1, WIDTH)])
def test_good_model_passes(tmp_path: Path, fit: Fit) -> None:
    """A model of this learner, schema and width passes."""
    tried(tmp_path, model(), fit)


@pytest.mark.parametrize(
    ("data", "fit", "reason"),
    [
        (b"", Fit(LEARNER), "does not load"),
        (b"PK\x03\x04", Fit(LEARNER), "does not load"),
        (model()[:-30], Fit(LEARNER), "does not load|no learner"),
        (model(), Fit("other"), "not of other"),
        (model(), Fit(LEARNER, 2), "schema 1, this client 2"),
        (model(), Fit(LEARNER, 1, 1, WIDTH + 1), "takes 4 numbers a sample and this client makes 5"),
        (rewritten("features", "fixtures"), Fit(LEARNER), "must take rows of features"),
        (rewritten("probabilities", "possibilities"), Fit(LEARNER), "give probabilities"),
        (model(weight=float("nan")), Fit(LEARNER), "finite"),
        (with_metadata("rot"), Fit(LEARNER), "no learner and classes"),
        (with_metadata("[]"), Fit(LEARNER), "no learner and classes"),
        (with_metadata(json.dumps({"learner": LEARNER, "classes": ["a"]})), Fit(LEARNER), "1 × 1 probabilities"),
    ],
)
def test_defects_are_told(tmp_path: Path, data: bytes, fit: Fit, reason: str) -> None:
    """Each defect is UnfitModel with its reason."""
    with pytest.raises(UnfitModel, match=reason):
        tried(tmp_path, data, fit)
