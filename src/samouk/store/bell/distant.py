"""A bell that is heard on other machines too: a thread listens, and rings the one in this process."""

from __future__ import annotations

import threading
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator

from samouk.store.bell.local import ALONE_S, LocalBell
from samouk.store.outage import Outage

PATIENCE_S = 5.0
"""How long who waits may sleep while other processes are heard: a ring may be lost."""

HEARTBEAT_S = 1.0
"""How often a listener looks whether it is to end."""


class DistantBell(LocalBell, ABC):
    """Rings here at once, and elsewhere as soon as the message arrives.

    The thread begins with the first who waits: who only rings needs none. When its connection was broken it rings
    every name once it hears again, since nobody knows what it missed.

    Args:
        place: where the messages go through.
        errors: what the connection raises when it is out of order.
    """

    def __init__(self, place: str, errors: tuple[type[Exception], ...]) -> None:
        super().__init__()
        self._errors = errors
        self._sending, self._hearing = Outage(place), Outage(place)
        self._self = uuid.uuid4().hex
        self._begin = threading.Lock()
        self._ends = threading.Event()
        self._listens = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="bell", daemon=True)

    @property
    def failures(self) -> int:
        return self._sending.failures + self._hearing.failures

    @property
    def patience(self) -> float:
        return PATIENCE_S if self._listens.is_set() else ALONE_S

    def ring(self, name: str) -> None:
        super().ring(name)
        if not self._sending.may_try():
            return
        try:
            self._send(f"{self._self} {name}")
        except self._errors as error:
            self._sending.failed(error)
        else:
            self._sending.answered()

    def wait(self, name: str, seconds: float, after: int) -> int:
        self._start()
        return super().wait(name, seconds, after)

    def rings(self, name: str) -> int:
        self._start()
        return super().rings(name)

    def close(self) -> None:
        with self._begin:
            self._ends.set()
        super().close()
        if self._thread.is_alive():
            self._thread.join()
        self._disconnect()

    def _start(self) -> None:
        with self._begin:
            if not self._ends.is_set() and self._thread.ident is None:
                self._thread.start()

    def _listen(self) -> None:
        while not self._ends.is_set():
            try:
                for message in self._messages():
                    if self._ends.is_set():
                        return
                    self._heard(message)
            except self._errors as error:
                self._listens.clear()
                self._hearing.failed(error)
            while not self._hearing.may_try() and not self._ends.wait(HEARTBEAT_S / 4):
                pass

    def _heard(self, message: str | None) -> None:
        """One message; None when the connection stands and nothing came."""
        if not self._listens.is_set():
            self._listens.set()
            if self._hearing.lasts:
                self._hearing.answered()
                for name in list(self._rings):
                    super().ring(name)
        sender, _, name = (message or "").partition(" ")
        if name and sender != self._self:
            super().ring(name)

    @abstractmethod
    def _send(self, message: str) -> None:
        """Say it to all who listen."""

    @abstractmethod
    def _messages(self) -> Iterator[str | None]:
        """What is said, as it comes; None when it begins to listen, and after each ``HEARTBEAT_S`` of silence."""

    @abstractmethod
    def _disconnect(self) -> None:
        """Let go of every connection; the thread has ended."""
