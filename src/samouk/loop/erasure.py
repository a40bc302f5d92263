"""Erasure as one procedure: by receipts or by subject, over everything that is kept, and with a proof.

In this order: what is to go is marked; it goes, each part in a commit of its own; tables and files are cleared; the
whole store is searched for the marks; the audit gets the proof's digest and figures. A death in between is mended by
asking again: what went stays gone, and the proof is made anew. Marks of batches are kept for that until a proof is
complete, since they cannot be made of what is gone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from samouk.edge.wire import receipt_hash
from samouk.loop.forgetting import forget_batch, forget_unit, note_person, who_of
from samouk.loop.learner import Domain, Learner
from samouk.loop.lease import in_turn, kept
from samouk.loop.marks import SHORTEST, Marks, OtherKey
from samouk.loop.outcome import LEASE_SECONDS, place, receipt_of
from samouk.loop.ports import Document, Looked, NotFound, Outdated, Services, WrongReceipt
from samouk.loop.records import Act, BatchEntry, Erasure

ACTION = "erase"
FORMAT = "samouk.erasure/2"

EVENTS = 1_000
"""Events of a unit that are marked beside its pseudonym, the newest: every row that has one has the other too."""

SHELF = "loop.erasing"
"""What to look for in proofs that are not complete yet."""

_UNFINISHED = 1_000
"""So many of these are kept, the newest."""

NOTING_SECONDS = 30.0
"""Of two processes that note erasures together the second waits, and sees the first one's rows in the audit."""

_NOTED_EACH = 100
"""Rows of the audit between two renewals: far fewer than fit into ``NOTING_SECONDS``."""

_ENDS = 2
"""Samples of a batch that are marked, from its ends: a batch lies in one piece of compression, whole or not at all."""


class BadProof(ValueError):
    """The proof was changed, or is none; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was removed where, what was looked at afterwards, and what was found there.

    Attributes:
        kind: ``receipts``, ``subject`` or ``restore``.
        removed: what → how many.
        tainted: versions that were fitted on what went, as ``learner/version``; the next turn replaces them.
        looked: places that were searched, with how many items and bytes, and how often a mark was found.
        pending: what must wait, and for what; empty when nothing must.
        beyond: where copies may lie that nobody can look at from here.
        marks: by which the search can be made again.
        packs: keys of the packs that held any of it; each was written anew without it, under another key.
        digest: sha256 of all the rest, as canonical JSON.
    """

    kind: str
    learners: tuple[str, ...]
    at: dt.datetime
    removed: Mapping[str, int]
    tainted: tuple[str, ...]
    looked: tuple[Looked, ...]
    pending: tuple[str, ...]
    beyond: tuple[str, ...]
    marks: Marks
    packs: tuple[str, ...] = ()
    digest: str = ""

    @property
    def left(self) -> int:
        """How often a mark stands where it stays."""
        return sum(place.found for place in self.looked if not place.passing)

    @property
    def complete(self) -> bool:
        """Whether there was something to look for, nothing of it is left and nothing waits."""
        return self.sought and not self.left and not self.pending

    @property
    def sought(self) -> bool:
        """Whether there was anything to look for: not when all of it had gone before."""
        return bool(self.marks or self.packs)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "format": FORMAT,
            "kind": self.kind,
            "learners": list(self.learners),
            "at": self.at.isoformat(timespec="seconds"),
            "complete": self.complete,
            "removed": dict(self.removed),
            "tainted_versions": list(self.tainted),
            "looked": [asdict(place) for place in self.looked],
            "pending": list(self.pending),
            "beyond": list(self.beyond),
            "marks": self.marks.plain(),
            "packs": list(self.packs),
            "digest": self.digest,
        }


def proof_of(document: Any, services: Services) -> Proof:
    """The proof that ``plain`` gave, from this store. Raises BadProof."""
    try:
        proof = Proof(
            kind=document["kind"],
            learners=tuple(document["learners"]),
            at=dt.datetime.fromisoformat(document["at"]),
            removed=dict(document["removed"]),
            tainted=tuple(document["tainted_versions"]),
            looked=tuple(Looked(**place) for place in document["looked"]),
            pending=tuple(document["pending"]),
            beyond=tuple(document["beyond"]),
            marks=Marks.from_plain(document["marks"], services.journal.secret()),
            packs=tuple(document["packs"]),
            digest=document["digest"],
        )
        whole = _sealed(proof).digest == proof.digest
    except OtherKey as error:
        raise BadProof(f"this proof is not to be checked here: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadProof(
            "the proof is damaged: something of it is missing, or is no more what was written; check the file as "
            "the erasure wrote it"
        ) from None
    if not whole:
        raise BadProof("the proof was changed: its digest does not fit what it says")
    return proof


@dataclass(frozen=True, slots=True)
class House:
    """What an erasure needs beside the ports.

    Attributes:
        domains: all that there are: they may keep something of a person in documents of their own.
        settle: brings predictions that wait in files into the journal; called before and after.
        rewrite: bytes of a table that may be written anew, as ``Remains.clear`` has it; who answers requests writes
            none.
        forgets: domain → removes what its running parts know of a person, also what they keep.
    """

    services: Services
    domains: Iterable[Domain] = ()
    settle: Callable[[], None] = lambda: None
    forgets: Mapping[str, Callable[[str], Mapping[str, int]]] = field(default_factory=dict)
    rewrite: int | None = 0


def erase_receipts(house: House, wanted: Sequence[tuple[str, str]], actor: str) -> Proof:
    """Erase batches, each by (batch_id, receipt), with all that came of them.

    Raises:
        NotFound: no such batch was ever stored; nothing was erased.
        WrongReceipt: a receipt does not belong to its batch; nothing was erased.
        LeaseLost: a learner was being harvested, or somebody was being forgotten, all the time; ask again.
    """
    services = house.services
    pairs = [(batch_id, receipt_hash(receipt)) for batch_id, receipt in wanted]
    with undisturbed(services, {one.learner for one in _known(services, pairs)}) as check:
        held = [one for one in _known(services, pairs) if isinstance(one, BatchEntry)]
        sought = _sought(services, pairs, held)
        check()  # reading what is to go may have taken long
        try:
            erasures = services.log.erase_many(pairs)
        except (NotFound, WrongReceipt):
            services.documents.remove(SHELF, sought.key)
            raise
        removed = {"batches": len(sought.rows), "samples": sum(sought.rows.values())}
        tainted: list[str] = []
        for learner, mine in _by_learner(erasures).items():
            check()
            gone = forget_batch(services, learner, *mine)
            _add(removed, exposures=gone.exposures, outcomes=gone.outcomes, states=len(gone.states))
            tainted += [f"{learner}/{name}" for name in services.registry.taint(learner, *mine)]
            note_erased(services, learner, mine, actor)
    learners = tuple(_by_learner(erasures))
    proof = Proof("receipts", learners, _now(services), removed, tuple(tainted), (), (), (), sought.marks, sought.packs)
    proven = _proven(house, proof, actor)
    if proven.complete:
        services.documents.remove(SHELF, sought.key)
    return proven


def _known(services: Services, pairs: Sequence[tuple[str, str]]) -> list[BatchEntry | Erasure]:
    ids = {batch_id for batch_id, _ in pairs}
    found = services.log.of_receipts([receipt for _, receipt in pairs])
    return [one for one, _ in found if one.batch_id in ids]


@contextmanager
def undisturbed(services: Services, learners: Iterable[str]) -> Iterator[Callable[[], None]]:
    """Whoever forgets a unit moves what others have in its batches: one that went meanwhile would come back so.

    What it gives raises LeaseLost when somebody else took over.
    """
    with ExitStack() as all_of_them:
        held = []
        for learner in sorted(learners):  # in one order, so that of two who need both one gets both
            renew = all_of_them.enter_context(in_turn(services, place(learner), LEASE_SECONDS))
            held.append(all_of_them.enter_context(kept(renew, LEASE_SECONDS, place(learner))))

        def check() -> None:
            for alive in held:
                alive.check()

        yield check


@dataclass(frozen=True, slots=True)
class _Sought:
    """What an erasure by receipts looks for afterwards, under the key by which the same request finds it again.

    Attributes:
        rows: batch → samples, of those that go.
    """

    key: str
    marks: Marks
    packs: tuple[str, ...]
    rows: Mapping[str, int]


def _sought(services: Services, pairs: Sequence[tuple[str, str]], held: Sequence[BatchEntry]) -> _Sought:
    """What to look for when these are gone, kept durably: a death after the erasure would leave nothing to mark."""
    key = hashlib.sha256(json.dumps(sorted(pairs)).encode()).hexdigest()
    kept = services.documents.get(SHELF, key)
    if kept is None:
        marks = Marks.of(of_batches(services, held), services.journal.secret())
        before: Mapping[str, Any] = {"packs": [], "rows": {}}
    else:
        marks, before = Marks.from_plain(kept.body["marks"], services.journal.secret()), kept.body
    packs = tuple(sorted({*before["packs"], *(shard.pack for shard in services.log.shards(held))}))
    rows = {**before["rows"], **{entry.batch_id: entry.rows for entry in held}}
    if held:
        body = {"marks": marks.plain(), "packs": list(packs), "rows": rows}
        with suppress(Outdated):  # the same was asked for twice at once
            services.documents.save(Document(SHELF, key, body, kept.revision if kept else 0))
        services.documents.trim(SHELF, _UNFINISHED)
    return _Sought(key, marks, packs, rows)


def erase_subject(house: House, learners: Sequence[Learner], subject: str, actor: str) -> Proof:
    """Erase all that is kept of a subject, by the application's name for it.

    Raises:
        WireError: ``subject`` is no text of 1 to ``MAX_UNIT`` characters.
        LeaseLost: a learner was being harvested all the time.
    """
    services = house.services
    house.settle()
    needles = (needle for learner in learners for needle in _of_subject(learner, services, subject))
    marks = Marks.of(needles, services.journal.secret())
    whose = [(learner.name, who_of(learner, services, subject)) for learner in learners]
    packs = tuple(sorted({key for one in whose for key in packs_of(services, *one)}))
    removed, tainted, waiting = forget_subject(house, learners, subject, actor)
    names = tuple(learner.name for learner in learners)
    return _proven(
        house, Proof("subject", names, _now(services), removed, tainted, (), waiting, (), marks, packs), actor
    )


def forget_subject(
    house: House, learners: Sequence[Learner], subject: str, actor: str
) -> tuple[dict[str, int], tuple[str, ...], tuple[str, ...]]:
    """``erase_subject`` without the clearing, the search and the proof: what → how many, tainted versions, and what
    runs elsewhere and has not forgotten yet.
    """
    services = house.services
    house.settle()
    removed = dict.fromkeys(("exposures", "outcomes", "batches", "documents"), 0)
    tainted: list[str] = []
    for learner in learners:
        gone = forget_unit(learner, services, subject, actor)
        _add(removed, exposures=gone.exposures, outcomes=gone.outcomes, batches=gone.batches)
        tainted += [f"{learner.name}/{name}" for name in gone.tainted]
    for domain in house.domains:
        if domain.name in house.forgets:  # what runs would keep it again
            removed["documents"] += sum(house.forgets[domain.name](subject).values())
        elif domain.subjects is not None:
            removed["documents"] += domain.subjects.forget(services, subject)
        note_person(services, domain.name, subject)
    house.settle()  # what came in meanwhile is refused by the journal
    kept = [domain.subjects for domain in house.domains if domain.subjects is not None]
    waiting = [reason for subjects in kept for reason in subjects.pending(services, subject)]
    return removed, tuple(tainted), tuple(waiting)


def verify(services: Services, proof: Proof) -> Proof:
    """Search again for what a proof says is gone; a proof of the same, with what was found now."""
    looked = tuple(services.remains.search(proof.marks, proof.packs))
    return _sealed(replace(proof, at=_now(services), looked=looked, beyond=tuple(services.remains.beyond())))


def note_erased(services: Services, learner: str, batch_ids: Iterable[str], actor: str, more: str = "") -> None:
    """The audit's row of each erased batch, once: it says that all that follows from the erasure is done.

    Raises:
        LeaseLost: another process was noting erasures of this learner all the while.
    """
    ids = list(batch_ids)
    with in_turn(services, f"erasures:{learner}", NOTING_SECONDS) as renew:
        noted = noted_erasures(services, learner, ids[0] if len(ids) == 1 else "")
        for number, batch_id in enumerate(one for one in ids if one not in noted):
            if number % _NOTED_EACH == 0:
                renew()
            reason = f"sent the batch's receipt{more}"
            services.audit.append(Act(actor, ACTION, f"{learner}/{batch_id}", reason, services.clock.now()))


def noted_erasures(services: Services, learner: str, begin: str = "") -> set[str]:
    """Ids of the learner's batches, of those that begin so, whose erasure the audit has."""
    return {subject.removeprefix(f"{learner}/") for subject in _audited(services, f"{learner}/{begin}")}


def _audited(services: Services, prefix: str) -> Iterator[str]:
    page = services.audit.entries(prefix=prefix, actions=[ACTION])
    while page:
        yield from (entry.act.subject for entry in page)
        page = services.audit.entries(page[-1].sequence, prefix=prefix, actions=[ACTION])


def prove_again(
    house: House, learners: Sequence[str], removed: Mapping[str, int], needles: Iterable[bytes], packs: Iterable[str]
) -> Proof:
    """The proof that what a restore brought back, and erased again, is gone."""
    services = house.services
    marks = Marks.of(needles, services.journal.secret())
    kept = tuple(sorted(set(packs)))
    proof = Proof("restore", tuple(learners), _now(services), removed, (), (), (), (), marks, kept)
    return _proven(house, proof, "operator")


def _proven(house: House, proof: Proof, actor: str) -> Proof:
    """Clear, search, and note the digest in the audit."""
    services = house.services
    pending = (*proof.pending, *services.remains.clear(house.rewrite))
    looked = tuple(services.remains.search(proof.marks, proof.packs))
    sealed = _sealed(replace(proof, looked=looked, pending=pending, beyond=tuple(services.remains.beyond())))
    size, items = sum(place.size for place in looked), sum(place.items for place in looked)
    removed = ", ".join(f"{number} {what}" for what, number in sealed.removed.items() if number) or "nothing new"
    reason = (
        f"{'complete' if sealed.complete else 'not complete'}: {removed} removed; {items} items of {size} bytes "
        f"searched for {len(sealed.marks)} marks and {len(sealed.packs)} packs, {sealed.left} found; "
        f"{len(pending)} pending; sha256 {sealed.digest}"
    )
    # A subject may have been known to several: naming one of them would say too much, and all too much of a line.
    subject = f"proof/{sealed.learners[0] if len(sealed.learners) == 1 else sealed.digest[:16]}"
    services.audit.append(Act(actor, "prove erasure", subject, reason, services.clock.now()))
    return sealed


def _sealed(proof: Proof) -> Proof:
    body = {name: value for name, value in proof.plain().items() if name != "digest"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return replace(proof, digest=hashlib.sha256(text.encode()).hexdigest())


def of_batches(services: Services, entries: Sequence[BatchEntry]) -> Iterator[bytes]:
    """Random identifiers of a batch's samples, as they are stored and in hexadecimal digits."""
    for _, columns in services.log.read(entries):
        for column in columns.values():
            if column.dtype.kind == "V" and len(column):
                for sample in (column[0], column[-1])[:_ENDS]:
                    yield from (sample.tobytes(), sample.tobytes().hex().encode())


def _of_subject(learner: Learner, services: Services, subject: str) -> Iterator[bytes]:
    """The pseudonym, the ids of its newest events, and the name where it is long enough."""
    who = who_of(learner, services, subject)
    yield from of_unit(services, learner.name, who)
    yield from of_names([subject])


def of_unit(services: Services, learner: str, who: str) -> Iterator[bytes]:
    """What to look for of a unit: its pseudonym, and the ids of its newest events."""
    yield who.encode()
    events = [shown.event_id for shown, _ in services.journal.shown_to(learner, who)]
    yield from (event_id.encode() for event_id in events[-EVENTS:])


def of_names(names: Iterable[str]) -> Iterator[bytes]:
    """The names that are long enough to be looked for."""
    return (name.encode() for name in names if len(name.encode()) >= SHORTEST)


def packs_of(services: Services, learner: str, who: str) -> Iterator[str]:
    """Keys of the packs that hold rows of a unit."""
    batches = services.journal.batches_of(learner, who)
    known = services.log.of_receipts([receipt_hash(receipt_of(services, batch_id)) for batch_id in batches])
    held = [one for one, _ in known if isinstance(one, BatchEntry)]
    return (shard.pack for shard in services.log.shards(held))


def _by_learner(erasures: Iterable[Erasure]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for erasure in erasures:
        found.setdefault(erasure.learner, []).append(erasure.batch_id)
    return found


def _add(removed: dict[str, int], **more: int) -> None:
    for name, number in more.items():
        removed[name] = removed.get(name, 0) + number


def _now(services: Services) -> dt.datetime:
    return services.clock.now()
