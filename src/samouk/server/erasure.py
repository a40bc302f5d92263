"""The right of a contributor: with the receipt of a batch, and nothing else, every byte of it goes.

Four commits, in this order: the batch goes, which is the promise; what it was harvested from goes out of the
journal; the versions that learned from it are marked; the audit gets its row, which says that all is done. A
death between them is mended by asking again, and by ``mend`` at the next start. Nothing is marked before the log
has accepted the receipt: else anybody could take batches out of the snapshots.
"""

from __future__ import annotations

from samouk.edge.wire import receipt_hash
from samouk.loop.erasure import note_erased, noted_erasures, undisturbed
from samouk.loop.forgetting import forget_batch
from samouk.loop.ports import LeaseLost, NotFound, Services
from samouk.server.problems import Problem
from samouk.server.views import ErasureView, erasure_of


def erase(services: Services, learner: str, batch_id: str, receipt: str) -> ErasureView:
    """Erase a batch, mark the versions that learned from it, and note the act; doing it again changes nothing.

    The retrain comes by itself: the erasure is in the log, where the trigger looks.

    Raises:
        NotFound: no such batch was ever stored for this learner.
        WrongReceipt: the receipt does not belong to it.
        Problem: 503, the learner was being harvested, or somebody was being forgotten, all the time.
    """
    known = services.log.of_receipts([receipt_hash(receipt)])
    if any(one.batch_id == batch_id and one.learner != learner for one, _ in known):
        raise NotFound(f"{learner} never had a batch {batch_id}")
    # Anybody may ask: whoever has not the receipt keeps no harvest waiting, and is refused by the log.
    owners = {one.learner for one, _ in known if one.batch_id == batch_id}
    try:
        with undisturbed(services, owners) as check:
            check()
            erasure = services.log.erase(batch_id, receipt_hash(receipt))
            forget_batch(services, learner, batch_id)
            tainted = services.registry.taint(learner, batch_id)
            note_erased(services, learner, [batch_id], "contributor")
    except LeaseLost as error:
        raise Problem(503, str(error), headers={"Retry-After": "5"}) from None
    return erasure_of(erasure, tainted)


def mend(services: Services, learner: str) -> int:
    """Finish the erasures of a learner that a death cut short: those without a row in the audit.

    Returns:
        How many there were.

    Raises:
        LeaseLost: another process was at it all the while.
    """
    erasures = [erasure.batch_id for erasure in services.log.erasures(learner)]
    noted = noted_erasures(services, learner) if erasures else set()
    unfinished = [batch_id for batch_id in erasures if batch_id not in noted]
    if unfinished:
        forget_batch(services, learner, *unfinished)
        services.registry.taint(learner, *unfinished)
        note_erased(services, learner, unfinished, "contributor", "; finished at the next start")
    return len(unfinished)
