"""What every Audit backend promises."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from tests.contracts.making import MOMENT, act

from samouk.loop.ports import Services
from samouk.store.chain import GENESIS, digest_of


class TestAudit:
    """A hash-chained, append-only log."""

    def test_acts_come_back_in_order(self, services: Services) -> None:
        """What was appended is told again as it was, numbered from one."""
        added = [services.audit.append(act(number)) for number in range(3)]
        assert services.audit.entries() == added
        assert [(entry.sequence, entry.act) for entry in added] == [(n + 1, act(n)) for n in range(3)]

    def test_a_page_is_cut_out(self, services: Services) -> None:
        """``after`` and ``limit`` cut a page."""
        for number in range(5):
            services.audit.append(act(number))
        assert [entry.sequence for entry in services.audit.entries(after=1, limit=2)] == [2, 3]

    def test_a_subject_and_actions_are_picked_out(self, services: Services) -> None:
        """Only what begins so and was done so is told, to the letter, and pages of it go on where one ended."""
        subjects = ("toy.a/v1.0", "toy.A/v1.0", "toy%a/v1.0", "toy.a/v1.1", "toy.ab/v1.0", "toy.a/v1.2")
        for subject in subjects:
            services.audit.append(replace(act(1), subject=subject))
            services.audit.append(replace(act(1), subject=subject, action="archive"))
        mine = services.audit.entries(prefix="toy.a/", actions=["release"])
        assert [entry.act.subject for entry in mine] == ["toy.a/v1.0", "toy.a/v1.1", "toy.a/v1.2"]
        assert services.audit.entries(mine[0].sequence, 1, prefix="toy.a/", actions=["release"]) == mine[1:2]
        assert len(services.audit.entries(prefix="toy.a/", actions={"release", "archive"})) == 6
        assert len(services.audit.entries(prefix="toy%")) == 2
        assert len(services.audit.entries(actions=["archive"])) == len(subjects)

    def test_each_entry_follows_from_the_one_before(self, services: Services) -> None:
        """The digest covers the act and the previous digest; the first starts from nothing."""
        first, second = services.audit.append(act(1)), services.audit.append(act(1))
        assert (first.previous, second.previous) == (GENESIS, first.digest)
        assert second.digest == digest_of(act(1), first.digest) != first.digest

    def test_an_untouched_chain_holds(self, services: Services) -> None:
        """``verify`` finds nothing wrong in an empty chain and in a long one."""
        assert services.audit.verify() is None
        for number in range(30):
            services.audit.append(act(number))
        assert services.audit.verify() is None

    def test_a_moment_in_another_zone_is_the_same_moment(self, services: Services) -> None:
        """The chain holds whatever zone the act's time is written in."""
        there = MOMENT.astimezone(dt.timezone(dt.timedelta(hours=9)))
        services.audit.append(replace(act(1), at=there))
        assert services.audit.verify() is None
        assert services.audit.entries()[0].act.at == MOMENT
