"""What every test stands on: one thread per process for the arithmetic, so that tests may run side by side."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from tests.own_seaweed import OwnSeaweed, own_seaweed
from tests.servers import empty, fresh_database, migrated_database

# Read once, when the first numerical library loads; processes the tests start inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Hundreds of processes are started here; on a machine that forbids bytecode each would compile every module anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.fixture(scope="session")
def migrated() -> Iterator[str]:
    """Name of a database whose tables were made once, for the databases of all tests of this process to begin as."""
    with migrated_database() as name:
        yield name


@pytest.fixture
def postgres(migrated: str) -> Iterator[str]:
    """URL of a PostgreSQL database of the test's own, with tables and nothing in them; skips where none answers."""
    with fresh_database(migrated) as url:
        yield url


@pytest.fixture(scope="session")
def _reused_postgres(migrated: str) -> Iterator[str]:
    with fresh_database(migrated) as url:
        yield url


@pytest.fixture
def emptied_postgres(_reused_postgres: str) -> str:
    """URL of a database that the tests of this process use in turn, a tenth of ``postgres``'s cost.

    For tests that leave its tables as they are.
    """
    empty(_reused_postgres)
    return _reused_postgres


@pytest.fixture
def empty_postgres() -> Iterator[str]:
    """URL of a PostgreSQL database of the test's own without any table; skips where none answers."""
    with fresh_database() as url:
        yield url


@pytest.fixture(scope="session")
def seaweed() -> Iterator[OwnSeaweed]:
    """An S3 store in a process of its own, for all tests of this one; skips where none is installed."""
    with own_seaweed() as made:
        yield made
