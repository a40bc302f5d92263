"""The schema's history; a change to ``tables.py`` comes with a new file in ``versions/`` and a new ``HEAD``."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from samouk.loop.ports import StoreUnavailable
from samouk.store.sql.database import Database

HEAD = "0008"
"""The newest revision, written down so that an up-to-date database opens without loading Alembic."""


def migrate(database: Database) -> str | None:
    """Bring the database to ``HEAD`` in one transaction; nothing happens when it stands there already.

    Of two processes one does it, and the other waits. One that dies on the way leaves nothing of it.

    Returns:
        The revision at which it stood; None when it was empty.

    Raises:
        StoreUnavailable: the database was made by a newer samouk.
    """
    found = standing(database)
    if found == HEAD:
        return found
    with database.alter() as connection:
        found = current(connection)  # another process may have been quicker
        if found != HEAD:
            _upgrade(connection)
    return found


def standing(database: Database) -> str | None:
    """The revision at which the database stands; None when it is empty.

    Raises:
        StoreUnavailable: a newer samouk made it.
    """
    with database.read() as connection:
        found = current(connection)
    if found is not None and found > HEAD:
        raise StoreUnavailable(
            f"{database.place} was made by a newer samouk (schema {found}): upgrade samouk to open it"
        )
    return found


def current(connection: sa.Connection) -> str | None:
    """The database's revision; None when it is empty."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    command.upgrade(config, "head")
