"""Looks for bytes in every file of a home, through compression too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import zstandard

from samouk.loop.records import Batch

_FRAME = b"\x28\xb5\x2f\xfd"
"""How every zstd frame begins."""


def found(home: Path, batch: Batch) -> list[str]:
    """Files of the home that hold the first sample's identifier, raw or in hexadecimal digits."""
    identifier = batch.columns["identifier"][0].tobytes()
    wanted = (identifier, identifier.hex().encode())
    return [
        path.name
        for path in sorted(home.rglob("*"))
        if path.is_file() and any(needle in text for text in texts(path.read_bytes()) for needle in wanted)
    ]


def texts(data: bytes) -> Iterator[bytes]:
    """The bytes as they are, and every zstd frame in them unpacked."""
    yield data
    at = data.find(_FRAME)
    while at >= 0:
        # Four bytes may only look like the beginning of a frame.
        with suppress(zstandard.ZstdError):
            yield zstandard.ZstdDecompressor().decompressobj().decompress(data[at:])
        at = data.find(_FRAME, at + 1)
