"""A real server under a real attack: who does harm is told, who does none is not limited."""

from __future__ import annotations

import pytest
from benchmarks.attack import ABUSERS, BUDGET, attack

SECONDS = 20.0


@pytest.mark.slow
def test_abusers_are_alerted_and_honest_clients_are_not_limited() -> None:
    """200 honest clients and five abusers of four kinds on loopback, for twenty seconds."""
    outcome = attack(SECONDS)
    assert len({abuser.kind for abuser in ABUSERS}) == 4
    assert len(outcome.seconds_to_alert) == 5
    assert None not in outcome.seconds_to_alert.values(), outcome
    assert outcome.limited == 0
    assert outcome.sent > 500
    assert len(outcome.false_alarms) <= max(1.0, BUDGET * SECONDS / 3_600), outcome
    assert outcome.counts["refused"] > 100
    assert outcome.counts["failures"] == 0
