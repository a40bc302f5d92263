"""What a guard remembers: the same in a folder and in the platform's store, and clear words when it is spoilt."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from samouk import assembly
from samouk.domains.traffic.detect.book import KEPT
from samouk.domains.traffic.detect.rules import DEFAULT_RULES
from samouk.domains.traffic.features import Features
from samouk.domains.traffic.keeping import (
    ALERTS_SHELF,
    RULE_COLUMNS,
    RULES_SHELF,
    FolderKeeping,
    Keeping,
    StoreKeeping,
    Unreadable,
)
from samouk.domains.traffic.records import Alert, Severity, Standing
from samouk.loop.ports import Document
from samouk.settings import load
from samouk.store.memory import memory_services

Opened = Callable[[], Keeping]


@pytest.fixture(params=["folder", "store"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    """Opens the same place again and again, as restarts would."""
    services = memory_services()
    if request.param == "folder":
        return lambda: FolderKeeping(tmp_path / "guard")
    return lambda: StoreKeeping(services.documents, services.blobs)


def alert(number: int, standing: Standing = Standing.OPEN) -> Alert:
    one = Alert(
        f"{number:032x}", "anna", float(number), 0.9, Severity.HIGH, "message_flood", ("many",), Features(300), "v1.0"
    )
    return replace(one, standing=standing)


def test_nothing_was_kept_yet(opened: Opened) -> None:
    """An empty place is a fresh start, not an error."""
    keeping = opened()
    assert (keeping.rules(), keeping.alerts(), keeping.state()) == (None, [], {})


def test_everything_is_there_after_a_restart(opened: Opened) -> None:
    """Rules in force, alerts oldest first with their last word, and the bytes of the state."""
    keeping = opened()
    rules = tuple(replace(rule, threshold=rule.threshold / 2) for rule in DEFAULT_RULES[:3])
    keeping.keep_rules(DEFAULT_RULES)
    keeping.keep_rules(rules)
    alerts = [alert(1), alert(2)]
    keeping.keep_alerts(alerts, alerts)
    said = alert(1, standing=Standing.CONFIRMED)
    keeping.keep_alerts([said], [said, alerts[1]])
    keeping.keep_alerts([], [])
    keeping.keep_state([("a", b"first")])
    keeping.keep_state([("a", b"second"), ("b", bytes(1_000))])
    again = opened()
    assert set(again.rules() or ()) == set(rules)
    assert again.alerts() == [said, alert(2)]
    assert again.state() == {"a": b"second", "b": bytes(1_000)}


def test_a_folder_keeps_whole_files_for_their_owner(tmp_path: Path) -> None:
    """No drafts are left behind, and nobody else reads what is normal for whom."""
    keeping = FolderKeeping(tmp_path / "guard")
    keeping.keep_rules(DEFAULT_RULES)
    keeping.keep_state([("a", b"x")])
    files = sorted(path.name for path in (tmp_path / "guard").iterdir())
    assert files == ["detection_rules.json", "state.npz"]
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "guard").iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("detection_rules.json", b"{"),
        ("detection_rules.json", b"[]"),
        ("detection_rules.json", b'[{"name": "x"}]'),
        ("detection_rules.json", b"\xff\xfe"),
        ("alerts.json", b'{"a": 1}'),
        ("alerts.json", b"[" * 100_000),
        ("state.npz", b""),
        ("state.npz", b"PK\x03\x04 torn"),
    ],
)
def test_a_spoilt_file_is_named_with_its_remedy_and_put_aside(tmp_path: Path, name: str, data: bytes) -> None:
    """The error names the file and says what to do; its successor does not overwrite it."""
    (tmp_path / name).write_bytes(data)
    keeping = FolderKeeping(tmp_path)
    read = {"detection_rules.json": keeping.rules, "alerts.json": keeping.alerts, "state.npz": keeping.state}[name]
    with pytest.raises(Unreadable, match=rf"{name}.*remove the file") as error:
        read()
    assert "correct it" in str(error.value) or "anew" in str(error.value) or "new book" in str(error.value)
    keeping.keep_rules(DEFAULT_RULES)
    keeping.keep_alerts([alert(1)], [alert(1)])
    keeping.keep_state([("a", b"x")])
    read()
    aside = [path for path in tmp_path.iterdir() if "unreadable" in path.name]
    assert [path.read_bytes() for path in aside] == [data]


def test_bytes_that_were_changed_are_noticed(tmp_path: Path) -> None:
    """A state with one bit turned is no state."""
    keeping = FolderKeeping(tmp_path)
    keeping.keep_state([("a", bytes(1_000))])
    path = tmp_path / "state.npz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(Unreadable):
        keeping.state()


def test_an_alert_that_cannot_be_read_spoils_no_other(tmp_path: Path) -> None:
    """It is left out, and said in the log."""
    keeping = FolderKeeping(tmp_path)
    keeping.keep_alerts([alert(1)], [alert(1), alert(2)])
    path = tmp_path / "alerts.json"
    kept = json.loads(path.read_text())
    path.write_text(json.dumps([{**kept[0], "severity": "fatal"}, 7, kept[1]]))
    assert keeping.alerts() == [alert(2)]


def test_the_shelf_is_a_table_of_rules() -> None:
    """Every rule is a document with the columns of the table; spoilt ones are an error with a remedy."""
    services = memory_services()
    keeping = StoreKeeping(services.documents, services.blobs)
    keeping.keep_rules(DEFAULT_RULES)
    shelf = services.documents.shelf(RULES_SHELF)
    assert {document.key for document in shelf} == {rule.name for rule in DEFAULT_RULES}
    assert all(tuple(document.body) == RULE_COLUMNS for document in shelf)
    revisions = {document.key: document.revision for document in shelf}
    keeping.keep_rules((replace(DEFAULT_RULES[0], threshold=7), *DEFAULT_RULES[1:]))
    changed = [one.key for one in services.documents.shelf(RULES_SHELF) if one.revision != revisions[one.key]]
    assert changed == ["message_flood"]
    services.documents.save(Document(RULES_SHELF, "odd", {"name": "odd"}))
    with pytest.raises(Unreadable, match="put the rules anew"):
        keeping.rules()


def test_the_store_is_bounded() -> None:
    """Old alerts go, and so do the bytes of old states."""
    services = memory_services()
    keeping = StoreKeeping(services.documents, services.blobs)
    many = [alert(number) for number in range(KEPT + 5)]
    keeping.keep_alerts(many, many)
    assert len(services.documents.shelf(ALERTS_SHELF)) == KEPT
    for number in range(5):
        keeping.keep_state([("a", bytes([number])), ("b", b"stays")])
    assert len(list(services.blobs.keys())) == 2
    services.blobs.delete(next(iter(services.blobs.keys())))
    with pytest.raises(Unreadable, match="anew"):
        keeping.state()


def test_the_state_outlives_the_opening_of_the_store(tmp_path: Path) -> None:
    """Whoever opens the home next sweeps away what nobody names; the parts of the state are named."""
    settings = load({}, home=tmp_path / "home")
    with assembly.opened(settings) as services:
        StoreKeeping(services.documents, services.blobs).keep_state([("a", b"first"), ("b", b"second")])
        orphan = services.blobs.put(b"of nobody")
    for _ in range(2):
        with assembly.opened(settings) as services:
            assert StoreKeeping(services.documents, services.blobs).state() == {"a": b"first", "b": b"second"}
            assert orphan not in list(services.blobs.keys())


def test_a_save_that_fails_leaves_what_was_kept_and_nothing_else(opened: Opened, tmp_path: Path) -> None:
    """Neither the state before it nor the room on the disk suffers."""
    keeping = opened()
    keeping.keep_state([("a", b"before")])

    def torn() -> Iterator[tuple[str, bytes]]:
        yield "a", b"after"
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        keeping.keep_state(torn())
    assert opened().state() == {"a": b"before"}
    if isinstance(keeping, StoreKeeping):
        assert len(list(keeping._blobs.keys())) == 1
    else:
        assert [path.name for path in (tmp_path / "guard").iterdir()] == ["state.npz"]
