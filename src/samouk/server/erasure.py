"""The right of a contributor: with the receipt of a batch, and nothing else, every byte of it goes.

Four commits, in this order: the batch goes, which is the promise; what it was harvested from goes out of the
journal; the versions that learned from it are marked; the audit gets its row, which says that all is done. A
death between them is mended by asking again, and by ``mend`` at the next start. Nothing is marked before the log
has accepted the receipt: else anybody could take batches out of the snapshots.
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock

from samouk.edge.wire import receipt_hash
from samouk.loop.forgetting import forget_batch
from samouk.loop.ports import NotFound, Services
from samouk.loop.records import Act, AuditEntry, Erasure
from samouk.server.views import ErasureView, erasure_of

ACTION = "erase"
_PAGE = 1000
_one_at_a_time = Lock()
"""Of two that ask together the second sees the audit row of the first."""


def erase(services: Services, learner: str, batch_id: str, receipt: str) -> ErasureView:
    """Erase a batch, mark the versions that learned from it, and note the act; doing it again changes nothing.

    The retrain comes by itself: the erasure is in the log, where the trigger looks.

    Raises:
        NotFound: no such batch was ever stored for this learner.
        WrongReceipt: the receipt does not belong to it.
    """
    with _one_at_a_time:
        known = any(earlier.batch_id == batch_id for earlier in services.log.erasures(learner))
        if not known and all(entry.batch_id != batch_id for entry in services.log.entries(learner)):
            raise NotFound(f"{learner} never had a batch {batch_id}")
        erasure = services.log.erase(batch_id, receipt_hash(receipt))
        forget_batch(services, learner, batch_id)
        tainted = services.registry.taint(learner, batch_id)
        if not known or _subject(erasure) not in _audited(services):
            _note(services, erasure, "sent the batch's receipt")
        return erasure_of(erasure, tainted)


def mend(services: Services, learner: str) -> int:
    """Finish the erasures of a learner that a death cut short: those without a row in the audit.

    Returns:
        How many there were.
    """
    with _one_at_a_time:
        erasures = services.log.erasures(learner)
        audited = _audited(services) if erasures else set()
        unfinished = [erasure for erasure in erasures if _subject(erasure) not in audited]
        for erasure in unfinished:
            forget_batch(services, learner, erasure.batch_id)
            services.registry.taint(learner, erasure.batch_id)
            _note(services, erasure, "sent the batch's receipt; finished at the next start")
        return len(unfinished)


def _subject(erasure: Erasure) -> str:
    return f"{erasure.learner}/{erasure.batch_id}"


def _note(services: Services, erasure: Erasure, reason: str) -> None:
    services.audit.append(Act("contributor", ACTION, _subject(erasure), reason, services.clock.now()))


def _audited(services: Services) -> set[str]:
    return {entry.act.subject for entry in _entries(services)}


def _entries(services: Services) -> Iterator[AuditEntry]:
    page = services.audit.entries(limit=_PAGE, actions=[ACTION])
    while page:
        yield from page
        page = services.audit.entries(after=page[-1].sequence, limit=_PAGE, actions=[ACTION])
