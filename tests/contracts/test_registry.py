"""What every Registry backend promises."""

from __future__ import annotations

import dataclasses
import math
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.contracts.making import LEARNER, batch, batch_id, digest_of, entry, members, snapshot, version

from samouk.loop.ports import ANYBODY, NotFound, Outdated, Services
from samouk.loop.records import BatchState, Growth, Side, Stage


class TestRegistry:
    """Versions, their stages and the snapshots they were fitted on."""

    def test_a_version_comes_back_as_it_was(self, services: Services) -> None:
        """Every field of a version is kept."""
        full = version(
            3,
            parent="v1.2",
            snapshot="a" * 64,
            metadata={"classes": ["a", "b"], "nested": {"x": [1, 2.5, None, True]}},
            figures={"accuracy": 0.91},
            card={"for": "tests – «для проверок»"},
            changelog=("better", "faster"),
            tainted=True,
        )
        services.registry.add(full)
        assert services.registry.version(LEARNER, "v1.3") == full

    @pytest.mark.parametrize("none", [math.nan, math.inf, -math.inf])
    def test_figures_that_are_no_numbers_are_kept(self, services: Services, none: float) -> None:
        """A metric that applied to no example has no mean; elsewhere such a number may come back as none at all."""
        services.registry.add(version(1, figures={"accuracy": 0.5, "f1": none}, card={"seen": [none, 1.5]}))
        found = services.registry.version(LEARNER, "v1.1")
        assert found.figures["accuracy"] == 0.5
        assert not math.isfinite(found.figures["f1"])
        assert found.card["seen"][1] == 1.5

    def test_versions_come_newest_first(self, services: Services) -> None:
        """The number decides, not the order of adding."""
        for number in (2, 10, 1):
            services.registry.add(version(number))
        services.registry.add(dataclasses.replace(version(5), learner="toy.other"))
        assert [found.number for found in services.registry.versions(LEARNER)] == [10, 2, 1]

    def test_a_name_and_a_number_are_taken_once(self, services: Services) -> None:
        """Within a learner neither may come again; another learner may use both."""
        services.registry.add(version(1))
        for again in (dataclasses.replace(version(2), name="v1.1"), dataclasses.replace(version(1), name="v9")):
            with pytest.raises(ValueError, match=r"v1\.1"):
                services.registry.add(again)
        services.registry.add(dataclasses.replace(version(1), learner="toy.other"))
        assert len(services.registry.versions(LEARNER)) == 1

    def test_unknown_names_are_not_found(self, services: Services) -> None:
        """Asking for, or moving, what is not there raises NotFound."""
        with pytest.raises(NotFound):
            services.registry.version(LEARNER, "v1.1")
        with pytest.raises(NotFound):
            services.registry.move(LEARNER, "v1.1", Stage.PRODUCTION)
        with pytest.raises(NotFound):
            services.registry.snapshot("0" * 64)
        assert services.registry.production(LEARNER) is None
        assert services.registry.latest_snapshot(LEARNER) is None

    def test_one_champion_at_a_time(self, services: Services) -> None:
        """Who moves to production archives who stood there; nobody else changes."""
        for number in (1, 2, 3):
            services.registry.add(version(number))
        assert services.registry.move(LEARNER, "v1.1", Stage.PRODUCTION) == version(1, Stage.PRODUCTION)
        assert services.registry.move(LEARNER, "v1.2", Stage.PRODUCTION).stage is Stage.PRODUCTION
        assert services.registry.production(LEARNER) == version(2, Stage.PRODUCTION)
        stages = [found.stage for found in services.registry.versions(LEARNER)]
        assert stages == [Stage.STAGING, Stage.PRODUCTION, Stage.ARCHIVED]

    def test_a_version_added_as_champion_archives_the_old_one(self, services: Services) -> None:
        """However a version comes to production, it stands there alone."""
        services.registry.add(version(1, Stage.PRODUCTION))
        services.registry.add(version(2, Stage.PRODUCTION))
        assert [found.stage for found in services.registry.versions(LEARNER)] == [Stage.PRODUCTION, Stage.ARCHIVED]

    def test_moving_the_champion_to_production_again_keeps_it(self, services: Services) -> None:
        """A release that is done twice is one release."""
        services.registry.add(version(1))
        for _ in range(2):
            services.registry.move(LEARNER, "v1.1", Stage.PRODUCTION)
        assert services.registry.production(LEARNER) == version(1, Stage.PRODUCTION)

    def test_a_version_follows_the_champion_that_it_was_decided_against(self, services: Services) -> None:
        """Whoever decided against another changes nothing: neither stages nor who stands in production."""
        for number in (1, 2, 3):
            services.registry.add(version(number))
        move = services.registry.move
        assert move(LEARNER, "v1.1", Stage.PRODUCTION, instead_of=None).stage is Stage.PRODUCTION
        assert move(LEARNER, "v1.2", Stage.PRODUCTION, instead_of="v1.1").stage is Stage.PRODUCTION
        before = services.registry.versions(LEARNER)
        for late in ("v1.1", None, "v1.9"):
            with pytest.raises(Outdated, match=r"v1\.2 is in production by now"):
                move(LEARNER, "v1.3", Stage.PRODUCTION, instead_of=late)
        assert services.registry.versions(LEARNER) == before
        # Done twice is done once, by whomever.
        assert move(LEARNER, "v1.2", Stage.PRODUCTION, instead_of="v1.1").stage is Stage.PRODUCTION

    def test_an_older_version_takes_nobodys_place(self, services: Services) -> None:
        """Whoever asks: clients never go back in number. It may be archived still."""
        for number in (1, 2):
            services.registry.add(version(number))
        services.registry.move(LEARNER, "v1.2", Stage.PRODUCTION)
        before = services.registry.versions(LEARNER)
        for place in (ANYBODY, "v1.2"):
            with pytest.raises(Outdated, match=r"v1\.1 is older than v1\.2"):
                services.registry.move(LEARNER, "v1.1", Stage.PRODUCTION, instead_of=place)
        assert services.registry.versions(LEARNER) == before
        assert services.registry.move(LEARNER, "v1.1", Stage.ARCHIVED).stage is Stage.ARCHIVED

    def test_of_many_who_decided_at_once_one_promotes(self, services: Services) -> None:
        """Eight threads, each with a version of its own and the same champion in mind."""
        numbers = range(1, 9)
        services.registry.add(version(0, Stage.PRODUCTION))
        for number in numbers:
            services.registry.add(version(number))

        def promote(number: int) -> str | None:
            try:
                return services.registry.move(LEARNER, f"v1.{number}", Stage.PRODUCTION, instead_of="v1.0").name
            except Outdated:
                return None

        with ThreadPoolExecutor(8) as threads:
            (winner,) = filter(None, threads.map(promote, numbers))
        champion = services.registry.production(LEARNER)
        assert champion is not None
        assert champion.name == winner

    def test_a_champion_can_be_taken_out(self, services: Services) -> None:
        """A version that was rolled back leaves nobody in production."""
        services.registry.add(version(1, Stage.PRODUCTION))
        services.registry.move(LEARNER, "v1.1", Stage.ROLLED_BACK)
        assert services.registry.production(LEARNER) is None

    def test_a_snapshot_comes_back_as_it_was(self, services: Services) -> None:
        """Its numbers are kept, and its members in order of arrival."""
        stored(services)
        full = snapshot(services, 1, [3, 1, 2], [9, 8], [7])
        assert services.registry.snapshot(full.digest) == full == services.registry.latest_snapshot(LEARNER)
        assert list(services.registry.members(full.digest, Side.TRAIN)) == [entry(1), entry(2), entry(3)]
        assert list(services.registry.members(full.digest, Side.TRAIN, newest=2)) == [entry(2), entry(3)]
        assert list(services.registry.members(full.digest, Side.HOLDOUT, newest=9)) == [entry(8), entry(9)]
        (held,) = services.registry.members(full.digest, Side.QUARANTINED)
        assert held == dataclasses.replace(entry(7), state=BatchState.QUARANTINED)
        with pytest.raises(NotFound):
            services.registry.members("0" * 64, Side.TRAIN)

    def test_a_snapshot_grows_from_the_one_before(self, services: Services) -> None:
        """What joined, left or was held back shows in the new one; the old one stays as it was."""
        stored(services)
        first = snapshot(services, 1, [1, 2, 3], [4])
        second = dataclasses.replace(first, digest=digest_of(2), train=2, quarantined=1)
        joined = [(Side.TRAIN, entry(5)), (Side.HOLDOUT, entry(6))]
        services.registry.add_snapshot(Growth(second, first.digest, joined, [batch_id(1)], [batch_id(2), batch_id(4)]))
        found = members(services, second.digest)
        assert found == {"train": ids(3, 5), "holdout": ids(6), "quarantined": ids(1)}
        assert members(services, first.digest) == {"train": ids(1, 2, 3), "holdout": ids(4), "quarantined": []}
        assert services.registry.sides(LEARNER, [*ids(1, 2, 3, 6, 9)]) == {
            batch_id(1): Side.QUARANTINED,
            batch_id(3): Side.TRAIN,
            batch_id(6): Side.HOLDOUT,
        }

    def test_a_batch_that_comes_back_to_a_side_stands_there_twice(self, services: Services) -> None:
        """Intervals of one batch may begin and end again, as when a schema is taken back."""
        stored(services)
        snapshots = [snapshot(services, number, train, []) for number, train in ((1, [1, 2]), (2, [2]), (3, [1, 2]))]
        found = [members(services, one.digest)["train"] for one in snapshots]
        assert found == [ids(1, 2), ids(2), ids(1, 2)]

    def test_nothing_new_is_the_same_snapshot(self, services: Services) -> None:
        """One with the digest of the last only moves on how far was looked."""
        stored(services)
        first = snapshot(services, 1, [1], [2])
        further = dataclasses.replace(first, through=2_000, changed=7)
        services.registry.add_snapshot(Growth(further, first.digest))
        assert services.registry.latest_snapshot(LEARNER) == further
        assert members(services, first.digest) == {"train": ids(1), "holdout": ids(2), "quarantined": []}

    def test_a_digest_may_come_again(self, services: Services) -> None:
        """What came and went leaves the members of an earlier snapshot, and its digest."""
        stored(services)
        for number, train in ((1, [1]), (2, [1, 3]), (1, [1])):
            snapshot(services, number, train, [2])
        latest = services.registry.latest_snapshot(LEARNER)
        assert latest is not None
        assert latest.digest == digest_of(1)
        assert members(services, digest_of(1))["train"] == ids(1)
        assert members(services, digest_of(2))["train"] == ids(1, 3)

    def test_a_snapshot_grows_from_the_last_one_only(self, services: Services) -> None:
        """Of two turns that froze at once the second is told so, and changes nothing."""
        stored(services)
        first = snapshot(services, 1, [1], [])
        for previous in (None, digest_of(9)):
            late = dataclasses.replace(first, digest=digest_of(2))
            with pytest.raises(Outdated):
                services.registry.add_snapshot(Growth(late, previous, [(Side.TRAIN, entry(2))]))
        assert services.registry.latest_snapshot(LEARNER) == first
        assert services.registry.latest_snapshot("toy.other") is None

    def test_members_are_streamed_past_a_page(self, services: Services) -> None:
        """Whatever is read at once, all come, in order, once."""
        services.log.append([batch(number, rows=1) for number in range(12_000)])
        snapshot(services, 1, list(range(12_000)), [])
        found = services.registry.members(digest_of(1), Side.TRAIN)
        assert [one.sequence for one in found] == list(range(1, 12_001))

    def test_taint_marks_who_used_the_batch(self, services: Services) -> None:
        """Versions fitted or judged on the batch are marked and named each time; others are not."""
        snapshot(services, 1, [1, 2], [3])
        snapshot(services, 2, [2], [3, 1], [4])
        snapshot(services, 3, [2], [3], [1])
        for number in (1, 2, 3):
            services.registry.add(version(number, snapshot=digest_of(number)))
        services.registry.add(version(4))
        for _ in range(2):
            assert services.registry.taint(LEARNER, batch_id(1)) == ["v1.2", "v1.1"]
        assert [found.tainted for found in services.registry.versions(LEARNER)] == [False, False, True, True]

    def test_a_tainted_batch_is_forgotten_by_every_snapshot(self, services: Services) -> None:
        """No side of any snapshot, old or added later, names the batch any more; the others stay."""
        stored(services)
        snapshot(services, 1, [1, 2, 3], [4], [5])
        services.registry.taint(LEARNER, batch_id(2))
        services.registry.taint(LEARNER, batch_id(5))
        snapshot(services, 2, [6], [2])
        assert members(services, digest_of(1)) == {"train": ids(1, 3), "holdout": ids(4), "quarantined": []}
        assert members(services, digest_of(2)) == {"train": ids(6), "holdout": [], "quarantined": []}

    def test_a_version_fitted_during_an_erasure_is_tainted(self, services: Services) -> None:
        """What was erased between the snapshot and the version still marks the version."""
        snapshot(services, 1, [1], [2])
        assert services.registry.taint(LEARNER, batch_id(1)) == []
        services.registry.add(version(1, snapshot=digest_of(1)))
        assert services.registry.version(LEARNER, "v1.1").tainted

    def test_learners_do_not_taint_each_other(self, services: Services) -> None:
        """A batch belongs to one learner."""
        stored(services)
        snapshot(services, 1, [1], [2])
        services.registry.add(version(1, snapshot=digest_of(1)))
        assert services.registry.taint("toy.other", batch_id(1)) == []
        assert members(services, digest_of(1))["train"] == ids(1)


def stored(services: Services) -> None:
    """Batches 0 to 9, in order."""
    services.log.append([batch(number) for number in range(10)])


def ids(*numbers: int) -> list[str]:
    """Ids of batches by their numbers."""
    return [batch_id(number) for number in numbers]
