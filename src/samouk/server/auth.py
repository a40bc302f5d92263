"""Who may upload: the holder of an API key. A key opens the door and is forgotten behind it."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from samouk.loop.ports import Keys
from samouk.server.problems import Problem

MAX_SECRET = 200
"""Characters of a secret, at most: nobody has us hash a megabyte."""


class Door:
    """Lets requests with a good key through. Asks the store every time, so that a revoked key is refused at once."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def require(self, request: Request) -> None:
        """Raise a 401 unless the request carries ``Authorization: Bearer <key>`` with a key that is in force."""
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise _refusal("an API key is needed: send Authorization: Bearer <key>; `samouk keys create` makes one")
        if len(secret) > MAX_SECRET or await run_in_threadpool(self._keys.verify, secret) is None:
            raise _refusal("this API key is unknown or was revoked; ask who runs the server for another")


def _refusal(detail: str) -> Problem:
    return Problem(401, detail, field="Authorization", headers={"WWW-Authenticate": "Bearer"})
