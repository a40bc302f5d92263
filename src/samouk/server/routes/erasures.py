"""/v1/erasures: many batches by their receipts, or a subject in every learner, with a proof; and the proof's check."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from samouk.edge.wire import WireError
from samouk.loop.erasure import BadProof, Proof, erase_receipts, erase_subject, proof_of, verify
from samouk.loop.learner import Learner
from samouk.loop.ports import LeaseLost, Role
from samouk.server.desk import Desk
from samouk.server.problems import Problem

MAX_BODY = 8_000_000
"""Bytes of a request: some 50,000 receipts, or the proof of an erasure of as many."""

_MEMBERS = {"receipts", "subject", "learners"}


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["samples"])

    @router.post("/v1/erasures", summary="Erase batches by receipts, or a subject, and prove it by searching the store")
    @desk.allow(Role.OPERATOR, "")
    async def erase(request: Request) -> JSONResponse:
        document = await desk.json_body(request, MAX_BODY)
        return JSONResponse(await run_in_threadpool(_erase, desk, document, desk.caller(request).label))

    @router.post("/v1/erasures/verify", summary="Search again for what a proof says is gone")
    @desk.allow(Role.OPERATOR, "")
    async def check(request: Request) -> JSONResponse:
        document = await desk.json_body(request, MAX_BODY)
        return JSONResponse(await run_in_threadpool(_verify, desk, document))

    return router


def _erase(desk: Desk, document: dict[str, Any], actor: str) -> dict[str, Any]:
    strange = sorted(set(document) - _MEMBERS)
    if strange or ("receipts" in document) == ("subject" in document):
        raise WireError(strange[0] if strange else "body", "send receipts, or a subject with learners if need be")
    try:
        if "receipts" in document:
            return erase_receipts(desk.house(()), _receipts(document["receipts"]), actor).plain()
        learners = _learners(desk, document.get("learners"))
        return erase_subject(desk.house(learners), learners, _text(document["subject"], "subject"), actor).plain()
    except LeaseLost as error:
        raise Problem(503, str(error), headers={"Retry-After": "5"}) from None


def _verify(desk: Desk, document: dict[str, Any]) -> dict[str, Any]:
    try:
        proof: Proof = proof_of(document, desk.services)
    except BadProof as error:
        raise WireError("body", str(error)) from None
    return verify(desk.services, proof).plain()


def _receipts(told: Any) -> list[tuple[str, str]]:
    if not isinstance(told, list) or not told:
        raise WireError("receipts", "must be a list of {batch_id, receipt}, at least one")
    found: list[tuple[str, str]] = []
    for place, one in enumerate(told):
        if not isinstance(one, dict) or set(one) != {"batch_id", "receipt"}:
            raise WireError(f"receipts[{place}]", "must be an object of batch_id and receipt")
        found.append(
            (_text(one["batch_id"], f"receipts[{place}].batch_id"), _text(one["receipt"], f"receipts[{place}].receipt"))
        )
    return found


def _learners(desk: Desk, told: Any) -> list[Learner]:
    """All that predict for units, unless some are named."""
    if told is None:
        return [learner for learner in desk.learners.values() if learner.outcomes]
    if not isinstance(told, list) or not told:
        raise WireError("learners", "must be a list of names of learners, or be left out for all")
    return [desk.learner(_text(name, "learners")) for name in told]


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 200:
        raise WireError(where, "must be a text of 1 to 200 characters")
    return value
