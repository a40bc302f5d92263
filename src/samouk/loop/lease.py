"""Do something alone, among all processes that share the store."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from samouk.loop.ports import LeaseLost, Leases, StoreUnavailable

_PAUSE_S = 0.05
"""Between two tries to get a lease that is waited for."""


class Leasing(Protocol):
    """Whoever has the leases: services, or a part of them."""

    @property
    def leases(self) -> Leases:
        """The port."""


@contextmanager
def alone(services: Leasing, name: str, seconds: float) -> Iterator[bool]:
    """Whether nobody else holds the name just now; it is given back at the end.

    Args:
        seconds: a holder that fell silent for so long is taken to be dead.
    """
    with holding(services, name, seconds) as renew:
        yield renew is not None


@contextmanager
def holding(services: Leasing, name: str, seconds: float) -> Iterator[Callable[[], None] | None]:
    """``alone`` for what may take longer: what says that we are still at it, or raises LeaseLost.

    None while somebody else holds the name.
    """
    holder = uuid.uuid4().hex
    if not services.leases.acquire(name, holder, seconds):
        yield None
        return

    def renew() -> None:
        if not services.leases.renew(name, holder, seconds):
            raise LeaseLost(f"another process took over {name} after ours was silent for {seconds:.0f} s; try again")

    try:
        yield renew
    finally:
        services.leases.release(name, holder)


@contextmanager
def in_turn(services: Leasing, name: str, seconds: float) -> Iterator[Callable[[], None]]:
    """Do something alone, after whoever does it just now; gives what renews, as ``holding`` does.

    Args:
        seconds: as in ``alone``; it is waited for twice as long, so that a dead holder stops nobody.

    Raises:
        LeaseLost: somebody held the name all the time.
    """
    until = time.monotonic() + 2 * seconds
    while True:
        with holding(services, name, seconds) as renew:
            if renew is not None:
                yield renew
                return
        if time.monotonic() > until:
            raise LeaseLost(f"another process has held {name} for {2 * seconds:.0f} s; try again")
        time.sleep(_PAUSE_S)


class Alive:
    """Whether a lease is still ours; asked before each step that others could see."""

    def __init__(self, renew: Callable[[], None], seconds: float) -> None:
        self._renew, self._seconds = renew, seconds
        self._lost, self._done = threading.Event(), threading.Event()
        self._renewed = time.monotonic()

    def check(self) -> None:
        """Raises LeaseLost when it is not, or nobody can know."""
        # A process that was stopped wakes up here before its renewing thread does.
        if self._lost.is_set() or time.monotonic() - self._renewed > self._seconds:
            raise LeaseLost("the lease went to another process while this one was silent")

    def keep(self) -> None:
        """Renew it until ``end``, or until it is lost."""
        try:
            while not self._done.wait(self._seconds / 3):
                begun = time.monotonic()
                # A store that is away for a minute gives the lease to nobody else either.
                with suppress(StoreUnavailable):
                    self._renew()
                    self._renewed = begun
        except LeaseLost:
            pass
        finally:
            # Lost to another, or by an error of the store: either way nobody renews it any more.
            if not self._done.is_set():
                self._lost.set()

    def end(self) -> None:
        """Renew it no more."""
        self._done.set()


@contextmanager
def kept(renew: Callable[[], None], seconds: float, name: str) -> Iterator[Alive]:
    """A lease that is held, renewed by a thread of that name while something keeps this one busy.

    Args:
        renew: as ``holding`` and ``in_turn`` give it.
    """
    alive = Alive(renew, seconds)
    thread = threading.Thread(target=alive.keep, name=name, daemon=True)
    thread.start()
    try:
        yield alive
    finally:
        alive.end()
        thread.join()
