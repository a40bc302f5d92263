"""Commands of a house with a queue: without one they say so, and a server lives without it."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from samouk import assembly
from samouk.cli import main
from samouk.loop.ports import Services
from samouk.loop.task import Kind, Task
from samouk.settings import load


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SAMOUK_HOME", str(tmp_path / "home"))
    for name in ("SAMOUK_REDIS_URL", "SAMOUK_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def give_up(services: Services) -> None:
    now = dt.datetime.now(dt.UTC)
    services.tasks.put(Task("bad", Kind.LEARN, "toy.half", now, now, {"reason": "so"}))
    services.tasks.put(Task("waits", Kind.DUE, "toy.half", now, now))
    services.tasks.claim("bad", "a", 60)
    services.tasks.fail("bad", "a", "exit code 1", None)


@pytest.mark.parametrize("command", ["work", "schedule"])
def test_without_a_queue_nobody_works(command: str) -> None:
    """In words that name the setting and what works without."""
    done = call(command)
    assert done.exit_code == 2
    assert "SAMOUK_REDIS_URL" in done.output


def test_an_address_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMOUK_REDIS_URL", "http://localhost")
    done = call("work")
    assert done.exit_code == 3
    assert "SAMOUK_REDIS_URL" in done.output


def test_dead_tasks_are_shown_and_put_back() -> None:
    """With their error; all others on demand, and for programs as JSON."""
    with assembly.opened(load(os.environ)) as services:
        give_up(services)
    assert "exit code 1" in call("tasks").output
    assert "waits" not in call("tasks").output
    assert [row["task_id"] for row in json.loads(call("tasks", "--all", "--json").output)] == ["waits", "bad"]
    assert call("tasks", "retry", "bad").exit_code == 0
    assert json.loads(call("tasks", "--json").output) == []
    again = call("tasks", "retry", "bad")
    assert again.exit_code == 2
    assert "no dead letter bad" in again.output


@pytest.mark.slow
def test_a_server_lives_without_its_queue(home: Path) -> None:
    """It starts, serves, and says what is missing."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        redis = f"redis://127.0.0.1:{free.getsockname()[1]}/0"
    environment = {**os.environ, "SAMOUK_REDIS_URL": redis, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "samouk.cli", "serve", "--port", "0"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        found = None
        while found is None:
            line = process.stdout.readline()
            assert line, "the server ended"
            found = re.search(r"listens on (http://\S+)", line)
        with urllib.request.urlopen(f"{found[1]}/health/ready", timeout=60) as answer:
            ready = json.load(answer)
        assert ready["status"] == "ready"
        assert len(ready["missing"]) == 1
        assert "Redis at 127.0.0.1" in ready["missing"][0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.slow
def test_a_worker_says_one_line_for_each_thing() -> None:
    """That it begins, that Redis is away, and that it ends; none in Celery's words."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        redis = f"redis://127.0.0.1:{free.getsockname()[1]}/0"
    environment = {**os.environ, "SAMOUK_REDIS_URL": redis, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "samouk.cli", "work"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    while "does not answer" not in lines[-1]:
        assert lines[-1], lines
        lines.append(process.stdout.readline())
    process.send_signal(signal.SIGTERM)
    lines += process.communicate(timeout=60)[0].splitlines(keepends=True)
    assert process.returncode == 0
    assert "The worker begins: one turn at once" in lines[0]
    assert all(line.startswith(("🛠️", "🔑", "20")) for line in lines), lines
    assert "the worker ends once" in lines[-1]


def test_a_worker_tells_why_on_no_command_line() -> None:
    """Everybody on a machine reads command lines: the command finds the reason where the task stands."""
    with assembly.opened(load(os.environ)) as services:
        now = dt.datetime.now(dt.UTC)
        services.tasks.put(
            Task("task-1", Kind.LEARN, "screens.element", now, now, {"reason": "ada asked", "hold": True})
        )
    done = call("turn", "screens.element", "--task", "task-1", "--json")
    assert done.exit_code == 0, done.output
    run = json.loads(done.stdout)
    assert (run["run_id"], run["order"]["reason"], run["order"]["hold"]) == ("task-1", "ada asked", True)
    assert call("turn", "screens.element", "--task", "nobody's").exit_code == 2
