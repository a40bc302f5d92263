"""The durable queue."""

from __future__ import annotations

import json
import os
import stat
import threading
import warnings
from pathlib import Path

import pytest

from samouk.edge import batchfile, wire
from samouk.edge.batchfile import BatchFile
from samouk.edge.spool import CORRECTION, Limits, Shelf, Spool
from samouk.edge.wire import Row

SHELF = Shelf("test.thing", 1, 3)


def rows(count: int, first: int = 0) -> list[Row]:
    return [
        {"n": number, "platform": "ios" if number % 4 == 0 else "android"} for number in range(first, first + count)
    ]


def kept(spool: Spool) -> list[int]:
    return sorted(int(str(row["n"])) for content in spool.contents() for row in content.rows)


def test_samples_are_on_disk_when_the_call_returns(tmp_path: Path) -> None:
    """Another spool over the same folder sees every acknowledged sample at once."""
    spool = Spool(tmp_path)
    assert spool.append(SHELF, rows(7)) == (7, False)
    assert kept(Spool(tmp_path)) == list(range(7))
    spool.close()


def test_a_batch_is_full_at_its_size(tmp_path: Path) -> None:
    """Samples beyond the batch size begin the next batch; no batch is larger."""
    spool = Spool(tmp_path, Limits(batch_size=10))
    assert spool.append(SHELF, rows(8)) == (8, False)
    assert spool.append(SHELF, rows(17, 8)) == (17, True)
    spool.close()
    assert sorted(len(content.rows) for content in spool.contents()) == [5, 10, 10]
    assert kept(spool) == list(range(25))


def test_batches_are_kept_apart(tmp_path: Path) -> None:
    """Groups, kinds and learners never share a batch."""
    spool = Spool(tmp_path)
    shelves = [SHELF, SHELF._replace(group=4), SHELF._replace(kind=CORRECTION), SHELF._replace(learner="other.thing")]
    for shelf in shelves:
        spool.append(shelf, rows(2))
        spool.append(shelf, rows(1))
    spool.close()
    headers = [content.header for content in spool.contents()]
    assert {Shelf(h.learner, h.schema, h.group, h.kind) for h in headers} == set(shelves)
    assert len(headers) == 4


def test_a_leftover_is_filled_by_the_next_process(tmp_path: Path) -> None:
    """A short batch that its process left is taken over, not abandoned."""
    first = Spool(tmp_path, Limits(batch_size=10))
    first.append(SHELF, rows(4))
    first.close()
    second = Spool(tmp_path, Limits(batch_size=10))
    second.append(SHELF, rows(4, 4))
    second.close()
    assert [len(content.rows) for content in second.contents()] == [8]


def test_two_processes_fill_batches_of_their_own(tmp_path: Path) -> None:
    """While one holds its batch, another begins its own; both are kept whole."""
    one, two = Spool(tmp_path), Spool(tmp_path)
    for start in range(0, 40, 2):
        one.append(SHELF, rows(1, start))
        two.append(SHELF, rows(1, start + 1))
    assert kept(one) == list(range(40))
    assert len(one.paths()) == 2
    one.close()
    two.close()


def test_a_forked_child_leaves_its_parents_batch_alone(tmp_path: Path) -> None:
    """After a fork, parent and child fill batches of their own."""
    spool = Spool(tmp_path)
    spool.append(SHELF, rows(1, 0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 warns of forking beside threads, of other tests too
        child = os.fork()
    if child == 0:
        spool.append(SHELF, rows(1, 1))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    spool.append(SHELF, rows(1, 2))
    assert kept(spool) == [0, 1, 2]
    assert len(spool.paths()) == 2
    spool.close()


def test_threads_lose_nothing(tmp_path: Path) -> None:
    """Many threads may append at once."""
    spool = Spool(tmp_path, Limits(batch_size=50))

    def work(first: int) -> None:
        for number in range(first, first + 60, 3):
            spool.append(SHELF, rows(3, number))

    threads = [threading.Thread(target=work, args=(first,)) for first in range(0, 240, 60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spool.close()
    assert kept(spool) == list(range(240))


def test_the_oldest_batches_go_when_the_queue_is_full(tmp_path: Path) -> None:
    """Beyond its bound in bytes the queue drops the oldest and counts them."""
    spool = Spool(tmp_path, Limits(batch_size=10, max_bytes=4_000))
    for start in range(0, 400, 10):
        spool.append(SHELF, rows(10, start))
    left = kept(spool)
    assert left == list(range(400 - len(left), 400))
    assert sum(path.stat().st_size for path in spool.paths()) <= 4_000
    dropped = [entry for entry in spool.receipts.entries().values() if entry.event == "dropped"]
    assert sum(entry.rows for entry in dropped) == 400 - len(left)


def test_the_number_of_batches_is_bounded(tmp_path: Path) -> None:
    """Beyond its bound in batches the queue drops the oldest."""
    spool = Spool(tmp_path, Limits(batch_size=1, max_batches=5))
    spool.append(SHELF, rows(12))
    assert kept(spool) == [7, 8, 9, 10, 11]


def test_a_deletion_request_is_never_dropped(tmp_path: Path) -> None:
    """A full queue drops samples, never a request to erase."""
    spool = Spool(tmp_path, Limits(batch_size=1, max_batches=2))
    spool.append(SHELF, rows(1))
    header = next(spool.contents()).header
    spool.receipts.receipt_for(header)
    spool.receipts.request_deletion(spool.receipts.entry(header))
    spool.append(SHELF, rows(20, 1))
    assert [deletion.batch_id for deletion in spool.receipts.deletions()] == [header.batch_id]


def test_a_sealed_batch_is_never_filled_again(tmp_path: Path) -> None:
    """Once a batch has been sealed, what comes goes into another."""
    spool = Spool(tmp_path)
    spool.append(SHELF, rows(2))
    spool.seal_open(0.0, "http://localhost")
    spool.append(SHELF, rows(2, 2))
    assert sorted(len(content.rows) for content in spool.contents()) == [2, 2]
    spool.close()


def test_a_settled_batch_whose_file_stayed_is_removed(tmp_path: Path) -> None:
    """A kill between the ledger and the file is tidied up, and nothing is sent or counted twice."""
    spool = Spool(tmp_path)
    spool.append(SHELF, rows(2))
    spool.close()
    spool.receipts.record(next(spool.contents()).header, event="sent", rows=2)
    assert kept(spool) == []
    assert spool.claim(spool.paths()[0]) is None
    assert spool.paths() == []


def test_torn_lines_are_counted(tmp_path: Path) -> None:
    """A torn tail is passed over, counted, and the batch filled on."""
    spool = Spool(tmp_path)
    spool.append(SHELF, rows(3))
    spool.close()
    path = spool.paths()[0]
    path.write_bytes(path.read_bytes()[:-12])
    spool.append(SHELF, rows(1, 9))
    assert kept(spool) == [0, 1, 9]
    assert sum(entry.torn for entry in spool.receipts.entries().values()) == 1
    json.loads(path.read_bytes())
    spool.close()


def test_a_refused_batch_is_kept_with_the_reason(tmp_path: Path) -> None:
    """What the server refused leaves the queue and lies readable beside its reason."""
    spool = Spool(tmp_path)
    spool.append(SHELF, rows(8))
    spool.close()
    claimed = spool.claim(spool.paths()[0])
    assert claimed is not None
    spool.settle(*claimed, "rejected", reason="columns.n: is not a field")
    assert spool.paths() == []
    name = claimed[0].path.stem
    assert json.loads((tmp_path / "rejected" / f"{name}.json").read_bytes())["samples"]
    assert "not a field" in (tmp_path / "rejected" / f"{name}.reason.txt").read_text()
    assert spool.receipts.entry(claimed[0].header).platforms == {"android": 6, "ios": 2}


def test_purging_takes_everything(tmp_path: Path) -> None:
    """A purge deletes what this and other processes hold, and both go on with fresh batches."""
    one, two = Spool(tmp_path), Spool(tmp_path)
    one.append(SHELF, rows(2))
    two.append(SHELF, rows(3, 2))
    assert one.purge() == 5
    assert kept(one) == []
    two.append(SHELF, rows(1, 9))
    assert kept(one) == [9]
    one.close()
    two.close()


def test_the_folder_is_private_and_stays_out_of_version_control(tmp_path: Path) -> None:
    """The cache is its owner's alone and git ignores it."""
    cache = tmp_path / "ml_cache"
    spool = Spool(cache)
    spool.append(SHELF, rows(1))
    spool.receipts.receipt_for(next(spool.contents()).header)
    spool.close()
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert (cache / ".gitignore").read_text() == "*\n"
    assert (cache / "training_samples" / ".gitignore").read_text() == "*\n"
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in cache.rglob("*.json*"))


def test_the_group_of_the_unknown_is_drawn_once(tmp_path: Path) -> None:
    """A cache keeps the group it drew; a spoilt file draws anew."""
    groups = {Spool(tmp_path / "a").own_group() for _ in range(5)}
    assert len(groups) == 1
    assert groups <= set(range(wire.GROUPS))
    (tmp_path / "a" / "client.json").write_text("{")
    assert Spool(tmp_path / "a").own_group() in range(wire.GROUPS)


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """Nothing is acknowledged when nothing can be stored."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        Spool(tmp_path / "file" / "cache").append(SHELF, rows(1))


def test_junk_in_the_folder_is_dropped_before_samples(tmp_path: Path) -> None:
    """A file that is no batch is in nobody's way and goes when room is needed."""
    spool = Spool(tmp_path, Limits(batch_size=1, max_batches=2))
    spool.append(SHELF, rows(1))
    junk = spool.samples / "batch_junk.json"
    junk.write_bytes(b"\x00")
    os.utime(junk, (0, 0))
    spool.append(SHELF, rows(1, 1))
    assert not junk.exists()
    assert kept(spool) == [0, 1]


@pytest.mark.parametrize(
    "bad", [{"batch_size": 0}, {"batch_size": 5_001}, {"max_bytes": 0}, {"correction_batch_size": 0}]
)
def test_impossible_limits_are_refused(bad: dict[str, int]) -> None:
    """Limits that no server or disk could keep are an error."""
    with pytest.raises(ValueError, match="must"):
        Limits(**bad)


def test_the_receipt_survives_a_torn_ledger(tmp_path: Path) -> None:
    """A line that a crash tore spoils no other; a receipt is the same ever after."""
    spool = Spool(tmp_path)
    spool.append(SHELF, rows(1))
    header = next(spool.contents()).header
    receipt = spool.receipts.receipt_for(header)
    with (tmp_path / "receipts.jsonl").open("ab") as ledger:
        ledger.write(b'{"batch_id":"x","ev')
    assert Spool(tmp_path).receipts.receipt_for(header) == receipt
    spool.seal_open(5.0, "http://localhost")
    entry = Spool(tmp_path).receipts.entry(header)
    assert (entry.receipt, entry.event, entry.not_before) == (receipt, "sealed", 5.0)
    assert BatchFile.adopt(spool.paths()[0]) is not None
    assert batchfile.read_header(spool.paths()[0]) == header


def test_only_so_many_refused_batches_are_kept(tmp_path: Path) -> None:
    """A server that refuses everything does not fill the disk."""
    spool = Spool(tmp_path, Limits(batch_size=1))
    spool.append(SHELF, rows(25))
    for path in spool.paths():
        claimed = spool.claim(path)
        assert claimed is not None
        spool.settle(*claimed, "rejected", reason="no")
    assert len(list((tmp_path / "rejected").glob("batch_*.json"))) == 20
    assert len(list((tmp_path / "rejected").iterdir())) == 40
    assert sum(entry.rows for entry in spool.receipts.entries().values()) == 25


def test_drafts_that_a_kill_left_go(tmp_path: Path) -> None:
    """An old draft goes with the next batch, and every draft with a purge."""
    spool = Spool(tmp_path)
    spool.append(SHELF, rows(1))
    old, young = spool.samples / ".old.tmp", spool.samples / ".young.tmp"
    old.write_text("x")
    os.utime(old, (0, 0))
    young.write_text("x")
    spool.append(SHELF._replace(group=9), rows(1))
    assert (old.exists(), young.exists()) == (False, True)
    spool.purge()
    assert not young.exists()
