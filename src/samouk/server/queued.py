"""Turns that workers take: asked for over HTTP or by the clock, kept in the store, told to a queue."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from samouk.loop.ports import Services
from samouk.loop.task import KEPT, Kind, Task, TaskState
from samouk.server.problems import Problem
from samouk.server.turns import Adopted, Turns

AGAIN_S = 30.0
"""A task that nobody took for so long is told to the queue again: its message may be lost."""

OPEN = 1_000


class Queue(Protocol):
    """Tells workers that there is a task. The telling may be lost, and may come twice."""

    def send(self, task_id: str) -> bool:
        """Have a worker look at the task; False while the queue is out of order."""


class QueuedTurns:
    """Puts turns that people ask for where the workers find them. Models that strangers made are tried here.

    Their sender waits for the answer, and the process that tries them is confined as it is.

    Args:
        inline: tries them.
    """

    def __init__(self, services: Services, queue: Queue, inline: Turns) -> None:
        self._services = services
        self._queue = queue
        self._inline = inline

    def start(self, learner: str, reason: str, *, hold: bool = False) -> None:
        """Have a worker learn. Raises a 409 while a turn that was asked for waits or runs.

        Wishes are numbered, and the number names the task. It is read before the look: of two servers that both find
        nothing open both have the same one, and the store keeps one task a name.
        """
        cursor, now = f"asked:{learner}", self._services.clock.now()
        while True:
            place = self._services.journal.cursor(cursor)
            if learner in open_for(self._services, Kind.LEARN):
                raise Problem(409, f"{learner} is learning already; /v1/learners/{learner}/runs tells how it ends")
            name = _name_of(learner, place, "samouk-learn")
            fresh = self._services.tasks.put(
                Task(name, Kind.LEARN, learner, now, now, {"reason": reason, "hold": hold})
            )
            self._services.journal.advance(cursor, place + 1)
            if fresh:
                self._queue.send(name)
                return

    def adopt(self, learner: str, data: bytes, metrics: str, reason: str) -> Adopted:
        """As ``Turns.adopt``."""
        return self._inline.adopt(learner, data, metrics, reason)

    def close(self) -> None:
        """Stop what is tried here; what workers do goes on."""
        self._inline.close()


class QueuedRounds:
    """One round: sign anew what is due, then ask the workers of each learner whether it is time.

    The id of each question follows from the learner and the hour, so that two who ask are one.

    Args:
        seconds: between two rounds.
    """

    def __init__(
        self,
        services: Services,
        queue: Queue,
        refresh: Callable[[], object],
        learners: Sequence[str],
        seconds: float,
    ) -> None:
        self._services = services
        self._queue = queue
        self._refresh = refresh
        self._learners = learners
        self._seconds = seconds

    def __call__(self) -> None:
        """Take one round. Raises StoreUnavailable."""
        now = self._services.clock.now()
        for task in self.wanted(now):
            if self._services.tasks.put(task):
                self._queue.send(task.task_id)
        self._services.tasks.forget(now - KEPT)
        self._refresh()

    def wanted(self, now: dt.datetime) -> list[Task]:
        """A question for each learner that none is open for."""
        busy = open_for(self._services, Kind.DUE)
        place = int(now.timestamp() // self._seconds)
        free = [name for name in self._learners if name not in busy]
        return [Task(_name_of(name, place, "samouk-due"), Kind.DUE, name, now, now) for name in free]


class Reminder:
    """Tells the queue of tasks that are ready: those put off, and those whose message, or worker, was lost.

    Args:
        now: seconds since any moment, never going back.
    """

    def __init__(self, services: Services, queue: Queue, now: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._queue = queue
        self._now = now
        self._told: dict[tuple[str, int], float] = {}

    def __call__(self) -> None:
        """Look once. Raises StoreUnavailable."""
        now = self._now()
        ready = {(task.task_id, task.attempts): task for task in self._services.tasks.ready(OPEN)}
        self._told = {key: at for key, at in self._told.items() if key in ready}
        for key, task in ready.items():
            if self._age(key, task, now) >= AGAIN_S and self._queue.send(task.task_id):
                self._told[key] = now

    def _age(self, key: tuple[str, int], task: Task, now: float) -> float:
        """Seconds since the queue was told of it, as far as can be known: of a fresh one since it was put."""
        if key in self._told:
            return now - self._told[key]
        if task.attempts or task.due > task.asked:
            return AGAIN_S
        return (self._services.clock.now() - task.asked).total_seconds()


def open_for(services: Services, kind: Kind) -> set[str]:
    """Learners for whom such a task waits or runs."""
    waiting = [task for state in (TaskState.WAITING, TaskState.RUNNING) for task in services.tasks.tasks(state, OPEN)]
    return {task.learner for task in waiting if task.kind is kind}


def _name_of(learner: str, place: int, use: str) -> str:
    return hashlib.blake2b(f"{learner}\0{place}".encode(), digest_size=16, person=use.encode()).hexdigest()
