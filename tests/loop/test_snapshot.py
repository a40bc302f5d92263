"""A snapshot goes on from the one before, at the cost of what is new, and is named by what is in it."""

from __future__ import annotations

import dataclasses
from random import Random

import pytest
from examples.side_of_a_line import TOY, ToyWorld
from tests.contracts.making import members

from samouk.loop import multiset, snapshot
from samouk.loop.learner import Learner, Policy
from samouk.loop.ports import Clock, Services
from samouk.loop.records import Batch, BatchEntry, Change, Side, Snapshot
from samouk.store.memory import MemoryLog, memory_services


@pytest.fixture
def services() -> Services:
    return memory_services()


def made(number: int) -> list[Batch]:
    """The same batches each time."""
    world = ToyWorld(7)
    return [world.batch(n, 0) for n in range(number)]


def frozen(services: Services, learner: Learner = TOY) -> Snapshot:
    return snapshot.freeze(learner, services.log, services.registry)


def test_the_order_of_arrival_does_not_show(services: Services) -> None:
    """The same batches, in one piece or many, forwards or shuffled, give one digest."""
    batches = made(20)
    services.log.append(batches)
    whole = frozen(services)
    other = memory_services()
    shuffled = Random(3).sample(batches, len(batches))
    for start in range(0, 20, 7):
        other.log.append(shuffled[start : start + 7])
        last = frozen(other)
    assert last.digest == whole.digest
    assert (last.rows, last.train, last.holdout) == (whole.rows, whole.train, whole.holdout)


@pytest.mark.parametrize("fate", ["erased", "quarantined"])
def test_what_changed_since_is_as_if_it_had_been_so_before(services: Services, fate: str) -> None:
    """Erased or held back after a snapshot or before it: the next one has one digest, and one set of members."""
    batches = made(12)
    services.log.append(batches)
    frozen(services)
    early = memory_services()
    early.log.append(batches)
    for one in (services, early):
        for batch in batches[2:5]:
            if fate == "erased":
                one.log.erase(batch.batch_id, batch.receipt_hash)
            else:
                one.log.quarantine([batch.batch_id], "odd")
    later, at_once = frozen(services), frozen(early)
    assert later.digest == at_once.digest
    assert (later.rows, later.quarantined) == (at_once.rows, 0 if fate == "erased" else 3)
    assert members(services, later.digest) == members(early, at_once.digest)


def test_held_back_and_then_erased_is_gone(services: Services) -> None:
    """Of several changes of one batch between two snapshots the last one counts."""
    batches = made(6)
    services.log.append(batches)
    first = frozen(services)
    services.log.quarantine([batches[1].batch_id], "odd")
    services.log.erase(batches[1].batch_id, batches[1].receipt_hash)
    second = frozen(services)
    assert (second.quarantined, second.train + second.holdout) == (0, first.train + first.holdout - 1)
    assert second.rows == first.rows - batches[1].rows


def test_what_expired_leaves_the_next_snapshot(services: Services) -> None:
    """The old one's numbers stay as they were."""
    services.log.append(made(6))
    first = frozen(services)
    day = services.log.entries(TOY.name)[0].day
    services.log.expire(day.replace(year=day.year + 1), 10)
    second = frozen(services)
    assert (second.train, second.holdout, second.rows) == (0, 0, 0)
    assert services.registry.snapshot(first.digest) == first


def test_nothing_new_is_the_same_snapshot(services: Services) -> None:
    """Asked twice, or after a batch came and went, it has the digest that it had."""
    batches = made(6)
    services.log.append(batches[:5])
    first = frozen(services)
    assert frozen(services) == first
    services.log.append(batches[5:])
    assert frozen(services).digest != first.digest
    services.log.erase(batches[5].batch_id, batches[5].receipt_hash)
    assert frozen(services).digest == first.digest


def test_another_schema_begins_afresh(services: Services) -> None:
    """Batches of the old one are learnt from no more, and again when the schema is taken back."""
    services.log.append(made(6))
    first = frozen(services)
    schema = dataclasses.replace(TOY.schema, version=TOY.schema.version + 1)
    newer = dataclasses.replace(TOY, schema=schema)
    services.log.append([dataclasses.replace(ToyWorld(7).batch(9, 0), schema_version=schema.version)])
    second = frozen(services, newer)
    assert second.train + second.holdout == 1
    assert frozen(services).digest == first.digest
    assert frozen(services).digest == first.digest


def test_where_a_batch_was_put_it_stays(services: Services) -> None:
    """Also when the policy holds out other groups: only what comes later is put where these say."""
    services.log.append(made(16))
    first = members(services, frozen(services).digest)
    moved = dataclasses.replace(TOY, policy=Policy(holdout_groups=frozenset(range(16))))
    services.log.append(made(20)[16:])
    second = members(services, frozen(services, moved).digest)
    assert second["train"] == first["train"]
    assert second["holdout"][: len(first["holdout"])] == first["holdout"]
    assert len(second["holdout"]) == len(first["holdout"]) + 4


def test_only_what_is_new_is_read() -> None:
    """A snapshot of a large log asks for the entries and changes behind the last one."""
    services = memory_services()
    watched = _Watched(services.clock)
    services = dataclasses.replace(services, log=watched)
    batches = made(30)
    watched.append(batches[:25])
    first = frozen(services)
    watched.erase(batches[0].batch_id, batches[0].receipt_hash)
    frozen(services)
    watched.append(batches[25:])
    watched.told.clear()
    frozen(services)
    assert watched.told == ["changes 0", "entries 5"]
    assert first.through == 25


class _Watched(MemoryLog):
    """Counts what it tells."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.told: list[str] = []

    def entries(self, learner: str, after: int = 0) -> list[BatchEntry]:
        found = super().entries(learner, after)
        self.told.append(f"entries {len(found)}")
        return found

    def changes(self, learner: str, after: int = 0) -> list[Change]:
        found = super().changes(learner, after)
        self.told.append(f"changes {len(found)}")
        return found


def test_a_proposal_keeps_nothing(services: Services) -> None:
    """It names what a snapshot of now would teach and judge by."""
    batches = made(12)
    services.log.append(batches[:8])
    frozen(services)
    services.log.append(batches[8:])
    services.log.erase(batches[1].batch_id, batches[1].receipt_hash)
    before = services.registry.latest_snapshot(TOY.name)
    taught, held = snapshot.proposed(TOY, services.log, services.registry)
    assert services.registry.latest_snapshot(TOY.name) == before
    later = frozen(services)
    assert taught == list(services.registry.members(later.digest, Side.TRAIN))
    assert held == list(services.registry.members(later.digest, Side.HOLDOUT))


def test_the_sum_of_a_set_knows_its_members_only() -> None:
    """Order and history do not show, every member does, and sides are told apart."""
    names = [f"train\0{number}" for number in range(50)]
    whole = multiset.changed(multiset.NOTHING, names, ())
    parts = multiset.changed(multiset.changed(multiset.NOTHING, names[20:], ()), [*names[:20], "x"], ["x"])
    assert whole == parts
    assert multiset.changed(whole, (), names) == multiset.NOTHING
    assert multiset.changed(whole, ["holdout\x000"], ["train\x000"]) != whole
