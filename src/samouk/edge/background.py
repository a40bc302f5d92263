"""The thread that empties the queue while the host goes on."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

from samouk.edge.uploader import Pass, pause

IDLE_S = 900.0
"""How often the queue is looked at when nothing calls for it."""

DELAYED_S = 60.0
"""How often, while batches wait for their random delay."""


class Background:
    """Runs passes one at a time: when woken, now and then, and after a failure later and later.

    The thread is a daemon, so that it never keeps its host from ending; being killed in its midst
    costs nothing. It starts at the first `wake`.
    """

    def __init__(self, run: Callable[[], Pass]) -> None:
        self._run = run
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._called = False
        self._due = threading.Event()
        self._ended = threading.Event()
        self.passing = threading.Lock()

    @property
    def started(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def wake(self) -> None:
        """Ask for a pass soon; while the thread waits after a failure, it goes on waiting."""
        self._called = True
        self._due.set()
        with self._starting:
            if not self.started:
                self._ended.clear()
                self._thread = threading.Thread(target=self._work, name="samouk-upload", daemon=True)
                self._thread.start()

    def stop(self, wait_s: float) -> None:
        """End the thread once it has done what it was called for; it is not waited for longer than ``wait_s``.

        One that waits after a failure ends at once, and so does one whose pass fails: its server is not there.
        """
        self._ended.set()
        self._due.set()
        if self._thread is not None:
            self._thread.join(wait_s)

    def _work(self) -> None:
        failures, wait_s = 0, IDLE_S
        while True:
            self._due.wait(wait_s)
            self._due.clear()
            if self._ended.is_set() and not self._called:
                return
            self._called = False
            with self.passing:
                done = self._run()
            failures = failures + 1 if done.problem else 0
            wait_s = DELAYED_S if done.kept else IDLE_S
            if failures:
                if self._ended.wait(pause(failures, done.retry_after_s, random.random())):  # noqa: S311 - jitter
                    return
                self._due.set()
