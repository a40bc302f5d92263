"""/v1/keys: who gets in, for whoever decides that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field

from fastapi import APIRouter
from starlette.requests import Request

from samouk.edge.wire import WireError
from samouk.loop.ports import ApiKey, Role
from samouk.loop.records import Act
from samouk.server.desk import Desk
from samouk.server.problems import Problem
from samouk.server.views import STRICT, Moment

MAX_LABEL = 80
MAX_LEARNERS = 100
MAX_KEYS = 10_000
MAX_OVERLAP_HOURS = 24 * 90


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key without its secret.

    Attributes:
        learners: that it is for, as names or ``domain.*``; none means all.
        last_used: a day, never an hour.
    """

    key_id: str
    label: str
    role: Role
    learners: list[str]
    created: dt.date
    expires: Moment | None
    last_used: dt.date | None
    revoked: bool


@dataclass(frozen=True, slots=True)
class KeysView:
    """All keys, oldest first."""

    keys: list[KeyView]


@dataclass(frozen=True, slots=True)
class NewKeyView:
    """A key that was just made, with its secret, which is never shown again."""

    key: KeyView
    secret: str


@dataclass(frozen=True, slots=True)
class NewKey:
    """Whom it is for, what it may do, about which learners, and until when; the last two may be left out."""

    __pydantic_config__ = STRICT

    label: str
    role: Role = Role.CONTRIBUTOR
    learners: list[str] = field(default_factory=list)
    expires_days: int | None = None


@dataclass(frozen=True, slots=True)
class Overlap:
    """Hours for which the old key goes on, so that whoever holds it can change to the new one."""

    __pydantic_config__ = STRICT

    overlap_hours: int = 24


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["keys"])
    kept = desk.services.keys

    @router.get("/v1/keys", summary="Every API key, never a secret")
    @desk.allow(Role.ADMIN)
    def list_keys() -> KeysView:
        return KeysView([_view(key) for key in kept.keys()])  # noqa: SIM118 - a port, no mapping

    @router.post("/v1/keys", status_code=201, summary="Make an API key; its secret is shown this once")
    @desk.allow(Role.ADMIN)
    def create_key(wanted: NewKey, request: Request) -> NewKeyView:
        _require_fit(desk, wanted)
        if len(kept.keys()) >= MAX_KEYS:
            raise Problem(409, f"there are {MAX_KEYS:,} keys already")
        days = wanted.expires_days
        expires = None if days is None else desk.services.clock.now() + dt.timedelta(days=days)
        key, secret = kept.create(wanted.label.strip(), wanted.role, wanted.learners, expires)
        _note(desk, request, "create key", key)
        return NewKeyView(_view(key), secret)

    @router.post("/v1/keys/{key_id}/rotate", status_code=201, summary="A successor; the old key ends after the overlap")
    @desk.allow(Role.ADMIN)
    def rotate_key(key_id: str, wanted: Overlap, request: Request) -> NewKeyView:
        if not 0 <= wanted.overlap_hours <= MAX_OVERLAP_HOURS:
            raise WireError("overlap_hours", f"must be 0 to {MAX_OVERLAP_HOURS}")
        key, secret = kept.rotate(key_id, dt.timedelta(hours=wanted.overlap_hours))
        _note(desk, request, "rotate key", key, f" in place of {key_id:.16}")
        return NewKeyView(_view(key), secret)

    @router.delete("/v1/keys/{key_id}", status_code=204, summary="Revoke a key at once")
    @desk.allow(Role.ADMIN)
    def revoke_key(key_id: str, request: Request) -> None:
        kept.revoke(key_id)
        who = desk.caller(request).label
        act = Act(who, "revoke key", key_id, "asked over HTTP", desk.services.clock.now())
        desk.services.audit.append(act)

    return router


def _require_fit(desk: Desk, wanted: NewKey) -> None:
    label = wanted.label.strip()
    if not 1 <= len(label) <= MAX_LABEL or not label.isprintable():
        raise WireError("label", f"must have 1 to {MAX_LABEL} characters, and no control characters")
    if len(wanted.learners) > MAX_LEARNERS:
        raise WireError("learners", f"must be at most {MAX_LEARNERS}; leave them out for all")
    for name in wanted.learners:
        if not known_learner(name, desk.learners):
            raise WireError("learners", f"no learner is called {name:.64}; /v1/learners lists those that exist")
    if wanted.expires_days is not None and not 1 <= wanted.expires_days <= 3_660:
        raise WireError("expires_days", "must be 1 to 3660, or left out for a key that never ends")


def known_learner(name: str, learners: Collection[str]) -> bool:
    """Whether it is one of the learners, or ``domain.*`` of one."""
    domain = name.removesuffix("*")
    return name in learners or (name.endswith(".*") and any(one.startswith(domain) for one in learners))


def _note(desk: Desk, request: Request, action: str, key: ApiKey, more: str = "") -> None:
    told = f"for {key.label}, {key.role}{more}"
    act = Act(desk.caller(request).label, action, key.key_id, told, desk.services.clock.now())
    desk.services.audit.append(act)


def _view(key: ApiKey) -> KeyView:
    return KeyView(
        key.key_id,
        key.label,
        key.role,
        list(key.learners),
        key.created,
        key.expires,
        key.last_used,
        key.revoked,
    )
