"""Everything the loop may ask of the world outside: one small port a noun.

Every port has one contract test class, which runs over every backend. What a docstring here
promises, the contract tests hold.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from samouk.loop.columns import Columns
from samouk.loop.records import (
    Act,
    Artifact,
    AuditEntry,
    Batch,
    BatchEntry,
    Erasure,
    Examples,
    LogStats,
    Run,
    Snapshot,
    Stage,
    Stored,
    Version,
)

if TYPE_CHECKING:
    from samouk.loop.learner import Context, Learner


class LeaseLost(Exception):
    """Another process holds the learner, or took it over after ours fell silent."""


class WrongReceipt(Exception):
    """The receipt does not belong to the batch."""


class NotFound(Exception):
    """No such batch, version, snapshot, run or key."""


class CorruptBlob(Exception):
    """The bytes under a key are not the bytes that were put there."""


class StoreUnavailable(Exception):
    """The store cannot be opened or written: no space, no permission, too new; the message names the remedy."""


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

    def read(self, entries: Sequence[BatchEntry]) -> Iterator[tuple[BatchEntry, Columns]]:
        """The columns of each entry, in the given order, streamed; an entry erased meanwhile is left out."""

    def quarantine(self, batch_ids: Sequence[str], reason: str) -> None:
        """Keep these batches out of every later snapshot; unknown ids are no error."""

    def erase(self, batch_id: str, receipt_hash: str) -> Erasure:
        """Remove every byte of the batch; durable when it returns; a second call returns the same erasure.

        Raises:
            NotFound: no such batch was ever stored.
            WrongReceipt: the hash is not the one that came with the batch.
        """

    def erasures(self, learner: str) -> list[Erasure]:
        """What was erased, in order."""

    def stats(self, learner: str) -> LogStats:
        """Counts, kept as the batches come: O(1) in their number."""


class Registry(Protocol):
    """Versions, their stages and the snapshots they were fitted on."""

    def add_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a snapshot; adding it twice is one snapshot."""

    def snapshot(self, digest: str) -> Snapshot:
        """Raises NotFound."""

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

    def move(self, learner: str, name: str, stage: Stage) -> Version:
        """Set the stage in one commit. Moving to production archives the version that stood there."""

    def taint(self, learner: str, batch_id: str) -> list[str]:
        """Forget ``batch_id`` in every snapshot record's membership index and mark versions fitted on it as tainted.

        Returns:
            The names of the versions that are tainted by this batch.
        """


class Runs(Protocol):
    """The history of turns."""

    def save(self, run: Run) -> None:
        """Insert the run, or replace the one with its ``run_id``."""

    def runs(self, learner: str, limit: int = 100) -> list[Run]:
        """Newest first."""

    def last_finished(self, learner: str) -> Run | None:
        """The newest run that ended other than ``failed``."""


class Leases(Protocol):
    """At most one holder a name, over all processes that share the store."""

    def acquire(self, name: str, holder: str, seconds: float) -> bool:
        """Take or renew the lease; False while another holder's has not run out."""

    def release(self, name: str, holder: str) -> None:
        """Give it back; giving back what one does not hold is no error."""


class Audit(Protocol):
    """A hash-chained, append-only log of what the loop and people did."""

    def append(self, act: Act) -> AuditEntry:
        """Add one act to the end of the chain; durable when it returns."""

    def entries(self, after: int = 0, limit: int = 1000) -> list[AuditEntry]:
        """In order, from ``sequence > after``."""

    def verify(self) -> int | None:
        """None when the whole chain holds, else the sequence of the first entry that does not."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as the server knows it: never the key itself."""

    key_id: str
    label: str
    created: dt.date
    revoked: bool = False


class Keys(Protocol):
    """API keys, hashed at rest."""

    def create(self, label: str) -> tuple[ApiKey, str]:
        """A new key and, this once, its secret."""

    def verify(self, secret: str) -> ApiKey | None:
        """The key that ``secret`` opens, unless it was revoked."""

    def revoke(self, key_id: str) -> None:
        """Raises NotFound."""

    def keys(self) -> list[ApiKey]:
        """All, oldest first."""


class Publisher(Protocol):
    """Hands the champion, signed, to every client."""

    def publish(self, version: Version, data: bytes) -> None:
        """Make ``version`` what clients find; nothing half-done is ever visible. Publishing it twice is one release."""

    def published(self, learner: str) -> str | None:
        """Name of the version that clients find now."""

    def refresh(self) -> None:
        """Sign anew what would soon expire."""


class Trainer(Protocol):
    """Who fits: this process, a cluster, or devices that keep their data."""

    def fit(self, learner: Learner, examples: Examples, champion: Artifact | None, context: Context) -> Artifact:
        """Fit a challenger; deterministic for one seed."""


@dataclass(frozen=True, slots=True)
class Services:
    """Every port in one hand, as `assembly` puts them together."""

    clock: Clock
    blobs: Blobs
    log: Log
    registry: Registry
    runs: Runs
    leases: Leases
    audit: Audit
    keys: Keys
    publisher: Publisher
    trainer: Trainer
    close: Callable[[], None]
