"""Brings full batches and deletion requests to the server: each once, whatever breaks in between.

The order makes it so: receipt on disk → send → ledger says ``sent`` → file deleted. A kill after
the server stored a batch makes the next pass send the same bytes again, which the server knows by
their id. A failure of the network ends a pass; what is left waits for the next.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from samouk.edge import batchfile, routes
from samouk.edge.batchfile import BatchFile, Content
from samouk.edge.config import PLATFORMS
from samouk.edge.errors import Unreachable
from samouk.edge.packing import pack, shareable
from samouk.edge.receipts import Deletion
from samouk.edge.routes import Fate, Outcome
from samouk.edge.spool import AUTO, Spool
from samouk.edge.tallies import Tallies
from samouk.edge.transport import Request, Response, Transport
from samouk.edge.wire import Schema, WireError

FIRST_DELAY_S = 5.0
LAST_DELAY_S = 3600.0


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to, what, and with which key. ``max_delay_s``: a full batch waits a random time up to this."""

    endpoint: str
    api_key: str = ""
    max_delay_s: float = 0.0
    platforms: Sequence[str] = PLATFORMS


@dataclass(slots=True)
class Pass:
    """What one pass did.

    Attributes:
        sent, rows: batches that the server has now, and their samples.
        rejected: batches that it refused for good; they lie in ``rejected/``.
        erased: deletion requests that it answered.
        tallies: counts of a trial that it has now.
        withheld: samples that were deleted instead of sent, for their platform is no longer shared.
        kept: batches that wait, for a reason that ``problem`` says or for their random delay.
        problem: why the pass ended early; "" when it did not.
        retry_after_s: pause that the server asked for.
    """

    sent: int = 0
    rows: int = 0
    rejected: int = 0
    erased: int = 0
    tallies: int = 0
    withheld: int = 0
    kept: int = 0
    problem: str = ""
    retry_after_s: float | None = None


class Uploader:
    """Empties a spool. Not for several threads at once."""

    def __init__(self, spool: Spool, transport: Transport, clock: Callable[[], float] = time.time) -> None:
        self._spool = spool
        self._transport = transport
        self._clock = clock
        self._random = random.SystemRandom()

    def erase(self) -> Pass:
        """Deliver the deletion requests, to whichever server has the batches."""
        done, silent = Pass(), set[str]()
        for deletion in self._spool.receipts.deletions():
            if deletion.endpoint not in silent and self._withdrawn(deletion) and not self._deliver(deletion, done):
                silent.add(deletion.endpoint)
        return done

    def send(self, schema: Schema, to: Destination, may_send: Callable[[], bool], everything: bool = False) -> Pass:
        """Send every batch of the schema's learner that is due.

        Args:
            may_send: asked before each batch, so that a withdrawn consent holds at once.
            everything: short batches too, and those whose random delay is not over.
        """
        done = Pass()
        if everything and may_send():
            self._spool.seal_open(self._clock(), to.endpoint)
        for path in self._spool.paths():
            if done.problem or not may_send():
                break
            header = batchfile.read_header(path)
            claimed = self._spool.claim(path) if header and header.learner == schema.name else None
            if claimed is None:
                continue
            try:
                self._offer(*claimed, schema, to, everything, done)
            finally:
                claimed[0].close()
        return done

    def tell(
        self,
        learner: str,
        tallies: Tallies,
        to: Destination,
        may_send: Callable[[], bool],
        everything: bool,
        done: Pass,
    ) -> None:
        """Send the tallies that are due; what became of them goes into ``done``.

        One that the server refuses, for its trial is over for example, is dropped: only the present counts.
        """
        for tally in tallies.due(self._random.uniform(0.0, to.max_delay_s)):
            if done.problem or not may_send():
                break
            if tally.not_before > self._clock() and not everything:
                done.kept += 1
                continue
            request = routes.tally_request(to.endpoint, learner, tally.body(), to.api_key)
            outcome = self._ask(request, routes.judge_tally, tally.tally_id)
            if outcome.fate is Fate.LATER:
                done.kept += 1
                done.problem, done.retry_after_s = outcome.reason, outcome.retry_after_s
            else:
                done.tallies += outcome.fate is Fate.DONE
                tallies.settle(tally.tally_id)

    def _withdrawn(self, deletion: Deletion) -> bool:
        """Take the batch out of the queue if it is still there; False while another process is busy with it."""
        path = self._spool.samples / f"batch_{deletion.batch_id}.json"
        claimed = self._spool.claim(path)
        if claimed is not None:
            self._spool.settle(*claimed, "purged")
        return not path.exists()

    def _deliver(self, deletion: Deletion, done: Pass) -> bool:
        outcome = self._ask(routes.deletion_request(deletion), routes.judge_deletion, deletion.batch_id)
        if outcome.fate is Fate.DONE:
            self._spool.receipts.erased(deletion)
            done.erased += 1
            return True
        done.problem, done.retry_after_s = outcome.reason, outcome.retry_after_s
        return False

    def _offer(
        self, batch: BatchFile, content: Content, schema: Schema, to: Destination, everything: bool, done: Pass
    ) -> None:
        """Send a claimed batch if it is final and due."""
        entry, shared = self._spool.receipts.entry(batch.header), shareable(content, to.platforms)
        if not (entry.event == "sealed" or everything or self._spool.is_full(batch) or self._is_old(batch)):
            return
        forgotten = self._spool.receipts.deletion_of(batch.header.batch_id)
        if forgotten or not shared.rows:
            done.withheld += 0 if forgotten else len(content.rows)
            self._spool.settle(batch, content, "purged")
            return
        if entry.event != "sealed":
            self._spool.seal(batch, self._due(to), to.endpoint)
            entry = self._spool.receipts.entry(batch.header)
        if entry.not_before > self._clock() and not everything:
            done.kept += 1
            return
        self._conclude(batch, content, self._sent(schema, shared, entry.receipt, to), to, done)

    def _sent(self, schema: Schema, content: Content, receipt: str, to: Destination) -> Outcome:
        try:
            body = pack(schema, content, receipt)
        except WireError as problem:
            return Outcome(Fate.REFUSED, f"not sent: {problem}")
        request = routes.upload_request(to.endpoint, content.header.learner, body, to.api_key)
        return self._ask(request, routes.judge_upload, content.header.batch_id)

    def _conclude(self, batch: BatchFile, content: Content, outcome: Outcome, to: Destination, done: Pass) -> None:
        if outcome.fate is Fate.LATER:
            done.kept += 1
            done.problem, done.retry_after_s = outcome.reason, outcome.retry_after_s
        elif outcome.fate is Fate.REFUSED:
            done.rejected += 1
            self._spool.settle(batch, content, "rejected", outcome.reason, to.endpoint)
        else:
            event, rows = _event(outcome), len(shareable(content, to.platforms).rows)
            withheld = len(content.rows) - rows
            done.withheld += withheld
            if event == "sent":
                done.sent, done.rows = done.sent + 1, done.rows + rows
            self._spool.settle(batch, content, event, endpoint=to.endpoint, withheld=withheld)

    def _ask(self, request: Request, judge: Callable[[Response, float, str], Outcome], name: str) -> Outcome:
        try:
            return judge(self._transport.send(request), self._clock(), name)
        except Unreachable as problem:
            return Outcome(Fate.LATER, str(problem))

    def _due(self, to: Destination) -> float:
        return self._clock() + self._random.uniform(0.0, to.max_delay_s)

    def _is_old(self, batch: BatchFile) -> bool:
        """Corrections are few: after a day they go without waiting for more."""
        return batch.header.kind != AUTO and time.time() - batch.path.stat().st_mtime > 24 * 3600


def _event(outcome: Outcome) -> str:
    return "erased" if outcome.fate is Fate.ERASED else "sent"


def pause(failures: int, retry_after_s: float | None, chance: float) -> float:
    """Seconds to wait after so many failed passes in a row: doubling, capped, with jitter; never less than asked for.

    ``chance`` is a random number in [0, 1].
    """
    ceiling = min(FIRST_DELAY_S * 2.0 ** min(failures - 1, 30), LAST_DELAY_S)
    own = ceiling * (0.5 + 0.5 * chance)
    return own if retry_after_s is None else max(own, retry_after_s)
