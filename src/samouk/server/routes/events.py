"""/v1/events: what happens to the learners, as it happens (server-sent events)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from samouk.edge.wire import WireError
from samouk.loop.live import Event
from samouk.loop.ports import EVENTS
from samouk.server import insight
from samouk.server.desk import Desk
from samouk.server.problems import Problem
from samouk.server.waking import Waking
from samouk.server.webhooks import body_of

QUIET_S = 15.0
"""A comment goes out after so long without an event, so that no proxy takes the connection for dead."""

MAX_LISTENERS = 64
PAGE = 200


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["events"])
    listeners: set[int] = set()
    waking = Waking(desk.services.bell, EVENTS, desk.closing)

    @router.get(
        "/v1/events",
        summary="Events as they happen; after a break, Last-Event-ID goes on where it ended",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    )
    @desk.figures(insight=True)
    async def stream_events(
        request: Request,
        learner: Annotated[str | None, Query(max_length=64)] = None,
        after: Annotated[int | None, Query(ge=0, le=2**53, description="those after this one")] = None,
        follow: Annotated[bool, Query(description="false ends the stream when all that is there was sent")] = True,
        last_event_id: Annotated[str | None, Header(alias="Last-Event-ID", max_length=20)] = None,
    ) -> StreamingResponse:
        if learner is not None:
            desk.learner(learner)
        start = await _start(desk, after, last_event_id)
        if len(listeners) >= MAX_LISTENERS:
            raise Problem(503, f"{MAX_LISTENERS} listen already; try again later", headers={"Retry-After": "60"})

        def shown(event: Event) -> Event:
            return event if desk.operates(request, event.learner) else insight.event(event)

        async def lines() -> AsyncIterator[bytes]:
            listeners.add(id(request))
            try:
                async for piece in _lines(desk, waking, start, learner, shown, follow=follow):
                    yield piece
            finally:
                listeners.discard(id(request))

        return StreamingResponse(lines(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    return router


async def _start(desk: Desk, after: int | None, last_event_id: str | None) -> int:
    if last_event_id is not None:
        if not (last_event_id.isascii() and last_event_id.isdigit()):
            raise WireError("Last-Event-ID", "must be the id of an event, a whole number")
        return min(int(last_event_id), 2**53)
    return await run_in_threadpool(desk.services.rollouts.last_event) if after is None else after


async def _lines(
    desk: Desk, waking: Waking, after: int, learner: str | None, shown: Callable[[Event], Event], *, follow: bool
) -> AsyncIterator[bytes]:
    """The stream: pages of what is there, then what comes, until the server stops or the listener goes."""
    yield b": listening\n\n"
    said = time.monotonic()
    with waking.listening() as rung:
        while not desk.closing.is_set():
            rung.clear()
            page = await run_in_threadpool(desk.services.rollouts.events, after, PAGE)
            for event in page:
                after = event.sequence
                if learner in (None, event.learner):
                    yield _text(shown(event))
            if page:
                said = time.monotonic()
                continue
            if not follow:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(rung.wait(), waking.patience)
            if time.monotonic() - said >= QUIET_S:
                said = time.monotonic()
                yield b": still here\n\n"


def _text(event: Event) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.sequence, event.kind.value.encode(), body_of(event))
