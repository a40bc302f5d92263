"""What keeps a store small and quick."""

from __future__ import annotations

from typing import Protocol


class Upkeep(Protocol):
    """What a store needs now and then to stay small and quick; safe beside everybody who uses it."""

    def sweep(self) -> int:
        """Delete bytes that nobody names, of dead writers and of what was replaced; how many blobs."""

    def tidy(self) -> None:
        """Give free pages back, and look anew at what the database plans by."""
