"""kill -9 at random moments."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.client_kill import run


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(20, id="20 kills"),
        pytest.param(200, id="200 kills", marks=[pytest.mark.slow, pytest.mark.timeout(600)]),
    ],
)
def test_a_killed_client_loses_and_doubles_nothing(tmp_path: Path, kills: int) -> None:
    """However often clients are killed, each acknowledged sample reaches the server exactly once."""
    result = run(kills, tmp_path / "cache", seed=kills)
    assert (result.lost, result.doubled) == (0, 0)
    assert result.acknowledged >= kills * 20
    assert result.stored >= result.acknowledged
