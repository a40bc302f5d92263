"""Erasure beyond the log: what was shown, told and learnt between turns goes with a batch, or with a unit."""

from __future__ import annotations

from dataclasses import dataclass

from samouk.edge.wire import WireError, receipt_hash
from samouk.loop.exposure import pseudonym
from samouk.loop.learner import Learner
from samouk.loop.lease import in_turn
from samouk.loop.live import Forgotten
from samouk.loop.outcome import LEASE_SECONDS, batch_id_of, batch_of, lessons, receipt_of
from samouk.loop.ports import Services
from samouk.loop.records import Act, BatchState
from samouk.loop.serving import MAX_UNIT


@dataclass(frozen=True, slots=True)
class Removed:
    """What a forgotten unit took along.

    Attributes:
        batches: harvested batches that were erased; what others left in them was stored anew, under new ids.
        tainted: names of the versions that were fitted on one of these.
    """

    exposures: int
    outcomes: int
    batches: int
    tainted: tuple[str, ...]


def forget_batch(services: Services, learner: str, *batch_ids: str) -> Forgotten:
    """Remove what erased batches were made of: their exposures, whole, and what online states learnt from them.

    Versions learn between turns from the journal, and learn again without it: their states are no more tainted than
    before. Those whose fit saw a batch are, as the registry says.
    """
    return _unlearnt(services, services.journal.forget_batch(learner, *batch_ids))


def forget_unit(learner: Learner, services: Services, unit: str, actor: str) -> Removed:
    """Forget a unit by the application's name for it: every byte of what it was shown, told and taught.

    Its rows leave the log by the erasure of each batch that holds one; the rest of these batches is stored again. A
    death in between is mended by asking again. The audit notes the act and not the unit; what is shown to the unit
    later is a new beginning, and what was shown before and arrives late is refused.

    Raises:
        WireError: ``unit`` is no text of 1 to ``MAX_UNIT`` characters.
        LeaseLost: the learner was being harvested all the time.
    """
    who = who_of(learner, services, unit)
    services.journal.refuse(learner.name, who, services.clock.now())
    with in_turn(services, f"harvest:{learner.name}", LEASE_SECONDS):
        batches = services.journal.batches_of(learner.name, who)
        tainted = {name for batch_id in batches for name in _without(learner, services, batch_id, who)}
        gone = _unlearnt(services, services.journal.forget(learner.name, who))
    removed = Removed(gone.exposures, gone.outcomes, len(batches), tuple(sorted(tainted)))
    if gone.exposures:
        reason = f"{gone.exposures} exposures, {gone.outcomes} outcomes, rows in {len(batches)} batches"
        services.audit.append(Act(actor, "forget", f"{learner.name}/a unit", reason, services.clock.now()))
    return removed


def who_of(learner: Learner, services: Services, unit: str) -> str:
    """The pseudonym of a unit. Raises WireError for what is no unit."""
    if not 1 <= len(unit) <= MAX_UNIT:
        raise WireError("unit", f"must be a text of 1 to {MAX_UNIT} characters, as it was sent with predictions")
    try:
        return pseudonym(services.journal.secret(), learner.name, unit)
    except UnicodeEncodeError:
        raise WireError("unit", "holds half of a surrogate pair; send whole characters") from None


def _without(learner: Learner, services: Services, batch_id: str, who: str) -> list[str]:
    """Erase a batch and store what others have in it anew; names of the versions that are tainted."""
    held = {entry.batch_id: entry for entry in services.log.entries(learner.name)}
    erased = {erasure.batch_id for erasure in services.log.erasures(learner.name)}
    if batch_id not in held and batch_id not in erased:
        return []  # noted by a harvest that died before it stored: the next one makes it without the unit
    name = f"rest\0{batch_id}"
    new_id = batch_id_of(learner, services, name)
    journal = services.journal
    # What an earlier attempt moved already is found under the new id.
    others = [one for one in journal.of_batch(batch_id) + journal.of_batch(new_id) if one.exposure.unit != who]
    journal.mark(new_id, [one.sequence for one in others], instead_of=batch_id)
    services.log.erase(batch_id, receipt_hash(receipt_of(services, batch_id)))
    rows, _ = lessons(learner, others)
    # All of a batch are of one split group: one batch at most.
    services.log.append([batch_of(learner, services, name, group, [row for _, row in rows[group]]) for group in rows])
    if batch_id in held and held[batch_id].state is BatchState.QUARANTINED:
        services.log.quarantine([new_id], "made of a batch that was in quarantine")
    return services.registry.taint(learner.name, batch_id)


def _unlearnt(services: Services, gone: Forgotten) -> Forgotten:
    for key in gone.states:
        services.blobs.delete(key)
    return gone
