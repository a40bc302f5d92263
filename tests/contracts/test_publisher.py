"""What every Publisher backend promises."""

from __future__ import annotations

import pytest
from tests.contracts.making import LEARNER, version

from samouk.loop.ports import Services


class TestPublisher:
    """Hands the champion to every client."""

    def test_what_was_published_last_is_found(self, services: Services) -> None:
        """Nothing at first, then always the last one; twice published is one release."""
        assert services.publisher.published(LEARNER) is None
        for number in (1, 2, 2):
            services.publisher.publish(version(number), bytes([number]))
        services.publisher.refresh()
        assert services.publisher.published(LEARNER) == "v1.2"
        assert services.publisher.published("toy.other") is None

    def test_clients_never_go_back(self, services: Services) -> None:
        """A lower number is refused, and they go on finding the higher one."""
        services.publisher.publish(version(2), b"2")
        with pytest.raises(ValueError, match=r"v1\.1.* is behind v1\.2"):
            services.publisher.publish(version(1), b"1")
        assert services.publisher.published(LEARNER) == "v1.2"

    def test_a_trial_changes_nothing_of_what_is_published(self, services: Services) -> None:
        """Offered twice, withdrawn twice or by another rollout's name, before anything or after: the champion stays."""
        services.publisher.withdraw(LEARNER, "r1")
        services.publisher.publish(version(1), b"1")
        for share in (0.1, 0.1, 0.5):
            services.publisher.offer(version(2), b"2", "r1", share)
        for rollout in ("r0", "r1", "r1"):
            services.publisher.withdraw(LEARNER, rollout)
            assert services.publisher.published(LEARNER) == "v1.1"
        with pytest.raises(ValueError, match="share"):
            services.publisher.offer(version(2), b"2", "r1", 1.0)
