"""A home on the disk and a store over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from samouk.store.clock import SteppedClock
from samouk.store.sql import Store, open_store


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where a store lies; nothing is there yet."""
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    """A fresh embedded store."""
    made = open_store(home, SteppedClock())
    yield made
    made.close()
