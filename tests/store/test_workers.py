"""Workers and schedulers in processes of their own, over a real database and a Redis that goes and comes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from examples.side_of_a_line import TOY, ToyWorld
from tests.contracts.waiting import until
from tests.own_redis import OwnRedis, own_redis
from tests.store.working import POISON, opened

from samouk.loop.ports import Services
from samouk.loop.records import Run, Version
from samouk.loop.task import ATTEMPTS, Kind, Task, TaskState
from samouk.store.queue.celery import CeleryQueue, app_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parent.parent.parent
LONG_S = 240.0


class Yard:
    """A database, a Redis, and the processes that share them."""

    def __init__(self, database: str, redis: OwnRedis, folder: Path, services: Services) -> None:
        self.database, self.redis, self.folder, self.services = database, redis, folder, services
        self.queue = CeleryQueue(redis.url)
        self.processes: list[subprocess.Popen[bytes]] = []
        (folder / "hold").touch()
        world = ToyWorld(7)
        services.log.append([world.batch(0, number, False) for number in range(32)])

    def start(self, what: str) -> subprocess.Popen[bytes]:
        """A worker or a scheduler."""
        command = [sys.executable, "-m", "tests.store.working", what, self.database, self.redis.url, str(self.folder)]
        paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
        environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
        self.processes.append(subprocess.Popen(command, cwd=ROOT, env=environment))
        return self.processes[-1]

    def ask(self, name: str, reason: str = "a person asked") -> None:
        """Put a task and tell the queue."""
        now = self.services.clock.now()
        self.services.tasks.put(Task(name, Kind.LEARN, TOY.name, now, now, {"reason": reason}))
        self.queue.send(name)

    def fits(self) -> list[int]:
        """Processes that came to their fit, dead or alive."""
        return [int(path.name.removeprefix("fits-")) for path in self.folder.glob("fits-*")]

    def go(self) -> None:
        """Let every fit end."""
        (self.folder / "hold").unlink()

    def state(self, name: str) -> TaskState:
        return self.services.tasks.task(name).state

    def runs(self) -> list[Run]:
        return self.services.runs.runs(TOY.name)

    def versions(self) -> list[Version]:
        return self.services.registry.versions(TOY.name)

    def close(self) -> None:
        """End every process that this began."""
        for process in self.processes:
            process.kill()
            process.wait()
        for fit in self.fits():
            with suppress(ProcessLookupError):
                os.kill(fit, signal.SIGKILL)
        self.queue.close()


@pytest.fixture
def yard(tmp_path: Path, postgres: str) -> Iterator[Yard]:
    with ExitStack() as stack:
        redis = stack.enter_context(own_redis())
        services = stack.enter_context(opened(postgres, tmp_path))
        made = Yard(postgres, redis, tmp_path, services)
        stack.callback(made.close)
        yield made


def soon(holds: Callable[[], bool]) -> None:
    until(holds, LONG_S)


def test_a_worker_killed_in_the_middle_of_a_turn(yard: Yard) -> None:
    """And its fit with it, as when a machine dies: another worker takes the task up, and one version is released."""
    first = yard.start("work")
    yard.start("schedule")
    yard.ask("asked")
    soon(lambda: len(yard.fits()) == 1)
    (fit,) = yard.fits()
    first.kill()
    os.kill(fit, signal.SIGKILL)
    first.wait()
    yard.start("work")
    soon(lambda: len(yard.fits()) == 2)
    yard.go()
    soon(lambda: yard.state("asked") is TaskState.DONE)
    assert [(run.run_id, str(run.end)) for run in yard.runs() if run.run_id == "asked"] == [("asked", "released")]
    assert len([one for one in yard.versions() if one.card.get("run") == "asked"]) == 1


def test_redis_flushed_and_gone_in_the_middle(yard: Yard) -> None:
    """The turn goes on; what waited in Redis is told again, and what is asked for meanwhile waits in the store."""
    yard.start("work")
    yard.start("schedule")
    yard.ask("running")
    soon(lambda: len(yard.fits()) == 1)
    yard.ask("waiting")
    yard.redis.flush()
    yard.redis.stop()
    yard.ask("meanwhile")
    assert yard.state("meanwhile") is TaskState.WAITING
    yard.redis.start()
    yard.go()
    soon(lambda: {yard.state(name) for name in ("running", "waiting", "meanwhile")} == {TaskState.DONE})
    names = [run.run_id for run in yard.runs()]
    assert len(names) == len(set(names))
    assert {"running", "waiting", "meanwhile"} <= set(names)


def test_two_workers_and_two_schedulers(yard: Yard) -> None:
    """One question a learner, one run, whoever asks and whoever works."""
    yard.go()
    for what in ("work", "work", "schedule", "schedule"):
        yard.start(what)
    soon(lambda: any(task.state is TaskState.DONE for task in yard.services.tasks.tasks()))
    # Both schedulers have had their rounds when one that stops has handed over to the other.
    yard.processes[2].terminate()
    yard.processes[2].wait()
    soon(lambda: yard.services.leases.held("scheduler"))
    assert len(yard.services.tasks.tasks()) == 1
    assert len(yard.runs()) == 1


def test_poison_ends_as_a_dead_letter(yard: Yard) -> None:
    """A task whose process always dies has so many attempts, then is a dead letter. What is asked later is done."""
    yard.go()
    yard.start("work")
    yard.start("schedule")
    yard.ask("bad", POISON)
    for attempt in range(1, ATTEMPTS):
        soon(lambda attempt=attempt: _waits(yard, attempt))  # type: ignore[misc]
        hurry(yard, "bad")
    soon(lambda: yard.state("bad") is TaskState.DEAD)
    yard.ask("good")
    soon(lambda: yard.state("good") is TaskState.DONE)
    assert yard.state("bad") is TaskState.DEAD


def _waits(yard: Yard, attempt: int) -> bool:
    task = yard.services.tasks.task("bad")
    return (task.state, task.attempts) == (TaskState.WAITING, attempt)


def hurry(yard: Yard, name: str) -> None:
    """Let the next attempt begin now, not in minutes: by a claim that fails at once and does not count."""
    import psycopg

    with psycopg.connect(yard.database, autocommit=True) as connection:
        connection.execute("UPDATE tasks SET due = asked WHERE task_id = %s", (name,))
    yard.queue.send(name)


@contextmanager
def flower(redis: OwnRedis, home: Path) -> Iterator[str]:
    """Celery's own page about our queue; its address."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "SAMOUK_REDIS_URL": redis.url, "SAMOUK_HOME": str(home)}
    environment |= {"FLOWER_UNAUTHENTICATED_API": "true", "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "celery", "-A", "samouk.cli.queue", "flower"]
    process = subprocess.Popen([*command, f"--port={port}", "--address=127.0.0.1"], cwd=home, env=environment)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def test_flower_watches_the_workers_and_cannot_stop_them(yard: Yard, tmp_path: Path) -> None:
    """It knows them by their events; nobody who can write to Redis has them do anything but look into the store."""
    worker = yard.start("work")
    with flower(yard.redis, tmp_path) as address:

        def workers() -> list[dict[str, object]]:
            with suppress(OSError), urllib.request.urlopen(f"{address}/workers?json=1", timeout=20) as answer:
                return list(json.load(answer)["data"])
            return []

        soon(lambda: len(workers()) == 1)
        (found,) = workers()
        assert str(found["hostname"]).startswith("celery@")
    app = app_of(yard.redis.url)
    try:
        assert app.control.ping(timeout=2.0) == []
        app.control.shutdown()
    finally:
        app.close()
    assert worker.poll() is None
