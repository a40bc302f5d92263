"""What was shown to a unit is found by the unit, else forgetting one would read what was shown to all."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_index("exposures_of_unit", "exposures", ["unit", "learner"], unique=False)


def downgrade() -> None:
    op.drop_index("exposures_of_unit", "exposures")
