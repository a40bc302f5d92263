"""The scenario that is written for Kenning: its documented form, what it leaves out, and running it where it is."""

from __future__ import annotations

import ast
import csv
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import onnxruntime
import pytest
from tests.automl.test_search import made, tried

import samouk.automl.kenning as kenning
from samouk.automl.choice import chosen, exported
from samouk.automl.kenning import (
    KenningFailed,
    KenningMissing,
    NoScenario,
    check_scenario,
    run_scenario,
    scenario_of,
    summary,
    write_scenario,
)
from samouk.automl.table import Table

BLOCK = {
    "type": "object",
    "required": ["type"],
    "additionalProperties": False,
    "properties": {"type": {"type": "string", "pattern": r"^[A-Za-z_][\w.]*$"}, "parameters": {"type": "object"}},
}
DOCUMENTED = {
    "type": "object",
    "required": ["model_wrapper", "dataset"],
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(("model_wrapper", "dataset", "protocol", "runtime", "platform"), BLOCK),
        "optimizers": {"type": "array", "items": BLOCK},
    },
}
"""The root of a scenario as Kenning's page "Defining optimization pipelines" tells it (version 0.8.2)."""

TABULAR = {
    "type": "object",
    "required": ["dataset_root", "dataset_path", "cols_x", "col_y"],
    "additionalProperties": False,
    "properties": {
        "dataset_root": {"type": "string"},
        "dataset_path": {"type": "string"},
        "cols_x": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "col_y": {"type": "string"},
        "window_size": {"type": ["integer", "null"]},
        "shuffle_data": {"type": "boolean"},
        "expand_classes": {"type": "boolean"},
        "download_dataset": {"type": "boolean"},
        "split_fraction_test": {"type": "number", "minimum": 0, "maximum": 1},
    },
}
"""Parameters of Kenning's ``TabularDataset``."""


@pytest.fixture(scope="module")
def model() -> bytes:
    """A model of yes and no over five columns."""
    table = made(1)
    return chosen(list(exported(tried(table, ("lgbm",)), table, made(2).x))).data


def test_the_scenario_is_as_documented() -> None:
    """Root, blocks and the parameters of the dataset fit what Kenning documents."""
    document = scenario_of(("a", "b"))
    jsonschema.validate(document, DOCUMENTED)
    jsonschema.validate(document["dataset"]["parameters"], TABULAR)
    assert "runtime" in document and set(document["runtime"]["parameters"]) == {"save_model_path"}
    assert set(document["model_wrapper"]["parameters"]) == {"model_path"}


@pytest.mark.slow
def test_a_folder_works_by_itself(tmp_path: Path, model: bytes) -> None:
    """All that the scenario names lies beside it: rows that are complete, the model, and the class of the wrapper."""
    held_out = made(5)
    scenario = write_scenario(tmp_path / "scenario", model, held_out)
    complete = np.isfinite(held_out.x).all(axis=1)
    assert (scenario.rows, scenario.left_out) == (int(complete.sum()), int((~complete).sum()))
    with (scenario.folder / kenning.ROWS).open(newline="") as file:
        head, *rows = list(csv.reader(file))
    assert head == [*held_out.names, kenning.TARGET]
    assert np.allclose(np.array(rows, float)[:, :-1], held_out.x[complete], rtol=1e-6)
    session = onnxruntime.InferenceSession((scenario.folder / kenning.MODEL).read_bytes())
    assert session.get_inputs()[0].shape[1] == len(held_out.names)
    module, name = scenario_of(held_out.names)["model_wrapper"]["type"].split(".")
    tree = ast.parse((scenario.folder / f"{module}.py").read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (made(1, number=True), "numbers in between"),
        (Table(("a",), np.ones((3, 1), np.float32), np.array([0, 0.5, 1]), np.arange(3), 2), "numbers in between"),
        (Table(("a",), np.full((3, 1), np.nan, np.float32), np.ones(3), np.arange(3), 2), "lacks a value"),
        (Table(("a",), np.ones((3, 1), np.float32), np.array([0.0, 2, 3]), np.arange(3), 4), "is of class 1;"),
        (
            Table(("a",), np.array([[1], [1], [np.nan]], np.float32), np.array([0.0, 1, 2]), np.arange(3), 3),
            "is of class 2;",
        ),
        (None, "nothing is held out"),
    ],
    ids=["numbers", "numbers among classes", "holes", "no row of a class", "no complete row of a class", "no rows"],
)
def test_what_its_tables_cannot_hold_is_refused(tmp_path: Path, table: Table | None, words: str) -> None:
    """Answers between yes and no, rows that all lack something, classes without a row; and no folder is left."""
    with pytest.raises(NoScenario, match=words):
        check_scenario(tmp_path / "scenario", table)
    if table is not None:
        with pytest.raises(NoScenario, match=words):
            write_scenario(tmp_path / "scenario", b"", table)
    assert not (tmp_path / "scenario").exists()


def test_no_folder_is_written_over(tmp_path: Path) -> None:
    """What lies there stays."""
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match="is not empty"):
        write_scenario(tmp_path, b"", made(1))


@pytest.mark.slow
def test_without_kenning_it_says_how(tmp_path: Path, model: bytes) -> None:
    """The error holds the command for the machine where it is installed; other programs' errors are told on."""
    scenario = write_scenario(tmp_path / "scenario", model, made(5))
    with pytest.raises(KenningMissing, match=r"PYTHONPATH=. kenning test --json-cfg scenario.json"):
        run_scenario(scenario, "no-such-kenning")
    with pytest.raises(KenningFailed, match="code 1"):
        run_scenario(scenario, "false")
    with pytest.raises(KenningFailed, match="code 0"):
        run_scenario(scenario, "true")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("kenning") is None, reason="Kenning is not installed: it is in no package index")
def test_kenning_measures_what_we_do(tmp_path: Path, model: bytes) -> None:
    """Where it is installed: it tests every complete row, and its confusion matrix is the model's own."""
    held_out = made(5)
    scenario = write_scenario(tmp_path / "scenario", model, held_out)
    measured: Any = run_scenario(scenario)
    complete = np.isfinite(held_out.x).all(axis=1)
    session = onnxruntime.InferenceSession(model)
    decided = session.run(None, {"features": held_out.x[complete]})[0].argmax(axis=1)
    told = held_out.y[complete].astype(int)
    own = np.zeros((2, 2))
    np.add.at(own, (told, decided), 1)
    assert np.array_equal(np.array(measured["eval_confusion_matrix"]), own)
    assert summary(measured)["accuracy"] == pytest.approx((told == decided).mean())


def test_a_summary_tells_what_was_measured_of_the_whole() -> None:
    """Accuracy from the matrix, the median second, the matrix itself and scalars; not what is of every moment."""
    measured = {
        "eval_confusion_matrix": [[3.0, 1.0], [0.0, 4.0]],
        "target_inference_step": [0.1, 0.2, 0.9],
        "tags": [{"name": "run"}],
        "compiled_model_size": 1865,
        "class_names": ["0", "1"],
    }
    assert summary(measured) == {
        "accuracy": 0.875,
        "median_inference_s": 0.2,
        "eval_confusion_matrix": [[3.0, 1.0], [0.0, 4.0]],
        "compiled_model_size": 1865,
        "class_names": ["0", "1"],
    }
    assert summary({}) == {}
