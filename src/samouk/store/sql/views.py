"""Shelves of documents as tables of their own, for people and programs that read the database with SQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from samouk.store.document import is_shelf
from samouk.store.sql.engine import Database
from samouk.store.sql.tables import documents, metadata

if TYPE_CHECKING:
    from samouk.loop.learner import View

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def make_views(database: Database, views: Sequence[View]) -> None:
    """Make each view, or make it anew where it is another than it was; nothing is written when all stand.

    Raises:
        ValueError: a view, its shelf or a column cannot have that name, or two views have one.
    """
    names = [view.name for view in views]
    for view in views:
        _require_sound(view)
    if len(set(names)) < len(names):
        raise ValueError(f"two views have one name: {', '.join(sorted(names))}")
    with database.read() as connection:
        missing = _missing(connection, views)
    if missing:
        with database.write() as connection:
            for view in _missing(connection, views):  # another process may have been quicker
                connection.exec_driver_sql(f"DROP VIEW IF EXISTS {_quoted(connection, view)}")
                connection.exec_driver_sql(_statement(connection, view))


def _missing(connection: sa.Connection, views: Sequence[View]) -> list[View]:
    inspector = sa.inspect(connection)
    there = {name: inspector.get_view_definition(name) for name in inspector.get_view_names()}
    return [view for view in views if there.get(view.name) != _statement(connection, view)]


def _statement(connection: sa.Connection, view: View) -> str:
    members = [_member(connection, name).label(name) for name in view.columns]
    rows = sa.select(documents.c.key, *members).where(documents.c.shelf == view.shelf)
    # A view's text takes no parameters.
    text = rows.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    return f"CREATE VIEW {_quoted(connection, view)} AS {text}"


def _member(connection: sa.Connection, name: str) -> sa.ColumnElement[object]:
    """A member of the body: in SQLite a number stays a number, so that it compares as one; elsewhere it is text."""
    if connection.dialect.name == "sqlite":
        return sa.func.json_extract(documents.c.body, f'$."{name}"')
    return documents.c.body.op("->>")(name)


def _quoted(connection: sa.Connection, view: View) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(view.name)


def _require_sound(view: View) -> None:
    for name in (view.name, *view.columns):
        if not _NAME.fullmatch(name) or name.startswith("sqlite_"):
            raise ValueError(f"view {view.name!r:.80}: {name!r:.80} must be small letters, digits and _, 63 at most")
    if view.name in metadata.tables or view.name == "alembic_version":
        raise ValueError(f"view {view.name}: a table has that name; choose another")
    if len({"key", *view.columns}) <= len(view.columns):
        raise ValueError(f"view {view.name}: each column has a name of its own, and none is called key")
    if not is_shelf(view.shelf):
        raise ValueError(f"view {view.name}: {view.shelf!r:.80} is no name of a shelf; it is like domain.things")
