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
        self._always = (*ALWAYS, HSTS) if tls else ALWAYS

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
        said = {name for name, _ in headers}
        headers += [one for one in self._always if one[0] not in said]
        if any(name == b"content-type" and value.startswith(b"text/html") for name, value in headers):
            headers += [one for one in ON_PAGES if one[0] not in said]
        if secure and HSTS[0] not in said and HSTS not in self._always:
            headers.append(HSTS)
        if message["status"] != NOT_MODIFIED:
            headers += [one for one in UNLESS_SAID if one[0] not in said]
        return headers
