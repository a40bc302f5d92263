"""What strangers are shown of what people did: that somebody did it, and neither who nor in which words.

Labels of keys, and reasons that people wrote, may name somebody; figures are open to everybody by default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from samouk.loop.live import Event, Move, Rollout
from samouk.loop.records import Run, TriggerKind
from samouk.loop.staging import PLATFORM

PERSON = "person"
"""How strangers are told that somebody did it."""


def actor(name: str) -> str:
    return name if name == PLATFORM else PERSON


def run(found: Run) -> Run:
    """A turn that a person asked for has a person's reason."""
    if found.order.kind is not TriggerKind.MANUAL:
        return found
    return replace(found, order=replace(found.order, reason=""))


def rollout(found: Rollout) -> Rollout:
    """Only what the platform judged on figures keeps its words: others may repeat those of a person."""
    history = tuple(_move(move) for move in found.history)
    return replace(found, history=history, reason=history[-1].reason if history else "")


def _move(move: Move) -> Move:
    judged = move.actor == PLATFORM and bool(move.figures)
    return replace(move, actor=actor(move.actor), reason=move.reason if judged else "")


def event(found: Event) -> Event:
    """Its body without reasons, and without names."""
    body: Mapping[str, Any] = {name: value for name, value in found.body.items() if name != "reason"}
    if "actor" in body:
        body = {**body, "actor": actor(str(body["actor"]))}
    return replace(found, body=body)
