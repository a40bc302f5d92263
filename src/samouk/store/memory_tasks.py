"""Tasks in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock

from samouk.loop.ports import Clock, NotFound
from samouk.loop.task import Task, TaskState


@dataclass(slots=True)
class MemoryTasks:
    """Tasks by their id, and who has which until when."""

    clock: Clock
    _tasks: dict[str, Task] = field(default_factory=dict)
    _held: dict[str, tuple[str, dt.datetime]] = field(default_factory=dict)
    _mutex: Lock = field(default_factory=Lock)

    def put(self, task: Task) -> bool:
        with self._mutex:
            if task.task_id in self._tasks:
                return False
            self._tasks[task.task_id] = task
            return True

    def task(self, task_id: str) -> Task:
        if task_id not in self._tasks:
            raise NotFound(f"no task {task_id:.64}")
        return self._tasks[task_id]

    def tasks(self, state: TaskState | None = None, limit: int = 100) -> list[Task]:
        return [one for one in reversed(self._tasks.values()) if state in (None, one.state)][:limit]

    def ready(self, limit: int = 100) -> list[Task]:
        with self._mutex:
            found = [one for one in self._tasks.values() if self._ready(one)]
        return sorted(found, key=lambda one: one.due)[:limit]

    def claim(self, task_id: str, holder: str, seconds: float) -> Task | None:
        with self._mutex:
            found = self._tasks.get(task_id)
            if found is None or not self._ready(found):
                return None
            self._held[task_id] = (holder, self.clock.now() + dt.timedelta(seconds=seconds))
            self._tasks[task_id] = replace(found, state=TaskState.RUNNING, attempts=found.attempts + 1)
            return self._tasks[task_id]

    def renew(self, task_id: str, holder: str, seconds: float) -> bool:
        until = self.clock.now() + dt.timedelta(seconds=seconds)
        return self._settle(task_id, holder, lambda task: task, until)

    def finish(self, task_id: str, holder: str) -> bool:
        return self._settle(task_id, holder, lambda task: replace(task, state=TaskState.DONE, error=None))

    def fail(self, task_id: str, holder: str, error: str, due: dt.datetime | None, *, counts: bool = True) -> bool:
        state, less = TaskState.DEAD if due is None else TaskState.WAITING, 0 if counts else 1

        def changed(task: Task) -> Task:
            return replace(task, state=state, error=error, due=due or task.due, attempts=task.attempts - less)

        return self._settle(task_id, holder, changed)

    def retry(self, task_id: str) -> Task:
        with self._mutex:
            found = self._tasks.get(task_id)
            if found is None or found.state is not TaskState.DEAD:
                raise NotFound(f"no dead letter {task_id:.64}; `samouk tasks` lists those that there are")
            self._tasks[task_id] = replace(found, state=TaskState.WAITING, attempts=0, due=self.clock.now())
            return self._tasks[task_id]

    def forget(self, before: dt.datetime) -> int:
        with self._mutex:
            old = [one.task_id for one in self._tasks.values() if one.state is TaskState.DONE and one.asked < before]
            for task_id in old:
                del self._tasks[task_id]
            return len(old)

    def _ready(self, task: Task) -> bool:
        if task.state is TaskState.WAITING:
            return task.due <= self.clock.now()
        return task.state is TaskState.RUNNING and self._held[task.task_id][1] <= self.clock.now()

    def _settle(
        self, task_id: str, holder: str, change: Callable[[Task], Task], until: dt.datetime | None = None
    ) -> bool:
        with self._mutex:
            found = self._tasks.get(task_id)
            if found is None or found.state is not TaskState.RUNNING or self._held[task_id][0] != holder:
                return False
            self._tasks[task_id] = change(found)
            if until is not None:
                self._held[task_id] = (holder, until)
            return True
