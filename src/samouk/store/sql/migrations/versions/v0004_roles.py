"""API keys have a role, learners that they are for, an end, and a last day of use."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ROLES = {"upload": "contributor", "operate": "operator"}


def upgrade() -> None:
    # Alembic would copy the table on SQLite; both databases rename in place.
    op.execute("ALTER TABLE api_keys RENAME COLUMN scope TO role")
    for before, after in _ROLES.items():
        op.execute(f"UPDATE api_keys SET role = '{after}' WHERE role = '{before}'")  # noqa: S608 - two words of our own
    op.add_column("api_keys", sa.Column("learners", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("api_keys", sa.Column("expires", sa.String(length=32), nullable=True))
    op.add_column("api_keys", sa.Column("last_used", sa.Date(), nullable=True))


def downgrade() -> None:
    for name in ("last_used", "expires", "learners"):
        op.drop_column("api_keys", name)
    op.execute("UPDATE api_keys SET role = 'operate' WHERE role <> 'contributor'")
    op.execute("UPDATE api_keys SET role = 'upload' WHERE role = 'contributor'")
    op.execute("ALTER TABLE api_keys RENAME COLUMN role TO scope")
