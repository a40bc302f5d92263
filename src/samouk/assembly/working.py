"""The queue: who tells workers, who reminds them, and what a worker does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from samouk.assembly.children import SAMOUK, environment
from samouk.loop.ports import Services
from samouk.loop.task import Kind, Task
from samouk.settings import BadSetting, Settings

if TYPE_CHECKING:
    from celery import Celery

    from samouk.server.scheduler import Sole
    from samouk.store.queue.celery import CeleryQueue


REMIND_SECONDS = 5.0
"""Between two looks for tasks that no worker was told of."""


def queue_of(settings: Settings) -> CeleryQueue | None:
    """What tells workers of tasks; None where this house has none. Raises StoreUnavailable."""
    if not settings.redis_url:
        return None
    from samouk.store.queue.celery import CeleryQueue

    return CeleryQueue(settings.redis_url)


def _needed_queue(settings: Settings) -> CeleryQueue:
    queue = queue_of(settings)
    if queue is None:
        raise BadSetting("SAMOUK_REDIS_URL names no Redis: workers need one; without it `samouk serve` learns itself")
    return queue


def scheduler(settings: Settings, services: Services, learners: Sequence[str]) -> Sole:
    """Asks the workers of each learner whether it is time, and reminds them of what waits.

    Any number may run: one of them works. Raises BadSetting without a queue.
    """
    from samouk.server.queued import QueuedRounds, Reminder
    from samouk.server.scheduler import Sole

    queue, seconds = _needed_queue(settings), settings.check_minutes * 60
    rounds = QueuedRounds(services, queue, services.publisher.refresh, learners, seconds)
    jobs: dict[str, tuple[Callable[[], object], float]] = {
        "a round of the loop": (rounds, seconds),
        "reminding the workers": (Reminder(services, queue), REMIND_SECONDS),
    }
    return Sole(services.leases, "scheduler", jobs)


def work(settings: Settings, services: Services, concurrency: int) -> int:
    """Be a worker until a signal ends it; its exit code. Raises BadSetting without a queue."""
    from samouk.server.performing import Performer
    from samouk.store.queue import celery

    _needed_queue(settings).close()
    performer = Performer(services, _command, environment(settings))
    return celery.work(settings.redis_url, performer, concurrency, performer.close)


def celery_app(settings: Settings) -> Celery:
    """The queue as Celery's own tools want it. Raises BadSetting without one."""
    from samouk.store.queue.celery import app_of

    _needed_queue(settings).close()
    return app_of(settings.redis_url)


def send_again(settings: Settings, task: Task) -> None:
    """Tell the workers of a task that was put back; where nobody can be told, the scheduler does it later."""
    queue = queue_of(settings)
    if queue is not None:
        queue.send(task.task_id)
        queue.close()


def _command(task: Task) -> list[str]:
    """What a worker runs for a task, which tells it why."""
    return [*SAMOUK, "turn", task.learner, *(["--if-due"] if task.kind is Kind.DUE else []), "--task", task.task_id]
