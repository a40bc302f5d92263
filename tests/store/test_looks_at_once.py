"""Two servers on one database look at the same learner: nothing is learnt twice, nothing is lost."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from examples.will_it_rain import RAIN
from tests.loop.test_outcome import rows_of, told_all
from tests.store.working import opened

from samouk.loop import outcome
from samouk.loop.outcome import harvest
from samouk.loop.ports import Services

TOLD = 100


class Lapsed:
    """Leases of which each runs out at once, as those of a process that was stopped for a minute."""

    def acquire(self, name: str, holder: str, seconds: float) -> bool:
        return True

    def renew(self, name: str, holder: str, seconds: float) -> bool:
        """As of a store that notices nothing: the ledger alone must keep what is learnt twice out."""
        return True

    def release(self, name: str, holder: str) -> None:
        """Nobody holds it."""

    def held(self, name: str) -> bool:
        return False


class Interrupted:
    """A journal whose process is stopped between its look and the word on which outcomes it takes."""

    def __init__(self, journal: Any, meanwhile: Callable[[], object]) -> None:
        self._journal = journal
        self._meanwhile: list[Callable[[], object]] = [meanwhile]

    def advance(self, name: str, sequence: int) -> None:
        if name.startswith("harvesting:") and self._meanwhile:
            self._meanwhile.pop()()
        self._journal.advance(name, sequence)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)


@pytest.fixture
def both(postgres: str, tmp_path: Path) -> Iterator[list[Services]]:
    with ExitStack() as stack:
        made = [stack.enter_context(opened(postgres, tmp_path)) for _ in range(2)]
        told_all(made[0], TOLD)
        yield made


def test_two_harvests_at_once_learn_each_outcome_once(both: list[Services]) -> None:
    """One has the lease; whatever it leaves the next one finds."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda services: harvest(RAIN, services), both))
    harvest(RAIN, both[0])
    assert rows_of(both[0]) == TOLD


def test_a_harvest_that_slept_past_its_lease_doubles_nothing(
    both: list[Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the other cut the outcomes at another place meanwhile."""
    monkeypatch.setattr(outcome, "WINDOW", 16)

    def meanwhile() -> None:
        with monkeypatch.context() as patched:
            patched.setattr(outcome, "WINDOW", 64)
            harvest(RAIN, both[1])

    journal = Interrupted(both[0].journal, meanwhile)
    harvest(RAIN, dataclasses.replace(both[0], leases=Lapsed(), journal=journal))
    assert rows_of(both[0]) == TOLD
    assert harvest(RAIN, both[1]) == 0
