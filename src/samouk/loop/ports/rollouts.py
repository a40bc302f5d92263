"""Ramps, their history and what tells of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from samouk.loop.live import Event, Rollout, Threshold


class Rollouts(Protocol):
    """Ramps and their history, and the events that tell of them."""

    def save(self, rollout: Rollout, events: Sequence[Event] = ()) -> Rollout:
        """Insert the rollout (revision 0) or replace the one that was read, with its events, in one commit.

        Returns:
            The rollout with its new revision.

        Raises:
            Outdated: the kept revision is not ``rollout.revision``, or the learner has another rollout that
                is not over.
        """

    def active(self, learner: str) -> Rollout | None:
        """The learner's rollout that is not over."""

    def rollouts(self, learner: str, limit: int = 100) -> list[Rollout]:
        """Newest first."""

    def say(self, events: Sequence[Event]) -> None:
        """Keep events that belong to no rollout."""

    def events(self, after: int = 0, limit: int = 1000) -> list[Event]:
        """Events with ``sequence > after``, in order."""

    def last_event(self) -> int:
        """Sequence of the newest event; 0 when there is none."""

    def note(self, thresholds: Sequence[Threshold]) -> None:
        """Keep changes of thresholds."""

    def thresholds(self, learner: str) -> list[Threshold]:
        """Every change of a learner's thresholds, oldest first."""
