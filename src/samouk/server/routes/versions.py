"""/v1/learners/{name}/versions: the registry, the bytes in it, and models that were made elsewhere."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from samouk.edge.wire import WireError
from samouk.loop.learner import Learner
from samouk.loop.ports import Role
from samouk.server import body
from samouk.server.desk import ARTIFACT, Desk
from samouk.server.problems import Problem
from samouk.server.views import VersionsView, VersionView

UPLOAD_S = 600.0
"""Seconds in which a model must arrive: they are larger than samples."""

_LARGER = "for a larger model raise SAMOUK_MAX_MODEL_MB where the server runs"

_MODEL: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "an ONNX file from the learner's features to its scores",
        "content": {ARTIFACT: {"schema": {"type": "string", "format": "binary"}}},
    }
}


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["versions"])
    desk.artifact_at("/v1/learners/{name}/versions/{version}/artifact")

    @router.get("/v1/learners/{name}/versions", summary="Versions, newest first")
    @desk.figures()
    def list_versions(name: str) -> VersionsView:
        return VersionsView(
            [desk.view(version) for version in desk.services.registry.versions(desk.learner(name).name)]
        )

    @router.get("/v1/learners/{name}/versions/{version}", summary="One version with its lineage and card")
    @desk.figures()
    def get_version(name: str, version: str) -> VersionView:
        return desk.view(desk.services.registry.version(desk.learner(name).name, version))

    @router.post(
        "/v1/learners/{name}/versions",
        status_code=201,
        summary="Take in a model that was made elsewhere: checked, judged on the holdout, staged",
        openapi_extra=_MODEL,
    )
    @desk.allow(Role.OPERATOR)
    async def register_version(
        name: str,
        request: Request,
        metrics: Annotated[str, Query(max_length=4_000, description="what its maker measured: a JSON object")] = "{}",
    ) -> VersionView:
        key = desk.caller(request)
        learner = desk.learner(name)
        measured(metrics)
        data = await body.read(request, desk.options.max_model, UPLOAD_S, _LARGER)
        return await run_in_threadpool(_register, desk, learner, data, metrics, f"registered by {key.label}")

    return router


def _register(desk: Desk, learner: Learner, data: bytes, metrics: str, reason: str) -> VersionView:
    """Have it tried in a process of its own: a model is a program of a stranger, which may never end."""
    if desk.options.turns is None:
        raise Problem(409, "this server takes no models; `samouk adopt` does, on the machine with the store")
    desk.exposures.settle()
    adopted = desk.options.turns.adopt(learner.name, data, metrics, reason)
    if adopted.version is None:
        status = 422 if adopted.end in ("unfit", "failed") else 409
        raise Problem(status, f"the model was not entered: {adopted.why}", field="body")
    desk.service.refresh(learner.name)
    return desk.view(desk.services.registry.version(learner.name, adopted.version))


def measured(text: str) -> dict[str, float]:
    """What a model's maker measured, from JSON. Raises WireError."""
    body.require_text(text.encode())
    try:
        return {name: _finite(value) for name, value in json.loads(text).items()}
    except (ValueError, OverflowError, AttributeError, RecursionError):
        raise WireError("metrics", 'must be a JSON object of finite numbers, for example {"auc": 0.8}') from None


def _finite(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("no finite number")
    return float(value)
