"""What may be lost at any moment."""

from __future__ import annotations

from typing import Protocol


class Cache(Protocol):
    """What may be lost at any moment, because everybody who reads it can make it anew; shared where it can be.

    A cache that is out of order answers as an empty one, at once, and counts that; it never raises for it. Its
    counters then go on within this process.
    """

    @property
    def failures(self) -> int:
        """How often it was out of order so far."""

    def get(self, key: str) -> bytes | None:
        """What was put under the key, unless its time is over or it was lost."""

    def put(self, key: str, value: bytes, seconds: float) -> None:
        """Keep it for so long, at most."""

    def drop(self, key: str) -> None:
        """Forget it, be it a value or a counter."""

    def count(self, key: str, seconds: float, by: int = 1) -> int:
        """Add to a counter that begins at nothing so many seconds after its first count; what it comes to."""

    def close(self) -> None:
        """Let go of every connection."""
