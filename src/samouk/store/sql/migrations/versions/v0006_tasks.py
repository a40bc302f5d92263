"""What workers are to do, and who delivers to a webhook."""

import sqlalchemy as sa
from alembic import op

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "tasks",
        sa.Column("sequence", _SERIAL, nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("learner", sa.String(length=64), nullable=False),
        sa.Column("asked", sa.String(length=32), nullable=False),
        sa.Column("due", sa.String(length=32), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("holder", sa.String(length=64), nullable=True),
        sa.Column("until", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("task_id"),
    )
    op.create_index("tasks_in_state", "tasks", ["state", "due"], unique=False)
    op.add_column("webhooks", sa.Column("holder", sa.String(length=64), nullable=True))
    op.add_column("webhooks", sa.Column("until", sa.String(length=32), nullable=True))


def downgrade() -> None:
    op.drop_column("webhooks", "until")
    op.drop_column("webhooks", "holder")
    op.drop_table("tasks")
