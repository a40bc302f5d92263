"""Snapshots that an older samouk kept, a row a batch and snapshot, are gone on from as if they had always been so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from examples.side_of_a_line import TOY, ToyWorld

from samouk.loop import snapshot
from samouk.loop.ports import Services
from samouk.loop.records import Batch, Side, Snapshot
from samouk.store.blobs.local import LocalBlobs
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services
from samouk.store.sql import migrations
from samouk.store.sql.database import Database
from samouk.store.sql.log import SqlLog
from samouk.store.sql.migrations import HEAD, current, migrate
from samouk.store.sql.postgres import PostgresDatabase
from samouk.store.sql.registry import SqlRegistry
from samouk.store.sql.sqlite import SqliteDatabase

BEFORE, THIS = "0004", "0005"
HELD = TOY.policy.holdout_groups


@pytest.fixture(params=["embedded", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with all tables."""
    made: Database
    if request.param == "embedded":
        made = SqliteDatabase(tmp_path / "samouk.sqlite3")
    else:
        made = PostgresDatabase(request.getfixturevalue("empty_postgres"))
    migrate(made)
    yield made
    made.close()


def walk(database: Database, revision: str) -> None:
    """Bring the tables to a revision, up or down."""
    with database.lane("schema").write() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        step = command.downgrade if (current(connection) or "") > revision else command.upgrade
        step(config, revision)


def keep_as_before(database: Database, digest: str, sides: dict[Side, list[str]]) -> None:
    """A snapshot as the older samouk kept it."""
    row = {"digest": digest, "learner": TOY.name, "version": TOY.schema.version}
    with database.write() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO snapshots (digest, learner, schema_version, rows) VALUES (:digest, :learner, :version, 0)"
            ),
            row,
        )
        number = connection.execute(sa.text("SELECT MAX(sequence) FROM snapshots")).scalar_one()
        for side, members in sides.items():
            for place, batch_id in enumerate(sorted(members)):
                connection.execute(
                    sa.text("INSERT INTO memberships VALUES (:snapshot, :side, :place, :batch_id)"),
                    {"snapshot": number, "side": side.value, "place": place, "batch_id": batch_id},
                )


def split(batches: list[Batch]) -> dict[Side, list[str]]:
    return {
        Side.TRAIN: [one.batch_id for one in batches if one.group not in HELD],
        Side.HOLDOUT: [one.batch_id for one in batches if one.group in HELD],
    }


def members(registry: SqlRegistry, digest: str) -> dict[Side, set[str]]:
    return {side: {one.batch_id for one in registry.members(digest, side)} for side in (Side.TRAIN, Side.HOLDOUT)}


def test_older_snapshots_are_gone_on_from(database: Database, tmp_path: Path) -> None:
    """Their members stay under their digests, the next one equals that of a fresh log, and erasures reach them."""
    log = SqlLog(database.lane("log"), LocalBlobs(tmp_path / "packs"), SteppedClock())
    registry = SqlRegistry(database.lane("registry"), SteppedClock())
    batches = [ToyWorld(7).batch(number, 0) for number in range(12)]
    log.append(batches[:10])
    walk(database, BEFORE)
    keep_as_before(database, "a" * 64, split(batches[:4]))
    keep_as_before(database, "b" * 64, split(batches[:8]))
    walk(database, HEAD)

    assert members(registry, "a" * 64) == {side: set(ids) for side, ids in split(batches[:4]).items()}
    last = registry.latest_snapshot(TOY.name)
    assert last is not None
    assert (last.digest, last.through, last.train + last.holdout) == ("b" * 64, 8, 8)
    log.append(batches[10:])
    log.erase(batches[1].batch_id, batches[1].receipt_hash)
    frozen = snapshot.freeze(TOY, log, registry)
    assert frozen.digest == fresh(batches, without=1).digest
    left = split(batches[:1] + batches[2:])
    assert members(registry, frozen.digest) == {side: set(ids) for side, ids in left.items()}


def fresh(batches: list[Batch], without: int) -> Snapshot:
    """The snapshot of a log that never had the one batch."""
    services: Services = memory_services()
    services.log.append([one for number, one in enumerate(batches) if number != without])
    return snapshot.freeze(TOY, services.log, services.registry)


def test_the_way_back_keeps_the_members(database: Database, tmp_path: Path) -> None:
    """Down and up again, every snapshot has the members that it had."""
    log = SqlLog(database.lane("log"), LocalBlobs(tmp_path / "packs"), SteppedClock())
    registry = SqlRegistry(database.lane("registry"), SteppedClock())
    batches = [ToyWorld(7).batch(number, 0) for number in range(9)]
    digests = []
    for start in (0, 3, 6):
        log.append(batches[start : start + 3])
        digests.append(snapshot.freeze(TOY, log, registry).digest)
    before = [members(registry, digest) for digest in digests]
    walk(database, BEFORE)
    walk(database, THIS)
    assert [members(registry, digest) for digest in digests] == before
    walk(database, HEAD)
    log.append([ToyWorld(7).batch(20, 0)])
    assert snapshot.freeze(TOY, log, registry).train + snapshot.freeze(TOY, log, registry).holdout == 10
