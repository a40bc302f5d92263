"""The demo does what it says, against a real server: a better version earns its place, a harmful one is taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from samouk import assembly, settings
from samouk.domains import discover
from samouk.domains.scoring.demo import demo
from samouk.loop.live import RolloutState


@pytest.mark.slow
def test_the_demo_ramps_promotes_and_takes_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Agents ask and tell over HTTP; what learnt is promoted, what was turned round comes back at its first step."""
    chosen = settings.load({}, home=tmp_path / "demo", port=0)
    with assembly.demo(chosen, discover(), weeks=9) as host:
        demo(host)
        end = host.now()
    told = capsys.readouterr().out
    assert "promote: proven better" in told and "roll_back: proven worse" in told
    with assembly.opened(chosen) as services:
        newest, first = services.rollouts.rollouts("scoring.outcome")
        champion = services.registry.production("scoring.outcome")
    assert (first.state, newest.state) == (RolloutState.PROMOTED, RolloutState.ROLLED_BACK)
    assert newest.step == 0 and newest.champion in first.challengers
    assert champion is not None and end > first.started
