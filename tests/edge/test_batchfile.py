"""One batch on disk."""

from __future__ import annotations

import json
import resource
import signal
import stat
from pathlib import Path

import pytest

from samouk.edge import batchfile
from samouk.edge.batchfile import TAIL, BatchFile, Header
from samouk.edge.wire import Row

HEADER = Header("5f0c3a52-0000-4000-8000-000000000001", "test.thing", 1, 3, "auto")


def rows(first: int, count: int) -> list[Row]:
    return [{"n": number, "word": "é,]}", "none": None} for number in range(first, first + count)]


def numbers(path: Path) -> list[object]:
    content = batchfile.read(path)
    assert content is not None
    return [row["n"] for row in content.rows]


def test_the_file_is_json_after_every_call(tmp_path: Path) -> None:
    """Between any two calls the file is one JSON document with a sample a line."""
    batch = BatchFile.create(tmp_path, HEADER, rows(0, 2))
    for start in (2, 5, 8):
        batch.append(rows(start, 3))
        document = json.loads(batch.path.read_bytes())
        assert [row["n"] for row in document["samples"]] == list(range(start + 3))
        assert len(batch.path.read_bytes().splitlines()) == start + 3 + 2
    assert stat.S_IMODE(batch.path.stat().st_mode) == 0o600
    batch.close()


def test_a_batch_may_begin_empty(tmp_path: Path) -> None:
    """A batch without a sample is JSON too, and takes samples."""
    batch = BatchFile.create(tmp_path, HEADER, [])
    assert json.loads(batch.path.read_bytes())["samples"] == []
    batch.append(rows(0, 1))
    assert numbers(batch.path) == [0]
    batch.close()


def test_a_write_torn_at_any_byte_costs_no_earlier_sample(tmp_path: Path) -> None:
    """Wherever a kill cuts the appending write, every earlier sample is read and the batch can be filled on."""
    batch = BatchFile.create(tmp_path, HEADER, rows(0, 3))
    before = batch.path.read_bytes()
    batch.append(rows(3, 2))
    after = batch.path.read_bytes()
    batch.close()
    start = len(before) - len(TAIL)
    for cut in range(len(after) - start + 1):
        batch.path.write_bytes(after[: start + cut] + before[start + cut :])
        adopted = BatchFile.adopt(batch.path)
        assert adopted is not None
        taken, content = adopted
        kept = [row["n"] for row in content.rows]
        assert kept in ([0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4])
        assert content.torn <= 2
        taken.append(rows(9, 1))
        assert [row["n"] for row in json.loads(batch.path.read_bytes())["samples"]] == [*kept, 9]
        taken.close()


def test_a_file_cut_at_any_byte_gives_its_whole_lines(tmp_path: Path) -> None:
    """A file that lost its end still gives every line that is whole."""
    batch = BatchFile.create(tmp_path, HEADER, rows(0, 3))
    data = batch.path.read_bytes()
    batch.close()
    first = data.index(b"\n")
    for cut in range(len(data)):
        content = batchfile.parse(data[:cut])
        assert (content is None) == (cut < first)
        if content is not None:
            assert [row["n"] for row in content.rows] == list(range(len(content.rows)))
            assert len(content.rows) >= data[:cut].count(b"},\n")


def test_a_line_spoilt_in_the_middle_is_passed_over(tmp_path: Path) -> None:
    """A spoilt line costs itself alone; such a batch may be sent but not filled."""
    batch = BatchFile.create(tmp_path, HEADER, rows(0, 3))
    lines = batch.path.read_bytes().split(b"\n")
    lines[2] = b"\xff{oops,"
    batch.close()
    batch.path.write_bytes(b"\n".join(lines))
    adopted = BatchFile.adopt(batch.path)
    assert adopted is not None
    assert [row["n"] for row in adopted[1].rows] == [0, 2]
    assert adopted[1].torn == 1
    assert not adopted[0].fillable
    adopted[0].close()


@pytest.mark.parametrize("junk", [b"", b"\n", b"[]", b"nothing", b'{"batch_id":1}', b'{"samples":[\n]}'])
def test_junk_is_no_batch(tmp_path: Path, junk: bytes) -> None:
    """A file whose first line cannot be read is no batch, and nobody holds it."""
    path = tmp_path / HEADER.file_name
    path.write_bytes(junk)
    assert batchfile.read(path) is None
    assert batchfile.read_header(path) is None
    assert BatchFile.adopt(path) is None


def test_a_held_batch_is_not_taken_over(tmp_path: Path) -> None:
    """One batch has one holder; it is free when that one lets go."""
    batch = BatchFile.create(tmp_path, HEADER, rows(0, 1))
    assert BatchFile.adopt(batch.path) is None
    batch.close()
    adopted = BatchFile.adopt(batch.path)
    assert adopted is not None
    adopted[0].close()


def test_a_deleted_batch_is_not_filled(tmp_path: Path) -> None:
    """A batch that was purged under its holder says so."""
    batch = BatchFile.create(tmp_path, HEADER, rows(0, 1))
    batch.path.unlink()
    assert not batch.fillable
    batch.close()


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """When the system takes only part of a write, the batch is as before and takes samples again later."""
    batch = BatchFile.create(tmp_path, HEADER, rows(0, 3))
    before = batch.path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 40, limits[1]))
    try:
        with pytest.raises(OSError, match="large"):
            batch.append(rows(3, 5))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, old)
    assert batch.path.read_bytes() == before
    batch.append(rows(3, 1))
    assert numbers(batch.path) == [0, 1, 2, 3]
    batch.close()


def test_no_draft_is_left_when_a_batch_cannot_be_made(tmp_path: Path) -> None:
    """A sample that is no JSON leaves nothing behind."""
    with pytest.raises(ValueError, match="JSON"):
        BatchFile.create(tmp_path, HEADER, [{"n": float("nan")}])
    assert list(tmp_path.iterdir()) == []
