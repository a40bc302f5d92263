"""``samouk automl``: from the log's rows to a model that is written, handed to Kenning, judged and staged."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from click.testing import CliRunner, Result

from samouk import assembly
from samouk.cli import main
from samouk.domains import learner
from samouk.settings import load

OUTCOME = learner("scoring.outcome")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two weeks of simulated outcomes in it, some of contributors that are held out."""
    home = tmp_path_factory.mktemp("automl") / "home"
    chosen = load({"SAMOUK_HOME": str(home)})
    assembly.ensure_signing_keys(chosen)
    with assembly.opened(chosen) as services:
        world = OUTCOME.world(7, False)
        for week in range(2):
            services.log.append(list(world.batches(week, 24)))
    return home


FEW = ("--trials", "4", "--families", "lgbm")
"""A search that ends by its count, and so finds on a busy machine what it finds on an idle one."""


def samouk(home: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["automl", *words, "--home", str(home)])


@pytest.mark.slow
def test_a_search_ends_in_a_staged_version(home: Path, tmp_path: Path) -> None:
    """The chosen model lies in the file, the scenario beside it, and the gate took it in under the next name."""
    output, folder = tmp_path / "model.onnx", tmp_path / "kenning"
    words = ("--trials", "20", "--families", "lgbm,rf", "--output", str(output), "--kenning", str(folder))
    result = samouk(home, OUTCOME.name, *words, "--enter", "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["rows"] > report["held_out"] > 100
    losses = {one["family"]: one["loss"] for one in report["candidates"]}
    assert losses[report["chosen"]] == min(losses.values()) < report["constant_loss"]
    session = onnxruntime.InferenceSession(output.read_bytes())
    width = session.get_inputs()[0].shape[1]
    assert session.run(None, {"features": np.zeros((3, width), np.float32)})[0].shape == (3, 2)
    assert json.loads((folder / "scenario.json").read_text())["dataset"]["parameters"]["col_y"] == "target"
    assert report["compared_on"] == "held out"
    assert report["kenning"]["rows"] + report["kenning"]["left_out"] == report["held_out"]
    with assembly.opened(load({"SAMOUK_HOME": str(home)})) as services:
        version = services.registry.version(OUTCOME.name, report["entered"]["version"])
        assert version.metadata["kind"] == "made elsewhere"
        assert version.figures["log_score"] > 0.8


@pytest.mark.slow
def test_the_table_says_what_was_tried(home: Path) -> None:
    """On a terminal: a row a family, how far the export lies from its source, and what one answer would lose."""
    result = samouk(home, OUTCOME.name, "--budget", "2", "--families", "lgbm")  # the one that ends by its time
    assert result.exit_code == 0, result.output
    assert "lgbm" in result.stdout and "one answer to every row loses" in result.stdout


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("scoring.outcome", "--families", "xgboost"), 2, "must be some of lgbm"),
        (("scoring.outcome", "--budget", "nan"), 2, "budget"),
        (("scoring.calling", "--budget", "0"), 2, "budget"),
        (("scoring.outcome", "--run-kenning"), 2, "--kenning FOLDER"),
        (("screens.element", "--enter"), 2, "takes no models"),
        (("scoring.calling",), 1, "no labelled rows"),
        (("scoring.elephant",), 2, "no learner is called"),
    ],
)
def test_what_cannot_be_is_told(home: Path, words: tuple[str, ...], code: int, told: str) -> None:
    """Wrong use and missing rows end in one line that says what would be right."""
    result = samouk(home, *words)
    assert (result.exit_code, told in result.stderr) == (code, True), result.stderr


HOURS = ("--budget", "36000")
"""A search that no test would see the end of."""


def test_what_can_be_known_to_fail_fails_before_the_search(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in no folder, a folder that holds something or is none, and Kenning where it is not installed."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("years of work")
    cases = [
        (("--output", str(tmp_path / "no" / "model.onnx")), 3, "cannot be written"),
        (("--kenning", str(tmp_path / "full" / "thesis.txt" / "scenario")), 3, "cannot be written"),
        (("--kenning", str(tmp_path / "full")), 1, "is not empty"),
        (("--kenning", str(tmp_path / "new"), "--run-kenning", "--enter"), 3, "kenning is not installed"),
    ]
    for words, code, told in cases:
        result = samouk(home, OUTCOME.name, *HOURS, *words)
        assert (result.exit_code, told in result.stderr) == (code, True), result.stderr
    assert not (tmp_path / "new").exists()


def program(folder: Path, words: str) -> None:
    """A program named kenning that runs these words of a shell."""
    folder.mkdir()
    path = folder / "kenning"
    path.write_text(f"#!/bin/sh\n{words}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.mark.slow
def test_a_kenning_that_fails_takes_nothing_with_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found is written, entered and reported before its program ends with an error."""
    program(tmp_path / "bin", "echo 'no such backend' >&2; exit 7")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    words = (*FEW, "--output", str(tmp_path / "model.onnx"), "--enter", "--json")
    result = samouk(home, OUTCOME.name, *words, "--kenning", str(tmp_path / "scenario"), "--run-kenning")
    assert (result.exit_code, "code 7: no such backend" in result.stderr) == (1, True), result.stderr
    report = json.loads(result.stdout)
    assert report["entered"]["why"] and "measured" not in report["kenning"]
    assert (tmp_path / "model.onnx").stat().st_size > 0


@pytest.mark.slow
def test_what_was_measured_is_shown(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accuracy and scalars on a terminal with the file that holds the rest, the confusion matrix in the JSON."""
    measured = '{"eval_confusion_matrix": [[30, 10], [5, 55]], "compiled_model_size": 1865}'
    program(tmp_path / "bin", f"echo '{measured}' > measurements.json")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    folder = tmp_path / "scenario"
    words = (OUTCOME.name, *FEW, "--kenning", str(folder), "--run-kenning")
    result = samouk(home, *words)
    assert result.exit_code == 0, result.output
    assert all(word in result.stdout for word in ("accuracy", "0.85", "1865", str(folder / "measurements.json")))
    shutil.rmtree(folder)
    report = json.loads(samouk(home, *words, "--json").stdout)
    assert report["kenning"]["measured"]["eval_confusion_matrix"] == [[30, 10], [5, 55]]
    assert report["kenning"]["measurements"] == str(folder / "measurements.json")


@pytest.mark.slow
def test_without_held_out_rows_it_says_what_was_compared_on(tmp_path: Path) -> None:
    """A log of training groups alone: it is told that likeness was judged on what was learnt from, and no scenario."""
    chosen = load({"SAMOUK_HOME": str(tmp_path / "home")})
    assembly.ensure_signing_keys(chosen)
    with assembly.opened(chosen) as services:
        batches = OUTCOME.world(7, False).batches(0, 24)
        services.log.append([one for one in batches if one.group not in OUTCOME.policy.holdout_groups])
    words = (OUTCOME.name, *FEW)
    result = samouk(tmp_path / "home", *words)
    assert (result.exit_code, "rows that were learnt from" in result.stdout) == (0, True), result.output
    refused = samouk(tmp_path / "home", *words, "--kenning", str(tmp_path / "scenario"))
    assert (refused.exit_code, "nothing is held out" in refused.stderr) == (1, True), refused.output
