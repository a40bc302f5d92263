"""Who holds a name, alone among all processes."""

from __future__ import annotations

from typing import Protocol

SLACK_SECONDS = 60.0
"""A clock may be set back by so much while a lease is held. One that ends later than its length and this
from now was taken while the clock was ahead, and has run out."""


class Leases(Protocol):
    """At most one holder a name, over all processes that share the store."""

    def acquire(self, name: str, holder: str, seconds: float) -> bool:
        """Take or renew the lease; False while another holder's has not run out."""

    def renew(self, name: str, holder: str, seconds: float) -> bool:
        """Go on holding it; False when another has it or had it since, also one who gave it back.

        One that ran out and that nobody took is still its holder's.
        """

    def release(self, name: str, holder: str) -> None:
        """Give it back; giving back what one does not hold is no error."""

    def held(self, name: str) -> bool:
        """Whether anybody holds the lease now; one that ran out is held by nobody."""
