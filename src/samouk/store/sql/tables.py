"""The tables, free of any domain; the migrations make them, and a test holds both to be the same."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData()

Serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A number that the database gives; SQLite gives one to INTEGER alone, which holds 64 bits there."""


def _where(condition: str) -> dict[str, Any]:
    """An index over some rows alone, in every dialect."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


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
    sa.Column("sequence", Serial, primary_key=True),
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
    sa.Column("batches", sa.BigInteger, nullable=False),
    sa.Column("samples", sa.BigInteger, nullable=False),
    sa.Column("quarantined", sa.BigInteger, nullable=False),
    sa.Column("last_upload", sa.Date),
)

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("sequence", Serial, primary_key=True),
    sa.Column("batch_id", sa.String(64), nullable=False, unique=True),
    sa.Column("learner", sa.String(64), nullable=False, index=True),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
    sa.Column("receipt_hash", sa.String(64), nullable=False),
    sa.Column("fate", sa.String(16), nullable=False, server_default="erased"),  # or expired: nobody asked for it
)

# What happened to stored batches, for those who keep accounts of them and would read the whole log else.
changes = sa.Table(
    "changes",
    metadata,
    sa.Column("sequence", Serial, primary_key=True),
    sa.Column("learner", sa.String(64), nullable=False),
    sa.Column("batch_id", sa.String(64), nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("fate", sa.String(16), nullable=False),
    sa.Index("changes_of_learner", "learner", "sequence"),
    sqlite_autoincrement=True,  # who has read up to a number misses nothing
)

# Packs that others replaced and whose files may still be there.
doomed_packs = sa.Table("doomed_packs", metadata, sa.Column("pack", sa.String(64), primary_key=True))

# Tables from which rows were deleted since they were last written anew, and how often.
stains = sa.Table(
    "stains",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("times", sa.BigInteger, nullable=False),
)

# Whose exposures, shown up to ``until`` (microseconds), are refused: by a hash of the pseudonym, of a learner.
refused_units = sa.Table(
    "refused_units",
    metadata,
    sa.Column("who", sa.String(64), primary_key=True),
    sa.Column("learner", sa.String(64), primary_key=True),
    sa.Column("until", sa.BigInteger, nullable=False),
)

snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("sequence", Serial, primary_key=True),
    # What came and went again leaves a snapshot with the digest of an earlier one.
    sa.Column("digest", sa.String(64), nullable=False, index=True),
    sa.Column("learner", sa.String(64), nullable=False),
    sa.Column("schema_version", sa.Integer, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("train", sa.Integer, nullable=False),
    sa.Column("holdout", sa.Integer, nullable=False),
    sa.Column("quarantined", sa.Integer, nullable=False),
    sa.Column("through", sa.BigInteger, nullable=False),
    sa.Column("changed", sa.BigInteger, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Index("snapshots_of_learner", "learner", "sequence"),
)

# A row for as long as a batch stands on one side: in the snapshots of its learner from ``since`` on and before
# ``until``, NULL while it still does. ``place`` is its sequence in the log.
memberships = sa.Table(
    "memberships",
    metadata,
    sa.Column("learner", sa.String(64), primary_key=True),
    sa.Column("side", sa.String(16), primary_key=True),
    sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("since", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("until", sa.BigInteger),
    sa.Column("batch_id", sa.String(64), nullable=False),
    sa.Index("memberships_of_batch", "batch_id"),
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
    sa.Index(
        "one_champion",
        "learner",
        unique=True,
        sqlite_where=sa.text("stage = 'production'"),
        postgresql_where=sa.text("stage = 'production'"),
    ),
)

stage_moves = sa.Table(
    "stage_moves",
    metadata,
    sa.Column("sequence", Serial, primary_key=True),
    sa.Column("learner", sa.String(64), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("stage", sa.String(16), nullable=False),
    sa.Column("moved", Moment, nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("sequence", Serial, primary_key=True),
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
    sa.Column("seconds", sa.Float, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
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
    sa.Column("sequence", Serial, primary_key=True),
    sa.Column("key_id", sa.String(16), nullable=False, unique=True),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("created", sa.Date, nullable=False),
    sa.Column("revoked", sa.Boolean, nullable=False),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("secret_hash", sa.String(64), nullable=False),
    sa.Column("learners", sa.JSON(none_as_null=True)),  # null is all of them
    sa.Column("expires", Moment),
    sa.Column("last_used", sa.Date),
)

# Random bytes that are made once and shared by all who open the home, by name.
secrets = sa.Table(
    "secrets",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)

# What the journal keeps has its times as microseconds since 1970, so that SQLite can subtract them.
exposures = sa.Table(
    "exposures",
    metadata,
    sa.Column("number", Serial, primary_key=True),
    sa.Column("event_id", sa.String(64), nullable=False, unique=True),
    sa.Column("learner", sa.String(64), nullable=False),
    sa.Column("version", sa.String(64), nullable=False),
    sa.Column("variant", sa.String(16), nullable=False),
    sa.Column("unit", sa.String(64), nullable=False),
    sa.Column("split_group", sa.Integer, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("score", sa.Float),  # NULL stands for NaN, which SQLite does not know
    sa.Column("propensity", sa.Float, nullable=False),
    sa.Column("seen", sa.Text, nullable=False),  # the row, as JSON
    sa.Column("latency_ms", sa.Float, nullable=False),
    sa.Column("rollout", sa.String(64)),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("shadows", sa.Text),  # JSON; NULL for none
    sa.Column("failed", sa.Boolean, nullable=False),
    sa.Index("exposures_of_learner", "learner", "at"),
    sa.Index("exposures_of_unit", "unit", "learner"),
    sa.Index(
        "exposures_of_rollout",
        "rollout",
        "step",
        sqlite_where=sa.text("rollout IS NOT NULL"),
        postgresql_where=sa.text("rollout IS NOT NULL"),
    ),
    sqlite_autoincrement=True,  # who has settled up to a number must not miss what comes after an erasure
)

outcomes = sa.Table(
    "outcomes",
    metadata,
    sa.Column("sequence", Serial, primary_key=True),
    sa.Column("exposure", sa.BigInteger, sa.ForeignKey("exposures.number"), nullable=False),
    sa.Column("learner", sa.String(64), nullable=False),
    sa.Column("metric", sa.String(64), nullable=False),
    sa.Column("value", sa.Float, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("late", sa.Boolean, nullable=False),
    sa.Column("assumed", sa.Boolean, nullable=False),
    sa.Column("superseded", sa.Boolean, nullable=False),  # stands in comparisons alone: a late word has its place
    sa.Column("batch_id", sa.String(64)),  # which batch of the log was made of it
    sa.Index("one_outcome", "exposure", "metric", "superseded", unique=True),
    sa.Index("outcomes_of_learner", "learner", "sequence"),
    sa.Index(
        "outcomes_of_batch",
        "batch_id",
        sqlite_where=sa.text("batch_id IS NOT NULL"),
        postgresql_where=sa.text("batch_id IS NOT NULL"),
    ),
    sqlite_autoincrement=True,  # who has read up to a sequence must not miss what replaces its last outcome
)

# Outcomes that came before their exposure, with the attribution window (microseconds) to judge them by.
parked = sa.Table(
    "parked",
    metadata,
    sa.Column("event_id", sa.String(64), primary_key=True),
    sa.Column("metric", sa.String(64), primary_key=True),
    sa.Column("learner", sa.String(64), primary_key=True),
    sa.Column("value", sa.Float, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("assumed", sa.Boolean, nullable=False),
    sa.Column("told", sa.BigInteger, nullable=False),
    sa.Column("window", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Whose outcomes a batch of the log was made of, kept when their exposures are gone: to forget a unit takes it too.
origins = sa.Table(
    "origins",
    metadata,
    sa.Column("learner", sa.String(64), primary_key=True),
    sa.Column("unit", sa.String(64), primary_key=True),
    sa.Column("batch_id", sa.String(64), primary_key=True),
    sa.Index("origins_of_batch", "batch_id"),
    sqlite_with_rowid=False,
)

checkpoints = sa.Table(
    "checkpoints",
    metadata,
    sa.Column("learner", sa.String(64), primary_key=True),
    sa.Column("version", sa.String(64), primary_key=True),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("blob_key", sa.String(64), nullable=False),
)

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("name", sa.String(128), primary_key=True),
    sa.Column("sequence", sa.BigInteger, nullable=False),
)

rollouts = sa.Table(
    "rollouts",
    metadata,
    sa.Column("sequence", Serial, primary_key=True),
    sa.Column("rollout_id", sa.String(64), nullable=False, unique=True),
    sa.Column("learner", sa.String(64), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("started", Moment, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Index("rollouts_of_learner", "learner", "started"),
    sa.Index(
        "one_rollout",
        "learner",
        unique=True,
        sqlite_where=sa.text("state IN ('running', 'paused', 'waiting')"),
        postgresql_where=sa.text("state IN ('running', 'paused', 'waiting')"),
    ),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("sequence", Serial, primary_key=True),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("learner", sa.String(64), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
)

thresholds = sa.Table(
    "thresholds",
    metadata,
    sa.Column("sequence", Serial, primary_key=True),
    sa.Column("learner", sa.String(64), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("before", sa.Float, nullable=False),
    sa.Column("after", sa.Float, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
)

# What domains remember. A save makes a new row, so that the sequence tells which was saved last. ``blobs`` is NULL
# where none are named, so that few rows are read to know which are.
documents = sa.Table(
    "documents",
    metadata,
    sa.Column("sequence", Serial, primary_key=True),
    sa.Column("shelf", sa.String(64), nullable=False),
    sa.Column("key", sa.String(256), nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Column("blobs", sa.JSON(none_as_null=True)),
    sa.Index("one_document", "shelf", "key", unique=True),
    sa.Index("documents_of_shelf", "shelf", "sequence"),
)

# The secret is kept in clear, unlike that of an API key: a signature can only be made with the secret itself.
# Who can read the database can forge deliveries to that address, and nothing else.
webhooks = sa.Table(
    "webhooks",
    metadata,
    sa.Column("sequence", Serial, primary_key=True),
    sa.Column("hook_id", sa.String(64), nullable=False, unique=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("learner", sa.String(64)),
    sa.Column("kinds", sa.JSON, nullable=False),
    sa.Column("created", Moment, nullable=False),
    sa.Column("delivered", sa.BigInteger, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("retry_at", Moment),
    sa.Column("given_up", sa.Integer, nullable=False),
    sa.Column("holder", sa.String(64)),  # who delivers to it just now, until ``until``
    sa.Column("until", Moment),
)

# What workers are to do. ``holder`` has it until ``until``; both are NULL while nobody does.
tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("sequence", Serial, primary_key=True),
    sa.Column("task_id", sa.String(64), nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("learner", sa.String(64), nullable=False),
    sa.Column("asked", Moment, nullable=False),
    sa.Column("due", Moment, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("holder", sa.String(64)),
    sa.Column("until", Moment),
    sa.Index("tasks_in_state", "state", "due"),
)
