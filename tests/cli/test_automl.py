"""``samouk automl``: from the log's rows to a model that is written, handed to Kenning, judged and staged."""

from __future__ import annotations

import json
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


def samouk(home: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["automl", *words, "--home", str(home)])


@pytest.mark.slow
def test_a_search_ends_in_a_staged_version(home: Path, tmp_path: Path) -> None:
    """The chosen model lies in the file, the scenario beside it, and the gate took it in under the next name."""
    output, folder = tmp_path / "model.onnx", tmp_path / "kenning"
    words = ("--budget", "3", "--families", "lgbm,rf", "--output", str(output), "--kenning", str(folder))
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
    assert report["kenning"]["rows"] + report["kenning"]["left_out"] == report["held_out"]
    with assembly.opened(load({"SAMOUK_HOME": str(home)})) as services:
        version = services.registry.version(OUTCOME.name, report["entered"]["version"])
        assert version.metadata["kind"] == "made elsewhere"
        assert version.figures["log_score"] > 0.8


@pytest.mark.slow
def test_the_table_says_what_was_tried(home: Path) -> None:
    """On a terminal: a row a family, how far the export lies from its source, and what one answer would lose."""
    result = samouk(home, OUTCOME.name, "--budget", "2", "--families", "lgbm")
    assert result.exit_code == 0, result.output
    assert "lgbm" in result.stdout and "one answer to every row loses" in result.stdout


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("scoring.outcome", "--families", "xgboost"), 2, "must be some of lgbm"),
        (("scoring.outcome", "--budget", "nan"), 2, "budget"),
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
