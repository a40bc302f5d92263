"""Erasure beyond the log: what was shown, told and learnt between turns goes with a batch, or with a unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from samouk.edge.wire import WireError, receipt_hash
from samouk.loop.exposure import pseudonym
from samouk.loop.learner import Learner
from samouk.loop.lease import holding, in_turn
from samouk.loop.live import Forgotten
from samouk.loop.outcome import LEASE_SECONDS, batch_id_of, batch_named, batch_of, lessons, place, receipt_of, resume
from samouk.loop.ports import Document, Outdated, Services
from samouk.loop.records import Act, BatchEntry, BatchState, Stored
from samouk.loop.serving import MAX_UNIT

SHELF = "loop.forgetting"
"""Units whose batches are being made anew, by their pseudonym, until that is done."""


_PERSONS = "domain:"
"""With a domain's name, in the ledger of the forgotten, where units have their learner's."""


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

    Its rows leave the log by the erasure of each batch that holds one; the rest of these batches is stored again. What
    a death cuts short ``finish_forgetting`` ends, or whoever asks again. The audit notes the act and not the unit;
    what is shown to the unit later is a new beginning, and what was shown before and arrives late is refused.

    Raises:
        WireError: ``unit`` is no text of 1 to ``MAX_UNIT`` characters.
        LeaseLost: the learner was being harvested all the time, or another process took over; ask again.
    """
    who = who_of(learner, services, unit)
    services.journal.refuse(learner.name, who, services.clock.now())
    with in_turn(services, place(learner.name), LEASE_SECONDS) as renew:
        return _forget(learner, services, who, actor, renew)


def forget_again(services: Services, learner: str, who: str) -> Forgotten:
    """Forget a unit by its pseudonym, of whom no batch holds anything."""
    return _unlearnt(services, services.journal.forget(learner, who))


def note_person(services: Services, domain: str, name: str) -> None:
    """Keep, by a keyed hash, that a domain forgot a person: a restore of an older state has to do it again."""
    services.journal.refuse(ledger_of(domain), person_of(services, domain, name), services.clock.now())


def person_of(services: Services, domain: str, name: str) -> str:
    """The pseudonym of a person within a domain. Raises UnicodeEncodeError for half of a surrogate pair."""
    return pseudonym(services.journal.secret(), ledger_of(domain), name)


def ledger_of(domain: str) -> str:
    """Under what the ledger of the forgotten has a domain's persons; no learner is named so."""
    return f"{_PERSONS}{domain}"


def is_of_domain(ledger: str) -> bool:
    """Whether that stands for a domain's persons, and not for a learner's units."""
    return ledger.startswith(_PERSONS)


def finish_forgetting(learner: Learner, services: Services) -> int:
    """Finish what a death, or a store that went away, cut short; how many units, 0 while somebody else is at it."""
    begun = [one for one in services.documents.shelf(SHELF) if one.body["learner"] == learner.name]
    if not begun:
        return 0
    with holding(services, place(learner.name), LEASE_SECONDS) as renew:
        if renew is None:
            return 0
        for one in begun:
            _forget(learner, services, one.key, one.body["actor"], renew)
    return len(begun)


def _forget(learner: Learner, services: Services, who: str, actor: str, renew: Callable[[], None]) -> Removed:
    """Take batch after batch, until the journal knows of no other: a harvest that is slow may note one meanwhile."""
    tainted: set[str] = set()
    seen: set[str] = set()
    while True:
        resume(learner, services)
        batches = [one for one in services.journal.batches_of(learner.name, who) if one not in seen]
        quarantined = _intended(learner, services, who, actor, batches) if batches else set()
        for batch_id in batches:
            renew()
            tainted.update(_without(learner, services, batch_id, who, quarantined=batch_id in quarantined))
        seen.update(batches)
        try:
            gone = _unlearnt(services, services.journal.forget(learner.name, who, seen))
        except Outdated:
            continue
        break
    removed = Removed(gone.exposures, gone.outcomes, len(seen), tuple(sorted(tainted)))
    if gone.exposures:
        reason = f"{gone.exposures} exposures, {gone.outcomes} outcomes, rows in {len(seen)} batches"
        services.audit.append(Act(actor, "forget", f"{learner.name}/a unit", reason, services.clock.now()))
    services.documents.remove(SHELF, who)
    return removed


def _intended(learner: Learner, services: Services, who: str, actor: str, batch_ids: Sequence[str]) -> set[str]:
    """Note durably that these batches are to be made anew, before the first one goes; which stand in quarantine."""
    receipts = [receipt_hash(receipt_of(services, batch_id)) for batch_id in batch_ids]
    held = (one for one, _ in services.log.of_receipts(receipts) if isinstance(one, BatchEntry))
    kept = services.documents.get(SHELF, who)
    quarantined = {one.batch_id for one in held if one.state is BatchState.QUARANTINED}
    quarantined.update(kept.body["quarantined"] if kept else ())
    body = {"learner": learner.name, "actor": actor, "quarantined": sorted(quarantined)}
    with suppress(Outdated):  # somebody else begins to forget the same unit
        services.documents.save(Document(SHELF, who, body, kept.revision if kept else 0))
    return quarantined


def who_of(learner: Learner, services: Services, unit: str) -> str:
    """The pseudonym of a unit. Raises WireError for what is no unit."""
    if not 1 <= len(unit) <= MAX_UNIT:
        raise WireError("unit", f"must be a text of 1 to {MAX_UNIT} characters, as it was sent with predictions")
    try:
        return pseudonym(services.journal.secret(), learner.name, unit)
    except UnicodeEncodeError:
        raise WireError("unit", "holds half of a surrogate pair; send whole characters") from None


def _without(learner: Learner, services: Services, batch_id: str, who: str, *, quarantined: bool) -> list[str]:
    """Erase a batch and store what others have in it anew; names of the versions that are tainted."""
    if not _stored(learner, services, batch_id):
        return []
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
    if quarantined:
        services.log.quarantine([new_id], "made of a batch that was in quarantine")
    return services.registry.taint(learner.name, batch_id)


def _stored(learner: Learner, services: Services, batch_id: str) -> bool:
    """Whether the batch's rows are to be moved: not when it expired.

    One that was noted and never came is stored first: its erasure then refuses whoever still means to store it.
    """
    log = services.log
    known = [one for one, _ in log.of_receipts([receipt_hash(receipt_of(services, batch_id))])]
    if any(isinstance(one, BatchEntry) for one in known):
        return True
    if any(erasure.batch_id == batch_id for erasure in log.erasures(learner.name)):
        return True
    if known:
        return False
    rows, _ = lessons(learner, services.journal.of_batch(batch_id))
    made = [batch_named(learner, services, batch_id, group, [row for _, row in rows[group]]) for group in rows]
    return any(became is not Stored.ERASED for became in log.append(made))


def _unlearnt(services: Services, gone: Forgotten) -> Forgotten:
    for key in gone.states:
        services.blobs.delete(key)
    return gone
