"""Who saw a prediction, and which: pseudonyms of units and the ids of events; pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import random

from samouk.edge.wire import GROUPS

_TIME, _RANDOM, _PROOF = 6, 6, 4
"""Bytes of an event id: milliseconds since 1970, chance, and a proof that this store made it."""


def pseudonym(secret: bytes, learner: str, unit: str) -> str:
    """What the platform calls a unit: a keyed hash, so that nobody who lacks the key can tell who it is.

    Per learner, so that the records of two learners cannot be joined by it.

    Returns:
        16 hexadecimal digits; among a million units two share one with a chance of 3e-8.
    """
    body = f"{learner}\0{unit}".encode()
    return hashlib.blake2b(body, digest_size=8, key=secret, person=b"samouk-unit").hexdigest()


def group_of_unit(unit: str) -> int:
    """Split group of a pseudonym: all that is learnt from one unit stands on one side of the holdout split."""
    return int(unit[-8:], 16) % GROUPS


def new_event_id(secret: bytes, at: dt.datetime) -> str:
    """A fresh id, 32 hexadecimal digits that sort by time."""
    # Chance keeps ids apart, and is no secret: the proof is. Asking the system for it takes ten times as long.
    chance = random.getrandbits(8 * _RANDOM)
    body = int(at.timestamp() * 1000).to_bytes(_TIME, "big") + chance.to_bytes(_RANDOM, "big")
    return (body + _proof(secret, body)).hex()


def made_at(event_id: str) -> dt.datetime:
    """When ``new_event_id`` made this id, to the millisecond below, in UTC."""
    return dt.datetime.fromtimestamp(int(event_id[: 2 * _TIME], 16) / 1000, dt.UTC)


def is_ours(secret: bytes, event_id: str) -> bool:
    """Whether ``new_event_id`` with this secret made it: an id that was never given out is told from one under way."""
    if len(event_id) != 2 * (_TIME + _RANDOM + _PROOF) or event_id.strip("0123456789abcdef"):
        return False
    raw = bytes.fromhex(event_id)
    return hmac.compare_digest(raw[-_PROOF:], _proof(secret, raw[:-_PROOF]))


def foreign_event_id(secret: bytes, learner: str, name: str) -> str:
    """The id of an event that the application named itself; the same for the same name, and never one of ours."""
    body = f"{learner}\0{name}".encode()
    found = hashlib.blake2b(body, digest_size=16, key=secret, person=b"samouk-event").hexdigest()
    return found if not is_ours(secret, found) else hashlib.sha256(found.encode()).hexdigest()[:32]


def _proof(secret: bytes, body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_PROOF, key=secret, person=b"samouk-proof").digest()
