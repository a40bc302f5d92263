"""/: one page for people, which reads the rest of this API and nothing else."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from samouk.loop.ports import NotFound
from samouk.server.desk import Desk


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()
    page = desk.options.page

    @router.get("/", summary="The status page", response_class=HTMLResponse)
    @desk.allow(None)
    async def get_page() -> Response:
        if page is None:
            raise NotFound("this server has no page; /openapi.json lists what it has")
        return HTMLResponse(
            page.html,
            headers={"Content-Security-Policy": page.policy, "Cache-Control": "no-cache"},
        )

    return router
