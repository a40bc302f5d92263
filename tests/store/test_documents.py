"""What the embedded store does with documents beyond what their port promises: erasure, views, a way back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from tests.server.toy import DOMAIN

from samouk import assembly
from samouk.loop.learner import View
from samouk.loop.ports import Document
from samouk.settings import load
from samouk.store.clock import SteppedClock
from samouk.store.sql import DATABASE, Store, migrations, open_store
from samouk.store.sql.sqlite import SqliteDatabase

SHELF = "toy.rules"
RULES = View("detection_rules", SHELF, ("metric", "over", "on"))
NEEDLE = "somebody-who-wants-to-be-forgotten"


def rows(home: Path, statement: str) -> list[tuple[object, ...]]:
    """What anybody reads from the database file."""
    with closing(sqlite3.connect(home / DATABASE)) as connection:
        return connection.execute(statement).fetchall()


def holders(home: Path, needle: str) -> list[str]:
    """Files of the home that hold the text."""
    return [path.name for path in home.rglob("*") if path.is_file() and needle.encode() in path.read_bytes()]


@pytest.mark.parametrize("size", [1, 10_000])
def test_a_removed_document_leaves_no_byte(store: Store, home: Path, size: int) -> None:
    """Neither key nor body, of no revision, whether it fits a page or not; its neighbours stay."""
    for number in range(50):
        store.documents.save(Document(SHELF, f"neighbour-{number}", {"n": number}))
    key = f"key-{NEEDLE}"
    saved = store.documents.save(Document(SHELF, key, {"about": NEEDLE * size}))
    store.documents.save(Document(SHELF, key, {"more": f"{NEEDLE}, again"}, saved.revision))
    assert holders(home, NEEDLE)
    assert store.documents.remove(SHELF, key)
    assert holders(home, NEEDLE) == []
    assert len(store.documents.shelf(SHELF)) == 50


def test_what_was_trimmed_is_gone_after_closing(home: Path) -> None:
    """Trimming is quick and often; its traces go with the next removal, at the latest at the end."""
    store = open_store(home, SteppedClock())
    store.documents.save(Document(SHELF, NEEDLE, {}))
    store.documents.save(Document(SHELF, "kept", {}))
    assert store.documents.trim(SHELF, 1) == 1
    assert not store.documents.remove(SHELF, NEEDLE)
    assert holders(home, NEEDLE) == []
    store.close()


def test_a_blob_lives_as_long_as_a_document_names_it(home: Path) -> None:
    """Opening sweeps away the others; one that two documents name goes with the second."""
    store = open_store(home, SteppedClock())
    kept, orphan = store.blobs.put(b"kept"), store.blobs.put(b"orphan")
    for key in ("a", "b"):
        store.documents.save(Document(SHELF, key, {}, blobs=(kept,)))
    store.close()
    for key in ("a", "b"):
        store = open_store(home, SteppedClock())
        assert list(store.blobs.keys()) == [kept]
        store.documents.remove(SHELF, key)
        store.close()
    assert orphan != kept
    store = open_store(home, SteppedClock())
    assert list(store.blobs.keys()) == []
    store.close()


def test_a_view_is_a_table_of_its_own(home: Path) -> None:
    """Members of the bodies are its columns, what a body lacks is NULL, and other shelves stay out."""
    store = open_store(home, SteppedClock(), views=[RULES])
    store.documents.save(Document(SHELF, "flood", {"metric": "messages", "over": 100, "on": True, "more": 1}))
    store.documents.save(Document(SHELF, "errors", {"metric": 'rate\'s "own"', "over": 0.5}))
    store.documents.save(Document("toy.other", "x", {"metric": "no"}))
    told = rows(home, "SELECT * FROM detection_rules ORDER BY key")
    assert told == [("errors", 'rate\'s "own"', 0.5, None), ("flood", "messages", 100, 1)]
    store.close()


def test_a_view_follows_its_domain(home: Path) -> None:
    """Opened with other columns it is made anew; opened by who knows no views it stays."""
    open_store(home, SteppedClock(), views=[RULES]).close()
    open_store(home, SteppedClock(), views=[View("detection_rules", SHELF, ("severity",))]).close()
    open_store(home, SteppedClock()).close()
    with closing(sqlite3.connect(home / DATABASE)) as connection:
        shown = connection.execute("SELECT * FROM detection_rules").description
    assert [name for name, *_ in shown] == ["key", "severity"]


def test_a_view_that_nobody_wants_goes(home: Path) -> None:
    """What a domain wants no more leaves the database; what people made themselves stays."""
    kept = View("kept_rules", SHELF, ("over",))
    open_store(home, SteppedClock(), views=[RULES, kept, View("keys_alone", SHELF, ())]).close()
    with closing(sqlite3.connect(home / DATABASE)) as connection:
        connection.execute("CREATE VIEW somebodys AS SELECT key FROM documents")
    open_store(home, SteppedClock(), views=[kept]).close()
    names = "SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY name"
    assert rows(home, names) == [("kept_rules",), ("somebodys",)]
    open_store(home, SteppedClock(), views=[]).close()
    assert rows(home, names) == [("somebodys",)]


@pytest.mark.parametrize(
    "view",
    [
        View("rules; DROP TABLE runs", SHELF, ("a",)),
        View("Rules", SHELF, ("a",)),
        View("sqlite_rules", SHELF, ("a",)),
        View("runs", SHELF, ("a",)),
        View("rules", "rules", ("a",)),
        View("rules", "toy.rules'", ("a",)),
        View("rules", SHELF, ("a", "a")),
        View("rules", SHELF, ("key",)),
        View("rules", SHELF, ("a b",)),
    ],
)
def test_a_view_that_cannot_be_is_refused(home: Path, view: View) -> None:
    """Its name is in the error."""
    with pytest.raises(ValueError, match=view.name[:5]):
        open_store(home, SteppedClock(), views=[view])


def test_two_views_of_one_name_are_refused(home: Path) -> None:
    """Two domains must not take each other's table."""
    with pytest.raises(ValueError, match="two views"):
        open_store(home, SteppedClock(), views=[RULES, View("detection_rules", "toy.other", ("a",))])


def test_the_views_of_the_domains_are_there(tmp_path: Path) -> None:
    """Whoever opens the services with domains finds their tables."""
    home = tmp_path / "home"
    domain = replace(DOMAIN, views=(View("toy_notes", "toy.notes", ("text",)),))
    with assembly.opened(load({}, home=home), domains=[domain]) as services:
        services.documents.save(Document("toy.notes", "first", {"text": "hello"}))
        assert rows(home, "SELECT * FROM toy_notes") == [("first", "hello")]


def test_a_domain_shows_its_own_documents_alone(tmp_path: Path) -> None:
    """A view over another domain's shelf is refused, and names both."""
    domain = replace(DOMAIN, views=(View("toy_notes", "toys.notes", ("text",)),))
    with pytest.raises(ValueError, match=r"domain toy: view toy_notes reads toys\.notes"):
        assembly.opened(load({}, home=tmp_path / "home"), domains=[domain]).__enter__()


def test_the_way_back(home: Path) -> None:
    """The migration can be undone, views and all, and done again."""
    open_store(home, SteppedClock(), views=[RULES]).close()
    database = SqliteDatabase(home / DATABASE)
    with database.write() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        command.downgrade(config, "0002")
    database.close()
    assert rows(home, "SELECT name FROM sqlite_master WHERE name IN ('documents', 'detection_rules')") == []
    store = open_store(home, SteppedClock(), views=[RULES])
    assert store.documents.save(Document(SHELF, "flood", {})).revision == 1
    assert rows(home, "SELECT key FROM detection_rules") == [("flood",)]
    store.close()
