"""What is to be done by whichever worker is free: kept in the store, so that no broker can lose it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

ATTEMPTS = 5
"""Attempts at one task that may fail before it is a dead letter, which a person finds and may send again."""

FIRST_PAUSE_S, LONGEST_PAUSE_S = 10.0, 900.0

KEPT = dt.timedelta(days=7)
"""How long a task that is done stays on record."""


class TaskState(StrEnum):
    """Where a task stands; one that is dead is a dead letter: no worker takes it before a person says so."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


class Kind(StrEnum):
    """What there is to do for a learner: learn now, or learn if a trigger says that it is time."""

    LEARN = "learn"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do for one learner.

    Attributes:
        task_id: names the task for good: put twice it is one, and the run that it leads to carries it.
        body: plain JSON; what else the worker must know.
        due: not before that moment.
        attempts: how often it was begun.
        error: of the last attempt that failed.
    """

    task_id: str
    kind: Kind
    learner: str
    asked: dt.datetime
    due: dt.datetime
    body: Mapping[str, Any] = field(default_factory=dict)
    state: TaskState = TaskState.WAITING
    attempts: int = 0
    error: str | None = None


def pause(attempts: int) -> float:
    """Seconds until the next attempt, three times as many each time; the first is attempt 1."""
    return min(FIRST_PAUSE_S * 3.0 ** (attempts - 1), LONGEST_PAUSE_S)
