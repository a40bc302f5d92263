"""Processes of the tests of workers: one that works or schedules, and what a worker begins for a task.

Called as ``python -m tests.store.working WHAT DATABASE REDIS FOLDER [TASK]``.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from examples.side_of_a_line import TOY
from tests.contracts.conftest import services_over

from samouk.loop.ports import LeaseLost, Services
from samouk.loop.records import Order, TriggerKind
from samouk.loop.task import Task
from samouk.loop.train import LocalTrainer
from samouk.loop.turn import turn
from samouk.server.performing import Performer
from samouk.server.queued import QueuedRounds, Reminder
from samouk.server.scheduler import Sole
from samouk.store.blobs.local import LocalBlobs
from samouk.store.clock import SystemClock
from samouk.store.queue import celery
from samouk.store.sql.served import open_served

CLAIM_S = 2.0
POISON = "poison"


@contextmanager
def opened(database: str, folder: Path) -> Iterator[Services]:
    """The store that all of them share."""
    clock = SystemClock()
    store = open_served(database, LocalBlobs(folder / "packs"), LocalBlobs(folder / "blobs"), clock)
    with closing(store):
        yield services_over(store, clock)


class Slow(LocalTrainer):
    """Says that it fits, and waits for leave."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fit(self, *args: Any, **more: Any) -> Any:
        (self._folder / f"fits-{os.getpid()}").touch()
        while (self._folder / "hold").exists():
            time.sleep(0.02)
        return super().fit(*args, **more)


def learn(database: str, folder: Path, task_id: str) -> None:
    """One turn, as ``samouk turn --task`` takes it."""
    with opened(database, folder) as services:
        task = services.tasks.task(task_id)
        if task.body.get("reason") == POISON:
            os.kill(os.getpid(), signal.SIGKILL)
        found = [
            run for run in services.runs.runs(TOY.name) if run.run_id == task_id and run.end not in (None, "failed")
        ]
        if not found:
            order = Order(TriggerKind.MANUAL, str(task.body.get("reason", task.kind)))
            try:
                turn(TOY, replace(services, trainer=Slow(folder)), order, run_id=task_id)
            except LeaseLost:
                sys.exit(4)


def work(database: str, redis: str, folder: Path) -> None:
    """A worker until it is told to stop."""

    def command(task: Task) -> list[str]:
        return [sys.executable, "-m", "tests.store.working", "learn", database, redis, str(folder), task.task_id]

    with opened(database, folder) as services:
        performer = Performer(services, command, os.environ, claim=CLAIM_S)
        sys.exit(celery.work(redis, performer, 1, performer.close))


def schedule(database: str, redis: str, folder: Path) -> None:
    """A scheduler until it is told to stop."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    queue = celery.CeleryQueue(redis)
    with opened(database, folder) as services:
        rounds = QueuedRounds(services, queue, lambda: None, [TOY.name], 86_400)
        jobs: dict[str, tuple[Callable[[], object], float]] = {
            "rounds": (rounds, 0.5),
            "reminding": (Reminder(services, queue), 0.2),
        }
        with Sole(services.leases, "scheduler", jobs, seconds=3):
            stop.wait()


if __name__ == "__main__":
    what, database, redis, folder = sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4])
    if what == "learn":
        learn(database, folder, sys.argv[5])
    else:
        {"work": work, "schedule": schedule}[what](database, redis, folder)
