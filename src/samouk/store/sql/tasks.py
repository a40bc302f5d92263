"""Tasks as rows, each claimed by one worker at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from samouk.loop.ports import SLACK_SECONDS, Clock, NotFound
from samouk.loop.task import Kind, Task, TaskState
from samouk.store.sql.database import Database
from samouk.store.sql.tables import tasks

LONGEST_CLAIM = dt.timedelta(hours=1)
"""No claim is taken for longer; it is renewed."""

_FREE = {"holder": None, "until": None}


@dataclass(frozen=True, slots=True)
class SqlTasks:
    """One row a task. Writers lock single rows, and pass over what others have locked.

    Args:
        database: whose writers wait for nobody.
    """

    database: Database
    clock: Clock

    def put(self, task: Task) -> bool:
        fresh = insert(tasks).values(_row(task)).on_conflict_do_nothing(index_elements=[tasks.c.task_id])
        with self.database.write() as connection:
            return connection.scalar(fresh.returning(tasks.c.task_id)) is not None

    def task(self, task_id: str) -> Task:
        with self.database.read() as connection:
            row = connection.execute(sa.select(tasks).where(tasks.c.task_id == task_id)).first()
        if row is None:
            raise NotFound(f"no task {task_id:.64}")
        return _task(row)

    def tasks(self, state: TaskState | None = None, limit: int = 100) -> list[Task]:
        wanted = sa.select(tasks).order_by(tasks.c.sequence.desc()).limit(limit)
        if state is not None:
            wanted = wanted.where(tasks.c.state == state.value)
        with self.database.read() as connection:
            return [_task(row) for row in connection.execute(wanted)]

    def ready(self, limit: int = 100) -> list[Task]:
        wanted = sa.select(tasks).where(_ready(self.clock.now())).order_by(tasks.c.due, tasks.c.sequence).limit(limit)
        with self.database.read() as connection:
            return [_task(row) for row in connection.execute(wanted)]

    def claim(self, task_id: str, holder: str, seconds: float) -> Task | None:
        named = sa.select(tasks.c.sequence).where(tasks.c.task_id == task_id)
        with self.database.write() as connection:
            sequence = connection.scalar(named.with_for_update(skip_locked=True))
            now = self.clock.now()  # once the row is ours: who slept before would take what another has by now
            free = sa.update(tasks).where(tasks.c.sequence == sequence, _ready(now))
            taken = free.values(
                state=TaskState.RUNNING.value,
                holder=holder,
                until=now + dt.timedelta(seconds=seconds),
                attempts=tasks.c.attempts + 1,
            )
            row = connection.execute(taken.returning(tasks)).first() if sequence is not None else None
        return _task(row) if row else None

    def renew(self, task_id: str, holder: str, seconds: float) -> bool:
        mine = _held_by(task_id, holder)
        with self.database.write() as connection:
            connection.execute(sa.select(tasks.c.sequence).where(mine).with_for_update())
            until = self.clock.now() + dt.timedelta(seconds=seconds)
            return connection.execute(sa.update(tasks).where(mine).values(until=until)).rowcount > 0

    def finish(self, task_id: str, holder: str) -> bool:
        return self._settle(task_id, holder, {**_FREE, "state": TaskState.DONE.value, "error": None})

    def fail(self, task_id: str, holder: str, error: str, due: dt.datetime | None, *, counts: bool = True) -> bool:
        state = TaskState.DEAD if due is None else TaskState.WAITING
        later: dict[str, Any] = {} if due is None else {"due": due}
        if not counts:
            later["attempts"] = tasks.c.attempts - 1
        return self._settle(task_id, holder, {**_FREE, **later, "state": state.value, "error": error})

    def retry(self, task_id: str) -> Task:
        dead = sa.update(tasks).where(tasks.c.task_id == task_id, tasks.c.state == TaskState.DEAD.value)
        again = dead.values(state=TaskState.WAITING.value, attempts=0, due=self.clock.now())
        with self.database.write() as connection:
            row = connection.execute(again.returning(tasks)).first()
        if row is None:
            raise NotFound(f"no dead letter {task_id:.64}; `samouk tasks` lists those that there are")
        return _task(row)

    def forget(self, before: dt.datetime) -> int:
        done = sa.delete(tasks).where(tasks.c.state == TaskState.DONE.value, tasks.c.asked < before)
        with self.database.write() as connection:
            return connection.execute(done).rowcount

    def _settle(self, task_id: str, holder: str, changed: Mapping[str, Any]) -> bool:
        mine = sa.update(tasks).where(_held_by(task_id, holder))
        with self.database.write() as connection:
            return connection.execute(mine.values(dict(changed))).rowcount > 0


def _held_by(task_id: str, holder: str) -> sa.ColumnElement[bool]:
    running = tasks.c.state == TaskState.RUNNING.value
    return (tasks.c.task_id == task_id) & (tasks.c.holder == holder) & running


def _ready(now: dt.datetime) -> sa.ColumnElement[bool]:
    """Due and with nobody, or with somebody who fell silent, be it while the clock was ahead."""
    waiting = (tasks.c.state == TaskState.WAITING.value) & (tasks.c.due <= now)
    ahead = now + dt.timedelta(seconds=SLACK_SECONDS) + LONGEST_CLAIM
    silent = (tasks.c.state == TaskState.RUNNING.value) & ((tasks.c.until <= now) | (tasks.c.until > ahead))
    return waiting | silent


def _row(task: Task) -> dict[str, Any]:
    return {
        "task_id": task.task_id,
        "kind": task.kind.value,
        "learner": task.learner,
        "asked": task.asked,
        "due": task.due,
        "body": dict(task.body),
        "state": task.state.value,
        "attempts": task.attempts,
        "error": task.error,
    }


def _task(row: Any) -> Task:
    return Task(
        row.task_id,
        Kind(row.kind),
        row.learner,
        row.asked,
        row.due,
        row.body,
        TaskState(row.state),
        row.attempts,
        row.error,
    )
