"""Versions, the history of their stages, and what is forgotten of the snapshots that they were fitted on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from samouk.loop.ports import ANYBODY, Clock, NotFound
from samouk.loop.records import BatchEntry, Growth, Side, Snapshot, Stage, Version
from samouk.store.blobs.kept import KeptBlobs
from samouk.store.champion import require_unchanged
from samouk.store.sql.database import Database, chunks
from samouk.store.sql.jsons import numbers
from samouk.store.sql.log import ORPHAN_SECONDS
from samouk.store.sql.snapshots import Snapshots, fitted_on, lost_of
from samouk.store.sql.tables import checkpoints, documents, forgotten, stage_moves, versions

_CHUNK = 300  # rows of two bound parameters in one statement; every SQLite takes 999


@dataclass(frozen=True, slots=True)
class SqlRegistry:
    """Rows for versions and snapshots; stages change in place, and each change is kept in ``stage_moves``."""

    database: Database
    clock: Clock

    def add_snapshot(self, growth: Growth) -> Snapshot:
        return Snapshots(self.database).add(growth)

    def snapshot(self, digest: str) -> Snapshot:
        return Snapshots(self.database).one(digest)

    def latest_snapshot(self, learner: str) -> Snapshot | None:
        return Snapshots(self.database).latest(learner)

    def members(self, digest: str, side: Side, newest: int | None = None) -> Iterator[BatchEntry]:
        return Snapshots(self.database).members(digest, side, newest)

    def sides(self, learner: str, batch_ids: Sequence[str]) -> dict[str, Side]:
        return Snapshots(self.database).sides(learner, batch_ids)

    def sweep(self, blobs: KeptBlobs, seconds: float = ORPHAN_SECONDS) -> list[str]:
        """Delete what no version, no checkpoint and no document names, at least so old; returns their keys."""
        return blobs.sweep(self.named, seconds)

    def named(self) -> set[str]:
        """Keys of the blobs that versions, checkpoints and documents name."""
        with self.database.read() as connection:
            named = sa.union(sa.select(versions.c.artifact_key), sa.select(checkpoints.c.blob_key))
            kept = connection.scalars(sa.select(documents.c.blobs).where(documents.c.blobs.is_not(None)))
            return set(connection.scalars(named)).union(*kept)

    def add(self, version: Version) -> None:
        with self.database.write() as connection:
            _refuse_taken(connection, version)
            self._archive_champion(connection, version.learner, version.stage)
            tainted = version.tainted or _lost_rows(connection, version)
            connection.execute(sa.insert(versions).values(_row(dataclasses.replace(version, tainted=tainted))))
            self._note(connection, version.learner, version.name, version.stage)

    def version(self, learner: str, name: str) -> Version:
        with self.database.read() as connection:
            return _find(connection, learner, name)

    def versions(self, learner: str) -> list[Version]:
        mine = sa.select(versions).where(versions.c.learner == learner).order_by(versions.c.number.desc())
        with self.database.read() as connection:
            return [_version(row) for row in connection.execute(mine)]

    def production(self, learner: str) -> Version | None:
        with self.database.read() as connection:
            row = connection.execute(_champion(learner)).first()
        return _version(row) if row else None

    def move(self, learner: str, name: str, stage: Stage, *, instead_of: str | None = ANYBODY) -> Version:
        with self.database.write() as connection:
            version = _find(connection, learner, name)
            champion = connection.execute(_champion(learner)).first()
            require_unchanged(version, stage, _version(champion) if champion else None, instead_of)
            self._archive_champion(connection, learner, stage)
            _set_stage(connection, learner, name, stage)
            self._note(connection, learner, name, stage)
        return dataclasses.replace(version, stage=stage)

    def _archive_champion(self, connection: sa.Connection, learner: str, stage: Stage) -> None:
        champion = connection.execute(_champion(learner)).first()
        if stage is Stage.PRODUCTION and champion is not None:
            _set_stage(connection, learner, champion.name, Stage.ARCHIVED)
            self._note(connection, learner, champion.name, Stage.ARCHIVED)

    def _note(self, connection: sa.Connection, learner: str, name: str, stage: Stage) -> None:
        row = {"learner": learner, "name": name, "stage": stage.value, "moved": self.clock.now()}
        connection.execute(sa.insert(stage_moves).values(row))

    def taint(self, learner: str, *batch_ids: str) -> list[str]:
        digests: set[str] = set()
        with self.database.write() as connection:
            for ids in chunks(batch_ids, _CHUNK):
                gone = [{"learner": learner, "batch_id": batch_id} for batch_id in ids]
                connection.execute(insert(forgotten).values(gone).on_conflict_do_nothing())
                digests.update(connection.scalars(fitted_on(learner, ids)))
            hit = (versions.c.learner == learner) & versions.c.snapshot.in_(digests)
            connection.execute(sa.update(versions).where(hit).values(tainted=True))
            names = sa.select(versions.c.name).where(hit).order_by(versions.c.number.desc())
            return list(connection.scalars(names))


def _champion(learner: str) -> sa.Select[Any]:
    return sa.select(versions).where(versions.c.learner == learner, versions.c.stage == Stage.PRODUCTION.value)


def _find(connection: sa.Connection, learner: str, name: str) -> Version:
    row = connection.execute(sa.select(versions).where(versions.c.learner == learner, versions.c.name == name)).first()
    if row is None:
        raise NotFound(f"{learner} has no version {name}")
    return _version(row)


def _refuse_taken(connection: sa.Connection, version: Version) -> None:
    taken = (versions.c.name == version.name) | (versions.c.number == version.number)
    other = connection.execute(sa.select(versions).where(versions.c.learner == version.learner, taken)).first()
    if other is not None:
        raise ValueError(f"{version.learner} has a version {other.name} with number {other.number} already")


def _lost_rows(connection: sa.Connection, version: Version) -> bool:
    """Whether something was erased from the version's snapshot while it was being fitted."""
    lost = lost_of(version.learner, version.snapshot)
    return connection.execute(lost.limit(1)).first() is not None


def _set_stage(connection: sa.Connection, learner: str, name: str, stage: Stage) -> None:
    one = (versions.c.learner == learner) & (versions.c.name == name)
    connection.execute(sa.update(versions).where(one).values(stage=stage.value))


def _row(version: Version) -> dict[str, Any]:
    row = {spec.name: getattr(version, spec.name) for spec in dataclasses.fields(version)}
    plain = {name: dict(row[name]) for name in ("metadata", "figures", "card")}
    return {**row, **plain, "stage": version.stage.value, "changelog": list(version.changelog)}


def _version(row: Any) -> Version:
    values = dict(row._mapping)
    lists = {"changelog": tuple(row.changelog), "figures": numbers(row.figures)}
    return Version(**{**values, **lists, "stage": Stage(row.stage)})
