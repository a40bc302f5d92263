"""Secrets that are planted in every private place, and every disguise in which they could leave it."""

from __future__ import annotations

import base64
import hashlib
import urllib.parse
from collections.abc import Iterator

CANARIES = {
    "package": "com.mybank.secretapp",
    "vendor class": "com.mybank.ui.PinView",
    "vendor prefix": "mybank",
    "resource id": "com.mybank.secretapp:id/iban_field_zulu",
    "bare id": "iban_field_zulu",
    "text": "Transfer 4711 doubloons",
    "description": "Balance of Wilhelmina",
    "hint": "Mothers maiden name",
    "email": "wilhelmina@example.org",
    "phone": "+4915112345678",
    "path": "/home/wilhelmina/vault.xml",
    "password": "hunter2-xylophone",
    "activity": "com.mybank.secretapp.VaultActivity",
    "role": "wilhelmina-role",
    "account": "DE89370400440532013000",
}
"""Where a secret is planted → the secret. None is a part of any word that samouk uses itself."""

_TELLING = 8
"""Characters of base64 below which a match may be chance."""

_URL_SAFE = str.maketrans("+/", "-_")


def disguises(secret: str) -> Iterator[str]:
    """The secret plainly, in other cases, encoded, and hashed."""
    raw = secret.encode()
    yield from (secret, secret.lower(), secret.upper(), urllib.parse.quote(secret, safe=""), secret[::-1])
    for variant in (raw, raw.lower()):
        # Base64 within a longer text starts at any of three offsets: only the inner part is the same.
        for shift in range(3):
            inner = base64.b64encode(b"\0" * shift + variant).decode().rstrip("=")[4:-4]
            yield from (inner, inner.translate(_URL_SAFE)) if len(inner) >= _TELLING else ()
        yield variant.hex()
        for algorithm in ("md5", "sha1", "sha256", "sha512", "blake2b"):
            digest = hashlib.new(algorithm, variant)
            yield digest.hexdigest()
            yield base64.b64encode(digest.digest()).decode().rstrip("=")


def leaks(content: bytes | str) -> list[str]:
    """Names of the places whose secret shows in ``content``, plainly or in disguise."""
    text = content if isinstance(content, str) else content.decode("latin-1")
    folded = text.lower()
    return [
        place
        for place, secret in CANARIES.items()
        if any(disguise in text or disguise.lower() in folded for disguise in disguises(secret))
    ]
