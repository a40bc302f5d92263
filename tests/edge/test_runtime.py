"""The runtime of models tells nobody anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.edge.test_predictor import model_file

import samouk.edge
from samouk.edge import runtime

SOURCE = Path(samouk.edge.__file__).parent.parent
ROOT = SOURCE.parent.parent
PREDICT = """
import sys
from tests.edge.thing import ThingObserver, screen
from samouk.edge import Predictor
told = Predictor(sys.argv[1], ThingObserver()).predict(screen(3))
assert told[0].source == "model"
"""
TRY = """
import sys
from pathlib import Path
from samouk.edge.trial import Fit, try_model
try_model(Path(sys.argv[1]), Fit("test.thing"))
"""
LOOK = "import sys; from samouk.domains.screens.model import session; session(open(sys.argv[1], 'rb').read())"


@pytest.mark.parametrize("program", [PREDICT, TRY, LOOK], ids=["predict", "try", "domain"])
def test_running_a_model_leaves_nothing_in_the_home(tmp_path: Path, program: str) -> None:
    """Where nothing says that this is a build machine, no device id and no store of events is written."""
    home, model = tmp_path / "home", model_file(tmp_path / "model.onnx")
    home.mkdir()
    environ = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": f"{SOURCE.parent}{os.pathsep}{ROOT}"}
    subprocess.run([sys.executable, "-c", program, model], env=environ, cwd=tmp_path, check=True)
    assert [path for path in home.rglob("*") if path.is_file()] == []


def test_the_library_is_loaded_in_one_place() -> None:
    """No other file imports onnxruntime, so none can load it with its telemetry on.

    One is no file of ours to import: it is copied beside a scenario, and runs where Kenning is installed.
    """
    loads = re.compile(r"^\s*(import|from) onnxruntime\b", re.MULTILINE)
    found = {path for path in SOURCE.rglob("*.py") if loads.search(path.read_text())}
    copied = SOURCE / "automl" / "kenning_wrapper.py"
    assert found - {copied} == {Path(runtime.__file__)}
    assert not [path for path in SOURCE.rglob("*.py") if "import kenning_wrapper" in path.read_text()]
