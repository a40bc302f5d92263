"""A process of its own that acts on a store, line by line: it says where it stands, and goes on when it is told.

Run: ``python -m tests.many.acting turn|promote|look HOME URL [VERSION INSTEAD_OF]``
"""

from __future__ import annotations

import dataclasses
import importlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from examples.side_of_a_line import TOY
from tests.loop.people import learner

from samouk import assembly
from samouk.loop.ports import LeaseLost, Outdated, Services
from samouk.loop.ramp import look
from samouk.loop.records import Order, TriggerKind
from samouk.loop.release import release
from samouk.loop.turn import turn
from samouk.settings import load

LEASE_S = 1.0
"""In place of thirty, so that a stopped process is taken to be dead within the patience of a test."""


def stand(word: str) -> None:
    """Say where this process stands, and wait for a word to go on."""
    print(word, flush=True)
    sys.stdin.readline()


def learn(services: Services) -> str:
    """A turn that stands still while it fits."""

    def fit(*given: Any) -> Any:
        stand("fitting")
        return TOY.fit(*given)

    vars(importlib.import_module("samouk.loop.turn"))["LEASE_SECONDS"] = LEASE_S
    try:
        run = turn(dataclasses.replace(TOY, fit=fit), services, Order(TriggerKind.MANUAL, "tests"))
    except LeaseLost:
        return "lost"
    return run.end.value if run.end else "open"


def promote(services: Services, name: str, instead_of: str) -> str:
    """Put a version in service in the place of the one against which that was decided."""
    (version,) = [one for one in services.registry.versions(TOY.name) if one.name == name]
    stand("decided")
    try:
        release(services, version, "tests", "tests", instead_of=instead_of)
    except Outdated:
        return "outdated"
    return "released"


def tend(services: Services) -> str:
    """One look at the rollout that runs."""
    stand("ready")
    look(learner(), services)
    return "looked"


def main(action: str, home: str, url: str, *more: str) -> None:
    """Do it, and say how it ended."""
    with assembly.opened(load({}, home=Path(home), database_url=url)) as services:
        print(ACTIONS[action](services, *more), flush=True)


ACTIONS: Mapping[str, Callable[..., str]] = {"turn": learn, "promote": promote, "look": tend}

if __name__ == "__main__":
    main(*sys.argv[1:])
