"""Rollouts that ring the bell after each event that they keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samouk.loop.live import Event, Rollout, Threshold
from samouk.loop.ports import EVENTS, Bell, Rollouts


@dataclass(frozen=True, slots=True)
class RingingRollouts:
    """Rings once the events are durable: who wakes finds them."""

    kept: Rollouts
    bell: Bell

    def save(self, rollout: Rollout, events: Sequence[Event] = ()) -> Rollout:
        saved = self.kept.save(rollout, events)
        self._ring(events)
        return saved

    def say(self, events: Sequence[Event]) -> None:
        self.kept.say(events)
        self._ring(events)

    def active(self, learner: str) -> Rollout | None:
        return self.kept.active(learner)

    def rollouts(self, learner: str, limit: int = 100) -> list[Rollout]:
        return self.kept.rollouts(learner, limit)

    def events(self, after: int = 0, limit: int = 1000) -> list[Event]:
        return self.kept.events(after, limit)

    def last_event(self) -> int:
        return self.kept.last_event()

    def note(self, thresholds: Sequence[Threshold]) -> None:
        self.kept.note(thresholds)

    def thresholds(self, learner: str) -> list[Threshold]:
        return self.kept.thresholds(learner)

    def _ring(self, events: Sequence[Event]) -> None:
        if events:
            self.bell.ring(EVENTS)
