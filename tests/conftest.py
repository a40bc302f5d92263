"""What every test stands on: one thread per process for the arithmetic, so that tests may run side by side."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.servers import fresh_database

# Read once, when the first numerical library loads; processes the tests start inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture
def postgres() -> Iterator[str]:
    """URL of an empty PostgreSQL database of the test's own; skips where no server answers."""
    with fresh_database() as url:
        yield url
