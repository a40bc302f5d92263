"""POST /v1/learners/{name}/tallies: what a client of the edge that takes part in a trial counted."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from samouk.edge.wire import WireError
from samouk.loop.live import Heard
from samouk.loop.ports import Cache, NotFound, Role
from samouk.loop.tally import MAX_SHOWN, Tally, TrialOver, take
from samouk.server.desk import Desk
from samouk.server.problems import Problem

MAX_NAME = 64
DAY_S = 86_400.0
_SIDES: dict[str, Literal["challenger", "control"]] = {"challenger": "challenger", "control": "control"}
_KEYS = ("tally_id", "rollout", "version", "side", "shown", "good")


@dataclass(frozen=True, slots=True)
class TallyView:
    """What became of a tally: ``kept``, or ``duplicate`` when it was sent before."""

    tally_id: str
    status: Literal["kept", "duplicate"]


class Quota:
    """How many tallies of one rollout the holder of one API key may send in a day.

    Nothing tells honest clients from one that sends many, so that no key alone may decide a rollout. Counted in the
    cache that servers share: each learns what the others took with the first tally that it keeps itself, so that at
    most one more a process comes through. Without Redis each process counts alone, and begins anew with each start.
    """

    def __init__(self, limit: int, cache: Cache) -> None:
        self._limit = limit
        self._cache = cache
        self._day = dt.date.min
        self._sent: Counter[tuple[str, str]] = Counter()

    def require(self, key_id: str, rollout: str, today: dt.date) -> None:
        """Raises a 429 when nothing is left for today."""
        if today != self._day:
            self._day, self._sent = today, Counter()
        if self._sent[key_id, rollout] >= self._limit:
            detail = f"this API key has sent {self._limit:,} tallies of this rollout today; drop this one"
            raise Problem(429, detail, headers={"Retry-After": "86400"})

    def count(self, key_id: str, rollout: str) -> None:
        """One more was kept; blocks."""
        mine = self._sent[key_id, rollout] + 1
        together = self._cache.count(f"tallies:{self._day}:{key_id}:{rollout}", DAY_S)
        self._sent[key_id, rollout] = max(mine, together)


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["outcomes"])
    quota = Quota(desk.options.max_tallies, desk.services.cache)

    @router.post(
        "/v1/learners/{name}/tallies",
        summary="Count what a client on trial showed, and how much of it was good; sent twice, it counts once",
        openapi_extra=_OPERATION,
    )
    @desk.allow(Role.CONTRIBUTOR)
    async def post_tally(name: str, request: Request) -> TallyView:
        key = desk.caller(request)
        learner = desk.learner(name)
        if not learner.outcomes:
            raise NotFound(f"{learner.name} knows no outcomes: its versions are tried on nobody")
        tally = _tally(await desk.json_body(request, 4_000))
        quota.require(key.key_id, tally.rollout, desk.services.clock.now().date())
        try:
            heard = await run_in_threadpool(take, learner, desk.services, tally)
        except TrialOver as over:
            raise Problem(410, str(over), field="rollout") from None
        if heard is Heard.CONTRADICTION:
            raise Problem(409, "was sent before with other counts; the first ones stand", field="tally_id")
        if heard is Heard.DUPLICATE:
            return TallyView(tally.tally_id, "duplicate")
        await run_in_threadpool(quota.count, key.key_id, tally.rollout)
        return TallyView(tally.tally_id, "kept")

    return router


def _tally(document: dict[str, Any]) -> Tally:
    """A checked tally; what depends on the rollout is checked where that is known."""
    for name in sorted(document.keys() - set(_KEYS)):
        raise WireError(name, f"is not a field of a tally; send {', '.join(_KEYS)}")
    for name in _KEYS:
        if name not in document:
            raise WireError(name, "is missing")
    for name in ("rollout", "version"):
        if not isinstance(document[name], str) or not 1 <= len(document[name]) <= MAX_NAME:
            raise WireError(name, f"must be a text of 1 to {MAX_NAME} characters")
    for name in ("shown", "good"):
        if isinstance(document[name], bool) or not isinstance(document[name], int):
            raise WireError(name, f"must be a whole number, not {document[name]!r:.40}")
    side = _SIDES.get(document["side"]) if isinstance(document["side"], str) else None
    if side is None:
        raise WireError("side", f"must be challenger or control, not {document['side']!r:.40}")
    return Tally(**{**document, "tally_id": _random_id(document["tally_id"]), "side": side})


def _random_id(value: Any) -> str:
    try:
        found = uuid.UUID(value)
    except (ValueError, TypeError, AttributeError):
        found = None
    if found is None or str(found) != value or found.version != 4:
        raise WireError("tally_id", "must be a random UUID (version 4) in its usual form, a fresh one each time")
    return str(value)


_WORD = {"type": "string", "minLength": 1, "maxLength": MAX_NAME}
_OPERATION: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "title": "Tally",
                    "additionalProperties": False,
                    "required": list(_KEYS),
                    "properties": {
                        "tally_id": {"type": "string", "format": "uuid", "description": "random, fresh each time"},
                        "rollout": {**_WORD, "description": "as the signed metadata name it"},
                        "version": {**_WORD, "description": "what was in use"},
                        "side": {"enum": list(_SIDES)},
                        "shown": {"type": "integer", "minimum": 1, "maximum": MAX_SHOWN},
                        "good": {"type": "integer", "minimum": 0, "description": "shown, and corrected by nobody"},
                    },
                }
            }
        },
    },
    "responses": {
        "410": {"description": "the rollout is paused or over: drop the count"},
        "409": {"description": "the same id came before with other counts"},
        "429": {"description": "this key has sent enough for today"},
    },
}
