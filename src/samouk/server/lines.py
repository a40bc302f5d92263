"""Answers that are a JSON object a line, made while they are sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from starlette.concurrency import iterate_in_threadpool
from starlette.responses import StreamingResponse

MEDIA_TYPE = "application/x-ndjson"
LINES: dict[int | str, dict[str, Any]] = {200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}}


def lines(found: Iterator[Mapping[str, Any]]) -> StreamingResponse:
    """The answer; what fails before the first line is still a refusal with a status of its own."""
    first = next(found, None)
    pieces = (encoded(line) for line in chain([] if first is None else [first], found))
    return StreamingResponse(
        iterate_in_threadpool(pieces), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"}
    )


def encoded(line: Mapping[str, Any]) -> bytes:
    """One line."""
    return json.dumps(line, separators=(",", ":"), ensure_ascii=False, default=str).encode() + b"\n"
