"""What the server counts as it goes: requests by route and status, and what came in for each learner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from samouk.loop.records import Stored
from samouk.server.openapi import RawRoute

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
ROUTE = "samouk.route"
"""Where the template of the answered route stands in the scope, for what looks at requests from outside."""

OTHER = "other"
"""Stands for methods and addresses that senders invent: each series of counts costs memory for good."""


class HttpCounts:
    """Requests by method, template of the route, and status; status 0 where the sender went before an answer.

    Belongs to the event loop; ``read`` may be called from any thread.
    """

    def __init__(self) -> None:
        self._requests: dict[tuple[str, str, int], int] = {}

    def add(self, method: str, route: str, status: int) -> None:
        """Count one request."""
        key = method, route, status
        self._requests[key] = self._requests.get(key, 0) + 1

    def read(self) -> Mapping[tuple[str, str, int], int]:
        """A copy of the counts."""
        return dict(self._requests)


class Watched:
    """Counts each request of an application when its answer begins."""

    def __init__(self, app: ASGIApp, routes: Sequence[RawRoute], counts: HttpCounts) -> None:
        self._app = app
        self._counts = counts
        # Starlette tells a plain route's endpoint alone; FastAPI tells the route.
        self._templates: Mapping[Callable[..., Any], str] = {route.endpoint: route.path for route in routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._count(scope, status)
            await send(message)

        try:
            await self._app(scope, receive, seen)
        finally:
            if not status:
                self._count(scope, 0)

    def _count(self, scope: Scope, status: int) -> None:
        method = scope["method"] if scope["method"] in METHODS else OTHER
        scope[ROUTE] = self._template(scope)
        self._counts.add(method, scope[ROUTE], status)

    def _template(self, scope: Scope) -> str:
        known = self._templates.get(scope["endpoint"]) if "endpoint" in scope else None
        return str(known or getattr(scope.get("route"), "path", OTHER))


@dataclass(slots=True)
class Intake:
    """What came in for one learner since the server started.

    Attributes:
        requests: uploads, whatever became of them.
        received: bytes of them as they travelled.
        rows: of batches that were new.
        batches: by what became of them.
        refusals: by status.
    """

    requests: int = 0
    received: int = 0
    rows: int = 0
    batches: Counter[Stored] = field(default_factory=Counter)
    refusals: Counter[int] = field(default_factory=Counter)
