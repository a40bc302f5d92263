"""What the client's tests share: a server in memory, a clock to turn, and collectors that use both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.edge.thing import SCHEMA, ThingObserver

from samouk.edge import SelfLearningCollector
from samouk.edge.spool import Limits
from samouk.edge.testing import MemoryServer


class Clock:
    """Unix time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> MemoryServer:
    return MemoryServer(SCHEMA)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A user with a home of their own and nothing else."""
    return {"HOME": str(tmp_path / "home")}


@pytest.fixture
def collector_of(
    tmp_path: Path, server: MemoryServer, clock: Clock, environ: dict[str, str]
) -> Iterator[Callable[..., SelfLearningCollector]]:
    """Makes collectors that reach the server in memory; they are closed at the end."""
    made: list[SelfLearningCollector] = []

    def make(opt_in: bool | None = True, endpoint: str | None = None, **knobs: Any) -> SelfLearningCollector:
        knobs.setdefault("limits", Limits(batch_size=10))
        given = {"transport": server, "observer": ThingObserver(), "environ": environ, "clock": clock}
        made.append(SelfLearningCollector(opt_in, endpoint, **{**given, "cache_dir": tmp_path / "cache", **knobs}))
        return made[-1]

    yield make
    for collector in made:
        collector.close()
