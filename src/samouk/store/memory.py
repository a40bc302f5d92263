"""Every port in memory: for tests, for the demo's clients and for trying things out; gone when the process ends."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from random import Random
from threading import RLock
from typing import Any

from samouk.loop.columns import Columns
from samouk.loop.ports import (
    ANYBODY,
    SLACK_SECONDS,
    ApiKey,
    Clock,
    CorruptBlob,
    NotFound,
    Publisher,
    Role,
    Services,
    Trainer,
    WrongReceipt,
)
from samouk.loop.records import (
    Act,
    Arrived,
    AuditEntry,
    Batch,
    BatchEntry,
    BatchState,
    Change,
    Compaction,
    Erasure,
    Fate,
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
from samouk.loop.train import LocalTrainer
from samouk.store import api_key
from samouk.store.bell.local import LocalBell
from samouk.store.bell.ringing import RingingRollouts
from samouk.store.cache.memory import MemoryCache
from samouk.store.chain import first_break, head_of, link
from samouk.store.champion import require_unchanged
from samouk.store.clock import SteppedClock
from samouk.store.dtypes import refuse_unknown
from samouk.store.memory_documents import MemoryDocuments
from samouk.store.memory_live import MemoryJournal, MemoryRollouts, MemoryWebhooks
from samouk.store.memory_remains import MemoryRemains
from samouk.store.memory_snapshots import MemorySnapshots
from samouk.store.memory_tasks import MemoryTasks


def memory_services(
    clock: Clock | None = None,
    *,
    trainer: Trainer | None = None,
    publisher: Publisher | None = None,
    chance: Random | None = None,
) -> Services:
    """Every port in memory; unless others are given, the clock stands still and units are dealt alike each time."""
    clock = clock or SteppedClock()
    chance = chance or Random(0)  # noqa: S311 - nothing that lasts is kept here
    bell = LocalBell()
    blobs, log, documents = MemoryBlobs(), MemoryLog(clock), MemoryDocuments()
    journal = MemoryJournal(clock, chance.randbytes(32))
    return Services(
        clock=clock,
        blobs=blobs,
        log=log,
        registry=MemoryRegistry(),
        runs=MemoryRuns(),
        leases=MemoryLeases(clock),
        audit=MemoryAudit(),
        keys=MemoryKeys(clock),
        journal=journal,
        rollouts=RingingRollouts(MemoryRollouts(), bell),
        webhooks=MemoryWebhooks(clock),
        tasks=MemoryTasks(clock),
        documents=documents,
        upkeep=MemoryUpkeep(),
        remains=MemoryRemains({"samples": log, "blobs": blobs, "journal": journal, "documents": documents}),
        publisher=publisher or MemoryPublisher(),
        trainer=trainer or LocalTrainer(),
        cache=MemoryCache(),
        bell=bell,
        close=lambda: None,
        chance=chance,
    )


class MemoryUpkeep:
    """Nothing to do: what nobody names is freed by the interpreter."""

    def sweep(self) -> int:
        return 0

    def tidy(self) -> None:
        """There are no pages."""


class MemoryBlobs:
    """Bytes in a dictionary."""

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        key = hashlib.sha256(data).hexdigest()
        self._held[key] = bytes(data)
        return key

    def get(self, key: str) -> bytes:
        if key not in self._held:
            raise NotFound(f"no blob {key}")
        data = self._held[key]
        if hashlib.sha256(data).hexdigest() != key:
            raise CorruptBlob(f"blob {key} does not hold the bytes that were put there")
        return data

    def part(self, key: str, first: int, length: int) -> bytes:
        if key not in self._held:
            raise NotFound(f"no blob {key}")
        return self._held[key][first : first + length]

    def delete(self, key: str) -> None:
        self._held.pop(key, None)

    def keys(self) -> Iterator[str]:
        return iter(tuple(self._held))


@dataclass(slots=True)
class _Held:
    """One stored batch."""

    entry: BatchEntry
    columns: Columns
    receipt_hash: str
    reason: str | None = None


@dataclass(slots=True)
class MemoryLog:
    """Batches in the order of their arrival."""

    clock: Clock
    _held: dict[str, _Held] = field(default_factory=dict)
    _erased: dict[str, tuple[Erasure, str]] = field(default_factory=dict)
    _expired: dict[str, tuple[Erasure, str]] = field(default_factory=dict)
    _changes: list[tuple[str, Change]] = field(default_factory=list)
    _sequence: int = 0
    _lock: RLock = field(default_factory=RLock)

    def append(self, batches: Sequence[Batch]) -> list[Stored]:
        for batch in batches:
            refuse_unknown(batch.columns)
        with self._lock:
            return [self._store(batch) for batch in batches]

    def _store(self, batch: Batch) -> Stored:
        if batch.batch_id in self._erased or batch.batch_id in self._expired:
            return Stored.ERASED
        if batch.batch_id in self._held:
            return Stored.DUPLICATE
        self._sequence += 1
        day = self.clock.now().date()
        entry = BatchEntry(
            self._sequence, batch.batch_id, batch.learner, batch.schema_version, batch.group, batch.rows, day
        )
        self._held[batch.batch_id] = _Held(entry, _frozen(batch.columns), batch.receipt_hash)
        return Stored.STORED

    def entries(self, learner: str, after: int = 0) -> list[BatchEntry]:
        with self._lock:
            return [
                e for e in (held.entry for held in self._held.values()) if e.learner == learner and e.sequence > after
            ]

    def read(self, entries: Sequence[BatchEntry]) -> Iterator[tuple[BatchEntry, Columns]]:
        for entry in entries:
            held = self._held.get(entry.batch_id)
            if held is not None:
                yield entry, held.columns

    def shards(self, entries: Sequence[BatchEntry]) -> list[Shard]:
        return []

    def quarantine(self, batch_ids: Sequence[str], reason: str) -> None:
        with self._lock:
            for held in (self._held[batch_id] for batch_id in batch_ids if batch_id in self._held):
                if held.entry.state is BatchState.LIVE:
                    self._note(Fate.QUARANTINED, held.entry.learner, held.entry.batch_id, held.entry.rows)
                held.entry = replace(held.entry, state=BatchState.QUARANTINED)
                held.reason = held.reason or reason

    def erase(self, batch_id: str, receipt_hash: str) -> Erasure:
        return self.erase_many([(batch_id, receipt_hash)])[0]

    def erase_many(self, wanted: Sequence[tuple[str, str]]) -> list[Erasure]:
        with self._lock:
            for batch_id, receipt_hash in wanted:
                self._check(batch_id, receipt_hash)
            return [self._erase(batch_id, receipt_hash) for batch_id, receipt_hash in wanted]

    def _check(self, batch_id: str, receipt_hash: str) -> None:
        held = self._held.get(batch_id)
        gone = self._erased.get(batch_id) or self._expired.get(batch_id)
        kept = gone[1] if gone else held.receipt_hash if held else None
        if kept is None:
            raise NotFound(f"no batch {batch_id} was ever stored")
        if not hmac.compare_digest(kept, receipt_hash):
            raise WrongReceipt(f"the receipt does not belong to batch {batch_id}")

    def _erase(self, batch_id: str, receipt_hash: str) -> Erasure:
        if batch_id in self._erased:
            return self._erased[batch_id][0]
        erasure = self._gone(batch_id)
        self._expired.pop(batch_id, None)
        self._erased[batch_id] = (erasure, receipt_hash)
        self._note(Fate.ERASED, erasure.learner, batch_id, erasure.rows)
        return erasure

    def _gone(self, batch_id: str) -> Erasure:
        """Take the batch away, unless it expired before."""
        day = self.clock.now().date()
        if batch_id in self._expired:
            return replace(self._expired[batch_id][0], day=day)
        entry = self._held.pop(batch_id).entry
        return Erasure(batch_id, entry.learner, entry.rows, day)

    def _note(self, fate: Fate, learner: str, batch_id: str, rows: int) -> None:
        self._changes.append((learner, Change(len(self._changes) + 1, batch_id, rows, fate)))

    def arrived(self, learner: str, schema_version: int, after: int, newest: int) -> Arrived:
        live = [
            entry
            for entry in self.entries(learner, after)
            if entry.schema_version == schema_version and entry.state is BatchState.LIVE
        ]
        return Arrived(len(live), sum(entry.rows for entry in live), live[len(live) - min(newest, len(live)) :])

    def changes(self, learner: str, after: int = 0) -> list[Change]:
        with self._lock:
            return [change for name, change in self._changes if name == learner and change.sequence > after]

    def last_erasure(self, learner: str) -> dt.date | None:
        erasures = self.erasures(learner)
        return erasures[-1].day if erasures else None

    def expire(self, before: dt.date, limit: int) -> list[Erasure]:
        with self._lock:
            old = [held for held in self._held.values() if held.entry.day < before][:limit]
            return [self._expire(held) for held in old]

    def _expire(self, held: _Held) -> Erasure:
        expired = self._gone(held.entry.batch_id)
        self._expired[expired.batch_id] = (expired, held.receipt_hash)
        self._note(Fate.EXPIRED, expired.learner, expired.batch_id, expired.rows)
        return expired

    def compact(self, check: Callable[[], None]) -> Compaction:
        return Compaction()  # there are no packs

    def of_receipts(self, receipt_hashes: Sequence[str]) -> list[tuple[BatchEntry | Erasure, str]]:
        wanted = set(receipt_hashes)
        with self._lock:
            stored = [(held.entry, held.receipt_hash) for held in self._held.values() if held.receipt_hash in wanted]
            return [*stored, *(one for one in self._erased.values() if one[1] in wanted)]

    def erasures(self, learner: str) -> list[Erasure]:
        with self._lock:
            return [erasure for erasure, _ in self._erased.values() if erasure.learner == learner]

    def stats(self, learner: str) -> LogStats:
        entries = self.entries(learner)
        return LogStats(
            total_batches=len(entries),
            total_samples=sum(entry.rows for entry in entries),
            quarantined_batches=sum(entry.state is BatchState.QUARANTINED for entry in entries),
            last_upload=entries[-1].day if entries else None,
        )


@dataclass(slots=True)
class MemoryRegistry:
    """Versions and snapshots in dictionaries."""

    _versions: dict[tuple[str, str], Version] = field(default_factory=dict)
    _snapshots: MemorySnapshots = field(default_factory=MemorySnapshots)
    _forgotten: set[tuple[str, str]] = field(default_factory=set)
    _lock: RLock = field(default_factory=RLock)

    def add_snapshot(self, growth: Growth) -> Snapshot:
        with self._lock:
            return self._snapshots.add(growth)

    def snapshot(self, digest: str) -> Snapshot:
        return self._snapshots.one(digest)

    def latest_snapshot(self, learner: str) -> Snapshot | None:
        return self._snapshots.latest(learner)

    def members(self, digest: str, side: Side, newest: int | None = None) -> Iterator[BatchEntry]:
        with self._lock:
            gone = self._gone(self._snapshots.one(digest).learner)
            return self._snapshots.members(digest, side, newest, gone)

    def _gone(self, learner: str) -> set[str]:
        return {batch_id for name, batch_id in self._forgotten if name == learner}

    def sides(self, learner: str, batch_ids: Sequence[str]) -> dict[str, Side]:
        with self._lock:
            return self._snapshots.sides(learner, batch_ids)

    def add(self, version: Version) -> None:
        with self._lock:
            for other in self.versions(version.learner):
                if version.name == other.name or version.number == other.number:
                    raise ValueError(f"{version.learner} has a version {other.name} with number {other.number} already")
            self._archive_champion(version.learner, version.stage)
            lost = version.snapshot in self._snapshots.fitted_on(version.learner, self._gone(version.learner))
            self._keep(_plain(replace(version, tainted=version.tainted or lost)))

    def _keep(self, version: Version) -> Version:
        self._versions[version.learner, version.name] = version
        return version

    def _archive_champion(self, learner: str, stage: Stage) -> None:
        champion = self.production(learner)
        if stage is Stage.PRODUCTION and champion is not None:
            self._keep(replace(champion, stage=Stage.ARCHIVED))

    def version(self, learner: str, name: str) -> Version:
        if (learner, name) not in self._versions:
            raise NotFound(f"{learner} has no version {name}")
        return self._versions[learner, name]

    def versions(self, learner: str) -> list[Version]:
        mine = [version for version in tuple(self._versions.values()) if version.learner == learner]
        return sorted(mine, key=lambda version: version.number, reverse=True)

    def production(self, learner: str) -> Version | None:
        return next((v for v in self.versions(learner) if v.stage is Stage.PRODUCTION), None)

    def move(self, learner: str, name: str, stage: Stage, *, instead_of: str | None = ANYBODY) -> Version:
        with self._lock:
            version = self.version(learner, name)
            require_unchanged(version, stage, self.production(learner), instead_of)
            self._archive_champion(learner, stage)
            return self._keep(replace(version, stage=stage))

    def taint(self, learner: str, *batch_ids: str) -> list[str]:
        with self._lock:
            self._forgotten.update((learner, batch_id) for batch_id in batch_ids)
            fitted = self._snapshots.fitted_on(learner, batch_ids)
            tainted = [version for version in self.versions(learner) if version.snapshot in fitted]
            return [self._keep(replace(version, tainted=True)).name for version in tainted]


@dataclass(slots=True)
class MemoryRuns:
    """Runs by their id."""

    _runs: dict[str, Run] = field(default_factory=dict)

    def save(self, run: Run) -> None:
        self._runs[run.run_id] = run

    def runs(self, learner: str, limit: int = 100) -> list[Run]:
        return [run for run in reversed(tuple(self._runs.values())) if run.learner == learner][:limit]

    def last_finished(self, learner: str) -> Run | None:
        mine = self.runs(learner, limit=len(self._runs))
        return next((run for run in mine if run.end not in (None, RunEnd.FAILED)), None)

    def ends(self, learner: str) -> dict[RunEnd, int]:
        return dict(Counter(run.end for run in self.runs(learner, len(self._runs)) if run.end is not None))


@dataclass(slots=True)
class MemoryLeases:
    """Who holds what until when, and for how long it was taken."""

    clock: Clock
    _held: dict[str, tuple[str, dt.datetime, float]] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    def acquire(self, name: str, holder: str, seconds: float) -> bool:
        with self._lock:
            if self.held(name) and self._held[name][0] != holder:
                return False
            self._held[name] = (holder, self.clock.now() + dt.timedelta(seconds=seconds), seconds)
            return True

    def renew(self, name: str, holder: str, seconds: float) -> bool:
        with self._lock:
            if name not in self._held or self._held[name][0] != holder:
                return False
            self._held[name] = (holder, self.clock.now() + dt.timedelta(seconds=seconds), seconds)
            return True

    def release(self, name: str, holder: str) -> None:
        with self._lock:
            if name in self._held and self._held[name][0] == holder:
                del self._held[name]

    def held(self, name: str) -> bool:
        with self._lock:
            if name not in self._held:
                return False
            _, until, seconds = self._held[name]
            return 0 < (until - self.clock.now()).total_seconds() <= seconds + SLACK_SECONDS


@dataclass(slots=True)
class MemoryAudit:
    """The chain as a list."""

    _chain: list[AuditEntry] = field(default_factory=list)
    _lock: RLock = field(default_factory=RLock)

    def append(self, act: Act) -> AuditEntry:
        with self._lock:
            entry = link(act, self._chain[-1] if self._chain else None)
            self._chain.append(entry)
            return entry

    def entries(
        self, after: int = 0, limit: int = 1000, *, prefix: str = "", actions: Collection[str] = ()
    ) -> list[AuditEntry]:
        wanted = (
            entry
            for entry in self._chain[after:]
            if entry.act.subject.startswith(prefix) and (not actions or entry.act.action in actions)
        )
        return list(islice(wanted, limit))

    def head(self) -> Head:
        return head_of(self._chain[-1] if self._chain else None)

    def verify(self, since: Head | None = None) -> int | None:
        return first_break(self._chain[max(since.sequence - 1, 0) :] if since else self._chain, since)


@dataclass(slots=True)
class MemoryKeys:
    """Keys with the hash of their secret."""

    clock: Clock
    _keys: dict[str, tuple[ApiKey, str]] = field(default_factory=dict)

    def create(
        self,
        label: str,
        role: Role = Role.CONTRIBUTOR,
        learners: Sequence[str] = (),
        expires: dt.datetime | None = None,
    ) -> tuple[ApiKey, str]:
        key_id, secret = api_key.new_secret()
        key = ApiKey(key_id, label, self.clock.now().date(), False, role, tuple(learners), expires)
        self._keys[key_id] = (key, api_key.hash_of(secret))
        return key, secret

    def verify(self, secret: str) -> ApiKey | None:
        now = self.clock.now()
        key, kept = self._keys.get(api_key.key_id_of(secret) or "", (None, ""))
        if not api_key.opens(secret, kept) or key is None or not api_key.in_force(key, now):
            return None
        used = replace(key, last_used=now.date())
        self._keys[key.key_id] = (used, kept)
        return used

    def rotate(self, key_id: str, overlap: dt.timedelta) -> tuple[ApiKey, str]:
        old, kept = self._keys.get(key_id, (None, ""))
        change = api_key.succession(old, key_id, overlap, self.clock.now())
        self._keys[key_id] = (replace(change.old, expires=change.ends), kept)
        return self.create(change.old.label, change.old.role, change.old.learners, change.expires)

    def revoke(self, key_id: str) -> None:
        if key_id not in self._keys:
            raise NotFound(f"no key {key_id}")
        key, kept = self._keys[key_id]
        self._keys[key_id] = (replace(key, revoked=True), kept)

    def keys(self) -> list[ApiKey]:
        return [key for key, _ in self._keys.values()]


@dataclass(slots=True)
class MemoryPublisher:
    """Holds what clients would find: for each learner the released version and its bytes."""

    released: dict[str, tuple[Version, bytes]] = field(default_factory=dict)
    offered: dict[str, tuple[Version, str, float]] = field(default_factory=dict)

    def publish(self, version: Version, data: bytes) -> None:
        current = self.released.get(version.learner)
        if current is not None and version.number < current[0].number:
            raise ValueError(f"{version.learner} {version.name} is behind {current[0].name}, which clients have")
        self.released[version.learner] = (version, data)
        offered = self.offered.get(version.learner)
        if offered is not None and offered[0].number <= version.number:
            del self.offered[version.learner]

    def offer(self, version: Version, data: bytes, rollout: str, share: float) -> None:
        if not 0 < share < 1:
            raise ValueError(f"share: must lie between 0 and 1, both excluded, not {share:g}")
        self.offered[version.learner] = (version, rollout, share)

    def withdraw(self, learner: str, rollout: str) -> None:
        if learner in self.offered and self.offered[learner][1] == rollout:
            del self.offered[learner]

    def published(self, learner: str) -> str | None:
        return self.released[learner][0].name if learner in self.released else None

    def refresh(self) -> None:
        """Nothing is signed, so that nothing expires."""


def _frozen(columns: Columns) -> Columns:
    """Copies that nobody can write to: a stored batch is immutable."""
    copies = {name: column.copy() for name, column in columns.items()}
    for column in copies.values():
        column.flags.writeable = False
    return copies


def _plain(version: Version) -> Version:
    """The version as it comes back from any store: its free-form parts went through JSON."""

    def again(value: Mapping[str, Any]) -> dict[str, Any]:
        return dict(json.loads(json.dumps(dict(value))))

    return replace(version, metadata=again(version.metadata), figures=again(version.figures), card=again(version.card))
