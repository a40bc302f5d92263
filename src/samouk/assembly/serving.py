"""From settings to the HTTP application and what is done beside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from samouk.assembly.children import SAMOUK, environment
from samouk.assembly.places import Places
from samouk.assembly.stores import shared_publisher
from samouk.assembly.working import queue_of
from samouk.loop.learner import Learner
from samouk.loop.lease import alone
from samouk.loop.ports import Role, Services
from samouk.loop.ramp import tend
from samouk.settings import BadSetting, Settings, origins_of, roles_of

if TYPE_CHECKING:
    from fastapi import FastAPI

    from samouk.loop.learner import Domain
    from samouk.server.oidc import Provider
    from samouk.server.options import Options
    from samouk.server.scheduler import Looks
    from samouk.server.siblings import Siblings
    from samouk.server.turns import Learning
    from samouk.store.queue.celery import CeleryQueue


def application(
    settings: Settings, services: Services, domains: dict[str, Domain], siblings: Siblings | None = None
) -> FastAPI:
    """The HTTP application over the services, with the status page at its root.

    Args:
        siblings: the other processes on the same port; None when this one is alone.

    Raises:
        KeysMissing, KeysForeign: many machines share what is published, and this one has not the keys that signed it.
    """
    from samouk import dashboard
    from samouk.server.app import create_app
    from samouk.server.options import MEGABYTE, Options, Page

    shared, queue = shared_publisher(settings, services), queue_of(settings)
    html = dashboard.html()
    page = Page(html, dashboard.policy(html))
    options = Options(
        publish_dir=Places.of(settings).published,
        look=shared.look if shared else None,
        siblings=siblings,
        page=page,
        max_body=int(settings.max_body_mb * MEGABYTE),
        max_inflated=int(settings.max_inflated_mb * MEGABYTE),
        max_uploads=settings.max_uploads,
        max_tallies=settings.max_tallies,
        group=settings.group,
        webhooks_private=bool(settings.webhooks_private),
        exposures_dir=Places.of(settings).exposures,
        turns=turns(settings, services, queue),
        missing=partial(_missing, queue),
        max_model=settings.max_model_mb * MEGABYTE,
    )
    if shared is not None:
        shared.join()
    app = create_app(services, domains, _guarded(settings, options, services))
    if settings.otlp_url:
        app.span_requests()
    return app


def _guarded(settings: Settings, options: Options, services: Services) -> Options:
    """The options with who gets in, and how often. Raises BadSetting."""
    from samouk.server.oidc import Persons

    public = settings.figures_role == "public"
    return dataclasses.replace(
        options,
        figures_role=None if public else Role(settings.figures_role),
        people=Persons(provider_of(settings), services.journal.secret()) if settings.oidc_issuer else None,
        issuer=settings.oidc_issuer,
        rate_key=settings.rate_key,
        rate_anonymous=settings.rate_anonymous,
        rate_failures=settings.rate_failures,
        trusted_proxies=settings.trusted_proxies,
        shared_limits=bool(settings.redis_url),
        cors_origins=origins_of(settings),
        tls=bool(settings.tls),
    )


def provider_of(settings: Settings) -> Provider:
    """Whose tokens open this server. Raises BadSetting."""
    from samouk.server.oidc import Provider, is_secure

    if not is_secure(settings.oidc_issuer):
        raise BadSetting("SAMOUK_OIDC_ISSUER must begin with https://: who changes its keys on the way gets in")
    if not settings.oidc_audience:
        raise BadSetting("SAMOUK_OIDC_AUDIENCE must say what tokens call this server, or others' tokens would open it")
    roles = {group: Role(role) for group, role in roles_of(settings).items()}
    return Provider(settings.oidc_issuer, settings.oidc_audience, settings.oidc_roles_claim, roles)


def _missing(queue: CeleryQueue | None) -> list[str]:
    """What is out of order and can be done without for a while, with what that means."""
    if queue is None or queue.answers():
        return []
    return [f"{queue.place}: turns wait, limits hold for each server alone, and events arrive later"]


def turns(settings: Settings, services: Services, queue: CeleryQueue | None) -> Learning:
    """Has the turns taken that people ask for over HTTP: by workers, or each in a process beside this one."""
    from samouk.server.queued import QueuedTurns
    from samouk.server.turns import Commands, Turns

    def learn(learner: str, hold: bool) -> list[str]:
        return [*SAMOUK, "turn", learner, *(["--hold"] if hold else [])]

    def adopt(learner: str, metrics: str) -> list[str]:
        return [*SAMOUK, "adopt", learner, "-", "--metrics", metrics, "--json"]

    inline = Turns(Commands(learn, adopt), environment(settings))
    return QueuedTurns(services, queue, inline) if queue else inline


LOOK_SECONDS = 120.0
"""A server that fell silent for so long while it looked at a learner is taken to be dead."""


def looks(services: Services, learners: Sequence[Learner], app: FastAPI) -> Looks:
    """What is done between two rounds, in this process: outcomes and rollouts of learners that have them.

    Args:
        app: its domains may have work of their own at each look.
    """
    from samouk.server.scheduler import Looks

    own = {learner.name: partial(_look, learner, services) for learner in learners if learner.outcomes}
    return Looks({**own, **app.state.looks})


def _look(learner: Learner, services: Services) -> None:
    """Tend the learner, unless another server is at it."""
    with alone(services, f"look:{learner.name}", LOOK_SECONDS) as mine:
        if mine:
            tend(learner, services)
