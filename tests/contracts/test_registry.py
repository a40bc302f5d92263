"""What every Registry backend promises."""

from __future__ import annotations

import dataclasses

import pytest
from tests.contracts.making import LEARNER, batch_id, snapshot, version

from samouk.loop.ports import NotFound, Services
from samouk.loop.records import Stage


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

    def test_a_champion_can_be_taken_out(self, services: Services) -> None:
        """A version that was rolled back leaves nobody in production."""
        services.registry.add(version(1, Stage.PRODUCTION))
        services.registry.move(LEARNER, "v1.1", Stage.ROLLED_BACK)
        assert services.registry.production(LEARNER) is None

    def test_a_snapshot_comes_back_as_it_was(self, services: Services) -> None:
        """Every side is kept, in order; twice added is once kept."""
        full = snapshot(1, [3, 1, 2], [9, 8], [7])
        for _ in range(2):
            services.registry.add_snapshot(full)
        services.registry.add_snapshot(snapshot(2, [], []))
        assert services.registry.snapshot(full.digest) == full

    def test_the_latest_snapshot_is_the_one_added_last(self, services: Services) -> None:
        """Adding an old one again does not make it the latest."""
        for number in (5, 4, 5):
            services.registry.add_snapshot(snapshot(number, [1], [2]))
        assert services.registry.latest_snapshot(LEARNER) == snapshot(4, [1], [2])
        assert services.registry.latest_snapshot("toy.other") is None

    def test_taint_marks_who_used_the_batch(self, services: Services) -> None:
        """Versions fitted or judged on the batch are marked and named each time; others are not."""
        services.registry.add_snapshot(snapshot(1, [1, 2], [3]))
        services.registry.add_snapshot(snapshot(2, [2], [3, 1], [4]))
        services.registry.add_snapshot(snapshot(3, [2], [3], [1]))
        for number in (1, 2, 3):
            services.registry.add(version(number, snapshot=snapshot(number, [], []).digest))
        services.registry.add(version(4))
        for _ in range(2):
            assert services.registry.taint(LEARNER, batch_id(1)) == ["v1.2", "v1.1"]
        assert [found.tainted for found in services.registry.versions(LEARNER)] == [False, False, True, True]

    def test_a_tainted_batch_is_forgotten_by_every_snapshot(self, services: Services) -> None:
        """No side of any snapshot, old or added later, names the batch any more; the others stay."""
        services.registry.add_snapshot(snapshot(1, [1, 2, 3], [4], [5]))
        services.registry.taint(LEARNER, batch_id(2))
        services.registry.taint(LEARNER, batch_id(5))
        services.registry.add_snapshot(snapshot(2, [6], [2]))
        first = services.registry.snapshot(snapshot(1, [], []).digest)
        assert (first.train, first.quarantined) == ((batch_id(1), batch_id(3)), ())
        latest = services.registry.latest_snapshot(LEARNER)
        assert latest is not None
        assert (latest.train, latest.holdout) == ((batch_id(6),), ())

    def test_a_version_fitted_during_an_erasure_is_tainted(self, services: Services) -> None:
        """What was erased between the snapshot and the version still marks the version."""
        services.registry.add_snapshot(snapshot(1, [1], [2]))
        assert services.registry.taint(LEARNER, batch_id(1)) == []
        services.registry.add(version(1, snapshot=snapshot(1, [], []).digest))
        assert services.registry.version(LEARNER, "v1.1").tainted

    def test_learners_do_not_taint_each_other(self, services: Services) -> None:
        """A batch belongs to one learner."""
        services.registry.add_snapshot(snapshot(1, [1], [2]))
        services.registry.add(version(1, snapshot=snapshot(1, [], []).digest))
        assert services.registry.taint("toy.other", batch_id(1)) == []
        assert services.registry.snapshot(snapshot(1, [], []).digest) == snapshot(1, [1], [2])
