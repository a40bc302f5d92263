"""Dask: tasks on workers that may be lost, the reading spread over all of them."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any

from samouk.loop.ports import FitFailed
from samouk.trainers.engine import POLL_SECONDS, Hand, Item, Result, Unwanted, Watch

CONNECT_SECONDS = 10
_AHEAD = 2
"""Results that are made before they are asked for, a thread of the cluster."""


@dataclass(frozen=True, slots=True)
class DaskHand:
    """The Hand port inside a task of Dask; ``topic`` names the run."""

    topic: str

    def report(self, note: str, share: float) -> None:
        _library().get_worker().log_event(self.topic, (note, share))

    def check(self) -> None:
        library = _library()
        if library.Event(_stop(self.topic), client=library.get_client()).is_set():
            raise Unwanted("the driver has given up")

    def each(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        # Our own place among the worker's threads is free meanwhile: one worker of one thread is a cluster too.
        with _library().worker_client() as client:
            most = _AHEAD * max(sum(client.nthreads().values()), 1)
            waiting: deque[Any] = deque()
            for item in items:
                waiting.append(client.submit(function, item, pure=False))
                if len(waiting) >= most:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()


def _library() -> Any:
    """Dask's distributed, whose functions have no types."""
    import distributed

    return distributed


def _stop(topic: str) -> str:
    return f"{topic}-stop"


class DaskEngine:
    """The Engine port over a Dask cluster that runs, or over processes of our own.

    Args:
        address: ``tcp://host:port``, or ``tls://host:port`` with certificates from Dask's own configuration.

    Raises:
        FitFailed: nobody answers at the address.
    """

    def __init__(self, address: str, workers: int) -> None:
        import dask

        library = _library()
        # A champion travels in the graph: by scattering it, it would be lost with the worker that holds it.
        # What workers of our own put on the disk, no erasure would find.
        self._config: Any = dask.config.set(
            {
                "distributed.admin.large-graph-warning-threshold": "1GB",
                "distributed.worker.memory.target": False,
                "distributed.worker.memory.spill": False,
            }
        )
        self._cluster: Any = None
        if workers:
            self._cluster = library.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            )
        try:
            self._client: Any = library.Client(self._cluster or address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (TypeError, RuntimeError) as error:
            raise FitFailed(
                f"no TLS to {address} ({error}); set DASK_DISTRIBUTED__COMM__TLS__CA_FILE, ...__CLIENT__CERT and "
                "...__CLIENT__KEY"
            ) from None
        except (OSError, TimeoutError) as error:
            raise FitFailed(f"no Dask scheduler answers at {address} ({error}); begin one, or correct it") from None

    def run(self, function: Callable[[Any, Hand], Result], given: Any, watch: Watch) -> Result:
        topic = f"samouk-{uuid.uuid4().hex}"
        said: queue.SimpleQueue[tuple[str, float]] = queue.SimpleQueue()
        self._client.subscribe_topic(topic, lambda event: said.put(event[1]))
        future, done = self._client.submit(function, given, DaskHand(topic), pure=False), threading.Event()
        future.add_done_callback(lambda _: done.set())
        try:
            while not done.wait(POLL_SECONDS):
                self._require_scheduler()
                watch(_drained(said))
            watch(_drained(said))
            found: Result = _result(future)
            return found
        except BaseException:
            # Threads cannot be ended from outside: the task asks at its next word.
            if self._client.status == "running":
                _library().Event(_stop(topic), client=self._client).set()
                self._client.cancel(future, force=True)
            raise
        finally:
            if self._client.status == "running":
                self._client.unsubscribe_topic(topic)

    def _require_scheduler(self) -> None:
        if self._client.status != "running":
            raise FitFailed("the Dask scheduler went away in the middle; see to it, then learn again")

    def side_by_side(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        futures = [self._client.submit(function, item, pure=False) for item in items]
        return [_result(future) for future in futures]

    def close(self) -> None:
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()
        self._config.__exit__(None, None, None)


def _drained(said: queue.SimpleQueue[tuple[str, float]]) -> list[tuple[str, float]]:
    found = []
    with contextlib.suppress(queue.Empty):
        while True:
            found.append(said.get_nowait())
    return found


def _result(future: Any) -> Any:
    try:
        return future.result()
    except _library().KilledWorker as error:
        raise FitFailed(
            f"Dask lost {error.allowed_failures + 1} workers one after the other in this task: look for lack of memory "
            "in their logs, or lower SAMOUK_TRAIN_MEMORY_MB there"
        ) from None
    except CancelledError as error:
        raise FitFailed(f"the Dask scheduler gave the task up ({error}); see to it, then learn again") from None
