"""From the bytes of a request to plain values, with a bound on everything that a sender can choose."""

from __future__ import annotations

import asyncio
import re
import zlib
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from starlette.requests import ClientDisconnect, Request

from samouk.server.problems import Problem

READ_S = 60.0
"""Seconds in which a body must arrive, so that slow senders do not keep others out."""

GZIP = 31
"""zlib's window bits for a gzip header and the largest window."""

PIECE = 1_000_000
"""Bytes that are looked at together, so that looking takes no memory to speak of."""

# The escape itself, not one of a backslash before the letters.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


@dataclass(frozen=True, slots=True)
class Most:
    """How much a document may hold, at most: a few bytes of JSON become a hundred times as much in memory.

    Attributes:
        containers: objects and arrays; brackets within texts count too.
        values: members of all of them; commas within texts count too.
    """

    containers: int
    values: int

    def require(self, data: bytes) -> None:
        """Raises a 400 for what would be more; nothing is decoded for that."""
        # One needs a byte, and the other two: of most bodies their length tells enough.
        if len(data) > self.containers and _counted(data, ord("{"), 32) > self.containers:
            raise _too_much(f"{self.containers:,} objects and arrays")
        if len(data) > 2 * self.values and _counted(data, ord(","), 0) > self.values:
            raise _too_much(f"{self.values:,} values")


def items_of(items: int, fields: int) -> tuple[int, Most]:
    """Bytes, and values, that so many objects of so many fields may come to: twice as many as fit, for long texts."""
    return items * (1_000 + 200 * fields), Most(8 * items, 2 * items * (fields + 8))


USUAL = Most(100_000, 500_000)
"""For the documents of operators and of domains, whose bytes are few by themselves."""


def _counted(data: bytes, sign: int, fold: int) -> int:
    """How often a sign is there; bits of ``fold`` make two signs one, as 32 does of both opening brackets."""
    seen = np.frombuffer(data, np.uint8)
    pieces = (seen[at : at + PIECE] for at in range(0, len(seen), PIECE))
    return sum(int(np.count_nonzero((piece | fold if fold else piece) == sign)) for piece in pieces)


def _too_much(most: str) -> Problem:
    return Problem(400, f"the body holds more than {most}, which is more than fits here", field="body")


async def read(request: Request, limit: int, seconds: float = READ_S, remedy: str = "send smaller batches") -> bytes:
    """The raw body, ``limit`` bytes at most; refused as soon as it is known to be longer or takes too long.

    Args:
        remedy: what to do about a body that is longer.
    """
    if int(request.headers.get("content-length") or 0) > limit:
        raise _too_large(limit, remedy)
    try:
        async with asyncio.timeout(seconds):
            return await _collect(request, limit, remedy)
    except TimeoutError:
        raise Problem(408, f"the body did not arrive within {seconds:g} seconds; send it again", field="body") from None


async def _collect(request: Request, limit: int, remedy: str) -> bytes:
    pieces: list[bytes] = []
    size, more = 0, True
    # Not request.stream(): a generator for each request, to get the one piece that most bodies come in.
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(piece)
        if size > limit:
            raise _too_large(limit, remedy)
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _too_large(limit: int, remedy: str) -> Problem:
    return Problem(413, f"a body has at most {limit:,} bytes; {remedy}", field="body")


def require_json(request: Request) -> None:
    """Refuse a body that says it is something else than JSON; one that says nothing is read as JSON."""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "send application/json", field="Content-Type", headers={"Accept": "application/json"})


async def json_of(request: Request, limit: int, inflated: int, most: Most) -> Any:
    """The plain values of a JSON body, plain or in gzip; ``limit`` and ``inflated`` are in bytes."""
    require_json(request)
    encoding = request.headers.get("content-encoding", "").strip().lower()
    return decode(inflate(await read(request, min(limit, inflated)), encoding, inflated), most)


def inflate(data: bytes, encoding: str, limit: int) -> bytes:
    """Undo the Content-Encoding, into ``limit`` bytes at most."""
    if encoding in ("", "identity"):
        return data
    if encoding != "gzip":
        raise Problem(415, "send gzip or identity", field="Content-Encoding", headers={"Accept-Encoding": "gzip"})
    return gunzip(data, limit)


def gunzip(data: bytes, limit: int) -> bytes:
    """One whole gzip member and nothing after it; never more than ``limit`` bytes are made of it."""
    inflater = zlib.decompressobj(GZIP)
    try:
        out = inflater.decompress(data, limit + 1)
    except zlib.error:
        raise Problem(400, "the body is not gzip, though Content-Encoding says so", field="body") from None
    if len(out) > limit:
        raise Problem(413, f"a body has at most {limit:,} bytes when unpacked; send smaller batches", field="body")
    if not inflater.eof:
        raise Problem(400, "the gzip body is cut off; send it whole", field="body")
    if inflater.unused_data:
        raise Problem(400, "something follows the gzip body; send one member only", field="body")
    return out


def decode(data: bytes, most: Most = USUAL) -> Any:
    """JSON as plain values; NaN, infinities, nesting without end and more than fits are refused."""
    most.require(data)
    require_text(data)
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(400, f"the body is not JSON: {error}", field="body") from None
    except RecursionError:
        raise Problem(400, "the body is nested too deeply", field="body") from None


def require_text(data: bytes) -> None:
    """Refuse JSON with the character NUL in a text: no name has one, and PostgreSQL stores none."""
    at = data.find(b"\\")
    if at >= 0 and _NUL.search(data, at):
        raise Problem(422, "a text in the body holds the character NUL (\\u0000); remove it", field="body")
