"""What other processes do to a journal and to a rollout in the tests."""

from __future__ import annotations

import dataclasses
from multiprocessing.connection import Connection
from pathlib import Path

from tests.contracts.live import METRIC, WINDOWS, event, exposure, outcome
from tests.contracts.making import LEARNER

from samouk.loop.live import Move
from samouk.loop.ports import Outdated
from samouk.store.clock import MONDAY, SystemClock
from samouk.store.sql import open_store

CHUNK = 5


def expose(pipe: Connection, home: Path, numbers: list[int]) -> None:
    """Keep the exposures, few at a time; tell the secret of the home and how many were new."""
    store = open_store(home, SystemClock())
    pipe.send("ready")
    pipe.recv()
    secret = store.journal.secret()
    chunks = [numbers[first : first + CHUNK] for first in range(0, len(numbers), CHUNK)]
    pipe.send((secret, sum(store.journal.expose([exposure(n) for n in chunk]) for chunk in chunks)))
    store.close()


def tell(pipe: Connection, home: Path, numbers: list[int]) -> None:
    """Tell how the events turned out, few at a time; tell the secret of the home and what became of them."""
    store = open_store(home, SystemClock())
    pipe.send("ready")
    pipe.recv()
    secret = store.journal.secret()
    chunks = [numbers[first : first + CHUNK] for first in range(0, len(numbers), CHUNK)]
    heard = [store.journal.tell(LEARNER, [outcome(n, metric=METRIC) for n in chunk], WINDOWS) for chunk in chunks]
    pipe.send((secret, [one for many in heard for one in many]))
    store.close()


def decide(pipe: Connection, home: Path, actor: str, moves: int) -> None:
    """Change the learner's rollout so many times, reading it again when another was faster; tell how often that was."""
    store = open_store(home, SystemClock())
    pipe.send("ready")
    pipe.recv()
    outdated = done = 0
    while done < moves:
        read = store.rollouts.active(LEARNER)
        assert read is not None
        move = Move(MONDAY, actor, "hold", "", 0, 0.1)
        try:
            store.rollouts.save(dataclasses.replace(read, history=(*read.history, move)), [event(done)])
            done += 1
        except Outdated:
            outdated += 1
    pipe.send(outdated)
    store.close()
