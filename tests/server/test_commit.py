"""Group commit: nobody is answered before the disk has promised, and nobody is answered for another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from tests.server import toy

from samouk.loop.columns import to_columns
from samouk.loop.records import Batch, Stored
from samouk.server.commit import GroupCommit
from samouk.server.problems import Busy


def batch() -> Batch:
    upload = toy.upload(1)
    columns = to_columns(toy.SCHEMA, upload.columns)
    return Batch(upload.batch_id, upload.learner, 2, upload.group, upload.receipt_hash, columns)


class Disk:
    """A log whose commits wait until they are let go, and which notes the groups that it was given."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.gate = threading.Event()
        self.error: Exception | None = None

    def append(self, batches: Sequence[Batch]) -> list[Stored]:
        self.groups.append([one.batch_id for one in batches])
        assert self.gate.wait(10)
        if self.error:
            raise self.error
        return [Stored.DUPLICATE if one.group == 2 else Stored.STORED for one in batches]


async def started(commit: GroupCommit[Batch, Stored], batches: Sequence[Batch]) -> list[asyncio.Task[Stored]]:
    tasks = [asyncio.create_task(commit.store(one)) for one in batches]
    await asyncio.sleep(0)
    return tasks


def run(scenario: Any) -> None:
    """Play a scenario on a loop of its own, and close the commit thread after it."""

    async def play() -> None:
        disk = Disk()
        commit = GroupCommit(disk.append, group=3, waiting=8)
        try:
            await scenario(disk, commit)
        finally:
            disk.gate.set()
            commit.close()

    asyncio.run(play())


def test_groups() -> None:
    """What arrives while a commit runs goes into the next ones together, none above the limit, in order."""

    async def scenario(disk: Disk, commit: GroupCommit[Batch, Stored]) -> None:
        batches = [batch() for _ in range(8)]
        tasks = await started(commit, batches)
        assert not any(task.done() for task in tasks)
        disk.gate.set()
        assert await asyncio.gather(*tasks) == [Stored.STORED] * 8
        assert [one for group in disk.groups for one in group] == [one.batch_id for one in batches]
        assert max(map(len, disk.groups)) <= 3
        assert len(disk.groups) < 8

    run(scenario)


def test_own_answer() -> None:
    """Each sender of a group is told what became of its own batch."""

    async def scenario(disk: Disk, commit: GroupCommit[Batch, Stored]) -> None:
        from dataclasses import replace

        tasks = await started(commit, [batch(), replace(batch(), group=2), batch()])
        disk.gate.set()
        assert await asyncio.gather(*tasks) == [Stored.STORED, Stored.DUPLICATE, Stored.STORED]

    run(scenario)


def test_full() -> None:
    """Beyond the limit the sender is told to come again, and room is made by answers."""

    async def scenario(disk: Disk, commit: GroupCommit[Batch, Stored]) -> None:
        tasks = await started(commit, [batch() for _ in range(8)])
        with pytest.raises(Busy):
            await commit.store(batch())
        disk.gate.set()
        await asyncio.gather(*tasks)
        assert await commit.store(batch()) is Stored.STORED

    run(scenario)


def test_error() -> None:
    """A failed commit fails all of its group, and the next one is tried anew."""

    async def scenario(disk: Disk, commit: GroupCommit[Batch, Stored]) -> None:
        disk.error = OSError(28, "full")
        tasks = await started(commit, [batch() for _ in range(2)])
        disk.gate.set()
        assert [type(end) for end in await asyncio.gather(*tasks, return_exceptions=True)] == [OSError, OSError]
        disk.error = None
        assert await commit.store(batch()) is Stored.STORED

    run(scenario)


def test_hang_up() -> None:
    """A sender that hangs up takes no other with it."""

    async def scenario(disk: Disk, commit: GroupCommit[Batch, Stored]) -> None:
        first, second, third = await started(commit, [batch() for _ in range(3)])
        second.cancel()
        disk.gate.set()
        assert set(await asyncio.gather(first, third)) == {Stored.STORED}
        assert sum(map(len, disk.groups)) == 3

    run(scenario)
