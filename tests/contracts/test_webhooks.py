"""What every Webhooks backend promises."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.contracts.live import after, webhook
from tests.contracts.test_leases import step

from samouk.loop.ports import NotFound, Services


class TestWebhooks:
    """Who wants to be told."""

    def test_hooks_come_oldest_first(self, services: Services) -> None:
        """As they were saved, every field."""
        hooks = [webhook(2), webhook(1, learner=None, kinds=()), webhook(3, retry_at=after(9), delivered=7, given_up=1)]
        for hook in hooks:
            services.webhooks.add(hook)
        assert services.webhooks.hooks() == hooks

    def test_an_update_replaces_what_is_there(self, services: Services) -> None:
        """A hook that goes on stays one hook, in its place; one that was removed does not come back."""
        services.webhooks.add(webhook(1))
        services.webhooks.add(webhook(2))
        further = dataclasses.replace(webhook(1), delivered=5, failures=2, retry_at=after(60))
        services.webhooks.claim("hook-1", "a", 60)
        assert services.webhooks.update(further, "a", 60)
        assert services.webhooks.hooks() == [further, webhook(2)]
        services.webhooks.remove("hook-1")
        assert not services.webhooks.update(further, "a", 60)
        assert services.webhooks.hooks() == [webhook(2)]

    def test_a_removed_hook_is_gone(self, services: Services) -> None:
        """Removing it twice is an error that names it."""
        services.webhooks.add(webhook(1))
        services.webhooks.remove("hook-1")
        assert services.webhooks.hooks() == []
        with pytest.raises(NotFound, match="hook-1"):
            services.webhooks.remove("hook-1")

    def test_one_server_is_at_a_hook(self, services: Services) -> None:
        """Who claims it gets it as it stands; another gets it when it is given back."""
        services.webhooks.add(webhook(1))
        further = dataclasses.replace(webhook(1), delivered=5)
        assert services.webhooks.claim("hook-1", "a", 60) == webhook(1)
        assert services.webhooks.claim("hook-1", "b", 60) is None
        assert not services.webhooks.update(further, "b", 60)
        services.webhooks.free("hook-1", "b")
        assert services.webhooks.update(further, "a", 60)
        assert services.webhooks.claim("hook-1", "a", 60) == further
        services.webhooks.free("hook-1", "a")
        assert services.webhooks.claim("hook-1", "b", 60) == further
        assert services.webhooks.claim("hook-2", "b", 60) is None

    def test_a_server_that_fell_silent_loses_it(self, services: Services) -> None:
        """To the second after its last word; what it says later changes nothing."""
        services.webhooks.add(webhook(1))
        services.webhooks.claim("hook-1", "a", 60)
        step(services, 59)
        assert services.webhooks.update(webhook(1), "a", 60)
        step(services, 59)
        assert services.webhooks.claim("hook-1", "b", 60) is None
        step(services, 1)
        assert services.webhooks.claim("hook-1", "b", 60) == webhook(1)
        assert not services.webhooks.update(dataclasses.replace(webhook(1), delivered=5), "a", 60)
        assert services.webhooks.hooks() == [webhook(1)]

    def test_of_many_at_once_one_gets_it(self, services: Services) -> None:
        """By threads of one process; the others are told so at once."""
        services.webhooks.add(webhook(1))
        with ThreadPoolExecutor(8) as pool:
            got = list(pool.map(lambda number: services.webhooks.claim("hook-1", str(number), 60), range(8)))
        assert sum(one is not None for one in got) == 1
