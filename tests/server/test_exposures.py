"""The sink of exposures: what was put is in the journal in the end, whatever happens to the server or the disk."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from samouk.loop.exposure import new_event_id
from samouk.loop.live import Exposure, Variant
from samouk.loop.ports import StoreUnavailable
from samouk.server import exposures as module
from samouk.server.exposures import Exposures
from samouk.server.problems import Problem
from samouk.store.clock import SteppedClock
from samouk.store.memory_live import MemoryJournal

SECRET = bytes(32)


def exposure(n: int = 0, **changes: object) -> Exposure:
    """One whose every field is told."""
    made = Exposure(
        event_id=new_event_id(SECRET, SteppedClock().now()),
        learner="toy.half",
        version="v1.0",
        variant=Variant.CONTROL,
        unit=f"{n:016x}",
        group=n % 16,
        at=SteppedClock().now(),
        score=0.25,
        propensity=0.5,
        row={"value": 0.5, "size": 3, "lit": None, "flag": True, "answer": "above\n\u2028"},
        latency_ms=0.4,
        rollout="r",
        step=1,
        shadows={"v1.1": 0.75, "v1.2": math.nan},
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


class Reluctant(MemoryJournal):
    """A journal that can be told to refuse."""

    def __init__(self) -> None:
        super().__init__(SteppedClock())
        self.refuses = False
        self.commits: list[int] = []

    def expose(self, exposures: Sequence[Exposure]) -> int:
        if self.refuses:
            raise StoreUnavailable("planted")
        self.commits.append(len(exposures))
        return super().expose(exposures)


@pytest.fixture
def journal() -> Reluctant:
    return Reluctant()


@pytest.fixture
def sink(journal: Reluctant, tmp_path: Path) -> Iterator[Exposures]:
    made = Exposures(journal, tmp_path)
    made.start()
    yield made
    journal.refuses = False
    made.close()


def put(sink: Exposures, exposures: Sequence[Exposure]) -> None:
    asyncio.run(sink.put(exposures))


def within(seconds: float, what: object) -> bool:
    """Whether ``what()`` becomes true in that time."""
    until = time.monotonic() + seconds
    while not what():  # type: ignore[operator]
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


def lines(folder: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("*.lines"))


def test_in_the_journal_in_a_moment(sink: Exposures, journal: Reluctant, tmp_path: Path) -> None:
    """Many requests share a commit, and what is committed leaves the folder."""
    put_ones = [exposure(n) for n in range(300)]
    for one in put_ones:
        put(sink, [one])
    assert within(60, lambda: all(journal.exposure(one.event_id) for one in put_ones))
    assert len(journal.commits) < 100
    assert within(60, lambda: lines(tmp_path) == 0)


def test_settle(sink: Exposures, journal: Reluctant) -> None:
    """Whoever must find an exposure in the journal can have it there at once."""
    one = exposure()
    put(sink, [one])
    sink.settle()
    assert journal.exposure(one.event_id) is not None


def test_without_a_folder(journal: Reluctant) -> None:
    """Straight to the journal, and committed when put returns."""
    sink = Exposures(journal)
    sink.start()
    one = exposure()
    put(sink, [one])
    assert journal.exposure(one.event_id) is not None
    sink.settle()
    sink.close()


def test_every_field_survives_the_file(journal: Reluctant, tmp_path: Path) -> None:
    """What a dead server left is the same to the last field, scores that are no number included."""
    journal.refuses = True
    dead = Exposures(journal, tmp_path / "dead")
    dead.start()
    kept = [exposure(1), exposure(2, score=math.nan, failed=True, rollout=None, step=-1, shadows={})]
    put(dead, kept)
    (name,) = [path for path in (tmp_path / "dead").glob("*.lines") if path.stat().st_size]
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / name.name).write_bytes(name.read_bytes())
    heir = Exposures(MemoryJournal(SteppedClock()), tmp_path / "home")
    heir.start()
    assert (heir.replayed, heir.torn) == (2, 0)
    for one in kept:
        found = heir._journal.exposure(one.event_id)
        assert repr(found) == repr(one)  # NaN is not equal to itself
    heir.close()
    journal.refuses = False
    dead.close()
    assert all(journal.exposure(one.event_id) for one in kept)


def test_torn_lines(journal: Reluctant, tmp_path: Path) -> None:
    """A line that was cut off, at any byte, is skipped and counted; the others are kept once."""
    whole = [module._encode(exposure(n)) for n in range(3)]
    for number, cut in enumerate(range(1, len(whole[2]) - 1, 37)):
        (tmp_path / f"{number}.lines").write_bytes(whole[0] + b"\n" + whole[1] + b"\n" + whole[2][:cut])
    (tmp_path / "zeros.lines").write_bytes(bytes(4096))
    files = len(list(tmp_path.glob("*.lines")))
    sink = Exposures(journal, tmp_path)
    sink.start()
    assert sink.torn == files
    assert sum(journal.commits) == 2 * (files - 1)
    assert len(journal._exposures) == 2
    assert len(list(tmp_path.glob("*.lines"))) == 2  # its own
    sink.close()
    assert not list(tmp_path.glob("*.lines"))


def test_two_servers_one_folder(journal: Reluctant, tmp_path: Path) -> None:
    """A server that starts leaves the files of one that lives alone."""
    journal.refuses = True
    first, second = Exposures(journal, tmp_path), Exposures(Reluctant(), tmp_path)
    first.start()
    one = exposure()
    put(first, [one])
    second.start()
    assert second.replayed == 0
    second.close()
    assert lines(tmp_path) == 1
    journal.refuses = False
    first.settle()
    assert journal.exposure(one.event_id) is not None
    first.close()


def test_journal_out_of_order(sink: Exposures, journal: Reluctant, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the journal refuses, exposures wait on disk, so many and no more; afterwards each is there once."""
    monkeypatch.setattr(module, "RETRY_S", 0.05)
    sink._limit = 20
    journal.refuses = True
    kept = [exposure(n) for n in range(20)]
    for one in kept:
        put(sink, [one])
    with pytest.raises(Problem) as caught:
        put(sink, [exposure()])
    assert (caught.value.status, caught.value.headers) == (503, {"Retry-After": "5"})
    assert within(60, lambda: sink.failures > 1)
    with pytest.raises(StoreUnavailable):
        sink.settle()
    journal.refuses = False
    assert within(60, lambda: all(journal.exposure(one.event_id) for one in kept))
    put(sink, [exposure()])


def test_what_cannot_be_committed_stays_for_the_next_start(journal: Reluctant, tmp_path: Path) -> None:
    """A server that stops while the journal refuses leaves its lines behind."""
    journal.refuses = True
    sink = Exposures(journal, tmp_path)
    sink.start()
    one = exposure()
    put(sink, [one])
    sink.close()
    assert lines(tmp_path) == 1
    journal.refuses = False
    heir = Exposures(journal, tmp_path)
    heir.start()
    assert heir.replayed == 1
    assert journal.exposure(one.event_id) is not None
    heir.close()


def test_a_replay_that_fails_keeps_the_lines(journal: Reluctant, tmp_path: Path) -> None:
    """A start over a journal that refuses says so and loses nothing; the next one brings them in."""
    (tmp_path / "old.lines").write_bytes(module._encode(exposure()) + b"\n")
    journal.refuses = True
    with pytest.raises(StoreUnavailable):
        Exposures(journal, tmp_path).start()
    journal.refuses = False
    heir = Exposures(journal, tmp_path)
    heir.start()
    assert heir.replayed == 1
    heir.close()


def test_full_disk(sink: Exposures, journal: Reluctant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails half-way is undone and told; the lines before and after it are whole."""
    journal.refuses = True
    first, lost, after = exposure(1), exposure(2), exposure(3)
    put(sink, [first])
    real = os.write
    calls: list[int] = []

    def write(descriptor: int, data: bytes) -> int:
        calls.append(1)
        if len(calls) == 1:
            return real(descriptor, bytes(data)[:50])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        with pytest.raises(OSError, match="No space left"):
            put(sink, [lost])
    put(sink, [after])
    found = b"".join(path.read_bytes() for path in tmp_path.glob("*.lines"))
    assert [after.event_id.encode() in found, lost.event_id.encode() in found] == [True, False]
    journal.refuses = False
    sink.settle()
    assert [bool(journal.exposure(one.event_id)) for one in (first, lost, after)] == [True, False, True]


def test_from_many_threads(sink: Exposures, journal: Reluctant) -> None:
    """Domain routes may put from threads of their own: none is lost and none is there twice."""
    made = [[exposure(n * 100 + k) for k in range(100)] for n in range(4)]

    def send(mine: list[Exposure]) -> None:
        for one in mine:
            put(sink, [one])

    threads = [threading.Thread(target=send, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sink.settle()
    assert sum(journal.commits) == 400 == len(journal._exposures)


_KILLED = """
import asyncio, sys
from pathlib import Path
from tests.server.test_exposures import Reluctant, exposure
from samouk.server.exposures import Exposures
journal = Reluctant()
journal.refuses = True
sink = Exposures(journal, Path(sys.argv[1]))
sink.start()
while True:
    one = exposure()
    asyncio.run(sink.put([one]))
    print(one.event_id, flush=True)
"""


def test_killed(tmp_path: Path) -> None:
    """Killed with -9 in the middle of it: whatever was put is found by the next start."""
    with subprocess.Popen([sys.executable, "-c", _KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline().strip() for _ in range(200)]
        os.kill(process.pid, signal.SIGKILL)
        told += [line.strip() for line in process.stdout if line.endswith("\n")]
    journal = Reluctant()
    heir = Exposures(journal, tmp_path)
    heir.start()
    assert len(told) >= 200
    assert all(journal.exposure(event_id) for event_id in told)
    heir.close()
