"""Snapshots that go on from one another, a row a batch for as long as it stands; what happens to stored batches."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from samouk.loop import multiset

revision = "0005"
down_revision = "0004"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SIDES = ("train", "holdout", "quarantined")
_MARKS = ("train", "holdout", "quarantined", "through", "changed", "content")
_PAGE = 1_000


def upgrade() -> None:
    connection = op.get_bind()
    kept, standing = _intervals(connection)
    op.drop_table("memberships")
    op.drop_table("snapshots")
    _new_snapshots()
    _new_memberships()
    _new_changes()
    _new_origins()
    op.add_column("erasures", sa.Column("fate", sa.String(length=16), nullable=False, server_default="erased"))
    _insert(connection, "snapshots", kept)
    _insert(connection, "memberships", standing)
    _tell_what_happened(connection)
    _go_on_counting(connection, "snapshots")


def downgrade() -> None:
    connection = op.get_bind()
    kept = [row._asdict() for row in connection.execute(sa.text("SELECT * FROM snapshots ORDER BY sequence"))]
    standing = [row._asdict() for row in connection.execute(sa.text("SELECT * FROM memberships ORDER BY place"))]
    for name in ("memberships", "snapshots", "changes", "origins"):
        op.drop_table(name)
    op.execute("DELETE FROM erasures WHERE fate <> 'erased'")
    op.drop_column("erasures", "fate")
    _old_tables()
    once = {row["digest"]: row for row in kept}.values()
    plain = [{name: value for name, value in row.items() if name not in _MARKS} for row in once]
    _insert(connection, "snapshots", sorted(plain, key=lambda row: int(row["sequence"])))
    for row in plain:
        _insert(connection, "memberships", list(_members(row, standing)))
    _go_on_counting(connection, "snapshots")


def _intervals(connection: sa.Connection) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of both tables as they are to be, from a row a batch and snapshot."""
    places: dict[str, int] = _pairs(connection, "SELECT batch_id, sequence FROM batches")
    members = "SELECT batch_id, side FROM memberships WHERE snapshot = :snapshot"
    kept: list[dict[str, Any]] = []
    standing: list[dict[str, Any]] = []
    open_rows: dict[str, dict[str, dict[str, Any]]] = {}
    for row in connection.execute(sa.text("SELECT * FROM snapshots ORDER BY sequence")).all():
        now: dict[str, str] = _pairs(connection, members, snapshot=row.sequence)
        mine = open_rows.setdefault(row.learner, {})
        for batch_id in [name for name, held in mine.items() if now.get(name) != held["side"]]:
            mine.pop(batch_id)["until"] = row.sequence
        for batch_id in sorted(now.keys() - mine.keys()):
            place = places.setdefault(batch_id, -len(places) - 1)  # of what was erased nobody knows it any more
            fresh = {"side": now[batch_id], "place": place, "since": row.sequence, "until": None}
            mine[batch_id] = {"learner": row.learner, "batch_id": batch_id, **fresh}
            standing.append(mine[batch_id])
        numbers = Counter(now.values())
        through = max((places[batch_id] for batch_id in now), default=0)
        marks = {"through": max(through, 0), "changed": 0, "content": b""}
        kept.append({**row._asdict(), **{side: numbers[side] for side in _SIDES}, **marks})
    # Only a learner's last snapshot is gone on from.
    for last in {row["learner"]: row for row in kept}.values():
        stand = (f"{held['side']}\0{name}" for name, held in open_rows[last["learner"]].items())
        last["content"] = multiset.changed(multiset.NOTHING, stand, ())
    return kept, standing


def _pairs(connection: sa.Connection, question: str, **values: Any) -> dict[str, Any]:
    return {row[0]: row[1] for row in connection.execute(sa.text(question), values)}


def _members(snapshot: dict[str, Any], standing: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows of the old table for one snapshot."""
    numbers: Counter[str] = Counter()
    for row in standing:
        number = snapshot["sequence"]
        if row["learner"] == snapshot["learner"] and row["since"] <= number < (row["until"] or number + 1):
            yield {"snapshot": number, "side": row["side"], "place": numbers[row["side"]], "batch_id": row["batch_id"]}
            numbers[row["side"]] += 1


def _tell_what_happened(connection: sa.Connection) -> None:
    columns = 'INSERT INTO changes (learner, batch_id, "rows", fate)'
    connection.execute(
        sa.text(f"{columns} SELECT learner, batch_id, \"rows\", 'erased' FROM erasures ORDER BY sequence")  # noqa: S608
    )
    held = "SELECT learner, batch_id, \"rows\", 'quarantined' FROM batches WHERE state = 'quarantined'"
    connection.execute(sa.text(f"{columns} {held} ORDER BY sequence"))


def _insert(connection: sa.Connection, name: str, rows: list[dict[str, Any]]) -> None:
    table = sa.Table(name, sa.MetaData(), autoload_with=connection)
    for start in range(0, len(rows), _PAGE):
        connection.execute(sa.insert(table), rows[start : start + _PAGE])


def _go_on_counting(connection: sa.Connection, name: str) -> None:
    """PostgreSQL counts beside the table, and knows nothing of rows that brought their number."""
    if connection.dialect.name == "postgresql":
        last = f"(SELECT MAX(sequence) FROM {name})"  # noqa: S608
        counter = f"pg_get_serial_sequence('{name}', 'sequence')"
        connection.execute(sa.text(f"SELECT setval({counter}, COALESCE({last}, 1), {last} IS NOT NULL)"))


def _new_snapshots() -> None:
    op.create_table(
        "snapshots",
        sa.Column("sequence", _SERIAL, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("learner", sa.String(length=64), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("train", sa.Integer(), nullable=False),
        sa.Column("holdout", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("through", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_index("ix_snapshots_digest", "snapshots", ["digest"], unique=False)
    op.create_index("snapshots_of_learner", "snapshots", ["learner", "sequence"], unique=False)


def _new_memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column("learner", sa.String(length=64), nullable=False),
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("since", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("learner", "side", "place", "since"),
        sqlite_with_rowid=False,
    )
    op.create_index("memberships_of_batch", "memberships", ["batch_id"], unique=False)


def _new_changes() -> None:
    op.create_table(
        "changes",
        sa.Column("sequence", _SERIAL, nullable=False),
        sa.Column("learner", sa.String(length=64), nullable=False),
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("fate", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sqlite_autoincrement=True,
    )
    op.create_index("changes_of_learner", "changes", ["learner", "sequence"], unique=False)


def _new_origins() -> None:
    op.create_table(
        "origins",
        sa.Column("learner", sa.String(length=64), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("learner", "unit", "batch_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("origins_of_batch", "origins", ["batch_id"], unique=False)


def _old_tables() -> None:
    op.create_table(
        "snapshots",
        sa.Column("sequence", _SERIAL, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("learner", sa.String(length=64), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index("ix_snapshots_learner", "snapshots", ["learner"], unique=False)
    op.create_table(
        "memberships",
        sa.Column("snapshot", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["snapshot"], ["snapshots.sequence"]),
        sa.PrimaryKeyConstraint("snapshot", "side", "place"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_memberships_batch_id", "memberships", ["batch_id"], unique=False)
