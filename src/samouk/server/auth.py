"""Who may do what: the holder of an API key, within its scope. A key opens the door and is forgotten behind it."""

from __future__ import annotations

import time

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from samouk.loop.ports import ApiKey, Keys, Scope
from samouk.server.problems import Problem

MAX_SECRET = 200
"""Characters of a secret, at most: nobody has us hash a megabyte."""


REMEMBERED_S = 1.0
"""How long a good key is not asked for again; a revoked one is refused after so long at the latest."""


_NO_OPERATOR = (
    "this API key is for applications: it may upload, predict and tell what became of it; "
    "`samouk keys create --label NAME --may operate` makes one that may do this"
)


class Door:
    """Lets requests with a good key through, and remembers for a moment which were good."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._good: dict[str, tuple[float, ApiKey]] = {}

    async def require(self, request: Request, scope: Scope = Scope.UPLOAD) -> ApiKey:
        """The key of a request with ``Authorization: Bearer <key>``.

        Raises a 401 unless it is in force, and a 403 where it may not do what is asked.
        """
        key = await self._known(request)
        if scope is Scope.OPERATE and key.scope is not Scope.OPERATE:
            raise Problem(403, _NO_OPERATOR, field="Authorization")
        return key

    async def _known(self, request: Request) -> ApiKey:
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise _refusal("an API key is needed: send Authorization: Bearer <key>; `samouk keys create` makes one")
        now = time.monotonic()
        until, known = self._good.get(secret, (0.0, None))
        if known is not None and until > now:
            return known
        found = await run_in_threadpool(self._keys.verify, secret) if len(secret) <= MAX_SECRET else None
        if found is None:
            raise _refusal("this API key is unknown or was revoked; ask who runs the server for another")
        self._good = {key: kept for key, kept in self._good.items() if kept[0] > now}
        self._good[secret] = (now + REMEMBERED_S, found)
        return found


def _refusal(detail: str) -> Problem:
    return Problem(401, detail, field="Authorization", headers={"WWW-Authenticate": "Bearer"})
