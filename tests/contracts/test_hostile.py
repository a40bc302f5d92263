"""The contracts see what they are for: each of these backends breaks one promise, and its test must say so."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from tests.contracts import (
    test_audit,
    test_blobs,
    test_keys,
    test_leases,
    test_log,
    test_publisher,
    test_registry,
    test_runs,
)

from samouk.loop.columns import Columns
from samouk.loop.ports import ANYBODY, ApiKey, CorruptBlob, Services, WrongReceipt
from samouk.loop.records import (
    Act,
    AuditEntry,
    Batch,
    BatchEntry,
    Erasure,
    LogStats,
    Run,
    Stage,
    Stored,
    Version,
)
from samouk.store.chain import link
from samouk.store.clock import SteppedClock
from samouk.store.memory import (
    MemoryAudit,
    MemoryBlobs,
    MemoryKeys,
    MemoryLeases,
    MemoryLog,
    MemoryPublisher,
    MemoryRegistry,
    MemoryRuns,
    memory_services,
)


class HoardingBlobs(MemoryBlobs):
    """Deletes nothing."""

    def delete(self, key: str) -> None:
        return


class LossyBlobs(MemoryBlobs):
    """Keeps the first thousand bytes."""

    def put(self, data: bytes) -> str:
        key = super().put(data)
        self._held[key] = data[:1000]
        return key


class CredulousLog(MemoryLog):
    """Erases for everybody."""

    def erase(self, batch_id: str, receipt_hash: str) -> Erasure:
        known = self._erased.get(batch_id)
        held = self._held.get(batch_id)
        kept = known[1] if known else held.receipt_hash if held else receipt_hash
        return MemoryLog.erase(self, batch_id, kept)


class ForgetfulLog(MemoryLog):
    """Takes an erased batch in again."""

    def append(self, batches: Sequence[Batch]) -> list[Stored]:
        self._erased.clear()
        return MemoryLog.append(self, batches)


class DoublingLog(MemoryLog):
    """Stores a batch again when it comes again."""

    def append(self, batches: Sequence[Batch]) -> list[Stored]:
        for batch in batches:
            self._held.pop(batch.batch_id, None)
        return MemoryLog.append(self, batches)


class HalfwayLog(MemoryLog):
    """Commits batch by batch."""

    def append(self, batches: Sequence[Batch]) -> list[Stored]:
        return [stored for batch in batches for stored in MemoryLog.append(self, [batch])]


class RetentiveLog(MemoryLog):
    """Reads everything before it hands out the first batch."""

    def read(self, entries: Sequence[BatchEntry]) -> Iterator[tuple[BatchEntry, Columns]]:
        return iter(list(MemoryLog.read(self, entries)))


class LaggingLog(MemoryLog):
    """Counts only what was ever sent."""

    def stats(self, learner: str) -> LogStats:
        now = MemoryLog.stats(self, learner)
        erased = MemoryLog.erasures(self, learner)
        return dataclasses.replace(now, total_batches=now.total_batches + len(erased))


class LenientLog(MemoryLog):
    """Says of an unknown batch that its receipt is wrong."""

    def erase(self, batch_id: str, receipt_hash: str) -> Erasure:
        if batch_id not in self._held and batch_id not in self._erased:
            raise WrongReceipt(batch_id)
        return MemoryLog.erase(self, batch_id, receipt_hash)


class CrowdedRegistry(MemoryRegistry):
    """Lets the old champion stand beside the new one."""

    def move(self, learner: str, name: str, stage: Stage, *, instead_of: str | None = ANYBODY) -> Version:
        return self._keep(dataclasses.replace(self.version(learner, name), stage=stage))


class CarelessRegistry(MemoryRegistry):
    """Does not look whether a version lost rows while it was fitted."""

    def add(self, version: Version) -> None:
        MemoryRegistry.add(self, version)
        self._keep(version)


class RememberingRegistry(MemoryRegistry):
    """Marks versions but goes on naming the erased batch."""

    def _gone(self, learner: str) -> set[str]:
        return set()


class ShuffledRuns(MemoryRuns):
    """Oldest first."""

    def runs(self, learner: str, limit: int = 100) -> list[Run]:
        return MemoryRuns.runs(self, learner, limit)[::-1]


class GenerousLeases(MemoryLeases):
    """Gives the name to whoever asks."""

    def acquire(self, name: str, holder: str, seconds: float) -> bool:
        self._held.pop(name, None)
        return MemoryLeases.acquire(self, name, holder, seconds)


class GreedyLeases(MemoryLeases):
    """Takes what is free for a renewal."""

    def renew(self, name: str, holder: str, seconds: float) -> bool:
        return self.acquire(name, holder, seconds)


class EagerLeases(MemoryLeases):
    """Lets anybody give a name back."""

    def release(self, name: str, holder: str) -> None:
        self._held.pop(name, None)


class PunctualLeases(MemoryLeases):
    """Believes whatever end a lease was given."""

    def held(self, name: str) -> bool:
        return name in self._held and self._held[name][1] > self.clock.now()


class EternalLeases(MemoryLeases):
    """Never lets a lease run out."""

    def acquire(self, name: str, holder: str, seconds: float) -> bool:
        return MemoryLeases.acquire(self, name, holder, 1e6)


class UnchainedAudit(MemoryAudit):
    """Starts a new chain with each act."""

    def append(self, act: Act) -> AuditEntry:
        entry = dataclasses.replace(link(act, None), sequence=len(self._chain) + 1)
        self._chain.append(entry)
        return entry


class OpenKeys(MemoryKeys):
    """Looks at the id only."""

    def verify(self, secret: str) -> ApiKey | None:
        return next((key for key in self.keys() if key.key_id in secret and not key.revoked), None)


class UndyingKeys(MemoryKeys):
    """Goes on taking revoked keys."""

    def revoke(self, key_id: str) -> None:
        return


class StubbornPublisher(MemoryPublisher):
    """Keeps the first release."""

    def publish(self, version: Version, data: bytes) -> None:
        self.released.setdefault(version.learner, (version, data))


class YieldingPublisher(MemoryPublisher):
    """Hands out whatever comes last."""

    def publish(self, version: Version, data: bytes) -> None:
        self.released[version.learner] = (version, data)


Promise = Callable[[Any, Any], None]
HOSTILE: list[tuple[Promise, str, Callable[[SteppedClock], object]]] = [
    (test_blobs.TestBlobs.test_deleted_bytes_are_gone, "blobs", lambda clock: HoardingBlobs()),
    (test_blobs.TestBlobs.test_what_was_put_is_got, "blobs", lambda clock: LossyBlobs()),
    (test_log.TestLog.test_only_the_receipt_erases, "log", CredulousLog),
    (test_log.TestLog.test_an_erased_batch_stays_away, "log", ForgetfulLog),
    (test_log.TestLog.test_twice_sent_is_once_stored, "log", DoublingLog),
    (test_log.TestLog.test_all_or_none, "log", HalfwayLog),
    (test_log.TestLog.test_what_is_erased_during_a_read_is_left_out, "log", RetentiveLog),
    (test_log.TestLog.test_stats_follow_what_comes_and_goes, "log", LaggingLog),
    (test_log.TestLog.test_what_never_came_cannot_be_erased, "log", LenientLog),
    (test_registry.TestRegistry.test_one_champion_at_a_time, "registry", lambda clock: CrowdedRegistry()),
    (
        test_registry.TestRegistry.test_a_version_fitted_during_an_erasure_is_tainted,
        "registry",
        lambda clock: CarelessRegistry(),
    ),
    (
        test_registry.TestRegistry.test_a_tainted_batch_is_forgotten_by_every_snapshot,
        "registry",
        lambda clock: RememberingRegistry(),
    ),
    (test_runs.TestRuns.test_newest_first_and_no_more_than_asked, "runs", lambda clock: ShuffledRuns()),
    (test_leases.TestLeases.test_one_holder_a_name, "leases", GenerousLeases),
    (test_leases.TestLeases.test_nobody_gives_back_what_another_holds, "leases", EagerLeases),
    (test_leases.TestLeases.test_a_lease_that_ran_out_is_free, "leases", EternalLeases),
    (test_leases.TestLeases.test_a_renewal_takes_nothing_that_another_had_meanwhile, "leases", GreedyLeases),
    (
        test_leases.TestLeases.test_a_lease_taken_while_the_clock_was_ahead_has_run_out,
        "leases",
        PunctualLeases,
    ),
    (test_audit.TestAudit.test_each_entry_follows_from_the_one_before, "audit", lambda clock: UnchainedAudit()),
    (test_audit.TestAudit.test_an_untouched_chain_holds, "audit", lambda clock: UnchainedAudit()),
    (test_keys.TestKeys.test_no_other_secret_opens_a_key, "keys", OpenKeys),
    (test_keys.TestKeys.test_a_revoked_key_opens_nothing, "keys", UndyingKeys),
    (
        test_publisher.TestPublisher.test_what_was_published_last_is_found,
        "publisher",
        lambda clock: StubbornPublisher(),
    ),
    (
        test_publisher.TestPublisher.test_clients_never_go_back,
        "publisher",
        lambda clock: YieldingPublisher(),
    ),
]


@pytest.mark.parametrize(("promise", "port", "make"), HOSTILE)
def test_a_broken_promise_is_seen(promise: Promise, port: str, make: Callable[[SteppedClock], object]) -> None:
    """The contract passes an honest backend and fails the one that breaks this promise."""
    honest = memory_services(SteppedClock())
    promise(None, _asked(promise, honest))
    clock = SteppedClock()
    hostile: dict[str, Any] = {port: make(clock)}
    broken = dataclasses.replace(memory_services(clock), **hostile)
    with pytest.raises((AssertionError, pytest.fail.Exception, CorruptBlob, WrongReceipt)):
        promise(None, _asked(promise, broken))


def _asked(promise: Promise, services: Services) -> Any:
    """What the promise takes: every port, or the blobs alone, which have backends of their own."""
    return services.blobs if "blobs" in inspect.signature(promise).parameters else services


def test_every_port_has_a_hostile_backend() -> None:
    """No contract goes without a proof that it can fail."""
    kept = {"blobs", "log", "registry", "runs", "leases", "audit", "keys", "publisher"}
    assert {port for _, port, _ in HOSTILE} == kept
