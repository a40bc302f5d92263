"""A promise outlives the server: killed at any moment, it has lost nothing that it answered for."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.server_kill import run


@pytest.mark.slow
def test_ten_kills(tmp_path: Path) -> None:
    """Ten kill -9 while six clients upload: 0 acknowledged batches lost, 0 doubled, 0 torn, counts exact."""
    report = run(10, 7, tmp_path)
    assert report.promised > 50
    assert (report.lost, report.doubled, report.torn, report.miscounted) == (0, 0, 0, 0)
