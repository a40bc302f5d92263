"""Several processes over one home, and processes that die at any moment."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.contracts.making import LEARNER, act, batch
from tests.store import processes
from tests.store.rescan import found

from samouk.loop.records import BatchEntry, Stored
from samouk.store.clock import SystemClock
from samouk.store.sql import Store, open_store


def whole(store: Store) -> list[BatchEntry]:
    """Every entry, after a check that each is there once, can be read and is counted."""
    entries = store.log.entries(LEARNER)
    assert len({entry.batch_id for entry in entries}) == len(entries)
    assert [entry.sequence for entry in entries] == sorted({entry.sequence for entry in entries})
    assert [len(columns["flag"]) for _, columns in store.log.read(entries)] == [entry.rows for entry in entries]
    stats = store.log.stats(LEARNER)
    assert (stats.total_batches, stats.total_samples) == (len(entries), sum(entry.rows for entry in entries))
    return entries


def numbers(entries: Iterable[BatchEntry]) -> set[int]:
    """Numbers of the batches."""
    return {int(entry.batch_id[:8], 16) for entry in entries}


def test_two_processes_append_at_once(home: Path) -> None:
    """Nothing is lost, what both send is stored once, and the audit stays one chain."""
    shared = range(10, 30)
    children = [processes.start(processes.append, home, sent) for sent in (range(30), range(10, 40))]
    for _, pipe in children:
        pipe.send("go")
    told = [[pipe.recv() for _ in range(30)] for _, pipe in children]
    for process, _ in children:
        process.join()
    store = open_store(home, SystemClock())
    assert numbers(whole(store)) == set(range(40))
    assert sum(outcomes.count(Stored.DUPLICATE) for outcomes in told) == len(shared)
    assert (len(store.audit.entries()), store.audit.verify()) == (60, None)
    store.close()


def test_threads_share_one_store(store: Store) -> None:
    """Many threads append, act and read over one store without losing or mixing anything."""

    def work(first: int) -> None:
        for number in range(first, first + 10):
            store.log.append([batch(number)])
            store.audit.append(act(number))
            store.log.stats(LEARNER)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(0, 80, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers(whole(store)) == set(range(80))
    assert store.audit.verify() is None


def test_one_process_wins_each_lease(home: Path) -> None:
    """Of three processes that ask at once, exactly one gets each name."""
    names = [f"lease {number}" for number in range(20)]
    children = [processes.start(processes.acquire, home, names) for _ in range(3)]
    for _, pipe in children:
        assert pipe.recv() == "ready"
    for _, pipe in children:
        pipe.send("go")
    taken = [name for _, pipe in children for name in pipe.recv()]
    for process, _ in children:
        process.join()
    assert sorted(taken) == sorted(names)


def test_processes_that_start_at_once_make_one_home(home: Path) -> None:
    """A first start of four processes at the same moment migrates once and breaks nothing."""
    children = [processes.start(processes.acquire, home, []) for _ in range(4)]
    assert [pipe.recv() for _, pipe in children] == ["ready"] * 4
    for process, pipe in children:
        pipe.send("go")
        pipe.recv()
        process.join()
        assert process.exitcode == 0


def test_without_room_nothing_is_lost(home: Path) -> None:
    """When files cannot grow the append is refused in clear words; what was stored stays, and room is used again."""
    process, pipe = processes.start(processes.write_without_room, home, 100_000)
    stored, refusal, later = pipe.recv()
    process.join()
    assert "space" in refusal
    assert later == [Stored.STORED]
    store = open_store(home, SystemClock())
    assert numbers(whole(store)) == {*stored, 5_000}
    store.close()


def killed(home: Path, first: int, wait: float) -> tuple[set[int], set[int], set[int]]:
    """Kill a writer after its first word and so many seconds; numbers it called stored, erasing and erased."""
    process, pipe = processes.start(processes.append_and_erase, home, first, 1_000)
    told: dict[str, set[int]] = {"stored": set(), "erasing": set(), "erased": set()}
    try:
        assert pipe.poll(30)
        time.sleep(wait)
        process.kill()
        while True:
            step, number = pipe.recv()
            told[step].add(number)
    except (EOFError, ConnectionResetError):
        process.join()
    members = {number + offset for number in told["stored"] for offset in range(processes.GROUP)}
    return members, told["erasing"], told["erased"]


def check_after(home: Path, first: int, told: tuple[set[int], set[int], set[int]]) -> None:
    """Open the home again and hold it to what the dead writer had said."""
    members, erasing, erased = told
    store = open_store(home, SystemClock())
    kept = {number for number in numbers(whole(store)) if number >= first}
    gone = {int(erasure.batch_id[:8], 16) for erasure in store.log.erasures(LEARNER)}
    assert members - erasing <= kept
    assert erased <= gone
    assert not kept & gone
    assert gone | kept >= members
    # The last commit may have gone through without a word: whole groups, or none of them.
    assert all((number // processes.GROUP * processes.GROUP) in kept for number in kept)
    assert len(kept | {number for number in gone if number >= first}) % processes.GROUP == 0
    for number in list(erased)[-2:]:
        assert found(home, batch(number, rows=20)) == []
    assert not list(home.rglob("*.unfinished"))
    store.close()


def kill_many_times(home: Path, kills: int) -> None:
    """Kill writer after writer at random moments and check after each."""
    chance = random.Random(7)
    for kill in range(kills):
        first = kill * 3_000
        check_after(home, first, killed(home, first, chance.uniform(0, 0.12)))


def test_writers_that_are_killed_lose_and_double_nothing(home: Path) -> None:
    """Twenty kill -9 in the middle of appends and erasures: nothing lost, doubled, torn or left over."""
    kill_many_times(home, 20)


@pytest.mark.slow
def test_a_hundred_killed_writers_lose_and_double_nothing(home: Path) -> None:
    """The same with a hundred kills."""
    kill_many_times(home, 100)
