"""How an API key looks, and what is kept of it."""

from __future__ import annotations

import hashlib
import hmac
import secrets

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
