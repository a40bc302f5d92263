"""What every Tasks backend promises."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.contracts.test_leases import step

from samouk.loop.ports import NotFound, Services
from samouk.loop.task import Kind, Task, TaskState


def task(services: Services, number: int, **more: Any) -> Task:
    """Task ``number``, due now."""
    now = services.clock.now()
    return Task(f"task-{number}", Kind.LEARN, "screens.element", now, more.pop("due", now), {"reason": "so"}, **more)


def later(services: Services, seconds: float) -> dt.datetime:
    return services.clock.now() + dt.timedelta(seconds=seconds)


class TestTasks:
    """What is to be done, once."""

    def test_a_task_put_twice_is_one(self, services: Services) -> None:
        """The second changes nothing, whatever became of the first."""
        assert services.tasks.put(task(services, 1))
        assert not services.tasks.put(task(services, 1, due=later(services, 60)))
        assert services.tasks.task("task-1") == task(services, 1)
        services.tasks.claim("task-1", "a", 60)
        services.tasks.finish("task-1", "a")
        assert not services.tasks.put(task(services, 1))
        assert services.tasks.task("task-1").state is TaskState.DONE
        with pytest.raises(NotFound, match="task-2"):
            services.tasks.task("task-2")

    def test_they_come_newest_first(self, services: Services) -> None:
        """All, or those in one state; so many at most."""
        for number in range(3):
            services.tasks.put(task(services, number))
        services.tasks.claim("task-1", "a", 60)
        assert [one.task_id for one in services.tasks.tasks()] == ["task-2", "task-1", "task-0"]
        assert [one.task_id for one in services.tasks.tasks(TaskState.WAITING)] == ["task-2", "task-0"]
        assert [one.task_id for one in services.tasks.tasks(limit=1)] == ["task-2"]

    def test_one_worker_has_a_task(self, services: Services) -> None:
        """Until it is done; what nobody knows is nobody's."""
        services.tasks.put(task(services, 1))
        claimed = services.tasks.claim("task-1", "a", 60)
        assert claimed is not None
        assert (claimed.state, claimed.attempts) == (TaskState.RUNNING, 1)
        assert services.tasks.claim("task-1", "b", 60) is None
        assert services.tasks.claim("task-2", "b", 60) is None
        assert services.tasks.finish("task-1", "a")
        assert services.tasks.claim("task-1", "b", 60) is None

    def test_of_many_at_once_one_gets_it(self, services: Services) -> None:
        """By threads of one process; the loser learns so and waits for nobody."""
        services.tasks.put(task(services, 1))
        with ThreadPoolExecutor(8) as pool:
            got = list(pool.map(lambda number: services.tasks.claim("task-1", str(number), 60), range(8)))
        assert sum(one is not None for one in got) == 1

    def test_a_worker_that_fell_silent_loses_its_task(self, services: Services) -> None:
        """To the second; what it says afterwards changes nothing."""
        services.tasks.put(task(services, 1))
        services.tasks.claim("task-1", "a", 60)
        step(services, 59)
        assert services.tasks.claim("task-1", "b", 60) is None
        assert services.tasks.renew("task-1", "a", 60)
        step(services, 59)
        assert services.tasks.ready() == []
        step(services, 1)
        assert [one.task_id for one in services.tasks.ready()] == ["task-1"]
        again = services.tasks.claim("task-1", "b", 60)
        assert again is not None
        assert again.attempts == 2
        for said in (
            services.tasks.renew("task-1", "a", 60),
            services.tasks.finish("task-1", "a"),
            services.tasks.fail("task-1", "a", "no", None),
        ):
            assert not said
        assert services.tasks.finish("task-1", "b")

    def test_a_failed_attempt_waits(self, services: Services) -> None:
        """Until its time comes; its error stands beside it, until one succeeds."""
        services.tasks.put(task(services, 1))
        services.tasks.claim("task-1", "a", 60)
        assert services.tasks.fail("task-1", "a", "the store was away", later(services, 10))
        assert services.tasks.ready() == []
        assert services.tasks.claim("task-1", "a", 60) is None
        assert services.tasks.task("task-1").error == "the store was away"
        step(services, 10)
        assert services.tasks.claim("task-1", "a", 60) is not None
        assert services.tasks.fail("task-1", "a", "busy", later(services, 10), counts=False)
        assert services.tasks.task("task-1").attempts == 1
        step(services, 10)
        services.tasks.claim("task-1", "a", 60)
        services.tasks.finish("task-1", "a")
        assert services.tasks.task("task-1").error is None

    def test_a_dead_letter_waits_for_a_person(self, services: Services) -> None:
        """It is not ready, however long it lies; put back it begins anew. Nothing else can be."""
        services.tasks.put(task(services, 1))
        with pytest.raises(NotFound, match="task-1"):
            services.tasks.retry("task-1")
        services.tasks.claim("task-1", "a", 60)
        services.tasks.fail("task-1", "a", "poison", None)
        step(services, 1e6)
        assert services.tasks.ready() == []
        assert [one.error for one in services.tasks.tasks(TaskState.DEAD)] == ["poison"]
        again = services.tasks.retry("task-1")
        assert (again.state, again.attempts) == (TaskState.WAITING, 0)
        assert [one.task_id for one in services.tasks.ready()] == ["task-1"]

    def test_those_due_longest_are_ready_first(self, services: Services) -> None:
        """So many at most; those of the future are not."""
        for number, seconds in enumerate((5, 3, 60)):
            services.tasks.put(task(services, number, due=later(services, seconds)))
        step(services, 5)
        assert [one.task_id for one in services.tasks.ready()] == ["task-1", "task-0"]
        assert [one.task_id for one in services.tasks.ready(1)] == ["task-1"]

    def test_done_ones_are_forgotten(self, services: Services) -> None:
        """Those asked for before that moment; what is not done stays, however old."""
        for number in range(3):
            services.tasks.put(task(services, number))
        for number in (0, 1):
            services.tasks.claim(f"task-{number}", "a", 60)
        services.tasks.finish("task-0", "a")
        services.tasks.fail("task-1", "a", "poison", None)
        assert services.tasks.forget(services.clock.now()) == 0
        assert services.tasks.forget(later(services, 1)) == 1
        assert [one.task_id for one in services.tasks.tasks()] == ["task-2", "task-1"]
