"""/v1/webhooks: who is told of events by HTTP."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from samouk.edge.wire import WireError
from samouk.loop.live import Webhook
from samouk.loop.ports import Role
from samouk.server.desk import Desk
from samouk.server.problems import Problem
from samouk.server.views import STRICT, Moment
from samouk.server.webhooks import new_hook

MAX_HOOKS = 100


@dataclass(frozen=True, slots=True)
class WebhookView:
    """A hook without its secret.

    Attributes:
        delivered: sequence of the last event that was delivered, or given up.
        failures: deliveries that failed since the last that did not.
        given_up: events that were never taken.
    """

    hook_id: str
    url: str
    learner: str | None
    kinds: list[str]
    created: Moment
    delivered: int
    failures: int
    retry_at: Moment | None
    given_up: int


@dataclass(frozen=True, slots=True)
class NewWebhookView:
    """A hook that was just made, with the key of its signatures, which is never shown again."""

    hook_id: str
    url: str
    learner: str | None
    kinds: list[str]
    secret: str


@dataclass(frozen=True, slots=True)
class WebhooksView:
    """All hooks, oldest first."""

    webhooks: list[WebhookView]


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """Where to deliver what.

    Attributes:
        url: an http or https address.
        learner: only events of this one; null for all.
        kinds: only these kinds; none for all.
    """

    __pydantic_config__ = STRICT

    url: str
    learner: str | None = None
    kinds: list[str] | None = None


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["events"])
    hooks = desk.services.webhooks

    @router.get("/v1/webhooks", summary="Who is told of events")
    @desk.allow(Role.ADMIN)
    def list_webhooks() -> WebhooksView:
        return WebhooksView([_view(hook) for hook in hooks.hooks()])

    @router.post("/v1/webhooks", status_code=201, summary="Be told of events from now on; the secret is shown once")
    @desk.allow(Role.ADMIN, act="add a webhook")
    async def add_webhook(wanted: NewWebhook) -> NewWebhookView:
        return await run_in_threadpool(_add, desk, wanted)

    @router.delete("/v1/webhooks/{hook_id}", status_code=204, summary="Be told no more")
    @desk.allow(Role.ADMIN, act="remove a webhook")
    def remove_webhook(hook_id: str) -> None:
        hooks.remove(hook_id)

    return router


def _add(desk: Desk, wanted: NewWebhook) -> NewWebhookView:
    if wanted.learner is not None and wanted.learner not in desk.learners:
        raise WireError("learner", f"no learner is called {wanted.learner:.64}; /v1/learners lists those that exist")
    if len(desk.services.webhooks.hooks()) >= MAX_HOOKS:
        raise Problem(409, f"there are {MAX_HOOKS} webhooks already; remove one first")
    hook = new_hook(
        wanted.url,
        wanted.learner,
        wanted.kinds or (),
        desk.services.clock.now(),
        private=desk.options.webhooks_private,
    )
    hook = dataclasses.replace(hook, delivered=desk.services.rollouts.last_event())
    desk.services.webhooks.add(hook)
    kinds = [kind.value for kind in hook.kinds]
    return NewWebhookView(hook.hook_id, hook.url, hook.learner, kinds, hook.secret)


def _view(hook: Webhook) -> WebhookView:
    return WebhookView(
        hook.hook_id,
        hook.url,
        hook.learner,
        [kind.value for kind in hook.kinds],
        hook.created,
        hook.delivered,
        hook.failures,
        hook.retry_at,
        hook.given_up,
    )
