"""A chat server with a guard before it: everybody hears everybody, nobody floods.

Run it, then look at it and knock::

    uvicorn examples.protected_chat:app
    curl http://127.0.0.1:8000/guard/status

It is one process; give the guard a folder, and what is normal survives restarts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from samouk.domains.traffic.guard import Guard
from samouk.domains.traffic.limiter import Limits
from samouk.domains.traffic.middleware import TrafficMiddleware

guard = Guard(limits=Limits(low=120, high=600, burst=30))
"""Nobody is held below 120 messages a minute or let above 600; in between the limit follows what is normal."""

people: set[WebSocket] = set()


async def chat(websocket: WebSocket) -> None:
    """Send what one says to all."""
    await websocket.accept()
    people.add(websocket)
    try:
        while True:
            text = await websocket.receive_text()
            for person in list(people):
                await person.send_text(text)
    except WebSocketDisconnect:
        pass
    finally:
        people.discard(websocket)


async def status(_: Request) -> JSONResponse:
    """Counts alone: what else a guard tells names users, and is for operators."""
    told = guard.status()
    return JSONResponse({name: told[name] for name in ("users", "heard", "alerts")} | {"limits": guard.limiter.counts})


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    """The guard works as long as the application."""
    with guard:
        yield


app = Starlette(
    routes=[WebSocketRoute("/chat", chat), Route("/guard/status", status)],
    middleware=[Middleware(TrafficMiddleware, guard=guard)],
    lifespan=lifespan,
)
