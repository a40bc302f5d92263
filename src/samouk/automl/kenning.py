"""A model and its held-out rows as a Kenning scenario, so that Kenning can measure, optimise and deploy it.

Kenning (Antmicro, github.com/antmicro/kenning) is in no package index and wants versions of its own, so it is
never imported: it runs in the environment where its user installed it, as a program. The scenario follows
its documented form: a mapping of blocks, each with ``type`` and ``parameters``.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samouk.automl.table import Table

MODEL, ROWS, SCENARIO, WRAPPER, MEASUREMENTS = (
    *("model.onnx", "rows.csv", "scenario.json", "samouk_onnx.py", "measurements.json"),
)
TARGET = "target"
TIMEOUT_S = 3_600.0


class NoScenario(ValueError):
    """There can be no scenario of these rows, or not in this folder; the message says why."""


class KenningMissing(RuntimeError):
    """Kenning is not installed here; the message says where it comes from and how to run the scenario elsewhere."""


class KenningFailed(RuntimeError):
    """Kenning ended with an error; the message holds the last of what it said."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A folder that Kenning can work on by itself, also on another machine.

    Attributes:
        left_out: rows with a missing value: Kenning's tables know none.
    """

    folder: Path
    rows: int
    left_out: int

    @property
    def file(self) -> Path:
        return self.folder / SCENARIO


def write_scenario(folder: Path, model: bytes, held_out: Table) -> Scenario:
    """Write model, rows, wrapper and scenario into an empty or new folder.

    Args:
        held_out: rows that the model has not learnt from: Kenning measures on every one that is complete.

    Raises:
        NoScenario: see ``check_scenario``.
    """
    check_scenario(folder, held_out)
    complete = _complete(held_out)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL).write_bytes(model)
    _write_rows(folder / ROWS, held_out, complete)
    shutil.copyfile(Path(__file__).parent / "kenning_wrapper.py", folder / WRAPPER)
    document = scenario_of(held_out.names)
    (folder / SCENARIO).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return Scenario(folder, int(complete.sum()), int((~complete).sum()))


def check_scenario(folder: Path, held_out: Table | None) -> None:
    """Raises NoScenario where ``write_scenario`` would; writes nothing, so it can be asked before a long search.

    Kenning numbers the classes that its rows have from 0 up: a class without a row would shift all that follow.
    """
    if held_out is None:
        raise NoScenario("kenning: nothing is held out yet, and rows that were learnt from would flatter; send more")
    if not held_out.classes or not np.isin(held_out.y, np.arange(held_out.classes)).all():
        raise NoScenario("kenning: its tables are of classes, and this learner answers with numbers in between")
    complete = _complete(held_out)
    if not complete.any():
        raise NoScenario("kenning: every row lacks a value, and its tables know no missing ones")
    lacking = sorted(set(range(held_out.classes)) - set(held_out.y[complete].astype(int).tolist()))
    if lacking:
        told = ", ".join(map(str, lacking))
        raise NoScenario(f"kenning: no complete row that is held out is of class {told}; it would number others anew")
    if folder.is_dir() and any(folder.iterdir()):
        raise NoScenario(f"kenning: {folder} is not empty; choose another folder")


def _complete(table: Table) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(table.x).all(axis=1), np.bool_)


def scenario_of(names: tuple[str, ...]) -> dict[str, Any]:
    """The scenario's document; paths are relative to its folder."""
    return {
        "model_wrapper": {
            "type": f"{Path(WRAPPER).stem}.OnnxTable",
            "parameters": {"model_path": f"./{MODEL}"},
        },
        "dataset": {
            "type": "kenning.datasets.tabular_dataset.TabularDataset",
            "parameters": {
                "dataset_root": "./build",
                "dataset_path": f"./{ROWS}",
                "cols_x": list(names),
                "col_y": TARGET,
                "download_dataset": True,
                "shuffle_data": False,
                # All rows are there to be measured on: the model comes trained.
                "split_fraction_test": 1.0,
            },
        },
        "runtime": {
            "type": "kenning.runtimes.onnx.ONNXRuntime",
            "parameters": {"save_model_path": f"./{MODEL}"},
        },
    }


def run_scenario(scenario: Scenario, program: str = "kenning", timeout_s: float = TIMEOUT_S) -> Mapping[str, Any]:
    """Let Kenning test the model; gives its measurements, which stay in the folder too.

    Raises:
        KenningMissing: there is no such program.
        KenningFailed: it ended with an error, took too long, or measured nothing.
    """
    command = [installed(scenario.folder, program), "test", "--json-cfg", SCENARIO, "--measurements", MEASUREMENTS]
    environment = {**os.environ, "PYTHONPATH": "."}
    try:
        done = subprocess.run(
            command,
            cwd=scenario.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise KenningFailed(f"Kenning took more than {timeout_s:g} s; give it longer, or fewer rows") from None
    measured = scenario.folder / MEASUREMENTS
    if done.returncode or not measured.is_file():
        raise KenningFailed(f"Kenning ended with code {done.returncode}: {(done.stderr or done.stdout)[-800:]}")
    document: dict[str, Any] = json.loads(measured.read_text(encoding="utf-8"))
    return document


def installed(folder: Path, program: str = "kenning") -> str:
    """Where the program lies. Raises KenningMissing with what would run the scenario in ``folder`` elsewhere."""
    found = shutil.which(program)
    if found is None:
        raise KenningMissing(
            f"{program} is not installed; it comes from github.com/antmicro/kenning. Write the scenario without "
            f"running it; where Kenning is: cd {folder} && PYTHONPATH=. kenning test --json-cfg {SCENARIO} "
            f"--measurements {MEASUREMENTS}"
        )
    return found


def summary(measured: Mapping[str, Any]) -> dict[str, Any]:
    """What Kenning measured of the whole; what it kept of every row and moment stays in its file.

    ``accuracy`` (share of rows decided rightly) and ``median_inference_s`` are told where Kenning gave a
    confusion matrix and the seconds of each row.
    """
    told: dict[str, Any] = {}
    matrix = np.asarray(measured.get("eval_confusion_matrix", ()), np.float64)
    if matrix.ndim == 2 and matrix.sum():
        told |= {"accuracy": float(matrix.trace() / matrix.sum())}
    if seconds := measured.get("target_inference_step"):
        told |= {"median_inference_s": float(np.median(seconds))}
    return told | {
        name: value
        for name, value in measured.items()
        if isinstance(value, int | float | str) or name.startswith("eval_") or name == "class_names"
    }


def _write_rows(path: Path, table: Table, complete: Any) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*table.names, TARGET])
        for row, told in zip(table.x[complete].tolist(), table.y[complete].tolist(), strict=True):
            writer.writerow([*row, int(told)])
