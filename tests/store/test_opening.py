"""Opening, migrating and refusing a home."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from tests.contracts.making import LEARNER, batch

from samouk.loop.ports import StoreUnavailable
from samouk.publish.copy import Copy
from samouk.server.exposures import Exposures
from samouk.store.blobs.local import LocalBlobs, make_folder
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services
from samouk.store.sql import DATABASE, Store, migrations, open_store
from samouk.store.sql.sqlite import SqliteDatabase
from samouk.store.sql.tables import metadata


def test_the_migrations_make_the_tables(store: Store, home: Path) -> None:
    """Nobody changes a table without a migration."""
    engine = sa.create_engine(f"sqlite:///{home / DATABASE}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_head_is_the_newest_migration() -> None:
    """The revision that is written down is the one that Alembic ends at."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == migrations.HEAD


def test_opening_again_keeps_everything(home: Path) -> None:
    """What was stored before a restart is there after it."""
    for number in range(3):
        store = open_store(home, SteppedClock())
        store.log.append([batch(number)])
        assert len(store.log.entries(LEARNER)) == number + 1
        store.close()


def test_the_database_is_durable_and_forgets(store: Store, home: Path) -> None:
    """Every connection writes ahead, syncs each commit, checks references and overwrites what it deletes."""
    database = SqliteDatabase(home / DATABASE)
    for opened in (database.read, database.write):
        with opened() as connection:
            pragmas = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
            told = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]
        assert told == ["wal", 2, 1, 1, 30_000]
    database.close()


def test_a_newer_database_is_refused(home: Path) -> None:
    """A home that a newer samouk made is left alone, with the remedy named."""
    open_store(home, SteppedClock()).close()
    with sqlite3.connect(home / DATABASE) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreUnavailable, match=r"newer samouk .*9999.*upgrade"):
        open_store(home, SteppedClock())


def test_a_file_that_is_no_database_is_refused(home: Path) -> None:
    """Something else under the database's name is named and kept."""
    home.mkdir()
    (home / DATABASE).write_bytes(b"my holiday pictures" * 1000)
    with pytest.raises(StoreUnavailable, match="no SQLite database"):
        open_store(home, SteppedClock())
    assert (home / DATABASE).read_bytes().startswith(b"my holiday")


def test_a_home_that_cannot_be_is_refused(tmp_path: Path) -> None:
    """A file where the home should be is a clear error."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="file is in its way"):
        open_store(tmp_path / "file" / "home", SteppedClock())


def test_a_full_database_says_so(home: Path) -> None:
    """When SQLite finds no room the error names the remedy, and nothing is half written."""
    store = open_store(home, SteppedClock())
    database = SqliteDatabase(home / DATABASE)
    with pytest.raises(StoreUnavailable, match="free some space"), database.write() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        connection.exec_driver_sql("INSERT INTO audit VALUES (1, 'a', 'b', 'c', ?, 'e', 'f', 'g')", ("x" * 100_000,))
    database.close()
    assert store.audit.entries() == []
    store.close()


def test_only_the_owner_may_look_into_a_home(store: Store, home: Path) -> None:
    """A fresh home is closed to other users of the machine."""
    assert home.stat().st_mode & 0o077 == 0


def test_a_home_beside_a_database_is_its_owners_alone(home: Path) -> None:
    """Whatever is made in it first makes it so: folders of blobs, published files, exposures on their way."""
    LocalBlobs(home / "one" / "packs").put(b"samples")
    assert _open_to_others(home / "one") == []
    make_folder(home / "two" / "keys" / "root")
    assert _open_to_others(home / "two") == []
    Copy(home / "three" / "published").follow(lambda: None, bytes.fromhex)
    assert (home / "three").stat().st_mode & 0o077 == 0
    waiting = Exposures(memory_services(SteppedClock()).journal, home / "four" / "exposures")
    waiting.start()
    waiting.close()
    assert _open_to_others(home / "four") == []


def _open_to_others(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in [home, *home.rglob("*")] if path.stat().st_mode & 0o077)


def test_nothing_that_is_made_can_be_read_by_others(store: Store, home: Path) -> None:
    """Every file is its owner's alone, whatever the umask."""
    store.log.append([batch(1)])
    store.blobs.put(b"model")
    assert _open_to_others(home) == []


def test_an_open_home_of_an_older_samouk_is_closed(home: Path) -> None:
    """The folder, the database and everything that was stored is closed to others at the next opening."""
    store = open_store(home, SteppedClock())
    store.log.append([batch(1)])
    store.close()
    for path in [home, *home.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    open_store(home, SteppedClock()).close()
    assert _open_to_others(home) == ["open.lock", "start.lock"]


def test_a_folder_with_foreign_things_stays_open(home: Path) -> None:
    """Only what is ours is closed in a folder that serves others too."""
    home.mkdir()
    home.chmod(0o755)
    (home / "photos").mkdir()
    open_store(home, SteppedClock()).close()
    assert home.stat().st_mode & 0o777 == 0o755
    assert "packs" not in _open_to_others(home)
    assert DATABASE not in _open_to_others(home)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("locked", ["parent", "home", "database"])
def test_a_home_without_permission_is_refused(home: Path, locked: str) -> None:
    """Whatever may not be written, the error names it and the remedy."""
    if locked != "parent":
        open_store(home, SteppedClock()).close()
    place = {"parent": home.parent, "home": home, "database": home / DATABASE}[locked]
    mode = place.stat().st_mode
    place.chmod(0o500)
    try:
        with pytest.raises(StoreUnavailable, match="owner"):
            store = open_store(home, SteppedClock())
            store.log.append([batch(1)])
    finally:
        place.chmod(mode)
