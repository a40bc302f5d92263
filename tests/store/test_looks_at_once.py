"""Two servers on one database look at the same learner: nothing is learnt twice, nothing is lost."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier

import pytest
from examples.will_it_rain import RAIN
from tests.loop.test_outcome import rows_of, told_all
from tests.store.working import opened

from samouk.loop import outcome
from samouk.loop.outcome import harvest
from samouk.loop.ports import Services


class Lapsed:
    """Leases of which each runs out at once, as those of a process that was stopped for a minute."""

    def acquire(self, name: str, holder: str, seconds: float) -> bool:
        return True

    def release(self, name: str, holder: str) -> None:
        """Nobody holds it."""

    def held(self, name: str) -> bool:
        return False


@pytest.mark.parametrize("lapsed", [False, True])
def test_two_harvests_learn_each_outcome_once(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lapsed: bool
) -> None:
    """Also when both believe that they are alone, and cut the outcomes at different places."""
    monkeypatch.setattr(outcome, "WINDOW", 16)
    told = 100
    with ExitStack() as stack:
        both = [stack.enter_context(opened(postgres, tmp_path)) for _ in range(2)]
        told_all(both[0], told)
        begin = Barrier(2)

        def reap(services: Services) -> int:
            if lapsed:
                services = dataclasses.replace(services, leases=Lapsed())
            begin.wait()
            return harvest(RAIN, services)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(reap, both))
        harvest(RAIN, both[0])
        assert rows_of(both[0]) == told
        assert harvest(RAIN, both[1]) == 0
