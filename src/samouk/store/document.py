"""What may stand in a document: plain JSON under names that every backend can keep and find again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from samouk.edge.wire import WireError, is_digest
from samouk.loop.ports import Document

_SHELF = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
MAX_SHELF = 64
MAX_KEY = 256

MAX_DEPTH = 100
"""Nesting of a body, at most: SQLite reads a thousand levels and Python's own limit depends on who calls."""


def checked(document: Document) -> Document:
    """The document with its body as it will be read again.

    Raises:
        WireError: shelf, key, body or blobs cannot be kept; it names which.
    """
    if not is_shelf(document.shelf):
        raise WireError("shelf", f"must be like domain.things, {MAX_SHELF} characters at most: {document.shelf!r:.40}")
    if not is_key(document.key):
        raise WireError("key", f"must be 1 to {MAX_KEY} characters of Unicode text without NUL")
    if not all(is_digest(name) for name in document.blobs):
        raise WireError("blobs", "must be keys of blobs, 64 hexadecimal digits each")
    return replace(document, body=_plain(document.body), blobs=tuple(document.blobs))


def is_shelf(name: str) -> bool:
    """Whether a shelf may have that name."""
    return len(name) <= MAX_SHELF and _SHELF.fullmatch(name) is not None


def is_key(key: str) -> bool:
    """Whether a document may have that key."""
    return 0 < len(key) <= MAX_KEY and "\0" not in key and _is_text(key)


def _is_text(text: str) -> bool:
    """Whether it can be written as UTF-8: a lone surrogate cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _plain(body: Mapping[str, Any]) -> dict[str, Any]:
    try:
        text = json.dumps(dict(body), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise WireError("body", f"must be plain JSON: {error}") from None
    if not _is_text(text):
        raise WireError("body", "must be Unicode text: it holds half a character")
    plain: dict[str, Any] = json.loads(text)
    if _too_deep(plain, MAX_DEPTH):
        raise WireError("body", f"must not be nested more than {MAX_DEPTH} deep")
    return plain


def _too_deep(value: Any, left: int) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return left < 0 or any(_too_deep(part, left - 1) for part in parts)
