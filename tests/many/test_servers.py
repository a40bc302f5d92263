"""Many servers and workers on one database: restarted one after the other, nothing fails, is lost or is doubled."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.many.proxy import Balancer
from tests.many.serving import LEARNER, Client, api_key, clients, environment, serving, stored

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return response.status, body


def children(pid: int) -> set[int]:
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(path.read_text().rpartition(")")[2].split()[1]) == pid:
                found.add(int(path.parent.name))
        except OSError:
            continue
    return found


def wait_for(what: object, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not what():  # type: ignore[operator]
        assert time.monotonic() < until, "it never came"
        time.sleep(0.02)


def check(made: list[Client], home: Path, url: str) -> None:
    """Nothing failed, and every promise is there once."""
    assert [one.failures for one in made] == [[] for _ in made]
    there = stored(home, url)
    promised = [batch_id for one in made for batch_id in one.promised]
    assert sorted(there) == sorted(promised)
    assert len(promised) > 20


def test_each_of_two_servers_is_restarted(postgres: str, tmp_path: Path) -> None:
    """A balancer that looks at readiness deals to two servers: clients see no restart of either."""
    homes = [tmp_path / "one", tmp_path / "two"]
    ports = [free_port(), free_port()]

    def begin(number: int) -> AbstractContextManager[Any]:
        return serving(homes[number], postgres, port=ports[number], SAMOUK_DRAIN_SECONDS="3")

    with ExitStack() as until_the_end:
        first = ExitStack()
        first.enter_context(begin(0))
        key = api_key(homes[0], postgres)
        shutil.copytree(homes[0] / "keys", homes[1] / "keys")
        for folder in ("packs", "blobs"):  # in place of a bucket
            (homes[1] / folder).symlink_to(homes[0] / folder)
        second = ExitStack()
        second.enter_context(begin(1))
        balancer = until_the_end.enter_context(Balancer(ports).running())
        wait_for(lambda: len(balancer.ready) == 2)
        with clients(balancer.port, key, 3) as made:
            for number, running in ((1, second), (0, first)):
                for one in made:
                    one.wait(5)
                running.close()
                for one in made:
                    one.wait(5)
                until_the_end.enter_context(begin(number))
                wait_for(lambda: len(balancer.ready) == 2)
            for one in made:
                one.wait(5)
        check(made, homes[0], postgres)


@pytest.mark.parametrize("store", ["postgres", "embedded"])
def test_workers_are_renewed_one_after_the_other(store: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """SIGHUP puts new processes in the place of all, and no connection is refused or broken; one that is killed is
    begun again; all end together."""
    url = request.getfixturevalue("postgres") if store == "postgres" else ""
    home = tmp_path / "home"
    with serving(home, url, "--workers", "2") as (process, port):
        key = api_key(home, url)
        wait_for(lambda: len(children(process.pid)) == 2)
        before = children(process.pid)
        with clients(port, key, 3) as made:
            for one in made:
                one.wait(5)
            process.send_signal(signal.SIGHUP)
            wait_for(lambda: len(now := children(process.pid)) == 2 and not now & before)
            for one in made:
                one.wait(5)
        check(made, home, url)
        victim = min(children(process.pid))
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: len(now := children(process.pid)) == 2 and victim not in now)
        assert get(port, "/health/live")[0] == 200
        workers = children(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def test_a_renewal_that_fails_leaves_the_crew_as_it_was(tmp_path: Path) -> None:
    """A new process 0 that cannot start is no process to ask: the old one goes on being asked, until one can."""
    home, told = tmp_path / "home", tmp_path / "told"
    with told.open("wb") as words, serving(home, "", "--workers", "2", told=words) as (process, port):
        wait_for(lambda: get(port, "/ml/status")[0] == 200)
        before = children(process.pid)
        (home / "exposures").rename(home / "away")
        (home / "exposures").touch()
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: "a new worker 0 did not start" in told.read_text())
        assert children(process.pid) == before
        assert {get(port, "/ml/status")[0] for _ in range(20)} == {200}
        (home / "exposures").unlink()
        (home / "away").rename(home / "exposures")
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: len(now := children(process.pid)) == 2 and not now & before)
        assert {get(port, "/ml/status")[0] for _ in range(20)} == {200}


def test_metrics_are_of_all_workers(tmp_path: Path) -> None:
    """One scrape tells what each process counted under its number, and what the store holds once."""
    home = tmp_path / "home"
    with serving(home, "", "--workers", "2") as (process, port):
        wait_for(lambda: get(port, "/metrics")[1].count("samouk_build_info{") == 2)
        families = {one.name: one for one in text_string_to_metric_families(get(port, "/metrics")[1])}
        assert {one.labels["process"] for one in families["samouk_build_info"].samples} == {"0", "1"}
        assert [one.labels for one in families["samouk_store_up"].samples] == [{}]
        # What one process keeps is told by that one, whichever is asked.
        assert {get(port, "/ml/status")[1] for _ in range(10)} == {get(port, "/ml/status")[1]}
        workers = children(process.pid)
        process.kill()
        process.wait()
        wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


def test_one_begins_on_an_empty_database(postgres: str, tmp_path: Path) -> None:
    """Four servers of four machines begin at once: one makes the keys and the first versions, the others are told."""
    command = [sys.executable, "-m", "samouk.cli", "serve", "--no-schedule", "--port", "0"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    begun = [
        subprocess.Popen(command, env=environment(tmp_path / name, postgres), **pipes)  # type: ignore[call-overload]
        for name in ("a", "b", "c", "d")
    ]
    wait_for(lambda: sum(one.poll() is None for one in begun) == 1, 90)
    told = [one.communicate()[1] for one in begun if one.poll() is not None]
    assert all("SAMOUK_KEYS_DIR" in words for words in told), told
    assert [one.returncode for one in begun if one.poll() is not None] == [3, 3, 3]
    (alive,) = [one for one in begun if one.poll() is None]
    assert alive.stdout is not None
    while "listens on" not in alive.stdout.readline():
        pass
    alive.send_signal(signal.SIGTERM)
    alive.communicate(timeout=60)
    with psycopg.connect(postgres) as connection:
        numbers = connection.execute("SELECT learner, count(*) FROM versions GROUP BY learner").fetchall()
        assert numbers
        assert {count for _, count in numbers} == {1}


def test_two_turns_of_one_learner(postgres: str, tmp_path: Path) -> None:
    """Of two that learn at once one is told that another does, with exit code 4."""
    home = tmp_path / "home"
    with serving(home, postgres) as (_, port):
        key = api_key(home, postgres)
        with clients(port, key, 2) as made:
            for one in made:
                one.wait(20)
    command = [sys.executable, "-m", "samouk.cli", "turn", LEARNER, "--reason", "tests"]
    both = [subprocess.Popen(command, env=environment(home, postgres), stderr=subprocess.PIPE) for _ in range(4)]
    said = [one.communicate(timeout=120)[1].decode() for one in both]
    codes = sorted(one.returncode for one in both)
    assert 0 in codes, "\n".join(said)
    assert set(codes) <= {0, 4}, said
    with psycopg.connect(postgres) as connection:
        ends = connection.execute("SELECT count(*) FROM runs WHERE learner = %s", (LEARNER,)).fetchone()
        assert ends == (codes.count(0),)
