"""All that a few bytes may say: as they are, and out of every compression that samouk writes."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress

import zstandard

_FRAME = b"\x28\xb5\x2f\xfd"
"""How every zstd frame begins."""

_ARCHIVE = b"PK\x03\x04"
_GZIP = b"\x1f\x8b\x08"


def readings(data: bytes) -> Iterator[bytes]:
    """The bytes, then what every zstd frame, zip archive or gzip file in them holds."""
    yield data
    yield from _frames(data)
    if data.startswith(_ARCHIVE):
        yield from _members(data)
    if data.startswith(_GZIP):
        with suppress(zlib.error):
            yield zlib.decompressobj(wbits=31).decompress(data)


def _frames(data: bytes) -> Iterator[bytes]:
    at = data.find(_FRAME)
    while at >= 0:
        end = at + 1
        # Four bytes may only look like the beginning of a frame.
        with suppress(zstandard.ZstdError):
            unpacker = zstandard.ZstdDecompressor().decompressobj()
            text = unpacker.decompress(memoryview(data)[at:])
            if unpacker.eof:
                end = len(data) - len(unpacker.unused_data)
            yield text
        at = data.find(_FRAME, end)


def _members(data: bytes) -> Iterator[bytes]:
    with (
        suppress(zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError),
        zipfile.ZipFile(io.BytesIO(data)) as archive,
    ):
        for member in archive.infolist():
            if member.compress_type != zipfile.ZIP_STORED:
                yield archive.read(member)
