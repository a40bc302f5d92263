"""Who may upload: the holder of an API key. A key opens the door and is forgotten behind it."""

from __future__ import annotations

import time

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from samouk.loop.ports import Keys
from samouk.server.problems import Problem

MAX_SECRET = 200
"""Characters of a secret, at most: nobody has us hash a megabyte."""


REMEMBERED_S = 1.0
"""How long a good key is not asked for again; a revoked one is refused after so long at the latest."""


class Door:
    """Lets requests with a good key through, and remembers for a moment which were good."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._good: dict[str, float] = {}

    async def require(self, request: Request) -> None:
        """Raise a 401 unless the request carries ``Authorization: Bearer <key>`` with a key that is in force."""
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise _refusal("an API key is needed: send Authorization: Bearer <key>; `samouk keys create` makes one")
        now = time.monotonic()
        if self._good.get(secret, 0.0) > now:
            return
        if len(secret) > MAX_SECRET or await run_in_threadpool(self._keys.verify, secret) is None:
            raise _refusal("this API key is unknown or was revoked; ask who runs the server for another")
        self._good = {key: until for key, until in self._good.items() if until > now} | {secret: now + REMEMBERED_S}


def _refusal(detail: str) -> Problem:
    return Problem(401, detail, field="Authorization", headers={"WWW-Authenticate": "Bearer"})
