"""Real servers that tests talk to where they run: a database, a broker, an object store, each emptied for its test."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

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


@contextmanager
def migrated_database() -> Iterator[str]:
    """Name of a database with every table and nothing in them, which nobody opens: others are made as its copies."""
    from samouk.store.sql.migrations import migrate
    from samouk.store.sql.postgres import PostgresDatabase

    with fresh_database() as url:
        database = PostgresDatabase(url)
        migrate(database)
        database.close()
        yield url.rpartition("/")[2]


def empty(url: str) -> None:
    """Leave the tables of a database as they were made: no rows, no views, nobody connected; counting begins at 1."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        views = _names(connection, "SELECT viewname FROM pg_views WHERE schemaname = 'public'")
        tables = _names(
            connection, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        used = [name for name in tables if connection.execute(f"SELECT 1 FROM {name} LIMIT 1".encode()).fetchone()]
        for name in views:
            connection.execute(f"DROP VIEW {name} CASCADE".encode())
        if used:
            connection.execute(f"TRUNCATE {', '.join(used)} CASCADE".encode())
        connection.execute("SELECT setval(seqrelid, 1, false) FROM pg_sequence")


def _names(connection: psycopg.Connection[tuple[str]], question: LiteralString) -> list[str]:
    return [f'"{name}"' for (name,) in connection.execute(question)]
