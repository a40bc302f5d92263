"""Who asks: the holder of an API key, or a person with a token of the identity provider. A secret is not kept."""

from __future__ import annotations

import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from samouk.loop.ports import Keys, Role, covers
from samouk.server.access import CALLER, Access, Caller
from samouk.server.limits import Limits
from samouk.server.problems import Problem

MAX_SECRET = 200
"""Characters of a key, at most: nobody has us hash a megabyte."""

MAX_TOKEN = 8_192
"""Characters of a person's token, at most."""

REMEMBERED_S = 1.0
"""How long a good key is not asked for again; a revoked one is refused after so long at the latest."""

TRUSTED_S = 3_600.0
"""How long who had a good key may still show it while others try wrong ones from the same address."""

MOST_TRUSTED = 10_000


class People(Protocol):
    """Who knows persons by tokens.

    Attributes:
        failures: how often its keys could not be had so far.
    """

    failures: int

    def verify(self, token: str) -> Caller | None:
        """Whose token it is; None for one that is not good. May block. Raises Problem."""


class Door:
    """Lets requests in whose route is open to whoever asks, and says who that is.

    Args:
        people: reads the tokens of persons; None when only API keys open anything.
    """

    def __init__(self, keys: Keys, limits: Limits | None = None, people: People | None = None) -> None:
        self._keys = keys
        self._people = people
        self._limits = limits or Limits()
        self._good: dict[str, tuple[float, Caller]] = {}
        self._trusted: dict[bytes, float] = {}

    async def admit(self, request: Request, access: Access) -> None:
        """Let the request in, or raise: 401 without a good key, 403 for what it may not, 429 for too many."""
        _require_names(request.scope)
        if access.role is None and not (access.insight and "authorization" in request.headers):
            if not access.unbounded:
                self._limits.anonymous(request.scope)
            return
        caller = await self._known(request, access.header)
        if request.scope.get("client"):  # what a sibling passes on, it has counted
            self._limits.key(caller.key_id)
        if access.role is not None:
            access.require(caller, request.scope.get("path_params", {}))
        request.scope[CALLER] = caller

    async def recognised(self, request: Request) -> Caller | None:
        """Who asks, on a route that is open to everybody; None without a key. Raises a 401 for one that is none."""
        return await self._known(request) if "authorization" in request.headers else None

    async def _known(self, request: Request, header: str | None = None) -> Caller:
        secret = _secret(request, header)
        if not secret:
            self._limits.anonymous(request.scope)
            raise _refusal("an API key is needed: send Authorization: Bearer <key>; `samouk keys create` makes one")
        now = time.monotonic()
        until, known = self._good.get(secret, (0.0, None))
        if known is not None and until > now:
            return known
        mark = sha256(secret.encode()).digest()
        if self._trusted.get(mark, 0.0) < now:
            self._limits.trying(request.scope)
        try:
            found = await self._verified(secret)
        except Problem:
            self._limits.failed(request.scope)
            raise
        if found is None:
            self._trusted.pop(mark, None)
            self._limits.failed(request.scope)
            raise _refusal("this API key is unknown, revoked or expired; ask who runs the server for another")
        self._remember(secret, mark, found, now)
        return found

    async def _verified(self, secret: str) -> Caller | None:
        if secret.count(".") == 2:
            if self._people is None or len(secret) > MAX_TOKEN:
                return None
            return await run_in_threadpool(self._people.verify, secret)
        if len(secret) > MAX_SECRET:
            return None
        key = await run_in_threadpool(self._keys.verify, secret)
        return Caller(key.key_id, key.label, key.role, key.learners) if key else None

    def _remember(self, secret: str, mark: bytes, caller: Caller, now: float) -> None:
        self._good = {key: kept for key, kept in self._good.items() if kept[0] > now}
        self._good[secret] = (now + REMEMBERED_S, caller)
        if len(self._trusted) >= MOST_TRUSTED:
            self._trusted.clear()
        self._trusted[mark] = now + TRUSTED_S


def caller_of(scope: Mapping[str, Any]) -> Caller:
    """Who asks, behind the door."""
    found: Caller = scope[CALLER]
    return found


def operates(scope: Mapping[str, Any], about: str) -> bool:
    """Whether an operator of that learner asks, behind the door."""
    caller: Caller | None = scope.get(CALLER)
    if caller is None or not caller.role.covers(Role.OPERATOR):
        return False
    return not caller.learners or covers(caller.learners, about)


def _require_names(scope: Mapping[str, Any]) -> None:
    """Refuse an address with the character NUL: no name has one, and PostgreSQL cannot even look for it."""
    if "\0" in scope["path"] or b"%00" in scope.get("query_string", b""):
        raise Problem(400, "the address holds the character NUL (%00); remove it")


def _secret(request: Request, header: str | None) -> str:
    told = request.headers.get("authorization", "")
    if not told and header is not None:
        return request.headers.get(header, "")
    scheme, _, secret = told.partition(" ")
    return secret if scheme.lower() == "bearer" else ""


def _refusal(detail: str) -> Problem:
    return Problem(401, detail, field="Authorization", headers={"WWW-Authenticate": "Bearer"})
