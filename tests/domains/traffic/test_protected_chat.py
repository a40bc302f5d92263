"""The example of a protected chat is one: people are heard by all, and who floods is held up."""

from __future__ import annotations

import json
import socket
import threading
import time
import urllib.request
from typing import Any

import pytest
import uvicorn
from examples import protected_chat
from websockets.sync.client import connect

MESSAGES = 200


def _status(place: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://{place}/guard/status", timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


@pytest.mark.slow
def test_who_floods_the_chat_is_held_up() -> None:
    """What is over the burst is dropped, heard as such, and alerted; the connection stays."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(protected_chat.app, log_level="error", ws="websockets-sansio"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    place = f"127.0.0.1:{listener.getsockname()[1]}"
    assert _status(place).keys() == {"users", "heard", "alerts", "limits"}
    with connect(f"ws://{place}/chat") as websocket:
        websocket.send("good morning")
        assert websocket.recv(10) == "good morning"
        for number in range(MESSAGES):
            websocket.send(str(number))
        assert websocket.recv(10) == "0"
        # Connected until all was heard: the chat ends with its first answer to somebody who has gone.
        guard, until = protected_chat.guard, time.monotonic() + 60
        while guard.limiter.counts["dropped"] < MESSAGES / 2 and time.monotonic() < until:
            time.sleep(0.05)  # asking over HTTP from the address that floods would be turned away
    server.should_exit = True
    thread.join()
    told = guard.status()
    assert guard.limiter.counts["dropped"] >= MESSAGES / 2
    assert told["heard"]["events"] > MESSAGES / 2
    assert told["alerts"] == 1
