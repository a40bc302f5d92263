"""The screens' own addresses, /v1/ml: the learner's under the names that mobile tools know.

Thin: each does through the server's desk what the domain-free addresses do. FastAPI is imported
inside, so that the light client can read this package without it; annotations are therefore real
objects here, not text.
"""

import secrets
import uuid
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

from samouk.domains.screens.schema import SCHEMA
from samouk.edge.wire import GROUPS, Row, WireError, is_digest, receipt_hash, week_of
from samouk.loop.columns import from_rows
from samouk.loop.ports import NotFound, Role
from samouk.loop.records import Batch, Version

LEARNER = SCHEMA.name

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
GIVEN = ("sample_id", "element_type", "confidence", "label_source", "timestamp")
"""Fields of a correction that the server fills: the person's word is the label, and says nothing of when."""

_FEEDBACK = ("sample", "predicted_type", "actual_type", "receipt_hash", "group")
_FEEDBACK_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["sample", "actual_type"],
    "properties": {
        "sample": {
            "type": "object",
            "description": f"one row of the closed schema; {', '.join(GIVEN)} may be left out and are filled anew",
        },
        "actual_type": {"type": "string", "description": "what the element is"},
        "predicted_type": {"type": ["string", "null"], "description": "what the model said; checked, not stored"},
        "receipt_hash": {"type": ["string", "null"], "description": "sha256 of a receipt that the sender keeps"},
        "group": {"type": ["integer", "null"], "minimum": 0, "maximum": GROUPS - 1},
    },
}
_ACCEPTED_SCHEMA = {
    "type": "object",
    "required": ["batch_id", "samples", "status", "receipt"],
    "properties": {
        "batch_id": {"type": "string", "format": "uuid"},
        "samples": {"type": "integer"},
        "status": {"type": "string"},
        "receipt": {
            "type": ["string", "null"],
            "description": "the secret that erases it, told this once; null when the sender kept its own",
        },
    },
}


def routes(desk: Any) -> Any:
    """A FastAPI router over the server's desk (``samouk.server.desk.Desk``)."""
    from fastapi import APIRouter, Header, Request, Response
    from fastapi.responses import JSONResponse

    router = APIRouter(tags=["screens"])
    figures: Callable[[Endpoint], Endpoint] = desk.figures(LEARNER)
    everybody: Callable[[Endpoint], Endpoint] = desk.allow(None, LEARNER)
    contributors: Callable[[Endpoint], Endpoint] = desk.allow(Role.CONTRIBUTOR, LEARNER)
    desk.upload_at("/v1/ml/samples", LEARNER)
    desk.artifact_at("/v1/ml/models/{version}", LEARNER)
    latest_etag: dict[int | str, dict[str, Any]] = {"304": {"description": "unchanged"}}

    @router.get("/v1/ml/samples/stats", summary="Counts over what is stored", response_model=desk.StatsShape)
    @figures
    def get_stats() -> Any:
        return desk.stats(LEARNER)

    @router.delete(
        "/v1/ml/samples/{batch_id:uuid}",
        summary="Erase a batch; the receipt is the authority",
        response_model=desk.ErasureShape,
    )
    @everybody
    def erase_batch(
        batch_id: uuid.UUID, receipt: Annotated[str, Header(alias="Samouk-Receipt", min_length=1, max_length=200)]
    ) -> Any:
        return desk.erase(LEARNER, str(batch_id), receipt)

    @router.get(
        "/v1/ml/models/latest",
        summary="The model in service: version, address, digest, figures and what changed",
        response_model=desk.VersionShape,
        responses=latest_etag,
    )
    @everybody
    def get_latest(request: Request, response: Response) -> Any:
        version = champion(desk)
        etag = f"{version.name}-{version.artifact_digest[:16]}"
        response.headers.update({"ETag": f'"{etag}"', "Cache-Control": "no-cache"})
        return desk.not_modified(request, etag) or desk.view(version, f"/v1/ml/models/{version.name}")

    @router.post(
        "/v1/ml/feedback",
        summary="Store one correction by a person as a batch of its own",
        status_code=201,
        responses={"201": {"content": {"application/json": {"schema": _ACCEPTED_SCHEMA}}}},
        openapi_extra={
            "requestBody": {"required": True, "content": {"application/json": {"schema": _FEEDBACK_SCHEMA}}},
        },
    )
    @contributors
    async def post_feedback(request: Request) -> JSONResponse:
        batch, receipt = correction(await desk.json_body(request), week_of(desk.services.clock.now()))
        stored = await desk.store(batch)
        content = {"batch_id": batch.batch_id, "samples": 1, "status": str(stored), "receipt": receipt}
        return JSONResponse(content, 201)

    return router


def champion(desk: Any) -> Version:
    """The version in service. Raises NotFound."""
    version: Version | None = desk.services.registry.production(LEARNER)
    if version is None:
        raise NotFound("no model is in service yet; a first one comes with the first turn of the loop")
    return version


def correction(document: Mapping[str, Any], week: str) -> tuple[Batch, str | None]:
    """One correction as a checked batch of one row, and its receipt unless the sender keeps its own.

    Raises:
        WireError: names the field that is unknown, missing or does not fit.
    """
    for name in document:
        if name not in _FEEDBACK:
            raise WireError(str(name), "is not a field of a correction; remove it")
    row = _row(document, week)
    columns = from_rows(SCHEMA, [row])
    receipt = None if document.get("receipt_hash") is not None else secrets.token_urlsafe(32)
    kept = receipt_hash(receipt) if receipt else document["receipt_hash"]
    if not is_digest(kept):
        raise WireError("receipt_hash", "must be the sha256 of the receipt, 64 hexadecimal digits in lower case")
    return Batch(str(uuid.uuid4()), LEARNER, SCHEMA.version, _group(document), kept, columns), receipt


def _row(document: Mapping[str, Any], week: str) -> Row:
    sample = document.get("sample")
    if not isinstance(sample, dict):
        raise WireError("sample", "must be an object: one row of the closed schema")
    types = SCHEMA.by_name["element_type"]
    for name in ("actual_type", "predicted_type"):
        value = document.get(name)
        reason = types.refusal(value) if value is not None or name == "actual_type" else None
        if reason is not None:
            raise WireError(name, reason)
    filled = {
        "sample_id": str(uuid.uuid4()),
        "element_type": document["actual_type"],
        "confidence": 1.0,
        "label_source": "correction",
        "timestamp": week,
    }
    row = {**sample, **filled}
    SCHEMA.check_row(row)
    return row


def _group(document: Mapping[str, Any]) -> int:
    """The split group that was sent; a random one for a sender that does not know the application."""
    group = document.get("group")
    if group is None:
        return secrets.randbelow(GROUPS)
    if not isinstance(group, int) or isinstance(group, bool) or not 0 <= group < GROUPS:
        raise WireError("group", f"must be a whole number from 0 to {GROUPS - 1}")
    return group
