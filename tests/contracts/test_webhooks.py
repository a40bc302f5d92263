"""What every Webhooks backend promises."""

from __future__ import annotations

import dataclasses

import pytest
from tests.contracts.live import after, webhook

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
        services.webhooks.update(further)
        assert services.webhooks.hooks() == [further, webhook(2)]
        services.webhooks.remove("hook-1")
        services.webhooks.update(further)
        assert services.webhooks.hooks() == [webhook(2)]

    def test_a_removed_hook_is_gone(self, services: Services) -> None:
        """Removing it twice is an error that names it."""
        services.webhooks.add(webhook(1))
        services.webhooks.remove("hook-1")
        assert services.webhooks.hooks() == []
        with pytest.raises(NotFound, match="hook-1"):
            services.webhooks.remove("hook-1")
