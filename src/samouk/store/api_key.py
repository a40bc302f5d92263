"""How an API key looks, and what is kept of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from samouk.loop.ports import ApiKey, NotFound

PREFIX = "smk"
_RANDOM_BYTES = 32


def new_secret() -> tuple[str, str]:
    """A key's public id and its secret, ``smk_<id>_<random>``."""
    key_id = secrets.token_hex(4)
    return key_id, f"{PREFIX}_{key_id}_{secrets.token_urlsafe(_RANDOM_BYTES)}"


def key_id_of(secret: str) -> str | None:
    """The id inside a secret; None when it is not one of ours."""
    parts = secret.split("_", 2)
    return parts[1] if len(parts) == 3 and parts[0] == PREFIX else None


def hash_of(secret: str) -> str:
    """What is kept of a secret. It holds 256 random bits, so that one round of sha256 is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def opens(secret: str, kept_hash: str) -> bool:
    """Whether the secret is the one whose hash was kept; takes the same time either way."""
    return hmac.compare_digest(hash_of(secret), kept_hash)


def in_force(key: ApiKey, now: dt.datetime) -> bool:
    """Whether it opens anything at that moment."""
    return not key.revoked and (key.expires is None or now < key.expires)


@dataclass(frozen=True, slots=True)
class Succession:
    """When a key that is replaced ends, and what its successor is like."""

    old: ApiKey
    ends: dt.datetime
    expires: dt.datetime | None


def succession(key: ApiKey | None, key_id: str, overlap: dt.timedelta, now: dt.datetime) -> Succession:
    """The successor lives as long as the old key was to.

    Raises:
        NotFound: there is no such key in force.
    """
    if key is None or not in_force(key, now):
        raise NotFound(f"no key {key_id} is in force; `samouk keys create` makes a new one")
    if key.expires is None:
        return Succession(key, now + overlap, None)
    made = dt.datetime.combine(key.created, dt.time(), dt.UTC)
    return Succession(key, min(now + overlap, key.expires), now + (key.expires - made))
