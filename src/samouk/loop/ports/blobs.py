"""Bytes under their digest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class Blobs(Protocol):
    """Immutable bytes under the sha256 of their content."""

    def put(self, data: bytes) -> str:
        """Store ``data`` durably and return its key (64 hex digits); putting it twice is one blob."""

    def get(self, key: str) -> bytes:
        """The bytes. Raises NotFound or CorruptBlob."""

    def part(self, key: str, first: int, length: int) -> bytes:
        """So many of the bytes from ``first`` on, at the cost of these alone.

        Fewer where the bytes end before: whoever knows how many there must be takes that for a CorruptBlob.

        They are not held to the key, which says what all of them are: whoever puts them together does that.

        Raises:
            NotFound: there is no such blob.
        """

    def delete(self, key: str) -> None:
        """Remove the bytes so that no copy is left; absent keys are no error."""

    def keys(self) -> Iterator[str]:
        """Every key, in no order."""
