"""/v1/learners/{name}/export: the training data with outcomes, for whoever runs the platform."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import StreamingResponse

from samouk.export import MEDIA_TYPES, ParquetMissing, encoded
from samouk.loop.outcome import harvest
from samouk.loop.ports import Role
from samouk.server.desk import Desk
from samouk.server.problems import Problem

_CONTENT = {media_type: {"schema": {"type": "string"}} for media_type in MEDIA_TYPES.values()}


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["samples"])

    @router.get(
        "/v1/learners/{name}/export",
        summary="Every live row with its outcome, streamed",
        response_class=StreamingResponse,
        responses={200: {"content": _CONTENT}},
    )
    @desk.allow(Role.OPERATOR, act="export training data")
    def export(
        name: str, form: Annotated[Literal["json", "jsonl", "parquet"], Query(alias="format")] = "jsonl"
    ) -> StreamingResponse:
        learner = desk.learner(name)
        desk.exposures.settle()
        harvest(learner, desk.services)  # else the newest outcomes would be missing for up to a day
        try:
            pieces = encoded(learner, desk.services.log, form)
        except ParquetMissing as error:
            raise Problem(422, str(error), field="format") from None
        headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"', "Cache-Control": "no-store"}
        return StreamingResponse(iterate_in_threadpool(pieces), media_type=MEDIA_TYPES[form], headers=headers)

    return router
