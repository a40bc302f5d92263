"""What the store asks of a place of blobs beside the port: to find and remove what nobody names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from samouk.loop.ports import Blobs

ASKED_ANEW = 1000
"""Blobs that a sweep looks at before it asks again which ones are named."""


class KeptBlobs(Blobs, Protocol):
    """Blobs whose orphans can be found by their age, in a place that one store owns.

    Attributes:
        place: what a person may be told about where it lies.
        marker: file or object there that says whose it is.
    """

    place: str
    marker: str

    def sweep(self, named: Callable[[], set[str]], seconds: float) -> list[str]:
        """Delete what is at least so old and not among the keys that ``named`` tells, and what dead writers left.

        ``named`` is asked several times. What is put meanwhile stays, though it was there and old before.

        Returns:
            The keys of the deleted blobs.
        """

    def owner(self) -> str:
        """The identity of the store whose place it is; empty while it is nobody's."""

    def claim(self, identity: str) -> str:
        """Make a place that is nobody's that store's; whose it is from then on."""


def orphans(keys: Iterable[str], named: Callable[[], set[str]]) -> Iterator[list[str]]:
    """Those that nobody names, in order and in pieces, each asked about just before it is handed out."""
    ordered = sorted(keys)
    for start in range(0, len(ordered), ASKED_ANEW):
        held = named()
        yield [key for key in ordered[start : start + ASKED_ANEW] if key not in held]
