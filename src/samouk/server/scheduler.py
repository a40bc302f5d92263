"""Look every so often whether it is time to learn, in the process that serves; learn in processes beside it."""

from __future__ import annotations

import datetime as dt
import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Event, Lock, Thread
from types import TracebackType

from apscheduler.schedulers.background import BackgroundScheduler

from samouk.loop.ports import Leases
from samouk.server import children
from samouk.server.logs import told

log = logging.getLogger("samouk.scheduler")

SOLE_S = 20.0
BREATH_S = 0.25


class Rounds:
    """One round: sign anew what is due, then each learner's turn in a process of its own, one after the other.

    Training stays out of the serving process: it would take its threads and its memory. What goes wrong
    with one learner, or with the signing, is one line in the log and keeps nothing else from its turn.

    Args:
        refresh: signs anew what would soon expire.
        commands: learner → the command of its turn.
        environment: of those commands.
        seconds: a turn may take; one that takes longer is stopped.
    """

    def __init__(
        self,
        refresh: Callable[[], object],
        commands: Mapping[str, Sequence[str]],
        environment: Mapping[str, str],
        seconds: float = children.TURN_S,
    ) -> None:
        self._refresh = refresh
        self._commands = commands
        self._runner = children.Runner(environment, seconds)
        self.failures = 0

    def __call__(self) -> None:
        """Take one round."""
        self._attempt("signing anew", self._refresh)
        for name, command in self._commands.items():
            self._attempt(f"the turn of {name}", partial(self._turn, name, command))

    def close(self) -> None:
        """Stop the turn that is running, which is safe at any point, and begin no other."""
        self._runner.close()

    def _attempt(self, what: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the border of the worker step; counted
            self.failures += 1
            # Its words may stand: neither keys nor commands hold what was sent.
            log.error("%s failed: %s: %s", what, type(error).__name__, error)  # noqa: TRY400 - one line

    def _turn(self, name: str, command: Sequence[str]) -> None:
        code = self._runner.run(command)
        if code is not None and children.told(name, code):
            self.failures += 1


class Looks:
    """One look at what is in service, learner by learner, in this process; never two at a time.

    What goes wrong with one learner is one line in the log, and keeps no other from its look.

    Args:
        tend: learner → what is done for it: outcomes that nobody told, batches of those that were, its rollout.
    """

    def __init__(self, tend: Mapping[str, Callable[[], object]]) -> None:
        self._tend = tend
        self._busy = Lock()
        self.failures = 0

    def __call__(self) -> None:
        """Look at each learner; at once back when another thread is looking."""
        if not self._busy.acquire(blocking=False):
            return
        try:
            for name, work in self._tend.items():
                self._attempt(name, work)
        finally:
            self._busy.release()

    def _attempt(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the border of the worker step; counted
            self.failures += 1
            log.error("the look at %s failed: %s", name, told(error))  # noqa: TRY400 - one line


class Sole:
    """Does its jobs every so often, in one of all processes that share the store.

    The one that holds the lease does them: at once when it gets it, then each after its time. When it falls silent
    another takes over. What a job begins must bear being begun twice all the same: a process may be stopped for a
    minute and not know it.

    A context manager: it works inside its ``with``, and lets running jobs end at the close.

    Args:
        jobs: name → what is done, and seconds between two times.
        seconds: after which one that fell silent is taken to be dead.
    """

    def __init__(
        self, leases: Leases, name: str, jobs: Mapping[str, tuple[Callable[[], object], float]], seconds: float = SOLE_S
    ) -> None:
        self.failures = 0
        self._leases = leases
        self._name = name
        self._holder = uuid.uuid4().hex
        self._seconds = seconds
        self._mine = Event()
        self._closing = Event()
        works = [Thread(target=self._work, args=(what, *job), name=what, daemon=True) for what, job in jobs.items()]
        self._works = works
        self._keeper = Thread(target=self._keep, name=f"lease:{name}", daemon=True)

    @property
    def mine(self) -> bool:
        """Whether this process is the one."""
        return self._mine.is_set()

    def __enter__(self) -> Sole:
        for thread in (*self._works, self._keeper):
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        for thread in (*self._works, self._keeper):
            thread.join()

    def _keep(self) -> None:
        # The lease stays ours while a job ends.
        while running := [thread for thread in self._works if thread.is_alive()]:
            if not self._attempt(f"keeping the lease of the {self._name}", self._renew):
                self._mine.clear()
            if self._closing.wait(self._seconds / 3):
                running[0].join(self._seconds / 3)
        self._attempt(
            f"giving back the lease of the {self._name}", lambda: self._leases.release(self._name, self._holder)
        )

    def _renew(self) -> None:
        if self._leases.acquire(self._name, self._holder, self._seconds):
            self._mine.set()
        else:
            self._mine.clear()

    def _work(self, what: str, work: Callable[[], object], seconds: float) -> None:
        while not self._closing.is_set():
            if not self._mine.wait(BREATH_S):
                continue
            self._attempt(what, work)
            until = time.monotonic() + seconds
            while self._mine.is_set() and (left := until - time.monotonic()) > 0:
                if self._closing.wait(min(left, BREATH_S)):
                    return

    def _attempt(self, what: str, work: Callable[[], object]) -> bool:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the border of the worker step: the next time comes; counted
            self.failures += 1
            log.error("%s failed; it is tried again: %s", what, told(error))  # noqa: TRY400 - one line
            return False
        return True


class Scheduler:
    """Calls ``work`` every ``minutes``, never twice at a time; rounds that were missed become one.

    A context manager: it runs inside its ``with`` and lets a running round end at the close.
    """

    def __init__(self, work: Callable[[], object], minutes: float, *, at_once: bool = False) -> None:
        if minutes <= 0:
            raise ValueError(f"minutes must be above 0, not {minutes:g}")
        self._work = work
        self.rounds = 0
        self.failures = 0
        self._scheduler = BackgroundScheduler(timezone=dt.UTC)
        first = {"next_run_time": dt.datetime.now(dt.UTC)} if at_once else {}
        self._scheduler.add_job(
            self._round, "interval", minutes=minutes, max_instances=1, coalesce=True, misfire_grace_time=None, **first
        )

    def _round(self) -> None:
        self.rounds += 1
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - the border of the worker step: the next rounds come; counted
            self.failures += 1
            log.error("a round of the loop failed; the next one comes as planned: %s", told(error))  # noqa: TRY400

    def __enter__(self) -> Scheduler:
        self._scheduler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scheduler.shutdown(wait=True)
