"""Turns that people ask for over HTTP: each in a process of its own, one at a time for each learner."""

from __future__ import annotations

import json
import logging
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Protocol

from samouk.server import children
from samouk.server.problems import UNAVAILABLE, Problem

log = logging.getLogger("samouk.turns")

ADOPT_S = 90.0
"""Seconds that taking in a model may take: the process itself ends when its own, shorter time is over."""

UNUSABLE = 3
"""Exit code of a command whose store cannot be used."""


REASON = "SAMOUK_REASON"
"""Variable in which a command finds why it is run: people's words stand on no command line, which all may read."""


@dataclass(frozen=True, slots=True)
class Commands:
    """The command lines of turns.

    Attributes:
        learn: (learner, whether what passes waits for a person) → learns, and exits with 0.
        adopt: (learner, metrics as JSON) → reads a model from its input and writes ``Adopted`` as JSON.
    """

    learn: Callable[[str, bool], Sequence[str]]
    adopt: Callable[[str, str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Adopted:
    """What became of a model that was made elsewhere.

    Attributes:
        version: its name, unless it was not entered.
        end: of its run, or ``unfit`` when it came to none.
        why: reasons, for a person.
    """

    version: str | None
    end: str
    why: str


class Learning(Protocol):
    """Has turns taken that people ask for."""

    def start(self, learner: str, reason: str, *, hold: bool = False) -> None:
        """Begin to learn, here or elsewhere. Raises a 409 while a turn that was asked for waits or runs."""

    def adopt(self, learner: str, data: bytes, metrics: str, reason: str) -> Adopted:
        """Try, judge and enter a model; blocks until it is done. Raises Problem."""

    def close(self) -> None:
        """Stop what runs here."""


class Turns:
    """Begins turns and sees to their ends; training and strangers' models stay out of the serving process.

    Args:
        environment: of the commands.
        seconds: learning may take; what takes longer is stopped.
        adopting: seconds that taking in a model may take.
    """

    def __init__(
        self,
        commands: Commands,
        environment: Mapping[str, str],
        *,
        seconds: float = children.TURN_S,
        adopting: float = ADOPT_S,
    ) -> None:
        self._commands = commands
        self._environment = environment
        self._seconds = seconds
        self._adopting = adopting
        self._running: dict[str, children.Child] = {}
        self._lock = Lock()
        self._closed = False

    def start(self, learner: str, reason: str, *, hold: bool = False) -> None:
        """Begin to learn. Raises a 409 while a turn that was begun here runs, and a 503 after the close.

        Args:
            hold: what passes waits for a person's word, whatever the learner's policy says.
        """
        child = self._begin(learner, self._commands.learn(learner, hold), reason)
        Thread(target=self._await, args=(learner, child), name=f"turn:{learner}", daemon=True).start()

    def adopt(self, learner: str, data: bytes, metrics: str, reason: str) -> Adopted:
        """Try, judge and enter a model; blocks until it is done.

        Raises:
            Problem: 409 while this learner is learning, 422 for a model that breaks the process that tries
                it, 503 when the store is out of order or the server stops.
        """
        child = self._begin(learner, self._commands.adopt(learner, metrics), reason, talking=True)
        try:
            said = self._answer(child, data)
        finally:
            self._end(learner, child)
        return self._understood(learner, child.returncode, said)

    def close(self) -> None:
        """Stop what runs, which is safe at any point, and begin nothing more."""
        with self._lock:
            self._closed = True
            running = list(self._running.values())
        children.stop(*running)

    def _begin(self, learner: str, command: Sequence[str], reason: str, *, talking: bool = False) -> children.Child:
        environment = {**self._environment, REASON: reason}
        with self._lock:
            if self._closed:
                raise Problem(503, "the server stops; ask again when it is back", headers={"Retry-After": "30"})
            if learner in self._running:
                raise Problem(409, f"{learner} is learning already; /v1/learners/{learner}/runs tells how it ends")
            self._running[learner] = child = children.begin(command, environment, talking=talking)
        return child

    def _answer(self, child: children.Child, data: bytes) -> bytes:
        with child:
            try:
                said, _ = child.communicate(data, self._adopting)
            except subprocess.TimeoutExpired:
                children.stop(child)
                reason = f"the model was tried for {self._adopting:g} seconds in vain; every row must be scored at once"
                raise Problem(422, reason, field="body") from None
        return said

    def _await(self, learner: str, child: children.Child) -> None:
        try:
            code = child.wait(self._seconds)
        except subprocess.TimeoutExpired:
            log.error("the turn of %s took longer than %g seconds and was stopped", learner, self._seconds)  # noqa: TRY400
        else:
            if not self._closed:
                children.told(learner, code)
        finally:
            self._end(learner, child)

    def _end(self, learner: str, child: children.Child) -> None:
        if child.poll() is None:
            children.stop(child)
        with self._lock:
            del self._running[learner]

    def _understood(self, learner: str, code: int, said: bytes) -> Adopted:
        if code == children.BUSY:
            raise Problem(409, f"{learner} is learning just now; try again later", headers={"Retry-After": "30"})
        if code == UNUSABLE:
            raise UNAVAILABLE
        if self._closed:
            raise Problem(503, "the server stops; send the model again when it is back", headers={"Retry-After": "30"})
        if code < 0:
            reason = f"the model ended the process that tried it (signal {-code}): it takes too much memory or time"
            raise Problem(422, reason, field="body")
        # Anything else that is no answer is ours, and counted as such.
        return Adopted(**json.loads(said))
