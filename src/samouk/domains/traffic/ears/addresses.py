"""Names and addresses as keyed hashes: enough to count and to recognise, too little to tell who it was."""

from __future__ import annotations

import hashlib
import secrets
from array import array
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

LONGEST = 256
"""Characters of an address that are looked at; no address is longer."""

MOST = 16
"""Addresses of one user that are told apart; a user with more counts as one with so many."""

_BITS = 16
_KEY_BYTES = 32


def pseudonym(key: bytes, name: str) -> bytes:
    """16 bytes that stand for ``name`` wherever ``key`` is known, and nowhere else: blake2b with a key (RFC 7693)."""
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16, key=key).digest()


def new_key() -> bytes:
    return secrets.token_bytes(_KEY_BYTES)


class Addresses:
    """Counts distinct addresses by owner and altogether, under a random salt that is thrown away after ``salt_s``.

    An address is turned into 16 bits of a keyed hash at once and forgotten. Even with the salt in hand, 16 bits fit
    65,536 addresses of the old internet, so that nobody is told by them; two addresses of one owner are taken for one
    with probability 1/65,536. With the salt all hashes go. The count of all is by linear counting (Whang et al. 1990)
    over 65,536 bits: 1 % off up to 60,000 addresses, and of no use above 500,000.
    """

    def __init__(self, salt_s: float) -> None:
        self.salt_s = salt_s
        self.salted_at: float | None = None
        self._take_salt(new_key())
        self.owners: dict[int, array[int]] = {}
        self.marks = np.zeros(1 << _BITS, np.bool_)

    def add(self, owner: int, address: str, at: float) -> None:
        """``at``: seconds since 1970. The salt goes by elapsed time, also when the clock was put back by so much."""
        if self.salted_at is None:
            self.salted_at = at
        elif abs(at - self.salted_at) >= self.salt_s:
            self._change(at)
        text = address[:LONGEST].encode("utf-8", "surrogatepass")
        hashing = self._salted.copy()
        hashing.update(text)
        short = int.from_bytes(hashing.digest())
        self.marks[short] = True
        seen = self.owners.get(owner)
        if seen is None:
            self.owners[owner] = array("H", (short,))
        elif short not in seen and len(seen) < MOST:
            seen.append(short)

    def number(self, owner: int) -> int:
        return len(self.owners.get(owner, ()))

    def everywhere(self) -> float:
        """Distinct addresses of all owners, those included that have been dropped."""
        free = len(self.marks) - int(np.count_nonzero(self.marks))
        return round(len(self.marks) * float(np.log(len(self.marks) / max(free, 1))))

    def drop(self, owner: int) -> None:
        self.owners.pop(owner, None)

    def facts(self) -> dict[str, Any]:
        """The salt is among them, see above what it can tell."""
        return {"salt": self.salt.hex(), "salted_at": self.salted_at, "marks": np.packbits(self.marks).tobytes().hex()}

    def kept(self, start: int, stop: int) -> dict[str, NDArray[Any]]:
        """Owners from ``start`` to before ``stop``, and their hashes."""
        owners = [owner for owner in range(start, stop) if owner in self.owners]
        seen = [self.owners[owner] for owner in owners]
        lengths, shorts = np.array(list(map(len, seen)), np.int64), np.frombuffer(b"".join(seen), np.uint16)
        return {"owners": np.array(owners, np.int64), "lengths": lengths, "shorts": shorts}

    def restore(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        self._take_salt(bytes.fromhex(facts["salt"]))
        self.salted_at = facts["salted_at"]
        self.marks = np.unpackbits(np.frombuffer(bytes.fromhex(facts["marks"]), np.uint8)).astype(np.bool_)
        parts = np.split(arrays["shorts"], np.cumsum(arrays["lengths"])[:-1])
        owned = zip(arrays["owners"].tolist(), parts, strict=True) if len(arrays["owners"]) else ()
        self.owners = {owner: array("H", part.tolist()) for owner, part in owned}

    def _change(self, at: float) -> None:
        self._take_salt(new_key())
        self.salted_at = at
        self.owners.clear()
        self.marks[:] = False

    def _take_salt(self, salt: bytes) -> None:
        """In front of an address it is as good as a key, as this hash cannot be extended, and takes half the time."""
        self.salt = salt
        self._salted = hashlib.blake2b(salt, digest_size=_BITS // 8)
