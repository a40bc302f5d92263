"""GET /metrics: what Prometheus scrapes."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from samouk.server.desk import Desk
from samouk.server.metrics import Metrics


def routes(desk: Desk) -> APIRouter:
    from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

    router = APIRouter(tags=["health"])
    registry = Metrics(desk).registry()

    @router.get("/metrics", summary="What is measured, for Prometheus", response_class=PlainTextResponse)
    @desk.figures()
    def get_metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
