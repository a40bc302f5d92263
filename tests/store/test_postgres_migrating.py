"""Making and migrating tables on PostgreSQL: by two at once, killed half-way, too new, and where it cannot be."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from click.testing import CliRunner
from tests.store import processes

from samouk.cli import main
from samouk.loop.ports import StoreUnavailable
from samouk.settings import BadSetting, load
from samouk.store.sql import migrations
from samouk.store.sql.migrations import HEAD, migrate, standing
from samouk.store.sql.postgres import PostgresDatabase

TABLES = b"SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


def rows(url: str, statement: bytes) -> list[tuple[object, ...]]:
    """What anybody reads from the database."""
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchall()


def bring(pipe: Connection, url: str) -> None:
    """Migrate as soon as told, and tell from where."""
    database = PostgresDatabase(url)
    pipe.send("ready")
    pipe.recv()
    pipe.send(migrate(database.lane("schema")))
    database.close()


def die_half_way(pipe: Connection, url: str) -> None:
    """Run the first migrations, and be killed before the commit."""
    with PostgresDatabase(url).lane("schema").alter() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        command.upgrade(config, "0003")
        pipe.send(connection.exec_driver_sql(TABLES.decode()).scalar_one())
        os.kill(os.getpid(), signal.SIGKILL)


def told(*arguments: str, url: str, home: Path) -> tuple[int, str]:
    """Exit code and words of a command."""
    environment = {"SAMOUK_DATABASE_URL": url, "SAMOUK_HOME": str(home)}
    result = CliRunner().invoke(main, list(arguments), env=environment)
    return result.exit_code, result.output


def test_of_several_at_once_one_does_it(empty_postgres: str) -> None:
    """The others wait, and find it done."""
    children = [processes.start(bring, empty_postgres) for _ in range(3)]
    for _, pipe in children:
        assert pipe.recv() == "ready"
    for _, pipe in children:
        pipe.send("go")
    found = [pipe.recv() for _, pipe in children]
    for process, _ in children:
        process.join()
    assert sorted(found, key=str) == [HEAD, HEAD, None]


def test_half_a_migration_is_none(empty_postgres: str) -> None:
    """Who is killed on the way leaves nothing, and does not hold up the next."""
    process, pipe = processes.start(die_half_way, empty_postgres)
    assert pipe.recv() > 10
    process.join()
    assert rows(empty_postgres, TABLES) == [(0,)]
    database = PostgresDatabase(empty_postgres)
    assert migrate(database.lane("schema")) is None
    assert standing(database) == HEAD
    database.close()


def test_the_command_tells_from_where_to_where(empty_postgres: str, tmp_path: Path) -> None:
    """``--check`` changes nothing, and exits 1 while the tables are behind."""
    code, words = told("migrate", "--check", url=empty_postgres, home=tmp_path)
    assert (code, rows(empty_postgres, TABLES)) == (1, [(0,)])
    assert f"needs {HEAD}" in words
    assert told("migrate", url=empty_postgres, home=tmp_path) == (
        0,
        f"✅ the tables were made, at revision {HEAD}\n",
    )
    for arguments in (("migrate",), ("migrate", "--check")):
        code, words = told(*arguments, url=empty_postgres, home=tmp_path)
        assert (code, f"at revision {HEAD}" in words) == (0, True)


def test_the_command_knows_the_embedded_store(tmp_path: Path) -> None:
    """A home that is not there yet is behind, and is not made by looking."""
    home = tmp_path / "home"
    assert told("migrate", "--check", url="", home=home)[0] == 1
    assert not home.exists()
    assert told("migrate", url="", home=home)[0] == 0
    assert told("migrate", "--check", "--json", url="", home=home)[0] == 0


def test_a_newer_database_is_refused(postgres: str, tmp_path: Path) -> None:
    """By every command, and it says what to do."""
    with psycopg.connect(postgres) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for arguments in (("migrate",), ("migrate", "--check"), ("keys", "list")):
        code, words = told(*arguments, url=postgres, home=tmp_path)
        assert (code, "upgrade samouk" in words) == (3, True), words


@pytest.fixture
def stranger(postgres: str) -> Iterator[str]:
    """URL for a user who may connect, and nothing else; its password is wrong where one is asked for."""
    name = f"samouk_a_{os.getpid()}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'right'".encode())
        try:
            yield postgres.replace("://root@", f"://{name}:wrong@")
        finally:
            connection.execute(f"DROP OWNED BY {name}".encode())
            connection.execute(f"DROP ROLE {name}".encode())


def test_a_user_without_rights_is_told_so(stranger: str, tmp_path: Path) -> None:
    """It may not even read, and must own the tables."""
    code, words = told("migrate", url=stranger, home=tmp_path)
    assert code == 3
    assert "permission denied" in words
    assert "own" in words
    assert "wrong" not in words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda url: url + "_missing", "createdb"),
        (lambda url: url.replace("://root@", "://nobody_of_that_name@"), "check the name and the password"),
        (lambda url: url.replace(":5432/", ":1/"), "does not answer"),
        (lambda url: url.replace(":5432/", ":port/"), "is no address"),
    ],
)
def test_a_wrong_address_is_told_in_words(postgres: str, tmp_path: Path, change: object, words: str) -> None:
    """One line that says what to mend; exit code 3."""
    assert callable(change)
    code, said = told("keys", "list", url=change(postgres), home=tmp_path)
    assert (code, said.count("\n")) == (3, 1), said
    assert words in said


@pytest.mark.parametrize(
    "url", ["mysql://root:secret@host/db", "sqlite:///file", "host/db", "postgresql+asyncpg://h/d"]
)
def test_another_kind_of_database_is_a_bad_setting(url: str) -> None:
    """Its name is in the refusal, and no password."""
    with pytest.raises(BadSetting, match=r"SAMOUK_DATABASE_URL must begin with postgresql://") as caught:
        load({"SAMOUK_DATABASE_URL": url})
    assert "secret" not in str(caught.value)


def test_without_its_driver_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The base install knows SQLite alone."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreUnavailable, match=r"pip install 'samouk\[scale\]'"):
        PostgresDatabase("postgresql://root@127.0.0.1/x")
