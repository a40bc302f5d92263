"""What other processes do to a store in the tests: a fresh interpreter each, started from a warm server."""

from __future__ import annotations

import multiprocessing as mp
import os
import resource
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from tests.contracts.making import act, batch, batch_id, receipt

from samouk.loop.ports import StoreUnavailable
from samouk.store.clock import SystemClock
from samouk.store.sql import open_store

GROUP = 3
"""Batches in one append."""

_context = mp.get_context("forkserver")
_context.set_forkserver_preload(["samouk.store.sql", "alembic.command"])


def start(work: Callable[..., None], *args: Any) -> tuple[ForkServerProcess, Connection]:
    """Run ``work(pipe, *args)`` in a process of its own."""
    ours, theirs = _context.Pipe()
    process = _context.Process(target=work, args=(theirs, *args))
    process.start()
    theirs.close()
    return process, ours


def append_and_erase(pipe: Connection, home: Path, first: int, commits: int) -> None:
    """Append group after group and erase the middle batch of each; tell before and after every step."""
    store = open_store(home, SystemClock())
    for number in range(first, first + commits * GROUP, GROUP):
        store.log.append([batch(n, rows=20) for n in range(number, number + GROUP)])
        pipe.send(("stored", number))
        pipe.send(("erasing", number + 1))
        store.log.erase(batch_id(number + 1), receipt(number + 1))
        pipe.send(("erased", number + 1))
    store.close()


def append(pipe: Connection, home: Path, numbers: range) -> None:
    """Append the batches one by one and tell what became of each; act in the audit beside it."""
    store = open_store(home, SystemClock())
    pipe.recv()
    for number in numbers:
        pipe.send(store.log.append([batch(number)])[0])
        store.audit.append(act(number))
    store.close()


def acquire(pipe: Connection, home: Path, names: list[str]) -> None:
    """Try to take every name for this process; tell which were taken."""
    store = open_store(home, SystemClock())
    pipe.send("ready")
    pipe.recv()
    pipe.send([name for name in names if store.leases.acquire(name, str(os.getpid()), 600)])
    store.close()


def write_without_room(pipe: Connection, home: Path, limit: int) -> None:
    """Append until no file may grow any more; tell what was stored, and what the refusal says."""
    store = open_store(home, SystemClock())
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    stored, refusal = [], ""
    for number in range(1000):
        try:
            store.log.append([batch(number, rows=1 if number % 2 else 2_000)])
        except StoreUnavailable as error:
            refusal = str(error)
            break
        stored.append(number)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    later = store.log.append([batch(5_000, rows=2_000)])
    pipe.send((stored, refusal, later))
    store.close()
