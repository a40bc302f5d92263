"""Everything the loop may ask of the world outside: one small port a noun.

Every port has one contract test class, which runs over every backend. What a docstring here
promises, the contract tests hold.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from samouk.loop.columns import Column, Columns
from samouk.loop.live import (
    ArmStats,
    Checkpoint,
    DayFigures,
    Event,
    Exposure,
    Forgotten,
    Heard,
    Joined,
    Outcome,
    Rollout,
    Threshold,
    Webhook,
)
from samouk.loop.records import (
    Act,
    Arrived,
    Artifact,
    AuditEntry,
    Batch,
    BatchEntry,
    Change,
    Compaction,
    Erasure,
    Examples,
    Growth,
    Head,
    LogStats,
    Run,
    RunEnd,
    Shard,
    Side,
    Snapshot,
    Stage,
    Stored,
    Version,
)
from samouk.loop.scratch import IN_MEMORY
from samouk.loop.task import Task, TaskState

if TYPE_CHECKING:
    from samouk.loop.learner import Context, Learner
    from samouk.loop.marks import Marks


class LeaseLost(Exception):
    """Another process holds the learner, or took it over after ours fell silent."""


class WrongReceipt(Exception):
    """The receipt does not belong to the batch."""


class NotFound(Exception):
    """No such batch, version, snapshot, run or key."""


class CorruptBlob(Exception):
    """The bytes under a key are not the bytes that were put there."""


class Outdated(Exception):
    """Somebody else changed it since it was read: read it again."""


ANYBODY = ""
"""Whichever version is in production, if any; the name of none."""


class TooLarge(ValueError):
    """Clients take no model of this size: the version serves on the platform alone."""


class StoreUnavailable(Exception):
    """The store cannot be opened or written: no space, no permission, too new; the message names the remedy."""


class FitFailed(Exception):
    """No challenger came back from where it was to be fitted; the champion stays, and the turn can be taken again."""


class CommitUnknown(StoreUnavailable):
    """The database went away while it committed: whether it did nobody knows; trying again settles it."""


class Clock(Protocol):
    """Time, so that tests and the demo can step it."""

    def now(self) -> dt.datetime:
        """The present moment, aware, in UTC."""


class Blobs(Protocol):
    """Immutable bytes under the sha256 of their content."""

    def put(self, data: bytes) -> str:
        """Store ``data`` durably and return its key (64 hex digits); putting it twice is one blob."""

    def get(self, key: str) -> bytes:
        """The bytes. Raises NotFound or CorruptBlob."""

    def delete(self, key: str) -> None:
        """Remove the bytes so that no copy is left; absent keys are no error."""

    def keys(self) -> Iterator[str]:
        """Every key, in no order."""


class Log(Protocol):
    """What arrived: batches in order of arrival, and their erasure."""

    def append(self, batches: Sequence[Batch]) -> list[Stored]:
        """Store all batches in one commit; durable when it returns, all or none.

        A ``batch_id`` that is stored already (or twice in ``batches``) is a DUPLICATE and changes
        nothing; one that was erased is ERASED and stays away.
        """

    def entries(self, learner: str, after: int = 0) -> list[BatchEntry]:
        """Entries of stored batches with ``sequence > after``, in order of arrival, quarantined ones included."""

    def arrived(self, learner: str, schema_version: int, after: int, newest: int) -> Arrived:
        """What came of that schema with ``sequence > after`` and is live, and so many of the newest."""

    def changes(self, learner: str, after: int = 0) -> list[Change]:
        """What happened to stored batches since the change of that sequence, in order."""

    def read(self, entries: Sequence[BatchEntry]) -> Iterator[tuple[BatchEntry, Columns]]:
        """The columns of each entry, in the given order, streamed; an entry erased meanwhile is left out."""

    def shards(self, entries: Sequence[BatchEntry]) -> list[Shard]:
        """Where the columns of each entry lie now, in the given order, for who reads the blobs without the log.

        An entry that was erased is left out, and all are where there are no blobs.
        """

    def quarantine(self, batch_ids: Sequence[str], reason: str) -> None:
        """Keep these batches out of every later snapshot; unknown ids are no error."""

    def erase(self, batch_id: str, receipt_hash: str) -> Erasure:
        """Remove every byte of the batch; durable when it returns; a second call returns the same erasure.

        Raises:
            NotFound: no such batch was ever stored.
            WrongReceipt: the hash is not the one that came with the batch.
        """

    def erase_many(self, wanted: Sequence[tuple[str, str]]) -> list[Erasure]:
        """``erase`` each (batch_id, receipt_hash), at the price of few: what lies together is written anew once.

        Nothing is erased when any of them raises NotFound or WrongReceipt. A death, or a StoreUnavailable, in the
        middle leaves some erased and the others whole; asking again ends it.
        """

    def of_receipts(self, receipt_hashes: Sequence[str]) -> list[tuple[BatchEntry | Erasure, str]]:
        """What came with one of these hashes, each with its hash: stored batches in order of arrival, then erased."""

    def erasures(self, learner: str) -> list[Erasure]:
        """What was erased, in order."""

    def last_erasure(self, learner: str) -> dt.date | None:
        """The day of the newest erasure."""

    def expire(self, before: dt.date, limit: int) -> list[Erasure]:
        """Remove every byte of batches that arrived before that day, oldest first; durable when it returns.

        Nobody asked for it, so that it is no erasure: versions that learnt from them stay as they are. A late copy is
        refused like one of an erased batch. Whoever has the receipt may still ``erase``, and then it is one.

        Args:
            limit: how many, about; the packs that it begins leave whole. An empty answer says that none is left.
        """

    def compact(self, check: Callable[[], None]) -> Compaction:
        """Put many small packs into few; what was appended, in whatever pieces, is read as before.

        Args:
            check: asked between two steps; what it raises ends the work, which goes on at the next call.
        """

    def stats(self, learner: str) -> LogStats:
        """Counts, kept as the batches come: O(1) in their number."""


class Registry(Protocol):
    """Versions, their stages and the snapshots they were fitted on."""

    def add_snapshot(self, growth: Growth) -> Snapshot:
        """Keep the learner's next snapshot, at the cost of what is new in it; gives it back.

        One with the digest of the last is that snapshot: only the places up to which was looked move on.

        Raises:
            Outdated: the learner's last snapshot is not the one that this grew from.
        """

    def snapshot(self, digest: str) -> Snapshot:
        """Raises NotFound. The numbers are those of when it was kept."""

    def members(self, digest: str, side: Side, newest: int | None = None) -> Iterator[BatchEntry]:
        """Entries of that side of a snapshot that are still in the log, in order of arrival, streamed.

        Args:
            newest: only so many that came last.

        Raises:
            NotFound: no such snapshot.
        """

    def sides(self, learner: str, batch_ids: Sequence[str]) -> dict[str, Side]:
        """Which of these batches are members of the learner's last snapshot, erased or not, and on which side."""

    def latest_snapshot(self, learner: str) -> Snapshot | None:
        """The snapshot added last."""

    def add(self, version: Version) -> None:
        """Keep a new version. Raises ValueError when its name or number is taken within the learner."""

    def version(self, learner: str, name: str) -> Version:
        """Raises NotFound."""

    def versions(self, learner: str) -> list[Version]:
        """All, newest first."""

    def production(self, learner: str) -> Version | None:
        """The champion."""

    def move(self, learner: str, name: str, stage: Stage, *, instead_of: str | None = ANYBODY) -> Version:
        """Set the stage in one commit. Moving to production archives the version that stood there.

        Args:
            instead_of: the champion against which this was decided; None when there was none.

        Raises:
            NotFound: there is no such version.
            Outdated: neither ``instead_of`` nor the version itself is in production; nothing was moved.
        """

    def taint(self, learner: str, *batch_ids: str) -> list[str]:
        """Forget batches in every snapshot record's membership index and mark versions fitted on one as tainted.

        Returns:
            The names of the versions that are tainted by one of these batches, newest first.
        """


class Runs(Protocol):
    """The history of turns."""

    def save(self, run: Run) -> None:
        """Insert the run, or replace the one with its ``run_id``."""

    def runs(self, learner: str, limit: int = 100) -> list[Run]:
        """Newest first: by when each was first saved, because a clock may be set back between two runs."""

    def last_finished(self, learner: str) -> Run | None:
        """The newest run that ended other than ``failed``."""

    def ends(self, learner: str) -> dict[RunEnd, int]:
        """How many runs came to each end, ends that none came to left out; cheap."""


SLACK_SECONDS = 60.0
"""A clock may be set back by so much while a lease is held. One that ends later than its length and this
from now was taken while the clock was ahead, and has run out."""


class Leases(Protocol):
    """At most one holder a name, over all processes that share the store."""

    def acquire(self, name: str, holder: str, seconds: float) -> bool:
        """Take or renew the lease; False while another holder's has not run out."""

    def release(self, name: str, holder: str) -> None:
        """Give it back; giving back what one does not hold is no error."""

    def held(self, name: str) -> bool:
        """Whether anybody holds the lease now; one that ran out is held by nobody."""


class Audit(Protocol):
    """A hash-chained, append-only log of what the loop and people did."""

    def append(self, act: Act) -> AuditEntry:
        """Add one act to the end of the chain; durable when it returns."""

    def entries(
        self, after: int = 0, limit: int = 1000, *, prefix: str = "", actions: Collection[str] = ()
    ) -> list[AuditEntry]:
        """In order, from ``sequence > after``: those whose subject begins so, and of these actions; () for all."""

    def head(self) -> Head:
        """The end of the chain now: kept elsewhere, it tells later whether the end was cut off."""

    def verify(self, since: Head | None = None) -> int | None:
        """None when the whole chain holds, else the sequence of the first entry that does not; memory is bounded.

        Args:
            since: a head that was kept elsewhere: its entry must still be there, and only what follows is looked at.
        """


class Role(StrEnum):
    """What whoever asks may do; each may do what those before it may.

    ``CONTRIBUTOR`` is for keys that travel with applications: samples, tallies, predictions and what became of them.
    ``OPERATOR`` is for whoever runs the platform: whatever changes what serves, leaves the house or names people.
    ``ADMIN`` is for whoever decides who gets in: keys, and who is told of events.
    """

    CONTRIBUTOR = "contributor"
    OPERATOR = "operator"
    ADMIN = "admin"

    def covers(self, needed: Role) -> bool:
        """Whether it is enough where ``needed`` is asked for."""
        return self is needed or self in _ABOVE[needed]


_ABOVE = {role: tuple(Role)[step + 1 :] for step, role in enumerate(Role)}
"""Role → those that may do more."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as the server knows it: never the key itself.

    Attributes:
        learners: that it is for, as names or ``domain.*``; none means all.
        expires: from then on it opens nothing; None never.
        last_used: the last day on which it opened something; the hour is nobody's business.
    """

    key_id: str
    label: str
    created: dt.date
    revoked: bool = False
    role: Role = Role.CONTRIBUTOR
    learners: tuple[str, ...] = ()
    expires: dt.datetime | None = None
    last_used: dt.date | None = None


def covers(learners: tuple[str, ...], wanted: str) -> bool:
    """Whether names of learners, or ``domain.*``, hold the wanted one, itself a name or ``domain.*``; none hold all."""
    return not learners or any(
        one == wanted or (one.endswith(".*") and wanted.startswith(one.removesuffix("*"))) for one in learners
    )


class Keys(Protocol):
    """API keys, hashed at rest."""

    def create(
        self,
        label: str,
        role: Role = Role.CONTRIBUTOR,
        learners: Sequence[str] = (),
        expires: dt.datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """A new key and, this once, its secret."""

    def verify(self, secret: str) -> ApiKey | None:
        """The key that ``secret`` opens, unless it was revoked or its time is over; the day is noted."""

    def rotate(self, key_id: str, overlap: dt.timedelta) -> tuple[ApiKey, str]:
        """A successor with the same label, role, learners and length of life; the old key ends after ``overlap``.

        Raises:
            NotFound: there is no such key in force.
        """

    def revoke(self, key_id: str) -> None:
        """Raises NotFound."""

    def keys(self) -> list[ApiKey]:
        """All, oldest first."""


@dataclass(frozen=True, slots=True)
class Document:
    """Plain JSON that a domain keeps under a name of its own.

    Attributes:
        shelf: what kind of thing it is, begun by the domain's name: ``traffic.detection_rules``.
        key: its name on the shelf.
        revision: counts up from 1 with each save.
        blobs: keys of blobs that stay as long as the document names them; others go when the store is opened.
    """

    shelf: str
    key: str
    body: Mapping[str, Any]
    revision: int = 0
    blobs: tuple[str, ...] = ()


class Documents(Protocol):
    """Small things that a domain must remember and that people may look at: rules, alerts, sets of limits."""

    def save(self, document: Document) -> Document:
        """Keep it; durable when it returns. Gives it with its new revision.

        ``revision`` is the one that was read, 0 for a new document.

        Raises:
            Outdated: the kept revision is another one.
            WireError: the shelf is no name like ``domain.things`` (64 characters), the key is not 1 to 256
                characters of text without NUL, the body is no JSON (NaN is none) nested up to 100 deep, or
                ``blobs`` names what is no key of a blob.
        """

    def get(self, shelf: str, key: str) -> Document | None:
        """The document, or None."""

    def shelf(self, name: str, limit: int = 10_000, *, newest: bool = False) -> list[Document]:
        """Documents of a shelf by their key; ``newest`` those saved last, the last one first."""

    def remove(self, shelf: str, key: str) -> bool:
        """Remove every byte of it; False when there was none."""

    def trim(self, shelf: str, keep: int) -> int:
        """Remove all but the ``keep`` that were saved last; how many went."""


def forgotten_cursor(learner: str) -> str:
    """Name of the cursor that counts how often joined outcomes of a learner were forgotten."""
    return f"forgotten:{learner}"


class Journal(Protocol):
    """What was shown in service, and how it turned out."""

    def secret(self) -> bytes:
        """32 random bytes, made with the store, the same for all who share it: the key of pseudonyms and event ids."""

    def expose(self, exposures: Sequence[Exposure]) -> int:
        """Keep exposures in one commit, and join what was parked for them.

        Returns:
            How many were new; one whose ``event_id`` is known changes nothing.
        """

    def tell(self, learner: str, outcomes: Sequence[Outcome], windows: Mapping[str, dt.timedelta]) -> list[Heard]:
        """Keep outcomes of a learner's events in one commit, all or none; durable when it returns.

        Args:
            windows: metric → how long after its exposure an outcome counts as being in time. Measured
                from the exposure to ``Outcome.at``.

        An outcome whose exposure is not there is PARKED and joined when that comes, if it is the same
        learner's. A second outcome of one event and metric is a DUPLICATE when its value is the same (to 1e-9),
        else a CONTRADICTION, and changes nothing; except that one that was told replaces one that was
        ``assumed``, under a new sequence. In time it replaces it in comparisons too; when it is LATE the
        assumption stands there, else the unit would leave a comparison by what it said, and the two arms
        would lose different ones. Parked outcomes are compared in the same way, but stay PARKED. What is
        ``assumed`` is never late. Raises KeyError for a metric without a window.
        """

    def exposure(self, event_id: str) -> Exposure | None:
        """The exposure, or None."""

    def outcomes(self, learner: str, event_id: str) -> list[Outcome]:
        """What was told of a learner's event so far, joined or parked; of an assumption what replaced it."""

    def expire(self, learner: str, before: dt.datetime) -> int:
        """Drop outcomes told before that moment that found no exposure; how many."""

    def newest(self, learner: str) -> dt.datetime | None:
        """When the learner's newest exposure was."""

    def silent(
        self, learner: str, metric: str, before: dt.datetime, limit: int = 10_000, *, after: int = 0
    ) -> list[str]:
        """Ids of unfailed events exposed before that moment that have no outcome of ``metric``; oldest first.

        Args:
            after: only those that arrived after this place, for which ``settled`` was asked before.
        """

    def settled(self, learner: str, metric: str, after: int = 0) -> int:
        """Place in the order of arrival up to which every exposure failed or has an outcome of ``metric``.

        It never moves back, whatever arrives or is told late: what arrives later has a later place, and an outcome
        that is there may be replaced and does not go. So a reader who keeps it as a cursor misses nothing.

        Args:
            after: an earlier answer, up to which nothing is looked at again.
        """

    def unheard(
        self, learner: str, metric: str, since: dt.datetime, limit: int = 10_000
    ) -> list[tuple[str, dt.datetime, float]]:
        """(version, when shown, score) of each exposure since then without an outcome of ``metric``, newest first.

        For estimates that need no outcome. What failed or abstained has no score and is left out.
        """

    def scored(self, learner: str, metric: str, limit: int = 10_000) -> list[tuple[str, dt.datetime, float, float]]:
        """(version, when shown, score, outcome) of the newest joined outcomes of ``metric``, in order of joining.

        What failed or abstained has no score and is left out.
        """

    def joined(self, learner: str, after: int = 0, limit: int = 10_000) -> list[Joined]:
        """Joined outcomes with ``sequence > after``, in order. Sequences count up over all learners, with gaps."""

    def mark(self, batch_id: str, sequences: Sequence[int], *, instead_of: str | None = None) -> None:
        """Note that a batch of the log is made of these joined outcomes, where ``instead_of`` is noted so far."""

    def of_batch(self, batch_id: str) -> list[Joined]:
        """The joined outcomes that a batch is made of, in order."""

    def batches_of(self, learner: str, unit: str) -> list[str]:
        """Ids of the batches that any outcome of a unit, by its pseudonym, was made into; sorted."""

    def forget(self, learner: str, unit: str, seen: Collection[str] | None = None) -> Forgotten:
        """Remove every byte of what was shown to a unit, by its pseudonym, and of how it turned out.

        Gone too are the learner's checkpoints that had read that far, and ``forgotten_cursor`` moves on by one, so
        that whoever learnt from it begins again without. Doing it again changes nothing. Counts of running
        comparisons shrink. Durable when it returns.

        Args:
            seen: the only batches that ``batches_of`` may tell; None for any.

        Raises:
            Outdated: outcomes of the unit were made into another batch meanwhile; nothing was removed.
        """

    def forget_batch(self, learner: str, *batch_ids: str) -> Forgotten:
        """``forget`` what was shown where an outcome was made into one of these batches, whoever saw it."""

    def shown_to(self, learner: str, unit: str) -> Iterator[tuple[Exposure, list[Outcome]]]:
        """What is kept of a unit, by its pseudonym: each exposure with what was told of it, oldest first, streamed."""

    def refuse(self, learner: str, unit: str, until: dt.datetime) -> None:
        """Refuse, from now on, exposures of a unit by its pseudonym that were shown before that moment.

        Another server may still have them on their way when the unit is forgotten. Kept is a hash of the pseudonym,
        for good: a restore of an older state finds there whom it has to forget again.
        """

    def retire(self, learner: str, before: dt.datetime, read: int, rollout: str | None, limit: int) -> Forgotten:
        """Remove every byte of exposures of before that moment, and of how they turned out, the oldest first.

        Nobody asked to be forgotten: what was learnt stays, and ``batches_of`` still tells which batches of the log
        hold rows of a unit, until these are ``unlink``ed.

        Args:
            read: an exposure stays that has an outcome of a later sequence.
            rollout: exposures of this one stay.
            limit: how many exposures, at most; none in the answer says that none is left.
        """

    def unlink(self, batch_ids: Sequence[str]) -> None:
        """Forget of whose outcomes batches were made that left the log, where the exposures did."""

    def arms(
        self,
        rollout: str,
        metric: str,
        *,
        slow_ms: float,
        exposed_before: dt.datetime | None = None,
        closed_before: dt.datetime | None = None,
    ) -> list[ArmStats]:
        """What is known of each arm in each step, by step, variant and version.

        ``champion`` is no arm. ``exposures`` and ``newest`` are of all exposures of the arm in that step. A unit
        counts for all else in one arm: that of the first step in which any arm had it, by the mean of its outcomes
        of that step. What it does in later steps would make the steps dependent, and mix their days; only for
        ``failed`` and ``slow`` it is a witness of later steps too, as long as it stays in its arm. A unit that was
        in two arms in its first step counts in neither. Outcomes that were told late count nowhere. With
        ``exposed_before``, outcomes of later exposures do not count. ``closed_before``: windows of earlier
        exposures have closed; None for all.
        """

    def crossed(self, rollout: str) -> int:
        """Number of units that were in more than one arm, by variant or version, within the rollout."""

    def shadows(self, rollout: str, metric: str) -> Iterator[tuple[str, float, Mapping[str, float], float]]:
        """(unit, score shown, version → score not shown, outcome) of each exposure of the rollout that has all four.

        In the order in which the outcomes were joined; late ones are left out.
        """

    def days(self, learner: str, metric: str, since: dt.date, window: dt.timedelta) -> list[DayFigures]:
        """Figures a version and UTC day, from that day on, in order of day and version's first exposure since."""

    def delays(self, learner: str, metric: str, since: dt.datetime) -> list[tuple[float, bool]]:
        """(seconds, whether an outcome was told) of each exposure since then, oldest first.

        The seconds are the outcome's delay, else the age now; what was assumed was not told.
        """

    def checkpoint(self, state: Checkpoint, *, forgotten: int | None = None) -> str | None:
        """Keep the checkpoint in place of the version's earlier one.

        Args:
            forgotten: where ``forgotten_cursor`` of the learner stood when the state was begun.

        Returns:
            Key of the earlier one's bytes when no checkpoint names them any more: they may be deleted.

        Raises:
            Outdated: outcomes were forgotten since ``forgotten``; nothing was kept.
        """

    def last_checkpoint(self, learner: str, version: str) -> Checkpoint | None:
        """The version's checkpoint."""

    def cursor(self, name: str) -> int:
        """How far a named reader has come; 0 at the beginning."""

    def advance(self, name: str, sequence: int) -> None:
        """Remember how far a named reader has come; never moves back."""


class Rollouts(Protocol):
    """Ramps and their history, and the events that tell of them."""

    def save(self, rollout: Rollout, events: Sequence[Event] = ()) -> Rollout:
        """Insert the rollout (revision 0) or replace the one that was read, with its events, in one commit.

        Returns:
            The rollout with its new revision.

        Raises:
            Outdated: the kept revision is not ``rollout.revision``, or the learner has another rollout that
                is not over.
        """

    def active(self, learner: str) -> Rollout | None:
        """The learner's rollout that is not over."""

    def rollouts(self, learner: str, limit: int = 100) -> list[Rollout]:
        """Newest first."""

    def say(self, events: Sequence[Event]) -> None:
        """Keep events that belong to no rollout."""

    def events(self, after: int = 0, limit: int = 1000) -> list[Event]:
        """Events with ``sequence > after``, in order."""

    def last_event(self) -> int:
        """Sequence of the newest event; 0 when there is none."""

    def note(self, thresholds: Sequence[Threshold]) -> None:
        """Keep changes of thresholds."""

    def thresholds(self, learner: str) -> list[Threshold]:
        """Every change of a learner's thresholds, oldest first."""


class Webhooks(Protocol):
    """Who wants to be told of events by HTTP, and how far each was told."""

    def add(self, hook: Webhook) -> None:
        """Keep a new hook."""

    def claim(self, hook_id: str, holder: str, seconds: float) -> Webhook | None:
        """The hook as it stands, for the holder alone to deliver to until it is silent for so long.

        None, at once, while another has it, and when there is none.
        """

    def update(self, hook: Webhook, holder: str, seconds: float) -> bool:
        """Replace the hook with its ``hook_id`` and keep it for so long again.

        False, and nothing changes, when it was lost to another or removed meanwhile.
        """

    def free(self, hook_id: str, holder: str) -> None:
        """Give it back; giving back what one does not have is no error."""

    def hooks(self) -> list[Webhook]:
        """All, oldest first."""

    def remove(self, hook_id: str) -> None:
        """Raises NotFound."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One place of the store that was searched.

    Attributes:
        items: files, blobs or rows that were looked at.
        size: bytes, as they lie there and unpacked.
        found: how often a mark stood there.
        passing: what lies there goes by itself, and nothing of ours can hasten it: a write-ahead log.
    """

    place: str
    items: int
    size: int
    found: int
    passing: bool = False


class Upkeep(Protocol):
    """What a store needs now and then to stay small and quick; safe beside everybody who uses it."""

    def sweep(self) -> int:
        """Delete bytes that nobody names, of dead writers and of what was replaced; how many blobs."""

    def tidy(self) -> None:
        """Give free pages back, and look anew at what the database plans by."""


REWRITE_BYTES = 256 * 1024**2
"""Largest table that is written anew beside those who use it: some seconds, within the patience of all who wait."""


class Remains(Protocol):
    """What deleted things leave behind in the store's own files, and the search for it."""

    def clear(self, largest: int | None = 0) -> list[str]:
        """Leave no byte of what was deleted; what must wait for something, and for what, in words.

        Args:
            largest: bytes of a table that may be written anew for it, which holds up its users meanwhile; 0 writes
                none, None any.
        """

    def search(self, marks: Marks, packs: Collection[str] = ()) -> Iterator[Looked]:
        """Look at every byte that the store keeps, place by place, through its compression.

        Args:
            packs: keys of packs that may not be there any more; each that is counts as found.
        """

    def beyond(self) -> list[str]:
        """Where copies may lie that nobody can look at from here, in words."""


class Tasks(Protocol):
    """What workers are to do. A broker only tells them to look: all that matters stands here."""

    def put(self, task: Task) -> bool:
        """Keep the task durably; False, and nothing changes, when its id is known."""

    def task(self, task_id: str) -> Task:
        """Raises NotFound."""

    def tasks(self, state: TaskState | None = None, limit: int = 100) -> list[Task]:
        """All, or those in one state; newest first."""

    def ready(self, limit: int = 100) -> list[Task]:
        """Those that wait and are due, or whose worker fell silent; by when they became due."""

    def claim(self, task_id: str, holder: str, seconds: float) -> Task | None:
        """Begin an attempt at a ready task, the holder's alone until it is silent for so long; None if it is not."""

    def renew(self, task_id: str, holder: str, seconds: float) -> bool:
        """Go on having it; False when it was lost to somebody else."""

    def finish(self, task_id: str, holder: str) -> bool:
        """It is done; False, and nothing changes, when it was lost to somebody else."""

    def fail(self, task_id: str, holder: str, error: str, due: dt.datetime | None, *, counts: bool = True) -> bool:
        """The attempt failed; the next may begin at ``due``, None lays the task aside as dead. False as ``finish``.

        Args:
            counts: as an attempt; not one that could not even begin.
        """

    def retry(self, task_id: str) -> Task:
        """Let a dead task begin anew. Raises NotFound for one that is not dead."""

    def forget(self, before: dt.datetime) -> int:
        """Remove tasks that are done and were asked for before that moment; how many."""


class Publisher(Protocol):
    """Hands the champion, signed, to every client."""

    def publish(self, version: Version, data: bytes) -> None:
        """Make ``version`` what clients find; nothing half-done is ever visible. Publishing it twice is one release.

        Raises:
            TooLarge: clients would refuse it; they go on finding what they found before.
        """

    def offer(self, version: Version, data: bytes, rollout: str, share: float) -> None:
        """Let ``share`` (0 to 1, both excluded) of the clients find ``version`` before it is published.

        Each client decides by a random number of its own; none that has it ever goes back while the share
        grows. It ends with the next ``publish`` of this or a higher number. Offering it twice is one offer.

        Raises:
            TooLarge: clients would refuse it.
        """

    def withdraw(self, learner: str, rollout: str) -> None:
        """Offer what this rollout has on trial to no further client; when it has nothing on trial, nothing changes.

        Who has the version keeps it until a higher number is published.
        """

    def published(self, learner: str) -> str | None:
        """Name of the version that clients find now."""

    def refresh(self) -> None:
        """Sign anew what would soon expire."""


class Room(Protocol):
    """Columns that grow by rows until all are there."""

    def add(self, part: Mapping[str, Column]) -> None:
        """Append rows of every column. Raises StoreUnavailable when there is no room left."""

    def arrays(self) -> dict[str, Column]:
        """All rows, in order, perhaps read-only; they take their place with them when they go."""


class Scratch(Protocol):
    """Where the rows of a snapshot are while they are learnt from and judged by; nothing of it outlives the process."""

    def room(self, dtypes: Mapping[str, np.dtype[Any]], rows: int) -> Room:
        """Room for at most so many rows. Raises StoreUnavailable."""


class Trainer(Protocol):
    """Who fits: this process, a cluster, or devices that keep their data."""

    def fit(
        self,
        learner: Learner,
        examples: Examples,
        champion: Artifact | None,
        context: Context,
        entries: Sequence[BatchEntry],
    ) -> Artifact:
        """Fit a challenger; deterministic for one seed.

        Args:
            entries: the batches that the examples are the labelled rows of, in their order: who fits elsewhere
                reads them there.

        Raises:
            FitFailed: whoever fits elsewhere could not; the message says why and what to do.
        """


class Cache(Protocol):
    """What may be lost at any moment, because everybody who reads it can make it anew; shared where it can be.

    A cache that is out of order answers as an empty one, at once, and counts that; it never raises for it. Its
    counters then go on within this process.
    """

    @property
    def failures(self) -> int:
        """How often it was out of order so far."""

    def get(self, key: str) -> bytes | None:
        """What was put under the key, unless its time is over or it was lost."""

    def put(self, key: str, value: bytes, seconds: float) -> None:
        """Keep it for so long, at most."""

    def drop(self, key: str) -> None:
        """Forget it, be it a value or a counter."""

    def count(self, key: str, seconds: float, by: int = 1) -> int:
        """Add to a counter that begins at nothing so many seconds after its first count; what it comes to."""

    def close(self) -> None:
        """Let go of every connection."""


EVENTS = "events"
"""The bell that rings when there are new events to read."""


class Bell(Protocol):
    """Wakes those who wait for something, on every machine; what happened stands in the store, never here.

    A ring may be lost, or come twice: who waits looks by itself from time to time. It never raises for being out of
    order.
    """

    @property
    def failures(self) -> int:
        """How often it was out of order so far."""

    @property
    def patience(self) -> float:
        """Seconds after which who waits should look by itself: few while it hears no other process."""

    def ring(self, name: str) -> None:
        """Something happened: ``events``, ``published``."""

    def rings(self, name: str) -> int:
        """How often it rang so far, for ``wait``: who asks before it looks misses nothing."""

    def wait(self, name: str, seconds: float, after: int) -> int:
        """Block until it rang more than ``after`` times or the time is over; how often it rang."""

    def close(self) -> None:
        """Wake everybody, and let go of every connection."""


@dataclass(frozen=True, slots=True)
class Services:
    """Every port in one hand, as `assembly` puts them together.

    Attributes:
        chance: deals the units of a rollout; the system's own unless a demo is to play the same every time.
    """

    clock: Clock
    blobs: Blobs
    log: Log
    registry: Registry
    runs: Runs
    leases: Leases
    audit: Audit
    keys: Keys
    journal: Journal
    rollouts: Rollouts
    webhooks: Webhooks
    tasks: Tasks
    documents: Documents
    remains: Remains
    upkeep: Upkeep
    publisher: Publisher
    trainer: Trainer
    cache: Cache
    bell: Bell
    close: Callable[[], None]
    chance: Random = field(default_factory=SystemRandom)
    scratch: Scratch = IN_MEMORY
