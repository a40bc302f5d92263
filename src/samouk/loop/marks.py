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
"""Bytes of a needle that a mark keeps at hand, its last ones: enough to pass over a gigabyte in seconds."""

SHORTEST = 12
"""A needle is at least so long: shorter ones turn up by chance."""

_LENGTH = 4
_DIGEST = 16
_BITS = 20
_SPREAD = np.uint64(0x9E37_79B9_7F4A_7C15)


class OtherKey(ValueError):
    """The marks were written with another key, or changed."""


@dataclass(frozen=True, slots=True)
class _Pen:
    """What the key makes of a salt: digests, and pads that hide lengths and tails."""

    key: bytes = field(repr=False)
    salt: bytes

    def digest(self, needle: bytes) -> bytes:
        return self._made(b"needle", needle, _DIGEST)

    def pad(self, digest: bytes) -> bytes:
        """Differs for each needle, as its digest does."""
        return self._made(b"pad", digest, _LENGTH + TAIL)

    def seal(self, lines: Iterable[str]) -> str:
        return self._made(b"seal", "\n".join(lines).encode(), _DIGEST).hex()

    def _made(self, purpose: bytes, data: bytes, size: int) -> bytes:
        return hashlib.blake2b(
            data, digest_size=size, key=self.key, salt=self.salt, person=b"marks " + purpose
        ).digest()


@dataclass(frozen=True)
class Marks:
    """Needles as (length, last bytes, keyed digest), in the order of the digests.

    Written down (``plain``), lengths and tails are hidden by the key, which stays in the store: whoever reads a proof
    learns how many marks it has, and can neither read a name out of it nor try one. Who has the store searches again.

    Attributes:
        key: 16 to 64 secret bytes.
    """

    key: bytes = field(repr=False)
    salt: bytes
    marks: Sequence[tuple[int, bytes, bytes]] = field(default_factory=tuple, repr=False)

    @classmethod
    def of(cls, needles: Iterable[bytes], key: bytes) -> Marks:
        """Marks of needles; those shorter than ``SHORTEST`` cannot be looked for. Raises ValueError."""
        pen = _Pen(key, secrets.token_bytes(_DIGEST))
        found = set(needles)
        if short := [one for one in found if len(one) < SHORTEST]:
            raise ValueError(f"a needle of {len(short[0])} bytes is found by chance; take {SHORTEST} or more")
        marks = [(len(one), one[-TAIL:], pen.digest(one)) for one in found]
        return cls(key, pen.salt, tuple(sorted(marks, key=lambda mark: mark[2])))

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
            if end >= length and self._pen.digest(bytes(data[end - length : end])) == digest:
                return True
        return False

    @property
    def _pen(self) -> _Pen:
        return _Pen(self.key, self.salt)

    def plain(self) -> dict[str, Any]:
        """As JSON, which says nothing to who has no key."""
        pen = self._pen
        lines = [
            f"{_crossed(length.to_bytes(_LENGTH, 'big') + tail, pen.pad(digest)).hex()}:{digest.hex()}"
            for length, tail, digest in self.marks
        ]
        return {"salt": self.salt.hex(), "marks": lines, "seal": pen.seal(lines)}

    @classmethod
    def from_plain(cls, document: Mapping[str, Any], key: bytes) -> Marks:
        """Raises OtherKey, and ValueError, KeyError, TypeError or AttributeError for what ``plain`` never gave."""
        pen = _Pen(key, bytes.fromhex(document["salt"]))
        if not secrets.compare_digest(pen.seal(document["marks"]), document["seal"]):
            raise OtherKey("its marks were written with the key of another store, or were changed")
        marks = []
        for hidden, digest in (map(bytes.fromhex, line.split(":")) for line in document["marks"]):
            clear = _crossed(hidden, pen.pad(digest))
            marks.append((int.from_bytes(clear[:_LENGTH], "big"), clear[_LENGTH:], digest))
        return cls(key, pen.salt, tuple(marks))


def _slots(values: np.ndarray[Any, np.dtype[Any]]) -> np.ndarray[Any, np.dtype[Any]]:
    return (values * _SPREAD) >> np.uint64(64 - _BITS)


def _crossed(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
