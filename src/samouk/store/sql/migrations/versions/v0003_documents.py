"""Small things that domains remember under names of their own."""

import sqlalchemy as sa
from alembic import op

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column("sequence", _SERIAL, nullable=False),
        sa.Column("shelf", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=256), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("blobs", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_index("one_document", "documents", ["shelf", "key"], unique=True)
    op.create_index("documents_of_shelf", "documents", ["shelf", "sequence"], unique=False)


def downgrade() -> None:
    connection = op.get_bind()
    inspector = sa.inspect(connection)
    for name in inspector.get_view_names():
        if "documents" in (inspector.get_view_definition(name) or ""):
            quoted = connection.dialect.identifier_preparer.quote(name)
            op.execute(f"DROP VIEW {quoted}")
    op.drop_table("documents")
