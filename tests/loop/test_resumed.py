"""A run that was begun before, by its name: whatever killed its process, it comes to one end and one version."""

from __future__ import annotations

import datetime as dt

import pytest
from examples.side_of_a_line import TOY
from tests.loop.killing import Killed, mortal
from tests.loop.test_turn import BY_HAND, send

from samouk.loop.records import RunEnd
from samouk.loop.turn import RUN, turn
from samouk.store.clock import SteppedClock
from samouk.store.memory import memory_services

NAME = "4f" * 16
WRITES = 14
"""More than a turn of the example makes after its first champion, so that one of them is never killed."""


@pytest.mark.parametrize("writes", range(1, WRITES))
def test_killed_after_any_write_it_comes_to_one_end(writes: int) -> None:
    """The second attempt ends what the first entered, or enters what it did not."""
    clock = SteppedClock()
    services = memory_services(clock)
    send(services)
    try:
        turn(TOY, mortal(services, writes), BY_HAND, run_id=NAME)
    except Killed:
        clock.step(dt.timedelta(minutes=5))
    before = [one.name for one in services.registry.versions(TOY.name) if one.card.get(RUN) == NAME]
    ended = turn(TOY, services, BY_HAND, run_id=NAME)
    entered = [one.name for one in services.registry.versions(TOY.name) if one.card.get(RUN) == NAME]
    assert entered == [ended.version]
    assert before in ([], entered)
    assert [run.end for run in services.runs.runs(TOY.name) if run.run_id == NAME] == [RunEnd.RELEASED]
    champion = services.registry.production(TOY.name)
    assert champion is not None
    assert champion.name == ended.version
    assert services.publisher.published(TOY.name) == ended.version


def test_a_run_of_another_name_is_its_own() -> None:
    """Who asks again on purpose gets a run of his own, which the gate judges against the first."""
    services = memory_services(SteppedClock())
    send(services)
    first = turn(TOY, services, BY_HAND, run_id=NAME)
    second = turn(TOY, services, BY_HAND)
    assert first.end is RunEnd.RELEASED
    assert second.run_id != NAME
    assert len(services.runs.runs(TOY.name)) == 2
