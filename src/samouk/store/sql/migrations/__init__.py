"""The schema's history; a change to ``tables.py`` comes with a new file in ``versions/`` and a new ``HEAD``."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from samouk.loop.ports import StoreUnavailable
from samouk.store.sql.database import Database

HEAD = "0007"
"""The newest revision, written down so that an up-to-date database opens without loading Alembic."""


def migrate(database: Database) -> None:
    """Bring the database to ``HEAD`` in one transaction; nothing happens when it stands there already.

    Raises:
        StoreUnavailable: the database was made by a newer samouk.
    """
    with database.write() as connection:
        if current(connection) != HEAD:
            _upgrade(connection, database.place)


def current(connection: sa.Connection) -> str | None:
    """The database's revision; None when it is empty."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _upgrade(connection: sa.Connection, place: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    revision = current(connection)
    if revision is not None and revision not in known:
        raise StoreUnavailable(f"{place} was made by a newer samouk (schema {revision}): upgrade samouk to open it")
    command.upgrade(config, "head")
