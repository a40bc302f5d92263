"""Put the HTTP side together: services in, an ASGI application out. Names no domain and no backend."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from samouk.loop.learner import Domain
from samouk.loop.ports import Services
from samouk.server import openapi, problems
from samouk.server.auth import Door
from samouk.server.commit import GroupCommit
from samouk.server.desk import Desk, Routes
from samouk.server.ingest import Ingest
from samouk.server.options import Options
from samouk.server.routes import health, learners, page, published, runs, samples, versions

OWN: tuple[Routes, ...] = (
    samples.routes,
    learners.routes,
    runs.routes,
    versions.routes,
    published.routes,
    health.routes,
    page.routes,
)
_DESCRIPTION = "One loop, many learners. Uploads need an API key; everything else is public."


def create_app(services: Services, domains: Mapping[str, Domain], options: Options | None = None) -> FastAPI:
    """The application over the given services, with the learners and the routes of every domain.

    It runs on one event loop in one process: uploads share one group commit. Closing the services
    is left to whoever made them.
    """
    options = options or Options()
    found = {learner.name: learner for domain in domains.values() for learner in domain.learners}
    commit = GroupCommit(services.log.append, group=options.group, waiting=options.max_uploads)
    door = Door(services.keys)
    desk = Desk(services, found, options, door, Ingest(found, door, commit, options), problems.Failures())
    app = _bare(commit)
    for routes in OWN:
        app.include_router(routes(desk))
    for domain in domains.values():
        if domain.routes is not None:
            app.include_router(domain.routes(desk))
    openapi.install(app, desk.raw)
    problems.install(app, desk.failures)
    return app


def _bare(commit: GroupCommit) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        commit.close()

    # No interactive pages: they load scripts from elsewhere.
    return FastAPI(
        title="Samouk",
        version=version("samouk"),
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
