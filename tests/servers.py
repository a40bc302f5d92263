"""Real servers that tests talk to where they run: a database, a broker, an object store, each emptied for its test."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

POSTGRES = os.environ.get("SAMOUK_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/postgres")
"""A database in which tests may make others."""


@contextmanager
def fresh_database(template: str = "template1") -> Iterator[str]:
    """URL of a database of the test's own; skips where no PostgreSQL answers.

    Args:
        template: the database that it begins as a copy of.
    """
    name = f"samouk_test_{uuid.uuid4().hex[:12]}"
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        pytest.skip(f"no PostgreSQL answers at {POSTGRES}; SAMOUK_TEST_POSTGRES names another")
    with admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        try:
            yield POSTGRES.rpartition("/")[0] + f"/{name}"
        finally:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
