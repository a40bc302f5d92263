"""One thread that waits on the bell for all who listen on the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread

from samouk.loop.ports import Bell

BREATH_S = 0.25
"""How often a thread that waits looks whether it is to end."""


class Waking:
    """Wakes every listener when the bell rings, and when the server stops.

    Args:
        closing: set when the server stops.
    """

    def __init__(self, bell: Bell, name: str, closing: Event) -> None:
        self._bell = bell
        self._name = name
        self._closing = closing
        self._listeners: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._mutex = Lock()
        self._thread: Thread | None = None

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """An event that is set with every ring; whoever waits on it clears it before looking."""
        listener = (asyncio.get_running_loop(), asyncio.Event())
        with self._mutex:
            self._listeners.add(listener)
            if self._thread is None:
                heard = self._bell.rings(self._name)
                self._thread = Thread(target=self._wait, args=(heard,), name=f"waking:{self._name}", daemon=True)
                self._thread.start()
        try:
            yield listener[1]
        finally:
            with self._mutex:
                self._listeners.discard(listener)

    @property
    def patience(self) -> float:
        """Seconds after which a listener should look by itself."""
        return self._bell.patience

    def _wait(self, heard: int) -> None:
        while not self._closing.is_set():
            rung = wait(self._bell, self._name, BREATH_S, heard, self._closing)
            if rung > heard:
                heard = rung
                self._wake()
        self._wake()

    def _wake(self) -> None:
        with self._mutex:
            for loop, event in self._listeners:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(event.set)


class Prompt:
    """Calls ``work`` whenever the bell rings, and every so often without; never twice at a time.

    A context manager: it works inside its ``with``, and lets what runs end at the close.

    Args:
        work: raises nothing: the border is its own.
        seconds: between two calls, at most.
    """

    def __init__(self, work: Callable[[], object], bell: Bell, name: str, seconds: float) -> None:
        self._work = work
        self._bell = bell
        self._name = name
        self._seconds = seconds
        self._closing = Event()
        self._thread = Thread(target=self._run, name=f"prompt:{name}", daemon=True)

    def __enter__(self) -> Prompt:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            heard, until = self._bell.rings(self._name), time.monotonic() + self._seconds
            self._work()
            while not self._closing.is_set() and (left := until - time.monotonic()) > 0:
                if wait(self._bell, self._name, min(left, BREATH_S), heard, self._closing) > heard:
                    break


def wait(bell: Bell, name: str, seconds: float, heard: int, closing: Event) -> int:
    """``bell.wait``, which a bell that was closed ends at once: then the time is waited out here."""
    began = time.monotonic()
    rung = bell.wait(name, seconds, heard)
    left = seconds - (time.monotonic() - began)
    if rung <= heard and left > 0:
        closing.wait(left)
    return rung
