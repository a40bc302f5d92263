"""Leases on PostgreSQL between machines whose clocks disagree."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from tests.store import processes

from samouk.store.blobs.local import LocalBlobs
from samouk.store.clock import SystemClock
from samouk.store.sql.served import open_served

HOUR = 3_600.0


class WrongClock(SystemClock):
    """The clock of a machine that is so many seconds ahead."""

    def __init__(self, ahead: float) -> None:
        self._ahead = dt.timedelta(seconds=ahead)

    def now(self) -> dt.datetime:
        return super().now() + self._ahead


def hold(pipe: Connection, url: str, folder: Path, ahead: float) -> None:
    """A machine with a wrong clock: does with leases what it is asked, and tells what came of it."""
    store = open_served(url, LocalBlobs(folder / "packs"), LocalBlobs(folder / "blobs"), WrongClock(ahead))
    pipe.send("ready")
    for verb, name, seconds in iter(pipe.recv, None):
        if verb == "acquire":
            pipe.send(store.leases.acquire(name, f"machine {ahead}", seconds))
        else:
            pipe.send(store.leases.held(name))
    store.close()


@contextmanager
def machines(url: str, folder: Path, *clocks: float) -> Iterator[list[Connection]]:
    """Processes, each with a clock of its own."""
    children = [processes.start(hold, url, folder, ahead) for ahead in clocks]
    pipes = [pipe for _, pipe in children]
    try:
        assert [pipe.recv() for pipe in pipes] == ["ready"] * len(pipes)
        yield pipes
        for pipe in pipes:
            pipe.send(None)
    finally:
        for process, pipe in children:
            process.join(10)
            process.kill()
            pipe.close()


def asked(pipe: Connection, verb: str, name: str, seconds: float = 0) -> bool:
    """What a machine answers."""
    pipe.send((verb, name, seconds))
    return bool(pipe.recv())


@pytest.mark.parametrize("clocks", [(0.0, HOUR), (HOUR, 0.0), (-HOUR, HOUR)])
def test_a_wrong_clock_neither_takes_a_lease_nor_holds_it_too_long(
    postgres: str, tmp_path: Path, clocks: tuple[float, float]
) -> None:
    """Whoever is ahead does not think that the other's lease has run out, and its own runs out for everybody."""
    with machines(postgres, tmp_path, *clocks) as (first, second):
        assert asked(first, "acquire", "turn:toy", 600)
        assert asked(second, "held", "turn:toy")
        assert not asked(second, "acquire", "turn:toy", 600)
        assert asked(first, "acquire", "turn:toy", 600)
        # Nearly no time: by the database's clock it is over before anybody can ask.
        assert asked(first, "acquire", "brief", 1e-6)
        assert not asked(second, "held", "brief")
        assert asked(second, "acquire", "brief", 600)
        assert not asked(first, "acquire", "brief", 600)
