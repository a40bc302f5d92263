"""Commands about models of one's own: simulated samples, and training that is measured honestly."""

from __future__ import annotations

import dataclasses
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.domains.screens.observing import User

from samouk.domains.screens import DOMAIN
from samouk.domains.screens.commands.training import split
from samouk.domains.screens.model import simulated_lessons
from samouk.domains.screens.schema import SCHEMA
from samouk.domains.screens.taxonomy import TYPES
from samouk.domains.screens.universal import JUDGED, TAUGHT
from samouk.domains.screens.world import test_samples as simulated
from samouk.loop.columns import from_rows
from samouk.loop.records import Examples
from samouk.loop.snapshot import label

Screens = Callable[[int], list[Path]]


@pytest.fixture(scope="module")
def examples() -> Examples:
    return label(DOMAIN.learners[0], from_rows(SCHEMA, simulated(1_000)), 0)


def test_samples_fit_the_schema_and_the_seed(user: User, tmp_path: Path) -> None:
    """Exactly so many samples are written, each fits the schema, and equal seeds give equal files."""
    files = [tmp_path / name for name in ("a.json", "b.json", "c.json")]
    for file, seed in zip(files, (1, 1, 2), strict=True):
        told = user.json("ml", "generate-test-samples", "--count", 2_500, "--output", file, "--seed", seed)
        assert told["samples"] == 2_500
    rows = json.loads(files[0].read_text())
    assert len(rows) == 2_500 and len({row["sample_id"] for row in rows}) == 2_500
    for row in rows:
        SCHEMA.check_row(row)
    assert files[0].read_bytes() == files[1].read_bytes() != files[2].read_bytes()


def test_samples_are_of_no_world_that_was_learnt_from(user: User, tmp_path: Path) -> None:
    """Whatever the seed, test samples are others than those that the shipped model learnt from or was judged on."""
    for seed in (TAUGHT, JUDGED):
        user.done("ml", "generate-test-samples", "--count", 50, "--output", tmp_path / "f.json", "--seed", seed)
        assert json.loads((tmp_path / "f.json").read_text()) != [dict(row) for row in simulated(50, seed)]


def test_written_files_have_usual_rights(user: User, tmp_path: Path) -> None:
    """Files for the user are readable as any new file of theirs."""
    file = tmp_path / "f.json"
    user.done("ml", "generate-test-samples", "--count", 3, "--output", file)
    mask = os.umask(0o077)
    os.umask(mask)
    assert stat.S_IMODE(file.stat().st_mode) == 0o666 & ~mask


def test_long_work_draws_a_bar(user: User, tmp_path: Path) -> None:
    """On a terminal simulating and training draw their progress up to the end."""
    data = tmp_path / "d.json"
    for words, title in (
        (["generate-test-samples", "--count", 300, "--output", data], "Simulating"),
        (["train", "--data", data, "--output", tmp_path / "m.onnx"], "Training"),
    ):
        code, shown = user.on_terminal(["ml", *words])
        assert code == 0 and title in shown and "100%" in shown


def test_standard_output(user: User) -> None:
    """A dash writes the samples, and nothing else, to standard output."""
    assert len(json.loads(user.done("ml", "generate-test-samples", "--count", 7, "--output", "-"))) == 7


@pytest.mark.slow
@pytest.mark.usefixtures("short_descent")
def test_trained_model_predicts(user: User, screens: Screens, tmp_path: Path) -> None:
    """A model trained on simulated samples is measured on others, written, and predicts, as ONNX and as pickle."""
    data = tmp_path / "d.json"
    user.done("ml", "generate-test-samples", "--count", 1_500, "--output", data)
    told = user.json("ml", "train", "--data", data, "--output", tmp_path / "m.onnx")
    assert told["trained_on"] + told["held_out"] == 1_500 and "random" in told["split"]
    assert told["simulated"] == len(simulated_lessons().types) > 0
    assert 0.5 < told["figures"]["generic_accuracy"]["mean"] < 1
    shown = user.done("ml", "train", "--data", data, "--output", tmp_path / "m.pkl")
    assert f"{told['trained_on']:,} elements of yours" in shown and f"{told['simulated']:,} simulated ones" in shown
    assert "that it did not see" in shown and "generic_accuracy" in shown and "--trust-pickle" in shown
    (file,) = screens(1)
    onnx = user.json("ml", "predict", file, "--model", tmp_path / "m.onnx")
    assert onnx == user.json("ml", "predict", file, "--model", tmp_path / "m.pkl", "--trust-pickle")
    assert {element["source"] for element in onnx["elements"]} >= {"model"}


@pytest.mark.usefixtures("short_descent")
def test_cache_and_uploads_can_be_learnt_from(user: User, screens: Screens, tmp_path: Path) -> None:
    """Batches of the cache, and what show-upload printed, are data to train on; whole groups are held out."""
    user.agree().done("ml", "collect", *screens(8))
    folder, shown = user.home / "cache" / "training_samples", tmp_path / "shown.json"
    shown.write_text(user.done("ml", "show-upload"))
    rows = []
    for data in (folder, shown):
        told = user.json("ml", "train", "--data", data, "--output", tmp_path / "m.onnx")
        assert "kept out whole" in told["split"]
        rows.append(told["trained_on"] + told["held_out"])
    assert rows[0] == rows[1] > 100


def test_no_row_is_on_both_sides(examples: Examples) -> None:
    """Random or by groups, taught and held-out rows part the examples, and no group is on both sides."""
    singles = dataclasses.replace(examples, groups=np.arange(examples.rows, dtype=np.int32))
    crowd = dataclasses.replace(examples, groups=(np.arange(examples.rows) % 9).astype(np.int32))
    for given, how in ((examples, "random"), (singles, "random"), (crowd, "kept out whole")):
        parts = split(given, seed=4)
        ids = [set(part.columns["sample_id"].tolist()) for part in (parts.taught, parts.held)]
        assert not ids[0] & ids[1] and len(ids[0]) + len(ids[1]) == examples.rows
        assert 0.1 < parts.held.rows / examples.rows < 0.5 and how in parts.how
    assert not set(parts.taught.groups.tolist()) & set(parts.held.groups.tolist())


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[", "broken at line 1"),
        ("{}", "list of samples"),
        ("[1, 2]", "list of samples"),
        ("[]", "no sample"),
        ('[{"class_name": "x"}]', "samples[0]."),
        ('{"columns": {}}', "format"),
        (json.dumps(simulated(20)), "at least 100"),
    ],
)
def test_wrong_data_is_named(content: str, says: str, user: User, tmp_path: Path) -> None:
    """Data that cannot be learnt from is refused with the file or the field, and nothing is written."""
    data = tmp_path / "d.json"
    data.write_text(content)
    result = user("ml", "train", "--data", data, "--output", tmp_path / "m.onnx")
    assert result.exit_code == 3 and says in result.stderr and result.stderr.count("\n") == 1
    assert not (tmp_path / "m.onnx").exists()


def test_missing_places_are_told_before_the_work(user: User, tmp_path: Path) -> None:
    """A missing data file, and an output in no folder or that is one, end with exit code 3."""
    for data, output in (("nowhere.json", "m.onnx"), (tmp_path, "m.onnx"), ("d.json", tmp_path / "no" / "m.onnx")):
        result = user("ml", "train", "--data", data, "--output", output)
        assert result.exit_code == 3 and result.stderr.count("\n") == 1
    assert user("ml", "generate-test-samples", "--output", tmp_path).exit_code == 3


def test_missing_extra_is_named(user: User, tmp_path: Path) -> None:
    """Without the trainer's libraries the command names the extra, with exit code 7."""
    code = "import sys; sys.modules['lightgbm'] = None; from samouk.domains.screens.cli import main; main(sys.argv[1:])"
    words = ["ml", "train", "--data", "d.json", "--output", str(tmp_path / "m.onnx")]
    done = subprocess.run([sys.executable, "-c", code, *words], env=user.environ, capture_output=True, text=True)
    assert done.returncode == 7 and "pip install 'samouk[server]'" in done.stderr and done.stderr.count("\n") == 1


def test_types_are_those_of_the_taxonomy(user: User, tmp_path: Path) -> None:
    """The summary counts types of the taxonomy alone."""
    told = user.json("ml", "generate-test-samples", "--count", 500, "--output", tmp_path / "f.json")
    assert set(told["types"]) <= set(TYPES) and sum(told["types"].values()) == 500
