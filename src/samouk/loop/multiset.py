"""A digest of a set that grows and shrinks: the same members give the same digest, however the set came about."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

_LANES = 1024
_LANE = np.dtype("<u2")

NOTHING = bytes(_LANES * _LANE.itemsize)
"""The sum over no members."""


def changed(content: bytes, joined: Iterable[str], left: Iterable[str]) -> bytes:
    """The sum after members joined and left, at the cost of those alone.

    Each member is spread by SHAKE-256 over 1,024 numbers of 16 bits, and these are added lane by lane modulo 2^16
    (LtHash16). Addition commutes and can be undone, so that neither the order of arrival nor what came and went again
    shows. To find two sets with one sum is as hard as a short-vector problem in a lattice (Bellare and Micciancio 1997,
    "A new paradigm for collision-free hashing"); one 256-bit sum would fall to Wagner's k-tree in about 2^32 steps,
    these lanes take 2^200 (Lewi, Kim, Maykov and Weis 2019, "Securing update propagation with homomorphic hashing").
    A member must not be in the set twice: 2^16 copies of one would vanish.
    """
    total = np.frombuffer(content, _LANE).copy()
    for member in joined:
        total += _spread(member)
    for member in left:
        total -= _spread(member)
    return total.tobytes()


def _spread(member: str) -> np.ndarray[tuple[int], np.dtype[np.uint16]]:
    return np.frombuffer(hashlib.shake_256(member.encode()).digest(len(NOTHING)), _LANE)
