"""What a worker does with a task: claim it, learn in a process beside it, and say what became of it."""

from __future__ import annotations

import datetime as dt
import logging
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from samouk.loop.ports import Services, StoreUnavailable
from samouk.loop.task import ATTEMPTS, FIRST_PAUSE_S, LONGEST_PAUSE_S, Kind, Task, pause
from samouk.server import children
from samouk.server.logs import told
from samouk.server.turns import UNUSABLE

log = logging.getLogger("samouk.work")

CLAIM_S = 60.0
"""A worker that fell silent for so long is taken to be dead; a living one renews three times as often."""

PATIENCE_S = 86_400.0
"""A task that finds its learner busy, or the store away, is attempted for so long, however often."""


class Performer:
    """Performs one task after another, in as many threads as call it.

    Args:
        command: task → the command that does it; it does nothing when it was done before.
        environment: of those commands.
        seconds: one may take; what takes longer is stopped, and failed.
    """

    def __init__(
        self,
        services: Services,
        command: Callable[[Task], Sequence[str]],
        environment: Mapping[str, str],
        *,
        seconds: float = children.TURN_S,
        claim: float = CLAIM_S,
    ) -> None:
        self._services = services
        self._command = command
        self._environment = environment
        self._seconds = seconds
        self._claim = claim
        self._running: set[children.Child] = set()
        self._mutex = Lock()
        self._closed = False

    def __call__(self, task_id: str) -> str:
        """What became of the task. Raises StoreUnavailable: then it is told of again."""
        if self._closed:
            return "left to another worker"
        holder = uuid.uuid4().hex
        task = self._services.tasks.claim(task_id, holder, self._claim)
        if task is None:
            return "done, or somebody else is at it"
        if task.attempts > ATTEMPTS:
            # Each attempt before left no word: whatever it is, it ends the workers that touch it.
            return self._bury(task, holder, f"the worker ended in each of {ATTEMPTS} attempts")
        return self._settle(task, holder, self._perform(task, holder))

    def close(self) -> None:
        """Stop what runs, which is safe at any point: other workers begin it again."""
        with self._mutex:
            self._closed = True
            running = list(self._running)
        children.stop(*running)

    def _perform(self, task: Task, holder: str) -> int | None:
        """The exit code; None when the time was over."""
        if self._services.leases.held(f"turn:{task.learner}"):
            return children.BUSY  # as the process would find, at a tenth of the cost
        with self._mutex:
            if self._closed:
                return UNUSABLE
            child = children.begin(self._command(task), self._environment)
            self._running.add(child)
        until = time.monotonic() + self._seconds
        try:
            while time.monotonic() < until:
                try:
                    return child.wait(self._claim / 3)
                except subprocess.TimeoutExpired:
                    if not self._still_mine(task, holder):
                        return children.BUSY
            return None
        finally:
            if child.poll() is None:
                children.stop(child)
            with self._mutex:
                self._running.discard(child)

    def _still_mine(self, task: Task, holder: str) -> bool:
        try:
            return self._services.tasks.renew(task.task_id, holder, self._claim)
        except StoreUnavailable as error:
            # The claim lasts for two more tries, and the child has troubles of its own.
            log.warning("the claim of %s could not be renewed: %s", task.task_id, told(error))
            return True

    def _settle(self, task: Task, holder: str, code: int | None) -> str:
        if code == 0:
            self._services.tasks.finish(task.task_id, holder)
            return "done"
        if self._closed:
            now = self._services.clock.now()
            self._services.tasks.fail(task.task_id, holder, "its worker was stopped", now, counts=False)
            return "left to another worker"
        if code == children.BUSY and task.kind is Kind.DUE:
            self._services.tasks.finish(task.task_id, holder)
            return "another process is learning; asked again in the next round"
        if code in (children.BUSY, UNUSABLE):
            error = "another process was learning" if code == children.BUSY else "the store or the keys were away"
            return self._be_patient(task, holder, error)
        error = f"exit code {code}; `samouk runs {task.learner}` says why" if code is not None else "it took too long"
        if task.attempts >= ATTEMPTS:
            return self._bury(task, holder, error)
        return self._put_off(task, holder, error, pause(task.attempts))

    def _be_patient(self, task: Task, holder: str, error: str) -> str:
        """Try again as long as that may help, the more seldom the longer it has not."""
        age = (self._services.clock.now() - task.asked).total_seconds()
        if age >= PATIENCE_S:
            return self._bury(task, holder, error)
        return self._put_off(task, holder, error, min(max(FIRST_PAUSE_S, age / 4), LONGEST_PAUSE_S), counts=False)

    def _put_off(self, task: Task, holder: str, error: str, seconds: float, *, counts: bool = True) -> str:
        due = self._services.clock.now() + dt.timedelta(seconds=seconds)
        self._services.tasks.fail(task.task_id, holder, error, due, counts=counts)
        log.warning(
            "%s of %s failed (%s); the next attempt is at %s", task.kind, task.learner, error, f"{due:%H:%M:%S}"
        )
        return "put off"

    def _bury(self, task: Task, holder: str, error: str) -> str:
        self._services.tasks.fail(task.task_id, holder, error, None)
        words = "%s of %s is a dead letter (%s); `samouk tasks` shows it, `samouk tasks retry %s` lets it begin anew"
        log.error(words, task.kind, task.learner, error, task.task_id)
        return "dead"
