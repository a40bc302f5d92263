"""/v1/learners/{name}/samples: batches in, their counts, and their erasure by receipt."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path

from samouk.server.desk import Desk
from samouk.server.views import ErasureView, StatsView

UUID4 = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"

BatchId = Annotated[str, Path(pattern=UUID4, description="random UUID, version 4, lower case")]
Receipt = Annotated[
    str, Header(alias="Samouk-Receipt", min_length=1, max_length=200, description="the secret kept by the sender")
]


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["samples"])
    desk.upload_at("/v1/learners/{name}/samples")

    @router.get("/v1/learners/{name}/samples/stats", summary="Counts over what is stored")
    def get_stats(name: str) -> StatsView:
        return desk.stats(name)

    @router.delete("/v1/learners/{name}/samples/{batch_id}", summary="Erase a batch; the receipt is the authority")
    def erase_batch(name: str, batch_id: BatchId, receipt: Receipt) -> ErasureView:
        return desk.erase(name, batch_id, receipt)

    return router
