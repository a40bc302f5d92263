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

from samouk.automl.table import Table

MODEL, ROWS, SCENARIO, WRAPPER, MEASUREMENTS = (
    *("model.onnx", "rows.csv", "scenario.json", "samouk_onnx.py", "measurements.json"),
)
TARGET = "target"
TIMEOUT_S = 3_600.0


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
        held_out: rows that the model has not learnt from: Kenning parts them into two at random, and measures on one.

    Raises:
        ValueError: the folder holds something, or no row is complete, or the model answers with a number: Kenning's
            tables are of classes.
    """
    if not held_out.classes:
        raise ValueError("kenning: its tables are of classes, and this learner answers with numbers in between")
    complete = np.isfinite(held_out.x).all(axis=1)
    if not complete.any():
        raise ValueError("kenning: every row lacks a value, and its tables know no missing ones")
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ValueError(f"kenning: {folder} is not empty; choose another folder")
    (folder / MODEL).write_bytes(model)
    _write_rows(folder / ROWS, held_out, complete)
    shutil.copyfile(Path(__file__).parent / "kenning_wrapper.py", folder / WRAPPER)
    document = scenario_of(held_out.names)
    (folder / SCENARIO).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return Scenario(folder, int(complete.sum()), int((~complete).sum()))


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
    found = shutil.which(program)
    if found is None:
        raise KenningMissing(
            f"{program} is not installed; it comes from github.com/antmicro/kenning. "
            f"Where it is: cd {scenario.folder} && PYTHONPATH=. kenning test --json-cfg {SCENARIO} "
            f"--measurements {MEASUREMENTS}"
        )
    command = [found, "test", "--json-cfg", SCENARIO, "--measurements", MEASUREMENTS]
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


def _write_rows(path: Path, table: Table, complete: Any) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*table.names, TARGET])
        for row, told in zip(table.x[complete].tolist(), table.y[complete].tolist(), strict=True):
            writer.writerow([*row, int(told)])
