"""What every answer tells browsers: run nothing, frame nothing, guess nothing, keep nothing that is private."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)

ON_PAGES: tuple[tuple[bytes, bytes], ...] = (
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"x-frame-options", b"DENY"),
)
"""They mean something on pages alone, and every byte of the other answers is paid by every client that updates."""

UNLESS_SAID: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
"""The page says what it runs itself, and what may be kept says for how long."""

HSTS = (b"strict-transport-security", b"max-age=31536000")

NOT_MODIFIED = 304
"""Such an answer changes the headers of what was kept: it says nothing about keeping that its route did not say."""


class Shielded:
    """An application whose every answer carries these headers.

    Args:
        tls: whether clients reach it by https alone, though this process may not see that.
    """

    def __init__(self, app: ASGIApp, *, tls: bool = False) -> None:
        self._app = app
        self._tls = tls
        self._usual = self._of(secure=False, page=False, unchanged=False)
        self._names = frozenset(name for name, _ in self._usual)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        secure = scope.get("scheme") == "https"

        async def shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._with(message, secure)
            await send(message)

        await self._app(scope, receive, shielded)

    def _with(self, message: Message, secure: bool) -> list[tuple[bytes, bytes]]:
        headers = list(message.get("headers", ()))
        said = dict(headers)
        page = said.get(b"content-type", b"").startswith(b"text/html")
        unchanged = message["status"] == NOT_MODIFIED
        if not (secure or page or unchanged) and self._names.isdisjoint(said):
            return headers + self._usual
        return headers + [one for one in self._of(secure=secure, page=page, unchanged=unchanged) if one[0] not in said]

    def _of(self, *, secure: bool, page: bool, unchanged: bool) -> list[tuple[bytes, bytes]]:
        """What is added to an answer that says none of it itself."""
        https = (HSTS,) if secure or self._tls else ()
        return [*ALWAYS, *https, *(ON_PAGES if page else ()), *(() if unchanged else UNLESS_SAID)]
