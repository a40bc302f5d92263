"""The tables, free of any domain; the migrations make them, and a test holds both to be the same."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData()


class Moment(sa.TypeDecorator[dt.datetime]):
    """An aware moment as ISO text in UTC, so that it sorts as it passes."""

    impl = sa.String(32)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: object) -> str | None:
        return None if value is None else value.astimezone(dt.UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: object) -> dt.datetime | None:
        return None if value is None else dt.datetime.fromisoformat(value)


# No address and no time finer than a day: a row tells nothing about who sent it.
batches = sa.Table(
    "batches",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("batch_id", sa.String(64), nullable=False, unique=True),
    sa.Column("learner", sa.String(64), nullable=False),
    sa.Column("schema_version", sa.Integer, nullable=False),
    sa.Column("split_group", sa.Integer, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("receipt_hash", sa.String(64), nullable=False),
    sa.Column("pack", sa.String(64), nullable=False),
    sa.Column("offset", sa.Integer, nullable=False),
    sa.Column("length", sa.Integer, nullable=False),
    sa.Index("batches_of_learner", "learner", "sequence"),
    sa.Index("batches_of_pack", "pack"),
    sqlite_autoincrement=True,  # the sequence of an erased batch is never given again
)

counters = sa.Table(
    "counters",
    metadata,
    sa.Column("learner", sa.String(64), primary_key=True),
    sa.Column("batches", sa.Integer, nullable=False),
    sa.Column("samples", sa.Integer, nullable=False),
    sa.Column("quarantined", sa.Integer, nullable=False),
    sa.Column("last_upload", sa.Date),
)

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("batch_id", sa.String(64), nullable=False, unique=True),
    sa.Column("learner", sa.String(64), nullable=False, index=True),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("receipt_hash", sa.String(64), nullable=False),
)

# Packs that an erasure replaced and whose files may still be there.
doomed_packs = sa.Table("doomed_packs", metadata, sa.Column("pack", sa.String(64), primary_key=True))

snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("learner", sa.String(64), nullable=False, index=True),
    sa.Column("schema_version", sa.Integer, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
)

memberships = sa.Table(
    "memberships",
    metadata,
    sa.Column("snapshot", sa.Integer, sa.ForeignKey("snapshots.sequence"), primary_key=True),
    sa.Column("side", sa.String(16), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("batch_id", sa.String(64), nullable=False, index=True),
    sqlite_with_rowid=False,
)

# Erased batches that no snapshot may name any more.
forgotten = sa.Table(
    "forgotten",
    metadata,
    sa.Column("learner", sa.String(64), primary_key=True),
    sa.Column("batch_id", sa.String(64), primary_key=True),
    sqlite_with_rowid=False,
)

versions = sa.Table(
    "versions",
    metadata,
    sa.Column("learner", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("stage", sa.String(16), nullable=False),
    sa.Column("artifact_key", sa.String(64), nullable=False),
    sa.Column("artifact_digest", sa.String(64), nullable=False),
    sa.Column("artifact_size", sa.Integer, nullable=False),
    sa.Column("created", Moment, nullable=False),
    sa.Column("parent", sa.String(64)),
    sa.Column("snapshot", sa.String(64), index=True),
    sa.Column("metadata", sa.JSON, nullable=False),
    sa.Column("figures", sa.JSON, nullable=False),
    sa.Column("card", sa.JSON, nullable=False),
    sa.Column("changelog", sa.JSON, nullable=False),
    sa.Column("tainted", sa.Boolean, nullable=False),
    sa.Index("version_names", "learner", "name", unique=True),
    sa.Index("one_champion", "learner", unique=True, sqlite_where=sa.text("stage = 'production'")),
)

stage_moves = sa.Table(
    "stage_moves",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("learner", sa.String(64), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("stage", sa.String(16), nullable=False),
    sa.Column("moved", Moment, nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("run_id", sa.String(64), nullable=False, unique=True),
    sa.Column("learner", sa.String(64), nullable=False),
    sa.Column("started", Moment, nullable=False),
    sa.Column("ended", Moment),
    sa.Column("end", sa.String(16)),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Index("runs_of_learner", "learner", "started"),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.String(128), primary_key=True),
    sa.Column("holder", sa.String(128), nullable=False),
    sa.Column("expires", sa.Float, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("key_id", sa.String(16), nullable=False, unique=True),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("created", sa.Date, nullable=False),
    sa.Column("revoked", sa.Boolean, nullable=False),
    sa.Column("secret_hash", sa.String(64), nullable=False),
)
