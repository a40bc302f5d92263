"""Put the HTTP side together: services in, an ASGI application out. Names no domain and no backend."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from samouk.loop.learner import Domain
from samouk.loop.ports import Services
from samouk.loop.records import Batch, Stored
from samouk.server import openapi, problems
from samouk.server.auth import Door
from samouk.server.commit import GroupCommit
from samouk.server.counts import Watched
from samouk.server.desk import Desk, Routes
from samouk.server.exposures import Exposures
from samouk.server.express import Express
from samouk.server.hearing import Hearing
from samouk.server.ingest import Ingest
from samouk.server.options import Options
from samouk.server.routes import (
    events,
    exports,
    health,
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

OWN: tuple[Routes, ...] = (
    predictions.routes,  # first, where it is found fastest
    outcomes.routes,
    samples.routes,
    units.routes,
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
    health.routes,
    metrics.routes,
    page.routes,
)
_DESCRIPTION = (
    "One loop, many learners. Uploads, predictions and outcomes need an API key; whatever changes what serves, and the "
    "export, need one that may operate; everything else is public."
)


def create_app(services: Services, domains: Mapping[str, Domain], options: Options | None = None) -> FastAPI:
    """The application over the given services, with the learners and the routes of every domain.

    It runs on one event loop in one process: uploads share one group commit, and so do outcomes. Closing the services
    is left to whoever made them.
    """
    options = options or Options()
    found = {learner.name: learner for domain in domains.values() for learner in domain.learners}
    commit = GroupCommit(services.log.append, group=options.group, waiting=options.max_uploads)
    door = Door(services.keys)
    exposures = Exposures(services.journal, options.exposures_dir)
    hearing = Hearing(services, exposures, group=options.group, waiting=options.max_uploads)
    ingest = Ingest(found, door, commit, options)
    service = InService(found, services)
    desk = Desk(services, found, options, door, ingest, problems.Failures(), exposures, hearing, service)
    app = _bare(desk, commit)
    app.state.closing = desk.closing
    app.state.looks = desk.looks
    app.state.parts = desk.parts
    for routes in OWN:
        app.include_router(routes(desk))
    for domain in domains.values():
        if domain.routes is not None:
            app.include_router(domain.routes(desk))
    openapi.install(app, desk.raw)
    problems.install(app, desk.failures)
    app.go_express(desk)
    return app


class Platform(FastAPI):
    """The application, whose busiest addresses are answered before the framework sees the request."""

    _front: ASGIApp | None = None

    def go_express(self, desk: Desk) -> None:
        """Answer the raw routes on the short way; to be called once all of them are there."""
        watched = Watched(super().__call__, desk.raw, desk.http)
        self._front = Express(watched, desk.raw, desk.failures, desk.http)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._front or super().__call__)(scope, receive, send)


def _bare(desk: Desk, commit: GroupCommit[Batch, Stored]) -> Platform:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        desk.exposures.start()
        desk.service.start()
        yield
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
