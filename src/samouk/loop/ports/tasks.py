"""What workers are to do."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from samouk.loop.task import Task, TaskState


class Tasks(Protocol):
    """What workers are to do. A broker only tells them to look: all that matters stands here."""

    def put(self, task: Task) -> bool:
        """Keep the task durably; False, and nothing changes, when its id is known."""

    def task(self, task_id: str) -> Task:
        """Raises NotFound."""

    def tasks(self, state: TaskState | None = None, limit: int = 100) -> list[Task]:
        """All, or those in one state; newest first."""

    def ready(self, limit: int = 100) -> list[Task]:
        """Those that wait and are due, or whose worker fell silent; by when they became due."""

    def claim(self, task_id: str, holder: str, seconds: float) -> Task | None:
        """Begin an attempt at a ready task, the holder's alone until it is silent for so long; None if it is not."""

    def renew(self, task_id: str, holder: str, seconds: float) -> bool:
        """Go on having it; False when it was lost to somebody else."""

    def finish(self, task_id: str, holder: str) -> bool:
        """It is done; False, and nothing changes, when it was lost to somebody else."""

    def fail(self, task_id: str, holder: str, error: str, due: dt.datetime | None, *, counts: bool = True) -> bool:
        """The attempt failed; the next may begin at ``due``, None makes it a dead letter. False as ``finish``.

        Args:
            counts: as an attempt; not one that could not even begin.
        """

    def retry(self, task_id: str) -> Task:
        """Let a dead letter begin anew. Raises NotFound for what is none."""

    def forget(self, before: dt.datetime) -> int:
        """Remove tasks that are done and were asked for before that moment; how many."""
