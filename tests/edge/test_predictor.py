"""Local inference."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper
from tests.edge.thing import TYPES, ThingObserver, screen

from samouk.edge import Predictor, places
from samouk.edge.errors import ModelError
from samouk.edge.memory import PersonalMemory

METADATA: dict[str, Any] = {"learner": "test.thing", "classes": list(TYPES), "schema_version": 1, "abstain": 0.6}


def model_file(path: Path, bias: tuple[float, float, float] = (0, 0, 0), width: int = 2, **metadata: Any) -> Path:
    """A linear model: big with the size, small against it, odd never; ``bias`` is added before the softmax."""
    weights = [0.1, -0.1, -1.0] + [0.0] * 3 * (width - 1)
    constants = [
        helper.make_tensor("weights", TensorProto.FLOAT, (width, 3), weights),
        helper.make_tensor("bias", TensorProto.FLOAT, (3,), [bias[0] - 2.5, bias[1] + 7.5, bias[2]]),
    ]
    nodes = [
        helper.make_node("Gemm", ["features", "weights", "bias"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
    ]
    takes = [helper.make_tensor_value_info("features", TensorProto.FLOAT, ("n", width))]
    gives = [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ("n", 3))]
    graph = helper.make_graph(nodes, "thing", takes, gives, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    helper.set_model_props(model, {"samouk": json.dumps({**METADATA, **metadata})})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path


def download(environ: dict[str, str], *files: Path) -> None:
    """Put models where an updater puts them: the first is current, the second the one before."""
    folder = places.models_dir(environ, "test.thing")
    folder.mkdir(parents=True, exist_ok=True)
    entries: list[dict[str, Any]] = []
    for number, file in enumerate(files):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        (folder / f"{digest}.onnx").write_bytes(file.read_bytes())
        entries.append(
            {"version": f"v1.{9 - number}", "number": 9 - number, "file": f"{digest}.onnx", "sha256": digest}
        )
    previous = entries[1] if len(entries) > 1 else None
    (folder / "current.json").write_text(json.dumps({**entries[0], "previous": previous}))


def one(size: int, **more: Any) -> dict[str, Any]:
    return {"things": [{"n": 1, "size": size, **more}]}


def test_a_model_predicts_every_element(tmp_path: Path, environ: dict[str, str]) -> None:
    """One prediction an element, in order, with the model's own confidence."""
    predictor = Predictor(model_file(tmp_path / "m.onnx"), ThingObserver(), environ=environ)
    guesses = predictor.predict(screen(101))
    assert [guess.element_type for guess in guesses] == ["small"] * 51 + ["big"] * 50
    assert {guess.source for guess in guesses} <= {"model", "class"}
    assert guesses[0].confidence == pytest.approx(0.9999, abs=1e-3)
    assert predictor.predict({"things": []}) == []


def test_a_correction_wins_at_once(tmp_path: Path, environ: dict[str, str]) -> None:
    """What the user corrected is right from then on, for that very element alone."""
    memory = PersonalMemory(tmp_path / "memory.json")
    predictor = Predictor(model_file(tmp_path / "m.onnx"), ThingObserver(), memory)
    assert predictor.predict(one(3))[0].element_type == "small"
    memory.remember(ThingObserver().observe(one(3), "android").keys[0], "odd")
    guess = predictor.predict(one(3))[0]
    assert (guess.element_type, guess.source, guess.abstained) == ("odd", "memory", False)
    assert predictor.predict(one(4))[0].element_type == "small"


def test_a_weak_guess_gives_way_to_the_rules(tmp_path: Path, environ: dict[str, str]) -> None:
    """Where the model abstains the observer's label counts, and where that is missing too, it is abstained."""
    predictor = Predictor(model_file(tmp_path / "m.onnx"), ThingObserver(), environ=environ)
    assert predictor.predict(one(50))[0].source == "class"
    unsure = predictor.predict(one(50, sure=0.0))[0]
    assert unsure.abstained
    assert unsure.source == "model"


def test_the_downloaded_model_comes_before_the_bundled_one(tmp_path: Path, environ: dict[str, str]) -> None:
    """Downloaded, then the one before it, then the bundled one; damaged ones are passed over."""
    observer = ThingObserver()
    observer.model = model_file(tmp_path / "bundled.onnx", version="v1.0")
    assert _version(observer, environ) == "v1.0"
    new, old = model_file(tmp_path / "new.onnx"), model_file(tmp_path / "old.onnx", bias=(1, 0, 0))
    download(environ, new, old)
    assert _version(observer, environ) == "v1.9"
    digest = hashlib.sha256(new.read_bytes()).hexdigest()
    (places.models_dir(environ, "test.thing") / f"{digest}.onnx").write_bytes(b"truncated")
    assert _version(observer, environ) == "v1.8"


def _version(observer: ThingObserver, environ: dict[str, str]) -> str:
    model = Predictor(observer=observer, environ=environ).model
    assert model is not None
    return model.version


def test_a_model_that_does_not_fit_is_passed_over_with_a_word(tmp_path: Path, environ: dict[str, str]) -> None:
    """A whole model of another schema leaves the bundled one in service, and the user is told."""
    observer = ThingObserver()
    observer.model = model_file(tmp_path / "bundled.onnx", version="v1.0")
    download(environ, model_file(tmp_path / "new.onnx", schema_version=2))
    predictor = Predictor(observer=observer, environ=environ)
    assert predictor.model is not None
    assert predictor.model.version == "v1.0"
    assert "schema 2" in predictor.notes[0]
    assert "using v1.0" in predictor.notes[-1]


def test_a_new_model_is_taken_up_by_itself(tmp_path: Path, environ: dict[str, str]) -> None:
    """A running predictor uses what was downloaded meanwhile; a bad download changes nothing."""
    observer = ThingObserver()
    observer.model = model_file(tmp_path / "bundled.onnx")
    predictor = Predictor(observer=observer, environ=environ)
    assert predictor.predict(one(3))[0].element_type == "small"
    download(environ, model_file(tmp_path / "new.onnx", bias=(50, 0, 0)))
    assert predictor.predict(one(3))[0].element_type == "big"
    download(environ, model_file(tmp_path / "bad.onnx", learner="other.thing"))
    assert predictor.predict(one(3))[0].element_type == "small"
    assert "other.thing" in predictor.notes[0]


def test_without_any_model_the_rules_predict(environ: dict[str, str]) -> None:
    """No model is no error: the observer's own labels are given as such."""
    guess = Predictor(observer=ThingObserver(), environ=environ).predict(one(3))[0]
    assert (guess.element_type, guess.confidence, guess.source) == ("small", 0.9, "class")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"learner": "other.thing"}, "other.thing"),
        ({"schema_version": 7}, "schema 7"),
        ({"feature_version": 7}, "features 7"),
        ({"width": 5}, "5 numbers"),
        ({"classes": ["a"]}, "1 classes"),
        ({"classes": []}, "classes"),
    ],
)
def test_a_model_of_ones_own_must_fit(
    tmp_path: Path, environ: dict[str, str], change: dict[str, Any], word: str
) -> None:
    """A model that was asked for by name and does not fit is an error that says why."""
    path = model_file(tmp_path / "m.onnx", **change)
    with pytest.raises(ModelError, match=word):
        Predictor(path, ThingObserver(), environ=environ)


@pytest.mark.parametrize("data", [b"", b"junk", b"\x08\x09"])
def test_a_file_that_is_no_model_is_named(tmp_path: Path, environ: dict[str, str], data: bytes) -> None:
    """Junk is an error that names the file."""
    (tmp_path / "m.onnx").write_bytes(data)
    with pytest.raises(ModelError, match=r"m\.onnx"):
        Predictor(tmp_path / "m.onnx", ThingObserver(), environ=environ)


def test_the_file_of_the_models_here_is_valid(tmp_path: Path) -> None:
    """The model that these tests are built on passes onnx's own checker."""
    onnx.checker.check_model(onnx.load(model_file(tmp_path / "m.onnx")))
