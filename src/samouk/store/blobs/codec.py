"""How batches become bytes: columns as safetensors, compressed by zstd; the batches of one commit in one pack."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from threading import local
from typing import Any

import numpy as np
import zstandard

from samouk.loop.columns import DTYPES, Column, Columns
from samouk.store.dtypes import refuse_unknown

LEVEL = 1
"""zstd level. Level 3 saves 7 % of the bytes and costs 40 % more time (1,000 rows of 40 columns)."""

SALT_BYTES = 16
_LENGTH_BYTES = 8
_IDENTIFIER = DTYPES["identifier"]
# Names that safetensors gives to our dtypes; an identifier is a row of 16 bytes.
_CODES: dict[np.dtype[Any], str] = {
    np.dtype(np.int32): "I32",
    np.dtype(np.float32): "F32",
    np.dtype(np.int16): "I16",
    np.dtype(np.int8): "I8",
    _IDENTIFIER: "U8",
}
_DTYPES = {code: dtype for dtype, code in _CODES.items()}
# Wide elements first, so that every column starts at a multiple of its width.
_ORDER = {dtype: place for place, dtype in enumerate(_CODES)}


class _Contexts(local):
    """zstd's working memory, one a thread: making it anew costs as much as compressing a batch."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=LEVEL)
        self.decompressor = zstandard.ZstdDecompressor()


_contexts = _Contexts()


@dataclass(frozen=True, slots=True)
class Pack:
    """Frames of several batches, one behind the other, in one blob.

    Attributes:
        data: a random salt, then the frames. The salt makes every pack a blob of its own, so that
            deleting one never takes bytes that another batch needs.
        places: (offset, length) of each frame.
    """

    data: bytes
    places: tuple[tuple[int, int], ...]


def pack(frames: Iterable[bytes]) -> Pack:
    """Put the frames into one pack, in order."""
    parts = [secrets.token_bytes(SALT_BYTES)]
    places: list[tuple[int, int]] = []
    end = SALT_BYTES
    for frame in frames:
        parts.append(frame)
        places.append((end, len(frame)))
        end += len(frame)
    return Pack(b"".join(parts), tuple(places))


def encode(columns: Columns) -> bytes:
    """One batch as a frame. The safetensors library writes the same at five times the cost.

    Raises:
        ValueError: a column is not one-dimensional or its dtype is none of ``columns.DTYPES``.
    """
    refuse_unknown(columns)
    ordered = sorted(columns.items(), key=lambda item: _ORDER[item[1].dtype])
    header = _header(tuple((name, column.dtype, len(column)) for name, column in ordered))
    return _contexts.compressor.compress(b"".join([header, *(column.tobytes() for _, column in ordered)]))


def decode(frame: bytes | memoryview) -> dict[str, Column]:
    """The columns of a frame: read-only views of one buffer, in no fixed order."""
    body = _contexts.decompressor.decompress(frame)
    start = _LENGTH_BYTES + int.from_bytes(body[:_LENGTH_BYTES], "little")
    return {
        name: np.frombuffer(body, dtype, rows, start + offset)
        for name, dtype, rows, offset in _layout(body[_LENGTH_BYTES:start])
    }


@lru_cache(maxsize=256)  # batches of one schema and one length have equal headers
def _header(columns: tuple[tuple[str, np.dtype[Any], int], ...]) -> bytes:
    """The head of a safetensors file for columns of (name, dtype, rows)."""
    tensors: dict[str, dict[str, Any]] = {}
    end = 0
    for name, dtype, rows in columns:
        begin, end = end, end + rows * dtype.itemsize
        shape = [rows, dtype.itemsize] if dtype == _IDENTIFIER else [rows]
        tensors[name] = {"dtype": _CODES[dtype], "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(tensors, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _LENGTH_BYTES)
    return len(text).to_bytes(_LENGTH_BYTES, "little") + text


@lru_cache(maxsize=256)
def _layout(header: bytes) -> tuple[tuple[str, np.dtype[Any], int, int], ...]:
    """(name, dtype, rows, offset) of each column in a safetensors header."""
    tensors: dict[str, dict[str, Any]] = json.loads(header)
    return tuple(
        (name, _DTYPES[tensor["dtype"]], tensor["shape"][0], tensor["data_offsets"][0])
        for name, tensor in tensors.items()
    )
