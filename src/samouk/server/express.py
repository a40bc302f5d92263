"""The short way of requests that come by the thousand: past the layers that the other routes need.

FastAPI's and Starlette's layers (routing, exit stacks, three borders for errors) cost as much as a
prediction. What they do for these addresses is done here once: find the endpoint, and turn every
error into a problem.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from samouk.server.access import Admit
from samouk.server.counts import ROUTE, HttpCounts
from samouk.server.openapi import RawRoute
from samouk.server.problems import INTERNAL, Failures, of_error

PREFIX = "/v1/learners/{name}/"


class Express:
    """Answers POST at ``/v1/learners/{name}/<word>`` for the raw routes of that shape; hands on all else."""

    def __init__(
        self, app: ASGIApp, routes: Sequence[RawRoute], failures: Failures, counts: HttpCounts, admit: Admit
    ) -> None:
        self.app = app
        self._counts = counts
        self._failures = failures
        self._admit = admit
        self._endpoints: Mapping[str, RawRoute] = {
            route.path.removeprefix(PREFIX): route
            for route in routes
            if route.method == "POST" and route.path.startswith(PREFIX) and "/" not in route.path.removeprefix(PREFIX)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            parts = scope["path"].split("/")
            if len(parts) == 5 and parts[1] == "v1" and parts[2] == "learners" and parts[4] in self._endpoints:
                scope["path_params"] = {"name": parts[3]}
                await self._answer(self._endpoints[parts[4]], scope, receive, send)
                return
        await self.app(scope, receive, send)

    async def _answer(self, route: RawRoute, scope: Scope, receive: Receive, send: Send) -> None:
        scope[ROUTE] = route.path
        request = Request(scope, receive, send)
        try:
            await self._admit(request, route.access)
            response = await route.endpoint(request)
        except Exception as error:  # noqa: BLE001 - the border of the server; counted
            problem = of_error(error)
            if problem is None:
                self._failures.add(error)
            response = (problem or INTERNAL).response()
        self._counts.add("POST", route.path, response.status_code)
        await response(scope, receive, send)
