"""The personal memory."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest

from samouk.edge.memory import PersonalMemory


def test_what_is_remembered_is_recalled_by_others_at_once(tmp_path: Path) -> None:
    """A correction is durable, and every process sees it without being told."""
    one, other = PersonalMemory(tmp_path / "m.json"), PersonalMemory(tmp_path / "m.json")
    assert other.recall(["k"]) == [None]
    one.remember("k", "icon")
    assert other.recall(["x", "k"]) == [None, "icon"]
    other.remember("k", "image")
    assert one.recall(["k"]) == ["image"]
    assert len(one) == 1


def test_the_oldest_correction_goes_first(tmp_path: Path) -> None:
    """The memory is bounded; a correction made again counts as new."""
    memory = PersonalMemory(tmp_path / "m.json", capacity=3)
    for key in ("a", "b", "c", "a", "d"):
        memory.remember(key, key.upper())
    assert memory.recall(["a", "b", "c", "d"]) == ["A", None, "C", "D"]


def test_undo_forgets_the_last_correction_alone(tmp_path: Path) -> None:
    """The last goes, the others stay, also for another process, and with none left there is nothing to undo."""
    memory = PersonalMemory(tmp_path / "m.json")
    for key in ("a", "b", "a"):
        memory.remember(key, f"label {key}")
    assert PersonalMemory(tmp_path / "m.json").undo() == "label a"
    assert memory.recall(["a", "b"]) == [None, "label b"]
    assert (memory.undo(), memory.undo()) == ("label b", None)


def test_no_fingerprint_is_not_remembered(tmp_path: Path) -> None:
    """What cannot be told from others is neither kept nor recalled."""
    memory = PersonalMemory(tmp_path / "m.json")
    memory.remember("", "icon")
    assert memory.recall([""]) == [None]
    assert not (tmp_path / "m.json").exists()


def test_the_file_holds_no_fingerprint(tmp_path: Path) -> None:
    """Fingerprints are salted, so that the file tells nobody which elements there were."""
    memory = PersonalMemory(tmp_path / "m.json")
    memory.remember("5e884898da28047151d0e56f8dc62927", "icon")
    assert "5e884898" not in (tmp_path / "m.json").read_text()
    assert stat.S_IMODE((tmp_path / "m.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", '{"labels": {"a": 1}, "salt": ""}', '{"labels": [], "salt": "zz"}'])
def test_a_spoilt_file_is_an_empty_memory(tmp_path: Path, text: str) -> None:
    """A file that cannot be read costs its corrections and nothing more."""
    path = tmp_path / "m.json"
    path.write_text(text)
    memory = PersonalMemory(path)
    assert memory.recall(["a"]) == [None]
    memory.remember("a", "icon")
    assert memory.recall(["a"]) == ["icon"]
    json.loads(path.read_text())


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    """Corrections made at the same time by several processes are all kept."""

    def work(first: int) -> None:
        memory = PersonalMemory(tmp_path / "m.json")
        for number in range(first, first + 5):
            memory.remember(str(number), "icon")

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 5, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert PersonalMemory(tmp_path / "m.json").recall([str(number) for number in range(15)]) == ["icon"] * 15


def test_forgetting_empties_it(tmp_path: Path) -> None:
    """After clear nothing is recalled and no file is left."""
    memory = PersonalMemory(tmp_path / "m.json")
    memory.remember("a", "icon")
    memory.clear()
    assert memory.recall(["a"]) == [None]
    assert not (tmp_path / "m.json").exists()
