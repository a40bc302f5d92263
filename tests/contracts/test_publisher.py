"""What every Publisher backend promises."""

from __future__ import annotations

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
