"""Who is told of events by HTTP."""

from __future__ import annotations

from typing import Protocol

from samouk.loop.live import Webhook


class Webhooks(Protocol):
    """Who wants to be told of events by HTTP, and how far each was told."""

    def add(self, hook: Webhook) -> None:
        """Keep a new hook."""

    def claim(self, hook_id: str, holder: str, seconds: float) -> Webhook | None:
        """The hook as it stands, for the holder alone to deliver to until it is silent for so long.

        None, at once, while another has it, and when there is none.
        """

    def update(self, hook: Webhook, holder: str, seconds: float) -> bool:
        """Replace the hook with its ``hook_id`` and keep it for so long again.

        False, and nothing changes, when it was lost to another or removed meanwhile.
        """

    def free(self, hook_id: str, holder: str) -> None:
        """Give it back; giving back what one does not have is no error."""

    def hooks(self) -> list[Webhook]:
        """All, oldest first."""

    def remove(self, hook_id: str) -> None:
        """Raises NotFound."""
