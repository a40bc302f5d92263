"""An access log once more: what the guard would have said, had it been there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from samouk.domains.traffic.detect.book import Book
from samouk.domains.traffic.detect.budget import Budget, Held
from samouk.domains.traffic.detect.detector import MINUTE_S, AnomalyDetector
from samouk.domains.traffic.detect.rules import DEFAULT_RULES
from samouk.domains.traffic.ears.access_log import LogEvent
from samouk.domains.traffic.ears.baselines import Baselines
from samouk.domains.traffic.ears.extractor import FeatureExtractor
from samouk.domains.traffic.records import Alert, Rule

KEPT = 10_000
"""Alerts of one log, the newest."""

LONGEST_GAP = 60
"""Minutes without a line that are looked at one by one; a longer gap is one."""


class Replayed(NamedTuple):
    """What came of a log.

    Attributes:
        alerts: in the order in which they were raised.
        held_back: the last alarms that the budget kept back, of ``all_held_back``.
        heard, analysis: counts of the ears and of the detector.
    """

    alerts: list[Alert]
    held_back: list[Held]
    all_held_back: int
    heard: Mapping[str, int]
    analysis: Mapping[str, int]
    users: int


def replay(
    events: Iterable[LogEvent], rules: tuple[Rule, ...] = DEFAULT_RULES, budget_per_hour: float = 10.0
) -> Replayed:
    """Hear a log at its own pace: users every ten requests and each minute, the server each minute."""
    now = 0.0
    extractor = FeatureExtractor(clock=lambda: now)
    detector = AnomalyDetector(
        extractor,
        Baselines(),
        book=Book(kept=KEPT),
        budget=Budget(budget_per_hour),
        rules=rules,
        clock=lambda: now,
    )
    active: dict[str, None] = {}
    for event in events:
        while int(event.at // MINUTE_S) > int(now // MINUTE_S) and now:
            _end_minute(detector, active, (now // MINUTE_S + 1) * MINUTE_S)
            behind = event.at // MINUTE_S - now // MINUTE_S
            now = event.at if behind > LONGEST_GAP else (now // MINUTE_S + 1) * MINUTE_S
        now = max(now, event.at)
        active[event.user_id] = None
        channels = (event.channel,) if event.channel else ()
        if extractor.track_user_activity(
            event.user_id,
            event.size,
            channels,
            event.ip_address,
            error=event.error,
            rate_limited=event.rate_limited,
            at=event.at,
        ):
            detector.analyze_due(event.user_id, now)
    _end_minute(detector, active, now)
    budget = detector.budget
    counts = extractor.counts
    return Replayed(
        detector.book.all(), list(budget.recent), budget.held_back, counts, dict(detector.counts), len(extractor)
    )


def _end_minute(detector: AnomalyDetector, active: dict[str, None], at: float) -> None:
    for user_id in active:
        detector.analyze_active(user_id, at)
    active.clear()
    detector.analyze_server(at)
