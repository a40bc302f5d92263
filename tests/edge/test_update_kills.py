"""A client that is killed at random moments of an update has the old model or the new one, never neither."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.edge.static_server import serving
from tests.publish.world import LEARNER, World, model

from samouk.edge.updater import ModelUpdater

KILLS = 24

CHILD = """
import sys
from pathlib import Path
import onnxruntime
import samouk.edge.tuf_client
from samouk.edge.updater import ModelUpdater
updater = ModelUpdater(sys.argv[1], sys.argv[2], data_dir=Path(sys.argv[3]))
print("ready", flush=True)
sys.stdin.readline()
updater.download_update(updater.check_for_updates())
sys.stdin.readline()
"""


@pytest.mark.slow
def test_killed_clients_keep_a_model(tmp_path: Path) -> None:
    """After each of 24 kill -9 the model in service is whole and is the old or the new; the next update succeeds."""
    world, data = World(tmp_path / "home"), tmp_path / "data"
    moments = random.Random(7)
    served = [world.release(1, model(1, padding=500_000))]
    ends = {"old": 0, "new": 0}
    window = 0.05  # seconds; follows the machine's speed, so that kills fall before, in and after
    with serving(world.folder) as server:
        updater = ModelUpdater(server.url, LEARNER, data_dir=data)
        updater.auto_update(force=True)
        for number in range(2, KILLS + 2):
            child = subprocess.Popen(
                [sys.executable, "-c", CHILD, server.url, LEARNER, str(data)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            with child:
                assert child.stdin is not None and child.stdout is not None
                assert child.stdout.readline() == b"ready\n"
                served.append(world.release(number, model(number, padding=500_000)))
                child.stdin.write(b"go\n")
                child.stdin.flush()
                time.sleep(moments.uniform(0, window))
                child.kill()
            path = updater.model_path()
            assert path is not None
            found = path.read_bytes()
            assert found in served
            done = found == served[-1]
            ends["new" if done else "old"] += 1
            window *= 0.75 if done else 1.35
        updater.auto_update(force=True)
        path = updater.model_path()
    assert updater.last_error is None
    assert path is not None and path.read_bytes() == served[-1]
    assert ends["old"] and ends["new"], ends
    leftovers = [path.name for path in (data / "models" / LEARNER).iterdir() if path.suffix in (".part", ".tmp")]
    assert leftovers == []
