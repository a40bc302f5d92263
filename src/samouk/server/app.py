"""Put the HTTP side together: services in, an ASGI application out. Names no domain and no backend."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.metadata import version

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from samouk.loop.learner import Domain
from samouk.loop.ports import Services
from samouk.loop.records import Batch, Stored
from samouk.server import openapi, problems
from samouk.server.access import PUBLIC, Gate, guard
from samouk.server.auth import Door
from samouk.server.commit import GroupCommit
from samouk.server.counts import Watched
from samouk.server.desk import Desk, Routes
from samouk.server.exposures import Exposures
from samouk.server.express import Express
from samouk.server.headers import Shielded
from samouk.server.hearing import Hearing
from samouk.server.ingest import Ingest
from samouk.server.limits import Limits
from samouk.server.options import Options
from samouk.server.routes import (
    erasures,
    events,
    exports,
    health,
    keys,
    learners,
    metrics,
    outcomes,
    page,
    performance,
    predictions,
    published,
    rollouts,
    runs,
    samples,
    tallies,
    triggers,
    units,
    versions,
    webhooks,
)
from samouk.server.service import InService
from samouk.server.siblings import PassOn

OWN: tuple[Routes, ...] = (
    predictions.routes,  # first, where it is found fastest
    outcomes.routes,
    samples.routes,
    units.routes,
    erasures.routes,
    tallies.routes,
    learners.routes,
    performance.routes,
    triggers.routes,
    runs.routes,
    versions.routes,
    rollouts.routes,
    exports.routes,
    published.routes,
    events.routes,
    webhooks.routes,
    keys.routes,
    health.routes,
    metrics.routes,
    page.routes,
)
_DESCRIPTION = (
    "One loop, many learners. Each operation says in x-samouk-role who may use it: contributors upload, predict and "
    "tell outcomes; operators change what serves, export and forget people; admins decide who gets in."
)


def create_app(services: Services, domains: Mapping[str, Domain], options: Options | None = None) -> Platform:
    """The application over the given services, with the learners and the routes of every domain.

    It runs on one event loop in one process: uploads share one group commit, and so do outcomes. Closing the services
    is left to whoever made them.
    """
    options = options or Options()
    found = {learner.name: learner for domain in domains.values() for learner in domain.learners}
    commit = GroupCommit(services.log.append, group=options.group, waiting=options.max_uploads)
    limits = Limits(
        options.rate_key,
        options.rate_anonymous,
        options.rate_failures,
        options.trusted_proxies,
        services.cache if options.shared_limits else None,
    )
    door = Door(services.keys, limits, options.people)
    exposures = Exposures(services.journal, options.exposures_dir)
    hearing = Hearing(services, exposures, group=options.group, waiting=options.max_uploads)
    ingest = Ingest(found, commit, options)
    service = InService(found, services)
    desk = Desk(services, found, options, door, ingest, problems.Failures(), exposures, hearing, service)
    desk = replace(desk, domains=tuple(domains.values()))
    app = _bare(desk, commit, limits)
    app.state.draining, app.state.closing = desk.draining, desk.closing
    app.state.looks = desk.looks
    app.state.parts = desk.parts
    people = options.people
    if people is not None:
        desk.parts["persons"] = lambda: people.failures
    for routes in OWN:
        app.include_router(routes(desk))
    for domain in domains.values():
        if domain.routes is not None:
            app.include_router(domain.routes(desk))
    openapi.install(app, desk.raw, desk.declared, options.issuer)
    _open_description(app, desk)
    guard(app.routes, desk.declared, door.admit, desk.note)
    problems.install(app, desk.failures)
    app.go_express(desk)
    return app


class Platform(FastAPI):
    """The application, whose busiest addresses are answered before the framework sees the request."""

    _front: ASGIApp | None = None

    def go_express(self, desk: Desk) -> None:
        """Answer the raw routes on the short way; to be called once all of them are there."""
        watched = Watched(super().__call__, desk.raw, desk.http)
        express = Express(watched, desk.raw, desk.failures, desk.http, desk.door.admit)
        front = _across(express, desk.options.cors_origins)
        siblings = desk.options.siblings
        if siblings is not None and desk.one:
            front = PassOn(front, siblings, desk.one, Gate(self.routes, desk.declared, desk.door.admit))
        self._front = Shielded(front, tls=desk.options.tls)

    def span_requests(self) -> None:
        """A span for each request from now on."""
        from samouk.server.tracing import Traced

        self._front = Traced(self._front or super().__call__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._front or super().__call__)(scope, receive, send)


def _open_description(app: FastAPI, desk: Desk) -> None:
    """The framework's own route, which says what there is and shows nothing that is in it."""
    for route in app.routes:
        if isinstance(route, Route) and route.path == app.openapi_url:
            desk.declared[route.endpoint] = PUBLIC


def _across(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Let pages of other origins use the API by keys that they hold; cookies and the like are never asked for."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Content-Encoding", "Samouk-Receipt", "Last-Event-ID"],
        expose_headers=["ETag", "Retry-After"],
        max_age=600,
    )


def _bare(desk: Desk, commit: GroupCommit[Batch, Stored], limits: Limits) -> Platform:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        desk.exposures.start()
        desk.service.start()
        limits.start()
        yield
        limits.close()
        if desk.options.turns is not None:
            desk.options.turns.close()
        desk.hearing.close()
        commit.close()
        desk.service.close()
        desk.exposures.close()

    # No interactive pages: they load scripts from elsewhere.
    return Platform(
        title="Samouk",
        version=version("samouk"),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirected POST loses its body with many clients
        lifespan=lifespan,
    )
