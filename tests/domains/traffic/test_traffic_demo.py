"""The demo does what it says, against a real server: what it prints is what the store holds."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from samouk import assembly, settings
from samouk.domains import discover
from samouk.domains.traffic.demo import HOURS, demo
from samouk.domains.traffic.keeping import ALERTS_SHELF
from samouk.loop.live import RolloutState


@pytest.mark.slow
def test_the_demo_tells_what_happened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every alert is answered and kept so; a version that the verdicts made is in the shadow; forecasts came true."""
    chosen = settings.load({}, home=tmp_path / "demo", port=0)
    with assembly.demo(chosen, discover(), weeks=9) as host:
        demo(host)
    told = capsys.readouterr().out
    hours = re.findall(r"^\d\d:00 +([\d,]+) +(\d+) +(\d+) +(\d+)", told, re.MULTILINE)
    assert len(hours) == HOURS
    confirmed, dismissed = (sum(int(hour[column]) for hour in hours) for column in (2, 3))
    within, known = map(int, re.findall(r"(\d+) of (\d+) minutes came within", told)[0])
    assert known >= HOURS - 4
    assert within >= known / 2
    with assembly.opened(chosen, domains=discover().values()) as services:
        standing = Counter(one.body["standing"] for one in services.documents.shelf(ALERTS_SHELF))
        assert standing == {"confirmed": confirmed, "dismissed": dismissed}
        told_outcomes = [one.outcome.value for one in services.journal.joined("traffic.anomaly")]
        assert Counter(told_outcomes) == {1.0: confirmed, 0.0: dismissed}
        (rollout,) = services.rollouts.rollouts("traffic.anomaly")
        champion = services.registry.production("traffic.anomaly")
        grouped = services.registry.production("traffic.behavior")
    assert (rollout.mode, rollout.state) == ("shadow", RolloutState.RUNNING)
    assert champion is not None and champion.name == rollout.champion
    assert all(f"{version} is tried (mode shadow" in told for version in rollout.challengers)
    assert grouped is not None and f"traffic.behavior {grouped.name}" in told
