"""What an erasure must remember: tables to be written anew, and units that are refused; and no values in statistics."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

# ANALYZE keeps whole values of the rows that it reads, and an erasure does not reach them.
_PERSONAL = {
    "exposures": ("event_id", "unit", "seen", "shadows"),
    "parked": ("event_id",),
    "documents": ("key", "body"),
    "batches": ("batch_id", "receipt_hash"),
}


def upgrade() -> None:
    op.create_table(
        "stains",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "refused_units",
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("learner", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("who", "learner"),
    )
    _statistics("0")


def downgrade() -> None:
    _statistics("-1")
    op.drop_table("refused_units")
    op.drop_table("stains")


def _statistics(target: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in _PERSONAL.items():
            for column in columns:
                op.execute(f'ALTER TABLE {table} ALTER COLUMN "{column}" SET STATISTICS {target}')
