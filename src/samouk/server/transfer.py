"""Bytes over HTTP so that a download can be resumed and need not be repeated: ETag, 304, single ranges."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse

from samouk.server.problems import Problem

PIECE = 256 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Content:
    """What can be sent, whole or in part.

    Attributes:
        size: in bytes.
        etag: opaque, without quotes; another for other bytes.
        pieces: (first byte, length) → the bytes in order.
        cache: value of Cache-Control.
    """

    size: int
    etag: str
    pieces: Callable[[int, int], Iterator[bytes]]
    media_type: str
    cache: str = "no-cache"


IMMUTABLE = "public, max-age=31536000, immutable"
PRIVATE = "private, max-age=31536000, immutable"
"""For bytes that not everybody may have: caches on the way do not keep them."""


def of_bytes(data: bytes, etag: str, media_type: str, cache: str = "no-cache") -> Content:
    """Bytes in memory."""
    view = memoryview(data)
    return Content(
        len(data), etag, lambda first, length: iter((bytes(view[first : first + length]),)), media_type, cache
    )


def of_file(path: Path, etag: str, media_type: str, cache: str) -> Content:
    """A file that never changes under its name."""
    return Content(path.stat().st_size, etag, lambda first, length: _read(path, first, length), media_type, cache)


def _read(path: Path, first: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(first)
        while length > 0 and (piece := file.read(min(PIECE, length))):
            length -= len(piece)
            yield piece


def respond(headers: Headers, content: Content) -> Response:
    """200, 206, 304 or 416, as the request's headers ask."""
    tags = {"ETag": f'"{content.etag}"', "Cache-Control": content.cache}
    if unchanged(headers, content.etag):
        return Response(None, 304, tags)
    part = wanted_range(headers, content)
    if part is None:
        return _send(content, 0, content.size, 200, {**tags, "Accept-Ranges": "bytes"})
    first, last = part
    return _send(
        content, first, last - first + 1, 206, {**tags, "Content-Range": f"bytes {first}-{last}/{content.size}"}
    )


def _send(content: Content, first: int, length: int, status: int, headers: dict[str, str]) -> Response:
    pieces = content.pieces(first, length)
    if length <= PIECE:
        return Response(b"".join(pieces), status, headers, content.media_type)
    return StreamingResponse(pieces, status, {**headers, "Content-Length": str(length)}, content.media_type)


def unchanged(headers: Headers, etag: str) -> bool:
    """Whether If-None-Match names the tag (weak or strong) or is ``*``."""
    tags = [tag.strip().removeprefix("W/") for tag in headers.get("if-none-match", "").split(",")]
    return f'"{etag}"' in tags or "*" in tags


def wanted_range(headers: Headers, content: Content) -> tuple[int, int] | None:
    """First and last byte of the one range that is asked for; None for the whole.

    What is malformed, or asks for several ranges, gets the whole, as RFC 9110 allows.

    Raises:
        Problem: 416, the range lies outside.
    """
    matched = _RANGE.fullmatch(headers.get("range", "").strip())
    if matched is None or headers.get("if-range", f'"{content.etag}"') != f'"{content.etag}"':
        return None
    start, end = matched.groups()
    if not start and not end:
        return None
    first = int(start) if start else max(0, content.size - int(end))
    last = min(int(end), content.size - 1) if start and end else content.size - 1
    if start and end and int(end) < int(start):
        return None
    if first > last or (not start and int(end) == 0):
        raise Problem(
            416,
            f"the content has {content.size} bytes",
            field="Range",
            headers={"Content-Range": f"bytes */{content.size}"},
        )
    return first, last
