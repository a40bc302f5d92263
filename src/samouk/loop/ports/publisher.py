"""Who hands models to clients."""

from __future__ import annotations

from typing import Protocol

from samouk.loop.records import Version


class Publisher(Protocol):
    """Hands the champion, signed, to every client."""

    def publish(self, version: Version, data: bytes) -> None:
        """Make ``version`` what clients find; nothing half-done is ever visible. Publishing it twice is one release.

        Raises:
            TooLarge: clients would refuse it; they go on finding what they found before.
            ValueError: they have a higher number, and never go back.
        """

    def offer(self, version: Version, data: bytes, rollout: str, share: float) -> None:
        """Let ``share`` (0 to 1, both excluded) of the clients find ``version`` before it is published.

        Each client decides by a random number of its own; none that has it ever goes back while the share
        grows. It ends with the next ``publish`` of this or a higher number. Offering it twice is one offer.

        Raises:
            TooLarge: clients would refuse it.
        """

    def withdraw(self, learner: str, rollout: str) -> None:
        """Offer what this rollout has on trial to no further client; when it has nothing on trial, nothing changes.

        Who has the version keeps it until a higher number is published.
        """

    def published(self, learner: str) -> str | None:
        """Name of the version that clients find now."""

    def refresh(self) -> None:
        """Sign anew what would soon expire."""
