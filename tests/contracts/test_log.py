"""What every Log backend promises."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest
from tests.contracts.making import LEARNER, batch, batch_id, columns, receipt

from samouk.loop.columns import Columns
from samouk.loop.ports import NotFound, Services, WrongReceipt
from samouk.loop.records import Arrived, Batch, BatchState, Erasure, Fate, LogStats, Stored
from samouk.store.clock import MONDAY, SteppedClock


def same(left: Columns, right: Columns) -> bool:
    """Whether two sets of columns are equal to the byte, whatever their order."""
    return set(left) == set(right) and all(
        left[name].dtype == right[name].dtype and left[name].tobytes() == right[name].tobytes() for name in left
    )


def stored(services: Services, numbers: range, learner: str = LEARNER) -> list[Batch]:
    """Batches that were appended in one commit."""
    batches = [batch(number, learner) for number in numbers]
    assert services.log.append(batches) == [Stored.STORED] * len(batches)
    return batches


class TestLog:
    """Batches in order of arrival, and their erasure."""

    def test_what_was_appended_is_read(self, services: Services) -> None:
        """Columns of every dtype come back as they were, in the order that was asked for."""
        sent = stored(services, range(5))
        entries = services.log.entries(LEARNER)[::-1]
        read = list(services.log.read(entries))
        assert [entry for entry, _ in read] == entries
        assert all(same(got, put.columns) for (_, got), put in zip(read, sent[::-1], strict=True))

    def test_one_row_and_many_rows_are_read(self, services: Services) -> None:
        """The size of a batch does not matter."""
        services.log.append([batch(1, rows=1), batch(2, rows=5_000)])
        lengths = [len(got["flag"]) for _, got in services.log.read(services.log.entries(LEARNER))]
        assert lengths == [1, 5_000]

    def test_a_stored_batch_cannot_be_changed(self, services: Services) -> None:
        """Neither what the sender does to its arrays nor what a reader does to his changes the log."""
        sent = batch(1)
        sent_columns = {name: column.copy() for name, column in sent.columns.items()}
        services.log.append([dataclasses.replace(sent, columns=sent_columns)])
        sent_columns["flag"][:] = 9
        for _, got in services.log.read(services.log.entries(LEARNER)):
            with pytest.raises(ValueError, match="read-only"):
                got["flag"][:] = 9
        assert all(same(got, sent.columns) for _, got in services.log.read(services.log.entries(LEARNER)))

    def test_entries_tell_what_came(self, services: Services) -> None:
        """An entry carries the batch's head and the day of its arrival."""
        stored(services, range(3, 4))
        entry = services.log.entries(LEARNER)[0]
        assert (entry.batch_id, entry.learner, entry.schema_version, entry.group) == (batch_id(3), LEARNER, 1, 3)
        assert (entry.rows, entry.day, entry.state) == (5, MONDAY.date(), BatchState.LIVE)

    def test_sequences_count_up_over_all_learners(self, services: Services) -> None:
        """Each stored batch of the log takes the next number, whoever's it is."""
        stored(services, range(2))
        stored(services, range(2, 4), "toy.other")
        stored(services, range(4, 5))
        assert [entry.sequence for entry in services.log.entries(LEARNER)] == [1, 2, 5]
        assert [entry.sequence for entry in services.log.entries("toy.other")] == [3, 4]
        assert [entry.sequence for entry in services.log.entries(LEARNER, after=1)] == [2, 5]

    def test_the_sequence_of_an_erased_batch_is_not_given_again(self, services: Services) -> None:
        """A reader who remembers how far it came misses nothing."""
        stored(services, range(2))
        services.log.erase(batch_id(1), receipt(1))
        stored(services, range(2, 3))
        assert [entry.sequence for entry in services.log.entries(LEARNER)] == [1, 3]

    def test_twice_sent_is_once_stored(self, services: Services) -> None:
        """A batch that is there already, or twice in one call, changes nothing."""
        again = [batch(1), batch(2), batch(1)]
        assert services.log.append(again) == [Stored.STORED, Stored.STORED, Stored.DUPLICATE]
        changed = dataclasses.replace(batch(2), columns=columns(50, 9))
        assert services.log.append([changed, batch(3)]) == [Stored.DUPLICATE, Stored.STORED]
        assert [entry.batch_id for entry in services.log.entries(LEARNER)] == [batch_id(n) for n in (1, 2, 3)]
        assert services.log.stats(LEARNER).total_samples == 15

    def test_nothing_appended_is_nothing_stored(self, services: Services) -> None:
        """An empty append is no error."""
        assert services.log.append([]) == []
        assert services.log.entries(LEARNER) == []

    def test_all_or_none(self, services: Services) -> None:
        """When one batch of an append cannot be stored, none of them is."""
        bad = dataclasses.replace(batch(2), columns={"flag": np.zeros(3, np.complex128)})
        with pytest.raises(ValueError, match="flag"):
            services.log.append([batch(1), bad])
        assert services.log.entries(LEARNER) == []
        assert services.log.stats(LEARNER) == LogStats(0, 0, 0, None)

    def test_quarantine_marks_and_counts(self, services: Services) -> None:
        """A quarantined batch stays in the log, marked; unknown ids and a second time change nothing."""
        stored(services, range(3))
        for _ in range(2):
            services.log.quarantine([batch_id(1), batch_id(99)], "labels fly about")
        states = [entry.state for entry in services.log.entries(LEARNER)]
        assert states == [BatchState.LIVE, BatchState.QUARANTINED, BatchState.LIVE]
        assert services.log.stats(LEARNER) == LogStats(3, 15, 1, MONDAY.date())

    def test_stats_follow_what_comes_and_goes(self, services: Services) -> None:
        """Counts are those of the batches that are there now."""
        assert isinstance(services.clock, SteppedClock)
        assert services.log.stats(LEARNER) == LogStats(0, 0, 0, None)
        stored(services, range(2))
        tuesday = services.clock.step(dt.timedelta(days=1)).date()
        stored(services, range(2, 3))
        assert services.log.stats(LEARNER) == LogStats(3, 15, 0, tuesday)
        services.log.quarantine([batch_id(2)], "odd")
        services.log.erase(batch_id(2), receipt(2))
        assert services.log.stats(LEARNER) == LogStats(2, 10, 0, MONDAY.date())
        assert services.log.stats("toy.other") == LogStats(0, 0, 0, None)

    def test_an_erased_batch_is_gone_and_its_neighbours_stay(self, services: Services) -> None:
        """Erasure takes one batch out of those that came with it in one commit."""
        sent = stored(services, range(5))
        before = services.log.entries(LEARNER)
        services.log.erase(batch_id(2), receipt(2))
        left = [put for put in sent if put.batch_id != batch_id(2)]
        assert [entry.batch_id for entry in services.log.entries(LEARNER)] == [put.batch_id for put in left]
        read = list(services.log.read(before))
        assert all(same(got, put.columns) for (_, got), put in zip(read, left, strict=True))

    def test_a_whole_commit_can_be_erased_batch_by_batch(self, services: Services) -> None:
        """Nothing is left when every batch was erased."""
        stored(services, range(3))
        for number in range(3):
            services.log.erase(batch_id(number), receipt(number))
        assert services.log.entries(LEARNER) == []
        assert services.log.stats(LEARNER) == LogStats(0, 0, 0, None)

    def test_what_is_erased_during_a_read_is_left_out(self, services: Services) -> None:
        """A reader under way never gets a batch that was erased meanwhile."""
        stored(services, range(4))
        reading = services.log.read(services.log.entries(LEARNER))
        next(reading)
        services.log.erase(batch_id(2), receipt(2))
        assert [entry.batch_id for entry, _ in reading] == [batch_id(1), batch_id(3)]

    def test_an_erased_batch_stays_away(self, services: Services) -> None:
        """A late copy of an erased batch is refused."""
        stored(services, range(2))
        services.log.erase(batch_id(0), receipt(0))
        assert services.log.append([batch(0), batch(1), batch(2)]) == [Stored.ERASED, Stored.DUPLICATE, Stored.STORED]
        assert [entry.batch_id for entry in services.log.entries(LEARNER)] == [batch_id(1), batch_id(2)]

    def test_a_second_erasure_is_the_first(self, services: Services) -> None:
        """Erasing twice gives the same record, on whatever day."""
        assert isinstance(services.clock, SteppedClock)
        stored(services, range(2))
        erasure = services.log.erase(batch_id(1), receipt(1))
        services.clock.step(dt.timedelta(days=3))
        assert erasure == Erasure(batch_id(1), LEARNER, 5, MONDAY.date())
        assert services.log.erase(batch_id(1), receipt(1)) == erasure
        assert services.log.erasures(LEARNER) == [erasure]

    def test_erasures_are_told_in_order_and_by_learner(self, services: Services) -> None:
        """Each learner's erasures come in the order in which they were asked for."""
        stored(services, range(3))
        stored(services, range(3, 4), "toy.other")
        for number in (2, 3, 0):
            services.log.erase(batch_id(number), receipt(number))
        assert [erasure.batch_id for erasure in services.log.erasures(LEARNER)] == [batch_id(2), batch_id(0)]
        assert [erasure.batch_id for erasure in services.log.erasures("toy.other")] == [batch_id(3)]

    def test_only_the_receipt_erases(self, services: Services) -> None:
        """A wrong receipt is refused before and after the erasure, and takes nothing away."""
        stored(services, range(2))
        with pytest.raises(WrongReceipt):
            services.log.erase(batch_id(1), receipt(0))
        assert len(services.log.entries(LEARNER)) == 2
        services.log.erase(batch_id(1), receipt(1))
        with pytest.raises(WrongReceipt):
            services.log.erase(batch_id(1), receipt(0))

    def test_what_never_came_cannot_be_erased(self, services: Services) -> None:
        """An unknown batch raises NotFound."""
        with pytest.raises(NotFound):
            services.log.erase(batch_id(1), receipt(1))

    def test_what_arrived_since_is_counted(self, services: Services) -> None:
        """Live batches of one schema behind a place, and the newest of them."""
        stored(services, range(6))
        stored(services, range(6, 7), "toy.other")
        services.log.append([dataclasses.replace(batch(7), schema_version=2)])
        services.log.quarantine([batch_id(4)], "odd")
        found = services.log.arrived(LEARNER, 1, 2, 2)
        assert (found.batches, found.rows) == (3, 15)
        assert [entry.batch_id for entry in found.newest] == [batch_id(3), batch_id(5)]
        assert services.log.arrived(LEARNER, 1, 99, 2) == Arrived(0, 0, [])

    def test_changes_are_told_in_order(self, services: Services) -> None:
        """Whoever remembers how far it read learns each change of its learner once."""
        stored(services, range(4))
        stored(services, range(4, 5), "toy.other")
        services.log.quarantine([batch_id(1), batch_id(4)], "odd")
        services.log.quarantine([batch_id(1)], "odd again")
        services.log.erase(batch_id(1), receipt(1))
        services.log.erase(batch_id(1), receipt(1))
        services.log.erase(batch_id(3), receipt(3))
        changes = services.log.changes(LEARNER)
        assert [(change.batch_id, change.fate, change.rows) for change in changes] == [
            (batch_id(1), Fate.QUARANTINED, 5),
            (batch_id(1), Fate.ERASED, 5),
            (batch_id(3), Fate.ERASED, 5),
        ]
        assert services.log.changes(LEARNER, changes[0].sequence) == changes[1:]
        assert services.log.changes(LEARNER, changes[-1].sequence) == []
        assert services.log.last_erasure(LEARNER) == MONDAY.date()
        assert services.log.last_erasure("toy.other") is None

    def test_what_is_too_old_leaves(self, services: Services) -> None:
        """It is gone like an erased batch and stays away, and nobody is told of an erasure."""
        assert isinstance(services.clock, SteppedClock)
        stored(services, range(3))
        services.log.quarantine([batch_id(2)], "odd")
        later = services.clock.step(dt.timedelta(days=7)).date()
        stored(services, range(3, 5))
        assert services.log.expire(MONDAY.date(), 10) == []
        gone = services.log.expire(later, 10)
        assert gone == [Erasure(batch_id(number), LEARNER, 5, later) for number in range(3)]
        assert services.log.expire(later, 10) == []
        assert [entry.batch_id for entry in services.log.entries(LEARNER)] == [batch_id(3), batch_id(4)]
        assert services.log.stats(LEARNER) == LogStats(2, 10, 0, later)
        assert services.log.erasures(LEARNER) == []
        assert services.log.last_erasure(LEARNER) is None
        assert [change.fate for change in services.log.changes(LEARNER)][1:] == [Fate.EXPIRED] * 3
        assert services.log.append([batch(0)]) == [Stored.ERASED]

    def test_the_old_leave_a_part_at_a_time(self, services: Services) -> None:
        """Each call takes about as many as it may, the oldest first, until none is left."""
        assert isinstance(services.clock, SteppedClock)
        for number in range(6):
            stored(services, range(number, number + 1))
        later = services.clock.step(dt.timedelta(days=7)).date()
        parts = []
        while gone := services.log.expire(later, 4):
            parts.append([one.batch_id for one in gone])
        assert parts == [[batch_id(n) for n in range(4)], [batch_id(n) for n in range(4, 6)]]

    def test_what_expired_can_still_be_erased(self, services: Services) -> None:
        """Whoever has the receipt may ask for it, and then it is an erasure; nobody else may."""
        assert isinstance(services.clock, SteppedClock)
        stored(services, range(1))
        later = services.clock.step(dt.timedelta(days=7)).date()
        services.log.expire(later, 10)
        with pytest.raises(WrongReceipt):
            services.log.erase(batch_id(0), receipt(1))
        for _ in range(2):
            assert services.log.erase(batch_id(0), receipt(0)) == Erasure(batch_id(0), LEARNER, 5, later)
        assert [one.batch_id for one in services.log.erasures(LEARNER)] == [batch_id(0)]
        assert [change.fate for change in services.log.changes(LEARNER)] == [Fate.EXPIRED, Fate.ERASED]

    def test_compaction_changes_nothing_that_is_read(self, services: Services) -> None:
        """Every batch comes back as it was, in its order, and can be erased as before."""
        sent = [stored(services, range(number, number + 1))[0] for number in range(12)]
        stored(services, range(12, 14), "toy.other")
        before = services.log.entries(LEARNER)
        services.log.compact(lambda: None)
        assert services.log.entries(LEARNER) == before
        services.log.erase(batch_id(3), receipt(3))
        read = list(services.log.read(before))
        left = [put for put in sent if put.batch_id != batch_id(3)]
        assert [entry.batch_id for entry, _ in read] == [put.batch_id for put in left]
        assert all(same(got, put.columns) for (_, got), put in zip(read, left, strict=True))
        assert len(list(services.log.read(services.log.entries("toy.other")))) == 2
