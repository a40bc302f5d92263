"""What the store asks of a place of blobs beside the port: to find and remove what nobody names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from samouk.loop.ports import Blobs


class KeptBlobs(Blobs, Protocol):
    """Blobs whose orphans can be found by their age."""

    def sweep(self, named: Callable[[], set[str]], seconds: float) -> list[str]:
        """Delete what is at least so old and not among the keys that ``named`` tells, and what dead writers left.

        Returns:
            The keys of the deleted blobs.
        """
