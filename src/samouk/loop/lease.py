"""Do something alone, among all processes that share the store."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from samouk.loop.ports import LeaseLost, Leases

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
        if not services.leases.acquire(name, holder, seconds):
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
