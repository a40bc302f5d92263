"""Ray: plain tasks, whole candidates side by side, and a board on which they say how far they are."""

from __future__ import annotations

import logging
import os
import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cloudpickle

from samouk.loop.ports import FitFailed
from samouk.trainers.engine import POLL_SECONDS, Hand, Item, Result, Watch

RETRIES = 3
"""How often a task is begun again whose worker was lost."""

_AHEAD = 4
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Ray says in advance what a later version of it will do with accelerators, of which there are none.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


class Board:
    """What tasks said, until the driver takes it."""

    def __init__(self) -> None:
        self._said: list[tuple[str, float]] = []

    def post(self, note: str, share: float) -> None:
        """Add a line."""
        self._said.append((note, share))

    def drain(self) -> list[tuple[str, float]]:
        """Take all lines."""
        said, self._said = self._said, []
        return said


@dataclass(frozen=True, slots=True)
class RayHand:
    """The Hand port inside a task of Ray. The driver ends the whole process of a task that it gives up."""

    board: Any

    def report(self, note: str, share: float) -> None:
        self.board.post.remote(note, share)

    def check(self) -> None:
        """Nothing to ask: an unwanted task is killed."""

    def each(self, function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        import ray

        waiting: deque[Any] = deque()
        # While this task waits it takes no processor, so that one worker is a cluster too.
        for item in items:
            waiting.append(_begun(function, item))
            if len(waiting) >= _AHEAD:
                yield ray.get(waiting.popleft())
        while waiting:
            yield ray.get(waiting.popleft())


class RayEngine:
    """The Engine port over a Ray cluster that runs, or over processes of our own.

    Raises:
        FitFailed: nobody answers at the address, or this process is connected to another cluster.
    """

    def __init__(self, address: str, workers: int) -> None:
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        where: dict[str, Any] = (
            {"num_cpus": workers, "include_dashboard": False} if workers else {"address": f"ray://{address}"}
        )
        if not (_began(where) or (workers and _began(where))):
            raise FitFailed(f"no Ray cluster {'begins here' if workers else f'answers at {address}'}; see to it")

    def run(self, function: Callable[[Any, Hand], Result], given: Any, watch: Watch) -> Result:
        import ray

        board: Any = ray.remote(Board).options(num_cpus=0).remote()
        task = _begun(function, given, RayHand(board))
        try:
            while not ray.wait([task], timeout=POLL_SECONDS)[0]:
                watch(ray.get(board.drain.remote()))
            watch(ray.get(board.drain.remote()))
            found: Result = _result(task)
            return found
        except BaseException:
            ray.cancel(task, force=True)
            raise
        finally:
            ray.kill(board)

    def side_by_side(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        tasks = [_begun(function, item) for item in items]
        return [_result(task) for task in tasks]

    def close(self) -> None:
        import ray

        ray.shutdown()


def _began(where: dict[str, Any]) -> bool:
    """Whether Ray is there. It gives its own processes half a minute, which a busy machine may not keep at first."""
    import ray

    try:
        ray.init(**where, log_to_driver=False, configure_logging=False, logging_level=logging.ERROR)
    except Exception:  # noqa: BLE001 - a border: what Ray raises at its start shares no class
        ray.shutdown()
        return False
    return True


def _begun(function: Callable[..., Any], item: Any, *hand: RayHand) -> Any:
    """The task of ``function(item, *hand)``."""
    import ray

    def task(packed: bytes, *hand: RayHand) -> Any:
        function, item = pickle.loads(packed)  # noqa: S301 - packed by ourselves, below
        return function(item, *hand)

    # Packed by us: arrays that Ray hands over are read-only, which some libraries that learn do not take.
    return ray.remote(task).options(max_retries=RETRIES, num_cpus=1).remote(cloudpickle.dumps((function, item)), *hand)


def _result(task: Any) -> Any:
    import ray

    try:
        return ray.get(task)
    except ray.exceptions.RayTaskError as error:
        cause: BaseException = error
        # A task that waited for another passes on that one's error in the wrapping of its own.
        while isinstance(cause, ray.exceptions.RayTaskError) and cause.cause is not None:
            cause = cause.cause
        raise cause from None
    except ray.exceptions.RayError as error:
        raise FitFailed(
            f"Ray lost the task {RETRIES + 1} times ({type(error).__name__}): look for lack of memory in its logs"
        ) from None
