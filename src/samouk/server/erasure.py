"""The right of a contributor: with the receipt of a batch, and nothing else, every byte of it goes."""

from __future__ import annotations

from samouk.edge.wire import receipt_hash
from samouk.loop.ports import Services
from samouk.loop.records import Act
from samouk.server.views import ErasureView, erasure_of


def erase(services: Services, learner: str, batch_id: str, receipt: str) -> ErasureView:
    """Erase a batch, note the act, and mark the versions that learned from it; doing it again changes nothing.

    The retrain comes by itself: the erasure is in the log, where the trigger looks.

    Raises:
        NotFound: no such batch was ever stored.
        WrongReceipt: the receipt does not belong to it.
    """
    known = any(earlier.batch_id == batch_id for earlier in services.log.erasures(learner))
    erasure = services.log.erase(batch_id, receipt_hash(receipt))
    if not known:
        subject = f"{erasure.learner}/{batch_id}"
        services.audit.append(Act("contributor", "erase", subject, "sent the batch's receipt", services.clock.now()))
    # Repeated on every call: an earlier one may have died before it came here.
    return erasure_of(erasure, services.registry.taint(erasure.learner, batch_id))
