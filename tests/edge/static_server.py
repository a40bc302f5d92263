"""A static file server on loopback with ETags and ranges, whose answers a test can spoil."""

from __future__ import annotations

import hashlib
import http.server
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "/v1/tuf/"

Spoil = Callable[["Handler", bytes], bool]
"""Called with the handler and the honest body; answers itself and returns True, or returns False."""


class StaticServer(http.server.ThreadingHTTPServer):
    """Serves a publish folder below ``/v1/tuf/``; ``requests`` holds (path, range, status) of each answer."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.folder = folder
        self.requests: list[tuple[str, str, int]] = []
        self.spoil: Spoil | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no fault of the server."""


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers one request."""

    server: StaticServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.server.folder / self.path.removeprefix(PREFIX)
        there = self.path.startswith(PREFIX) and path.is_file()
        body = path.read_bytes() if there else b""
        if self.server.spoil is not None and self.server.spoil(self, body):
            self.close_connection = True
        elif there:
            self.honest(body)
        else:
            self.answer(404, b"")

    def honest(self, body: bytes) -> None:
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if self.headers.get("If-None-Match") == etag:
            self.answer(304, b"", ETag=etag)
        elif wanted and int(wanted[1]) >= len(body):
            self.answer(416, b"", Content_Range=f"bytes */{len(body)}")
        elif wanted:
            start = int(wanted[1])
            self.answer(206, body[start:], ETag=etag, Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.answer(200, body, ETag=etag)

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.start(status, len(body), **headers)
        self.wfile.write(body)

    def start(self, status: int, length: int, **headers: str) -> None:
        self.server.requests.append((self.path, self.headers.get("Range", ""), status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if status != 304:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def serving(folder: Path) -> Iterator[StaticServer]:
    """A running server over ``folder``."""
    server = StaticServer(folder)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def cut_off(match: str, at: int, times: int = 1) -> Spoil:
    """Drop the connection after ``at`` bytes of files whose path contains ``match``, so many times."""
    left = [times]

    def spoil(handler: Handler, body: bytes) -> bool:
        if match not in handler.path or left[0] == 0:
            return False
        left[0] -= 1
        wanted = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        start = int(wanted[1]) if wanted else 0
        headers = {"Content_Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if wanted else {}
        handler.start(206 if wanted else 200, len(body) - start, **headers)
        handler.wfile.write(body[start : start + at])
        return True

    return spoil


def endless(match: str) -> Spoil:
    """Send zeros without end in place of files whose path contains ``match``."""

    def spoil(handler: Handler, _: bytes) -> bool:
        if match not in handler.path:
            return False
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(bytes(65_536))

    return spoil


def dripping(match: str, pause_s: float) -> Spoil:
    """Send a byte now and then."""

    def spoil(handler: Handler, body: bytes) -> bool:
        if match not in handler.path:
            return False
        handler.start(200, len(body))
        for byte in body:
            handler.wfile.write(bytes([byte]))
            time.sleep(pause_s)
        return True

    return spoil


def failing(match: str, status: int) -> Spoil:
    """Answer with an error."""

    def spoil(handler: Handler, _: bytes) -> bool:
        if match not in handler.path:
            return False
        handler.answer(status, b"", Location="http://127.0.0.1:9/")
        return True

    return spoil


def replacing(match: str, change: Callable[[bytes], bytes]) -> Spoil:
    """Send other bytes."""

    def spoil(handler: Handler, body: bytes) -> bool:
        if match not in handler.path:
            return False
        handler.answer(200, change(body))
        return True

    return spoil
