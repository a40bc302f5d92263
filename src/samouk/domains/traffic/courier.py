"""Carries what a guard has to say to the platform on a thread of its own: never in the host's way, never unbounded."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from samouk.domains.traffic.link import Exposed, Link, Refused, Unlinked
from samouk.edge.wire import Row, Schema
from samouk.loop.ports import StoreUnavailable
from samouk.loop.records import Artifact

log = logging.getLogger("samouk.traffic.link")

WAITING = 1_000
"""Things on their way, at most; the oldest is dropped for one more."""

REFRESH_S = 60.0
"""Seconds between two looks at which model is in service."""

RETRY_S = (1.0, 60.0)
"""First and longest rest after the platform could not be reached."""

Work = Callable[[], None]


class Courier:
    """A thread over a link, with a bounded queue before it.

    What cannot be delivered now waits and is tried again, later and later; what is refused is dropped. Nothing that
    a caller does here blocks, but ``refresh``, ``deliver`` and ``close``.

    Attributes:
        counts: delivered, refreshed, dropped_full, dropped_refused, retries, failures.
        last_problem: in words; empty while there was none.
    """

    def __init__(self, link: Link, *, waiting: int = WAITING, refresh_s: float = REFRESH_S) -> None:
        self.counts: Counter[str] = Counter()
        self.last_problem = ""
        self._link = link
        self._refresh_s = refresh_s
        self._queue: deque[Work] = deque(maxlen=waiting)
        self._watched: dict[str, Callable[[str, Artifact], None]] = {}
        self._serving: dict[str, str] = {}
        self._due = threading.Event()
        self._closing = threading.Event()
        self._delivering = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="samouk-traffic-link", daemon=True)

    @property
    def waiting(self) -> int:
        """Things that wait."""
        return len(self._queue)

    @property
    def serving(self) -> Mapping[str, str]:
        """Learner → the version whose model is in force here."""
        return dict(self._serving)

    def watch(self, learner: str, take: Callable[[str, Artifact], None]) -> None:
        """Have ``take`` called with each new champion; it raises ValueError for one that it cannot use."""
        self._watched[learner] = take

    def expose(self, learner: str, unit: str, row: Row, then: Callable[[Exposed], None] | None = None) -> None:
        """Have a window weighed and kept by the platform; ``then`` is told, on the thread."""
        self._put(partial(self._expose, learner, unit, row, then))

    def tell(self, learner: str, event_id: str, outcome: str, value: float) -> None:
        """Say how an exposed window turned out."""
        self._put(partial(self._link.tell, learner, event_id, outcome, value))

    def gather(self, schema: Schema, name: str, group: int, rows: Sequence[Row]) -> None:
        """Keep rows for the learner of the schema to learn from."""
        self._put(partial(self._link.gather, schema, name, group, rows))

    def start(self) -> None:
        """Begin to deliver, and take the models that serve into force."""
        self._thread.start()

    def close(self, wait_s: float = 5.0) -> None:
        """Deliver what waits, for no longer than ``wait_s``, and end."""
        self._closing.set()
        self._due.set()
        if self._thread.is_alive():
            self._thread.join(wait_s)

    def refresh(self, learner: str) -> str | None:
        """Take a learner's champion into force, if it is another; its name, None while there is none. Blocks.

        Raises:
            Unlinked, Refused: there was no usable answer.
            ValueError: the model cannot be used here.
        """
        found = self._link.champion(learner)
        if found is None:
            return None
        if self._serving.get(learner) != found[0]:
            self._watched[learner](*found)
            self._serving[learner] = found[0]
        return found[0]

    def deliver(self) -> bool:
        """Carry over everything that waits; False when the platform cannot be reached."""
        with self._delivering:
            while self._queue:
                work = self._queue[0]
                if not self._attempt(work, "delivered"):
                    return False
                if self._queue and self._queue[0] is work:  # else newer things have pushed it out meanwhile
                    self._queue.popleft()
        return True

    def _expose(self, learner: str, unit: str, row: Row, then: Callable[[Exposed], None] | None) -> None:
        exposed = self._link.expose(learner, unit, row)
        if exposed is not None and then is not None:
            then(exposed)

    def _put(self, work: Work) -> None:
        if len(self._queue) == self._queue.maxlen:
            self.counts["dropped_full"] += 1
        self._queue.append(work)
        self._due.set()

    def _refresh_all(self) -> None:
        for learner in list(self._watched):
            self._attempt(partial(self._refresh_quietly, learner), "refreshed")

    def _refresh_quietly(self, learner: str) -> None:
        self.refresh(learner)

    def _run(self) -> None:
        rest, next_look = RETRY_S[0], 0.0
        while True:
            self._due.clear()
            if time.monotonic() >= next_look and not self._closing.is_set():
                self._refresh_all()
                next_look = time.monotonic() + self._refresh_s
            reached = self.deliver()
            if self._closing.is_set():
                return
            if reached:
                rest = RETRY_S[0]
                self._due.wait(max(next_look - time.monotonic(), 0.0))
            else:
                self._closing.wait(rest)
                rest = min(2 * rest, RETRY_S[1])

    def _attempt(self, work: Work, done: str) -> bool:
        """Whether the platform was reached, whatever it said."""
        try:
            work()
        except (Unlinked, StoreUnavailable) as error:
            self.counts["retries"] += 1
            self._say(str(error))
            return False
        except Refused as error:
            self.counts["dropped_refused"] += 1
            self._say(str(error))
        except Exception as error:  # noqa: BLE001 - the border of this thread, which outlives any bad moment; counted
            self.counts["failures"] += 1
            self._say(f"{type(error).__name__}: {error}")
        else:
            self.counts[done] += 1
        return True

    def _say(self, problem: str) -> None:
        if problem != self.last_problem:  # said once, not at every try
            log.error("the way to the platform: %s", problem)
        self.last_problem = problem
