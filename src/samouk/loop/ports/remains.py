"""What deleted things leave behind, and the search for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from samouk.loop.marks import Marks


@dataclass(frozen=True, slots=True)
class Looked:
    """One place of the store that was searched.

    Attributes:
        items: files, blobs or rows that were looked at.
        size: bytes, as they lie there and unpacked.
        found: how often a mark stood there.
        passing: what lies there goes by itself, and nothing of ours can hasten it: a write-ahead log.
    """

    place: str
    items: int
    size: int
    found: int
    passing: bool = False


REWRITE_BYTES = 256 * 1024**2
"""Largest table that is written anew beside those who use it: some seconds, within the patience of all who wait."""


class Remains(Protocol):
    """What deleted things leave behind in the store's own files, and the search for it."""

    def clear(self, largest: int | None = 0) -> list[str]:
        """Leave no byte of what was deleted; what must wait for something, and for what, in words.

        Args:
            largest: bytes of a table that may be written anew for it, which holds up its users meanwhile; 0 writes
                none, None any.
        """

    def search(self, marks: Marks, packs: Collection[str] = ()) -> Iterator[Looked]:
        """Look at every byte that the store keeps, place by place, through its compression.

        Args:
            packs: keys of packs that may not be there any more; each that is counts as found.
        """

    def beyond(self) -> list[str]:
        """Where copies may lie that nobody can look at from here, in words."""
