"""A backup: one state of the rows as a SQLite file, and every pack and blob that they name, while others write."""

from __future__ import annotations

import datetime as dt
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from samouk.loop.ports import StoreUnavailable
from samouk.store.moving.ends import End, Where, opened
from samouk.store.moving.manifest import DATABASE_FILE, Manifest, file_away
from samouk.store.moving.rows import Told, copy_rows, digests, steady, whole_digest
from samouk.store.moving.things import Gone, copy_blobs
from samouk.store.moving.vault import FolderVault, Vault, vault_of
from samouk.store.sql.migrations import HEAD, migrate
from samouk.store.sql.sqlite import SqliteDatabase

ATTEMPTS = 10
"""States that are tried: an erasure may take a pack while it is copied, and then the rows are of yesterday."""

Files = Callable[[], AbstractContextManager[Mapping[str, Path]]]


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What was done.

    Attributes:
        name: by which the backup is restored.
        new: things that no earlier backup held.
        digest: of all tables.
        dropped: names of backups that went because newer ones are enough.
    """

    name: str
    place: str
    rows: int
    packs: int
    blobs: int
    files: int
    new: int
    digest: str
    dropped: tuple[str, ...]


def backup_store(
    source: Where,
    to: str,
    files: Files,
    told: Told,
    *,
    now: dt.datetime,
    keys: bool = False,
    keep: int = 0,
) -> BackedUp:
    """Make a backup beside those that are there; what they hold already is not stored again.

    Args:
        to: a folder, or ``s3://bucket/prefix``.
        files: what else belongs to it, by names below the home; held still while they are read, and no longer.
        keys: whether the keys that sign are among ``files``.
        keep: how many backups stay; 0 for all. What only older ones held is deleted.

    Raises:
        BadPlace, StoreUnavailable, CorruptBlob: as their words say.
    """
    source.require()
    vault = vault_of(to, make=True)
    with vault.alone() as require_alone, opened(source) as end:
        there = frozenset(vault.things.keys())
        manifest = _state(end, vault, there, files, keys, now, told)
        name = now.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%S%fZ")
        require_alone()
        vault.add(name, manifest.encode())
        dropped = _drop(vault, keep)
    return BackedUp(
        name,
        vault.place,
        sum(table.rows for table in manifest.tables),
        len(manifest.packs),
        len(manifest.blobs),
        len(manifest.files),
        len(manifest.things() - there),
        whole_digest(manifest.tables),
        dropped,
    )


def _state(
    end: End, vault: Vault, there: frozenset[str], files: Files, keys: bool, now: dt.datetime, told: Told
) -> Manifest:
    for _ in range(ATTEMPTS):
        try:
            with _rows(end, vault, told) as (path, kept):
                named, database = kept.named(), kept.database
                with database.read() as connection:
                    tables = tuple(digests(connection))
                copy_blobs(named.packs, end.packs, vault.things, "packs", told, check=False)
                copy_blobs(named.blobs, end.blobs, vault.things, "blobs", told, check=False)
                database.close()
                filed = {DATABASE_FILE: file_away(path, vault.things, there)}
                with files() as found:
                    filed |= {name: file_away(one, vault.things, there) for name, one in sorted(found.items())}
        except Gone:
            told("something was erased meanwhile: looking again")
            continue
        return Manifest(
            now.astimezone(dt.UTC).isoformat(),
            end.place,
            HEAD,
            filed,
            tuple(sorted(named.packs)),
            tuple(sorted(named.blobs)),
            tables,
            keys,
        )
    raise StoreUnavailable(
        f"{end.place} names packs or blobs that are not there: see `samouk doctor`, or restore an earlier backup"
    )


@contextmanager
def _rows(end: End, vault: Vault, told: Told) -> Iterator[tuple[Path, End]]:
    """One state of all rows in a SQLite file of its own."""
    beside = vault.folder if isinstance(vault, FolderVault) else None
    with tempfile.TemporaryDirectory(prefix=".rows-", dir=beside) as folder:
        path = Path(folder) / DATABASE_FILE
        path.touch(0o600)
        if isinstance(end.database, SqliteDatabase):
            told("rows")
            _copy_file(end.database.path, path)
        database = SqliteDatabase(path)
        try:
            if not isinstance(end.database, SqliteDatabase):
                migrate(database)
                with steady(end.database) as reading:
                    copy_rows(reading, database, told)
            yield path, End(str(path), database, end.packs, end.blobs)
        finally:
            database.close()


def _copy_file(source: Path, target: Path) -> None:
    try:
        with closing(sqlite3.connect(source)) as reading, closing(sqlite3.connect(target)) as writing:
            reading.backup(writing)
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{source} cannot be copied ({error}): check the space of {target.parent}") from error


def _drop(vault: Vault, keep: int) -> tuple[str, ...]:
    """Let go of all but so many backups, and of the things that none of the others holds."""
    if not keep:
        return ()
    names = vault.names()
    _held(vault, names[-keep:])  # before anything goes
    for name in names[:-keep]:
        vault.drop(name)
    vault.things.sweep(lambda: _held(vault, vault.names()), vault.rest)
    return tuple(names[:-keep])


def _held(vault: Vault, names: Sequence[str]) -> set[str]:
    """What these backups name. Raises CorruptBlob: of a damaged one nobody knows."""
    held: set[str] = set()
    for name in names:
        held |= Manifest.decode(vault.read(name), f"backup {name}").things()
    return held


def files_below(folder: Path, prefix: str) -> dict[str, Path]:
    """Every finished file below the folder, by a name that begins with the prefix."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {f"{prefix}/{path.relative_to(folder).as_posix()}": path for path in found}
