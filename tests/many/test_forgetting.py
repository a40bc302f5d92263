"""Who is forgotten by one process is forgotten by the guard, which runs in another, before the answer says so."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.many.serving import environment, serving
from tests.many.test_servers import wait_for

from samouk import assembly
from samouk.loop.ports import Role
from samouk.settings import load

pytestmark = pytest.mark.slow


def answer(port: int, key: str, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    """Over a connection of its own, so that any of the workers may answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    return response.status, text


def ask(port: int, key: str, method: str, path: str, body: object = None) -> Any:
    status, text = answer(port, key, method, path, body)
    assert status == 200, (status, text)
    return json.loads(text)


def test_a_guard_forgets_whom_another_process_erased(tmp_path: Path) -> None:
    """By any worker, with or without a proof, and by a command beside the server."""
    home = tmp_path / "home"
    with serving(home, "", "--workers", "2") as (_, port):
        with assembly.opened(load({}, home=home)) as services:
            key = services.keys.create("tests", Role.ADMIN)[1]
        users = [f"somebody-{number}@example.org" for number in range(9)]
        wait_for(lambda: answer(port, key, "GET", "/ml/status")[0] == 200)  # the worker with the guard is up too
        for _ in range(3):
            ask(port, key, "POST", "/ml/activity", {"events": [{"user_id": user} for user in users]})

        def knows(user: str) -> bool:
            status, _ = answer(port, key, "POST", "/ml/anomalies/analyze", {"user_id": user})
            assert status in (200, 404)
            return status == 200

        for user in users[:6]:
            assert knows(user)
            assert ask(port, key, "DELETE", f"/v1/learners/traffic.anomaly/units/{user}")["pending"] == []
            assert not knows(user)
        for user in users[6:8]:
            proof = ask(port, key, "POST", "/v1/erasures", {"subject": user, "learners": ["traffic.anomaly"]})
            assert not knows(user)
            assert not any("guard" in reason for reason in proof["pending"])
        command = [sys.executable, "-m", "samouk.cli", "erase", "--subject", users[8], "--json", "--home", str(home)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment(home, ""), check=False)
        assert "marks" in done.stdout, done.stderr
        assert not knows(users[8])
