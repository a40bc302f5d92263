"""The backends over which every contract runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from samouk.loop.ports import Services
from samouk.loop.train import LocalTrainer
from samouk.store.clock import SteppedClock
from samouk.store.memory import MemoryPublisher, memory_services
from samouk.store.sql import open_store


def embedded_services(home: Path) -> Services:
    """The embedded store under a clock that is stepped."""
    clock = SteppedClock()
    store = open_store(home, clock)
    return Services(
        clock=clock,
        blobs=store.blobs,
        log=store.log,
        registry=store.registry,
        runs=store.runs,
        leases=store.leases,
        audit=store.audit,
        keys=store.keys,
        journal=store.journal,
        rollouts=store.rollouts,
        webhooks=store.webhooks,
        documents=store.documents,
        publisher=MemoryPublisher(),
        trainer=LocalTrainer(),
        close=store.close,
    )


@pytest.fixture(params=["memory", "embedded"])
def services(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Services]:
    """Every port, over each backend in turn."""
    made = memory_services() if request.param == "memory" else embedded_services(tmp_path / "home")
    yield made
    made.close()
