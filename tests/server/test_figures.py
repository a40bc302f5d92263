"""Figures of a page that is looked at all day: fresh while they are cheap, kept for a while when they are not."""

from __future__ import annotations

import datetime as dt
import time

import numpy as np
import pytest
from examples.will_it_rain import RAIN
from tests.loop.live_world import show

from samouk.loop.ports import Services
from samouk.server import figures
from samouk.server.figures import LiveFigures
from samouk.store.clock import MONDAY
from samouk.store.memory import memory_services

SINCE = MONDAY.date()


@pytest.fixture
def services() -> Services:
    return memory_services()


def shown(live: LiveFigures, since: dt.date = SINCE) -> int:
    """Exposures that the figures tell of."""
    return sum(one.figures.exposures for one in live.of(RAIN, since) if one.figures.metric == "content")


def more(services: Services) -> None:
    show(services, "v1.0", np.full(10, 0.5), [1.0] * 10, MONDAY)


def test_cheap_figures_are_always_of_now(services: Services) -> None:
    """What was predicted a moment ago is counted."""
    live = LiveFigures(services)
    for times in (1, 2, 3):
        more(services)
        assert shown(live) == 10 * times


def test_costly_figures_are_kept_for_a_multiple_of_their_cost(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within it nothing is computed; another span is another answer; afterwards they are of now."""
    monkeypatch.setattr(figures, "CHEAP_S", 0.0)
    monkeypatch.setattr(figures, "PATIENCE", 1e9)
    live = LiveFigures(services)
    more(services)
    assert shown(live) == 10
    more(services)
    assert shown(live) == 10
    assert shown(live, SINCE - dt.timedelta(days=1)) == 20
    monkeypatch.setattr(figures, "PATIENCE", 1e-9)
    brief = LiveFigures(services)
    assert shown(brief) == 20
    more(services)
    time.sleep(0.001)
    assert shown(brief) == 30


def test_only_so_many_answers_are_kept(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for every span there is fills no memory, and the longest unasked goes first."""
    monkeypatch.setattr(figures, "CHEAP_S", 0.0)
    monkeypatch.setattr(figures, "PATIENCE", 1e9)
    live = LiveFigures(services)
    more(services)
    shown(live)
    more(services)
    for days in range(1, figures.KEPT):
        shown(live, SINCE - dt.timedelta(days=days))
    assert shown(live) == 10
    for days in range(figures.KEPT, 2 * figures.KEPT + 1):
        shown(live, SINCE - dt.timedelta(days=days))
    assert shown(live) == 20
