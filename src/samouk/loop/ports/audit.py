"""What was done, in a chain."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from samouk.loop.records import Act, AuditEntry, Head


class Audit(Protocol):
    """A hash-chained, append-only log of what the loop and people did."""

    def append(self, act: Act) -> AuditEntry:
        """Add one act to the end of the chain; durable when it returns."""

    def entries(
        self, after: int = 0, limit: int = 1000, *, prefix: str = "", actions: Collection[str] = ()
    ) -> list[AuditEntry]:
        """In order, from ``sequence > after``: those whose subject begins so, and of these actions; () for all."""

    def head(self) -> Head:
        """The end of the chain now: kept elsewhere, it tells later whether the end was cut off."""

    def verify(self, since: Head | None = None) -> int | None:
        """None when the whole chain holds, else the sequence of the first entry that does not; memory is bounded.

        Args:
            since: a head that was kept elsewhere: its entry must still be there, and only what follows is looked at.
        """
