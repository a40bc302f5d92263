"""What a re-scan looks for: marks of erased things, by which their bytes are known again and not made again."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

TAIL = 8
"""Bytes of a needle that a mark keeps in clear, its last ones: enough to pass over a gigabyte in seconds."""

SHORTEST = 12
"""A needle is at least so long: shorter ones turn up by chance."""

_DIGEST = 16
_BITS = 20
_SPREAD = np.uint64(0x9E37_79B9_7F4A_7C15)


@dataclass(frozen=True)
class Marks:
    """Needles as (length, last bytes, salted digest).

    A proof can be published with them and checked again later, though it holds nothing of what was erased but eight
    bytes of random identifiers.
    """

    salt: bytes
    marks: Sequence[tuple[int, bytes, bytes]] = field(default_factory=tuple)

    @classmethod
    def of(cls, needles: Iterable[bytes], salt: bytes | None = None) -> Marks:
        """Marks of needles; those shorter than ``SHORTEST`` cannot be looked for. Raises ValueError."""
        salt = salt or secrets.token_bytes(_DIGEST)
        found = sorted(set(needles))
        if short := [one for one in found if len(one) < SHORTEST]:
            raise ValueError(f"a needle of {len(short[0])} bytes is found by chance; take {SHORTEST} or more")
        return cls(salt, tuple((len(one), one[-TAIL:], _digest(salt, one)) for one in found))

    def __len__(self) -> int:
        return len(self.marks)

    @property
    def longest(self) -> int:
        """Bytes of the longest needle."""
        return max((length for length, _, _ in self.marks), default=0)

    @cached_property
    def _by_tail(self) -> dict[bytes, list[tuple[int, bytes]]]:
        found: dict[bytes, list[tuple[int, bytes]]] = {}
        for length, tail, digest in self.marks:
            found.setdefault(tail, []).append((length, digest))
        return found

    @cached_property
    def _table(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        table = np.zeros(1 << _BITS, np.bool_)
        table[_slots(np.frombuffer(b"".join(self._by_tail), "<u8"))] = True
        return table

    def count(self, data: bytes | memoryview) -> int:
        """How often any needle stands in ``data``."""
        if not self.marks or len(data) < TAIL:
            return 0
        return sum(self._at(data, shift) for shift in range(TAIL))

    def _at(self, data: bytes | memoryview, shift: int) -> int:
        number = (len(data) - shift) // TAIL
        if number <= 0:
            return 0
        windows = np.frombuffer(data, "<u8", number, shift)
        places = np.flatnonzero(self._table[_slots(windows)])
        return sum(self._is_end(data, shift + (int(place) + 1) * TAIL) for place in places)

    def _is_end(self, data: bytes | memoryview, end: int) -> bool:
        for length, digest in self._by_tail.get(bytes(data[end - TAIL : end]), ()):
            if end >= length and _digest(self.salt, bytes(data[end - length : end])) == digest:
                return True
        return False

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "salt": self.salt.hex(),
            "marks": [f"{n}:{tail.hex()}:{digest.hex()}" for n, tail, digest in self.marks],
        }

    @classmethod
    def from_plain(cls, document: Mapping[str, Any]) -> Marks:
        """Raises ValueError, KeyError, TypeError or AttributeError for what ``plain`` never gave."""
        parts = [text.split(":") for text in document["marks"]]
        marks = tuple((int(length), bytes.fromhex(tail), bytes.fromhex(digest)) for length, tail, digest in parts)
        if any(len(tail) != TAIL or length < SHORTEST for length, tail, _ in marks):
            raise ValueError(f"a mark has no tail of {TAIL} bytes")
        return cls(bytes.fromhex(document["salt"]), marks)


def _slots(values: np.ndarray[Any, np.dtype[Any]]) -> np.ndarray[Any, np.dtype[Any]]:
    return (values * _SPREAD) >> np.uint64(64 - _BITS)


def _digest(salt: bytes, needle: bytes) -> bytes:
    return hashlib.blake2b(needle, digest_size=_DIGEST, salt=salt).digest()
