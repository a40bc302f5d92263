"""What keeps a store small and quick: orphans go, what is too old leaves, small packs become few; safe at any time."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from samouk.loop.learner import Learner
from samouk.loop.lease import holding
from samouk.loop.outcome import harvested
from samouk.loop.ports import REWRITE_BYTES, LeaseLost, Services
from samouk.loop.records import Act, Compaction

LEASE = "maintain"
LEASE_SECONDS = 120.0
"""One who fell silent for so long is taken to be dead. Two at once would harm nothing and be in each other's way."""

DONE = "maintained"
"""Name of the cursor that says when it was done last, in seconds since 1970."""

PERIOD = dt.timedelta(days=1)
CHUNK = 5_000
"""Batches or exposures that leave in one commit: writers wait for no more."""


@dataclass(frozen=True, slots=True)
class Keep:
    """For how many days things are kept; 0 for ever.

    Attributes:
        samples: batches of the log, whole weeks at a time.
        exposures: predictions that were shown, and how they turned out.
    """

    samples: int = 0
    exposures: int = 0


@dataclass(frozen=True, slots=True)
class Maintained:
    """What was done.

    Attributes:
        orphans: blobs that nobody named any more.
        batches, samples: that left the log by their age.
        exposures, outcomes: that left the journal by their age.
        packs: what was put together.
        waiting: whose deleted rows are in files still, and for what they wait.
    """

    orphans: int
    batches: int
    samples: int
    exposures: int
    outcomes: int
    packs: Compaction
    waiting: tuple[str, ...] = ()


def due(services: Services) -> bool:
    """Whether the last time is a day ago; of a store that never was maintained the day begins now."""
    now, done = services.clock.now().timestamp(), services.journal.cursor(DONE)
    if not done:
        services.journal.advance(DONE, int(now))
    return bool(done) and now - done >= PERIOD.total_seconds()


def maintain(
    services: Services, learners: Sequence[Learner], keep: Keep, *, largest: int | None = REWRITE_BYTES
) -> Maintained:
    """Do all of it, alone among the processes that share the store; what a death leaves undone the next time does.

    Args:
        largest: bytes of a table that may be written anew, as ``Remains.clear`` has it.

    Raises:
        LeaseLost: another process is at it.
    """
    with _held(services) as check:
        orphans = services.upkeep.sweep()
        check()
        batches, samples = _expire(services, keep.samples, check) if keep.samples else (0, 0)
        shown, told = 0, 0
        for learner in learners if keep.exposures else ():
            exposures, outcomes = _retire(learner, services, keep.exposures, check)
            shown, told = shown + exposures, told + outcomes
        packs = services.log.compact(check)
        check()
        waiting = tuple(services.remains.clear(largest))  # of what was erased since; it stays noted for the next time
        services.upkeep.tidy()
        services.journal.advance(DONE, int(services.clock.now().timestamp()))
    return Maintained(orphans, batches, samples, shown, told, packs, waiting)


@contextmanager
def _held(services: Services) -> Iterator[Callable[[], None]]:
    """Hold the lease; what it gives renews it, and is asked between two steps. Raises LeaseLost."""
    with holding(services, LEASE, LEASE_SECONDS) as renew:
        if renew is None:
            raise LeaseLost("another process maintains the store; it is done when that ends")
        renewed = time.monotonic()

        def check() -> None:
            nonlocal renewed
            if time.monotonic() - renewed >= LEASE_SECONDS / 4:
                begun = time.monotonic()
                renew()
                renewed = begun

        yield check


def _expire(services: Services, days: int, check: Callable[[], None]) -> tuple[int, int]:
    """Let whole weeks leave the log whose last day is so old; how many batches and samples went."""
    oldest = services.clock.now().date() - dt.timedelta(days=days)
    monday = oldest - dt.timedelta(days=oldest.weekday())
    batches = samples = 0
    while gone := services.log.expire(monday, CHUNK):
        services.journal.unlink([one.batch_id for one in gone])
        numbers, rows = Counter(one.learner for one in gone), Counter[str]()
        for one in gone:
            rows[one.learner] += one.rows
        for learner, number in sorted(numbers.items()):
            reason = f"{number} batches with {rows[learner]} samples arrived before {monday} and are kept {days} days"
            services.audit.append(Act("samouk", "expire", f"{learner}/samples", reason, services.clock.now()))
        batches, samples = batches + len(gone), samples + rows.total()
        check()
    return batches, samples


def _retire(learner: Learner, services: Services, days: int, check: Callable[[], None]) -> tuple[int, int]:
    """Let exposures leave whose windows are closed, that were learnt from, and that no running rollout compares."""
    window = max((spec.window for spec in learner.outcomes), default=dt.timedelta())
    before = services.clock.now() - max(dt.timedelta(days=days), window)
    exposures = outcomes = 0
    while True:
        # Asked anew each time: a rollout may begin meanwhile.
        running = services.rollouts.active(learner.name)
        read = harvested(learner, services)
        compared = running.rollout_id if running else None
        gone = services.journal.retire(learner.name, before, read, compared, CHUNK)
        if not gone.exposures:
            break
        exposures, outcomes = exposures + gone.exposures, outcomes + gone.outcomes
        check()
    if exposures:
        reason = f"{exposures} exposures with {outcomes} outcomes are kept {days} days"
        services.audit.append(Act("samouk", "expire", f"{learner.name}/exposures", reason, services.clock.now()))
    return exposures, outcomes
