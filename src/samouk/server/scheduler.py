"""Look every so often whether it is time to learn, in the process that serves."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from types import TracebackType

from apscheduler.schedulers.background import BackgroundScheduler

log = logging.getLogger("samouk.scheduler")


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
        except Exception:  # the border of the worker step: one bad round must not end the next ones; counted
            self.failures += 1
            log.exception("a round of the loop failed; the next one comes as planned")

    def __enter__(self) -> Scheduler:
        self._scheduler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scheduler.shutdown(wait=True)
