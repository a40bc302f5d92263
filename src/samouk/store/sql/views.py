"""Shelves of documents as tables of their own, for people and programs that read the database with SQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from samouk.store.document import is_shelf
from samouk.store.sql.database import Database
from samouk.store.sql.tables import documents, metadata

if TYPE_CHECKING:
    from samouk.loop.learner import View

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")

_OURS = re.compile(
    r"""CREATE VIEW "[a-z0-9_]+" AS SELECT documents\."?key"?"""
    r"""(, json_extract\(documents\.body, '\$\."[a-z0-9_]+"'\) AS "?[a-z0-9_]+"?)*"""
    r""" \nFROM documents \nWHERE documents\.shelf = '[a-z0-9_.]+'"""
)
"""What ``_statement`` gives on SQLite, and nobody writes by hand."""

_THERE = """
SELECT c.relname, obj_description(c.oid, 'pg_class') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'v' AND n.nspname = current_schema()"""
_MADE = "made by samouk: "
"""What the comment of a view of ours begins with on PostgreSQL, which keeps no view's text as it was written."""


def make_views(database: Database, views: Sequence[View]) -> None:
    """Make each view, or make it anew where it is another than it was; nothing is written when all stand.

    Views that were made here and that nobody wants any more go; those that people made themselves stay.

    Raises:
        ValueError: a view, its shelf or a column cannot have that name, or two views have one.
    """
    names = [view.name for view in views]
    for view in views:
        _require_sound(view)
    if len(set(names)) < len(names):
        raise ValueError(f"two views have one name: {', '.join(sorted(names))}")
    with database.read() as connection:
        changes = _changes(connection, views)
    if changes:
        with database.alter() as connection:
            for statement in _changes(connection, views):  # another process may have been quicker
                connection.exec_driver_sql(statement)


def _changes(connection: sa.Connection, views: Sequence[View]) -> list[str]:
    """Statements after which the views that are wanted stand, and no other of ours."""
    there, ours = _comments(connection) if _is_postgres(connection) else _texts(connection)
    wanted = {view.name: _statement(connection, view) for view in views}
    unwanted = [name for name in ours if name not in wanted]
    anew = [name for name, text in wanted.items() if there.get(name) != text]
    drops = [f"DROP VIEW IF EXISTS {_quoted(connection, name)}" for name in (*unwanted, *anew)]
    made = [statement for name in anew for statement in _making(connection, name, wanted[name])]
    return [*drops, *made]


def _texts(connection: sa.Connection) -> tuple[dict[str, str], list[str]]:
    """What each view was made by, and the names of ours."""
    inspector = sa.inspect(connection)
    there = {name: inspector.get_view_definition(name) or "" for name in inspector.get_view_names()}
    return there, [name for name, text in there.items() if _OURS.fullmatch(text)]


def _comments(connection: sa.Connection) -> tuple[dict[str, str], list[str]]:
    """``_texts`` where the text stands in a comment."""
    rows = connection.exec_driver_sql(_THERE)
    there = {name: comment.removeprefix(_MADE) for name, comment in rows if (comment or "").startswith(_MADE)}
    return there, list(there)


def _making(connection: sa.Connection, name: str, text: str) -> list[str]:
    if not _is_postgres(connection):
        return [text]
    literal = sa.literal(f"{_MADE}{text}").compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    return [text, f"COMMENT ON VIEW {_quoted(connection, name)} IS {literal}"]


def _statement(connection: sa.Connection, view: View) -> str:
    member = _member_as_text if _is_postgres(connection) else _member
    rows = sa.select(documents.c.key, *map(member, view.columns)).where(documents.c.shelf == view.shelf)
    # A view's text takes no parameters.
    text = rows.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
    return f"CREATE VIEW {_quoted(connection, view.name)} AS {text}"


def _member(name: str) -> sa.Label[Any]:
    """A member of a document's body, in SQLite's kind that is nearest to it."""
    return sa.func.json_extract(documents.c.body, f'$."{name}"').label(name)


def _member_as_text(name: str) -> sa.Label[Any]:
    """``_member`` on PostgreSQL, where a column is of one kind: text, for the reader to cast.

    No text of PostgreSQL can hold NUL, and one document that does must not spoil the view for all others.
    """
    body = sa.cast(sa.func.replace(sa.cast(documents.c.body, sa.Text), r"\u0000", r"\ufffd"), sa.JSON)
    text: sa.ColumnElement[Any] = body[name].as_string()
    return text.label(name)


def _is_postgres(connection: sa.Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _quoted(connection: sa.Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)


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
