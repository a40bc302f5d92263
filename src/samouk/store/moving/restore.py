"""A backup becomes a store again, where none is; and what was erased since does not come back with it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from samouk.edge.disk import sync_dir, temporary_folder
from samouk.loop.forgetting import is_of_domain
from samouk.loop.ports import CorruptBlob, NotFound, StoreUnavailable
from samouk.loop.records import Fate
from samouk.store.blobs.kept import KeptBlobs
from samouk.store.blobs.local import explained, make_folder
from samouk.store.hearing import who_hash
from samouk.store.moving.ends import Where, at_rest, opened_rows
from samouk.store.moving.manifest import DATABASE_FILE, Manifest, bring_back
from samouk.store.moving.rows import Told, copy_rows, digests, is_empty, steady, whole_digest
from samouk.store.moving.things import copy_blobs
from samouk.store.moving.vault import Vault, vault_of
from samouk.store.sql import DATABASE
from samouk.store.sql.database import Database, chunks
from samouk.store.sql.migrations import HEAD, migrate
from samouk.store.sql.owned import IDENTITY, refuse_foreign
from samouk.store.sql.sqlite import SqliteDatabase
from samouk.store.sql.tables import batches, documents, erasures, exposures, leases, origins, refused_units, secrets

_TEMPORARY = "samouk-restore-"
_KEYS, _PUBLISHED = "keys", "published"
_SHELF, _KEY = "samouk.restored", "erasures"
_UNITS = sa.select(refused_units.c.who, refused_units.c.learner, refused_units.c.until)
_CHUNK = 400  # bound parameters in one statement; every SQLite takes 999
_JOURNAL = "journal"  # name of the secret that is the key of pseudonyms
_WORD = (documents.c.shelf == _SHELF) & (documents.c.key == _KEY)


@dataclass(frozen=True, slots=True)
class Erased:
    """What a restored store has to erase again.

    Attributes:
        batches: (batch, hash of its receipt).
        units: hash of a unit's pseudonym, its learner, until when it was forgotten, in microseconds; persons of a
            domain stand under its ``ledger_of``.
    """

    batches: frozenset[tuple[str, str]]
    units: frozenset[tuple[str, str, int]]


@dataclass(frozen=True, slots=True)
class _Known:
    """What several stores know to be erased.

    Attributes:
        batches: rows of ``erasures`` by the batch, without their numbers.
        units: hash of a unit's pseudonym and its learner → until when it was forgotten.
        keys: the key of pseudonyms, of the earliest of them that has one; a backup may be older than its store's key.
    """

    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    units: dict[tuple[str, str], int] = field(default_factory=dict)
    keys: list[bytes] = field(default_factory=list)

    def add(self, database: Database) -> None:
        """Add what a store knows; what merely ran out of its time there is not erased."""
        kept = [column for column in erasures.c if column.name != "sequence"]
        with steady(database) as connection:
            for row in connection.execute(sa.select(*kept).where(erasures.c.fate == Fate.ERASED.value)).mappings():
                self.batches[row["batch_id"]] = dict(row)
            for who, learner, until in connection.execute(_UNITS):
                self.units[who, learner] = max(until, self.units.get((who, learner), until))
            if not self.keys:
                self.keys.extend(connection.scalars(sa.select(secrets.c.value).where(secrets.c.name == _JOURNAL)))


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back.

    Attributes:
        unread: later backups that are damaged, so that nobody knows what they knew to be erased.
    """

    name: str
    made: str
    rows: int
    packs: int
    blobs: int
    files: int
    digest: str
    unread: tuple[str, ...]


def restore_store(
    source: str, target: Where, home: Path, keys: Path, told: Told, *, name: str = "", erased_in: Where | None = None
) -> Restored:
    """Bring a backup back into an empty place. Killed at any point, the next call begins again.

    Args:
        source: where `backup` was told to put it.
        home: where published files go.
        keys: where the keys that sign go, if the backup has them.
        name: of the backup; the newest if none.
        erased_in: a store that may know of erasures since.

    Raises:
        BadPlace, StoreUnavailable, CorruptBlob: as their words say; the target is empty still.
    """
    vault = vault_of(source, make=False)
    names = vault.names()
    chosen = name or names[-1]
    manifest = Manifest.decode(vault.read(chosen), f"backup {chosen}")
    known, unread = _erased_since(vault, [one for one in names if one > chosen], erased_in)
    with at_rest(target):
        _refuse_filled(target)
        targets = _targets(manifest, home, keys)
        packs, blobs = target.kept()
        _refuse_foreign(target, packs, blobs)
        copy_blobs(manifest.packs, vault.things, packs, "packs", told)
        copy_blobs(manifest.blobs, vault.things, blobs, "blobs", told)
        for filed, path in targets.items():
            make_folder(path.parent)
            mode = 0o600 if filed.startswith(f"{_KEYS}/") else 0o644
            bring_back(manifest.files[filed], vault.things, path, mode)
        _rows(vault, manifest, target, known, told)
    return Restored(
        chosen,
        manifest.made,
        sum(table.rows for table in manifest.tables),
        len(manifest.packs),
        len(manifest.blobs),
        len(targets),
        whole_digest(manifest.tables),
        tuple(unread),
    )


def unfinished(target: Where) -> Erased | None:
    """What a restored store has to erase again; None where nothing is left to do, or no store is there."""
    if not target.served and not (target.home / DATABASE).exists():
        return None
    with opened_rows(target) as database, database.read() as connection:
        body = connection.scalar(sa.select(documents.c.body).where(_WORD))
    if body is None:
        return None
    return Erased(frozenset(map(tuple, body["batches"])), frozenset(map(tuple, body["units"])))


def finished(target: Where) -> None:
    """Nothing is left to erase again."""
    with opened_rows(target) as database, database.write() as connection:
        connection.execute(sa.delete(documents).where(_WORD))


def persons_of(erased: Erased, ledger: str) -> frozenset[str]:
    """Hashes of the pseudonyms that were forgotten since under that name in the ledger."""
    return frozenset(who for who, whose, _ in erased.units if whose == ledger)


def units_of(target: Where, erased: Erased) -> list[tuple[str, str]]:
    """(learner, pseudonym) of the forgotten units of whom the store holds something from before."""
    until = {(who, learner): moment for who, learner, moment in erased.units}
    if not until:
        return []
    asked = sa.select(exposures.c.learner, exposures.c.unit, sa.func.min(exposures.c.at).label("first"))
    asked = asked.group_by(exposures.c.learner, exposures.c.unit)
    with opened_rows(target) as database, database.read() as connection:
        first = {(row.learner, row.unit): row.first for row in connection.execute(asked)}
        linked = connection.execute(sa.select(origins.c.learner, origins.c.unit, origins.c.batch_id)).all()
    # Of whom rows are left in batches alone there is no moment; that such a batch was erased since says as much.
    gone = {batch_id for batch_id, _ in erased.batches}
    first |= {(learner, unit): 0 for learner, unit, batch in linked if batch in gone and (learner, unit) not in first}
    return sorted(one for one, moment in first.items() if moment < until.get((who_hash(one[1]), one[0]), 0))


def _erased_since(vault: Vault, later: list[str], erased_in: Where | None) -> tuple[_Known, list[str]]:
    """What is known to be erased, and which backups could not be asked.

    All later ones are asked: one that was made of a restored store need not know what those before it knew.
    """
    known, unread = _Known(), []
    for name in later:
        try:
            manifest = Manifest.decode(vault.read(name), f"backup {name}")
            with temporary_folder(_TEMPORARY) as folder, _file(vault, manifest, folder) as file:
                migrate(file)
                known.add(file)
        except (CorruptBlob, NotFound):
            unread.append(name)
    if erased_in is not None:
        erased_in.require()
        with opened_rows(erased_in) as database:
            known.add(database)
    return known, unread


def _refuse_filled(target: Where) -> None:
    if not target.served:
        if (target.home / DATABASE).exists():
            raise StoreUnavailable(
                f"{target.home} holds a store already: restore into an empty folder, then change over"
            )
        return
    with opened_rows(target) as database:
        if not is_empty(database):
            raise StoreUnavailable(f"{database.place} holds a store already: restore into an empty database")


def _refuse_foreign(target: Where, packs: KeptBlobs, blobs: KeptBlobs) -> None:
    if not target.served:
        refuse_foreign(None, packs, blobs)
        return
    with opened_rows(target) as database:
        refuse_foreign(database, packs, blobs)


def _targets(manifest: Manifest, home: Path, keys: Path) -> dict[str, Path]:
    """Where each file goes; a manifest leads nowhere else, and nothing that is there is overwritten."""
    targets: dict[str, Path] = {}
    for name in manifest.files:
        top, *rest = PurePosixPath(name).parts
        if name == DATABASE_FILE:
            continue
        if top not in (_KEYS, _PUBLISHED) or not rest or ".." in rest:
            raise CorruptBlob(f"the manifest names the file {name!r:.80}, which is none of a store's: nothing was done")
        targets[name] = (keys if top == _KEYS else home / _PUBLISHED).joinpath(*rest)
    if any(path.exists() for name, path in targets.items() if name.startswith(f"{_KEYS}/")):
        raise StoreUnavailable(f"{keys} holds keys already: move them away, or name another folder in SAMOUK_KEYS_DIR")
    return targets


def _rows(vault: Vault, manifest: Manifest, target: Where, known: _Known, told: Told) -> None:
    """The rows come last: what is not finished is no store yet."""
    told("rows")
    if target.served:
        with temporary_folder(_TEMPORARY) as folder, _file(vault, manifest, folder) as database:
            _leave_word(database, known)
            with opened_rows(target) as filled, steady(database) as reading:
                copy_rows(reading, filled, told)
        return
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=target.home) as name:
        with _file(vault, manifest, Path(name)) as database:
            _leave_word(database, known)
        with explained(target.home):
            (Path(name) / DATABASE).replace(target.home / DATABASE)
            sync_dir(target.home)


def _leave_word(database: SqliteDatabase, known: _Known) -> None:
    """What is known to be erased comes with the rows, also what this backup never held: it may be sent again.

    What is to be erased again stands in a document: who is killed before it is done finds it there.
    """
    migrate(database)
    with database.write() as connection:
        # It becomes a store of its own: the one that was backed up may still be there, with its own place of blobs.
        connection.execute(sa.delete(secrets).where(secrets.c.name == IDENTITY))
    if not known.batches and not known.units:
        return
    with database.write() as connection:
        for key in known.keys:
            connection.execute(insert(secrets).values(name=_JOURNAL, value=key).on_conflict_do_nothing())
        held: dict[str, str] = {}
        mine: set[str] = set()
        for ids in chunks(sorted(known.batches), _CHUNK):
            asked = sa.select(batches.c.batch_id, batches.c.receipt_hash).where(batches.c.batch_id.in_(ids))
            held.update((row.batch_id, row.receipt_hash) for row in connection.execute(asked))
            gone = sa.select(erasures.c.batch_id, erasures.c.receipt_hash, erasures.c.fate)
            for batch_id, receipt, fate in connection.execute(gone.where(erasures.c.batch_id.in_(ids))):
                mine.add(batch_id)
                if fate != Fate.ERASED.value:  # it had run out of its time here, and somebody asked for it since
                    held[batch_id] = receipt
        if new := [row for batch_id, row in sorted(known.batches.items()) if batch_id not in held.keys() | mine]:
            connection.execute(sa.insert(erasures), new)
        before = {(who, learner): until for who, learner, until in connection.execute(_UNITS)}
        for (who, learner), until in known.units.items():
            refused = insert(refused_units).values(who=who, learner=learner, until=until)
            latest = sa.func.max(refused_units.c.until, refused.excluded.until)
            connection.execute(refused.on_conflict_do_update(["who", "learner"], set_={"until": latest}))
        connection.execute(sa.delete(leases))  # who held them holds nothing here, and none may be waited for
        # What a domain keeps has no moment to compare: whom it knew to be forgotten is not in it any more.
        units = sorted(
            (*one, until)
            for one, until in known.units.items()
            if not is_of_domain(one[1]) or before.get(one, -1) < until
        )
        body = {"batches": sorted(held.items()), "units": units}
        connection.execute(sa.insert(documents).values(shelf=_SHELF, key=_KEY, revision=1, body=body, blobs=None))


@contextmanager
def _file(vault: Vault, manifest: Manifest, folder: Path) -> Iterator[SqliteDatabase]:
    """The backup's rows in a file of their own, checked against the manifest."""
    path = folder / DATABASE
    bring_back(manifest.files[DATABASE_FILE], vault.things, path, 0o600)
    database = SqliteDatabase(path)
    try:
        if manifest.schema == HEAD:
            with database.read() as connection:
                if tuple(digests(connection)) != manifest.tables:
                    raise CorruptBlob("the rows are not those that were backed up: restore another backup")
        yield database
    finally:
        database.close()
