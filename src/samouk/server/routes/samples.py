"""/v1/learners/{name}/samples: batches in, their counts, and their erasure by receipt."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header
from starlette.responses import StreamingResponse

from samouk.loop.held import of_batch
from samouk.server.desk import Desk
from samouk.server.lines import LINES, lines
from samouk.server.views import ErasureView, StatsView

Receipt = Annotated[
    str, Header(alias="Samouk-Receipt", min_length=1, max_length=200, description="the secret kept by the sender")
]


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["samples"])
    desk.upload_at("/v1/learners/{name}/samples")

    @router.get("/v1/learners/{name}/samples/stats", summary="Counts over what is stored")
    @desk.figures()
    def get_stats(name: str) -> StatsView:
        return desk.stats(name)

    @router.delete("/v1/learners/{name}/samples/{batch_id:uuid}", summary="Erase a batch; the receipt is the authority")
    @desk.allow(None)
    def erase_batch(name: str, batch_id: UUID, receipt: Receipt) -> ErasureView:
        return desk.erase(name, str(batch_id), receipt)

    @router.get(
        "/v1/learners/{name}/samples/{batch_id:uuid}",
        summary="All that is held of a batch, a JSON object a line; the receipt is the authority",
        response_class=StreamingResponse,
        responses=LINES,
    )
    @desk.allow(None)
    def export_batch(name: str, batch_id: UUID, receipt: Receipt) -> StreamingResponse:
        return lines(of_batch(desk.services, desk.learner(name), str(batch_id), receipt))

    return router
