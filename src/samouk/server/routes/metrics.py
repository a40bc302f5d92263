"""GET /metrics: what Prometheus scrapes."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from samouk.server.desk import Desk
from samouk.server.metrics import Metrics


def routes(desk: Desk) -> APIRouter:
    from prometheus_client.exposition import CONTENT_TYPE_LATEST

    router = APIRouter(tags=["health"])
    metrics = Metrics(desk)

    @router.get("/metrics", summary="What is measured, for Prometheus", response_class=PlainTextResponse)
    @desk.figures()
    def get_metrics(
        request: Request,
        of: Annotated[
            Literal["all", "process"], Query(description="process: what the one that answers counted itself")
        ] = "all",
    ) -> Response:
        text = metrics.text(request.headers.items(), own=of == "process")
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return router
