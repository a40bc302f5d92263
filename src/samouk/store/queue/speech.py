"""What a worker says: one line of ours for each thing that Celery would tell in lines of its own."""

from __future__ import annotations

import logging
import warnings
from typing import Any

log = logging.getLogger(__name__)


class InOneLine(logging.Filter):
    """Rewrites the records of Celery's consumer.

    Args:
        place: of Redis, as a person may be told it.
    """

    def __init__(self, place: str) -> None:
        super().__init__()
        from celery.worker.consumer import consumer

        self._words = {
            consumer.CONNECTION_ERROR: f"{place} does not answer: the worker waits for it and tries again",
            "%s (%r)": f"{place} went away: the worker waits for it and tries again",
        }

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = self._words.get(str(record.msg)) or " ".join(record.getMessage().split())
        record.args = ()
        return True


def speak_plainly(place: str) -> None:
    """Have this process's worker tell what happens in our lines, once for all."""
    from celery.exceptions import SecurityWarning
    from celery.worker.consumer import consumer

    # It warns of root for the sake of pickled messages; ours are JSON, and a container may well have no other user.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    consumer.logger.addFilter(InOneLine(place))


def quiet_worker(kind: Any, **options: Any) -> Any:
    """A worker of that class which is told to stop in one line; a second Ctrl-C ends what runs, too.

    Args:
        kind: ``Celery.Worker``.
    """
    from celery.apps.worker import install_worker_term_handler, install_worker_term_hard_handler

    class Quiet(kind):  # type: ignore[misc]
        """Celery's, with other words."""

        def install_platform_tweaks(self, worker: Any) -> None:
            super().install_platform_tweaks(worker)
            for name in ("SIGTERM", "SIGINT"):
                install_worker_term_handler(worker, sig=name, callback=told, verbose=False)

    def told(worker: Any) -> None:
        log.info("the worker ends once what runs has come to its end")
        install_worker_term_hard_handler(worker, sig="SIGINT", verbose=False)

    return Quiet(**options)
