"""Turns through a queue: performed once, attempted again, a dead letter at last; whatever becomes of the messages."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.contracts.conftest import embedded_services, served_services
from tests.contracts.waiting import until
from tests.loop.killing import Killed, Mortal

from samouk.loop.ports import Services
from samouk.loop.task import ATTEMPTS, Kind, Task, TaskState
from samouk.server.performing import PATIENCE_S, Performer
from samouk.server.problems import Problem
from samouk.server.queued import AGAIN_S, QueuedRounds, QueuedTurns, Reminder
from samouk.server.turns import Commands, Turns
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services


class Messages:
    """A queue whose messages are read by the test; it may be out of order."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.works = True

    def send(self, task_id: str) -> bool:
        if self.works:
            self.sent.append(task_id)
        return self.works


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def services(clock: SteppedClock) -> Services:
    return memory_services(clock)


@pytest.fixture
def queue() -> Messages:
    return Messages()


def performer(services: Services, code: str, **more: float) -> Performer:
    """Runs the code for each task."""
    return Performer(services, lambda task: [sys.executable, "-S", "-c", code], os.environ, **more)


def put(services: Services, kind: Kind = Kind.LEARN) -> str:
    now = services.clock.now()
    services.tasks.put(Task("task", kind, "toy.half", now, now, {"reason": "so"}))
    return "task"


def turns(services: Services, queue: Messages) -> QueuedTurns:
    def none(*_: object) -> list[str]:
        return []

    return QueuedTurns(services, queue, Turns(Commands(none, none), os.environ))


def test_a_wish_is_kept_and_told(services: Services, queue: Messages) -> None:
    """With its reason; a second one while it waits is refused, one for another learner is not."""
    turns(services, queue).start("toy.half", "a person asked", hold=True)
    (task,) = services.tasks.tasks()
    assert (task.kind, task.learner, task.body) == (Kind.LEARN, "toy.half", {"reason": "a person asked", "hold": True})
    assert queue.sent == [task.task_id]
    with pytest.raises(Problem, match="learning already"):
        turns(services, queue).start("toy.half", "again")
    turns(services, queue).start("toy.other", "another")
    assert len(services.tasks.tasks()) == 2


class Hesitant:
    """Tasks of servers that all look before any of them puts."""

    def __init__(self, tasks: Any, looked: threading.Barrier) -> None:
        self._tasks, self._looked = tasks, looked

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tasks, name)

    def put(self, task: Task) -> bool:
        self._looked.wait(60)
        return bool(self._tasks.put(task))


@pytest.fixture(params=["embedded", "postgres"])
def servers(request: pytest.FixtureRequest, tmp_path: Path) -> list[Services]:
    """Two, on one store."""
    found = []
    for _ in range(2):
        if request.param == "embedded":
            made = embedded_services(tmp_path)
        else:
            made = served_services(tmp_path, request.getfixturevalue("emptied_postgres"))
        request.addfinalizer(made.close)
        found.append(made)
    return found


def test_of_two_wishes_at_once_at_two_servers_one_is_refused(servers: list[Services], queue: Messages) -> None:
    """Though neither saw the other's; each wish after an earlier one is done is a task of its own."""
    looked = threading.Barrier(2)
    hesitant = [dataclasses.replace(one, tasks=Hesitant(one.tasks, looked)) for one in servers]
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(turns(one, queue).start, "toy.half", "a person asked") for one in hesitant]
        refused = [one.exception(120) for one in asked]
    assert [type(one) for one in sorted(refused, key=bool)] == [type(None), Problem]
    (task,) = servers[0].tasks.tasks()
    assert queue.sent == [task.task_id]
    servers[1].tasks.claim(task.task_id, "a", 60)
    servers[1].tasks.finish(task.task_id, "a")
    turns(servers[1], queue).start("toy.half", "again")
    assert len(servers[0].tasks.tasks()) == len(set(queue.sent)) == 2


def test_a_server_that_died_behind_its_task_stops_no_wish(servers: list[Services], queue: Messages) -> None:
    """It had not counted on."""
    first, second = servers
    with pytest.raises(Killed):
        turns(dataclasses.replace(first, journal=Mortal(first.journal, [0])), queue).start("toy.half", "asked")
    (task,) = second.tasks.tasks()
    with pytest.raises(Problem, match="learning already"):
        turns(second, queue).start("toy.half", "again")
    second.tasks.claim(task.task_id, "a", 60)
    second.tasks.finish(task.task_id, "a")
    turns(second, queue).start("toy.half", "again")
    assert len(second.tasks.tasks()) == 2


def test_a_wish_outlives_the_queue(services: Services, queue: Messages, clock: SteppedClock) -> None:
    """Nobody is refused for a queue that is out of order; who reminds tells the workers once it is back."""
    queue.works = False
    turns(services, queue).start("toy.half", "a person asked")
    clock.step(dt.timedelta(seconds=AGAIN_S))
    reminder = Reminder(services, queue)
    reminder()
    queue.works = True
    reminder()
    assert queue.sent == [services.tasks.tasks()[0].task_id]


def test_what_waits_is_told_again_now_and_then(services: Services, queue: Messages, clock: SteppedClock) -> None:
    """A message may be lost: not at once, not at every look, and no more once a worker has it."""
    task, now = put(services), [0.0]
    reminder = Reminder(services, queue, now=lambda: now[0])
    reminder()
    assert queue.sent == []
    clock.step(dt.timedelta(seconds=AGAIN_S))
    for _ in range(3):
        reminder()
    assert queue.sent == [task]
    now[0] = AGAIN_S
    reminder()
    assert queue.sent == [task, task]
    services.tasks.claim(task, "a", 60)
    now[0] = 3 * AGAIN_S
    reminder()
    assert queue.sent == [task, task]
    clock.step(dt.timedelta(seconds=60))
    reminder()
    assert queue.sent == [task, task, task]


def test_two_who_ask_whether_it_is_time_are_one(services: Services, queue: Messages, clock: SteppedClock) -> None:
    """A question a learner and period; none while one is open, the next in the next period."""
    rounds = [QueuedRounds(services, queue, lambda: None, ["toy.half", "toy.other"], 3_600) for _ in range(2)]
    for one in rounds:
        one()
    assert sorted(task.learner for task in services.tasks.tasks()) == ["toy.half", "toy.other"]
    assert len(queue.sent) == 2
    clock.step(dt.timedelta(hours=1))
    rounds[0]()
    assert len(queue.sent) == 2
    for task in services.tasks.tasks():
        services.tasks.claim(task.task_id, "a", 60)
        services.tasks.finish(task.task_id, "a")
    rounds[0]()
    rounds[1]()
    assert len(queue.sent) == 4


def test_a_task_is_performed_once(services: Services, tmp_path: Path) -> None:
    """However often its message comes."""
    work = performer(services, f"open({str(tmp_path / 'did')!r}, 'a').write('x')")
    assert work(put(services)) == "done"
    assert work("task") == "done, or somebody else is at it"
    assert work("unknown") == "done, or somebody else is at it"
    assert (tmp_path / "did").read_text() == "x"
    assert services.tasks.task("task").state is TaskState.DONE


def test_what_fails_is_tried_again_and_becomes_a_dead_letter(services: Services, clock: SteppedClock) -> None:
    """After longer pauses each time; then it is a dead letter until a person puts it back."""
    work, pauses = performer(services, "raise SystemExit(1)"), []
    put(services)
    for _ in range(ATTEMPTS - 1):
        assert work("task") == "put off"
        pause = services.tasks.task("task").due - clock.now()
        pauses.append(pause)
        clock.step(pause)
    assert work("task") == "dead"
    assert pauses == sorted(pauses) and len(set(pauses)) == len(pauses)
    (dead,) = services.tasks.tasks(TaskState.DEAD)
    assert dead.error is not None and "exit code 1" in dead.error
    services.tasks.retry("task")
    assert performer(services, "")("task") == "done"


def test_poison_becomes_a_dead_letter(services: Services, clock: SteppedClock) -> None:
    """A task that ends each worker that touches it leaves no word; it is not tried for ever."""
    put(services)
    for number in range(ATTEMPTS):
        assert services.tasks.claim("task", f"worker {number}", 60) is not None
        clock.step(dt.timedelta(seconds=60))
    assert performer(services, "")("task") == "dead"
    assert "the worker ended" in str(services.tasks.task("task").error)


def test_a_busy_learner_is_waited_for(services: Services, clock: SteppedClock) -> None:
    """As long as a day, and not counted as failures; a question of the clock is asked in the next round instead."""
    work = performer(services, "")
    services.leases.acquire("turn:toy.half", "somebody", 60)
    put(services)
    for _ in range(2 * ATTEMPTS):
        assert work("task") == "put off"
        clock.step(services.tasks.task("task").due - clock.now())
        services.leases.acquire("turn:toy.half", "somebody", 60)
    assert services.tasks.task("task").attempts == 0
    clock.step(dt.timedelta(seconds=PATIENCE_S))
    services.leases.acquire("turn:toy.half", "somebody", 60)
    assert work("task") == "dead"
    now = clock.now()
    services.tasks.put(Task("due", Kind.DUE, "toy.half", now, now))
    assert work("due").startswith("another process is learning")
    assert services.tasks.task("due").state is TaskState.DONE


def test_a_store_that_was_away_is_waited_for(services: Services) -> None:
    """Exit code 3 of the process, which named the remedy in its log."""
    assert performer(services, "raise SystemExit(3)")(put(services)) == "put off"
    assert services.tasks.task("task").attempts == 0


def test_what_takes_too_long_is_stopped(services: Services) -> None:
    """And counted as a failure."""
    work = performer(services, "import time; time.sleep(3600)", seconds=0.2, claim=0.3)
    assert work(put(services)) == "put off"
    assert services.tasks.task("task").error == "it took too long"


def test_a_worker_that_is_stopped_leaves_its_task_to_another(services: Services, tmp_path: Path) -> None:
    """At once, and uncounted; it begins nothing more."""
    begun = tmp_path / "begun"
    work = performer(services, f"import time; open({str(begun)!r}, 'w'); time.sleep(3600)")
    put(services)
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(work("task")))
    thread.start()
    until(begun.exists)
    work.close()
    thread.join(30)
    assert said == ["left to another worker"]
    assert work("task") == "left to another worker"
    task = services.tasks.task("task")
    assert (task.state, task.attempts) == (TaskState.WAITING, 0)
    assert performer(services, "")("task") == "done"


def test_a_worker_that_lost_its_claim_stops(services: Services, clock: SteppedClock, tmp_path: Path) -> None:
    """Somebody else has the task by then, and says what became of it."""
    begun = tmp_path / "begun"
    work = performer(services, f"import time; open({str(begun)!r}, 'w'); time.sleep(3600)", claim=0.3)
    put(services)
    thread = threading.Thread(target=work, args=("task",))
    thread.start()
    until(begun.exists)

    def lost() -> bool:
        clock.step(dt.timedelta(seconds=1))
        return services.tasks.claim("task", "another", 3_600) is not None

    until(lost)
    thread.join(30)
    assert not thread.is_alive()
    assert services.tasks.task("task").state is TaskState.RUNNING
    assert services.tasks.finish("task", "another")
