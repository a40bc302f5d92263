"""HTTP as it comes in, with a bound on what precedes a body: uvicorn reads headers without end, and waits for them."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from samouk.server.problems import Problem

MAX_URL = 8_000
MAX_HEADERS = 100
MAX_HEADER_BYTES = 32_000
"""Names and values of all headers together; a person's token may take a quarter of it."""

HEAD_S = 20.0
"""Seconds in which a request's line and headers must be there, from the connection or the request before."""


class BoundedProtocol(HttpToolsProtocol):
    """Closes connections that send too much, or too slowly, before any body."""

    head_s = HEAD_S

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._seen = 0
        self._refused = False
        self._waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._refused:
            super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._seen = 0
        if self._waiting is None:
            self._await_head()

    def on_url(self, url: bytes) -> None:
        if self._refused:
            return
        super().on_url(url)
        if len(self.url) > MAX_URL:
            self._refuse(414, f"an address has at most {MAX_URL:,} bytes")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._refused:
            return
        self._seen += len(name) + len(value)
        if self._seen > MAX_HEADER_BYTES or len(self.headers) >= MAX_HEADERS:
            self._refuse(431, f"a request has at most {MAX_HEADERS} headers of {MAX_HEADER_BYTES:,} bytes together")
            return
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._head_came()
        if not self._refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._refused:
            super().on_message_complete()

    def _await_head(self) -> None:
        self._waiting = self.loop.call_later(self.head_s, self._too_slow)

    def _head_came(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _too_slow(self) -> None:
        """Nothing but silence for who sends its headers byte by byte."""
        self._waiting = None
        if not self.transport.is_closing():
            self.transport.close()

    def _refuse(self, status: int, detail: str) -> None:
        self._refused = True
        answer = Problem(status, detail).response()
        head = [b"HTTP/1.1 %d Refused\r\nconnection: close\r\n" % status]
        head += [b"%s: %s\r\n" % (name, value) for name, value in answer.raw_headers]
        self.transport.write(b"".join([*head, b"\r\n", bytes(answer.body)]))
        self.transport.close()
