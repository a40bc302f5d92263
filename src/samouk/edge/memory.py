"""The personal memory: what one user corrected, so that the same element is right the next time, model or no model.

It lies in the user's data folder, never leaves the machine, and holds no word of a screen: elements
are keyed by their fingerprint under a salt that only this file knows.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Sequence
from pathlib import Path

from samouk.edge import disk

CAPACITY = 5_000
"""Corrections that are kept, at most; the one that was made longest ago goes first."""


class PersonalMemory:
    """Corrections on disk, shared by every process of the user; what one remembers the others recall at once.

    A file that cannot be read is a memory without corrections; the next one begins it anew.
    """

    def __init__(self, path: Path, capacity: int = CAPACITY) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, not {capacity}")
        self._path = path
        self._capacity = capacity
        self._stamp: object = None
        self._salt = b""
        self._labels: dict[str, str] = {}
        self._mutex = threading.Lock()

    def remember(self, key: str, label: str) -> None:
        """Keep durably that the element with this fingerprint is a ``label``. Raises OSError or CacheError.

        The fingerprint "" is of no element, so nothing is kept.
        """
        if not key:
            return
        with self._mutex, disk.locked(self._path.with_suffix(".lock")):
            self._refresh()
            salt = self._salt or secrets.token_bytes(16)
            name = _name(salt, key)
            kept = {other: value for other, value in self._labels.items() if other != name} | {name: label}
            for oldest in list(kept)[: -self._capacity]:
                del kept[oldest]
            self._write(salt, kept)

    def recall(self, keys: Sequence[str]) -> list[str | None]:
        """For each fingerprint the label that the user gave it, or None."""
        with self._mutex:
            self._refresh()
            if not self._labels:
                return [None] * len(keys)
            return [self._labels.get(_name(self._salt, key)) for key in keys]

    def undo(self) -> str | None:
        """Forget the correction that was made last; its label, None when there is none.

        Raises OSError or CacheError.
        """
        with self._mutex, disk.locked(self._path.with_suffix(".lock")):
            self._refresh()
            if not self._labels:
                return None
            *kept, (_, label) = self._labels.items()
            self._write(self._salt, dict(kept))
            return label

    def clear(self) -> None:
        """Forget every correction."""
        with disk.locked(self._path.with_suffix(".lock")):
            self._path.unlink(missing_ok=True)

    def __len__(self) -> int:
        with self._mutex:
            self._refresh()
            return len(self._labels)

    def _write(self, salt: bytes, labels: dict[str, str]) -> None:
        document = {"salt": salt.hex(), "labels": labels}
        disk.replace(self._path, json.dumps(document, indent=0).encode() + b"\n")

    def _refresh(self) -> None:
        try:
            status = self._path.stat()
            stamp: object = (status.st_mtime_ns, status.st_ino, status.st_size)
        except OSError:
            stamp = None
        if stamp == self._stamp:
            return
        self._stamp = stamp
        self._salt, self._labels = _read(self._path)


def _name(salt: bytes, key: str) -> str:
    return hmac.digest(salt, key.encode(), hashlib.sha256).hex()[:32]


def _read(path: Path) -> tuple[bytes, dict[str, str]]:
    try:
        document = json.loads(path.read_bytes())
        labels = document["labels"]
        if not all(isinstance(label, str) for label in labels.values()):
            return b"", {}
        return bytes.fromhex(document["salt"]), dict(labels)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return b"", {}
