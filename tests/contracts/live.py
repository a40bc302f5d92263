"""Exposures, outcomes, rollouts and events to put into a store."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from tests.contracts.making import LEARNER

from samouk.loop.live import Event, EventKind, Exposure, Move, Outcome, Rollout, RolloutState, Variant, Webhook
from samouk.loop.rollout_policy import RolloutPolicy
from samouk.store.clock import MONDAY

METRIC = "sold"
ROLLOUT = "ramp-1"
WINDOWS = {METRIC: dt.timedelta(hours=1), "kept": dt.timedelta(days=1)}


def after(seconds: float) -> dt.datetime:
    """A moment so long after the stepped clock's beginning."""
    return MONDAY + dt.timedelta(seconds=seconds)


def event_id(number: int) -> str:
    """The id of event ``number``."""
    return f"{number:032x}"


def exposure(number: int, **more: Any) -> Exposure:
    """Event ``number``, shown so many seconds after the clock's beginning."""
    values: dict[str, Any] = {
        "event_id": event_id(number),
        "learner": LEARNER,
        "version": "v1.1",
        "variant": Variant.CHAMPION,
        "unit": f"{number:016x}",
        "group": number % 16,
        "at": after(number),
        "score": 0.25,
        "propensity": 1.0,
        "row": {"colour": "blue", "size": 1.5, "count": 3, "new": True, "age": None},
        "latency_ms": 2.0,
    }
    return Exposure(**{**values, **more})


def compared(number: int, variant: Variant, **more: Any) -> Exposure:
    """Event ``number`` in an arm of the rollout."""
    version = "v1.2" if variant is Variant.CHALLENGER else "v1.1"
    return exposure(number, **{"variant": variant, "version": version, "rollout": ROLLOUT, "step": 0, **more})


def outcome(number: int, value: float = 1.0, seconds: float = 60.0, **more: Any) -> Outcome:
    """How event ``number`` turned out, so many seconds after it was shown."""
    return Outcome(
        **{"event_id": event_id(number), "metric": METRIC, "value": value, "at": after(number + seconds), **more}
    )


def rollout(number: int = 1, **more: Any) -> Rollout:
    """Rollout ``number``, begun so many seconds after the clock's beginning."""
    move = Move(after(number), "loop", "stage", "it passed the gate", 0, 0.1, {"mean": 0.5, "units": [1, 2]})
    values: dict[str, Any] = {
        "rollout_id": f"ramp-{number}",
        "learner": LEARNER,
        "champion": "v1.1",
        "challengers": {"v1.2": 0.1},
        "mode": "ab",
        "steps": (0.1, 0.5, 1.0),
        "step": 0,
        "state": RolloutState.RUNNING,
        "seed": "5eed",
        "started": after(number),
        "since": after(number + 0.5),
        "policy": RolloutPolicy(planned=700, patience=dt.timedelta(days=3, microseconds=1), goal="no_worse"),
        "reason": "it passed the gate",
        "history": (move,),
    }
    return Rollout(**{**values, **more})


def event(number: int, kind: EventKind = EventKind.VERSION_STAGED) -> Event:
    """Event ``number`` of those that are told to listeners."""
    return Event(kind, LEARNER, after(number), {"version": f"v1.{number}", "figures": {"mean": 0.5}})


def webhook(number: int, **more: Any) -> Webhook:
    """Hook ``number``."""
    kinds = (EventKind.PROMOTED,)
    hook = Webhook(f"hook-{number}", f"https://example.org/{number}", "s3cret", LEARNER, kinds, after(number))
    return dataclasses.replace(hook, **more)
