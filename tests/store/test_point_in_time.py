"""PostgreSQL goes back to a moment before a deletion, as the guide says, and the blobs come from a backup."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest
from tests.contracts.making import LEARNER, batch, batch_id, receipt
from tests.contracts.waiting import until
from tests.own_postgres import OwnPostgres, own_postgres

from samouk.moving import backed_up, restored
from samouk.settings import load
from samouk.store.blobs.local import MARKER
from samouk.store.blobs.places import places
from samouk.store.clock import SteppedClock
from samouk.store.sql import Store
from samouk.store.sql.served import open_served


def ask(server: OwnPostgres, question: str) -> str:
    """The one value that the server answers."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return str(row[0])


def own(folder: Path) -> None:
    """Give the folder to the user under whom the server runs."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, "postgres", "postgres")


def opened(server: OwnPostgres, home: Path) -> Store:
    """The store in the server, with its blobs in the home."""
    return open_served(server.url, *places("", home), SteppedClock())


@pytest.mark.slow
def test_a_batch_that_was_deleted_comes_back(tmp_path: Path) -> None:
    """Base backup and archive bring the rows to the moment; the backup of that day brings the pack."""
    home = tmp_path / "home"
    settings = load({}, home=str(home))
    with own_postgres() as server:
        data = Path(ask(server, "SHOW data_directory"))
        archive, base = data.parent / "archive", data.parent / "base"
        archive.mkdir()
        own(archive)
        command = f"archive_command=test ! -f {archive}/%f && cp %p {archive}/.%f && mv {archive}/.%f {archive}/%f"
        server.stop()
        server.start("-c", "archive_mode=on", "-c", command)
        programs = Path(ask(server, "SELECT setting FROM pg_config WHERE name = 'BINDIR'"))
        store = opened(server, home)
        store.log.append([batch(1), batch(2)])
        basebackup = [str(programs / "pg_basebackup"), "-D", str(base), "-X", "stream", "-c", "fast", "-d", server.url]
        subprocess.run(basebackup, check=True, capture_output=True, cwd="/")
        own(base)
        store.log.append([batch(3)])
        served = load({}, home=str(home), database_url=server.url)
        backed_up(served, str(tmp_path / "backups"), lambda _: None, keys=False, keep=0)
        moment = ask(server, "SELECT clock_timestamp()")
        store.log.erase(batch_id(1), receipt(1))
        store.log.append([batch(4)])
        store.close()
        last = ask(server, "SELECT pg_walfile_name(pg_switch_wal())")
        until(lambda: (archive / last).is_file())

        server.stop()
        shutil.rmtree(data)
        base.rename(data)
        (data / "recovery.signal").touch()
        own(data)
        back = ("-c", f"restore_command=cp {archive}/%f %p", "-c", f"recovery_target_time={moment}")
        server.start(*back, "-c", "recovery_target_action=promote")
        until(lambda: ask(server, "SELECT pg_is_in_recovery()") == "False")

        restored(load({}, home=str(tmp_path / "then")), str(tmp_path / "backups"), lambda _: None)
        others = shutil.ignore_patterns(MARKER)
        shutil.copytree(tmp_path / "then" / "packs", settings.home / "packs", ignore=others, dirs_exist_ok=True)
        store = opened(server, home)
        read = [entry.batch_id for entry, _ in store.log.read(store.log.entries(LEARNER))]
        assert read == [batch_id(number) for number in (1, 2, 3)]
        store.log.append([batch(5)])
        store.close()
