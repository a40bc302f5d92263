"""Views over documents on PostgreSQL, which keeps no view's text as it was written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config

from samouk.loop.learner import View
from samouk.loop.ports import Document, StoreUnavailable
from samouk.store.blobs.local import LocalBlobs
from samouk.store.clock import SteppedClock
from samouk.store.sql import Store, migrations
from samouk.store.sql.postgres import PostgresDatabase
from samouk.store.sql.served import open_served

SHELF = "toy.rules"
RULES = View("detection_rules", SHELF, ("metric", "over", "on"))
NAMES = b"SELECT viewname FROM pg_views WHERE schemaname = current_schema() ORDER BY 1"

Open = Callable[[Sequence[View] | None], Store]


@pytest.fixture
def opened(postgres: str, tmp_path: Path) -> Open:
    """Opens a store with these views."""
    packs, blobs = LocalBlobs(tmp_path / "packs"), LocalBlobs(tmp_path / "blobs")
    return lambda views: open_served(postgres, packs, blobs, SteppedClock(), views=views)


def rows(url: str, statement: bytes) -> list[tuple[object, ...]]:
    """What anybody reads from the database."""
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchall()


def test_a_view_is_a_table_of_texts(postgres: str, opened: Open) -> None:
    """Members of the bodies are its columns, what a body lacks is NULL, and other shelves stay out."""
    store = opened([RULES])
    store.documents.save(Document(SHELF, "flood", {"metric": "messages", "over": 100, "on": True, "more": 1}))
    store.documents.save(Document(SHELF, "errors", {"metric": 'rate\'s "own"', "over": 0.5}))
    store.documents.save(Document("toy.other", "x", {"metric": "no"}))
    told = rows(postgres, b"SELECT * FROM detection_rules ORDER BY key")
    assert told == [("errors", 'rate\'s "own"', "0.5", None), ("flood", "messages", "100", "true")]
    store.close()


def test_a_document_with_nul_spoils_no_view(postgres: str, opened: Open) -> None:
    """No text of PostgreSQL can hold NUL; its place is marked."""
    store = opened([RULES])
    store.documents.save(Document(SHELF, "nul", {"metric": "a\0b", "more": "\0"}))
    assert rows(postgres, b"SELECT metric FROM detection_rules") == [("a\ufffdb",)]
    store.close()


def test_a_view_that_stands_is_left_alone(postgres: str, opened: Open) -> None:
    """Opening again makes nothing anew, with the same views and with none told."""
    opened([RULES]).close()
    made = rows(postgres, b"SELECT 'detection_rules'::regclass::oid")
    opened([RULES]).close()
    opened(None).close()
    assert rows(postgres, b"SELECT 'detection_rules'::regclass::oid") == made


def test_a_view_follows_its_domain(postgres: str, opened: Open) -> None:
    """Opened with other columns it is made anew."""
    opened([RULES]).close()
    opened([View("detection_rules", SHELF, ("severity",))]).close()
    with psycopg.connect(postgres) as connection:
        shown = connection.execute("SELECT * FROM detection_rules").description
    assert [column.name for column in shown or ()] == ["key", "severity"]


def test_a_view_that_nobody_wants_goes(postgres: str, opened: Open) -> None:
    """What a domain wants no more leaves the database; what people made themselves stays."""
    kept = View("kept_rules", SHELF, ("over",))
    opened([RULES, kept]).close()
    with psycopg.connect(postgres) as connection:
        connection.execute("CREATE VIEW somebodys AS SELECT key FROM documents")
        connection.execute("COMMENT ON VIEW somebodys IS 'not of samouk'")
    opened([kept]).close()
    assert rows(postgres, NAMES) == [("kept_rules",), ("somebodys",)]
    opened([]).close()
    assert rows(postgres, NAMES) == [("somebodys",)]


def test_what_people_built_on_a_view_is_not_torn_down(postgres: str, opened: Open) -> None:
    """It would go with our view: who opens is told instead, and everything stays."""
    opened([RULES]).close()
    with psycopg.connect(postgres) as connection:
        connection.execute("CREATE VIEW somebodys AS SELECT metric FROM detection_rules")
    with pytest.raises(StoreUnavailable, match="somebodys"):
        opened([])
    assert rows(postgres, NAMES) == [("detection_rules",), ("somebodys",)]


def test_the_way_back(postgres: str, opened: Open) -> None:
    """The migration of documents can be undone, views and all, and done again."""
    opened([RULES]).close()
    database = PostgresDatabase(postgres)
    with database.write() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        command.downgrade(config, "0002")
    database.close()
    assert rows(postgres, NAMES) == []
    store = opened([RULES])
    assert store.documents.save(Document(SHELF, "flood", {})).revision == 1
    assert rows(postgres, b"SELECT key FROM detection_rules") == [("flood",)]
    store.close()
