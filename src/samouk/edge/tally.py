"""What a cache has seen so far, counted; and what went wrong in this process."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from samouk.edge.consent import Consent
from samouk.edge.errors import EdgeError
from samouk.edge.observer import UnreadableSource
from samouk.edge.receipts import SETTLED
from samouk.edge.spool import Spool
from samouk.edge.wire import WireError


@dataclass(frozen=True, slots=True)
class Stats:
    """Counts of one cache, over all its processes; ``errors`` and the two texts are of this process alone.

    Attributes:
        granted, reason: whether samples may be collected, and why.
        collected: samples that ever came onto disk; ``platforms`` parts them.
        pending, pending_batches: collected and still on this machine.
        uploaded, uploaded_batches: that a server has; ``erased`` were there and are no more.
        rejected, dropped, purged: samples that a server refused, the full queue lost, the user withdrew,
            also by no longer sharing their platform.
        torn: lines that a crash spoilt.
        errors: calls that failed; the host saw 0 instead.
        last_error, upload_problem: what the user may want to know of the last failure of either kind.
    """

    granted: bool
    reason: str
    collected: int
    platforms: Mapping[str, int]
    pending: int
    pending_batches: int
    uploaded: int
    uploaded_batches: int
    erased: int
    rejected: int
    dropped: int
    purged: int
    torn: int
    errors: int
    last_error: str
    upload_problem: str


@dataclass(slots=True)
class Mishaps:
    """What went wrong in this process. The words stay in memory: an exception's text may quote a screen."""

    errors: int = 0
    last_error: str = ""
    upload_problem: str = ""
    warned: bool = False

    def count(self, problem: Exception) -> None:
        """Count a failure that the host must not see; a full disk is told once by the log."""
        self.errors += 1
        telling = isinstance(problem, EdgeError | UnreadableSource | WireError | LookupError | OSError)
        self.last_error = f"{type(problem).__name__}: {problem}" if telling else type(problem).__name__
        if isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT) and not self.warned:
            import logging

            self.warned = True
            logging.getLogger("samouk.edge").warning("the disk is full: no samples are kept until there is room")


def tally(spool: Spool, consent: Consent, mishaps: Mishaps) -> Stats:
    """Count what the ledger and the queue hold; reads every pending batch."""
    pending = list(spool.contents())
    entries = spool.receipts.entries().values()
    rows: Counter[str] = Counter()
    platforms = Counter(str(row["platform"]) for content in pending for row in content.rows if "platform" in row)
    for entry in entries:
        if entry.event in SETTLED:
            rows[entry.event] += entry.rows
            rows["purged"] += entry.withheld
            platforms.update(entry.platforms)
    waiting = sum(len(content.rows) for content in pending)
    return Stats(
        granted=consent.granted,
        reason=consent.reason,
        collected=waiting + rows.total(),
        platforms=dict(platforms),
        pending=waiting,
        pending_batches=len(pending),
        uploaded=rows["sent"],
        uploaded_batches=sum(entry.event == "sent" for entry in entries),
        erased=rows["erased"],
        rejected=rows["rejected"],
        dropped=rows["dropped"],
        purged=rows["purged"],
        torn=sum(entry.torn for entry in entries),
        errors=mishaps.errors,
        last_error=mishaps.last_error,
        upload_problem=mishaps.upload_problem,
    )
